"""The store: what is written comes back as it was, and each follower hears of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from inbound.executables import Element, Executable, Executables, Point, State, claim_of, from_text, to_text
from tests.inbound.elements import element, executable
from tests.inbound.hosts import write
from zelery.errors import LostLeaseError
from zelery.lease import Lease
from zelery.redis import EXECUTABLES, connect
from zelery.settings import Settings

texts = st.text(max_size=12)
maybe_texts = st.none() | texts
numbers = st.integers(min_value=0, max_value=2**63 - 1)
elements = st.builds(
    Element,
    process_id=texts,
    version=numbers,
    definition_key=numbers,
    tenant_id=texts,
    element_id=texts,
    name=maybe_texts,
    bpmn_type=texts,
    point=st.sampled_from(Point),
    message_name=maybe_texts,
    attached_to=maybe_texts,
    template=st.none() | st.dictionaries(texts, maybe_texts, max_size=3),
    properties=st.dictionaries(texts, texts, max_size=4),
)
executables = st.builds(
    Executable,
    id=texts,
    deduplication_id=texts,
    type=texts,
    tenant_id=texts,
    elements=st.lists(elements, min_size=1, max_size=2).map(tuple),
    state=st.sampled_from(State),
    reason=maybe_texts,
    kind=st.none() | st.sampled_from(["webhook", "subscription", "polling"]),
    activated_ms=st.none() | numbers,
    claim=maybe_texts,
    claimed_ms=numbers,
    every_ms=st.none() | numbers,
    lookup_ms=st.none() | numbers,
    holders=st.integers(1, 9),
    attempts=numbers,
    retry_ms=numbers,
)


@settings(deadline=None)
@given(executables)
def test_what_is_stored_comes_back_as_it_was(one: Executable) -> None:
    assert from_text(to_text(one)) == one


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"id": 5}'])
def test_what_is_no_executable_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        from_text(text)


def test_what_a_newer_version_adds_is_passed_over() -> None:
    one = executable()
    assert from_text(to_text(one)[:-1] + ',"news":1}') == one


def test_a_path_is_no_more_than_a_digest_in_the_store() -> None:
    assert claim_of("s3cret") == claim_of("s3cret") != claim_of("other")
    assert "s3cret" not in claim_of("s3cret")


def test_people_see_each_element_once_beside_its_type_and_process() -> None:
    two = executable(element("a", key=1), element("a", key=2), element("b", key=2, tenant_id="<default>"))
    assert two.describe() == "tests:hook:1 | order | a, b | <default>"
    assert two.definition_keys == {1, 2}


def test_what_is_read_for_each_event_is_no_part_of_the_configuration() -> None:
    one = executable(
        element(properties={"inbound.context": "x", "resultExpression": "=1", "activationCondition": "=1"})
    )
    assert one.configuration == {"inbound.context": "x"}


# -- the store


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(Settings(redis_url=redis_url)) as client:
        yield client


A, B = executable(element("a")), executable(element("b"))


@pytest.mark.integration
async def test_who_holds_the_lease_no_more_writes_nothing(client: Redis) -> None:
    held = await Lease(client, "reconcile", "a", lasts_s=60).take()
    await client.delete("zelery:lease:reconcile")
    assert held
    with pytest.raises(LostLeaseError):
        await Executables(client).apply([A], [], held=held)
    assert not await client.exists(EXECUTABLES)


@pytest.mark.integration
async def test_one_that_cannot_be_read_is_not_there_and_its_words_are_not_shown(client: Redis) -> None:
    store = Executables(client)
    await write(client, A, B)
    await store.follow()
    held = await Lease(client, "reconcile", "a", lasts_s=60).take()
    await store._followed.apply({A.id: '{"properties": "hunter2"}'}, held=held)
    with structlog.testing.capture_logs() as lines:
        assert await store.follow() == {A.id: None}
    assert set(store.live) == {B.id}
    assert A.id in str(lines)
    assert "hunter2" not in str(lines)


@pytest.mark.integration
async def test_a_follower_hears_what_came_changed_and_went(client: Redis) -> None:
    store = Executables(client)
    await write(client, A)
    assert await store.follow() == {A.id: A}
    assert await store.follow() == {}
    await write(client, B, remove=[A.id])
    assert await store.follow() == {A.id: None, B.id: B}
    assert store.live == {B.id: B}


@pytest.mark.integration
async def test_who_follows_anew_gets_all(client: Redis) -> None:
    await write(client, A)
    await write(client, B)
    assert await Executables(client).follow() == {A.id: A, B.id: B}


@pytest.mark.integration
async def test_a_redis_that_was_emptied_takes_nothing_from_those_that_serve(client: Redis) -> None:
    serves, writes = Executables(client, keeps=True), Executables(client)
    await write(client, A, B)
    await serves.follow()
    await writes.follow()
    await client.flushall()
    assert await serves.follow() == {}
    assert set(serves.live) == {A.id, B.id}
    assert await writes.follow() == {A.id: None, B.id: None}
    await write(client, A)
    assert await serves.follow() == {A.id: A, B.id: None}


@pytest.mark.integration
async def test_what_the_last_one_is_removed_from_is_no_emptied_redis(client: Redis) -> None:
    store = Executables(client, keeps=True)
    await write(client, A)
    await store.follow()
    await write(client, remove=[A.id])
    assert await store.follow() == {A.id: None}
    assert store.live == {}
