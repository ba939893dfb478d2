from __future__ import annotations

from typing import Any

import pytest

from zelery.sdk import InputError, Response
from zelery.sdk.webhook_answer import response_of


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("plain", "responseExpression gave str, and not a context as {statusCode: 201"),
        (5, "gave int"),
        ([{}], "gave list"),
        ({"statusCode": 99}, "statusCode 99: must be a number from 200 to 999"),
        ({"statusCode": 1000}, "statusCode 1000"),
        ({"statusCode": "abc"}, "statusCode 'abc'"),
        ({"statusCode": True}, "statusCode True"),
        ({"headers": "x"}, "gave headers that are no context"),
        ({"headers": {"X-A": ["b", "c"]}}, "gave header 'X-A' more than one value"),
    ],
)
def test_what_is_no_response_is_the_models_fault_and_says_how_it_should_be(value: Any, why: str) -> None:
    with pytest.raises(InputError) as error:
        response_of(value, "responseExpression")
    assert why in str(error.value)


@pytest.mark.parametrize(
    ("value", "response"),
    [
        ({}, Response()),
        ({"x": 1, "statuscode": 201}, Response()),
        ({"statusCode": "201", "body": {}}, Response(status=201, body={})),
        ({"statusCode": 201.7}, Response(status=201)),
        ({"statusCode": 799, "body": "a < b"}, Response(status=799, body="a < b")),
        # HTTP has no body with these
        ({"statusCode": 304, "body": {"e": 1}}, Response(status=304)),
        (
            {"headers": {"X-A": 5, "X-B": True, "X-N": None, "X-T": "t"}},
            Response(headers={"X-A": "5", "X-B": "true", "X-T": "t"}),
        ),
    ],
)
def test_every_member_of_a_response_may_be_absent(value: Any, response: Response) -> None:
    assert response_of(value, "responseExpression") == response
