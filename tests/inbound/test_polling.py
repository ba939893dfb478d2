"""What the clock fires: one look, or a search for those that wait; and nothing is left of what is gone."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from inbound.activity import healths, logs
from inbound.entries import entry_of, entry_of_instance
from inbound.executables import Executable, Point, State
from inbound.host import Host
from inbound.polling import Poller
from tests.fakes import FakeGateway
from tests.inbound.elements import element, executable
from tests.inbound.hosts import Every, connected, hosting, write
from tests.inbound.sources import Cluster
from zelery.camunda.definitions.port import ElementInstance, Variables
from zelery.errors import SourceRefusedError, SourceUnavailableError
from zelery.fencing import Firing
from zelery.followed import Followed
from zelery.redis import ENTRIES, WAITING
from zelery.sdk import FeelText, InboundContext, Input, polling

pytestmark = pytest.mark.integration


class Feed(Input):
    url: FeelText = ""
    fails: str | None = None


seen: list[tuple[str, ElementInstance | None]] = []


@polling(type="tests:feed:1", name="Test Feed", intervals=Every)
async def feed(properties: Feed, context: InboundContext) -> None:
    """Remembers that it looked, and correlates what it was given."""
    seen.append((properties.url, context.instance))
    if properties.fails == "hang":
        await asyncio.Event().wait()
    if properties.fails is not None:
        raise LookupError(f"{properties.fails} at {properties.url}")
    await context.correlate({"url": properties.url})
    context.up(feed=properties.url)


@dataclasses.dataclass
class Bench:
    """A poller with all that it stands on."""

    host: Host
    cluster: Cluster
    gateway: FakeGateway
    poller: Poller

    @property
    def redis(self) -> Redis:
        return self.host.connected.redis

    async def lives(self, *put: Executable, remove: tuple[str, ...] = ()) -> None:
        await write(self.redis, *put, remove=remove)
        await self.poller.changed(await self.host.store.follow())

    async def entries(self) -> dict[str, str]:
        return dict((await Followed(self.redis, ENTRIES).since(0)).values)

    async def messages(self, of: Executable) -> list[str]:
        await self.host.activity.write()
        return [each["message"] for each in (await logs(self.redis, [of.id]))[of.id]]

    async def health(self, of: Executable) -> Any:
        await self.host.activity.write()
        return (await healths(self.redis)).get(of.id)


@pytest.fixture
async def bench(redis_url: str) -> AsyncIterator[Bench]:
    seen.clear()
    gateway, cluster = FakeGateway(), Cluster()
    given: dict[str, Any] = {"variables": {"SECRET_TOKEN": "hunter2"}, "job_timeout": "PT1S"}
    async with connected(redis_url, gateway=gateway, **given) as of, hosting(of, feed) as host:
        yield Bench(host=host, cluster=cluster, gateway=gateway, poller=Poller(host, cluster))


def one(**properties: str) -> Executable:
    """A feed that starts `order`."""
    return executable(
        element("a", properties={"inbound.type": "tests:feed:1", **properties}), kind="polling", every_ms=10_000
    )


def each(*names: str, **given: Any) -> Executable:
    """A feed for each instance that waits at one of these elements."""
    properties = {"inbound.type": "tests:feed:1", "correlationKeyExpression": "=1", **given.pop("properties", {})}
    return executable(
        *(element(name, point=Point.MESSAGE, properties=properties) for name in names or ("a",)),
        **{"id": "id", "kind": "polling", "every_ms": 10_000, "lookup_ms": 5_000, **given},
    )


def waiting(key: int, element_id: str = "a") -> ElementInstance:
    return ElementInstance(key=key, process_instance_key=key * 10, element_id=element_id)


def firing(entry: Any) -> Firing:
    return Firing(entry=entry.name, due_ms=1, token=1, lasts_ms=1_000)


# -- errors


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({"url": "{{secrets.NONE}}"}, "Secret with name 'NONE' is not available"),
        ({"url": "=1 +"}, "Failed to evaluate expression"),
        ({"url.a": "1", "url": "2"}, "property url:"),
    ],
)
async def test_what_cannot_be_bound_is_shown_and_not_raised(bench: Bench, properties: dict[str, str], why: str) -> None:
    of = one(**properties)
    await bench.lives(of)
    assert await bench.poller.poll(None, of.id) == "its properties cannot be bound"
    said = await bench.messages(of)
    assert said[0].startswith("Error occurred while binding properties: ")
    assert why in said[0]
    assert (await bench.health(of))["status"] == "DOWN"
    assert seen == []


async def test_a_connector_that_raises_is_shown_with_its_secrets_masked(bench: Bench) -> None:
    of = one(fails="no feed", url="{{secrets.TOKEN}}")
    await bench.lives(of)
    assert await bench.poller.poll(None, of.id) == "failed: LookupError"
    assert await bench.messages(of) == ["LookupError: no feed at ***", "Health is DOWN: no feed at ***"]
    assert (await bench.health(of))["error"]["message"] == "no feed at ***"


async def test_details_of_health_show_no_secret(bench: Bench) -> None:
    of = one(url="http://u:{{secrets.TOKEN}}@h")
    await bench.lives(of)
    await bench.poller.poll(None, of.id)
    assert (await bench.health(of))["details"] == {"feed": "http://u:***@h"}


async def test_a_connector_that_hangs_is_ended(bench: Bench) -> None:
    of = one(fails="hang")
    await bench.lives(of)
    assert await bench.poller.poll(None, of.id) == "failed: TimeoutError"


async def test_a_type_that_is_not_served_here_is_left_to_others(bench: Bench) -> None:
    of = executable(element(properties={"inbound.type": "none:1"}), kind="polling")
    await bench.lives(of)
    assert await bench.poller.poll(None, of.id) == "not served here"


async def test_a_cluster_that_does_not_say_who_waits_is_shown_and_changes_nothing(bench: Bench) -> None:
    of = each()
    await bench.lives(of)
    bench.cluster.tokens = {"a": [waiting(1)]}
    await bench.poller.look_up(None, of.id)
    before = await bench.entries()
    bench.cluster.trouble["waiting_elements"] = SourceRefusedError("give it the right to read instances")
    assert await bench.poller.look_up(None, of.id) == "the cluster did not say who waits"
    assert await bench.entries() == before
    assert (await bench.health(of))["error"]["message"] == "give it the right to read instances"


async def test_an_instance_whose_variables_cannot_be_read_is_looked_at_the_next_time(bench: Bench) -> None:
    of = each(properties={"url": "=x"})
    await bench.lives(of)
    bench.cluster.trouble["variables"] = SourceUnavailableError("busy")
    assert await bench.poller.poll_instance(None, of.id, "a", dataclasses.asdict(waiting(1))) != "looked"
    assert await bench.messages(of) == ["Error occurred while binding properties: busy"]
    # The search for instances goes on, and so does its health.
    assert await bench.health(of) is None


async def test_a_variable_that_is_cut_is_named_where_it_is_needed(bench: Bench) -> None:
    of = each(properties={"url": "=long"})
    await bench.lives(of)
    bench.cluster.known = {10: Variables(values={"x": 1}, cut=frozenset({"long", "other"}))}
    await bench.poller.poll_instance(None, of.id, "a", dataclasses.asdict(waiting(1)))
    (said,) = await bench.messages(of)
    assert "the variable long is longer than the cluster's API shows" in said
    assert seen == []


async def test_a_variable_that_is_cut_and_not_needed_is_no_matter(bench: Bench) -> None:
    of = each(properties={"url": "=x"})
    await bench.lives(of)
    bench.cluster.known = {10: Variables(values={"x": "u"}, cut=frozenset({"long"}))}
    assert await bench.poller.poll_instance(None, of.id, "a", dataclasses.asdict(waiting(1))) == "looked"
    assert seen == [("u", waiting(1))]


# -- one look


async def test_a_look_correlates_and_says_that_all_is_well(bench: Bench) -> None:
    of = one(url="{{secrets.TOKEN}}", resultExpression="={u: url}")
    await bench.lives(of)
    assert await bench.poller.poll(firing(entry_of(of)), of.id) == "looked"
    assert bench.gateway.started == [("order", 1, "<default>", {"u": "hunter2"})]
    assert (await bench.health(of))["status"] == "UP"


async def test_new_properties_count_at_once(bench: Bench) -> None:
    await bench.lives(one(url="1"))
    await bench.poller.poll(None, "id-a")
    await bench.lives(one(url="2"))
    await bench.poller.poll(None, "id-a")
    assert [url for url, _ in seen] == ["1", "2"]


async def test_a_worker_that_has_not_heard_of_an_executable_asks_before_it_gives_up(bench: Bench) -> None:
    await write(bench.redis, one())
    assert await bench.poller.poll(None, "id-a") == "looked"


@pytest.mark.parametrize("state", [State.FAILED, State.INVALID])
async def test_what_does_not_live_is_not_looked_for(bench: Bench, state: State) -> None:
    await bench.lives(dataclasses.replace(one(), state=state))
    assert await bench.poller.poll(None, "id-a") == "gone"
    assert seen == []


async def test_an_entry_whose_executable_is_gone_takes_itself_out(bench: Bench) -> None:
    entry = entry_of(one())
    assert entry
    await Followed(bench.redis, ENTRIES).apply({entry.name: entry.to_json()})
    assert await bench.poller.poll(firing(entry), "id-a") == "gone"
    assert await bench.entries() == {}


async def test_an_entry_under_the_name_of_before_takes_itself_out_and_is_not_looked_for(bench: Bench) -> None:
    """The elements are others since: there is another entry, and two would look twice as often."""
    before, after = each("a"), each("a", "b")
    old, new = entry_of(before), entry_of(after)
    assert old
    assert new
    await Followed(bench.redis, ENTRIES).apply({old.name: old.to_json(), new.name: new.to_json()})
    await bench.lives(after)
    assert await bench.poller.look_up(firing(old), after.id) == "gone"
    assert set(await bench.entries()) == {new.name}
    assert await bench.poller.look_up(firing(new), after.id) == "0 waiting"


async def test_a_worker_that_knows_the_elements_of_before_does_not_take_out_the_entry_of_now(bench: Bench) -> None:
    before, after = each("a"), each("a", "b")
    new = entry_of(after)
    assert new
    await bench.lives(before)
    await write(bench.redis, after)
    await Followed(bench.redis, ENTRIES).apply({new.name: new.to_json()})
    assert await bench.poller.look_up(firing(new), after.id) == "0 waiting"
    assert set(await bench.entries()) == {new.name}


# -- those that wait


async def test_whoever_waits_has_an_entry_and_loses_it_when_it_waits_no_more(bench: Bench) -> None:
    of = each("a", "b")
    await bench.lives(of)
    bench.cluster.tokens = {"a": [waiting(1), waiting(2)], "b": [waiting(3, "b")]}
    assert await bench.poller.look_up(None, of.id) == "3 waiting"
    names = await bench.entries()
    assert sorted(name.rpartition("| ")[2] for name in names) == ["1", "2", "3"]
    assert (await bench.health(of))["details"] == {"Process instances": 3}
    bench.cluster.tokens = {"a": [waiting(2)], "b": [waiting(4, "b")]}
    assert await bench.poller.look_up(None, of.id) == "2 waiting"
    assert sorted(name.rpartition("| ")[2] for name in await bench.entries()) == ["2", "4"]
    assert await bench.redis.scard(WAITING + of.id) == 2


async def test_a_search_that_finds_the_same_writes_nothing(bench: Bench) -> None:
    of = each()
    await bench.lives(of)
    bench.cluster.tokens = {"a": [waiting(1)]}
    await bench.poller.look_up(None, of.id)
    before = (await Followed(bench.redis, ENTRIES).since(0)).generation
    await bench.poller.look_up(None, of.id)
    assert (await Followed(bench.redis, ENTRIES).since(0)).generation == before


async def test_a_new_interval_reaches_those_that_wait_already(bench: Bench) -> None:
    bench.cluster.tokens = {"a": [waiting(1)]}
    for every_ms in (10_000, 3_000):
        of = each(every_ms=every_ms)
        await bench.lives(of)
        await bench.poller.look_up(None, of.id)
        expected = entry_of_instance(of, of.elements[0], waiting(1))
        assert await bench.entries() == {expected.name: expected.to_json()}


async def test_nothing_is_left_behind_when_the_executable_goes(bench: Bench) -> None:
    of = each()
    lookup = entry_of(of)
    assert lookup
    await Followed(bench.redis, ENTRIES).apply({lookup.name: lookup.to_json()})
    await bench.lives(of)
    bench.cluster.tokens = {"a": [waiting(1), waiting(2)]}
    await bench.poller.look_up(firing(lookup), of.id)
    await bench.lives(remove=(of.id,))
    assert await bench.poller.look_up(firing(lookup), of.id) == "gone"
    for key in (1, 2):
        entry = entry_of_instance(of, of.elements[0], waiting(key))
        said = await bench.poller.poll_instance(firing(entry), of.id, "a", dataclasses.asdict(waiting(key)))
        assert said == "gone"
    assert await bench.entries() == {}
    assert not await bench.redis.exists(WAITING + of.id)


async def test_an_element_that_is_no_more_takes_its_instances_entries_with_it(bench: Bench) -> None:
    of = each("a", "b")
    await bench.lives(of)
    entry = entry_of_instance(of, of.elements[1], waiting(1, "b"))
    await Followed(bench.redis, ENTRIES).apply({entry.name: entry.to_json()})
    await bench.lives(each("a"))
    said = await bench.poller.poll_instance(firing(entry), of.id, "b", dataclasses.asdict(waiting(1, "b")))
    assert said == "gone"
    assert await bench.entries() == {}


async def test_an_instance_is_looked_for_with_its_variables_the_innermost_last(bench: Bench) -> None:
    of = each(properties={"url": "=x"})
    await bench.lives(of)
    bench.cluster.known = {10: Variables(values={"x": "mine"})}
    await bench.poller.poll_instance(None, of.id, "a", dataclasses.asdict(waiting(1)))
    assert seen == [("mine", waiting(1))]
    assert ("variables", (10, 1)) in bench.cluster.asked


async def test_variables_are_asked_for_only_where_a_property_may_need_them(bench: Bench) -> None:
    of = each(properties={"url": "http://plain"})
    await bench.lives(of)
    await bench.poller.poll_instance(None, of.id, "a", dataclasses.asdict(waiting(1)))
    assert bench.cluster.count("variables") == 0


async def test_each_instance_has_messages_of_its_own_and_its_element_alone_takes_them(bench: Bench) -> None:
    of = each("a", "b")
    await bench.lives(of)
    for token in (waiting(1), waiting(2, "b"), waiting(1)):
        await bench.poller.poll_instance(None, of.id, token.element_id, dataclasses.asdict(token))
    told = [(message.name, message.message_id) for message in bench.gateway.published]
    assert told == [("m-a", "a1"), ("m-b", "b2")]  # The third is the first again.


async def test_one_instance_that_fails_says_so_in_the_log_alone(bench: Bench) -> None:
    of = each(properties={"fails": "no"})
    await bench.lives(of)
    await bench.poller.poll_instance(None, of.id, "a", dataclasses.asdict(waiting(1)))
    assert await bench.messages(of) == ["LookupError: no at "]
    assert await bench.health(of) is None
