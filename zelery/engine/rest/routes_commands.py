"""Endpoints that act: each is a command of the engine (docs: REST API, each resource)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine import commands as cmd
from zelery.engine.errors import Rejected
from zelery.engine.records import DefinitionState
from zelery.engine.rest.bodies import BODIES
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, key_in, whole
from zelery.engine.rest.fields import has
from zelery.engine.rest.modification import modification
from zelery.engine.rest.problems import Problem, invalid, refused
from zelery.engine.rest.routing import AWAIT_MS, Read, Write, command, routed, tenant


def _create_instance(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request, BODIES["create"], context.line)
        if bool(body.get("processDefinitionKey")) == bool(body.get("processDefinitionId")):
            raise invalid("Exactly one of [processDefinitionId, processDefinitionKey] is required")
        start = _start(context, body)
        if not body.get("awaitCompletion"):
            return answer(_created(context.execute(start, "CREATE"), {}, context.line))
        wait_ms = body.get("requestTimeout", 0)
        try:
            made, variables = await context.engine.create_and_wait(
                start, wait_ms if wait_ms > 0 else AWAIT_MS, body.get("fetchVariables", ())
            )
        except Rejected as rejected:
            raise refused(rejected, "CREATE_WITH_AWAITING_RESULT") from None
        return answer(_created(made, dict(variables), context.line))

    return endpoint


def _start(context: Context, body: Mapping[str, Any]) -> cmd.CreateInstance:
    """The command of a start. Raises Problem."""
    if body.get("runtimeInstructions"):
        raise Problem(
            501, "UNIMPLEMENTED", "runtimeInstructions are not executed by this engine: cancel or modify the instance"
        )
    return cmd.CreateInstance(
        str(body.get("processDefinitionId", "")),
        _tagged(context, body) or whole(body.get("processDefinitionKey", 0), "processDefinitionKey"),
        body.get("processDefinitionVersion", -1),
        body.get("variables", {}),
        tenant(body),
        tuple(cmd.StartInstruction(each["elementId"]) for each in body.get("startInstructions", ())),
        tuple(body.get("tags", ())),
        str(body.get("businessId", "")),
    )


def _tagged(context: Context, body: Mapping[str, Any]) -> int:
    """The key of the newest version with the tag that is asked for (8.10); 0 where none is. Raises Problem."""
    tag, process_id = body.get("processDefinitionVersionTag"), str(body.get("processDefinitionId", ""))
    if not tag:
        return 0
    for each in reversed(context.engine.state.versions.get((tenant(body), process_id), ())):
        if each.process.version_tag == tag and each.state is DefinitionState.ACTIVE:
            return each.key
    raise Problem(
        404,
        "NOT_FOUND",
        f"Command 'CREATE' rejected with code 'NOT_FOUND': Expected to find process definition with process ID "
        f"'{process_id}' and version tag '{tag}', but none found",
    )


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
        tenant(body),
    )


def _correlate(_request: Request, body: Mapping[str, Any]) -> cmd.CorrelateMessage:
    return cmd.CorrelateMessage(body["name"], body.get("correlationKey", ""), body.get("variables", {}), tenant(body))


def _published(made: cmd.Published) -> dict[str, Any]:
    return {"tenantId": made.tenant_id, "messageKey": str(made.key)}


def _correlated(made: cmd.Correlated) -> dict[str, Any]:
    return {
        "tenantId": made.tenant_id,
        "messageKey": str(made.key),
        "processInstanceKey": str(made.instance_key),
    }


def _broadcast(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request, BODIES["signal"], context.line)
        signal = cmd.BroadcastSignal(body["signalName"], body.get("variables", {}), tenant(body))
        key = context.execute(signal, "BROADCAST")
        return answer({"tenantId": signal.tenant_id, "signalKey": str(key)})

    return endpoint


def _cancel(request: Request, _body: Mapping[str, Any]) -> cmd.CancelInstance:
    return cmd.CancelInstance(key_in(request))


def _resolve(request: Request, _body: Mapping[str, Any]) -> cmd.ResolveIncident:
    return cmd.ResolveIncident(key_in(request))


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


def _complete_task(request: Request, body: Mapping[str, Any]) -> cmd.CompleteUserTask:
    return cmd.CompleteUserTask(key_in(request), body.get("variables", {}), body.get("action", "complete"))


def _unassign_task(request: Request, _body: Mapping[str, Any]) -> cmd.UpdateUserTask:
    return cmd.UpdateUserTask(key_in(request), {"assignee": None}, "unassign")


def _assign_task(request: Request, body: Mapping[str, Any]) -> cmd.UpdateUserTask:
    return cmd.UpdateUserTask(
        key_in(request),
        {"assignee": body["assignee"]},
        body.get("action", "assign"),
        body.get("allowOverride", True),
    )


def _ad_hoc(request: Request, body: Mapping[str, Any]) -> cmd.ActivateAdHoc:
    elements = body.get("elements") or ()
    if not elements:
        raise invalid("No elements provided")
    return cmd.ActivateAdHoc(
        key_in(request),
        tuple((str(each.get("elementId")), each.get("variables") or {}) for each in elements),
        bool(body.get("cancelRemainingInstances")),
    )


def _variables(request: Request, body: Mapping[str, Any]) -> cmd.SetVariables:
    return cmd.SetVariables(key_in(request), body["variables"], body.get("local", False))


def routes(context: Context) -> list[Route]:
    """All endpoints that act."""

    def plain(name: str, intent: str, read: Read, write: Write | None = None) -> Endpoint:
        return command(context, name, intent, read, write)

    def modify(request: Request, body: Mapping[str, Any]) -> cmd.ModifyInstance:
        return modification(context.engine.state.elements, key_in(request), body)

    instances, elements, tasks = "/v2/process-instances", "/v2/element-instances", "/v2/user-tasks/{key}"
    return routed(
        context,
        [
            ("8.8", "POST", "/v2/deployments", _deploy(context)),
            ("8.8", "POST", "/v2/resources/{key}/deletion", _deletion(context)),
            ("8.8", "POST", instances, _create_instance(context)),
            ("8.8", "POST", f"{instances}/{{key}}/cancellation", plain("cancel", "CANCEL", _cancel)),
            ("8.8", "POST", f"{instances}/{{key}}/modification", plain("modify", "MODIFY", modify)),
            ("8.8", "POST", f"{instances}/{{key}}/migration", plain("migrate", "MIGRATE", _migrate)),
            ("8.8", "PUT", f"{elements}/{{key}}/variables", plain("variables", "UPDATE", _variables)),
            ("8.8", "POST", f"{elements}/ad-hoc-activities/{{key}}/activation", plain("ad-hoc", "ACTIVATE", _ad_hoc)),
            ("8.8", "POST", "/v2/incidents/{key}/resolution", plain("resolve", "RESOLVE", _resolve)),
            ("8.8", "POST", "/v2/messages/publication", plain("publish", "PUBLISH", _publish, _published)),
            ("8.8", "POST", "/v2/messages/correlation", plain("correlate", "CORRELATE", _correlate, _correlated)),
            ("8.8", "POST", "/v2/signals/broadcast", _broadcast(context)),
            ("8.8", "POST", f"{tasks}/completion", plain("complete-task", "COMPLETE", _complete_task)),
            ("8.8", "POST", f"{tasks}/assignment", plain("assign", "ASSIGN", _assign_task)),
            ("8.8", "DELETE", f"{tasks}/assignee", plain("unassign", "UNASSIGN", _unassign_task)),
            ("8.8", "PATCH", tasks, plain("update-task", "UPDATE", _update_task)),
        ],
    )
