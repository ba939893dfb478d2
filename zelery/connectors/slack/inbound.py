"""The Slack webhook: events, slash commands and what people click start or continue processes."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

from zelery import sdk
from zelery.connectors.slack import signature
from zelery.sdk import Expression, FeelText, InboundContext, Input, InputError, RefusalError, Request, Response, answer
from zelery.sdk.expressions import Formula
from zelery.sdk.types import NOT_BLANK, NOT_NULL, Must, Text
from zelery.sdk.webhook_answer import response_of
from zelery.sdk.webhook_body import fields_of

#: How Slack makes sure that an address is its owner's: it wants its challenge back. Templates say so too.
CHALLENGED = '=if body.type = "url_verification" then {statusCode: 200, body: {challenge: body.challenge}} else null'

_DONE = {"response_type": "ephemeral", "text": "Command executed"}
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_UNREADABLE, _FAILED = 400, 500


class SlackHook(Input):
    """Where, and how Slack is known."""

    context: Text | None = None
    slack_signing_secret: Annotated[FeelText, Must(NOT_BLANK)]
    verification_expression: Formula = None


class SlackElement(Input):
    """All properties of an element."""

    inbound: Annotated[SlackHook, Must(NOT_NULL)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Received:
    """What Slack sent."""

    body: Mapping[str, Any] = dataclasses.field(repr=False)
    interactive: bool
    """Whether somebody waits for a word: a slash command, or something that was clicked."""

    @property
    def id(self) -> str | None:
        """Slack's own name for it: it sends an event again when it had no answer within three seconds."""
        found = self.body.get("event_id") or self.body.get("trigger_id")
        return found if isinstance(found, str) else None

    def event(self, request: Request) -> dict[str, Any]:
        """What the model's expressions see."""
        headers = _JSON if self.interactive else dict(request.headers)
        return {
            "request": {"body": self.body, "headers": headers, "params": {}},
            "connectorData": self.body if self.interactive else {},
        }


def path(properties: SlackElement) -> str:
    """Where it answers. Raises InputError."""
    context = properties.inbound.context
    if context is None or not context.strip():
        raise InputError("Webhook path not provided")
    return context


@sdk.webhook(type="io.camunda:slack-webhook:1", name="Slack Inbound", path=path)
async def slack_webhook(properties: SlackElement, request: Request, context: InboundContext) -> Response:
    """Check that it is Slack, answer its challenge, and correlate anything else.

    Raises RefusalError for what Slack did not send, and ExpressionError.
    """
    hook = properties.inbound
    signature.check(hook.slack_signing_secret, request, time.time())
    form = _form(request)
    try:
        verified = _verified(hook, form, request)
    except InputError as error:
        context.log("ERROR", request.method, error.message)
        return Response(status=_FAILED)
    if verified is not None:
        return verified
    context.log("INFO", request.method, f"URL: {request.url}")
    received = received_of(form)
    result = await context.correlate(received.event(request), message_id=received.id)
    return answer(result, Response(body=_DONE if received.interactive else dict(received.body)))


def _verified(hook: SlackHook, form: Mapping[str, Any], request: Request) -> Response | None:
    """What the model answers instead of a process. Raises ExpressionError and InputError."""
    expression = hook.verification_expression or Expression(CHALLENGED)
    seen = {"body": form, "headers": dict(request.headers), "params": sdk.params_of(request)}
    value = expression(seen)
    return None if value is None else response_of(value, "verificationExpression")


def _form(request: Request) -> Mapping[str, Any]:
    """The body: a JSON object, or the fields of a form with their whole values. Raises RefusalError."""
    body = dict(reversed(fields_of(request))) or sdk.body_of(request)
    return body if isinstance(body, dict) else _no_object("the body")


def received_of(form: Mapping[str, Any]) -> Received:
    """What a body means: of what people click, the JSON in its one field. Raises RefusalError."""
    if form.keys() != {"payload"}:
        return Received(body=form, interactive="command" in form)
    try:
        payload = json.loads(form["payload"])
    except (ValueError, TypeError, RecursionError):
        payload = None
    return Received(body=payload if isinstance(payload, dict) else _no_object("its payload"), interactive=True)


def _no_object(what: str) -> NoReturn:
    raise RefusalError(_UNREADABLE, f"{what} is no JSON object: Slack sends one, or a form")
