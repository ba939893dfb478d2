"""What a model says of a webhook: where, how, who may call, and what is answered (`spec/inbound.md` §9.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Tag

from zelery.sdk import Feel, FeelText, Input
from zelery.sdk.expressions import Formula
from zelery.sdk.types import NOT_BLANK, NOT_NULL, Choice, Must, Text, invalid, matching

KINDS = ("NONE", "BASIC", "APIKEY", "JWT")


def _listed(value: Any) -> Any:
    """Scopes are FEEL or a JSON list: `body` alone is neither, in the Java runtime too."""
    if isinstance(value, str) and value.strip() and value.strip()[0] not in "=[":
        raise invalid('list, as ="body" in brackets: =["url", "body"]', value)
    return value


def _typed(value: Any) -> Any:
    """Who may call is said by its type, in capitals; an empty one lets in anybody."""
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind == "":
        return {"type": "NONE"}
    if isinstance(value, Mapping) and kind not in KINDS:
        raise invalid(f"one of {', '.join(KINDS)} in its type", value, f", not {kind!r}")
    return value


Scope = Annotated[Literal["url", "body", "parameters"], Choice("HMACScope")]


class NoAuth(Input):
    """Anybody may call."""

    type: Literal["NONE"] = "NONE"


class BasicAuth(Input):
    """Who knows a user's password."""

    type: Literal["BASIC"]
    username: FeelText | None = None
    password: FeelText | None = None


class ApiKeyAuth(Input):
    """Who knows a key."""

    type: Literal["APIKEY"]
    api_key: FeelText | None = None
    api_key_locator: Formula = None
    """Where in the request it is."""


class Jwt(Input):
    """Whose tokens are taken."""

    jwk_url: Annotated[FeelText, Must(NOT_BLANK, matching("https?://.+", "must be a http(s) URL"))]
    permissions_expression: Formula = None
    """What a token's claims permit."""
    required_permissions: Annotated[list[Text] | None, Feel()] = None


class JwtAuth(Input):
    """Who has a token that another has signed."""

    type: Literal["JWT"]
    jwt: Annotated[Jwt, Must(NOT_NULL)]


Auth = Annotated[
    Annotated[NoAuth, Tag("NONE")]
    | Annotated[BasicAuth, Tag("BASIC")]
    | Annotated[ApiKeyAuth, Tag("APIKEY")]
    | Annotated[JwtAuth, Tag("JWT")],
    Discriminator("type"),
]


class Signed(Input):
    """How requests are signed."""

    should_validate_hmac: Text | None = None
    """They are when this is `enabled`, in small letters."""
    hmac_secret: FeelText | None = None
    hmac_header: FeelText | None = None
    hmac_algorithm: Text | None = None
    hmac_scopes: Annotated[list[Scope] | None, Feel(), BeforeValidator(_listed)] = None


class Hook(Signed):
    """One webhook."""

    context: Text | None = None
    """The last part of its URL."""
    method: Text | None = None
    auth: Annotated[Auth, BeforeValidator(_typed)] = NoAuth()
    verification_expression: Formula = None
    """Answers instead of the process, where it gives anything."""
    response_expression: Formula = None
    response_body_expression: Formula = None
    """Its body alone, as models of before 8.6 say it."""


class WebhookElement(Input):
    """All properties of an element."""

    inbound: Annotated[Hook, Must(NOT_NULL)]
