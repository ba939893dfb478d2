from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from zelery.connectors.http import manners
from zelery.connectors.http.manners import AT_ONCE, PAUSE_MAX_S, PAUSE_S, TOLD_MAX_S, WAITING_MAX, Manners
from zelery.errors import ConnectorError
from zelery.sdk import Settings

URL = "http://h.example/api"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(clock: Clock) -> Manners:
    return Manners(clock)


def answered(code: str, **headers: Any) -> ConnectorError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ConnectorError("no", code=code, variables={"response": {"headers": named, "body": None}})


async def ask(kept: Manners, error: ConnectorError | None = None, url: str = URL) -> None:
    """One request, that fails or not."""
    async with kept.asking(url):
        await asyncio.sleep(0)
        if error is not None:
            raise error


async def fails(kept: Manners, error: ConnectorError, url: str = URL) -> None:
    with pytest.raises(ConnectorError) as caught:
        await ask(kept, error, url)
    assert caught.value is error


async def refused_for(kept: Manners, url: str = URL) -> float | None:
    """For how many seconds the host is left alone, as the error says; None when it is asked."""
    try:
        await ask(kept, url=url)
    except ConnectorError as error:
        told = str(error).removeprefix("h.example asked to be left alone; it is asked again in ")
        return float(told.removesuffix(" s"))
    return None


class TestTooMuch:
    @pytest.mark.parametrize("code", ["429", "503"])
    @pytest.mark.parametrize("name", ["Retry-After", "retry-after"])
    async def test_it_is_left_alone_for_as_long_as_it_says(
        self, kept: Manners, clock: Clock, code: str, name: str
    ) -> None:
        await fails(kept, answered(code, **{name: "120"}))
        assert await refused_for(kept) == 120
        clock.now += 119.9
        assert await refused_for(kept) is not None
        clock.now += 0.1
        assert await refused_for(kept) is None

    async def test_it_may_say_a_second_or_a_date(self, kept: Manners, clock: Clock) -> None:
        await fails(kept, answered("429", Retry_After="1"))
        assert await refused_for(kept) == 1
        clock.now += 1
        await fails(
            kept, answered("503", Retry_After=format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
        )
        assert await refused_for(kept) == pytest.approx(3600, abs=60)

    async def test_for_no_more_than_a_day(self, kept: Manners) -> None:
        await fails(kept, answered("429", Retry_After="999999999"))
        assert await refused_for(kept) == TOLD_MAX_S

    @pytest.mark.parametrize("told", [None, "", "soon", "0", "-5", "Mon, 01 Jan 2001 00:00:00 GMT", ["x"]])
    async def test_where_it_says_nothing_the_pause_grows(self, kept: Manners, clock: Clock, told: Any) -> None:
        busy = answered("503", **({} if told is None else {"Retry_After": told}))
        pauses = []
        for _ in range(8):
            await fails(kept, busy)
            pauses.append(await refused_for(kept))
            clock.now += PAUSE_MAX_S
        assert pauses == [10, 20, 40, 80, 160, 320, 600, 600]

    async def test_an_answer_ends_the_growing(self, kept: Manners, clock: Clock) -> None:
        for _ in range(3):
            await fails(kept, answered("503"))
            clock.now += PAUSE_MAX_S
        await ask(kept)
        await fails(kept, answered("503"))
        assert await refused_for(kept) == PAUSE_S

    async def test_many_that_are_refused_at_once_are_one_refusal(self, kept: Manners, clock: Clock) -> None:
        await asyncio.gather(*(fails(kept, answered("429")) for _ in range(AT_ONCE)))
        assert await refused_for(kept) == PAUSE_S
        clock.now += PAUSE_S
        await fails(kept, answered("429"))
        assert await refused_for(kept) == 2 * PAUSE_S

    async def test_the_longest_of_what_is_said_at_once_counts(self, kept: Manners) -> None:
        told = ["30", "300", "3"]
        await asyncio.gather(*(fails(kept, answered("429", Retry_After=each)) for each in told))
        assert await refused_for(kept) == 300

    @pytest.mark.parametrize("code", ["404", "500", "502", "408", None])
    async def test_other_failures_are_no_reason(self, kept: Manners, code: str | None) -> None:
        await fails(kept, ConnectorError("no", code=code))
        assert await refused_for(kept) is None

    async def test_a_refusal_without_variables_is_one_too(self, kept: Manners) -> None:
        await fails(kept, ConnectorError("no", code="429"))
        assert await refused_for(kept) == PAUSE_S

    async def test_who_waits_meanwhile_does_not_ask_either(self, kept: Manners) -> None:
        asked: list[int] = []

        async def one(number: int) -> None:
            async with kept.asking(URL):
                asked.append(number)
                await asyncio.sleep(0)
                raise answered("429")

        found = await asyncio.gather(*(one(number) for number in range(AT_ONCE + 5)), return_exceptions=True)
        assert asked == list(range(AT_ONCE))
        assert [str(each)[:32] for each in found[AT_ONCE:]] == ["h.example asked to be left alone"] * 5

    async def test_hosts_are_told_apart_by_name_and_port_and_by_nothing_else(self, kept: Manners) -> None:
        await fails(kept, answered("429"))
        for same in ("https://H.Example/other?x=1", "http://user:pw@h.example/"):
            assert await refused_for(kept, same) == PAUSE_S
        for other in ("http://h.example:8080/api", "http://i.example/api", "http://[bad/"):
            assert await refused_for(kept, other) is None


@contextlib.asynccontextmanager
async def hanging(kept: Manners, count: int, url: str = URL) -> AsyncIterator[list[int]]:
    """So many requests that get no answer; yields the numbers of those that went out."""
    asked: list[int] = []

    async def one(number: int) -> None:
        async with kept.asking(url):
            asked.append(number)
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(one(number)) for number in range(count)]
    await asyncio.sleep(0)
    try:
        yield asked
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class TestAtOnce:
    async def test_so_many_at_once_and_the_others_wait(self, kept: Manners) -> None:
        async with hanging(kept, AT_ONCE + 3) as asked:
            assert asked == list(range(AT_ONCE))

    async def test_other_hosts_do_not_wait(self, kept: Manners) -> None:
        async with hanging(kept, AT_ONCE + 3):
            await asyncio.wait_for(ask(kept, url="http://i.example/"), 5)

    async def test_who_would_wait_behind_too_many_is_left_to_the_next_interval(self, kept: Manners) -> None:
        async with hanging(kept, AT_ONCE + WAITING_MAX):
            with pytest.raises(ConnectorError, match=r"^h\.example has 50 requests to answer; it is asked again after"):
                await ask(kept)
        await ask(kept)

    async def test_who_is_cancelled_leaves_its_place(self, kept: Manners) -> None:
        async with hanging(kept, AT_ONCE + WAITING_MAX):
            pass
        async with hanging(kept, AT_ONCE) as asked:
            assert len(asked) == AT_ONCE


class TestMemory:
    async def test_hosts_of_which_there_is_nothing_to_say_are_forgotten(
        self, kept: Manners, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(manners, "HOSTS_MAX", 20)
        await fails(kept, answered("429", Retry_After="1000"))
        for number in range(100):
            await ask(kept, url=f"http://h{number}.example/")
        assert len(kept) <= 21
        assert await refused_for(kept) == 1000
        clock.now += 1000
        for number in range(100):
            await ask(kept, url=f"http://h{number}.example/")
        assert len(kept) <= 21

    async def test_it_is_one_for_a_process(self) -> None:
        async with Manners.open(Settings.read({})) as opened:
            await ask(opened)
