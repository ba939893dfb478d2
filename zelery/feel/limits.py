"""What an expression may use up, and the account that is kept of it during one evaluation.

Expressions are the text of a model's author, contexts are the data of strangers: neither may hold a worker.
"""

from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, NoReturn

from zelery.feel.errors import FeelLimitError

CHECK_STEPS = 1024  # Reading the clock costs about as much as a step, so it is read once in so many.


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The most that one expression may use.

    text_chars_max: length of an expression's text.
    nesting_max: levels of expressions inside each other, links behind one value, functions that call functions.
    steps: elements visited, items made, functions called, values and 64 characters written (of a result, a text, a
        warning); about one microsecond each.
    deadline_s: seconds that one evaluation may take. It is looked at between steps, and it bounds regular expressions.
    list_items_max: items of a list that an expression makes.
    string_chars_max: length of a string that an expression makes.
    digits_max: significant digits of a number.
    """

    text_chars_max: int = 65_536
    nesting_max: int = 100
    steps: int = 1_000_000
    deadline_s: float = 5.0
    list_items_max: int = 100_000
    string_chars_max: int = 10_000_000
    digits_max: int = 1_000


class Run:
    """One evaluation: what it has used, what it has to tell, and the clock it reads."""

    __slots__ = ("assertion", "clock", "deadline", "depth", "limits", "next_check", "steps", "warnings")

    def __init__(self, limits: Limits, clock: Any, warnings: list[str] | None) -> None:
        self.limits = limits
        self.clock = clock
        self.warnings = warnings
        self.assertion: str | None = None
        self.steps = 0
        self.depth = 0
        self.next_check = CHECK_STEPS
        self.deadline: float | None = None

    def warn(self, kind: str, text: str) -> None:
        """Record a failure that the expression survives, as the reference engine names it."""
        if self.warnings is not None:
            self.charge(len(text) >> 6)
            self.warnings.append(f"{kind}: {text}")

    def charge(self, steps: int) -> None:
        """Account for work that grows with data. Raises FeelLimitError when the budget or the time is spent."""
        self.steps += steps
        if self.steps >= self.next_check:
            self._check()

    def _check(self) -> None:
        if self.steps > self.limits.steps:
            exceeded("steps", f"The expression takes more than {self.limits.steps} steps.")
        self.next_check = min(self.steps + CHECK_STEPS, self.limits.steps + 1)
        self.time_left_s()

    def time_left_s(self) -> float:
        """Seconds until the deadline, which is counted from the first look at it."""
        now = monotonic()
        if self.deadline is None:
            self.deadline = now + self.limits.deadline_s
        if now >= self.deadline:
            exceeded("deadline_s", f"The expression takes longer than {self.limits.deadline_s} s.")
        return self.deadline - now

    def allow_items(self, count: int) -> None:
        """Account for a list of so many items before it is made."""
        if count > self.limits.list_items_max:
            exceeded("list_items_max", f"The expression makes a list of more than {self.limits.list_items_max} items.")
        self.charge(count)

    def allow_chars(self, count: int) -> None:
        """Account for a string of so many characters before it is made, or right after where nobody knows before."""
        if count > self.limits.string_chars_max:
            exceeded(
                "string_chars_max", f"The expression makes a string of over {self.limits.string_chars_max} characters."
            )
        self.charge(count >> 6)

    def allow_digits(self, count: int) -> None:
        """Refuse numbers with more digits than anybody means."""
        if count > self.limits.digits_max:
            exceeded("digits_max", f"The expression makes a number of more than {self.limits.digits_max} digits.")

    def now(self) -> datetime:
        """The evaluation's time, aware of its zone."""
        moment: datetime = self.clock()
        return moment


def exceeded(limit: str, message: str) -> NoReturn:
    """End the evaluation or the parsing at a limit."""
    raise FeelLimitError(limit, f"{message} Limits({limit}=…) sets the limit.")
