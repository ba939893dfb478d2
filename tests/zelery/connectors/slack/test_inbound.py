from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.inbound_context import FakeInboundContext
from tests.zelery.connectors.slack.test_signature import SECRET, signed
from zelery.binding import validated
from zelery.connectors.slack.inbound import SlackElement, path, slack_webhook
from zelery.correlation import ConditionNotMet, Result
from zelery.errors import ConnectorError
from zelery.sdk import ExpressionError, InputError, RefusalError, Request, Response

FORM = "application/x-www-form-urlencoded"
DONE = {"response_type": "ephemeral", "text": "Command executed"}
JSON_HEADERS = {"Content-Type": "application/json; charset=utf-8"}


def element(**properties: str) -> SlackElement:
    given = {"context": "slack", "slackSigningSecret": SECRET, **properties}
    return validated({"inbound": given}, SlackElement)


def request(body: bytes, kind: str = "application/json") -> Request:
    stamp = str(int(time.time()))
    headers = {
        "content-type": kind,
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": signed(stamp, body),
    }
    return Request(method="POST", url="http://host/inbound/slack", headers=headers, body=body)


def clicked(payload: dict[str, Any]) -> Request:
    return request(urlencode({"payload": json.dumps(payload)}).encode(), FORM)


def test_a_webhook_without_a_path_or_a_secret_cannot_be_activated() -> None:
    with pytest.raises(InputError, match="Webhook path not provided"):
        path(element(context=""))
    with pytest.raises(ConnectorError, match="slackSigningSecret: Validation failed"):
        element(slackSigningSecret="")


async def test_an_unsigned_challenge_is_not_answered() -> None:
    body = b'{"type":"url_verification","challenge":"c"}'
    unsigned = Request(method="POST", url="http://host/inbound/slack", headers={}, body=body)
    context = FakeInboundContext()
    with pytest.raises(RefusalError, match="INVALID_SIGNATURE") as error:
        await slack_webhook(element(), unsigned, context)
    assert (error.value.status, context.correlated, context.entries) == (401, [], [])


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        (b"[1]", "application/json", "the body is no JSON object"),
        (b"{", "application/json", "the body is no JSON"),
        (b"payload=%7B", FORM, "its payload is no JSON object"),
        (b"payload=%5B1%5D", FORM, "its payload is no JSON object"),
        (b'{"payload": 5}', "application/json", "its payload is no JSON object"),
    ],
)
async def test_what_slack_never_sends_is_refused(body: bytes, kind: str, why: str) -> None:
    given = request(body, kind)  # Signed now: Slack's signatures hold for five minutes.
    with pytest.raises(RefusalError, match=why) as error:
        await slack_webhook(element(), given, FakeInboundContext())
    assert error.value.status == 400


async def test_a_verification_that_fails_is_raised_and_one_that_is_no_response_is_a_500_with_a_word() -> None:
    with pytest.raises(ExpressionError):
        await slack_webhook(element(verificationExpression="=a +"), request(b"{}"), FakeInboundContext())
    context = FakeInboundContext()
    response = await slack_webhook(element(verificationExpression="=5"), request(b"{}"), context)
    assert response == Response(status=500)
    assert "inbound.verificationExpression gave int" in context.entries[0][2]


@pytest.mark.parametrize("expression", ["", "={body: {challenge: body.challenge}}"])
async def test_the_challenge_is_answered_whether_the_model_says_so_or_not(expression: str) -> None:
    context = FakeInboundContext()
    body = b'{"type":"url_verification","challenge":"c"}'
    response = await slack_webhook(element(verificationExpression=expression), request(body), context)
    assert response == Response(body={"challenge": "c"})
    assert context.correlated == []


async def test_an_event_is_correlated_under_slacks_id_of_it_and_echoed() -> None:
    context = FakeInboundContext()
    body = {"type": "event_callback", "event_id": "Ev1", "event": {"text": "hi"}}
    given = request(json.dumps(body).encode())
    assert await slack_webhook(element(), given, context) == Response(body=body)
    seen = {"request": {"body": body, "headers": dict(given.headers), "params": {}}, "connectorData": {}}
    assert context.correlated == [(seen, "Ev1")]
    assert context.entries == [("INFO", "POST", "URL: http://host/inbound/slack")]


async def test_a_slash_command_keeps_its_whole_text_and_is_answered_with_a_word() -> None:
    context = FakeInboundContext()
    form = {"command": "/do", "text": "a=b&c", "trigger_id": "t1"}
    given = request(urlencode(form).encode(), FORM)
    assert await slack_webhook(element(), given, context) == Response(body=DONE)
    seen = {"request": {"body": form, "headers": JSON_HEADERS, "params": {}}, "connectorData": form}
    assert context.correlated == [(seen, "t1")]


async def test_what_was_clicked_is_the_json_in_the_payload() -> None:
    context = FakeInboundContext()
    payload = {"type": "block_actions", "actions": [{"value": "a=b&c"}]}
    assert await slack_webhook(element(), clicked(payload), context) == Response(body=DONE)
    seen = {"request": {"body": payload, "headers": JSON_HEADERS, "params": {}}, "connectorData": payload}
    assert context.correlated == [(seen, None)]


async def test_an_event_that_nobody_wants_is_told_so() -> None:
    async def unwanted(event: Any, message_id: str | None) -> Result:
        return ConditionNotMet(consume=False)

    response = await slack_webhook(element(), request(b"{}"), FakeInboundContext(correlates=unwanted))
    assert response == Response(status=422, body={"message": "Activation condition not met"})
