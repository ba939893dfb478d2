from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zelery.deduplication import Group, InvalidGroup, deduplication_id, executable_id, group
from zelery.errors import PropertyError
from zelery.properties import NOT_COMPARED

BASE = {"inbound.type": "t"}
AUTO = {**BASE, "deduplicationMode": "AUTO"}
MANUAL = {**BASE, "deduplicationMode": "MANUAL"}


@dataclass(frozen=True)
class Element:
    """What deduplication looks at."""

    properties: dict[str, str]
    element_id: str = "e"


def id_of(properties: dict[str, str], *, element_id: str = "e", definition_key: int = 2251) -> str:
    return deduplication_id(Element(properties, element_id), "<default>", "order", definition_key)


def test_an_element_that_says_nothing_has_an_executable_of_its_own_in_each_version() -> None:
    assert id_of({**BASE, "a": "1"}) == "<default>-2251-e"
    assert id_of({**BASE, "a": "1"}, definition_key=2252) == "<default>-2252-e"
    # an id without a mode is not looked at
    assert id_of({**BASE, "deduplicationId": "mine"}) == "<default>-2251-e"


def test_a_name_is_shared_by_elements_and_versions_of_a_process() -> None:
    assert id_of({**MANUAL, "deduplicationId": "mine"}) == "<default>-order-mine"
    assert id_of({**MANUAL, "deduplicationId": "mine", "a": "1"}, element_id="f", definition_key=1).endswith("-mine")


@pytest.mark.parametrize(
    ("properties", "key", "what"),
    [
        (MANUAL, "deduplicationId", "is missing or blank"),
        ({**MANUAL, "deduplicationId": ""}, "deduplicationId", "is missing or blank"),
        ({**MANUAL, "deduplicationId": " "}, "deduplicationId", "is missing or blank"),
        # the mode is Camunda's word, case and all
        ({**BASE, "deduplicationMode": "auto"}, "deduplicationMode", "'auto' is neither AUTO nor MANUAL"),
        ({**BASE, "deduplicationMode": "NEVER"}, "deduplicationMode", "'NEVER' is neither"),
        ({**BASE, "deduplicationMode": ""}, "deduplicationMode", "'' is neither"),
        # nothing to derive an id from
        (AUTO, "deduplicationMode", "there are none; use MANUAL"),
        ({**AUTO, **dict.fromkeys(NOT_COMPARED - set(AUTO), "x")}, "deduplicationMode", "there are none; use MANUAL"),
    ],
)
def test_a_wish_that_cannot_be_understood_names_the_property(properties: dict[str, str], key: str, what: str) -> None:
    with pytest.raises(PropertyError, match=what) as caught:
        id_of(properties)
    assert caught.value.key == key


def numbered(count: int) -> dict[str, str]:
    return {f"name{n * 37}": f"v{n}" for n in range(count)}


WEBHOOK = {
    "inbound.context": "orders",
    "inbound.method": "any",
    "inbound.shouldValidateHmac": "disabled",
    "inbound.auth.type": "NONE",
}
KAFKA = {
    "authenticationType": "credentials",
    "authentication.username": "u",
    "authentication.password": "{{secrets.P}}",
    "topic.bootstrapServers": "kafka:9092",
    "topic.topicName": "orders",
    "autoOffsetReset": "latest",
    "schemaStrategy.type": "noSchema",
    "offsets": "",
    "additionalProperties": "= {}",
    "deduplicationModeManualFlag": "false",
    "consumeUnmatchedEvents": "true",
    "resultVariable": "r",
}


@pytest.mark.parametrize(
    ("properties", "number"),
    [
        # each number is what Java 17 gave for these properties in this order
        (WEBHOOK, 513297725),
        (KAFKA, 793096975),
        ({"a": "1"}, 111),
        ({"a": ""}, 62),
        ({"a": "größe €😀"}, 1103613118),  # hashed as UTF-16
        ({"ü😀": "1", "b": "2"}, 2561),
        # two names in one bucket: the model's order decides, the last first
        ({"Aa": "1", "BB": "2"}, 2591),
        ({"BB": "2", "Aa": "1"}, 2561),
        # around the sizes at which a map grows
        (numbered(12), 1568998586),
        (numbered(13), 882581239),
        (numbered(14), -670857855),
        (numbered(24), 2119650020),
        (numbered(25), -1604724958),
        (numbered(26), 1796586775),
        (numbered(49), -1985789108),
    ],
)
def test_the_derived_id_is_java_s(properties: dict[str, str], number: int) -> None:
    assert id_of({**properties, "deduplicationMode": "AUTO"}) == f"<default>-order-{number}"


@given(
    st.dictionaries(st.sampled_from(sorted(NOT_COMPARED - {"deduplicationMode"})), st.text(max_size=5)), st.integers(1)
)
def test_what_is_the_runtime_s_does_not_change_the_derived_id(runtime: dict[str, str], definition_key: int) -> None:
    assert id_of({**AUTO, **WEBHOOK, **runtime}, definition_key=definition_key) == id_of({**AUTO, **WEBHOOK})


def test_an_executable_is_called_by_the_digest_of_its_deduplication_id() -> None:
    assert executable_id("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(executable_id("<default>-größe-1")) == 64


@pytest.mark.parametrize(
    "others",
    [
        [],
        [BASE | WEBHOOK],
        # what is read for each event may differ, whether an element has it or not
        [BASE | WEBHOOK | {name: "x"} for name in sorted(NOT_COMPARED - {"inbound.type"})],
    ],
)
def test_elements_with_the_same_properties_share_an_executable(others: list[dict[str, str]]) -> None:
    elements = [Element(each, f"e{n}") for n, each in enumerate([BASE | WEBHOOK, *others])]
    assert group(elements) == Group(elements=tuple(elements))


SAME = "Invalid connector definition: All elements in a group must have the same "
DIFFERENT = SAME + "properties (excluding runtime-level properties). The following properties are different: "


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ([{"inbound.method": "get"}], DIFFERENT + "inbound.method"),
        # absent here, or there; empty is not absent
        ([{"b": "1"}], DIFFERENT + "b"),
        ([{}, {"b": ""}], DIFFERENT + "b"),
        # all are named, whichever element has them
        ([{"b": "1"}, {"a": "1", "resultVariable": "r"}], DIFFERENT + "a, b"),
        # of another type everything else may differ
        ([{"inbound.type": "u", "b": "1"}], SAME + "type"),
    ],
)
def test_elements_that_contradict_one_another_are_an_invalid_group(others: list[dict[str, str]], reason: str) -> None:
    elements = [Element(BASE | WEBHOOK | each, f"e{n}") for n, each in enumerate([{}, *others])]
    assert group(elements) == InvalidGroup(elements=tuple(elements), reason=reason)


RECORDED = Path(__file__).parents[3] / "shared" / "conformance" / "inbound-golden.jsonl"


def recorded() -> Iterator[Any]:
    """The recorded cases of a process with several connectors that Java was asked to list."""
    if not RECORDED.exists():
        yield pytest.param({}, marks=pytest.mark.skip(f"no recorded cases: {RECORDED} is not there"), id="none")
        return
    with RECORDED.open(encoding="utf-8") as lines:
        for case in map(json.loads, lines):
            listed = any("inbound" in (each or {}) for each in case["observed"])
            if case["id"].startswith("multi-") and list(case["processes"]) == ["p1"] and listed:
                yield pytest.param(case, id=case["id"])


@pytest.mark.parametrize("case", list(recorded()))
def test_elements_meet_as_they_did_when_recorded(case: dict[str, Any]) -> None:
    groups: dict[str, list[Element]] = {}
    for each in case["processes"]["p1"][0]["elements"]:
        element = Element(each["properties"], each["id"])
        try:
            groups.setdefault(deduplication_id(element, "<default>", "p1", 1), []).append(element)
        except PropertyError:
            continue
    found = {frozenset(each.element_id for each in elements): reason(elements) for elements in groups.values()}
    (listed,) = [each["inbound"] for each in case["observed"] if "inbound" in (each or {})]
    assert found == {frozenset(each["elementId"] for each in one["elements"]): said(one) for one in listed}


def reason(elements: list[Element]) -> str | None:
    found = group(elements)
    return found.reason if isinstance(found, InvalidGroup) else None


def said(executable: dict[str, Any]) -> str | None:
    """Why Java found a group invalid; what else it found wrong is another matter."""
    message: str | None = (executable["health"].get("error") or {}).get("message")
    return message if message and message.startswith("Invalid connector definition") else None
