from __future__ import annotations

import pytest

from tests.zelery.connectors.webhook.hooks import hook
from zelery.connectors.webhook.answer import succeeded
from zelery.sdk import ExpressionError, InputError, Response

SEEN = {"request": {"body": {"a": 1}}, "connectorData": {}, "correlation": {"processInstanceKey": 5}}


def test_an_expression_that_fails_or_gives_no_response_is_an_error() -> None:
    with pytest.raises(ExpressionError):
        succeeded(hook(responseExpression="=a +"), SEEN)
    with pytest.raises(InputError, match=r"inbound\.responseExpression gave str"):
        succeeded(hook(responseExpression='="x"'), SEEN)


@pytest.mark.parametrize(
    ("properties", "response"),
    [
        ({}, Response()),
        ({"responseExpression": "=null"}, Response()),
        ({"responseExpression": "={body: correlation}"}, Response(body={"processInstanceKey": 5})),
        ({"responseExpression": "={body: 1}", "responseBodyExpression": "=2"}, Response(body=1)),
        # the body alone, whatever it looks like
        ({"responseBodyExpression": "={statusCode: 201, body: 1}"}, Response(body={"statusCode": 201, "body": 1})),
        ({"responseBodyExpression": "=null"}, Response()),
    ],
)
def test_the_newer_expression_gives_the_response_and_the_older_its_body(
    properties: dict[str, str], response: Response
) -> None:
    assert succeeded(hook(**properties), SEEN) == response
