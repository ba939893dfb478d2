from __future__ import annotations

import tracemalloc
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.zelery.engine.rules.builder import Process as Built
from tests.zelery.engine.rules.builder import (
    boundary,
    call,
    catch,
    end,
    exclusive,
    model,
    path,
    process,
    service,
    start,
    sub_process,
    user,
)
from tests.zelery.engine.rules.definitions import each, error, message
from zelery.engine import commands as cmd
from zelery.engine.bpmn.model import Kind
from zelery.engine.clock import Clock
from zelery.engine.engine import Engine
from zelery.engine.history.history import History
from zelery.engine.history.records import ElementRecord

NOW = 1_790_000_000_000

#: What one waiting instance may hold: a process, its start event, a task with a job, three variables.
WAITING_BYTES_MAX = 1536


class Told:
    """An engine whose clock stands still, and a history of it."""

    def __init__(self, *processes: Built, lag_ms: int = 0, completed_max: int = 10_000) -> None:
        clock = Clock()
        clock.pin(NOW)
        self.engine = Engine(clock=clock)
        self.history = History(self.engine.state.definitions, lag_ms=lag_ms, completed_max=completed_max)
        self.engine.listen(self.history.on)
        if processes:
            self.deploy(*processes)

    def deploy(self, *processes: Built, name: str = "a.bpmn") -> Sequence[int]:
        made: cmd.Deployment = self.engine.execute(cmd.Deploy({name: model(*processes)}))
        return [one.key for one in made.processes]

    def start(self, process_id: str = "p", **variables: Any) -> int:
        created: cmd.Created = self.engine.execute(cmd.CreateInstance(process_id, variables=variables))
        return created.key

    def job(self, element_id: str) -> int:
        return next(one.key for one in self.engine.state.jobs.values() if one.element.element.id == element_id)

    def complete(self, element_id: str, **variables: Any) -> None:
        self.engine.execute(cmd.CompleteJob(self.job(element_id), variables))

    def element(self, element_id: str) -> ElementRecord:
        return next(one for one in self.history.elements.values() if one.element.id == element_id)

    def variables(self, instance_key: int) -> Mapping[str, Any]:
        found = self.history.variables_of(self.history.instances[instance_key])
        return {one.name: one.value for one in found}


def work() -> Built:
    return process("p", start(), service("work"), end())


def test_a_path_is_the_elements_in_the_order_of_their_activation() -> None:
    told = Told(process("p", start(), sub_process("sub", start("in"), service("work"), end("out")), end()))
    key = told.start()
    assert told.history.path(key) == ["start", "sub", "in", "work"]
    told.complete("work")
    assert told.history.path(key) == ["start", "sub", "in", "work", "out", "end"]


def test_flows_are_known_once_in_the_order_in_which_they_were_taken() -> None:
    told = Told(
        process(
            "p",
            path(start(), exclusive("again"), service("work"), exclusive("done")),
            path("done", "again", when="= n < 3"),
            path("done", end(), default=True),
        )
    )
    key = told.start(n=0)
    for n in (1, 2, 3):
        told.complete("work", n=n)
    assert told.history.instances[key].flows == (
        "start_to_again",
        "again_to_work",
        "work_to_done",
        "done_to_again",
        "done_to_end",
    )


def test_an_instance_that_has_ended_says_how_and_when() -> None:
    told = Told(work())
    completed, terminated = told.start(), told.start()
    told.engine.clock.add(500)
    told.complete("work")
    told.engine.execute(cmd.CancelInstance(terminated))
    one, other = told.history.instances[completed], told.history.instances[terminated]
    assert (one.state, one.start, one.end) == ("COMPLETED", NOW, NOW + 500)
    assert (other.state, other.start, other.end) == ("TERMINATED", NOW, NOW + 500)
    states = [(record.element.id, record.state) for record in other.elements]
    assert states == [("start", "COMPLETED"), ("work", "TERMINATED")]


def test_variables_are_known_by_scope_and_stay_after_the_end() -> None:
    told = Told(process("p", start(), service("work", inputs={"local": "= a + 1"}, outputs={"b": "= got"}), end()))
    key = told.start(a=1)
    told.complete("work", got=5)
    assert told.variables(key) == {"a": 1, "local": 2, "got": 5, "b": 5}
    assert set(told.element("work").variables or {}) == {"local", "got"}
    assert set(told.history.elements[key].variables or {}) == {"a", "b"}


def test_a_variable_that_changes_keeps_its_key() -> None:
    told = Told(work())
    key = told.start(a=1)
    before = {one.name: one.key for one in told.history.variables()}
    told.engine.execute(cmd.SetVariables(key, {"a": 2, "b": 3}))
    after = {one.name: (one.key, one.value) for one in told.history.variables()}
    assert after["a"] == (before["a"], 2)
    assert after["b"][0] not in before.values()


def test_a_job_says_what_has_come_of_it() -> None:
    told = Told(work())
    told.start()
    key = told.job("work")
    job = told.history.jobs[key]
    assert (job.state, job.type, job.retries, job.worker) == ("CREATED", "work", 3, "")
    told.engine.execute(cmd.ActivateJobs("work", "w", 1000, 1))
    assert (job.worker, job.deadline) == ("w", NOW + 1000)
    told.engine.execute(cmd.FailJob(key, 1, "no luck"))
    assert (job.state, job.retries, job.message, job.has_failed_with_retries) == ("FAILED", 1, "no luck", True)
    told.engine.execute(cmd.UpdateJob(key, retries=5))
    assert (job.state, job.retries) == ("RETRIES_UPDATED", 5)
    told.engine.execute(cmd.ActivateJobs("work", "w", 1000, 1))
    told.engine.clock.add(1001)
    told.engine.pass_due()
    assert (job.state, job.deadline) == ("TIMED_OUT", 0)
    told.engine.execute(cmd.CompleteJob(key))
    assert (job.state, job.ended) == ("COMPLETED", NOW + 1001)


def test_an_error_that_a_worker_throws_is_known_with_its_code() -> None:
    told = Told(
        process(
            "p",
            path(start(), service("work"), end()),
            path(boundary("failed", "work", error("E")), end("other")),
        )
    )
    told.start()
    job = told.history.jobs[told.job("work")]
    told.engine.execute(cmd.ThrowError(job.key, "E", "because"))
    assert (job.state, job.error_code, job.message, job.ended) == ("ERROR_THROWN", "E", "because", NOW)


def test_incidents_count_for_callers_until_they_are_resolved() -> None:
    told = Told(
        process("p", start(), call("called", "child"), end()),
        process("child", start("begin"), service("work"), end("stop")),
    )
    key = told.start()
    job = told.job("work")
    told.engine.execute(cmd.FailJob(job, 0, "broken"))
    (incident,) = told.history.incidents.values()
    child = told.history.instances[incident.element.instance.key]
    assert (incident.type, incident.message, incident.state) == ("JOB_NO_RETRIES", "broken", "ACTIVE")
    assert (child.parent_key, child.root_key) == (key, key)
    assert [told.history.instances[one].incidents for one in (key, child.key)] == [1, 1]
    assert incident.element.incident_key == incident.key
    told.engine.execute(cmd.UpdateJob(job, retries=1))
    told.engine.execute(cmd.ResolveIncident(incident.key))
    assert (incident.state, incident.element.incident_key) == ("RESOLVED", 0)
    assert [told.history.instances[one].incidents for one in (key, child.key)] == [0, 0]


def test_an_incident_of_an_instance_that_is_canceled_counts_no_more() -> None:
    told = Told(work())
    key = told.start()
    told.engine.execute(cmd.FailJob(told.job("work"), 0, "broken"))
    told.engine.execute(cmd.CancelInstance(key))
    (incident,) = told.history.incidents.values()
    assert incident.state == "RESOLVED"
    assert told.history.instances[key].incidents == 0


def test_multi_instance_elements_are_body_and_inner_instances() -> None:
    told = Told(process("p", start(), service("work", multi=each("= [1, 2]", "item")), end()))
    key = told.start()
    kinds = [one.element.kind for one in told.history.instances[key].elements]
    assert kinds == [Kind.START_EVENT, Kind.MULTI_INSTANCE_BODY, Kind.SERVICE_TASK, Kind.SERVICE_TASK]


def test_a_subscription_says_whether_its_message_came() -> None:
    told = Told(process("p", start(), catch("wait", message("m", "= key")), end()))
    told.start(key="1")
    gone = told.start(key="2")
    told.engine.execute(cmd.PublishMessage("m", "1"))
    told.engine.execute(cmd.CancelInstance(gone))
    states = {one.correlation_key: one.state for one in told.history.subscriptions.values()}
    assert states == {"1": "CORRELATED", "2": "DELETED"}
    (taken,) = told.history.correlations()
    assert (taken.name, taken.correlation_key, taken.subscription.catch.id) == ("m", "1", "wait")


def test_a_start_event_s_subscription_stays_when_messages_come() -> None:
    told = Told(process("p", start(event=message("m")), service("work"), end()))
    (subscription,) = told.history.subscriptions.values()
    told.engine.execute(cmd.PublishMessage("m"))
    told.engine.execute(cmd.PublishMessage("m"))
    assert (subscription.element, subscription.state) == (None, "CREATED")
    assert [one.instance.key for one in told.history.correlations()] == list(told.history.instances)
    told.deploy(process("p", start(event=message("other")), service("work"), end()))
    assert [one.state for one in told.history.subscriptions.values()] == ["DELETED", "CREATED"]


def test_a_deleted_definition_drains_until_its_last_instance_ends() -> None:
    told = Told()
    (key,) = told.deploy(work())
    told.start()
    told.engine.execute(cmd.DeleteResource(key))
    assert told.history.definitions[key].state == "DRAINING"
    told.complete("work")
    assert told.history.definitions[key].state == "DELETED"


def test_a_user_task_says_who_has_it_and_how_it_ended() -> None:
    told = Told(process("p", start(), user("ask"), end()))
    told.start()
    (task,) = told.history.user_tasks.values()
    told.engine.execute(cmd.UpdateUserTask(task.key, {"assignee": "ann"}, "assign"))
    assert (task.state, task.attributes["assignee"]) == ("CREATED", "ann")
    told.engine.execute(cmd.CompleteUserTask(task.key))
    assert (task.state, task.completed) == ("COMPLETED", NOW)


def test_an_instance_that_migrates_is_one_of_the_other_version() -> None:
    told = Told(work())
    key = told.start()
    (target,) = told.deploy(process("p", start(), service("labour"), end()))
    told.engine.execute(cmd.MigrateInstance(key, target, {"work": "labour"}))
    assert told.history.instances[key].definition.key == target
    assert told.history.path(key) == ["start", "labour"]


def test_late_history_knows_of_an_event_only_after_the_lag() -> None:
    told = Told(work(), lag_ms=2000)
    key = told.start()
    told.history.catch_up(NOW + 1999)
    assert told.history.instances == {}
    told.history.catch_up(NOW + 2000)
    assert told.history.path(key) == ["start", "work"]


def test_late_history_goes_on_by_events_where_nobody_searches() -> None:
    told = Told(work(), lag_ms=2000)
    first = told.start()
    told.engine.clock.add(2000)
    told.start()
    assert list(told.history.instances) == [first]


def test_ended_instances_beyond_the_limit_are_forgotten_with_all_that_is_theirs() -> None:
    told = Told(
        process(
            "p",
            path(start(), service("work"), user("ask"), catch("wait", message("m", "= key")), end()),
        ),
        completed_max=2,
    )
    keys = []
    for number in range(4):
        keys.append(told.start(key=str(number)))
        told.engine.execute(cmd.FailJob(told.job("work"), 0, "broken"))
        told.engine.execute(cmd.UpdateJob(told.job("work"), retries=1))
        told.engine.execute(cmd.ResolveIncident(next(iter(told.engine.state.incidents))))
        told.complete("work")
        told.engine.execute(cmd.CompleteUserTask(next(iter(told.engine.state.user_tasks))))
        told.engine.execute(cmd.PublishMessage("m", str(number)))
    history = told.history
    assert list(history.instances) == keys[2:]
    assert {one.instance.key for one in history.elements.values()} == set(keys[2:])
    assert {one.element.instance.key for one in history.jobs.values()} == set(keys[2:])
    assert {one.element.instance.key for one in history.incidents.values()} == set(keys[2:])
    assert {one.element.instance.key for one in history.user_tasks.values()} == set(keys[2:])
    assert {one.instance.key for one in history.correlations()} == set(keys[2:])
    owners = [one.element.instance.key for one in history.subscriptions.values() if one.element is not None]
    assert owners == keys[2:]


def test_active_instances_are_never_forgotten() -> None:
    told = Told(work(), completed_max=0)
    kept, gone = told.start(), told.start()
    told.engine.execute(cmd.CancelInstance(gone))
    assert list(told.history.instances) == [kept]


@pytest.mark.parametrize("completed_max", [0, 10_000])
def test_what_is_active_in_history_is_what_is_active_in_the_engine(completed_max: int) -> None:
    told = Told(
        process("p", start(), call("called", "child"), service("last"), end()),
        process(
            "child",
            path(start("begin"), sub_process("sub", start("in"), service("work"), end("out")), end("done")),
            path(boundary("stop", "sub", message("m", "= key")), end("stopped")),
        ),
        completed_max=completed_max,
    )
    keys = [told.start(key=str(number)) for number in range(4)]
    told.engine.execute(cmd.PublishMessage("m", "1"))
    told.engine.execute(cmd.FailJob(told.job("work"), 0))
    told.complete("last")
    told.engine.execute(cmd.CancelInstance(keys[2]))
    assert active(told) == {
        "instances": set(told.engine.state.instances),
        "elements": set(told.engine.state.elements),
        "jobs": set(told.engine.state.jobs),
        "incidents": set(told.engine.state.incidents),
        "subscriptions": set(told.engine.state.subscriptions),
    }


def active(told: Told) -> dict[str, set[int]]:
    history = told.history
    return {
        "instances": {key for key, one in history.instances.items() if one.state == "ACTIVE"},
        "elements": {key for key, one in history.elements.items() if one.state == "ACTIVE"},
        "jobs": {key for key, one in history.jobs.items() if not one.ended},
        "incidents": {key for key, one in history.incidents.items() if one.state == "ACTIVE"},
        "subscriptions": {key for key, one in history.subscriptions.items() if one.state == "CREATED"},
    }


def test_a_waiting_instance_holds_little() -> None:
    told = Told(work())
    events: list[tuple[int, Any]] = []
    told.engine.listen(lambda now, event: events.append((now, event)))
    instances = 1000
    for number in range(instances):
        told.start(order=f"A-{number}", amount=12.5, customer={"name": "Herman Melville", "vip": True})
    history = History(told.engine.state.definitions)
    for now, event in events[:7]:  # What is made once is not counted.
        history.on(now, event)
    tracemalloc.start()
    try:
        for now, event in events[7:]:
            history.on(now, event)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(history.instances) == instances
    assert held / (instances - 1) <= WAITING_BYTES_MAX
