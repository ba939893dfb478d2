"""What must live is worked out from what is deployed and what lives, whatever happened in between."""

from __future__ import annotations

import dataclasses
from typing import Any

from inbound.definitions import Model, chosen
from inbound.executables import Element, Executable, Point, State
from inbound.plan import Plan, Wanted, inherited, plan, settled, wanted
from tests.inbound.elements import KEY, definition, element, executable
from zelery.sdk import InboundConnector, Input
from zelery.sdk.inbound import Kind


async def run(properties: Input, request: Any, context: Any) -> None: ...


CONNECTOR = InboundConnector(type="tests:hook:1", name="Hook", kind=Kind.WEBHOOK, input=Input, run=run)
AUTO = {"deduplicationMode": "AUTO", "inbound.context": "x"}


def asked(*elements: Element, waiting: frozenset[int] = frozenset()) -> tuple[list[Wanted], list[str]]:
    """What deployed models with these elements ask for."""
    models: dict[int, Model] = {}
    definitions = {}
    for each in elements:
        known = models.get(each.definition_key, Model())
        models[each.definition_key] = Model(elements=(*known.elements, each))
        definitions[each.definition_key] = definition(
            each.definition_key, each.process_id, each.version, each.tenant_id
        )
    versions = chosen(sorted(definitions.values(), key=lambda d: -d.key), dict.fromkeys(waiting, True))
    return wanted(versions, models)


def planned(asks: list[Wanted], *live: Executable, unread: Any = (), now_ms: int = 10_000, **given: Any) -> Plan:
    return plan(
        asks,
        {each.id: each for each in live},
        connectors=given.get("connectors", {"tests:hook:1": CONNECTOR}),
        absent=given.get("absent", {}),
        unread=unread,
        now_ms=now_ms,
    )


def alive(asks: list[Wanted]) -> list[Executable]:
    """These, activated."""
    return [
        dataclasses.replace(each, state=State.ACTIVE, kind="webhook", attempts=0) for each in planned(asks).activate
    ]


# -- what the models ask for


def test_each_element_is_an_executable_of_its_own_unless_it_says_otherwise() -> None:
    found, faults = asked(element("a"), element("b"))
    assert [[e.element_id for e in each.elements] for each in found] == [["a"], ["b"]]
    assert faults == []


def test_equal_elements_meet_under_AUTO_and_named_ones_under_MANUAL() -> None:  # noqa: N802 - the mode's spelling
    found, _ = asked(element("a", properties=AUTO), element("b", properties=AUTO))
    assert [[e.element_id for e in each.elements] for each in found] == [["a", "b"]]
    manual = {"deduplicationMode": "MANUAL", "deduplicationId": "one"}
    found, _ = asked(element("a", properties=manual), element("b", properties=manual))
    assert len(found) == 1


def test_an_element_that_cannot_have_an_identity_is_left_out_and_named_and_the_others_stay() -> None:
    found, faults = asked(element("bad", properties={"deduplicationMode": "auto"}), element("good"))
    assert [each.elements[0].element_id for each in found] == ["good"]
    assert "bad" in faults[0]
    assert "deduplicationMode" in faults[0]


def test_elements_that_contradict_one_another_are_told_in_camundas_words() -> None:
    manual = {"deduplicationMode": "MANUAL", "deduplicationId": "one"}
    found, _ = asked(
        element("a", properties={**manual, "inbound.context": "x"}),
        element("b", properties={**manual, "inbound.context": "y"}),
    )
    assert found[0].contradiction is not None
    assert "The following properties are different: inbound.context" in found[0].contradiction
    assert planned(found).put[0].state is State.INVALID


def test_of_an_older_version_only_what_instances_wait_for_lives() -> None:
    old = [element("start", key=1), element("wait", key=1, point=Point.MESSAGE)]
    new = [element("start", key=2, version=2), element("wait", key=2, version=2, point=Point.MESSAGE)]
    found, _ = asked(*old, *new, waiting=frozenset({1}))
    assert [(e.version, e.element_id) for each in found for e in each.elements] == [
        (2, "start"),
        (2, "wait"),
        (1, "wait"),
    ]
    found, _ = asked(*old, *new)
    assert {e.version for each in found for e in each.elements} == {2}


def test_versions_with_the_same_configuration_share_an_executable() -> None:
    found, _ = asked(
        element("wait", key=1, point=Point.MESSAGE, properties=AUTO),
        element("wait", key=2, version=2, point=Point.MESSAGE, properties=AUTO),
        waiting=frozenset({1}),
    )
    assert [[e.version for e in each.elements] for each in found] == [[2, 1]]


def test_where_an_older_version_contradicts_the_newest_the_newest_lives() -> None:
    manual = {"deduplicationMode": "MANUAL", "deduplicationId": "one"}
    found, _ = asked(
        element("wait", key=1, point=Point.MESSAGE, properties={**manual, "inbound.context": "old"}),
        element("wait", key=2, version=2, point=Point.MESSAGE, properties={**manual, "inbound.context": "new"}),
        waiting=frozenset({1}),
    )
    assert found[0].contradiction is None
    assert [e.version for e in found[0].elements] == [2]


def test_tenants_with_the_same_process_have_executables_of_their_own() -> None:
    found, _ = asked(element("a", key=1, tenant_id="t1"), element("a", key=2, tenant_id="t2"))
    assert len({each.id for each in found}) == 2


def test_two_processes_whose_ids_read_the_same_do_not_share_an_executable() -> None:
    manual = {"deduplicationMode": "MANUAL"}
    found, faults = asked(
        element("a", key=1, process_id="p-1", properties={**manual, "deduplicationId": "x"}),
        element("a", key=2, process_id="p", properties={**manual, "deduplicationId": "1-x"}),
    )
    assert len(found) == 1
    assert "is what process p calls one of its own" in faults[0]


# -- what is to be done


def test_what_is_new_is_activated_and_what_is_gone_is_removed() -> None:
    (live,) = alive(asked(element("a"))[0])
    todo = planned(asked(element("b"))[0], live)
    assert [each.elements[0].element_id for each in todo.activate] == ["b"]
    assert list(todo.remove) == [live.id]


def test_what_lives_as_it_must_costs_nothing() -> None:
    asks, _ = asked(element("a"), element("b"))
    assert planned(asks, *alive(asks)) == Plan(activate=[], put=[], remove=[])


def test_other_elements_and_other_runtime_properties_are_put_without_activating_again() -> None:
    (live,) = alive(asked(element("a", properties=AUTO))[0])
    asks, _ = asked(element("a", key=2, version=2, properties={**AUTO, "activationCondition": "=true"}))
    todo = planned(asks, live)
    assert (list(todo.activate), list(todo.remove)) == ([], [])
    assert todo.put[0].elements[0].version == 2
    assert todo.put[0].activated_ms == live.activated_ms


def test_another_configuration_is_activated_again() -> None:
    manual = {"deduplicationMode": "MANUAL", "deduplicationId": "one"}
    (live,) = alive(asked(element("a", properties={**manual, "inbound.context": "x"}))[0])
    asks, _ = asked(element("a", properties={**manual, "inbound.context": "y"}))
    assert [each.id for each in planned(asks, live).activate] == [live.id]


def test_what_failed_is_tried_again_when_its_pause_is_over_or_its_configuration_is_another() -> None:
    asks, _ = asked(element("a"))
    (live,) = alive(asks)
    failed = dataclasses.replace(live, state=State.FAILED, reason="no", attempts=3, retry_ms=20_000)
    assert planned(asks, failed, now_ms=19_999).activate == []
    assert planned(asks, failed, now_ms=20_000).activate[0].attempts == 3


def test_an_unknown_type_is_shown_with_its_remedy_and_lives_when_it_is_installed() -> None:
    asks, _ = asked(element("a"))
    (shown,) = planned(asks, connectors={}, absent={"tests:hook:1": "pip install 'x[y]'"}).put
    assert (shown.state, shown.reason) == (
        State.UNREGISTERED,
        "Connector tests:hook:1 not registered: pip install 'x[y]'",
    )
    assert [each.id for each in planned(asks, shown).activate] == [shown.id]
    assert planned(asks, shown, connectors={}, absent={"tests:hook:1": "pip install 'x[y]'"}).put == []


def test_what_is_not_known_keeps_what_it_has() -> None:
    (live,) = alive(asked(element("a"))[0])
    assert list(planned([], live, unread={(live.tenant_id, live.process_id)}).remove) == []
    assert list(planned([], live).remove) == [live.id]


# -- who has a path


def claimant(name: str, *, process_id: str = "order", key: int = KEY, since: int = 0, **given: Any) -> Executable:
    of = element(name, process_id=process_id, key=key, properties={"inbound.context": "x"})
    return executable(of, claim="digest", claimed_ms=since, **given)


def states(*executables: Executable) -> dict[str, State]:
    changed = {each.id: each for each in settled(executables)}
    return {each.elements[0].element_id: changed.get(each.id, each).state for each in executables}


def test_the_first_that_claims_a_path_has_it_and_the_others_wait_in_words() -> None:
    first, second = claimant("a", process_id="p1", since=1), claimant("b", process_id="p2", since=2)
    assert states(second, first) == {"b": State.QUEUED, "a": State.ACTIVE}
    (waiting,) = settled([first, second])
    assert waiting.reason == "Context: x already in use by: process p1(a)"
    assert settled([first, waiting]) == []


def test_the_next_in_line_takes_a_path_that_is_free() -> None:
    waiting = claimant("b", process_id="p2", since=2, state=State.QUEUED, reason="…")
    (changed,) = settled([waiting])
    assert (changed.state, changed.reason) == (State.ACTIVE, None)


def test_one_that_failed_holds_no_path() -> None:
    assert states(claimant("a", since=1, state=State.FAILED), claimant("b", since=2))["b"] is State.ACTIVE


def test_a_new_version_takes_over_its_process_path_before_who_waits_for_it() -> None:
    old = claimant("a", process_id="p1", key=1, since=1)
    other = claimant("b", process_id="p2", key=2, since=2, state=State.QUEUED)
    new = inherited(claimant("a2", process_id="p1", key=3, since=9), [old, other])
    assert new.claimed_ms == 1
    assert states(new, other) == {"a2": State.ACTIVE, "b": State.QUEUED}


def test_of_one_process_the_newest_version_has_the_path() -> None:
    old, new = claimant("a", key=1, since=1), claimant("a2", key=3, since=5)
    assert states(old, new) == {"a": State.QUEUED, "a2": State.ACTIVE}
