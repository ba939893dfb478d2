"""Camunda's REST client for Python, `camunda-orchestration-sdk` (Apache-2.0): the types and required fields of 8.10."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Model
from tests.clients.drive import JSON, Job, Shop, StatusError, seen
from tests.clients.drive_rest import ALL_STEPS
from tests.clients.facts import differences
from tests.conftest import Cluster

pytestmark = pytest.mark.integration

sdk: Any = pytest.importorskip("camunda_orchestration_sdk", reason="camunda-orchestration-sdk is not installed")
errors: Any = importlib.import_module("camunda_orchestration_sdk.errors")

#: It has no streams.
WITHOUT = {"worked_by_stream", "streamed"}


async def test_the_rest_client_for_python_sees_every_fact(camunda: Cluster, new_model: Callable[[], Model]) -> None:
    prefix, model = new_model()
    settings = {"CAMUNDA_REST_ADDRESS": camunda.rest, "CAMUNDA_AUTH_STRATEGY": "NONE"}
    async with sdk.CamundaAsyncClient(configuration=settings) as client:
        shop = Shop(client=Adapter(client), prefix=prefix, model=model)
        assert differences(await seen(shop, ALL_STEPS, WITHOUT), without=WITHOUT) == {}


class Adapter:
    """The client with the calls of `drive.FullClient`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def _call(self, name: str, *keys: Any, model: str = "", data: JSON | None = None, **more: Any) -> Any:
        """A call whose request is given as JSON; its answer as JSON. 10.0.1 cannot send a request that is left out."""
        if model:
            more["data"] = getattr(sdk, model).from_dict(dict(data or {}))
        try:
            answer = await getattr(self._client, name)(*keys, **more)
        except errors.ApiError as error:
            raise StatusError(str(error.status_code)) from error
        return answer.to_dict() if hasattr(answer, "to_dict") else answer

    async def topology(self) -> JSON:
        topology: JSON = await self._call("get_topology")
        return topology

    async def deploy(self, file: Path) -> Sequence[tuple[str, int]]:
        try:
            deployed = await self._client.deploy_resources_from_files([str(file)])
        except errors.ApiError as error:
            raise StatusError(str(error.status_code)) from error
        return [(each.process_definition_id, each.process_definition_version) for each in deployed.processes]

    async def _create(self, process: str, variables: JSON, **more: Any) -> Any:
        data = {"processDefinitionId": process, "variables": dict(variables), **more}
        return await self._call("create_process_instance", model="ProcessCreationById", data=data)

    async def start(self, process: str, variables: JSON) -> str:
        return str((await self._create(process, variables))["processInstanceKey"])

    async def result(self, process: str, variables: JSON, *, fetch: Sequence[str] = (), ms: int = 20_000) -> JSON:
        more = {"fetchVariables": list(fetch)} if fetch else {}
        created = await self._create(process, variables, awaitCompletion=True, requestTimeout=ms, **more)
        result: JSON = created["variables"]
        return result

    async def activate(self, job_type: str, most: int, wait_ms: int) -> Sequence[JSON]:
        data = {"type": job_type, "maxJobsToActivate": most, "requestTimeout": wait_ms, "timeout": 30_000}
        found = await self._call("activate_jobs", model="JobActivationRequest", data={**data, "worker": "tests"})
        return [_plain(each) for each in found["jobs"]]

    async def complete(self, key: str, variables: JSON) -> None:
        await self._complete(key, {"variables": dict(variables)})

    async def complete_ad_hoc(self, key: str, activate: Sequence[JSON], *, done: bool) -> None:
        result = {"activateElements": list(activate), "isCompletionConditionFulfilled": done, "type": "adHocSubProcess"}
        await self._complete(key, {"result": result})

    async def _complete(self, key: str, data: JSON) -> None:
        await self._call("complete_job", sdk.JobKey(key), model="JobCompletionRequest", data=data)

    async def fail(self, key: str, *, retries: int, backoff_ms: int, message: str, variables: JSON) -> None:
        data = {"retries": retries, "retryBackOff": backoff_ms, "errorMessage": message, "variables": dict(variables)}
        await self._call("fail_job", sdk.JobKey(key), model="JobFailRequest", data=data)

    async def throw(self, key: str, code: str, variables: JSON) -> None:
        data = {"errorCode": code, "variables": dict(variables)}
        await self._call("throw_job_error", sdk.JobKey(key), model="JobErrorRequest", data=data)

    async def update_job(self, key: str, changeset: JSON) -> None:
        await self._call("update_job", sdk.JobKey(key), model="JobUpdateRequest", data={"changeset": changeset})

    async def publish(self, name: str, key: str, message_id: str, variables: JSON) -> None:
        data = {"name": name, "correlationKey": key, "messageId": message_id, "timeToLive": 60_000}
        data["variables"] = dict(variables)
        await self._call("publish_message", model="MessagePublicationRequest", data=data)

    async def correlate(self, name: str, key: str) -> str:
        data = {"name": name, "correlationKey": key}
        answer = await self._call("correlate_message", model="MessageCorrelationRequest", data=data)
        return str(answer["processInstanceKey"])

    async def signal(self, name: str, variables: JSON) -> None:
        data = {"signalName": name, "variables": dict(variables)}
        await self._call("broadcast_signal", model="SignalBroadcastRequest", data=data)

    async def set_variables(self, scope: str, variables: JSON) -> None:
        data = {"variables": dict(variables)}
        key = sdk.ElementInstanceKey(scope)
        await self._call("create_element_instance_variables", key, model="SetVariableRequest", data=data)

    async def resolve(self, incident: str) -> None:
        await self._call("resolve_incident", sdk.IncidentKey(incident), model="IncidentResolutionRequest")

    async def cancel(self, key: str) -> None:
        await self._call("cancel_process_instance", sdk.ProcessInstanceKey(key), model="CancelProcessInstanceRequest")

    async def assign(self, task: str, assignee: str) -> None:
        data = {"assignee": assignee}
        await self._call("assign_user_task", sdk.UserTaskKey(task), model="UserTaskAssignmentRequest", data=data)

    async def complete_task(self, task: str, variables: JSON) -> None:
        data = {"variables": dict(variables)}
        await self._call("complete_user_task", sdk.UserTaskKey(task), model="UserTaskCompletionRequest", data=data)

    async def remove(self, resource: str) -> None:
        await self._call("delete_resource", resource, model="DeleteResourceRequest")

    async def search(self, kind: str, request: JSON) -> JSON:
        model = "".join(part.capitalize() for part in kind.removesuffix("s").split("_")) + "SearchQuery"
        answer: JSON = await self._call(f"search_{kind}", model=model, data=request)
        return answer

    async def xml(self, definition: str) -> str:
        return str(await self._call("get_process_definition_xml", sdk.ProcessDefinitionKey(definition)))

    async def get(self, kind: str, key: str) -> JSON:
        key_type = "".join(part.capitalize() for part in kind.split("_")) + "Key"
        found: JSON = await self._call(f"get_{kind}", getattr(sdk, key_type)(key))
        return found

    async def definition(self, key: str) -> JSON:
        found: JSON = await self._call("get_process_definition", sdk.ProcessDefinitionKey(key))
        return found

    @contextlib.asynccontextmanager
    async def work(
        self, job_type: str, handle: Callable[[Job], Awaitable[None]], *, stream: bool
    ) -> AsyncIterator[None]:
        assert not stream, "it has none"

        async def callback(job: Any) -> dict[str, Any]:
            await handle(_Handled(job))
            return {}

        config = sdk.WorkerConfig(
            job_type=job_type,
            job_timeout_milliseconds=30_000,
            request_timeout_milliseconds=1_000,
            max_concurrent_jobs=4,
        )
        worker = self._client.create_job_worker(config, callback, execution_strategy="async")
        try:
            yield
        finally:
            worker.stop()


class _Handled:
    def __init__(self, job: Any) -> None:
        self.key = str(job.job_key)
        self.variables: JSON = job.variables.to_dict()

    async def fail(self, retries: int, backoff_ms: int) -> None:
        raise sdk.JobFailure("no box", retries=retries, retry_back_off=backoff_ms)


def _plain(job: Mapping[str, Any]) -> JSON:
    kind = {} if job["kind"] == "BPMN_ELEMENT" else {"kind": job["kind"]}
    return {
        **kind,
        "key": job["jobKey"],
        "type": job["type"],
        "process": job["processDefinitionId"],
        "version": job["processDefinitionVersion"],
        "element": job["elementId"],
        "headers": job["customHeaders"],
        "retries": job["retries"],
        "variables": job["variables"],
        "instance": job["processInstanceKey"],
        "worker": job["worker"],
    }
