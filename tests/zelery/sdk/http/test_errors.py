from __future__ import annotations

import pytest

from zelery.sdk.http import errors, wire

ABORTED = "An error occurred while executing the request, or the connection was aborted"


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (wire.UnreachableError("refused"), "408", ABORTED),
        (wire.NoAnswerError(), "408", ABORTED),
        (wire.CutError(), "408", ABORTED),
        (wire.SlowError(), "408", "The request timed out. Please try increasing the read and connection timeouts."),
        (wire.ProtocolError("colon"), "500", "An error with the HTTP protocol occurred"),
        (wire.BodyError("Read timed out"), "500", "Read timed out"),
    ],
)
def test_each_way_to_fail_has_the_code_that_models_know(error: wire.WireError, code: str, message: str) -> None:
    found = errors.of_wire(error, 10)

    assert (found.code, found.message) == (code, message)
    assert found.error_type == "io.camunda.connector.api.error.ConnectorException"


def test_an_unreadable_body_leaves_an_empty_response_for_expressions() -> None:
    assert errors.of_wire(wire.BodyError("x"), 10).variables == {"response": {"headers": {}, "body": None}}


def test_a_response_that_is_too_large_says_the_limit_and_how_to_raise_it() -> None:
    message = errors.of_wire(wire.TooLargeError(), 1024).message

    assert "1024 bytes" in message
    assert "ZELERY_HTTP_RESPONSE_BYTES_MAX" in message


def test_an_error_status_carries_its_answer() -> None:
    found = errors.answered(404, "", {"A": "1"}, {"why": 1})

    assert (found.code, found.message) == ("404", "")
    assert found.variables == {"response": {"headers": {"A": "1"}, "body": {"why": 1}}}


def test_a_request_that_cannot_be_built_says_so_in_one_sentence() -> None:
    found = errors.unbuildable(errors.UnbuildableError("why", java_type="java.lang.X"), "HttpRequest{}")

    assert found.message == "java.lang.X: why"
    assert found.code == "Failed to execute request: HttpRequest{}. An error occurred: why"
