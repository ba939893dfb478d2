"""Who asks: the kinds of authentication that element templates offer, and the protocol of OAuth tokens without I/O."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from zelery.errors import ConnectorError
from zelery.sdk.connector import Input
from zelery.sdk.http.content import FORM, form
from zelery.sdk.http.errors import UnbuildableError
from zelery.sdk.types import NOT_EMPTY, NOT_NULL, Choice, Must, Text, matching

Header = tuple[str, str]
NonEmpty = Annotated[Text, Must(NOT_EMPTY)]

#: What templates write for a password that is meant to be empty.
_EMPTY_PASSWORD = "SPEC_PASSWORD_EMPTY_PATTERN"  # noqa: S105 - a marker, no password
_ENDPOINT = matching("(http://|https://|secrets|\\{\\{)[^\n\r\x85\u2028\u2029]*", "Must be a http(s) URL")
_HIDDEN = "[REDACTED]"


class _Kind(Input):
    """What a request gets from its authentication: nothing, unless a kind says otherwise."""

    def headers(self) -> list[Header]:
        """Headers that say who asks."""
        return []

    def parameters(self) -> list[tuple[str, str]]:
        """Query parameters that say who asks."""
        return []

    def __repr__(self) -> str:
        """As it prints, because a field of it may be a secret."""
        return str(self)


class NoAuthentication(_Kind):
    """Anybody asks."""

    type: Literal["noAuth"] = "noAuth"

    def __str__(self) -> str:
        return "NoAuthentication[]"


class BasicAuthentication(_Kind):
    """A user with a password."""

    type: Literal["basic"]
    username: NonEmpty
    password: Text | None = None

    def headers(self) -> list[Header]:
        password = "" if self.password in (None, _EMPTY_PASSWORD) else self.password
        return [("Authorization", _basic(self.username, password or ""))]

    def __str__(self) -> str:
        return f"BasicAuthentication{{username='{self.username}', password={_HIDDEN}}}"


class BearerAuthentication(_Kind):
    """Who has a token."""

    type: Literal["bearer"]
    token: NonEmpty

    def headers(self) -> list[Header]:
        return [("Authorization", f"Bearer {self.token}")]

    def __str__(self) -> str:
        return f"BearerAuthentication{{token={_HIDDEN}}}"


class ApiKeyAuthentication(_Kind):
    """Who has a key, in a header or in the query."""

    type: Literal["apiKey"]
    api_key_location: Annotated[Literal["query", "headers"], Choice("ApiKeyLocation"), Must(NOT_NULL)]
    name: NonEmpty
    value: NonEmpty

    def headers(self) -> list[Header]:
        return [(self.name, self.value)] if self.api_key_location == "headers" else []

    def parameters(self) -> list[tuple[str, str]]:
        return [(self.name, self.value)] if self.api_key_location == "query" else []

    def __str__(self) -> str:
        return f"ApiKeyAuthentication{{apiKeyLocation={self.api_key_location}, name='{self.name}', value={_HIDDEN}}}"


class OAuthAuthentication(_Kind):
    """A client that gets itself a token first (client credentials); the token is the request's, not the model's."""

    type: Literal["oauth-client-credentials-flow"]
    oauth_token_endpoint: Annotated[Text, Must(NOT_EMPTY, _ENDPOINT)]
    client_id: NonEmpty
    client_secret: NonEmpty
    client_authentication: NonEmpty
    audience: Text | None = None
    scopes: Text | None = None

    def __str__(self) -> str:
        return (
            f"OAuthAuthentication{{oauthTokenEndpoint='{self.oauth_token_endpoint}', clientId='{self.client_id}',"
            f" clientSecret={_HIDDEN}, audience='{_shown(self.audience)}',"
            f" clientAuthentication='{self.client_authentication}', scopes='{_shown(self.scopes)}'}}"
        )

    @property
    def key(self) -> str:
        """One name for everything that a token depends on; it tells nothing about the secret."""
        parts = (self.oauth_token_endpoint, self.client_id, self.client_secret)
        rest = (self.audience, self.scopes, self.client_authentication)
        return hashlib.sha256(json.dumps([*parts, *rest]).encode()).hexdigest()


Authentication = (
    NoAuthentication | BasicAuthentication | BearerAuthentication | ApiKeyAuthentication | OAuthAuthentication
)
AnyAuthentication = Annotated[Authentication, Field(discriminator="type")]
"""An input field of any kind, told apart by its `type`."""


def token_form(client: OAuthAuthentication) -> tuple[dict[str, str | None], str]:
    """Headers and body of the request for a token.

    Raises UnbuildableError when the model names another way to authenticate the client than the two there are.
    """
    fields: dict[str, str | None] = {"audience": client.audience, "grant_type": "client_credentials"}
    if client.scopes:
        fields["scope"] = client.scopes
    headers: dict[str, str | None] = {"Content-Type": FORM}
    if client.client_authentication == "basicAuthHeader":
        headers["Authorization"] = _basic(client.client_id, client.client_secret)
    elif client.client_authentication == "credentialsBody":
        fields |= {"client_secret": client.client_secret, "client_id": client.client_id}
    else:
        raise UnbuildableError(
            f"Unsupported client authentication method: {client.client_authentication}."
            " Please use either 'basicAuthHeader' or 'credentialsBody'."
        )
    return headers, form(fields)


def granted(answer: Any) -> tuple[str, float]:
    """The token of a token endpoint's answer, and for how many seconds it may be kept (0 when nobody says).

    The answer's own `access_token` counts, else the first that is nested in it. Raises ConnectorError with the code
    OAUTH_TOKEN_ERROR when there is none: a request without one would fail later, and say less.
    """
    found = _find(answer, "access_token") if isinstance(answer, Mapping) else None
    if found is None:
        raise ConnectorError("The token endpoint's answer holds no access_token", code="OAUTH_TOKEN_ERROR")
    seconds = answer.get("expires_in")
    numeric = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    return _text(found), float(seconds) if numeric else 0.0


def _find(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        if name in value:
            return value[name]
        value = list(value.values())
    if not isinstance(value, list):
        return None
    return next((found for entry in value if (found := _find(entry, name)) is not None), None)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if isinstance(value, (Mapping, list)) else str(value)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode(errors="replace")).decode()


def _shown(text: str | None) -> str:
    return "null" if text is None else text
