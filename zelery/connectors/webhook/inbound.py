"""The webhook connector: one HTTP request starts or continues a process, and the model says what is answered.

The order is the Java runtime's (`spec/inbound.md` §4.4): verification, method, signature, authorization, body,
correlation, response.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from zelery import sdk
from zelery.connectors.webhook import signature
from zelery.connectors.webhook.answer import succeeded
from zelery.connectors.webhook.authorization import authorize
from zelery.connectors.webhook.properties import Hook, WebhookElement
from zelery.sdk import (
    EngineRefused,
    Failed,
    Handling,
    InboundContext,
    InputError,
    InvalidInput,
    RefusalError,
    Request,
    Response,
    answer,
)
from zelery.sdk.webhook_answer import response_of

ANY = "any"
_NOT_ALLOWED, _FAILED = 405, 500


def path(properties: WebhookElement) -> str:
    """Where it answers. Raises InputError."""
    context = properties.inbound.context
    if context is None or not context.strip():
        raise InputError("Webhook path not provided")
    return context


@sdk.webhook(type="io.camunda:webhook:1", name="Webhook", path=path)
async def webhook(properties: WebhookElement, request: Request, context: InboundContext) -> Response:
    """Check a request, correlate it, and answer as the model says.

    Raises RefusalError for what is the caller's fault, and ExpressionError. What is the model's is for its author to
    read, in the activity log; callers get a 500 without a word.
    """
    try:
        return await _answered(properties.inbound, request, context)
    except InputError as error:
        context.log("ERROR", request.method, error.message)
        return Response(status=_FAILED)


async def _answered(hook: Hook, request: Request, context: InboundContext) -> Response:
    visible = functools.cache(functools.partial(_visible, request))  # Its body is read when it is needed, and once.
    if hook.verification_expression is not None:
        verified = hook.verification_expression({"request": visible()})
        if verified is not None:
            return response_of(verified, "verificationExpression")
    context.log("INFO", request.method, f"Url: {request.url}")
    if (hook.method or ANY).upper() not in (ANY.upper(), request.method):
        raise RefusalError(_NOT_ALLOWED, f"Method {request.method} not supported")
    signature.check(hook, request)
    await authorize(hook.auth, request, visible, context)
    event = {"request": visible(), "connectorData": {}}
    result = await context.correlate(event)
    if isinstance(result, (InvalidInput, EngineRefused, Failed)) or result.handling is Handling.REJECT:
        return answer(result)
    return succeeded(hook, {**event, "correlation": result.visible()})


def _visible(request: Request) -> Mapping[str, Any]:
    """A request as expressions see it. Raises RefusalError for a body that cannot be read."""
    return {
        "body": sdk.body_of(request),
        "headers": dict(request.headers),
        "params": sdk.params_of(request),
    }
