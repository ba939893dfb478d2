"""Whether a request is from Slack: signed with the app's secret, and not long ago (`spec/inbound.md` §4.8). No I/O."""

from __future__ import annotations

import hmac

from zelery.sdk import RefusalError, Request

TIMESTAMP, SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"

#: A request is taken within this time of its timestamp, seconds: who overhears one cannot send it again for ever.
WINDOW_S = 300
_DIGITS_MAX = 12
_UNAUTHORIZED = 401


def check(secret: str, request: Request, now_s: float) -> None:
    """Raise RefusalError for a request that Slack did not send."""
    timestamp, sent = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
    if not sent or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _DIGITS_MAX):
        raise _refusal(f"{SIGNATURE} and {TIMESTAMP} must be there")
    if abs(now_s - int(timestamp)) > WINDOW_S:
        raise _refusal(f"{TIMESTAMP} is more than {WINDOW_S // 60} minutes away")
    signed = b"v0:" + timestamp.encode() + b":" + request.body
    wanted = "v0=" + hmac.new(secret.encode("utf-8", "replace"), signed, "sha256").hexdigest()
    if not hmac.compare_digest(sent.encode(), wanted.encode()):
        raise _refusal("HMAC signature did not match")


def _refusal(details: str) -> RefusalError:
    return RefusalError(_UNAUTHORIZED, f"Reason: INVALID_SIGNATURE. Details: {details}")
