from __future__ import annotations

import hashlib
import hmac

import pytest

from zelery.connectors.slack.signature import WINDOW_S, check
from zelery.sdk import RefusalError, Request

SECRET = "8f742231b10e"
NOW = 1_700_000_000.0
BODY = b'{"type":"event_callback"}'


def signed(timestamp: str, body: bytes = BODY, secret: str = SECRET) -> str:
    text = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def request(timestamp: str | None, signature: str | None, body: bytes = BODY) -> Request:
    given = {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature}
    headers = {name: value for name, value in given.items() if value is not None}
    return Request(method="POST", url="http://host/inbound/slack", headers=headers, body=body)


STAMP = str(int(NOW))
OLD, EARLY = str(int(NOW) - WINDOW_S - 1), str(int(NOW) + WINDOW_S + 1)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (request(None, None), "must be there"),
        (request(STAMP, None), "must be there"),
        (request(None, signed(STAMP)), "must be there"),
        (request("soon", signed("soon")), "must be there"),
        (request("٣", signed("٣")), "must be there"),
        (request("9" * 5000, signed("9" * 5000)), "must be there"),
        (request(OLD, signed(OLD)), "more than 5 minutes away"),
        (request(EARLY, signed(EARLY)), "more than 5 minutes away"),
        (request(STAMP, signed(STAMP, secret="other")), "did not match"),
        (request(STAMP, signed(STAMP), b"{}"), "did not match"),
        (request(STAMP, signed(STAMP).removeprefix("v0=")), "did not match"),
        (request(STAMP, "ü"), "did not match"),
    ],
)
def test_what_slack_did_not_send_is_refused(given: Request, why: str) -> None:
    with pytest.raises(RefusalError) as error:
        check(SECRET, given, NOW)
    assert error.value.status == 401
    assert error.value.message.startswith("Reason: INVALID_SIGNATURE. Details: ")
    assert why in error.value.message


def test_what_slack_signed_within_five_minutes_is_taken() -> None:
    for timestamp in (STAMP, str(int(NOW) - WINDOW_S), str(int(NOW) + WINDOW_S)):
        check(SECRET, request(timestamp, signed(timestamp)), NOW)
