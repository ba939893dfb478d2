"""Recorded webhook cases, run without servers: their models are read, their requests reach the connector, and what it
answers and what Zeebe is told are compared with what the Java runtime did.

What only a host has (other paths and methods, versions, health, the activity log) is not looked at here.
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from inbound.activate import resolve
from inbound.correlate import Defaults, Publish, Start, decide
from inbound.definitions import Version, model_of
from inbound.executables import Executable, State
from inbound.http import caller_url, header_map, written
from inbound.plan import wanted
from inbound.webhooks import METHODS, path_of
from tests.conformance.inbound import CASES, TOOLS
from tests.conformance.inbound import cases as recorded_cases
from tests.conformance.placeholders import NAMES, filled, key_set
from tests.inbound_context import FakeInboundContext
from zelery.camunda.definitions.port import Definition
from zelery.connectors.webhook.inbound import webhook
from zelery.connectors.webhook.keys import KeySets, open_key_sets
from zelery.correlation import AlreadyCorrelated, MessagePublished, ProcessInstanceCreated, Result
from zelery.errors import ConnectorError, PropertyError
from zelery.model import to_json
from zelery.sdk import ExpressionError, RefusalError, Request, Resource, Response
from zelery.secrets import Place, Secrets

SECRETS = {
    "GOLD_SECRET": "s3cretValue",
    "GOLD_PATHPART": "fromsecret",
    "GOLD_QUOTE": 'a"b',
    "GOLD_CHAIN": "secrets.GOLD_SECRET",
    "GOLD_USER": "alice",
}
KEY = 2251799813685249
#: Steps that need a host: what is deployed and deleted meanwhile.
_HOSTED = ("deploy", "delete", "fail")


def missing() -> str | None:
    """Why there are no recorded cases; None when there are."""
    absent = [path for path in (CASES, TOOLS / "bpmn.py") if not path.exists()]
    return f"no recorded cases: {absent[0]} is not there" if absent else None


def cases() -> list[dict[str, Any]]:
    """The webhook cases of one process in one version that send requests to a connector, in the file's order; without
    those that Java itself does not answer alike twice."""
    return [
        case
        for case in recorded_cases()
        if case["area"] == "webhook"
        and list(case["processes"]) == ["p1"]
        and len(case["processes"]["p1"]) == 1
        and any(map(_ours, case["steps"]))
        and not any(step["op"] in _HOSTED for step in case["steps"])
    ]


def disagreeing() -> dict[str, list[str]]:
    """The cases that end otherwise than recorded, each with what differs."""
    return asyncio.run(_disagreeing())


async def _disagreeing() -> dict[str, list[str]]:
    found = {case["id"]: await differences(case) for case in cases()}
    return {name: each for name, each in found.items() if each}


async def differences(case: Mapping[str, Any]) -> list[str]:
    """Where a case ends otherwise than recorded: what differs, and both values."""
    hooks = await _hooks(case)
    sent: set[tuple[str, str, str]] = set()
    found: list[str] = []
    for step, recorded in zip(case["steps"], case["observed"], strict=True):
        if _ours(step):
            found += _differing(_expected(recorded), await _observed(filled(step), hooks, sent))
    return found


def _ours(step: Mapping[str, Any]) -> bool:
    """Whether it is a request to a webhook, with its path plainly spelled."""
    if step["op"] != "http" or step.get("method", "POST") not in METHODS:
        return False
    return re.fullmatch(r"/inbound/[\w$}{-]+(\?.*)?", step.get("path") or "/inbound/x") is not None


@dataclasses.dataclass(frozen=True)
class _Hook:
    executable: Executable
    properties: Any


async def _hooks(case: Mapping[str, Any]) -> dict[str, _Hook]:
    """The case's webhooks by their path: those that can be activated."""
    definition = Definition(key=KEY, process_id=NAMES["p1"], version=1, tenant_id="<default>", name=None)
    xml = _bpmn().process(NAMES["p1"], filled(case["processes"]["p1"][0]))
    asked, _ = wanted([Version(definition=definition, latest=True)], {KEY: model_of(definition, xml)})
    hooks: dict[str, _Hook] = {}
    for each in asked:
        executable = Executable(
            id=each.id,
            deduplication_id=each.deduplication_id,
            type=each.type,
            tenant_id="<default>",
            elements=each.elements,
            state=State.ACTIVE,
        )
        if each.contradiction is not None or each.type != webhook.type or webhook.path is None:
            continue
        try:
            bound = await resolve(executable, _secrets())
            properties = bound.to(webhook.input)
            hooks.setdefault(webhook.path(properties), _Hook(executable, properties))
        except (ConnectorError, PropertyError):
            continue
    return hooks


def _bpmn() -> Any:
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    return importlib.import_module("bpmn")


class _Provider:
    async def find(self, name: str, place: Place) -> str | None:
        return SECRETS.get(name)


def _secrets() -> Secrets:
    return Secrets([_Provider()], cache_s=0)


@dataclasses.dataclass
class _Context(FakeInboundContext):
    async def use(self, resource: Resource[Any]) -> Any:
        return KeySets(key_set) if resource is open_key_sets else await super().use(resource)


async def _observed(step: Mapping[str, Any], hooks: Mapping[str, _Hook], sent: set[tuple[str, str, str]]) -> Any:
    """Status, body and commands of one request."""
    built = _request(step)
    scope = {
        "scheme": "http",
        "headers": built.headers.raw,
        "raw_path": built.url.raw_path.partition(b"?")[0],
        "client": None,
    }
    hook = hooks.get(path_of(scope))
    if hook is None:
        return {"status": 404, "body": None, "type": None, "commands": []}
    commands: list[dict[str, Any]] = []

    async def correlate(event: Any, message_id: str | None) -> Result:
        decided = decide(hook.executable, event, message_id=message_id, defaults=Defaults(ttl_ms=3_600_000))
        if not isinstance(decided, (Start, Publish)):
            return decided
        commands.append(_command(decided))
        return _told(decided, sent)

    request = Request(
        method=built.method,
        url=caller_url(scope, ()),
        headers=header_map(scope),
        query=built.url.query.decode(),
        body=built.content,
    )
    response = await _response(hook, request, _Context(correlates=correlate))
    status, headers, body = written(response, request.headers.get("accept"))
    body = b"" if request.method == "HEAD" else body
    return {
        "status": status,
        "body": _read(body),
        "type": dict(headers).get(b"content-type", b"").decode() or None if body else None,
        "commands": commands,
    }


async def _response(hook: _Hook, request: Request, context: FakeInboundContext) -> Response:
    try:
        response: Response = await webhook(hook.properties, request, context)
    except RefusalError as error:
        return Response(status=error.status, body={"reason": error.message})
    except ExpressionError as error:
        return Response(status=422, body={"reason": error.reason, "expression": error.expression})
    return response


def _told(command: Start | Publish, sent: set[tuple[str, str, str]]) -> Result:
    """What Zeebe answers: a message is a duplicate when its id was there before."""
    if isinstance(command, Start):
        return ProcessInstanceCreated(process_instance_key=KEY, tenant_id=command.tenant_id)
    message = command.message
    known = (message.name, message.correlation_key, message.message_id)
    if message.message_id and known in sent:
        return AlreadyCorrelated()
    sent.add(known)
    return MessagePublished(message_key=KEY, tenant_id=message.tenant_id)


def _command(command: Start | Publish) -> dict[str, Any]:
    if isinstance(command, Start):
        return {
            "rpc": "CreateProcessInstance",
            "bpmnProcessId": command.process_id,
            "version": command.version,
            "tenantId": command.tenant_id,
            "variables": _plain(command.variables),
        }
    message = command.message
    return {
        "rpc": "PublishMessage",
        "name": message.name,
        "correlationKey": message.correlation_key,
        "messageId": message.message_id,
        "timeToLive": message.ttl_ms,
        "tenantId": message.tenant_id,
        "variables": _plain(message.variables),
    }


def _plain(variables: Mapping[str, Any]) -> Any:
    """Variables as the cases hold them: what goes to Zeebe, long texts cut."""
    return _cut(json.loads(to_json(variables)))


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_cut(each) for each in value]
    longest = 3000
    return f"{value[:200]}...({len(value)} characters)" if isinstance(value, str) and len(value) > longest else value


def _request(step: Mapping[str, Any]) -> httpx.Request:
    """The request as the recording client made it."""
    body = step.get("body")
    if "bodyBase64" in step:
        content: bytes | None = base64.b64decode(step["bodyBase64"])
    elif "jsonSize" in step:
        content = b'{"big":"' + b"x" * step["jsonSize"] + b'"}'
    elif body is None:
        content = None
    else:
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
    headers = step.get("headers", {})
    given = [(name, value.encode()) for name, value in (headers.items() if isinstance(headers, dict) else headers)]
    url = NAMES["base"] + (step.get("path") or f"/inbound/{NAMES['path']}")
    return httpx.Request(step.get("method", "POST"), url, headers=given, content=content)


def _expected(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """What was recorded, in the form of `_observed`."""
    body = recorded.get("json", recorded.get("text"))
    return {
        "status": recorded["status"],
        "body": filled(body),
        "type": None if recorded.get("empty") else recorded["headers"].get("content-type"),
        "commands": [_as_sent(each) for each in recorded.get("commands", ())],
    }


def _as_sent(command: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded command without what the gateway adds. A random id, which says nothing, stands for none."""
    left_out = ("processDefinitionKey", "operationReference", "answer")
    kept = {name: value for name, value in command.items() if name not in left_out}
    if kept.get("messageId") == "${uuid}":
        kept["messageId"] = ""
    return dict(filled(kept))


def _differing(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for aspect, value in recorded.items():
        one, other = _comparable(value), _comparable(now[aspect])
        if one != other:
            yield f"{aspect}: recorded {json.dumps(one)[:300]} and now {json.dumps(other)[:300]}"


def _comparable(value: Any) -> Any:
    """Without what is Java's, or differs from run to run: serialised exceptions, FEEL's words, keys."""
    if isinstance(value, dict):
        if value.keys() == {"reason", "expression"}:
            return {"expression": value["expression"]}
        return {name: _comparable(each) for name, each in value.items() if name != "error" or not _says(each)}
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    return "${key}" if value == KEY else value


def _says(error: Any) -> bool:
    """Whether an error says something: Java's whole exception, or what ours says of it."""
    return isinstance(error, dict)


def _read(body: bytes) -> Any:
    """A body as the recording client read it: JSON where it can be, else text."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()
