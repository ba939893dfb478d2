from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from tasks.execute import execute
from tests.servers.proxy import proxied
from tests.servers.rabbitmq import RabbitMQServer
from tests.zelery.connectors.rabbitmq.queues import Queue, queue
from zelery.catalogue import installed, load
from zelery.connectors.rabbitmq.outbound import rabbitmq as connector
from zelery.model import Completed, Failed, Job, Outcome
from zelery.runtime import Runtime
from zelery.sdk import OutboundConnector, Settings

pytestmark = pytest.mark.integration

SETTINGS = Settings.read({"ZELERY_SECRET_PROVIDERS": "environment"})
PUBLISHED = Completed(variables={"r": {"statusResult": "success"}})
LOGIN = {"authType": "credentials", "userName": "guest", "password": "{{secrets.PASSWORD}}"}


def variables(server: RabbitMQServer, to: Queue | None = None, **changed: Any) -> dict[str, Any]:
    """What the template writes."""
    routing = {"exchange": to.name if to else "amq.topic", "routingKey": "any"}
    return {
        "authentication": {"authType": "uri", "uri": server.url},
        "routing": routing,
        "message": {"properties": None, "body": {"a": 1}},
        **changed,
    }


async def outcome(runtime: Runtime, given: dict[str, Any], key: int = 1) -> Outcome:
    fetched = {name: value for name, value in given.items() if name in connector.variables}
    job = Job(key=key, type=connector.type, variables=json.dumps(fetched), headers={"resultVariable": "r"})
    return await execute(job, connector, runtime)


#: `io.camunda.connectors.RabbitMQ.v1`, once for each kind of login: all its inputs after Zeebe has evaluated them.
TEMPLATES: dict[str, dict[str, Any]] = {
    "uri": {
        "authentication": {"authType": "uri", "uri": "amqp://guest:{{secrets.PASSWORD}}@127.0.0.1:{port}/%2F"},
        "routing": {"exchange": "{exchange}", "routingKey": "orders.new"},
        "message": {"properties": {"contentType": "text/plain", "headers": {"x": 1}}, "body": '{"order": 7}'},
    },
    "credentials": {
        "authentication": {"authType": "credentials", "userName": "guest", "password": "{{secrets.PASSWORD}}"},
        "routing": {
            "exchange": "{exchange}",
            "routingKey": "orders.new",
            "virtualHost": "/",
            "hostName": "127.0.0.1",
            "port": "{port}",
        },
        "message": {"body": {"order": 7}},
    },
}


def filled(given: Any, **places: Any) -> Any:
    """A template's inputs with what only the test knows."""
    text = json.dumps(given)
    for name, value in places.items():
        text = text.replace(f"{{{name}}}", str(value))
    return json.loads(text)


async def outcome_of(given: dict[str, Any], password: str = "guest") -> Outcome:
    async with Runtime.open(SETTINGS, {"SECRET_PASSWORD": password}) as runtime:
        return await outcome(runtime, given)


def error(found: Outcome) -> dict[str, Any]:
    assert isinstance(found, Failed), found
    return dict(found.variables["error"])


class TestRefused:
    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            (
                {"authentication": None},
                "Property: authentication: Validation failed. Original message: must not be null",
            ),
            ({"authentication": {"authType": "token"}}, "Json object contains an invalid field: authentication"),
            ({"authentication": {"uri": "amqp://h"}}, "Json object contains an invalid field: authentication"),
            ({"authentication": "amqp://h"}, "Json object contains an invalid field: authentication"),
            ({"authentication": {"authType": "uri", "uri": " "}}, "authentication.uri: Validation failed"),
            (
                {"authentication": {"authType": "uri", "uri": "http://h"}},
                "authentication.uri: Validation failed. Original message: Must start with amqp(s)://",
            ),
            (
                {"authentication": {"authType": "credentials", "userName": "", "password": None}},
                "authentication.userName: Validation failed. Original message: must not be blank",
            ),
            ({"authentication": LOGIN}, "routing.hostName: must not be blank"),
            ({"routing": None}, "Property: routing: Validation failed. Original message: must not be null"),
            ({"routing": {"exchange": " ", "routingKey": "k"}}, "routing.exchange: Validation failed"),
            ({"routing": {"exchange": "e"}}, "routing.routingKey: Validation failed"),
            ({"routing": {"exchange": "e" * 256, "routingKey": "k"}}, "routing.exchange: must be at most 255 bytes"),
            ({"routing": {"exchange": "e", "routingKey": "k" * 256}}, "routing.routingKey: must be at most 255 bytes"),
            ({"message": {"body": None}}, "message.body: Validation failed. Original message: must not be null"),
            ({"message": {"body": 1, "properties": "x"}}, "message, properties. It Must be `LinkedHashMap`, not text"),
            ({"message": {"body": 1, "properties": {"x": 1}}}, "Unsupported field [x] for properties"),
        ],
    )
    async def test_what_cannot_be_used_is_named_and_not_tried_again(
        self, rabbitmq: RabbitMQServer, changed: dict[str, Any], told: str
    ) -> None:
        found = await outcome_of(variables(rabbitmq, **changed))
        assert isinstance(found, Failed)
        assert told in (found.message or "")
        assert found.retries == 0


class TestTheOtherSide:
    async def test_a_wrong_password_is_java_s_authentication_failure(
        self, rabbitmq: RabbitMQServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        routing = {"hostName": "127.0.0.1", "port": rabbitmq.port, "exchange": "e", "routingKey": "k"}
        found = await outcome_of(variables(rabbitmq, authentication=LOGIN, routing=routing), password="wr0ng")
        assert error(found) == {
            "type": "com.rabbitmq.client.AuthenticationFailureException",
            "message": "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. "
            "For details see the broker logfile.",
        }
        assert "wr0ng" not in caplog.text

    @pytest.mark.parametrize(
        ("uri", "java_type", "told"),
        [
            ("amqp://127.0.0.1:1", "java.net.ConnectException", "Connection refused: RabbitMQ at 127.0.0.1:1"),
            ("amqp://no.invalid", "java.net.UnknownHostException", "RabbitMQ's host is unknown: no.invalid"),
            (
                "amqp://127.0.0.1:{port}/nope",
                "java.io.IOException",
                "has no virtual host 'nope', or does not",
            ),
            ("amqps://127.0.0.1:{port}", "javax.net.ssl.SSLException", "No TLS connection to RabbitMQ at 127.0.0.1:"),
        ],
    )
    async def test_no_connection_is_told_in_java_s_classes(
        self, rabbitmq: RabbitMQServer, uri: str, java_type: str, told: str
    ) -> None:
        authentication = {"authType": "uri", "uri": uri.format(port=rabbitmq.port)}
        found = error(await outcome_of(variables(rabbitmq, authentication=authentication)))
        assert found["type"] == java_type
        assert told in found["message"]

    async def test_an_exchange_that_is_not_there_fails_its_job_alone(self, rabbitmq: RabbitMQServer) -> None:
        lost = variables(rabbitmq, routing={"exchange": "nope", "routingKey": "k"})
        async with queue(rabbitmq) as there, Runtime.open(SETTINGS, {}) as runtime:
            given = [lost if index % 5 == 0 else variables(rabbitmq, there) for index in range(20)]
            found = await asyncio.gather(*(outcome(runtime, each) for each in given))
            assert await there.ready() == 16
        refused = [each for each in found if isinstance(each, Failed)]
        assert [error(each)["message"] for each in refused] == ["NOT_FOUND - no exchange 'nope' in vhost '/'"] * 4
        assert [each for each in found if isinstance(each, Completed)] == [PUBLISHED] * 16

    async def test_what_rabbitmq_refuses_of_a_message_is_told(self, rabbitmq: RabbitMQServer) -> None:
        message = {"body": 1, "properties": {"userId": "me"}}
        found = error(await outcome_of(variables(rabbitmq, message=message)))
        assert found["message"].startswith("PRECONDITION_FAILED - user_id property set to 'me'")

    async def test_a_message_that_no_queue_wants_is_no_error(self, rabbitmq: RabbitMQServer) -> None:
        assert await outcome_of(variables(rabbitmq, routing={"exchange": "amq.topic", "routingKey": "x"})) == PUBLISHED

    async def test_a_lost_connection_is_made_again(self, rabbitmq: RabbitMQServer) -> None:
        with proxied(rabbitmq.port) as network:
            through = {"authType": "uri", "uri": f"amqp://127.0.0.1:{network.port}"}
            async with queue(rabbitmq) as there, Runtime.open(SETTINGS, {}) as runtime:
                given = variables(rabbitmq, there, authentication=through)
                assert await outcome(runtime, given) == PUBLISHED
                network.refuse()
                while True:  # Until the connection knows that it is lost.
                    found = error(await outcome(runtime, given))
                    if found["type"] == "java.net.ConnectException":
                        break
                network.restore()
                assert await outcome(runtime, given) == PUBLISHED
                assert await there.ready() == 2

    async def test_a_publication_that_hangs_ends_with_the_job_s_time(self, rabbitmq: RabbitMQServer) -> None:
        with proxied(rabbitmq.port) as network:
            through = {"authType": "uri", "uri": f"amqp://127.0.0.1:{network.port}"}
            async with queue(rabbitmq) as there, Runtime.open(SETTINGS, {}) as runtime:
                given = variables(rabbitmq, there, authentication=through)
                assert await outcome(runtime, given) == PUBLISHED
                network.freeze()
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(outcome(runtime, given), 0.2)
                network.restore()
                assert await outcome(runtime, given, key=2) == PUBLISHED


class TestPublished:
    @pytest.mark.parametrize("login", TEMPLATES)
    async def test_a_template_s_model_publishes_its_message(self, rabbitmq: RabbitMQServer, login: str) -> None:
        async with queue(rabbitmq) as there:
            given = filled(TEMPLATES[login], exchange=there.name, port=rabbitmq.port)
            assert await outcome_of(given) == PUBLISHED
            received = await there.take()
        assert received is not None
        assert received.body == b'{"order":7}'

    @pytest.mark.parametrize("login", TEMPLATES)
    async def test_a_template_s_error_has_no_code(self, rabbitmq: RabbitMQServer, login: str) -> None:
        found = error(await outcome_of(filled(TEMPLATES[login], exchange="nope", port=rabbitmq.port)))
        assert found["message"] == "NOT_FOUND - no exchange 'nope' in vhost '/'"
        assert "code" not in found

    async def test_everything_arrives_as_it_was_written(self, rabbitmq: RabbitMQServer) -> None:
        headers = {"s": "text", "n": 5, "d": 0.1, "b": True, "z": None, "l": ["a", 1], "t": {"x": "y"}}
        message = {
            "properties": {
                "contentType": "application/json",
                "headers": headers,
                "deliveryMode": 2,
                "timestamp": 1_700_000_000_000,
                "type": "ty",
                "messageId": "m1",
                "clusterId": "cl",
            },
            "body": '{ "a" : "ä" }',
        }
        async with queue(rabbitmq) as there:
            assert await outcome_of(variables(rabbitmq, there, message=message)) == PUBLISHED
            received = await there.take()
        assert received is not None
        assert received.body == '{"a":"ä"}'.encode()
        found = dict(received.header.properties)
        assert str(found.pop("timestamp")) == "2023-11-14 22:13:20+00:00"
        assert {name: value for name, value in found.items() if value is not None} == {
            "content_type": "application/json",
            "headers": headers,
            "delivery_mode": 2,
            "message_type": "ty",
            "message_id": "m1",
            "cluster_id": "cl",
        }

    async def test_a_message_without_an_id_gets_the_job_s_key(self, rabbitmq: RabbitMQServer) -> None:
        async with queue(rabbitmq) as there:
            assert await outcome_of(variables(rabbitmq, there)) == PUBLISHED
            received = await there.take()
        assert received is not None
        assert received.header.properties.message_id == "1"
        assert received.header.properties.delivery_mode is None

    async def test_ten_megabytes(self, rabbitmq: RabbitMQServer) -> None:
        body = "x" * 10_000_000
        async with queue(rabbitmq) as there:
            assert await outcome_of(variables(rabbitmq, there, message={"body": body})) == PUBLISHED
            received = await there.take()
        assert received is not None
        assert received.body == body.encode()


def test_it_is_installed_by_the_door_that_is_everybodys() -> None:
    (point,) = (point for point in installed() if point.name == "io.camunda:connector-rabbitmq:1")
    assert load(point, OutboundConnector) is connector
    assert connector.name == "RabbitMQ Producer"
    assert set(connector.variables) == {"authentication", "routing", "message"}
