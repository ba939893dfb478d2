"""Counters of the engine, for Prometheus and the status page: events by kind, from the first on."""

from __future__ import annotations

from collections import Counter
from typing import Any

from zelery.engine import events as ev

#: The counters: a name, what it counts, and the events that it counts.
_COUNTED: tuple[tuple[str, str, tuple[type[Any], ...]], ...] = (
    ("process_instances_created", "Process instances that were started", (ev.InstanceCreated,)),
    ("elements_activated", "Element instances that were activated", (ev.ElementActivated,)),
    ("jobs_created", "Jobs that were created", (ev.JobCreated,)),
    ("jobs_completed", "Jobs that were completed", (ev.JobCompleted,)),
    ("jobs_failed", "Attempts that failed", (ev.JobFailed,)),
    ("jobs_timed_out", "Leases that ended without an answer", (ev.JobTimedOut,)),
    ("job_errors_thrown", "BPMN errors that workers threw", (ev.JobErrorThrown,)),
    ("messages_published", "Messages that were published", (ev.MessagePublished,)),
    ("messages_correlated", "Messages that were taken", (ev.MessageCorrelated,)),
    ("timers_triggered", "Timers that fired", (ev.TimerTriggered,)),
    ("incidents_created", "Incidents that were created", (ev.IncidentCreated,)),
)


class Metrics:
    """Counts events, and jobs by activation."""

    def __init__(self) -> None:
        self._events: Counter[type[Any]] = Counter()
        self.jobs_activated = 0

    def on(self, _now: int, event: Any) -> None:
        """Count an event."""
        self._events[type(event)] += 1
        if type(event) is ev.JobsActivated:
            self.jobs_activated += len(event.keys)

    def values(self) -> dict[str, int]:
        """All counters by name."""
        found = {name: sum(self._events[kind] for kind in kinds) for name, _, kinds in _COUNTED}
        return {**found, "jobs_activated": self.jobs_activated}

    def exposition(self, gauges: dict[str, int]) -> str:
        """The counters, and gauges by name, in Prometheus's text format."""
        helps = {name: text for name, text, _ in _COUNTED} | {"jobs_activated": "Jobs that were leased"}
        lines: list[str] = []
        for name, value in self.values().items():
            full = f"zelery_engine_{name}_total"
            lines += [f"# HELP {full} {helps[name]}", f"# TYPE {full} counter", f"{full} {value}"]
        for name, value in gauges.items():
            lines += [f"# TYPE zelery_engine_{name} gauge", f"zelery_engine_{name} {value}"]
        return "\n".join(lines) + "\n"
