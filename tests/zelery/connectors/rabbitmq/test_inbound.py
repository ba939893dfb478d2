from __future__ import annotations

import asyncio
import functools
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.inbound_context import PUBLISHED, FakeInboundContext, published
from tests.servers.proxy import proxied
from tests.servers.rabbitmq import RabbitMQServer
from tests.zelery.connectors.rabbitmq.queues import queue
from zelery.binding import validated
from zelery.catalogue import INBOUND_GROUP, installed, load
from zelery.connectors.rabbitmq import consumer
from zelery.connectors.rabbitmq.inbound import Subscription, consume
from zelery.correlation import ConditionNotMet, Failed, InvalidInput, Result
from zelery.errors import ConnectorError, InputError
from zelery.sdk import InboundConnector
from zelery.sdk.inbound import Kind

Correlates = Callable[[Any, str | None], Awaitable[Result]]


def properties(server: RabbitMQServer, name: str, **changed: Any) -> dict[str, Any]:
    """As the template writes them."""
    return {"authentication": {"authType": "uri", "uri": server.url}, "queueName": name, **changed}


@asynccontextmanager
async def consuming(given: dict[str, Any], correlates: Correlates = published) -> AsyncIterator[FakeInboundContext]:
    """A subscription that runs meanwhile, and was up."""
    async with FakeInboundContext(correlates) as context:
        task = asyncio.create_task(consume(validated(given, Subscription), context))
        try:
            await context.until(lambda: task.done() or bool(context.health))
            if task.done():
                task.result()
            yield context
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


async def refusal(given: dict[str, Any]) -> ConnectorError:
    """Why a subscription ends by itself."""
    async with FakeInboundContext() as context:
        with pytest.raises(ConnectorError) as caught:
            await asyncio.wait_for(consume(validated(given, Subscription), context), 30)
        assert context.health == []
    return caught.value


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that take no time."""
    monkeypatch.setattr(
        "zelery.connectors.rabbitmq.inbound.Consumer", functools.partial(consumer.Consumer, pauses_s=(0, 0))
    )


class TestRefused:
    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (
                {"authentication": None},
                "Property: authentication: Validation failed. Original message: must not be null",
            ),
            (
                {"authentication": {"authType": "uri", "uri": "nonsense"}},
                "Property: authentication.uri: Validation failed",
            ),
            ({"queueName": " "}, "Property: queueName: Validation failed. Original message: must not be blank"),
            ({"exclusive": "no"}, "invalid field: exclusive. It Must be `boolean`"),
            ({"arguments": "x-priority"}, "invalid field: arguments. It Must be `LinkedHashMap`, not text"),
            ({"arguments": "=[5]", "queueName": "q"}, None),
        ],
    )
    def test_properties_that_cannot_be_used_are_named(self, given: dict[str, Any], told: str | None) -> None:
        base = {"authentication": {"authType": "uri", "uri": "amqp://h"}, "queueName": "q"}
        with pytest.raises(InputError) as caught:
            validated({**base, **given}, Subscription)
        assert (told or "arguments") in caught.value.message

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"x-priority": "5", "x-cancel": "true", "name": "a"}, {"x-priority": 5, "x-cancel": True, "name": "a"}),
            ({"x-priority": "=2 + 3"}, {"x-priority": 5}),
            ('={"x-priority": 5}', {"x-priority": 5}),
            ('{"x-priority": 5, "s": "5"}', {"x-priority": 5, "s": "5"}),
            ("", None),
            (None, None),
        ],
    )
    def test_arguments_are_feel_or_json_or_one_by_one(self, given: Any, expected: Any) -> None:
        base = {"authentication": {"authType": "uri", "uri": "amqp://h"}, "queueName": "q"}
        assert validated({**base, "arguments": given}, Subscription).arguments == expected


@pytest.mark.integration
class TestTheOtherSide:
    async def test_a_queue_that_is_not_there_is_named(self, rabbitmq: RabbitMQServer) -> None:
        found = await refusal(properties(rabbitmq, "nowhere"))
        assert str(found) == "NOT_FOUND - no queue 'nowhere' in vhost '/'"

    async def test_a_wrong_password_is_told(self, rabbitmq: RabbitMQServer) -> None:
        login = {"authType": "credentials", "userName": "guest", "password": "no"}
        routing = {"hostName": "127.0.0.1", "port": str(rabbitmq.port), "virtualHost": "/"}
        found = await refusal(properties(rabbitmq, "q", authentication=login, routing=routing))
        assert str(found).startswith("ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.")

    async def test_nobody_there_and_a_uri_with_a_slash(self, rabbitmq: RabbitMQServer) -> None:
        nobody = {"authType": "uri", "uri": "amqp://127.0.0.1:1"}
        assert str(await refusal(properties(rabbitmq, "q", authentication=nobody))).startswith("Connection refused")
        slash = {"authType": "uri", "uri": f"amqp://127.0.0.1:{rabbitmq.port}/"}
        assert "no virtual host has an empty name" in str(
            await refusal(properties(rabbitmq, "q", authentication=slash))
        )

    async def test_an_exclusive_consumer_keeps_others_out(self, rabbitmq: RabbitMQServer) -> None:
        async with queue(rabbitmq) as there, consuming(properties(rabbitmq, there.name, exclusive="true")):
            found = await refusal(properties(rabbitmq, there.name))
            assert str(found).startswith("ACCESS_REFUSED")

    async def test_a_queue_that_is_deleted_ends_it_and_its_return_heals_it(self, rabbitmq: RabbitMQServer) -> None:
        async with queue(rabbitmq) as there, FakeInboundContext() as context:
            given = validated(properties(rabbitmq, there.name, consumerTag="mine"), Subscription)
            task = asyncio.create_task(consume(given, context))
            await context.until(lambda: bool(context.health))
            await there.delete()
            with pytest.raises(ConnectorError, match=r"^Consumer cancelled: mine$"):
                await task
            assert ("WARNING", "Subscription", "Consumer cancelled: mine") in context.entries
            assert str(await refusal(properties(rabbitmq, there.name))).startswith("NOT_FOUND - no queue")

            await there.declare()
            await there.publish()
            async with consuming(properties(rabbitmq, there.name)) as again:
                await again.until(lambda: bool(again.correlated))

    async def test_a_lost_network_ends_it(self, rabbitmq: RabbitMQServer) -> None:
        with proxied(rabbitmq.port) as network:
            through = {"authType": "uri", "uri": f"amqp://127.0.0.1:{network.port}"}
            async with queue(rabbitmq) as there, FakeInboundContext() as context:
                given = validated(properties(rabbitmq, there.name, authentication=through), Subscription)
                task = asyncio.create_task(consume(given, context))
                await context.until(lambda: bool(context.health))
                network.cut()
                with pytest.raises(ConnectorError, match=r"RabbitMQ at 127.0.0.1:\d+"):
                    await asyncio.wait_for(task, 30)

    async def test_a_frozen_network_does_not_hold_up_its_end(self, rabbitmq: RabbitMQServer) -> None:
        with proxied(rabbitmq.port) as network:
            through = {"authType": "uri", "uri": f"amqp://127.0.0.1:{network.port}"}
            async with queue(rabbitmq) as there:
                async with consuming(properties(rabbitmq, there.name, authentication=through)):
                    network.freeze()
                network.cut()


@pytest.mark.integration
class TestHandled:
    async def test_a_message_is_acknowledged_after_it_is_correlated(self, rabbitmq: RabbitMQServer) -> None:
        may = asyncio.Event()

        async def later(event: Any, message_id: str | None) -> Result:
            await may.wait()
            return PUBLISHED

        async with queue(rabbitmq) as there:
            await there.publish(b'{"key":"k1"}', message_id="m1")
            async with consuming(properties(rabbitmq, there.name, consumerTag="c"), later) as context:
                await context.until(lambda: bool(context.correlated))
            await there.consumers(0)
            assert await there.ready() == 1  # It ended before Zeebe had the message.
            may.set()
            async with consuming(properties(rabbitmq, there.name, consumerTag="c"), later) as context:
                await context.until(lambda: bool(context.correlated))
            await there.consumers(0)
            assert await there.ready() == 0
        event = {
            "message": {"consumerTag": "c", "body": {"key": "k1"}, "properties": {"deliveryMode": 2, "messageId": "m1"}}
        }
        assert context.correlated == [(event, "m1")]
        assert context.entries == [
            ("INFO", "Subscription activation", f"Subscription activation requested for queue name :{there.name}"),
            ("INFO", "Subscription activation", f"Activated subscription for queue: {there.name}"),
            ("INFO", "Message", "Received AMQP message with delivery tag 1"),
        ]

    @pytest.mark.parametrize(
        ("result", "dead", "why"),
        [
            (ConditionNotMet(consume=True), 0, "Activation condition not met"),
            (ConditionNotMet(consume=False), 1, "Activation condition not met"),
            (InvalidInput(message="no key"), 1, "no key"),
        ],
    )
    async def test_what_nobody_wants_is_dropped_or_rejected_at_once(
        self, rabbitmq: RabbitMQServer, result: Result, dead: int, why: str
    ) -> None:
        async def refused(event: Any, message_id: str | None) -> Result:
            return result

        async with queue(rabbitmq) as there:
            await there.publish(b"1")
            async with consuming(properties(rabbitmq, there.name), refused) as context:
                warning = ("WARNING", "Message", f"Failed to handle AMQP message with delivery tag 1, reason: {why}")
                await context.until(lambda: warning in context.entries)
                assert await there.rejected(dead) == [b"1"] * dead
            await there.consumers(0)
            assert await there.ready() == 0
            assert len(context.correlated) == 1

    async def test_a_poison_message_is_tried_a_few_times_and_takes_no_other_with_it(
        self, rabbitmq: RabbitMQServer, impatient: None
    ) -> None:
        async def poisoned(event: Any, message_id: str | None) -> Result:
            return Failed(message="=a + fails") if event["message"]["body"] == "poison" else PUBLISHED

        async with queue(rabbitmq) as there:
            for number in range(50):
                await there.publish(b"poison" if number == 25 else b"{}", message_id=str(number))
            async with consuming(properties(rabbitmq, there.name), poisoned) as context:
                assert await there.rejected(1) == [b"poison"]
                await context.until(lambda: len(context.correlated) == 52)
            await there.consumers(0)
            assert await there.ready() == 0
        assert {number for _, number in context.correlated} == {str(number) for number in range(50)}
        assert [entry for entry in context.entries if entry[0] == "ERROR"] == [
            ("ERROR", "Message", "Rejected AMQP message with delivery tag 26 after 3 attempts")
        ]

    async def test_what_passes_later_is_acknowledged(self, rabbitmq: RabbitMQServer) -> None:
        results: list[Result] = [Failed(message="not yet"), Failed(message="not yet")]

        async def later(event: Any, message_id: str | None) -> Result:
            return results.pop() if results else PUBLISHED

        async with queue(rabbitmq) as there:
            await there.publish()
            async with consuming(properties(rabbitmq, there.name), later) as context:
                await context.until(lambda: len(context.correlated) == 3)
            await there.consumers(0)
            assert await there.ready() == 0
            assert await there.take(dead=True) is None

    async def test_what_waits_for_another_attempt_is_given_back_at_the_end(self, rabbitmq: RabbitMQServer) -> None:
        async def failing(event: Any, message_id: str | None) -> Result:
            return Failed(message="no")

        async with queue(rabbitmq) as there:
            await there.publish()
            async with consuming(properties(rabbitmq, there.name), failing) as context:
                await context.until(lambda: len(context.correlated) == 3)
            await there.consumers(0)
            assert await there.ready() == 1

    async def test_an_exclusive_consumer_keeps_the_order_others_do_not(self, rabbitmq: RabbitMQServer) -> None:
        async with queue(rabbitmq) as there:
            for exclusive in ("true", "false"):
                at_once = most = 0

                async def counted(event: Any, message_id: str | None) -> Result:
                    nonlocal at_once, most
                    at_once += 1
                    most = max(most, at_once)
                    await asyncio.sleep(0.01)
                    at_once -= 1
                    return PUBLISHED

                for number in range(30):
                    await there.publish(message_id=str(number))
                async with consuming(properties(rabbitmq, there.name, exclusive=exclusive), counted) as context:
                    await context.until(lambda: len(context.correlated) == 30)
                if exclusive == "true":
                    assert most == 1
                    assert [number for _, number in context.correlated] == [str(number) for number in range(30)]
                else:
                    assert 1 < most <= consumer.PREFETCH

    async def test_a_connector_s_fault_ends_it_and_loses_nothing(self, rabbitmq: RabbitMQServer) -> None:
        async def broken(event: Any, message_id: str | None) -> Result:
            raise KeyError("a fault of ours")

        async with queue(rabbitmq) as there, FakeInboundContext(broken) as context:
            await there.publish()
            with pytest.raises(KeyError, match="a fault of ours"):
                await asyncio.wait_for(consume(validated(properties(rabbitmq, there.name), Subscription), context), 30)
            await there.consumers(0)
            assert await there.ready() == 1


@pytest.mark.integration
class TestAnyMessage:
    async def test_headers_of_every_kind_of_amqp(self, rabbitmq: RabbitMQServer) -> None:
        table = b"".join(
            struct.pack("B", len(name)) + name + value
            for name, value in {
                b"t": b"t\x01",
                b"b": b"b\xff",
                b"B": b"B\xff",
                b"s": b"s\xff\xfe",
                b"u": b"u\xff\xfe",
                b"I": b"I\xff\xff\xff\xfe",
                b"i": b"i\xff\xff\xff\xfe",
                b"l": b"l" + struct.pack(">q", -(2**62)),
                b"f": b"f" + struct.pack(">f", 0.5),
                b"d": b"d" + struct.pack(">d", 0.1),
                b"D": b"D\x02" + struct.pack(">I", 1234),
                b"S": b"S\x00\x00\x00\x02\xc3\xa4",
                b"A": b"A\x00\x00\x00\x08S\x00\x00\x00\x01at\x01",
                b"T": b"T" + struct.pack(">Q", 1_700_000_000),
                b"F": b"F\x00\x00\x00\x08\x01xS\x00\x00\x00\x01y",
                b"V": b"V",
                b"x": b"x\x00\x00\x00\x02\x00\xff",
                b"no utf-8 \xff": b"S\x00\x00\x00\x01\xff",
                b"microseconds": b"T" + struct.pack(">Q", 1_700_000_000_000_000),
            }.items()
        )
        async with queue(rabbitmq) as there:
            await there.publish_raw(struct.pack(">H", 1 << 13) + struct.pack(">I", len(table)) + table)
            async with consuming(properties(rabbitmq, there.name)) as context:
                await context.until(lambda: bool(context.correlated))
        assert context.correlated[0][0]["message"]["properties"]["headers"] == {
            "t": True,
            "b": -1,
            "B": 255,
            "s": -2,
            "u": 65534,
            "I": -2,
            "i": 4294967294,
            "l": -(2**62),
            "f": 0.5,
            "d": 0.1,
            "D": 12.34,
            "S": "ä",
            "A": ["a", True],
            "T": "2023-11-14T22:13:20.000+00:00",
            "F": {"x": "y"},
            "V": None,
            "x": "AP8=",
            "no utf-8 \ufffd": "\ufffd",
            "microseconds": "9999-12-31T23:59:59.999+00:00",
        }

    @pytest.mark.parametrize(
        "body", [b"", b"\xff\xfe", b"{", b"x" * 10_000_000], ids=["empty", "bytes", "open", "10 MB"]
    )
    async def test_bodies_that_are_no_json(self, rabbitmq: RabbitMQServer, body: bytes) -> None:
        async with queue(rabbitmq) as there:
            await there.publish(body)
            async with consuming(properties(rabbitmq, there.name)) as context:
                await context.until(lambda: bool(context.correlated))
            await there.consumers(0)
            assert await there.ready() == 0
        assert context.correlated[0][0]["message"]["body"] == body.decode(errors="replace")

    async def test_a_queue_of_any_name_with_a_login_and_arguments(self, rabbitmq: RabbitMQServer) -> None:
        login = {"authType": "credentials", "userName": "guest", "password": "guest"}
        routing = {"hostName": "127.0.0.1", "port": str(rabbitmq.port), "virtualHost": "/"}
        async with queue(rabbitmq, name="Aufträge [neu]") as there:
            given = properties(
                rabbitmq, there.name, authentication=login, routing=routing, arguments={"x-priority": "5"}
            )
            async with consuming(given) as context:
                await there.publish()
                await context.until(lambda: bool(context.correlated))
                arguments = rabbitmq.ctl("list_consumers", "queue_name", "arguments")
        assert f'{there.name}\t[{{"x-priority",5}}]' in arguments


def test_it_is_installed_by_the_door_that_is_everybodys() -> None:
    (point,) = (each for each in installed(INBOUND_GROUP) if each.name == "io.camunda:connector-rabbitmq-inbound:1")
    found = load(point, InboundConnector)
    assert found is consume
    assert found.kind is Kind.SUBSCRIPTION
