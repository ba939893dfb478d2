"""Webhooks and requests to them, as tests write them."""

from __future__ import annotations

from typing import Any

from zelery.binding import validated
from zelery.connectors.webhook.properties import Hook, WebhookElement
from zelery.properties import nest
from zelery.sdk import Request

URL = "http://host/inbound/hook"


def element(**properties: str) -> WebhookElement:
    """An element from its properties, with `__` for dots: `auth__type="BASIC"`."""
    flat = {f"inbound.{name.replace('__', '.')}": value for name, value in properties.items()}
    return validated(nest({"inbound.type": "io.camunda:webhook:1", "inbound.context": "hook", **flat}), WebhookElement)


def hook(**properties: str) -> Hook:
    """Its part that says what the webhook does."""
    return element(**properties).inbound


def request(body: bytes = b"", *, method: str = "POST", query: str = "", **headers: Any) -> Request:
    """A request, with `_` for `-` in its headers' names."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method=method, url=URL, headers=given, query=query, body=body)
