from __future__ import annotations

from typing import Any

import pytest

from zelery.errors import InputError
from zelery.intrinsics import CALLS_MAX, LITERAL, resolve


def call(name: Any, *params: Any) -> dict[str, Any]:
    return {LITERAL: name, "params": list(params)}


@pytest.mark.parametrize(
    ("variables", "resolved"),
    [
        ({"a": 1, "b": ["x"]}, {"a": 1, "b": ["x"]}),
        ({"a": call("base64", "abc")}, {"a": "YWJj"}),
        ({"a": [call("base64", "ż")]}, {"a": ["xbw="]}),
        ({"a": call("base64", "é", "latin-1")}, {"a": "6Q=="}),
        ({"a": call("base64", call("base64", "abc"))}, {"a": "WVdKag=="}),  # the inner one first
    ],
)
def test_calls_become_their_results(variables: Any, resolved: Any) -> None:
    assert resolve(variables) == resolved


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (call("nope"), "No intrinsic function found with name: nope"),
        (call(None), "No intrinsic function found with name: None"),
        ({LITERAL: "base64", "params": "abc"}, "takes its params as a list"),
        (call("base64"), "base64 takes a text"),
        (call("base64", {"camunda.document.type": "camunda"}), "base64 takes a text"),
        (call("base64", "ż", "ascii"), "cannot encode its text as ascii"),
        (call("base64", "x", "no-such"), "cannot encode its text as no-such"),
        (call("getText", {"camunda.document.type": "camunda"}), "getText takes a text here, not 1 params"),
        ([call("base64", "x")] * (CALLS_MAX + 1), "More than 10 intrinsic functions"),
    ],
)
def test_what_cannot_be_worked_out_is_an_error_of_the_input(bad: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        resolve(bad)
