"""What always ticks, whatever is deployed; and the place for entries of your own.

An entry is written as in any Celery project (https://docs.celeryq.dev, Periodic Tasks): its name, then `task`,
`schedule` (seconds, a timedelta, or one of celery.schedules: crontab, solar), and if needed `args`, `kwargs` and
`options`. Seconds are a fixed rate, and run at once when the entry is new. A message that no worker takes before the
next is due is dropped; `"options": {"expires": seconds}` says otherwise.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

#: How long a tick may wait for a worker at least, seconds: busy ones must come to it before it is too old.
PATIENCE_S = 30.0

#: Yours.
YOURS: dict[str, dict[str, Any]] = {
    # "report.daily": {"task": "report", "schedule": crontab(hour=6, minute=30), "args": ("yesterday",)},
}


def entries(*, reconcile_interval: timedelta = timedelta(seconds=5)) -> dict[str, dict[str, Any]]:
    """All of them, by name."""
    return {
        # What is deployed changes without telling us, and each tick finds out anew: a tick that is lost costs the next.
        "inbound.reconcile": {
            "task": "inbound.reconcile",
            "schedule": reconcile_interval,
            "options": {"queue": "zelery.control", "expires": max(reconcile_interval.total_seconds(), PATIENCE_S)},
        },
        **YOURS,
    }
