"""An inbound element's properties: flat names with dots, as the model has them, and what they become.

All values are texts. Some names are the runtime's own: they say how an event becomes a command, and the connector
does not look at them (`spec/inbound.md` §1.6, §2.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

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
