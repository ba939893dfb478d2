"""Endpoints that act: each is a command of the engine (docs: REST API, each resource)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine import commands as cmd
from zelery.engine.errors import Rejected
from zelery.engine.rest.bodies import BODIES
from zelery.engine.rest.context import (
    Context,
    Endpoint,
    answer,
    body_of,
    done,
    guarded,
    key_in,
    whole,
)
from zelery.engine.rest.fields import has
from zelery.engine.rest.modification import modification
from zelery.engine.rest.problems import Problem, invalid, refused

#: How long an answer is awaited where a request does not say, milliseconds.
AWAIT_MS = 10_000

Read = Callable[[Request, Mapping[str, Any]], Any]


def _tenant(body: Mapping[str, Any]) -> str:
    return str(body.get("tenantId") or cmd.DEFAULT_TENANT)


def _command(
    context: Context, name: str, intent: str, read: Read, write: Callable[[Any], Any] | None = None
) -> Endpoint:
    """An endpoint that reads a command from its request, executes it, and writes its answer, or none."""

    async def endpoint(request: Request) -> Response:
        body = await body_of(request, BODIES[name], context.line)
        result = context.execute(read(request, body), intent)
        return answer(write(result)) if write is not None else done()

    return endpoint


def _create_instance(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request, BODIES["create"], context.line)
        if bool(body.get("processDefinitionKey")) == bool(body.get("processDefinitionId")):
            raise invalid("Exactly one of [processDefinitionId, processDefinitionKey] is required")
        command = cmd.CreateInstance(
            str(body.get("processDefinitionId", "")),
            whole(body.get("processDefinitionKey", 0), "processDefinitionKey"),
            body.get("processDefinitionVersion", -1),
            body.get("variables", {}),
            _tenant(body),
            tuple(cmd.StartInstruction(str(each.get("elementId"))) for each in body.get("startInstructions", ())),
            tuple(body.get("tags", ())),
            str(body.get("businessId", "")),
        )
        if not body.get("awaitCompletion"):
            return answer(_created(context.execute(command, "CREATE"), {}, context.line))
        wait_ms = body.get("requestTimeout") or AWAIT_MS
        try:
            made, variables = await context.engine.create_and_wait(command, wait_ms, body.get("fetchVariables", ()))
        except Rejected as rejected:
            raise refused(rejected, "CREATE_WITH_AWAITING_RESULT") from None
        return answer(_created(made, dict(variables), context.line))

    return endpoint


def _created(made: cmd.Created, variables: Mapping[str, Any], line: str) -> dict[str, Any]:
    item = {
        "processDefinitionId": made.process_id,
        "processDefinitionVersion": made.version,
        "tenantId": made.tenant_id,
        "variables": variables,
        "processDefinitionKey": str(made.definition_key),
        "processInstanceKey": str(made.key),
        "tags": list(made.tags),
    }
    return {**item, "businessId": made.business_id or None} if has(line, "8.9") else item


def _activate_jobs(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request, BODIES["activate"], context.line)
        command = cmd.ActivateJobs(
            body["type"],
            body.get("worker", "default"),
            body["timeout"],
            body["maxJobsToActivate"],
            tuple(body.get("fetchVariable", ())),
            tuple(body.get("tenantIds", ())) or (cmd.DEFAULT_TENANT,),
        )
        wait_ms = body.get("requestTimeout", 0)
        if wait_ms < 0:
            jobs = context.execute(command, "ACTIVATE")
        else:
            jobs = await context.engine.activate_jobs(command, wait_ms or AWAIT_MS)
        return answer({"jobs": [_activated(context, each) for each in jobs]})

    return endpoint


def _activated(context: Context, job: cmd.ActivatedJob) -> dict[str, Any]:
    item: dict[str, Any] = {
        "type": job.type,
        "processDefinitionId": job.process_id,
        "processDefinitionVersion": job.process_version,
        "elementId": job.element_id,
        "customHeaders": dict(job.headers),
        "worker": job.worker,
        "retries": job.retries,
        "deadline": job.deadline,
        "variables": job.variables,
        "tenantId": job.tenant_id,
        "jobKey": str(job.key),
        "processInstanceKey": str(job.instance_key),
        "processDefinitionKey": str(job.definition_key),
        "elementInstanceKey": str(job.element_key),
        "kind": job.kind,
        "listenerEventType": job.listener_event,
        "tags": list(job.tags),
        "userTask": None,
    }
    if has(context.line, "8.9"):
        item["rootProcessInstanceKey"] = str(job.root_instance_key)
    if has(context.line, "8.10"):
        instance = context.engine.state.instances.get(job.instance_key)
        item["businessId"] = (instance.business_id if instance is not None else "") or None
        item |= {"priority": 0, "jobLeaseToken": None, "physicalTenantId": "default"}
    return item


def _complete_job(request: Request, body: Mapping[str, Any]) -> cmd.CompleteJob:
    result = body.get("result")
    return cmd.CompleteJob(key_in(request), body.get("variables", {}), None if result is None else _job_result(result))


def _job_result(result: Mapping[str, Any]) -> cmd.JobResult:
    kind = result.get("type", "userTask")
    if kind not in ("userTask", "adHocSubProcess"):
        raise invalid(f"Unexpected value '{kind}' for field 'result.type': expected userTask or adHocSubProcess")
    elements = result.get("activateElements") or ()
    return cmd.JobResult(
        tuple((str(each.get("elementId")), each.get("variables") or {}) for each in elements),
        bool(result.get("isCompletionConditionFulfilled")),
        bool(result.get("isCancelRemainingInstances")),
        bool(result.get("denied")),
        str(result.get("deniedReason") or ""),
        result.get("corrections") or {},
    )


def _update_job(request: Request, body: Mapping[str, Any]) -> cmd.UpdateJob:
    changes = body.get("changeset") or {}
    if not any(changes.get(name) is not None for name in ("retries", "timeout")):
        raise invalid("At least one of [retries, timeout] is required")
    return cmd.UpdateJob(key_in(request), changes.get("retries"), changes.get("timeout"))


def _deploy(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise Problem(415, "Unsupported Media Type", "Expected multipart/form-data with a part 'resources' a file")
        async with request.form() as form:
            files = [each for each in form.getlist("resources") if isinstance(each, UploadFile)]
            resources = {each.filename or "": await each.read() for each in files}
            tenant_id = str(form.get("tenantId") or cmd.DEFAULT_TENANT)
        if not resources:
            raise invalid("No resources provided")
        return answer(_deployment(context.execute(cmd.Deploy(resources, tenant_id), "CREATE")))

    return endpoint


def _deployment(made: cmd.Deployment) -> dict[str, Any]:
    none = {"processDefinition": None, "decisionDefinition": None, "decisionRequirements": None, "form": None}
    processes = [
        {
            **none,
            "processDefinition": {
                "processDefinitionId": each.process_id,
                "processDefinitionVersion": each.version,
                "resourceName": each.resource,
                "tenantId": each.tenant_id,
                "processDefinitionKey": str(each.key),
            },
            "resource": None,
        }
        for each in made.processes
    ]
    forms = [
        {
            **none,
            "form": {
                "formId": each.form_id,
                "version": each.version,
                "resourceName": each.resource,
                "tenantId": each.tenant_id,
                "formKey": str(each.key),
            },
            "resource": None,
        }
        for each in made.forms
    ]
    return {"tenantId": made.tenant_id, "deploymentKey": str(made.key), "deployments": [*processes, *forms]}


def _deletion(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        await body_of(request, BODIES["deletion"], context.line)
        key = key_in(request)
        context.execute(cmd.DeleteResource(key), "DELETE")
        # The answer of 8.8 has no body (docs: "Delete resource", 8.8), and its Java client reads none.
        if context.line == "8.8":
            return Response()
        return answer({"resourceKey": str(key), "batchOperation": None})

    return endpoint


def _publish(_request: Request, body: Mapping[str, Any]) -> cmd.PublishMessage:
    return cmd.PublishMessage(
        body["name"],
        body.get("correlationKey", ""),
        body.get("timeToLive", 0),
        body.get("messageId", ""),
        body.get("variables", {}),
        _tenant(body),
    )


def _correlate(_request: Request, body: Mapping[str, Any]) -> cmd.CorrelateMessage:
    return cmd.CorrelateMessage(body["name"], body.get("correlationKey", ""), body.get("variables", {}), _tenant(body))


def _signal(_request: Request, body: Mapping[str, Any]) -> cmd.BroadcastSignal:
    return cmd.BroadcastSignal(body["signalName"], body.get("variables", {}), _tenant(body))


def _migrate(request: Request, body: Mapping[str, Any]) -> cmd.MigrateInstance:
    return cmd.MigrateInstance(
        key_in(request),
        whole(body["targetProcessDefinitionKey"], "targetProcessDefinitionKey"),
        {each["sourceElementId"]: each["targetElementId"] for each in body.get("mappingInstructions", ())},
    )


def _update_task(request: Request, body: Mapping[str, Any]) -> cmd.UpdateUserTask:
    changes = body.get("changeset") or {}
    known = ("candidateGroups", "candidateUsers", "dueDate", "followUpDate", "priority")
    return cmd.UpdateUserTask(
        key_in(request), {name: changes[name] for name in known if name in changes}, body.get("action", "update")
    )


def _assign_task(request: Request, body: Mapping[str, Any]) -> cmd.UpdateUserTask:
    return cmd.UpdateUserTask(
        key_in(request),
        {"assignee": body["assignee"]},
        body.get("action", "assign"),
        body.get("allowOverride", True),
    )


def _activate_ad_hoc(request: Request, body: Mapping[str, Any]) -> cmd.ActivateAdHoc:
    elements = body.get("elements") or ()
    if not elements:
        raise invalid("No elements provided")
    return cmd.ActivateAdHoc(
        key_in(request),
        tuple((str(each.get("elementId")), each.get("variables") or {}) for each in elements),
        bool(body.get("cancelRemainingInstances")),
    )


def routes(context: Context) -> list[Route]:
    """All endpoints that act."""

    def plain(name: str, intent: str, read: Read, write: Callable[[Any], Any] | None = None) -> Endpoint:
        return _command(context, name, intent, read, write)

    def modify(request: Request, body: Mapping[str, Any]) -> cmd.ModifyInstance:
        return modification(context.engine.state.elements, key_in(request), body)

    found: list[tuple[str, str, Endpoint]] = [
        ("POST", "/v2/deployments", _deploy(context)),
        ("POST", "/v2/resources/{key}/deletion", _deletion(context)),
        ("POST", "/v2/process-instances", _create_instance(context)),
        (
            "POST",
            "/v2/process-instances/{key}/cancellation",
            plain("cancel", "CANCEL", lambda request, _: cmd.CancelInstance(key_in(request))),
        ),
        ("POST", "/v2/process-instances/{key}/modification", plain("modify", "MODIFY", modify)),
        ("POST", "/v2/process-instances/{key}/migration", plain("migrate", "MIGRATE", _migrate)),
        (
            "PUT",
            "/v2/element-instances/{key}/variables",
            plain("variables", "UPDATE", _variables),
        ),
        (
            "POST",
            "/v2/element-instances/ad-hoc-activities/{key}/activation",
            plain("ad-hoc", "ACTIVATE", _activate_ad_hoc),
        ),
        ("POST", "/v2/jobs/activation", _activate_jobs(context)),
        ("POST", "/v2/jobs/{key}/completion", plain("complete", "COMPLETE", _complete_job)),
        (
            "POST",
            "/v2/jobs/{key}/failure",
            plain("fail", "FAIL", _fail),
        ),
        (
            "POST",
            "/v2/jobs/{key}/error",
            plain("throw", "THROW_ERROR", _throw),
        ),
        ("PATCH", "/v2/jobs/{key}", plain("update", "UPDATE", _update_job)),
        (
            "POST",
            "/v2/incidents/{key}/resolution",
            plain("resolve", "RESOLVE", lambda request, _: cmd.ResolveIncident(key_in(request))),
        ),
        (
            "POST",
            "/v2/messages/publication",
            plain(
                "publish", "PUBLISH", _publish, lambda made: {"tenantId": made.tenant_id, "messageKey": str(made.key)}
            ),
        ),
        (
            "POST",
            "/v2/messages/correlation",
            plain(
                "correlate",
                "CORRELATE",
                _correlate,
                lambda made: {
                    "tenantId": made.tenant_id,
                    "messageKey": str(made.key),
                    "processInstanceKey": str(made.instance_key),
                },
            ),
        ),
        (
            "POST",
            "/v2/signals/broadcast",
            plain("signal", "BROADCAST", _signal, lambda key: {"tenantId": cmd.DEFAULT_TENANT, "signalKey": str(key)}),
        ),
        (
            "POST",
            "/v2/user-tasks/{key}/completion",
            plain(
                "complete-task",
                "COMPLETE",
                lambda request, body: cmd.CompleteUserTask(
                    key_in(request), body.get("variables", {}), body.get("action", "complete")
                ),
            ),
        ),
        ("POST", "/v2/user-tasks/{key}/assignment", plain("assign", "ASSIGN", _assign_task)),
        (
            "DELETE",
            "/v2/user-tasks/{key}/assignee",
            plain(
                "unassign",
                "UNASSIGN",
                lambda request, _: cmd.UpdateUserTask(key_in(request), {"assignee": None}, "unassign"),
            ),
        ),
        ("PATCH", "/v2/user-tasks/{key}", plain("update-task", "UPDATE", _update_task)),
    ]
    return [Route(path, guarded(context, path, endpoint), methods=[method]) for method, path, endpoint in found]


def _variables(request: Request, body: Mapping[str, Any]) -> cmd.SetVariables:
    return cmd.SetVariables(key_in(request), body["variables"], body.get("local", False))


def _fail(request: Request, body: Mapping[str, Any]) -> cmd.FailJob:
    return cmd.FailJob(
        key_in(request),
        body.get("retries", 0),
        body.get("errorMessage", ""),
        body.get("retryBackOff", 0),
        body.get("variables", {}),
    )


def _throw(request: Request, body: Mapping[str, Any]) -> cmd.ThrowError:
    return cmd.ThrowError(key_in(request), body["errorCode"], body.get("errorMessage", ""), body.get("variables", {}))
