"""Messages of the gateway protocol as commands, and answers as messages.

All functions that read a message raise Rejected where it has nothing usable. Docs: "Zeebe API (gRPC)".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from zelery.camunda.proto import gateway_pb2 as pb
from zelery.engine import commands as cmd
from zelery.engine.errors import Code, Rejected

#: How deep variables may be nested. Zeebe takes 1000; Python's own JSON and FEEL need room on the stack.
DEPTH_MAX = 500

#: The longest lease, backoff and time to live, milliseconds: 3,000 years. More is taken for so much.
_LONG_MS = 100_000_000_000_000

#: Where a text may hold half a character: an escaped surrogate.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def variables(text: str) -> Mapping[str, Any]:
    """The variables of a JSON object's text; none where it is empty."""
    if not text or text == "{}":
        return cmd.NOTHING
    try:
        found = json.loads(text, parse_constant=_not_json, parse_float=_finite)
        _check(text, found)
    except (ValueError, RecursionError) as error:
        raise Rejected(
            Code.INVALID_ARGUMENT, f"Expected variables to be a JSON object, but they cannot be read: {error}"
        ) from None
    if found is None:
        return cmd.NOTHING
    if not isinstance(found, dict):
        raise Rejected(
            Code.INVALID_ARGUMENT,
            f"Expected variables to be a JSON object, but the root of the document is '{_root_type(found)}': write an "
            'object such as {"name": 1}',
        )
    return found


def _check(text: str, found: Any) -> None:
    """Refuse what could not be written again. Raises ValueError."""
    if text.count("[") + text.count("{") > DEPTH_MAX and is_deeper(found, DEPTH_MAX):
        raise ValueError(f"they are nested more than {DEPTH_MAX} deep")
    if _HALF.search(text):
        json.dumps(found, ensure_ascii=False).encode()


def is_deeper(value: Any, depth: int) -> bool:
    """Whether a JSON value is nested deeper than so."""
    level = [value]
    for _ in range(depth + 1):
        within = [each for each in level if isinstance(each, dict | list) and each]
        level = [each for one in within for each in (one.values() if isinstance(one, dict) else one)]
        if not within:
            return False
    return True


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large a number")
    return number


def _root_type(value: Any) -> str:
    names = {list: "ARRAY", str: "STRING", bool: "BOOLEAN", int: "INTEGER", float: "FLOAT"}
    return names.get(type(value), "NIL")


def _not_json(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def tenant(text: str) -> str:
    """A tenant's id; the default one where it is empty."""
    return text or cmd.DEFAULT_TENANT


def activate(request: pb.ActivateJobsRequest) -> cmd.ActivateJobs:
    """ActivateJobs."""
    _require(bool(request.type.strip()), "activate jobs", "type", "present", "blank")
    _require(request.timeout > 0, "activate jobs", "timeout", "greater than zero", request.timeout)
    _require(
        request.maxJobsToActivate > 0,
        "activate jobs",
        "maxJobsToActivate",
        "greater than zero",
        request.maxJobsToActivate,
    )
    return cmd.ActivateJobs(
        request.type,
        request.worker or "default",
        min(request.timeout, _LONG_MS),
        request.maxJobsToActivate,
        tuple(request.fetchVariable),
        tuple(request.tenantIds) or (cmd.DEFAULT_TENANT,),
    )


def stream(request: pb.StreamActivatedJobsRequest) -> cmd.ActivateJobs:
    """StreamActivatedJobs."""
    _require(bool(request.type.strip()), "open a job stream", "type", "present", "blank")
    _require(request.timeout > 0, "open a job stream", "timeout", "greater than zero", request.timeout)
    return cmd.ActivateJobs(
        request.type,
        request.worker or "default",
        min(request.timeout, _LONG_MS),
        1,
        tuple(request.fetchVariable),
        tuple(request.tenantIds) or (cmd.DEFAULT_TENANT,),
    )


def _require(held: bool, doing: str, name: str, wanted: str, found: object) -> None:
    if not held:
        raise Rejected(Code.INVALID_ARGUMENT, f"Expected to {doing} with {name} to be {wanted}, but it was {found}")


def job(found: cmd.ActivatedJob) -> pb.ActivatedJob:
    """A job as its worker sees it."""
    return pb.ActivatedJob(
        key=found.key,
        type=found.type,
        processInstanceKey=found.instance_key,
        bpmnProcessId=found.process_id,
        processDefinitionVersion=found.process_version,
        processDefinitionKey=found.definition_key,
        elementId=found.element_id,
        elementInstanceKey=found.element_key,
        customHeaders=json.dumps(found.headers) if found.headers else "{}",
        worker=found.worker,
        retries=found.retries,
        deadline=found.deadline,
        variables=found.variables_json,
        tenantId=found.tenant_id,
        tags=found.tags,
        kind=found.kind,
        listenerEventType=found.listener_event,
    )


def create(request: pb.CreateProcessInstanceRequest) -> cmd.CreateInstance:
    """CreateProcessInstance."""
    return cmd.CreateInstance(
        request.bpmnProcessId,
        request.processDefinitionKey,
        request.version or -1,
        variables(request.variables),
        tenant(request.tenantId),
        tuple(cmd.StartInstruction(each.elementId) for each in request.startInstructions),
        tuple(request.tags),
    )


def complete(request: pb.CompleteJobRequest) -> cmd.CompleteJob:
    """CompleteJob."""
    return cmd.CompleteJob(
        request.jobKey, variables(request.variables), _result(request.result) if request.HasField("result") else None
    )


def _result(result: pb.JobResult) -> cmd.JobResult:
    corrections = {
        name.name: list(value.values) if isinstance(value, pb.StringList) else value
        for name, value in result.corrections.ListFields()
    }
    return cmd.JobResult(
        tuple((each.elementId, variables(each.variables)) for each in result.activateElements),
        result.isCompletionConditionFulfilled,
        result.isCancelRemainingInstances,
        result.denied,
        result.deniedReason,
        corrections,
    )


def modify(request: pb.ModifyProcessInstanceRequest) -> cmd.ModifyInstance:
    """ModifyProcessInstance."""
    return cmd.ModifyInstance(
        request.processInstanceKey,
        tuple(
            cmd.ActivateElement(
                each.elementId,
                {instruction.scopeId: variables(instruction.variables) for instruction in each.variableInstructions},
                each.ancestorElementInstanceKey,
            )
            for each in request.activateInstructions
        ),
        tuple(each.elementInstanceKey for each in request.terminateInstructions),
    )


def deployment(answer: cmd.Deployment) -> pb.DeployResourceResponse:
    """The answer to DeployResource."""
    processes = [pb.Deployment(process=process(each)) for each in answer.processes]
    forms = [
        pb.Deployment(
            form=pb.FormMetadata(
                formId=each.form_id,
                version=each.version,
                formKey=each.key,
                resourceName=each.resource,
                tenantId=each.tenant_id,
            )
        )
        for each in answer.forms
    ]
    return pb.DeployResourceResponse(key=answer.key, deployments=[*processes, *forms], tenantId=answer.tenant_id)


def process(found: cmd.DeployedProcess) -> pb.ProcessMetadata:
    """A deployed process."""
    return pb.ProcessMetadata(
        bpmnProcessId=found.process_id,
        version=found.version,
        processDefinitionKey=found.key,
        resourceName=found.resource,
        tenantId=found.tenant_id,
    )


def _update_retries(request: pb.UpdateJobRetriesRequest) -> cmd.UpdateJob:
    return cmd.UpdateJob(request.jobKey, retries=request.retries)


def _fail(request: pb.FailJobRequest) -> cmd.FailJob:
    return cmd.FailJob(
        request.jobKey,
        request.retries,
        request.errorMessage,
        min(request.retryBackOff, _LONG_MS),
        variables(request.variables),
    )


def _publish(request: pb.PublishMessageRequest) -> cmd.PublishMessage:
    _require(bool(request.name), "publish a message", "name", "present", "blank")
    return cmd.PublishMessage(
        request.name,
        request.correlationKey,
        min(request.timeToLive, _LONG_MS),
        request.messageId,
        variables(request.variables),
        tenant(request.tenantId),
    )


def _throw(request: pb.ThrowErrorRequest) -> cmd.ThrowError:
    return cmd.ThrowError(request.jobKey, request.errorCode, request.errorMessage, variables(request.variables))


def _signal(request: pb.BroadcastSignalRequest) -> cmd.BroadcastSignal:
    _require(bool(request.signalName), "broadcast a signal", "signalName", "present", "blank")
    return cmd.BroadcastSignal(request.signalName, variables(request.variables), tenant(request.tenantId))


def _migrate(request: pb.MigrateProcessInstanceRequest) -> cmd.MigrateInstance:
    plan = request.migrationPlan
    return cmd.MigrateInstance(
        request.processInstanceKey,
        plan.targetProcessDefinitionKey,
        {each.sourceElementId: each.targetElementId for each in plan.mappingInstructions},
    )


def _deploy(request: pb.DeployResourceRequest) -> cmd.Deploy:
    return cmd.Deploy({each.name: each.content for each in request.resources}, tenant(request.tenantId))


#: Calls that are one command: how the request is read, how its answer is written, and the intent that refusals name.
COMMANDS: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any], str]] = {
    "BroadcastSignal": (
        _signal,
        lambda key: pb.BroadcastSignalResponse(key=key, tenantId=cmd.DEFAULT_TENANT),
        "BROADCAST",
    ),
    "CancelProcessInstance": (
        lambda request: cmd.CancelInstance(request.processInstanceKey),
        lambda _: pb.CancelProcessInstanceResponse(),
        "CANCEL",
    ),
    "CompleteJob": (complete, lambda _: pb.CompleteJobResponse(), "COMPLETE"),
    "CreateProcessInstance": (
        create,
        lambda made: pb.CreateProcessInstanceResponse(
            processDefinitionKey=made.definition_key,
            bpmnProcessId=made.process_id,
            version=made.version,
            processInstanceKey=made.key,
            tenantId=made.tenant_id,
            tags=made.tags,
        ),
        "CREATE",
    ),
    "DeleteResource": (
        lambda request: cmd.DeleteResource(request.resourceKey),
        lambda _: pb.DeleteResourceResponse(),
        "DELETE",
    ),
    "DeployProcess": (
        lambda request: cmd.Deploy({each.name: each.definition for each in request.processes}),
        lambda made: pb.DeployProcessResponse(key=made.key, processes=[process(each) for each in made.processes]),
        "CREATE",
    ),
    "DeployResource": (_deploy, deployment, "CREATE"),
    "FailJob": (_fail, lambda _: pb.FailJobResponse(), "FAIL"),
    "MigrateProcessInstance": (_migrate, lambda _: pb.MigrateProcessInstanceResponse(), "MIGRATE"),
    "ModifyProcessInstance": (modify, lambda _: pb.ModifyProcessInstanceResponse(), "MODIFY"),
    "PublishMessage": (
        _publish,
        lambda made: pb.PublishMessageResponse(key=made.key, tenantId=made.tenant_id),
        "PUBLISH",
    ),
    "ResolveIncident": (
        lambda request: cmd.ResolveIncident(request.incidentKey),
        lambda _: pb.ResolveIncidentResponse(),
        "RESOLVE",
    ),
    "SetVariables": (
        lambda request: cmd.SetVariables(request.elementInstanceKey, variables(request.variables), request.local),
        lambda key: pb.SetVariablesResponse(key=key),
        "UPDATE",
    ),
    "ThrowError": (_throw, lambda _: pb.ThrowErrorResponse(), "THROW_ERROR"),
    "UpdateJobRetries": (_update_retries, lambda _: pb.UpdateJobRetriesResponse(), "UPDATE_RETRIES"),
    "UpdateJobTimeout": (
        lambda request: cmd.UpdateJob(request.jobKey, timeout_ms=min(request.timeout, _LONG_MS)),
        lambda _: pb.UpdateJobTimeoutResponse(),
        "UPDATE_TIMEOUT",
    ),
}
