"""What can go wrong in the engine.

EngineError
├── Rejected          a command was refused; nothing has changed
└── Failure           an element instance cannot go on: it becomes an incident (internal)
"""

from __future__ import annotations

import enum


class EngineError(Exception):
    """The engine refuses something."""


class Code(enum.StrEnum):
    """Why a command is refused. `grpc/` and `rest/` have a status for each."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    INVALID_STATE = "INVALID_STATE"
    EXCEEDED = "RESOURCE_EXHAUSTED"
    TIMEOUT = "DEADLINE_EXCEEDED"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"


class Rejected(EngineError):  # noqa: N818 - the protocol's word
    """A command was refused, and nothing has changed.

    Args:
        code: Why, as one of a few.
        reason: For people: what was expected, and what was found.
    """

    def __init__(self, code: Code, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{code}: {reason}")


class Failure(EngineError):  # noqa: N818 - it becomes an incident
    """An element instance cannot go on; its incident has this type and message.

    Args:
        type: The incident's type, as `IO_MAPPING_ERROR`.
        message: The incident's message.
    """

    def __init__(self, type: str, message: str) -> None:  # noqa: A002 - the field's word
        self.type = type
        self.message = message
        super().__init__(f"{type}: {message}")
