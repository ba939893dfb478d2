"""The resolution of an incident: its element instance goes on from where it stood (docs: "Incidents")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine import incidents, lifecycle
from zelery.engine.errors import Code, Rejected
from zelery.engine.records import Incident

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction


def resolve(tx: Transaction, command: cmd.ResolveIncident) -> None:
    """Resolve an incident. What still stands in the way becomes a new one."""
    incident = tx.state.incidents.get(command.key)
    if incident is None:
        raise Rejected(
            Code.NOT_FOUND,
            f"Expected to resolve incident with key '{command.key}', but no incident with that key was found",
        )
    _check_job(tx, incident)
    instance = incident.element
    tx.emit(ev.IncidentResolved(incident.key))
    match incident.stage:
        case incidents.JOB:
            tx.emit(ev.JobReopened(incident.job_key))
        case incidents.ACTIVATING:
            tx.later(lifecycle.enter, instance)
        case _:
            tx.later(lifecycle.complete, instance)


def _check_job(tx: Transaction, incident: Incident) -> None:
    job = tx.state.jobs.get(incident.job_key)
    if job is not None and job.retries <= 0:
        raise Rejected(
            Code.INVALID_STATE,
            f"Expected to resolve incident with key '{incident.key}', but job with key '{job.key}' "
            "has no retries left: "
            "give it retries first",
        )
