from __future__ import annotations

from datetime import UTC, datetime

import pytest

from zelery.sdk.http.repeat import wait_s

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 302, 400, 408, 500, 502, 504, 599])
def test_only_a_busy_server_is_asked_again(status: int) -> None:
    assert wait_s(status, "1", remaining_s=300, now=NOW) is None


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        (None, 1),  # nothing said
        ("3", 3),
        ("0", 1),  # nothing that lies ahead
        ("-5", 1),
        ("soon", 1),
        ("1.5", 1),
        ("", 1),
        ("²", 1),  # a digit to Python only
        ("Fri, 02 Jan 2026 03:04:10 GMT", 5),
        ("Fri, 02 Jan 2026 03:04:00 GMT", 1),  # a date that has passed
        ("Fri, 02 Jan 2026 03:04:10 -0000", 5),  # a date without a zone
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_says_when_and_a_second_is_the_default(
    status: int, retry_after: str | None, seconds: float
) -> None:
    assert wait_s(status, retry_after, remaining_s=300, now=NOW) == seconds


@pytest.mark.parametrize(
    ("retry_after", "remaining_s"),
    [
        ("3600", 300),  # more than the job has
        ("3", 3.2),  # the repetition itself needs time
        ("9" * 400, 300),  # more than a number holds
    ],
)
def test_a_server_that_asks_for_more_than_the_job_has_is_not_asked_again(retry_after: str, remaining_s: float) -> None:
    assert wait_s(503, retry_after, remaining_s=remaining_s, now=NOW) is None
