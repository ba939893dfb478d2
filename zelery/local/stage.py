"""The demo's instances: started, waited for, checked, and shown in a table."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from zelery.camunda.gateway import Deployed, Gateway
from zelery.errors import GatewayError, PushbackError
from zelery.local.orders import OrderError, Orders
from zelery.local.scenarios import Scenario, complaint

#: How long an instance may take. The slowest needs 4 s on an idle machine, and the first wait for the roles to start:
#: 50 s where ten other programs run.
INSTANCE_S = 150.0

#: How often the models are deployed until the cluster has them: what it has already, it does not deploy again.
DEPLOYMENTS = 5

#: Pause between two instances of a model, seconds.
PERIOD_S = 4.0

#: Keeps what was deployed, of these models, for the roles to find.
Record = Callable[[Sequence[Deployed], Mapping[str, bytes]], Awaitable[object]]


@dataclasses.dataclass(kw_only=True, slots=True)
class Tally:
    """What has become of a scenario's instances so far."""

    scenario: Scenario
    started: int = 0
    completed: int = 0
    wrong: int = 0
    """Of those that completed, or should have, the ones that did not end as they must."""
    said: str = ""
    """The last outcome, or what was wrong with it."""
    first_s: float | None = None
    """When the first instance completed, seconds on the stage's clock."""


class Stage:
    """A cluster with the demo's models, and the instances on it.

    Args:
        gateway: Where the instances run.
        service: Base URL of the sample service.
        calls: How many calls it has had, by scenario.
        secret: The value that no variable may hold.
        scenarios: What is shown.
        orders: Who sends the requests of models that are started by webhooks.
        record: Told what was deployed, where nothing else tells the roles.
        clock: Seconds.
    """

    def __init__(
        self,
        *,
        gateway: Gateway,
        service: str,
        calls: Mapping[str, int],
        secret: str,
        scenarios: Sequence[Scenario],
        orders: Orders,
        record: Record | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tallies = [Tally(scenario=scenario) for scenario in scenarios]
        self._orders = orders
        self._record = record
        self._gateway = gateway
        self._service = service
        self._calls = calls
        self._secret = secret
        self._clock = clock

    async def deploy(self) -> None:
        """Deploy all models. An engine that has just started may need longer than a command may take.

        Raises:
            GatewayError: It refuses them, or is still not done the last time.
        """
        models = {each.scenario.resource: each.scenario.model for each in self.tallies}
        for _ in range(DEPLOYMENTS - 1):
            with contextlib.suppress(PushbackError):
                await self._deployed(models)
                return
        await self._deployed(models)

    async def _deployed(self, models: Mapping[str, bytes]) -> None:
        taken = await self._gateway.deploy(models)
        if self._record:
            await self._record(taken, models)

    async def once(self, instances: int) -> None:
        """Run that many instances of each model to their ends, side by side."""
        await asyncio.gather(*(self._instance(each) for each in self.tallies for _ in range(instances)))

    async def forever(self) -> None:
        """Start an instance of each model every few seconds, until cancelled."""
        async with asyncio.TaskGroup() as running:
            while True:
                for each in self.tallies:
                    running.create_task(self._instance(each))
                await asyncio.sleep(PERIOD_S)

    async def _instance(self, tally: Tally) -> None:
        scenario = tally.scenario
        tally.started += 1
        try:
            variables = await self._ended(scenario, uuid.uuid4().hex)
        except (GatewayError, OrderError) as error:
            wrong: str | None = f"{scenario.name}: {error}"
        else:
            tally.completed += 1
            tally.first_s = self._clock() if tally.first_s is None else tally.first_s
            wrong = complaint(scenario, variables, self._secret)
        tally.wrong += wrong is not None
        tally.said = wrong or scenario.outcome

    async def _ended(self, scenario: Scenario, order: str) -> Mapping[str, Any]:
        """An instance's variables at its end. Raises GatewayError and OrderError."""
        if scenario.by_webhook:
            return await self._orders.place(order, within_s=INSTANCE_S)
        given = {"service": self._service, "order": order}
        return (await self._gateway.start_and_wait(scenario.process_id, given, wait_s=INSTANCE_S)).variables

    @property
    def first_s(self) -> float | None:
        """When the first instance of all completed, seconds on the stage's clock."""
        return min((each.first_s for each in self.tallies if each.first_s is not None), default=None)

    def complaints(self) -> Sequence[str]:
        """What is wrong after `once`: instances, and how often their jobs were worked on."""
        wrong = [each.said for each in self.tallies if each.wrong]
        for each in self.tallies:
            if each.scenario.attempts is None:
                continue
            expected, name = each.started * each.scenario.attempts, each.scenario.name
            if self._calls.get(name, 0) != expected and not each.wrong:
                wrong.append(f"{name}: the service was called {self._calls.get(name, 0)} times, expected {expected}")
        return wrong

    def table(self) -> Table:
        """How things stand, a row a model."""
        table = Table(title="Models drawn with Camunda's element templates")
        table.add_column("Model", no_wrap=True)
        table.add_column("What it shows")
        for heading in ("Started", "Completed", "Jobs run"):
            table.add_column(heading, justify="right")
        table.add_column("Last outcome")
        for each in self.tallies:
            name = each.scenario.name
            counts = (each.started, each.completed, self._calls.get(name, 0))
            table.add_row(name, each.scenario.shows, *map(str, counts), _said(each))
        return table


def _said(tally: Tally) -> Text:
    if not tally.said:
        return Text("…", style="dim")
    if not tally.wrong:
        return Text(f"✓ {tally.said}", style="green")
    return Text(f"✗ {tally.wrong} wrong; last: {tally.said}", style="red")
