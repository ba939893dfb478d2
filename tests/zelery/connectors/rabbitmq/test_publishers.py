from __future__ import annotations

import dataclasses
import ssl
from contextlib import AsyncExitStack

from zelery.connectors.rabbitmq.address import Address
from zelery.connectors.rabbitmq.publishers import KEPT_MAX, Publisher, Publishers, shared

THERE = Address(host="mq", port=5672, virtual_host="/", user="me", password="a")


async def used(publishers: Publishers, *addresses: Address) -> list[Publisher]:
    """The publishers that jobs get, one job after another."""
    found = []
    for each in addresses:
        async with publishers.using(each) as publisher:
            found.append(publisher)
    return found


async def test_jobs_share_a_publisher_only_with_the_same_address_and_login() -> None:
    publishers = shared(ssl.create_default_context())
    other = dataclasses.replace(THERE, password="b")

    first, second, third = await used(publishers, THERE, other, dataclasses.replace(THERE))

    assert first is third
    assert first is not second


async def test_what_was_not_used_for_longest_goes_when_there_are_too_many_unless_a_job_uses_it() -> None:
    publishers = shared(ssl.create_default_context())
    many = [dataclasses.replace(THERE, virtual_host=str(number)) for number in range(KEPT_MAX + 1)]
    async with AsyncExitStack() as busy:
        first = await busy.enter_async_context(publishers.using(many[0]))
        second, *_, last = await used(publishers, *many[1:])
        assert await used(publishers, many[0], many[-1]) == [first, last]
        assert await used(publishers, many[1]) != [second]
