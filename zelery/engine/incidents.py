"""Incidents: an element instance that cannot go on waits until its incident is resolved (docs: "Incidents").

An incident knows where its element instance stands, and its resolution goes on from there:

    activating   its input mappings, and what it waits for, are evaluated again
    completing   its output mappings are applied again, then it leaves
    job          its job is activatable again (or its error is thrown again)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zelery.engine import events as ev
from zelery.engine.errors import Failure
from zelery.engine.records import ElementInstance

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction

ACTIVATING = "activating"
COMPLETING = "completing"
JOB = "job"

#: Characters of a message that an incident keeps.
_MESSAGE_MAX = 10_000


def create(tx: Transaction, instance: ElementInstance, failure: Failure, stage: str, job_key: int = 0) -> None:
    """Create an incident of an element instance."""
    tx.emit(ev.IncidentCreated(tx.key(), failure.type, failure.message[:_MESSAGE_MAX], instance.key, job_key, stage))


def close(tx: Transaction, instance: ElementInstance, *, job_key: int | None = None) -> None:
    """Close the incidents of an element instance that ends, or of one of its jobs."""
    for key in sorted(instance.incidents or ()):
        if job_key is None or tx.state.incidents[key].job_key == job_key:
            tx.emit(ev.IncidentResolved(key))
