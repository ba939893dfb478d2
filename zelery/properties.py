"""An inbound element's properties: flat names with dots, as the model has them, and what they become.

All values are texts. Some names are the runtime's own: they say how an event becomes a command, and the connector
does not look at them (`spec/inbound.md` §1.6, §2.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from zelery.durations import parse_ms
from zelery.errors import PropertyError

TYPE = "inbound.type"
"""The connector's type; an element that has it is an inbound connector."""
ACTIVATION_CONDITION = "activationCondition"
ACTIVATION_CONDITION_OLD = "inbound.activationCondition"
CONSUME_UNMATCHED = "consumeUnmatchedEvents"
CORRELATION_KEY = "correlationKeyExpression"
DEDUPLICATION_ID = "deduplicationId"
DEDUPLICATION_MODE = "deduplicationMode"
MESSAGE_ID = "messageIdExpression"
MESSAGE_TTL = "messageTtl"
RESULT_EXPRESSION = "resultExpression"
RESULT_VARIABLE = "resultVariable"
SYNCHRONOUS_RESPONSE = "synchronousResponse"

#: What an operator is not shown as the connector's own configuration. Result names are shown, as Camunda shows them.
RUNTIME_LEVEL = frozenset(
    {
        TYPE,
        ACTIVATION_CONDITION,
        ACTIVATION_CONDITION_OLD,
        CONSUME_UNMATCHED,
        CORRELATION_KEY,
        DEDUPLICATION_ID,
        DEDUPLICATION_MODE,
        MESSAGE_ID,
        MESSAGE_TTL,
        SYNCHRONOUS_RESPONSE,
    }
)

#: What elements of one group may differ in: it is read for each event and each element, or only by the modeler.
NOT_COMPARED = RUNTIME_LEVEL | {
    RESULT_EXPRESSION,
    RESULT_VARIABLE,
    "correlationRequired",
    "deduplicationModeManualFlag",
}

#: Java's `split` forgets what is empty at the end: `a.` is `a`.
_DOTS_AT_END = re.compile(r"\.+$")


def nest(properties: Mapping[str, str]) -> dict[str, Any]:
    """The tree that a connector is configured with: `{"a.b": "1", "a.c": "2"}` becomes `{"a": {"b": "1", "c": "2"}}`.

    Raises PropertyError for a name that is both a value and a branch, or that has a blank part before its last.
    """
    tree: dict[str, Any] = {}
    for key, value in properties.items():
        *branches, leaf = _DOTS_AT_END.sub("", key).split(".")
        branch = tree
        for name in branches:
            branch = _branch(branch, name, key)
        if leaf in branch or (not leaf and key):
            raise _malformed(key, "the name stands for a value and for others, or twice for a value")
        branch[leaf] = value
    return tree


def _branch(tree: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    if not name.strip():
        raise _malformed(key, "a part of the name is blank")
    branch = tree.setdefault(name, {})
    if not isinstance(branch, dict):
        raise _malformed(key, f"{name!r} has a value already, and cannot have names below it")
    return branch


def _malformed(key: str, what: str) -> PropertyError:
    return PropertyError(key, f"{what}; rename or delete it in the element's template")


def connector_level(properties: Mapping[str, str]) -> dict[str, str]:
    """The connector's own configuration, as the model has it."""
    return {key: value for key, value in properties.items() if key not in RUNTIME_LEVEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationRules:
    """What an element's properties say of events: whether one is wanted, and what command it becomes.

    Expressions are as the model has them, with or without `=`; a blank one counts as absent.
    """

    activation_condition: str | None = None
    """An event is wanted when it yields true; absent, every event is."""
    correlation_key_expression: str | None = None
    """Blank stays blank here: a catch event must have one, and is told so by name when an event comes."""
    message_id_expression: str | None = None
    message_ttl_ms: int | None = None
    """How long Zeebe keeps the message; absent, as long as the settings say."""
    result_variable: str | None = None
    """The variable that gets the whole event."""
    result_expression: str | None = None
    """Yields variables from the event; they win over the result variable."""
    consume_unmatched: bool = True
    """Whether an event that no condition wants is taken off its source. Models of 8.5 do not say: theirs are."""
    synchronous_response: bool = False
    """Whether the caller waits for what the process makes of the event."""

    @classmethod
    def of(cls, properties: Mapping[str, str]) -> Self:
        """Read an element's properties. Raises PropertyError for a time to live that is no duration."""
        return cls(
            activation_condition=_filled(_activation_condition(properties)),
            correlation_key_expression=properties.get(CORRELATION_KEY),
            message_id_expression=_filled(properties.get(MESSAGE_ID)),
            message_ttl_ms=_message_ttl_ms(properties),
            result_variable=_filled(properties.get(RESULT_VARIABLE)),
            result_expression=_filled(properties.get(RESULT_EXPRESSION)),
            consume_unmatched=_true(properties.get(CONSUME_UNMATCHED, "true")),
            synchronous_response=_true(properties.get(SYNCHRONOUS_RESPONSE, "false")),
        )


def _activation_condition(properties: Mapping[str, str]) -> str | None:
    """The newer name wins as soon as it is there, blank or not."""
    return properties.get(ACTIVATION_CONDITION, properties.get(ACTIVATION_CONDITION_OLD))


def _message_ttl_ms(properties: Mapping[str, str]) -> int | None:
    text = _filled(properties.get(MESSAGE_TTL))
    try:
        return None if text is None else parse_ms(text)
    except ValueError as error:
        raise PropertyError(MESSAGE_TTL, str(error)) from None


def _filled(text: str | None) -> str | None:
    return text if text and not text.isspace() else None


def _true(text: str) -> bool:
    """As Java reads a boolean: everything else, `yes` and ` true` too, is false."""
    return text.lower() == "true"
