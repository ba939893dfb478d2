"""What operators see of an executable: entries in order, the newest health, and nothing of what is gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from inbound.activity import MESSAGE_MAX, WAITING_MAX, WRITE_S, Activity, healths, logs, purge
from tests.servers.redis import refusing_writes
from zelery.redis import ACTIVITY, HEALTH, connect
from zelery.settings import Settings


class Away:
    """A Redis that is not there."""

    def pipeline(self, **_: Any) -> Any:
        raise ConnectionRefusedError("refused")


def waiting(activity: Activity, id_: str = "a") -> list[str]:
    """The messages that are not written yet."""
    return [json.loads(text)["message"] for text in activity._entries.get(id_, ())]


async def test_while_redis_is_away_the_newest_is_kept_in_order() -> None:
    activity = Activity(Away(), keep=10)  # type: ignore[arg-type]  # the one method that is asked
    activity.log("a", "INFO", "tag", "first")
    activity.health("a", "DOWN", ("E", "no"))
    await activity.write()
    activity.log("a", "INFO", "tag", "second")
    activity.health("a", "UP")
    await activity.write()
    assert waiting(activity) == ["first", "Health is DOWN: no", "second", "Health is UP"]
    assert json.loads(activity._health["a"])["status"] == "UP"


async def test_what_waits_has_an_end() -> None:
    activity = Activity(Away(), keep=10)  # type: ignore[arg-type]  # as above
    for number in range(WAITING_MAX + 5):
        activity.log("a", "INFO", "tag", str(number))
    await activity.write()
    activity.log("a", "INFO", "tag", "last")
    await activity.write()
    assert len(waiting(activity)) == WAITING_MAX
    assert waiting(activity)[-1] == "last"


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(Settings(redis_url=redis_url)) as client:
        yield client


async def messages(client: Redis, id_: str = "a") -> list[str]:
    return [each["message"] for each in (await logs(client, [id_]))[id_]]


@pytest.mark.integration
async def test_an_entry_says_who_what_and_when_as_the_java_runtime_does(client: Redis) -> None:
    activity = Activity(client, keep=10)
    activity.log("a", "WARNING", "Queueing", "x" * (MESSAGE_MAX + 1))
    await activity.write()
    ((entry,),) = (await logs(client, ["a"])).values()
    assert set(entry) == {"severity", "tag", "timestamp", "message", "runtimeId"}
    assert (entry["severity"], entry["tag"], len(entry["message"])) == ("WARNING", "Queueing", MESSAGE_MAX)
    assert entry["timestamp"].endswith("Z")
    assert len(entry["timestamp"]) == len("2026-01-01T00:00:00.000Z")


@pytest.mark.integration
async def test_while_redis_takes_no_writes_nothing_is_forgotten(client: Redis, redis_url: str) -> None:
    activity = Activity(client, keep=10)
    async with activity.writing():
        with refusing_writes(redis_url):
            activity.log("a", "INFO", "tag", "first")
            await asyncio.sleep(WRITE_S * 2)
        activity.log("a", "INFO", "tag", "second")
        async with asyncio.timeout(10):
            while await messages(client) != ["first", "second"]:
                await asyncio.sleep(0.05)


@pytest.mark.integration
async def test_only_so_many_entries_are_kept_the_newest(client: Redis) -> None:
    activity = Activity(client, keep=3)
    for number in range(2):
        activity.log("a", "INFO", "tag", str(number))
    await activity.write()
    for number in range(2, 5):
        activity.log("a", "INFO", "tag", str(number))
    await activity.write()
    assert await messages(client) == ["2", "3", "4"]


@pytest.mark.integration
async def test_health_is_an_entry_once_for_each_change_and_the_newest_is_shown(client: Redis) -> None:
    activity = Activity(client, keep=10)
    for _ in range(3):
        activity.health("a", "UP", details={"Process instances": 2})
    activity.health("a", "DOWN", ("OSError", "refused"))
    activity.health("a", "DOWN", ("OSError", "refused again"))
    await activity.write()
    assert await messages(client) == ["Health is UP", "Health is DOWN: refused"]
    assert await healths(client) == {
        "a": {"status": "DOWN", "error": {"code": "OSError", "message": "refused again"}, "details": None}
    }


@pytest.mark.integration
async def test_the_last_who_says_how_it_is_is_believed(client: Redis) -> None:
    """Polls of one executable run in any worker."""
    one, two = Activity(client, keep=10), Activity(client, keep=10)
    for activity, status in ((one, "UP"), (two, "DOWN"), (one, "UP")):
        activity.health("a", status)
        await activity.write()
    assert (await healths(client))["a"]["status"] == "UP"


@pytest.mark.integration
async def test_who_runs_it_again_says_its_health_again(client: Redis) -> None:
    activity = Activity(client, keep=10)
    activity.health("a", "UP")
    activity.forget("a")
    activity.health("a", "UP")
    await activity.write()
    assert await messages(client) == ["Health is UP", "Health is UP"]


@pytest.mark.integration
async def test_details_that_json_does_not_know_are_shown_as_text(client: Redis) -> None:
    activity = Activity(client, keep=10)
    activity.health("a", "UP", details={"when": ConnectionRefusedError("no")})
    await activity.write()
    assert (await healths(client))["a"]["details"] == {"when": "no"}


@pytest.mark.integration
async def test_what_is_collected_is_written_at_the_end(client: Redis) -> None:
    activity = Activity(client, keep=10)
    async with activity.writing():
        activity.log("a", "INFO", "tag", "one")
    assert await messages(client) == ["one"]


@pytest.mark.integration
async def test_nothing_is_left_of_what_is_gone(client: Redis) -> None:
    activity = Activity(client, keep=10)
    for id_ in "ab":
        activity.health(id_, "UP")
    await activity.write()
    await purge(client, [])
    await purge(client, ["a", "never"])
    assert await client.keys(f"{ACTIVITY}*") == [f"{ACTIVITY}b"]
    assert await client.hkeys(HEALTH) == ["b"]
