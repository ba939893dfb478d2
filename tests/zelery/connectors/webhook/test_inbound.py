from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.inbound_context import FakeInboundContext
from tests.zelery.connectors.webhook.hooks import URL, element, request
from zelery.connectors.webhook.inbound import path, webhook
from zelery.connectors.webhook.keys import KeySets, open_key_sets
from zelery.correlation import AlreadyCorrelated, ConditionNotMet, EngineRefused, Failed, InvalidInput, Result
from zelery.sdk import ConnectorError, ExpressionError, InputError, RefusalError, Resource, Response

JSON = {"content_type": "application/json"}


async def answered(body: bytes, properties: Mapping[str, str], result: Result | None = None) -> Any:
    """The response to a request, and what was correlated."""
    context = FakeInboundContext() if result is None else FakeInboundContext(correlates=_always(result))
    response = await webhook(element(**properties), request(body, **JSON), context)
    return response, [event for event, _ in context.correlated], context.entries


def _always(result: Result) -> Any:
    async def correlates(event: Any, message_id: str | None) -> Result:
        return result

    return correlates


def test_a_webhook_without_a_path_is_said_to_have_none() -> None:
    for context in ("", " "):
        with pytest.raises(InputError, match="Webhook path not provided"):
            path(element(context=context))
    assert path(element(context="Ä~.x")) == "Ä~.x"


async def test_checks_come_in_the_order_of_method_signature_authorization_and_body() -> None:
    properties = {
        "method": "get",
        "shouldValidateHmac": "enabled",
        "hmacSecret": "s",
        "hmacHeader": "X-Sig",
        "hmacAlgorithm": "sha_256",
        "auth__type": "BASIC",
    }
    reasons = []
    for fixed in (None, "method", "shouldValidateHmac", "auth__type"):
        properties.pop(fixed or "", None)
        with pytest.raises(RefusalError) as error:
            await answered(b"no json", properties)
        reasons.append((error.value.status, error.value.message))
    assert [status for status, _ in reasons] == [405, 401, 401, 400]
    assert reasons[0][1] == "Method POST not supported"
    assert "HMAC header X-Sig is missing" in reasons[1][1]
    assert "Basic auth header is missing" in reasons[2][1]
    assert "the body is no JSON" in reasons[3][1]


async def test_verification_comes_before_everything_and_ends_the_request() -> None:
    properties = {"verificationExpression": "={statusCode: 418, body: request.body.c}", "method": "get"}
    assert await answered(b'{"c": "x"}', properties) == (Response(status=418, body="x"), [], [])
    with pytest.raises(RefusalError, match="Method POST not supported"):
        await answered(b"{}", {**properties, "verificationExpression": "=null"})


async def test_what_a_model_cannot_mean_is_a_500_and_its_author_reads_why() -> None:
    for properties, why in (
        ({"verificationExpression": '="plain"'}, "inbound.verificationExpression gave str"),
        ({"shouldValidateHmac": "enabled"}, "inbound.hmacAlgorithm is None"),
        ({"responseExpression": "={statusCode: 99}"}, "inbound.responseExpression gave statusCode 99"),
    ):
        response, _, entries = await answered(b"{}", properties)
        assert response == Response(status=500)
        severity, tag, message = entries[-1]
        assert (severity, tag, why in message) == ("ERROR", "POST", True)


async def test_expressions_that_fail_are_raised_for_the_host_to_tell() -> None:
    for name in ("verificationExpression", "responseExpression"):
        with pytest.raises(ExpressionError) as error:
            await answered(b"{}", {name: "=a +"})
        assert error.value.expression == "=a +"


@pytest.mark.parametrize(
    ("result", "response"),
    [
        (ConditionNotMet(consume=False), Response(status=422, body={"message": "Activation condition not met"})),
        (InvalidInput(message="no key"), Response(status=422, body={"message": "no key", "error": None})),
        (
            EngineRefused(status="NOT_FOUND", message="gone", later=False),
            Response(status=404, body={"status": "NOT_FOUND", "message": "gone"}),
        ),
        (Failed(message="x"), Response(status=500)),
        # expressions see nothing of what was not correlated now
        (ConditionNotMet(consume=True), Response(status=202, body={"c": None})),
        (AlreadyCorrelated(), Response(status=202, body={"c": None})),
        (None, Response(status=202, body={"c": {"messageKey": 1, "tenantId": "<default>"}})),
    ],
)
async def test_the_response_expression_answers_what_was_taken_and_nothing_else(
    result: Result | None, response: Response
) -> None:
    expression = "={statusCode: 202, body: {c: correlation}}"
    assert (await answered(b"{}", {"responseExpression": expression}, result))[0] == response


async def test_the_event_is_the_request_and_each_has_an_entry_in_the_activity_log() -> None:
    context = FakeInboundContext()
    given = request(b'{"a":1}', query="q=1&q=2", **JSON)
    assert await webhook(element(), given, context) == Response()
    seen = {"body": {"a": 1}, "headers": {"content-type": "application/json"}, "params": {"q": "1"}}
    assert context.correlated == [({"request": seen, "connectorData": {}}, None)]
    assert context.entries == [("INFO", "POST", f"Url: {URL}")]


@pytest.mark.parametrize(("declared", "method"), [("Get", "GET"), ("any", "HEAD"), ("ANY", "PUT"), ("", "DELETE")])
async def test_methods_are_compared_without_regard_to_case(declared: str, method: str) -> None:
    assert await webhook(element(method=declared), request(method=method), FakeInboundContext()) == Response()


async def test_head_is_not_get() -> None:
    with pytest.raises(RefusalError, match="Method HEAD not supported"):
        await webhook(element(method="get"), request(method="HEAD"), FakeInboundContext())


class Unreachable(FakeInboundContext):
    async def use(self, resource: Resource[Any]) -> Any:
        assert resource is open_key_sets

        async def fetch(url: str) -> Any:
            raise ConnectorError("no answer")

        return KeySets(fetch)


async def test_keys_that_cannot_be_had_are_a_503_and_only_the_author_reads_where_they_are() -> None:
    token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.AAAA"
    context = Unreachable()
    with pytest.raises(RefusalError) as error:
        await webhook(
            element(auth__type="JWT", auth__jwt__jwkUrl="http://issuer/jwks"), request(authorization=token), context
        )
    assert (error.value.status, "issuer" in error.value.message) == (503, False)
    assert "The key set at http://issuer/jwks cannot be had: no answer" in context.entries[-1][2]
