"""Endpoints of jobs: leased, completed, failed, updated (docs: REST API, "Job")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine import commands as cmd
from zelery.engine.rest.bodies import BODIES
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, key_in
from zelery.engine.rest.fields import has
from zelery.engine.rest.problems import invalid
from zelery.engine.rest.routing import AWAIT_MS, command, routed


def _activate_jobs(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request, BODIES["activate"], context.line)
        lease = cmd.ActivateJobs(
            body["type"],
            body.get("worker", "default"),
            body["timeout"],
            body["maxJobsToActivate"],
            tuple(body.get("fetchVariable", ())),
            tuple(body.get("tenantIds", ())) or (cmd.DEFAULT_TENANT,),
        )
        wait_ms = body.get("requestTimeout", 0)
        if wait_ms < 0:
            jobs = context.execute(lease, "ACTIVATE")
        else:
            jobs = await context.engine.activate_jobs(lease, wait_ms or AWAIT_MS)
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


def routes(context: Context) -> list[Route]:
    """All endpoints of jobs but their search."""
    one = "/v2/jobs/{key}"
    return routed(
        context,
        [
            ("8.8", "POST", "/v2/jobs/activation", _activate_jobs(context)),
            ("8.8", "POST", f"{one}/completion", command(context, "complete", "COMPLETE", _complete_job)),
            ("8.8", "POST", f"{one}/failure", command(context, "fail", "FAIL", _fail)),
            ("8.8", "POST", f"{one}/error", command(context, "throw", "THROW_ERROR", _throw)),
            ("8.8", "PATCH", one, command(context, "update", "UPDATE", _update_job)),
        ],
    )
