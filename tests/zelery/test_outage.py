"""A server that is away is said once and waited for by all."""

from __future__ import annotations

import asyncio

import pytest
import structlog.testing

from zelery import outage
from zelery.outage import Server


class Flaky:
    def __init__(self, failures: int) -> None:
        self.failures, self.looks = failures, 0

    async def check(self) -> None:
        self.looks += 1
        await asyncio.sleep(0)
        if self.looks <= self.failures:
            raise ConnectionError("refused")


async def test_many_who_wait_are_served_by_one_look_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "PAUSE_S", 0.001)
    flaky = Flaky(2)
    server = Server("Zeebe", "host:26500", flaky.check, (ConnectionError,))
    with structlog.testing.capture_logs() as lines:
        await asyncio.gather(*(server.ready() for _ in range(20)))
    assert flaky.looks == 3
    assert [line["event"] for line in lines] == ["server unreachable; trying again"] * 2 + ["server is back"]
    assert {(line["server"], line["address"]) for line in lines} == {("Zeebe", "host:26500")}


async def test_a_server_that_answers_is_not_spoken_of() -> None:
    with structlog.testing.capture_logs() as lines:
        await Server("Redis", "r", Flaky(0).check, (ConnectionError,)).ready()
    assert lines == []
