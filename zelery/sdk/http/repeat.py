"""When a request is sent a second time, as the Java runtime's client does it: once, and only in these cases."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: The server is busy and asks to come back: any method is repeated, because nothing was done.
BUSY = (429, 503)
#: Methods that may be repeated when a connection breaks before its answer: twice is as good as once.
IDEMPOTENT = ("GET", "PUT", "DELETE")
#: Seconds to wait where a busy server does not say.
WAIT_S = 1.0
#: Seconds that must be left of a job after the wait; with fewer, the repetition could only be cancelled.
LEFT_S_MIN = 0.5


def wait_s(status: int, retry_after: str | None, *, remaining_s: float, now: datetime) -> float | None:
    """Seconds until the repetition of a request with this answer; None when it is not repeated.

    A server that asks for more time than the job has is taken at its word: the job fails, with what the server said.
    """
    if status not in BUSY:
        return None
    wait = asked_s(retry_after, now)
    return wait if wait <= remaining_s - LEFT_S_MIN else None


def asked_s(retry_after: str | None, now: datetime) -> float:
    """What Retry-After asks for: seconds or a date; a second where it says nothing that lies ahead."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text) or WAIT_S
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return WAIT_S
    ahead = ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds()
    return ahead if ahead > 0 else WAIT_S
