from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zelery.errors import PropertyError
from zelery.properties import NOT_COMPARED, RUNTIME_LEVEL, CorrelationRules, connector_level, nest


@pytest.mark.parametrize(
    ("properties", "tree"),
    [
        ({}, {}),
        ({"a": "1"}, {"a": "1"}),
        ({"a.b": "1", "a.c.d": "2"}, {"a": {"b": "1", "c": {"d": "2"}}}),
        # the runtime's own names are as any
        ({"inbound.type": "t", "resultVariable": "r"}, {"inbound": {"type": "t"}, "resultVariable": "r"}),
        # empty values are values; secrets and expressions are texts
        ({"a": "", "b": "{{secrets.B}}", "c": "=d.e"}, {"a": "", "b": "{{secrets.B}}", "c": "=d.e"}),
        # a dot at the end is forgotten
        ({"a.b.": "1"}, {"a": {"b": "1"}}),
        # only the last part may be blank
        ({"a. ": "1"}, {"a": {" ": "1"}}),
        ({"": "1"}, {"": "1"}),
    ],
)
def test_dots_in_names_make_a_tree(properties: dict[str, str], tree: dict[str, Any]) -> None:
    assert nest(properties) == tree


@pytest.mark.parametrize(
    ("properties", "key", "what"),
    [
        ({"a": "1", "a.b": "2"}, "a.b", "'a' has a value already, and cannot have names below it"),
        ({"a.b": "2", "a": "1"}, "a", "stands for a value and for others"),
        ({"a.b": "1", "a.b.": "2"}, "a.b.", "twice for a value"),
        ({"a..b": "1"}, "a..b", "a part of the name is blank"),
        ({".a": "1"}, ".a", "a part of the name is blank"),
        ({"a. .b": "1"}, "a. .b", "a part of the name is blank"),
        ({".": "1"}, ".", "the name stands for"),
    ],
)
def test_a_name_that_has_no_place_in_the_tree_is_named_without_its_value(
    properties: dict[str, str], key: str, what: str
) -> None:
    with pytest.raises(PropertyError, match=what) as caught:
        nest(properties)
    assert caught.value.key == key
    assert f"property {key}:" in str(caught.value)
    assert str(caught.value).endswith("rename or delete it in the element's template")


@given(st.dictionaries(st.text(alphabet="ab. ", max_size=6), st.text(max_size=2)))
def test_any_properties_are_a_tree_or_an_error(properties: dict[str, str]) -> None:
    try:
        tree = nest(properties)
    except PropertyError:
        return
    assert sorted(leaves(tree)) == sorted(properties.values())


def leaves(tree: dict[str, Any]) -> list[str]:
    """All values, from all branches."""
    return [leaf for value in tree.values() for leaf in (leaves(value) if isinstance(value, dict) else [value])]


def test_what_people_see_as_the_connector_s_own_is_without_the_runtime_s_names() -> None:
    own = {"inbound.context": "{{secrets.PATH}}", "resultVariable": "r", "resultExpression": "={}", "unknown": "1"}
    assert connector_level({**dict.fromkeys(RUNTIME_LEVEL, "x"), **own}) == own
    assert RUNTIME_LEVEL < NOT_COMPARED


def test_without_properties_every_event_is_wanted_and_nothing_is_said_of_it() -> None:
    assert CorrelationRules.of({"inbound.type": "t"}) == CorrelationRules()
    assert CorrelationRules() == CorrelationRules(
        activation_condition=None, message_ttl_ms=None, consume_unmatched=True, synchronous_response=False
    )


@pytest.mark.parametrize(
    ("properties", "rules"),
    [
        ({"activationCondition": "=a"}, CorrelationRules(activation_condition="=a")),
        ({"inbound.activationCondition": "=b"}, CorrelationRules(activation_condition="=b")),
        # the newer name wins, even blank
        (
            {"inbound.activationCondition": "=b", "activationCondition": "=a"},
            CorrelationRules(activation_condition="=a"),
        ),
        ({"inbound.activationCondition": "=b", "activationCondition": " "}, CorrelationRules()),
        ({"correlationKeyExpression": "=k"}, CorrelationRules(correlation_key_expression="=k")),
        # a blank key is not an absent one
        ({"correlationKeyExpression": ""}, CorrelationRules(correlation_key_expression="")),
        ({"messageIdExpression": "=i"}, CorrelationRules(message_id_expression="=i")),
        ({"messageIdExpression": "", "resultVariable": " ", "resultExpression": "\n"}, CorrelationRules()),
        ({"resultVariable": "r"}, CorrelationRules(result_variable="r")),
        ({"resultExpression": "={a: b}"}, CorrelationRules(result_expression="={a: b}")),
        # expressions keep their blanks and their secrets' placeholders
        ({"resultExpression": " ={{secrets.A}} "}, CorrelationRules(result_expression=" ={{secrets.A}} ")),
        ({"messageTtl": "PT1H"}, CorrelationRules(message_ttl_ms=3_600_000)),
        ({"messageTtl": "PT0S"}, CorrelationRules(message_ttl_ms=0)),
        ({"messageTtl": "PT-1S"}, CorrelationRules(message_ttl_ms=-1000)),
        ({"messageTtl": " "}, CorrelationRules()),
        ({"consumeUnmatchedEvents": "true"}, CorrelationRules()),
        ({"consumeUnmatchedEvents": "TRUE"}, CorrelationRules()),
        # all else is false
        *(({"consumeUnmatchedEvents": text}, CorrelationRules(consume_unmatched=False)) for text in ("false", "", " ")),
        *(
            ({"consumeUnmatchedEvents": text}, CorrelationRules(consume_unmatched=False))
            for text in ("yes", "=true", " true")
        ),
        ({"synchronousResponse": "True"}, CorrelationRules(synchronous_response=True)),
        ({"synchronousResponse": "1"}, CorrelationRules()),
    ],
)
def test_properties_say_what_becomes_of_an_event(properties: dict[str, str], rules: CorrelationRules) -> None:
    assert CorrelationRules.of(properties) == rules


@pytest.mark.parametrize("text", ["soon", '="PT5S"', "1000", "P1M", " PT5S", "{{secrets.TTL}}"])
def test_a_time_to_live_that_is_no_duration_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(PropertyError, match=r"property messageTtl: .* is no ISO 8601 duration") as caught:
        CorrelationRules.of({"messageTtl": text})
    assert text in str(caught.value)
    assert caught.value.key == "messageTtl"
