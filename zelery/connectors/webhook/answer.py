"""What a webhook answers to an event that was taken (`spec/inbound.md` §4.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zelery.connectors.webhook.properties import Hook
from zelery.sdk import Response
from zelery.sdk.webhook_answer import response_of


def succeeded(hook: Hook, seen: Mapping[str, Any]) -> Response:
    """The response to an event that was taken; `seen` is what its expressions see.

    Raises ExpressionError, and InputError for a result that is no response.
    """
    if hook.response_expression is not None:
        value = hook.response_expression(seen)
        return Response() if value is None else response_of(value, "responseExpression")
    if hook.response_body_expression is not None:
        return Response(body=hook.response_body_expression(seen))
    return Response()
