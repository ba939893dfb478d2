"""The engine for tests: deployed models run in this process, with their connectors, by a clock that the test turns."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from zelery.camunda.gateway import Gateway
from zelery.catalogue import Served, served, served_inbound
from zelery.engine import commands as cmd
from zelery.engine.bpmn.model import Expression
from zelery.engine.clock import Clock
from zelery.engine.engine import Engine as ProcessEngine
from zelery.engine.history.history import History
from zelery.engine.intervals import add, parse_duration
from zelery.engine.records import ElementInstance
from zelery.model import DEFAULT_TENANT, Job, Outcome, to_json
from zelery.resources import Resources
from zelery.runtime import Runtime
from zelery.sdk.connector import OutboundConnector
from zelery.sdk.inbound import InboundConnector
from zelery.sdk.webhooks import Request, Response
from zelery.settings import Settings
from zelery.testing.gateway import EngineGateway, command_of, job_of
from zelery.testing.process import ProcessInstance
from zelery.testing.scripted import Script, ScriptedResources, Sent, UnansweredError, answer_of

#: How long a job is leased here, milliseconds: its run is awaited, so the lease never ends before it.
_LEASE_MS = 3_600_000

#: Jobs that one settling runs: a model that never comes to rest is told so.
JOBS_MAX = 10_000

#: Where the folders that run connectors join: `tasks` and `inbound` stand above this package.
_GROUP = "zelery.testing"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Definition:
    """A deployed version of a process, with its file."""

    key: int
    process_id: str
    version: int
    tenant_id: str
    xml: bytes


class TestClock:
    """The engine's clock: it stands still until it is turned."""

    __test__ = False  # It is no test, whatever its name begins with.

    def __init__(self, kit: Engine, clock: Clock) -> None:
        self._kit = kit
        self._clock = clock

    def now_ms(self) -> int:
        """The time now, milliseconds since 1970."""
        return self._clock.now_ms()

    async def advance(self, duration: str) -> None:
        """Let time pass, `PT1H` or `P1D`: what is due fires in its order, and what follows is done each time.

        Raises:
            ValueError: It is no ISO 8601 duration.
        """
        target = add(self._clock.now_ms(), parse_duration(duration))
        due = self._kit.engine.state.due
        while due and due[0][0] <= target:
            self._clock.pin(max(due[0][0], self._clock.now_ms()))
            self._kit.engine.pass_due()
            await self._kit.settled()
        self._clock.pin(target)
        await self._kit.settled()


class Engine:
    """A process engine in this process, with the connectors that are installed: `async with Engine(...) as engine`.

    Args:
        deploy: BPMN files and forms: paths, or contents by file name.
        secrets: Secrets by their names in the models.
        connectors: Connectors that are not installed: decorated functions, outbound and inbound.
        real_http: Whether requests that have no scripted answer are sent.
        work: Whether jobs with an installed connector are run; False leaves all jobs to the test.
        settings: Settings by their environment variables.
    """

    def __init__(
        self,
        *,
        deploy: Iterable[str | Path] | Mapping[str, bytes] = (),
        secrets: Mapping[str, str] | None = None,
        connectors: Sequence[OutboundConnector | InboundConnector] = (),
        real_http: bool = False,
        work: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._deploy = deploy
        self._secrets = {f"SECRET_{name}": value for name, value in (secrets or {}).items()}
        self._given = connectors
        self._real_http = real_http
        self._work = work
        self._settings = Settings.read(dict(settings or {}))
        self._stack = contextlib.AsyncExitStack()
        self._nulls: dict[int, list[str]] = {}
        self._definitions: list[Definition] = []
        self.script = Script()
        clock = Clock()
        clock.pin(clock.now_ms())
        self.engine = ProcessEngine(clock=clock)
        self.history = History(self.engine.state.definitions)
        self.engine.listen(self.history.on)
        self.engine.expressions.watch = self._watch
        self.clock = TestClock(self, clock)
        self.gateway: Gateway = EngineGateway(self.engine)

    async def __aenter__(self) -> Self:
        self._outbound = {
            **served(self._settings),
            **{each.type: self._served(each) for each in self._given if isinstance(each, OutboundConnector)},
        }
        self._inbound = {
            **served_inbound(self._settings),
            **{each.type: each for each in self._given if isinstance(each, InboundConnector)},
        }
        runtime = await self._stack.enter_async_context(Runtime.open(self._settings, self._secrets))
        scripted = await self._stack.enter_async_context(self._resources())
        self.runtime = dataclasses.replace(runtime, resources=scripted)
        await self.deploy(self._deploy)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def _resources(self) -> Resources:
        """What connectors share: all of it real, or the HTTP client by the script."""
        return Resources(self._settings) if self._real_http else ScriptedResources(self._settings, self.script)

    def _served(self, connector: OutboundConnector) -> Served:
        return Served(type=connector.type, connector=connector, timeout=self._settings.job_timeout)

    async def deploy(self, files: Iterable[str | Path] | Mapping[str, bytes]) -> None:
        """Deploy files, as in the constructor, together or not at all.

        Raises:
            Rejected: The engine refuses them, with file, element and remedy.
            OSError: A file cannot be read.
        """
        read = dict(files) if isinstance(files, Mapping) else _files(files)
        if not read:
            return
        made: cmd.Deployment = self.engine.execute(cmd.Deploy(read))
        self._definitions += [
            Definition(
                key=each.key,
                process_id=each.process_id,
                version=each.version,
                tenant_id=each.tenant_id,
                xml=read[each.resource],
            )
            for each in made.processes
        ]

    # HTTP.

    def answer(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        text: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
    ) -> None:
        """Answer requests of connectors from now on. Of several that match, the one that was given first counts.

        Args:
            method: The method, or `*` for any.
            url: The URL; `*` in it is any characters, and without a query it matches any.
            json: The body, as JSON.
            text: The body, as text.
            status: The status code.
            headers: Headers.
            times: How often it is given; then the next one counts. None: always.
        """
        self.script.answers.append(
            answer_of(method, url, json=json, text=text, status=status, headers=headers, times=times)
        )

    @property
    def sent(self) -> Sequence[Sent]:
        """The requests that connectors have sent, in their order."""
        return self.script.sent

    # What a test does. Each comes back when all that follows is done.

    async def start(self, process_id: str, variables: Mapping[str, Any] | None = None) -> ProcessInstance:
        """Start a process. Raises Rejected where there is none."""
        created: cmd.Created = self.engine.execute(cmd.CreateInstance(process_id, variables=variables or {}))
        await self.settled()
        return ProcessInstance(self, created.key)

    async def message(
        self, name: str, key: str = "", variables: Mapping[str, Any] | None = None, *, ttl: str = "PT0S"
    ) -> None:
        """Publish a message; `ttl` is how long it is buffered."""
        lasts_ms = add(0, parse_duration(ttl))
        self.engine.execute(cmd.PublishMessage(name, key, lasts_ms, "", variables or {}))
        await self.settled()

    async def signal(self, name: str, variables: Mapping[str, Any] | None = None) -> None:
        """Broadcast a signal."""
        self.engine.execute(cmd.BroadcastSignal(name, variables or {}))
        await self.settled()

    async def webhook(
        self,
        path: str,
        *,
        json: Any = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        query: str = "",
    ) -> Response:
        """Send a request to a webhook of the deployed models, as its caller would; its response.

        Raises:
            LookupError: No element of a deployed model answers at the path; the error names those that do.
        """
        hooks = _plugged("inbound")(self._newest(), self._inbound, self.gateway, self.runtime)
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if json is not None:
            body = to_json(json).encode()
            sent.setdefault("content-type", "application/json")
        url = f"http://localhost/inbound/{path}"
        request = Request(method=method.upper(), url=url, headers=sent, query=query, body=body)
        response: Response = await hooks.webhook(path, request)
        await self.settled()
        return response

    async def event(self, element_id: str, event: Mapping[str, Any]) -> Any:
        """Give an inbound element an event, as its queue or poller would: conditions, keys and results as modeled.

        Returns what it came to (`zelery.correlation`). Raises LookupError where there is no such element.
        """
        hooks = _plugged("inbound")(self._newest(), self._inbound, self.gateway, self.runtime)
        result = await hooks.event(element_id, event)
        await self.settled()
        return result

    def _newest(self) -> Sequence[Definition]:
        """The newest version of each process, and older ones in which an instance is active."""
        newest = {each.process_id: each for each in self._definitions}
        running = {each.definition.key for each in self.engine.state.instances.values()}
        return [each for each in self._definitions if each.key in running or newest[each.process_id] is each]

    async def complete(self, job: str, variables: Mapping[str, Any] | None = None) -> None:
        """Complete the oldest open job of a type, or of an element. Raises LookupError where there is none."""
        self.engine.execute(cmd.CompleteJob(self._leased(job), variables or {}))
        await self.settled()

    async def fail(self, job: str, message: str = "", *, retries: int = 0, backoff: str = "PT0S") -> None:
        """Fail the oldest open job of a type, or of an element. Raises LookupError where there is none."""
        self.engine.execute(cmd.FailJob(self._leased(job), retries, message, add(0, parse_duration(backoff))))
        await self.settled()

    async def throw(self, job: str, code: str, message: str = "", variables: Mapping[str, Any] | None = None) -> None:
        """Throw a BPMN error from the oldest open job of a type, or of an element. Raises LookupError."""
        self.engine.execute(cmd.ThrowError(self._leased(job), code, message, variables or {}))
        await self.settled()

    def _leased(self, wanted: str) -> int:
        """The key of the oldest open job of a type or an element."""
        jobs = self.engine.state.jobs.values()
        found = next((each for each in jobs if wanted in (each.type, each.element.element.id)), None)
        if found is None:
            there = ", ".join(f"{each.element.element.id} ({each.type})" for each in jobs) or "none"
            raise LookupError(f"there is no open job of type or element {wanted!r}; there are: {there}")
        return found.key

    async def complete_user_task(self, element_id: str, variables: Mapping[str, Any] | None = None) -> None:
        """Complete the oldest user task of an element. Raises LookupError where there is none."""
        tasks = self.engine.state.user_tasks.values()
        found = next((each for each in tasks if each.element.element.id == element_id), None)
        if found is None:
            there = ", ".join(each.element.element.id for each in tasks) or "none"
            raise LookupError(f"there is no open user task of element {element_id!r}; there are: {there}")
        self.engine.execute(cmd.CompleteUserTask(found.key, variables or {}))
        await self.settled()

    async def resolve(self, instance: ProcessInstance, *, retries: int = 1) -> None:
        """Resolve an instance's incidents, and give their jobs retries where they have none."""
        for incident in [each for each in self.engine.state.incidents.values()]:  # noqa: C416 - it changes meanwhile
            if incident.element.instance.key != instance.key:
                continue
            job = self.engine.state.jobs.get(incident.job_key)
            if job is not None and job.retries < 1:
                self.engine.execute(cmd.UpdateJob(job.key, retries=retries))
            self.engine.execute(cmd.ResolveIncident(incident.key))
        await self.settled()

    def instances(self, process_id: str | None = None) -> list[ProcessInstance]:
        """All instances, oldest first, or those of one process: those that messages and webhooks have started too."""
        return [
            ProcessInstance(self, each.key)
            for each in self.history.instances.values()
            if process_id in (None, each.definition.process_id)
        ]

    async def settled(self) -> None:
        """Run connectors until nothing is left to do but to wait.

        Raises:
            UnansweredError: A connector has sent a request that has no scripted answer.
            RuntimeError: The models never come to rest.
        """
        for _ in range(JOBS_MAX):
            self.engine.pass_due()
            jobs = [job for type_ in self._outbound for job in self._activated(type_)] if self._work else []
            if not jobs:
                return
            for job in jobs:
                await self._run(job)
        raise RuntimeError(f"after {JOBS_MAX} rounds of jobs there are still new ones: does a model loop for ever?")

    def _activated(self, job_type: str) -> list[Job]:
        if (job_type, DEFAULT_TENANT) not in self.engine.state.activatable:
            return []
        fetch = self._outbound[job_type].connector.variables
        command = cmd.ActivateJobs(job_type, "zelery.testing", _LEASE_MS, 100, tuple(fetch))
        return [job_of(each) for each in self.engine.execute(command)]

    async def _run(self, job: Job) -> None:
        if job.key not in self.engine.state.jobs:
            return  # What another job has come to has canceled it.
        each = self._outbound[job.type]
        execute: Callable[..., Any] = _plugged("outbound")
        outcome: Outcome = await execute(job, each.connector, self.runtime, timeout_s=each.timeout.total_seconds())
        if self.script.unanswered:
            raise UnansweredError(self.script.missing(self.script.unanswered.pop(0)))
        self.engine.execute(command_of(job, outcome))

    # Explanations.

    def _watch(self, expression: Expression, scope: ElementInstance | None, warnings: Sequence[str]) -> None:
        """Remember what FEEL has suppressed, by instance."""
        if scope is None:
            return
        said = self._nulls.setdefault(scope.instance.key, [])
        told = f"{scope.element.id}: {expression.text.removeprefix('=').strip()}: {'; '.join(warnings)}"
        if told not in said:
            said.append(told)

    def nulls_of(self, instance_key: int) -> Sequence[str]:
        """What FEEL has suppressed in an instance's expressions: why a value is null."""
        return self._nulls.get(instance_key, ())


def _files(paths: Iterable[str | Path]) -> dict[str, bytes]:
    """Files by the name that the engine knows each by. Raises OSError."""
    return {Path(each).name: Path(each).read_bytes() for each in paths}


def _plugged(name: str) -> Any:
    """What the folder `tasks` or `inbound` has for this kit: they stand above it, and join by entry points."""
    (point,) = {
        (each.name, each.value): each for each in importlib.metadata.entry_points(group=_GROUP, name=name)
    }.values()
    return point.load()
