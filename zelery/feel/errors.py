"""What can go wrong in FEEL, as one tree.

FeelError
├── FeelParseError        the text is not FEEL; says where and what was expected
├── FeelEvaluationError   the text is FEEL, but the reference engine fails on it too (assert, a crash, bpmnError(404))
└── FeelLimitError        the expression or its data asked for more than the limits allow

Everything else that looks like a mistake (missing variable, wrong type, unknown function) is no error in this dialect:
the result is null, and a warning says why.
"""


class FeelError(Exception):
    """An expression has no value."""


class FeelParseError(FeelError):
    """The text is not a FEEL expression.

    expression: the text, without its leading "=".
    position: offset of the furthest character the parser could not use, from 0; equal to the length at the end.
    expected: what could have stood there, for people.
    str() is the reference engine's message, which names the start of what it could not use, not the furthest place.
    """

    def __init__(
        self, expression: str, position: int, expected: tuple[str, ...] = (), message: str | None = None
    ) -> None:
        self.expression = expression
        self.position = position
        self.expected = expected
        super().__init__(message or f"failed to parse expression '{expression}': expected {self.wanted} at {position}")

    @property
    def wanted(self) -> str:
        """What could have stood at the place, as a phrase."""
        return " or ".join(self.expected) or "something else"

    @property
    def line(self) -> int:
        """The line of the place, from 1."""
        return self.expression.count("\n", 0, self.position) + 1

    @property
    def column(self) -> int:
        """The column of the place in its line, from 1."""
        return self.position - (self.expression.rfind("\n", 0, self.position) + 1) + 1

    @property
    def hint(self) -> str:
        """One line that points at the place, for people: line, column, what was expected, what was found."""
        found = self.expression[self.position : self.position + 10]
        return f"line {self.line}, column {self.column}: expected {self.wanted}, found {found!r}" + " (end)" * (
            not found
        )


class FeelEvaluationError(FeelError):
    """The expression failed while it was evaluated.

    reason: the cause alone, as "The condition is not fulfilled". str() is the reference engine's whole message.
    """

    def __init__(self, reason: str, message: str | None = None) -> None:
        self.reason = reason
        super().__init__(message or reason)


class FeelLimitError(FeelError):
    """The expression asked for more than a limit allows.

    limit: the field of Limits that was exceeded.
    """

    def __init__(self, limit: str, message: str) -> None:
        self.limit = limit
        super().__init__(message)


class Fault(Exception):  # noqa: N818 # caught inside: to a caller it is a FeelEvaluationError
    """A crash of the reference engine at this place: its Java exception's name and text."""
