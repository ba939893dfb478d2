"""An engine in this process whose clock stands still, with a few words for what tests do to it."""

from __future__ import annotations

from typing import Any

from tests.zelery.engine.rules.builder import Process, model
from zelery.engine import commands as cmd
from zelery.engine.clock import Clock
from zelery.engine.engine import Engine
from zelery.engine.records import Incident, Job

#: When each engine begins.
NOW = 1_790_000_000_000


class Running:
    """An engine with processes deployed.

    Args:
        processes: One after the other, each in a file of its own.
        options: Of the engine.
    """

    def __init__(self, *processes: Process, **options: Any) -> None:
        clock = Clock()
        clock.pin(NOW)
        self.engine = Engine(clock=clock, **options)
        self.events: list[Any] = []
        self.engine.listen(lambda _, event: self.events.append(event))
        for each in processes:
            self.engine.execute(cmd.Deploy({f"{each.id}.bpmn": model(each)}))

    def start(self, process_id: str = "p", **variables: Any) -> int:
        """The key of a new instance."""
        made: cmd.Created = self.engine.execute(cmd.CreateInstance(process_id, variables=variables))
        return made.key

    def lease(self, job_type: str, most: int = 10, timeout_ms: int = 1_000) -> list[cmd.ActivatedJob]:
        """Leased jobs."""
        return list(self.engine.execute(cmd.ActivateJobs(job_type, "w", timeout_ms, most)))

    def advance(self, ms: int) -> None:
        """Let time pass, and what is due."""
        self.engine.clock.add(ms)
        self.engine.pass_due()

    def job(self, element_id: str) -> Job:
        """An element's open job."""
        return next(each for each in self.engine.state.jobs.values() if each.element.element.id == element_id)

    @property
    def incident(self) -> Incident:
        """The one open incident."""
        [incident] = self.engine.state.incidents.values()
        return incident

    def of(self, kind: type[Any]) -> list[Any]:
        """All events of a type so far."""
        return [each for each in self.events if type(each) is kind]
