from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from tasks import failure
from zelery.errors import ConnectorError, InputError, RetryError


class TheirError(ValueError):
    pass


def hide(text: str) -> str:
    return text.replace("t0p", "***")


@pytest.mark.parametrize(
    ("error", "java_type", "message"),
    [
        (ConnectorError("m"), "io.camunda.connector.api.error.ConnectorException", "m"),
        (InputError("m"), "io.camunda.connector.api.error.ConnectorInputException", "m"),
        (RetryError("m"), "io.camunda.connector.api.error.ConnectorRetryException", "m"),
        (ConnectorError("m", error_type="java.net.ConnectException"), "java.net.ConnectException", "m"),
        (TimeoutError("late"), "java.net.SocketTimeoutException", "late"),
        (ConnectionRefusedError("no"), "java.net.ConnectException", "no"),
        (ConnectionResetError("cut"), "java.net.SocketException", "cut"),
        (socket.gaierror("who"), "java.net.UnknownHostException", "who"),
        (FileNotFoundError("where"), "java.io.IOException", "where"),
        (ValueError("bad"), "java.lang.IllegalArgumentException", "bad"),
        (RuntimeError("odd"), "java.lang.RuntimeException", "odd"),
        (KeyError("id"), "java.lang.RuntimeException", "KeyError: 'id'"),
        (RuntimeError(), "java.lang.RuntimeException", "RuntimeError"),  # it says nothing: its kind
        (SystemExit(1), "java.lang.RuntimeException", "SystemExit: 1"),
        (TheirError("bad"), f"{TheirError.__module__}.TheirError", "bad"),  # a library's: its own name
        (ExceptionGroup("g", [ValueError("bad")]), "java.lang.IllegalArgumentException", "bad"),
        (asyncio.InvalidStateError("s"), "java.lang.RuntimeException", "s"),
        (ConnectorError("Bad t0p"), "io.camunda.connector.api.error.ConnectorException", "Bad ***"),
        (ConnectorError("half \ud800"), "io.camunda.connector.api.error.ConnectorException", "half ?"),
    ],
)
def test_an_error_has_a_type_for_models_and_a_message_for_people(
    error: BaseException, java_type: str, message: str
) -> None:
    assert failure.tell(error, hide) == {"type": java_type, "message": message}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("404", "404"),
        ("t0p", "t0p"),  # one word is an identifier that models compare
        ("Failed to call http://t0p/", "Failed to call http://***/"),
        ("", ""),
    ],
)
def test_a_code_that_is_a_sentence_hides_secrets(code: str, told: str) -> None:
    assert failure.tell(ConnectorError("m", code=code), hide)["code"] == told


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"response": {"body": None}}, {"response": {"body": None}}),
        ({}, {}),
        ({"at": {1}}, {"at": [1]}),
        ({"what": object()}, None),
    ],
)
def test_error_variables_are_json_or_say_why_not(variables: dict[str, Any], told: Any) -> None:
    found = failure.tell(ConnectorError("m", variables=variables), hide)["variables"]
    if told is None:
        assert "cannot be written as JSON" in found["unreadable"]
    else:
        assert found == told


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a" * 6000, 6000),
        ("a" * 6001, 6000),
        ("\U0001f389" * 3000, 3000),  # two units each
        ("\U0001f389" * 3001, 3000),
        ("a" + "\U0001f389" * 3000, 3000),  # no half of the last one
    ],
)
def test_messages_are_cut_at_6000_utf_16_units(text: str, left: int) -> None:
    assert failure.cut(text) == text[:left]
