"""What no client should send: a status, words that help, and an engine that lives."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from tests.zelery.engine.grpc.calling import Called, calling
from tests.zelery.engine.rules.builder import (
    Element,
    boundary,
    call,
    catch,
    end,
    exclusive,
    path,
    process,
    receive,
    service,
    start,
    task,
)
from tests.zelery.engine.rules.definitions import error, message, timer
from zelery.camunda.proto import gateway_pb2 as pb

pytestmark = pytest.mark.integration

#: A key of nothing.
_NONE = 4_711

_MB = 1 << 20


@pytest.fixture
async def called() -> AsyncIterator[Called]:
    async with calling() as called:
        yield called
        assert await called.lives()


@pytest.mark.parametrize(
    ("name", "request_", "words"),
    [
        ("CompleteJob", pb.CompleteJobRequest(jobKey=_NONE), "'COMPLETE' rejected with code 'NOT_FOUND'"),
        ("FailJob", pb.FailJobRequest(jobKey=_NONE), "'FAIL' rejected with code 'NOT_FOUND'"),
        ("ThrowError", pb.ThrowErrorRequest(jobKey=_NONE, errorCode="E"), "'THROW_ERROR' rejected"),
        ("UpdateJobRetries", pb.UpdateJobRetriesRequest(jobKey=_NONE, retries=1), "'UPDATE_RETRIES' rejected"),
        ("UpdateJobTimeout", pb.UpdateJobTimeoutRequest(jobKey=_NONE, timeout=1), "'UPDATE_TIMEOUT' rejected"),
        ("ResolveIncident", pb.ResolveIncidentRequest(incidentKey=_NONE), "'RESOLVE' rejected"),
        ("CancelProcessInstance", pb.CancelProcessInstanceRequest(processInstanceKey=_NONE), "'CANCEL' rejected"),
        ("ModifyProcessInstance", pb.ModifyProcessInstanceRequest(processInstanceKey=_NONE), "'MODIFY' rejected"),
        ("MigrateProcessInstance", pb.MigrateProcessInstanceRequest(processInstanceKey=_NONE), "'MIGRATE' rejected"),
        ("SetVariables", pb.SetVariablesRequest(elementInstanceKey=_NONE, variables="{}"), "'UPDATE' rejected"),
        ("DeleteResource", pb.DeleteResourceRequest(resourceKey=_NONE), "'DELETE' rejected"),
        ("CreateProcessInstance", pb.CreateProcessInstanceRequest(processDefinitionKey=_NONE), "'CREATE' rejected"),
        ("CreateProcessInstance", pb.CreateProcessInstanceRequest(bpmnProcessId="none"), "'none'"),
    ],
)
@pytest.mark.parametrize("key", [_NONE, -1, (1 << 63) - 1])
async def test_what_is_not_there_is_not_found(
    called: Called, name: str, request_: object, words: str, key: int
) -> None:
    request = type(request_)()
    request.CopyFrom(request_)  # type: ignore[attr-defined]
    for field, value in request_.ListFields():  # type: ignore[attr-defined]
        if value == _NONE:
            setattr(request, field.name, key)
    status, details = await called.refusal(name, request)
    assert status == "NOT_FOUND"
    assert words in details


@pytest.mark.parametrize(
    ("name", "request_", "words"),
    [
        ("PublishMessage", pb.PublishMessageRequest(correlationKey="k"), "name to be present, but it was blank"),
        ("BroadcastSignal", pb.BroadcastSignalRequest(), "signalName to be present, but it was blank"),
        (
            "CreateProcessInstance",
            pb.CreateProcessInstanceRequest(),
            "either a bpmnProcessId or a processDefinitionKey",
        ),
        ("ActivateJobs", pb.ActivateJobsRequest(type="", timeout=1, maxJobsToActivate=1), "type to be present"),
        ("ActivateJobs", pb.ActivateJobsRequest(type=" ", timeout=1, maxJobsToActivate=1), "type to be present"),
        (
            "ActivateJobs",
            pb.ActivateJobsRequest(type="a", timeout=0, maxJobsToActivate=1),
            "timeout to be greater than",
        ),
        (
            "ActivateJobs",
            pb.ActivateJobsRequest(type="a", timeout=-1, maxJobsToActivate=1),
            "timeout to be greater than",
        ),
        ("ActivateJobs", pb.ActivateJobsRequest(type="a", timeout=1, maxJobsToActivate=0), "maxJobsToActivate to be"),
        ("ActivateJobs", pb.ActivateJobsRequest(type="a", timeout=1, maxJobsToActivate=-5), "maxJobsToActivate to be"),
        ("StreamActivatedJobs", pb.StreamActivatedJobsRequest(type="", timeout=1), "type to be present"),
        ("StreamActivatedJobs", pb.StreamActivatedJobsRequest(type="a", timeout=0), "timeout to be greater than"),
        ("DeployResource", pb.DeployResourceRequest(), "resource"),
        ("PublishMessage", pb.PublishMessageRequest(name="m", tenantId="other"), "tenant identifier 'other'"),
        (
            "ActivateJobs",
            pb.ActivateJobsRequest(type="a", timeout=1, maxJobsToActivate=1, requestTimeout=-1, tenantIds=["other"]),
            "multi-tenancy is disabled",
        ),
        (
            "StreamActivatedJobs",
            pb.StreamActivatedJobsRequest(type="a", timeout=1, tenantIds=["other"]),
            "multi-tenancy",
        ),
        (
            "CreateProcessInstance",
            pb.CreateProcessInstanceRequest(bpmnProcessId="p", tenantId="other"),
            "multi-tenancy",
        ),
        ("BroadcastSignal", pb.BroadcastSignalRequest(signalName="s", tenantId="other"), "multi-tenancy is disabled"),
        ("DeployResource", pb.DeployResourceRequest(tenantId="other"), "multi-tenancy is disabled"),
    ],
)
async def test_a_request_that_cannot_be_is_refused(called: Called, name: str, request_: object, words: str) -> None:
    status, details = await called.refusal(name, request_)
    assert status == "INVALID_ARGUMENT"
    assert words in details


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ("[1]", "the root of the document is 'ARRAY'"),
        ('"text"', "the root of the document is 'STRING'"),
        ("5", "the root of the document is 'INTEGER'"),
        ("true", "the root of the document is 'BOOLEAN'"),
        ("{", "cannot be read"),
        ("{'a': 1}", "cannot be read"),
        ('{"a": NaN}', "NaN is no JSON"),
        ('{"a": -Infinity}', "-Infinity is no JSON"),
        ('{"a": 1e999}', "1e999 is too large a number"),
        ('{"a": ' + "9" * 5000 + "}", "cannot be read"),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", "cannot be read"),
        ('{"a": ' + '{"a":' * 600 + "1" + "}" * 600 + "}", "nested more than 500 deep"),
        ('{"a": "\\ud800"}', "cannot be read"),
        ('{"\\udfff": 1}', "cannot be read"),
    ],
)
@pytest.mark.parametrize("how", ["create", "complete", "publish", "set"])
async def test_variables_that_are_no_object_are_refused_and_nothing_has_changed(
    called: Called, variables: str, words: str, how: str
) -> None:
    await called.deploy(process("p", start(), service("a"), end()))
    key = await called.start()
    [job] = await called.lease()
    name, request = {
        "create": ("CreateProcessInstance", pb.CreateProcessInstanceRequest(bpmnProcessId="p", variables=variables)),
        "complete": ("CompleteJob", pb.CompleteJobRequest(jobKey=job.key, variables=variables)),
        "publish": ("PublishMessage", pb.PublishMessageRequest(name="m", variables=variables, timeToLive=60_000)),
        "set": ("SetVariables", pb.SetVariablesRequest(elementInstanceKey=key, variables=variables)),
    }[how]
    status, details = await called.refusal(name, request)
    assert status == "INVALID_ARGUMENT"
    assert words in details
    assert list(called.engine.state.jobs) == [job.key]
    assert not called.engine.state.messages
    assert not called.engine.state.elements[key].variables


async def test_variables_nested_as_deep_as_may_be_go_through_an_instance(called: Called) -> None:
    await called.deploy(process("p", start(), service("a"), service("b"), end()))
    deep = '{"a":' * 500 + "1" + "}" * 500
    await called.call("CreateProcessInstance", pb.CreateProcessInstanceRequest(bpmnProcessId="p", variables=deep))
    [job] = await called.lease()
    await called.call("CompleteJob", pb.CompleteJobRequest(jobKey=job.key, variables=deep))
    [job] = await called.lease("b")
    assert json.loads(job.variables) == json.loads(deep)


async def test_a_job_that_is_larger_than_a_message_is_an_incident_until_less_is_fetched(called: Called) -> None:
    await called.deploy(process("p", start(), service("a"), end()))
    await called.start(large="x" * 4 * _MB, small=1)
    assert await called.lease() == []
    [incident] = called.engine.state.incidents.values()
    assert incident.type == "MESSAGE_SIZE_EXCEEDED"
    await called.call("ResolveIncident", pb.ResolveIncidentRequest(incidentKey=incident.key))
    [job] = await called.lease(fetchVariable=["small"])
    assert json.loads(job.variables) == {"small": 1}


async def test_a_request_that_is_too_large_is_refused(called: Called) -> None:
    request = pb.PublishMessageRequest(name="m", variables=json.dumps({"x": "x" * 9 * _MB}))
    status, details = await called.refusal("PublishMessage", request)
    assert status == "RESOURCE_EXHAUSTED"
    assert "larger than max" in details


async def test_times_beyond_any_calendar_are_taken_for_very_long(called: Called) -> None:
    longest = (1 << 63) - 1
    await called.deploy(process("p", start(), service("a"), end()))
    await called.start()
    [job] = await called.lease(timeout=longest)
    assert job.deadline > 0
    await called.call("UpdateJobTimeout", pb.UpdateJobTimeoutRequest(jobKey=job.key, timeout=longest))
    await called.call("FailJob", pb.FailJobRequest(jobKey=job.key, retries=1, retryBackOff=longest))
    await called.call("PublishMessage", pb.PublishMessageRequest(name="m", timeToLive=longest))
    assert len(called.engine.state.messages) == 1


async def test_a_message_with_a_negative_time_to_live_is_not_buffered(called: Called) -> None:
    await called.call("PublishMessage", pb.PublishMessageRequest(name="m", timeToLive=-1))
    assert not called.engine.state.messages


async def test_a_message_with_the_id_of_one_that_is_buffered_exists_already(called: Called) -> None:
    request = pb.PublishMessageRequest(name="m", correlationKey="k", messageId="id", timeToLive=60_000)
    await called.call("PublishMessage", request)
    status, details = await called.refusal("PublishMessage", request)
    assert status == "ALREADY_EXISTS"
    assert "'PUBLISH' rejected with code 'ALREADY_EXISTS'" in details
    assert "id 'id'" in details


async def test_negative_retries_are_none(called: Called) -> None:
    await called.deploy(process("p", start(), service("a"), end()))
    await called.start()
    [job] = await called.lease()
    await called.call("FailJob", pb.FailJobRequest(jobKey=job.key, retries=-3, retryBackOff=-5))
    [incident] = called.engine.state.incidents.values()
    assert incident.type == "JOB_NO_RETRIES"
    resolve = pb.ResolveIncidentRequest(incidentKey=incident.key)
    assert (await called.refusal("ResolveIncident", resolve))[0] == "FAILED_PRECONDITION"
    for retries in (0, -1):
        request = pb.UpdateJobRetriesRequest(jobKey=job.key, retries=retries)
        status, details = await called.refusal("UpdateJobRetries", request)
        assert status == "INVALID_ARGUMENT"
        assert f"the amount given was '{retries}'" in details
    await called.call("UpdateJobRetries", pb.UpdateJobRetriesRequest(jobKey=job.key, retries=1))
    await called.call("ResolveIncident", resolve)
    assert [each.key for each in await called.lease()] == [job.key]


async def test_a_job_that_has_failed_or_thrown_takes_no_answer(called: Called) -> None:
    await called.deploy(process("p", start(), service("a"), end()))
    for name, request in (
        ("FailJob", pb.FailJobRequest(retries=0)),
        ("ThrowError", pb.ThrowErrorRequest(errorCode="E")),
    ):
        await called.start()
        [job] = await called.lease()
        request.jobKey = job.key
        await called.call(name, request)
        for late, answer in (
            ("CompleteJob", pb.CompleteJobRequest(jobKey=job.key)),
            ("FailJob", pb.FailJobRequest(jobKey=job.key, retries=1)),
            ("ThrowError", pb.ThrowErrorRequest(jobKey=job.key, errorCode="E")),
            ("UpdateJobTimeout", pb.UpdateJobTimeoutRequest(jobKey=job.key, timeout=1000)),
        ):
            status, details = await called.refusal(late, answer)
            assert status == "FAILED_PRECONDITION"
            assert "rejected with code 'INVALID_STATE'" in details


async def test_a_job_is_answered_once(called: Called) -> None:
    await called.deploy(process("p", start(), service("a"), end()))
    await called.start()
    [job] = await called.lease()
    await called.call("CompleteJob", pb.CompleteJobRequest(jobKey=job.key))
    status, details = await called.refusal("CompleteJob", pb.CompleteJobRequest(jobKey=job.key))
    assert status == "NOT_FOUND"
    assert f"job with key '{job.key}', but no such job was found" in details


async def test_a_called_instance_is_canceled_by_its_root_only(called: Called) -> None:
    child = process("child", start(), service("a"), end())
    await called.deploy(process("p", start(), call("calls", "child"), end()), child)
    root = await called.start()
    inner = next(key for key in called.engine.state.instances if key != root)
    request = pb.CancelProcessInstanceRequest(processInstanceKey=inner)
    status, details = await called.refusal("CancelProcessInstance", request)
    assert status == "FAILED_PRECONDITION"
    assert str(root) in details


async def test_a_loop_without_a_wait_is_an_incident_and_goes_on_when_it_is_resolved(called: Called) -> None:
    called.engine.activations_max = 100
    looping = process(
        "p",
        path(start(), exclusive("again"), task("turn"), exclusive("done")),
        path("done", "again", default=True),
        path("done", service("a"), end(), when="= stop"),
    )
    await called.deploy(looping)
    key = await called.start(stop=False)
    for _ in range(3):
        [incident] = called.engine.state.incidents.values()
        assert "More than 100 elements were activated by one command without waiting" in incident.message
        await called.call("ResolveIncident", pb.ResolveIncidentRequest(incidentKey=incident.key))
    [incident] = called.engine.state.incidents.values()
    await called.call("SetVariables", pb.SetVariablesRequest(elementInstanceKey=key, variables='{"stop": true}'))
    await called.call("ResolveIncident", pb.ResolveIncidentRequest(incidentKey=incident.key))
    [job] = await called.lease()
    assert job.processInstanceKey == key


async def test_processes_that_call_themselves_end_in_an_incident_and_can_be_canceled(called: Called) -> None:
    await called.deploy(process("p", start(), call("again", "p"), end()))
    key = await called.start()
    [incident] = called.engine.state.incidents.values()
    assert incident.type == "CALLED_ELEMENT_ERROR"
    assert "maximum call depth of 1000" in incident.message
    assert len(called.engine.state.instances) == 1000
    await called.call("CancelProcessInstance", pb.CancelProcessInstanceRequest(processInstanceKey=key))
    assert not called.engine.state.elements
    assert not called.engine.state.incidents


async def test_an_activity_has_as_many_boundary_events_as_one_likes(called: Called) -> None:
    events: list[Element] = []
    for number in range(1_000):
        events.append(boundary(f"t{number}", "a", timer(duration=f"PT{number + 1}H"), interrupting=False))
        events.append(boundary(f"e{number}", "a", error(f"E{number}")))
    paths = [path(each.id, end(f"{each.id}_end")) for each in events]
    await called.deploy(process("p", path(start(), service("a"), end()), *events, *paths))
    await called.start()
    assert len(called.engine.state.timers) == 1_000
    [job] = await called.lease()
    await called.call("ThrowError", pb.ThrowErrorRequest(jobKey=job.key, errorCode="E999"))
    assert not called.engine.state.instances
    assert not called.engine.state.timers


@pytest.mark.parametrize("value", [1e12, 1e300, -(1 << 40), "²", "9" * 5000, "+-5", None, [], True])
async def test_retries_that_no_job_can_have_are_an_incident(called: Called, value: object) -> None:
    await called.deploy(process("p", start(), service("a", retries="= r"), end()))
    key = await called.start(r=value)
    [incident] = called.engine.state.incidents.values()
    assert incident.type == "EXTRACT_VALUE_ERROR"
    await called.call("SetVariables", pb.SetVariablesRequest(elementInstanceKey=key, variables='{"r": "5"}'))
    await called.call("ResolveIncident", pb.ResolveIncidentRequest(incidentKey=incident.key))
    [job] = await called.lease()
    assert job.retries == 5


@pytest.mark.parametrize("value", [True, None, [], {"a": 1}])
async def test_a_correlation_key_that_is_none_is_an_incident(called: Called, value: object) -> None:
    await called.deploy(process("p", start(), receive("waits", message("m", "= k")), end()))
    key = await called.start(k=value)
    [incident] = called.engine.state.incidents.values()
    assert "The value must be either a string or a number" in incident.message
    await called.call("SetVariables", pb.SetVariablesRequest(elementInstanceKey=key, variables='{"k": 7}'))
    await called.call("ResolveIncident", pb.ResolveIncidentRequest(incidentKey=incident.key))
    await called.call("PublishMessage", pb.PublishMessageRequest(name="m", correlationKey="7"))
    assert not called.engine.state.instances


async def test_a_timer_without_an_interval_does_not_stop_the_engine(called: Called) -> None:
    beating = boundary("beats", "a", timer(cycle="R/PT0S"), interrupting=False)
    await called.deploy(process("p", path(start(), service("a"), end()), beating, path("beats", end("beaten"))))
    key = await called.start()
    assert await called.lives()
    [job] = await called.lease()
    await called.call("CompleteJob", pb.CompleteJobRequest(jobKey=job.key))
    assert key not in called.engine.state.instances
    assert not called.engine.state.timers


async def test_a_duration_beyond_the_calendar_is_an_incident(called: Called) -> None:
    await called.deploy(process("p", start(), catch("waits", timer(duration="= d")), end()))
    for duration in ("PT" + "9" * 400 + "S", "P9999Y"):
        await called.start(d=duration)
    assert {each.type for each in called.engine.state.incidents.values()} == {"EXTRACT_VALUE_ERROR"}
    assert len(called.engine.state.incidents) == 2


async def test_decisions_are_refused_in_words(called: Called) -> None:
    status, details = await called.refusal("EvaluateDecision", pb.EvaluateDecisionRequest(decisionId="d"))
    assert status == "UNIMPLEMENTED"
    assert "DMN" in details
