"""What connectors exchange with other sides, for who wants to look on: `zelery try`.

Nobody looks on in a worker: a client asks once, when it is opened, so that a call costs nothing more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextvars import ContextVar

Headers = Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answered:
    """What came back."""

    status: int
    """Status code."""
    reason: str = ""
    """Reason phrase."""
    headers: Headers = dataclasses.field(default=(), repr=False)
    """As they came."""
    body: bytes = dataclasses.field(default=b"", repr=False)
    """As it came, content codings and all."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exchanged:
    """One request, and what came of it. It holds secrets: whoever shows it masks them."""

    method: str
    """Upper case."""
    url: str = dataclasses.field(repr=False)
    """The whole address."""
    headers: Headers = dataclasses.field(repr=False)
    """As they went out."""
    body: bytes = dataclasses.field(repr=False)
    """As it went out; empty when there is none."""
    answer: Answered | str = dataclasses.field(repr=False)
    """The answer, or why there is none."""


#: Who is told of each exchange; None in a worker.
watcher: ContextVar[Callable[[Exchanged], None] | None] = ContextVar("watcher", default=None)
