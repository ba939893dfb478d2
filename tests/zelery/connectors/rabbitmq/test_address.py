from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from zelery.connectors.rabbitmq.address import Address, Authentication, Host, address
from zelery.errors import InputError

AUTHENTICATION: TypeAdapter[Any] = TypeAdapter(Authentication)
LOGIN = {"authType": "credentials", "userName": "me", "password": "pa:ss/word"}
ROUTING = {"virtualHost": "orders", "hostName": "mq.example.com", "port": "5673"}


def of_uri(uri: str) -> Address:
    return address(AUTHENTICATION.validate_python({"authType": "uri", "uri": uri}), Host())


def of_login(**routing: Any) -> Address:
    return address(AUTHENTICATION.validate_python(LOGIN), Host.model_validate({**ROUTING, **routing}))


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("amqp://guest:s3cret@host/", "ends with a slash, and no virtual host has an empty name"),
        ("amqp://guest:s3cret@host/a/b", "a virtual host with a slash is written %2F"),
        ("amqp://guest:s3cret@host//", "a virtual host with a slash is written %2F"),
        ("amqp://guest:s3cret@host:port", "must be amqp://user:password@host:port/virtualHost"),
        ("amqp://guest:s3cret@host:70000", "must be amqp://user:password@host:port/virtualHost"),
        ("amqp://guest:s3cret@[::1", "must be amqp://user:password@host:port/virtualHost"),
    ],
)
def test_a_uri_that_cannot_be_used_is_refused_without_being_told(uri: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        of_uri(uri)
    assert caught.value.message.startswith("authentication.uri: ")
    assert told in caught.value.message
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("routing", "told"),
    [
        ({"hostName": None}, "routing.hostName: must not be blank, with a user name and a password"),
        ({"hostName": " "}, "routing.hostName: must not be blank"),
        ({"port": None}, "routing.port: must not be blank, with a user name and a password; RabbitMQ's is 5672"),
        ({"port": "amqp"}, "routing.port: must be a number from 1 to 65535, not 'amqp'"),
        ({"port": "0"}, "routing.port: must be a number"),
        ({"port": "65536"}, "routing.port: must be a number"),
    ],
)
def test_a_login_needs_to_know_where(routing: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        of_login(**routing)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("amqp://host", ("host", 5672, "/", "guest", "guest", False)),
        ("amqp://", ("localhost", 5672, "/", "guest", "guest", False)),
        ("amqp://me@host:1", ("host", 1, "/", "me", "guest", False)),
        ("amqps://me:pw@host/orders", ("host", 5671, "orders", "me", "pw", True)),
        ("amqp://host/%2F", ("host", 5672, "/", "guest", "guest", False)),
        ("amqp://host/a%2Fb%20c", ("host", 5672, "a/b c", "guest", "guest", False)),
        ("amqp://m%40e:p%2Fw%3A@host", ("host", 5672, "/", "m@e", "p/w:", False)),
        # What other clients read in a query is theirs.
        ("amqp://host/orders?heartbeat=5&cafile=x", ("host", 5672, "orders", "guest", "guest", False)),
        ("amqp://[::1]:5673", ("::1", 5673, "/", "guest", "guest", False)),
    ],
)
def test_a_uri_says_everything(uri: str, expected: tuple[Any, ...]) -> None:
    found = of_uri(uri)
    assert (found.host, found.port, found.virtual_host, found.user, found.password, found.tls) == expected


@pytest.mark.parametrize(("virtual_host", "expected"), [("orders", "orders"), ("/", "/"), (None, "/"), ("", "/")])
def test_a_login_goes_to_where_the_routing_says(virtual_host: str | None, expected: str) -> None:
    found = of_login(virtualHost=virtual_host, port=5673)
    assert found == Address(
        host="mq.example.com", port=5673, virtual_host=expected, user="me", password="pa:ss/word", tls=False
    )


def test_no_password_is_shown() -> None:
    given = (
        AUTHENTICATION.validate_python(LOGIN),
        AUTHENTICATION.validate_python({"authType": "uri", "uri": "amqp://a"}),
    )
    assert "pa:ss" not in f"{of_login()!r} {of_login()} {given!r}"
