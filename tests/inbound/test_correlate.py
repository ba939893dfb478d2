"""From an event to one command, or to why there is none."""

from __future__ import annotations

from typing import Any

import pytest

from inbound.correlate import VARIABLES_BYTES_MAX, Defaults, Publish, Start, as_text, decide, matches
from inbound.executables import Executable, Point
from tests.inbound.elements import element, executable
from zelery.camunda.gateway import Message
from zelery.correlation import ConditionNotMet, Failed, Handling, InvalidInput

DEFAULTS = Defaults(ttl_ms=3_600_000)
EVENT = {"request": {"body": {"key": "k1", "n": 5}}, "connectorData": {}}


def decided(of: Executable, event: Any = EVENT, *, message_id: str | None = None, defaults: Defaults = DEFAULTS) -> Any:
    return decide(of, event, message_id=message_id, defaults=defaults)


def one(point: Point, **properties: str) -> Executable:
    return executable(element(point=point, properties=properties))


def published(of: Executable, **given: Any) -> Message:
    command = decided(of, **given)
    assert isinstance(command, Publish), command
    return command.message


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("=request.body.n = 5", True),
        ("request.body.n = 5", True),  # the `=` may be left out
        ("=request.body.n", False),  # only true is true
        ('="true"', False),
        ("=null", False),
        ("=response != null", False),  # `response` is for result expressions alone
        (" ", True),  # blank is none
    ],
)
def test_only_a_condition_that_is_true_takes_the_event(condition: str, holds: bool) -> None:
    of = one(Point.START, activationCondition=condition)
    assert isinstance(decided(of), Start) is holds
    assert matches(of, EVENT) is holds


def test_a_condition_that_fails_is_the_events_fault_and_is_not_retried() -> None:
    of = one(Point.START, activationCondition="=1 +")
    result = decided(of)
    assert isinstance(result, InvalidInput)
    assert result.message == "Failed to evaluate activation condition against the provided input"
    assert "failed to parse expression '1 +'" in str(result.cause)
    assert result.handling is Handling.REJECT
    assert matches(of, EVENT) is False


@pytest.mark.parametrize(
    ("consume", "handling"),
    [(None, Handling.IGNORE), ("true", Handling.IGNORE), ("TRUE", Handling.IGNORE), ("yes", Handling.REJECT)],
)
def test_an_event_that_nobody_wants_is_consumed_unless_the_model_says_otherwise(
    consume: str | None, handling: Handling
) -> None:
    properties = {"activationCondition": "=false", **({"consumeUnmatchedEvents": consume} if consume else {})}
    result = decided(executable(element(properties=properties)))
    assert isinstance(result, ConditionNotMet)
    assert result.handling is handling


def test_a_start_event_starts_exactly_its_version() -> None:
    of = executable(element(version=7, tenant_id="t", properties={"resultExpression": "={a: request.body.n}"}))
    assert decided(of) == Start(process_id="order", version=7, tenant_id="t", variables={"a": 5})


def test_nothing_of_the_event_reaches_the_process_unless_the_model_says_what() -> None:
    assert decided(one(Point.START)).variables == {}
    assert decided(one(Point.START, resultVariable="all")).variables == {"all": EVENT}
    both = one(Point.START, resultVariable="all", resultExpression="={all: 1, r: response.request.body.key}")
    assert decided(both).variables == {"all": 1, "r": "k1"}


@pytest.mark.parametrize(
    ("expression", "key"),
    [
        ("=request.body.key", "k1"),
        ("request.body.key", "k1"),
        ("=request.body.n", "5"),
        ("=1.50", "1.5"),
        ("=true", "true"),
        ("={a: 1}", '{"a":1}'),
        ('=""', ""),
    ],
)
def test_a_correlation_key_is_a_text(expression: str, key: str) -> None:
    assert published(one(Point.MESSAGE, correlationKeyExpression=expression)).correlation_key == key


@pytest.mark.parametrize("expression", ["=request.body.none", "=[1]", "=1 +", ""])
def test_who_waits_for_a_key_needs_one_and_a_message_start_does_not(expression: str) -> None:
    result = decided(one(Point.MESSAGE, correlationKeyExpression=expression))
    assert isinstance(result, InvalidInput)
    assert result.message.startswith("Wasn't able to obtain correlation key for expression")
    assert published(one(Point.MESSAGE_START, correlationKeyExpression=expression)).correlation_key == ""


@pytest.mark.parametrize(
    ("expression", "given", "sent"),
    [
        ("=request.body.key", "transport", "k1"),  # the model's wins
        ("=null", "transport", ""),  # and sends none when it gives none
        (" ", "transport", "transport"),
        (None, "transport", "transport"),
        (None, None, ""),
    ],
)
def test_a_message_id_is_the_models_or_the_transports(expression: str | None, given: str | None, sent: str) -> None:
    properties = {"correlationKeyExpression": "=1", **({"messageIdExpression": expression} if expression else {})}
    for point in (Point.MESSAGE, Point.MESSAGE_START):
        assert published(executable(element(point=point, properties=properties)), message_id=given).message_id == sent


def test_a_message_id_that_fails_is_the_events_fault() -> None:
    assert isinstance(decided(one(Point.MESSAGE_START, messageIdExpression="=1 +")), InvalidInput)


@pytest.mark.parametrize(("ttl", "sent"), [(None, 3_600_000), ("PT0S", 0), ("PT5M", 300_000), ("PT-1S", -1000)])
def test_a_message_lives_as_long_as_the_model_says(ttl: str | None, sent: int) -> None:
    assert published(one(Point.MESSAGE_START, **({"messageTtl": ttl} if ttl else {}))).ttl_ms == sent


@pytest.mark.parametrize("expression", ["=1 +", "=5", "=null", "=request.nothing"])
def test_a_result_expression_that_gives_no_context_is_tried_again(expression: str) -> None:
    result = decided(one(Point.START, resultExpression=expression))
    assert isinstance(result, Failed)
    assert result.handling is Handling.RETRY


def test_variables_over_the_limit_are_refused() -> None:
    event = {"big": "x" * VARIABLES_BYTES_MAX}
    result = decided(one(Point.START, resultVariable="all"), event)
    assert isinstance(result, InvalidInput)
    assert "exceeds the 1.5 MB safe variable size limit" in result.message


@pytest.mark.parametrize("event", ["text", [1], 5, None])
def test_an_event_that_is_no_object_contributes_nothing_and_is_the_result_all_the_same(event: Any) -> None:
    assert decided(one(Point.START, resultVariable="all"), event).variables == {"all": event}
    assert decided(one(Point.START, resultExpression="={r: response}"), event).variables == {"r": event}


def elements(*each: dict[str, str], point: Point = Point.MESSAGE) -> Executable:
    return executable(
        *(
            element(
                f"e{n}",
                point=point,
                message_name="same",
                properties={"correlationKeyExpression": "=1", **properties},
            )
            for n, properties in enumerate(each)
        )
    )


def test_of_several_elements_the_one_whose_condition_holds_takes_the_event() -> None:
    of = elements({"activationCondition": "=false"}, {"resultVariable": "second"})
    assert published(of).variables == {"second": EVENT}


def test_elements_that_would_publish_the_same_message_publish_it_once() -> None:
    assert published(elements({}, {})).name == "same"


@pytest.mark.parametrize("other", [{"resultVariable": "x"}, {"messageTtl": "PT1S"}, {"correlationKeyExpression": "=2"}])
def test_elements_that_would_publish_different_messages_contradict_one_another(other: dict[str, str]) -> None:
    assert decided(elements({}, other)) == InvalidInput(message="Multiple connectors are activated for the same input")


def test_two_start_events_never_start_one_instance_each() -> None:
    assert isinstance(decided(elements({}, {}, point=Point.START)), InvalidInput)


def test_one_condition_that_fails_fails_the_event_for_all() -> None:
    assert isinstance(decided(elements({}, {"activationCondition": "=1 +"})), InvalidInput)


@pytest.mark.parametrize(
    ("properties", "message_id", "start_once_ms", "once"),
    [
        ({}, "t1", 0, None),  # nobody asked
        ({}, "t1", 5_000, ("<default>|order|e1|t1", 5_000)),  # the operator asked
        ({}, None, 5_000, None),  # nothing to know the event by
        (
            {"messageIdExpression": "=request.body.key"},
            None,
            0,
            ("<default>|order|e1|k1", 3_600_000),
        ),  # the model asked
    ],
)
def test_a_start_event_starts_once_for_an_event_where_that_is_asked_for(
    properties: dict[str, str], message_id: str | None, start_once_ms: int, once: tuple[str, int] | None
) -> None:
    defaults = Defaults(ttl_ms=3_600_000, start_once_ms=start_once_ms)
    assert decided(executable(element(properties=properties)), message_id=message_id, defaults=defaults).once == once


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, None), ([1], None), (True, "true"), (123, "123"), (1.5, "1.5"), ("x", "x"), ({"a": [1]}, '{"a":[1]}')],
)
def test_values_as_keys(value: Any, text: str | None) -> None:
    assert as_text(value) == text
