"""Where, and as whom, Operate and the REST API are asked: what the settings come to (`spec/inbound.md` §8.1)."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import SecretStr

from zelery.camunda.cluster import SAAS_TOKEN_URL
from zelery.camunda.credentials import trust
from zelery.camunda.definitions.login import Account
from zelery.camunda.tokens import OAuthClient
from zelery.errors import SettingError
from zelery.settings import Settings

SAAS_OPERATE = "https://{region}.operate.camunda.io/{cluster_id}"
SAAS_REST = "https://{region}.zeebe.camunda.io/{cluster_id}"
SAAS_OPERATE_AUDIENCE = "operate.camunda.io"
OPERATE_AUDIENCE = "operate-api"
#: What `camunda.client.mode=simple` means where nothing else is said.
SIMPLE_URL, SIMPLE_LOGIN = "http://localhost:8081", "demo"

KEYCLOAK_TOKENS = "/protocol/openid-connect/token"

#: How Operate is told who we are; None: not at all.
OperateLogin = Account | OAuthClient | None


class _Client(NamedTuple):
    """An OAuth client as the settings name it."""

    id: str | None
    secret: str | None
    where: str
    """The variables' beginning."""


def operate_url(settings: Settings) -> str:
    """Operate's address. Raises SettingError when there is none."""
    if settings.operate_url:
        return _address("CAMUNDA_OPERATE_CLIENT_URL", settings.operate_url)
    if settings.saas:
        return SAAS_OPERATE.format(region=settings.cluster_region, cluster_id=settings.cluster_id)
    if settings.cluster_mode == "simple":
        return SIMPLE_URL
    raise SettingError("ZELERY_DEFINITIONS=operate needs Operate's address: set CAMUNDA_OPERATE_CLIENT_URL")


def rest_url(settings: Settings) -> str:
    """The REST API's address, without its version. Raises SettingError when there is none."""
    if settings.rest_address:
        return _address("CAMUNDA_REST_ADDRESS", settings.rest_address).removesuffix("/v2")
    if settings.saas:
        return SAAS_REST.format(region=settings.cluster_region, cluster_id=settings.cluster_id)
    raise SettingError("ZELERY_DEFINITIONS=orchestration needs the cluster's REST address: set CAMUNDA_REST_ADDRESS")


def operate_login(settings: Settings) -> OperateLogin:
    """Who we are to Operate, in the Java runtime's order. Raises SettingError for half of somebody."""
    if token_url := _token_url(settings):
        return _oauth(settings, _client(settings), token_url=token_url)
    if settings.operate_username or settings.operate_password:
        return _account(settings, settings.operate_username, _plain(settings.operate_password))
    if settings.identity_client_id:
        return _by_identity(settings)
    if settings.cluster_mode == "simple":
        return _account(settings, settings.username or SIMPLE_LOGIN, _plain(settings.password) or SIMPLE_LOGIN)
    if settings.method == "oidc":
        return _oauth(settings, _client(settings), token_url=settings.token_url, issuer_url=settings.issuer_url)
    if settings.operate_client_id:
        raise SettingError(
            "CAMUNDA_OPERATE_CLIENT_CLIENT_ID is set, but not where tokens come from: set"
            " CAMUNDA_OPERATE_CLIENT_KEYCLOAK_TOKEN_URL, or CAMUNDA_OPERATE_CLIENT_KEYCLOAK_URL"
        )
    return None


def _token_url(settings: Settings) -> str | None:
    """A token endpoint that is for Operate by its name, or SaaS's."""
    if settings.operate_token_url:
        return settings.operate_token_url
    if settings.saas:
        return settings.token_url or SAAS_TOKEN_URL
    realm = f"/auth/realms/{settings.operate_keycloak_realm}{KEYCLOAK_TOKENS}"
    return settings.operate_keycloak_url and settings.operate_keycloak_url.rstrip("/") + realm


def _account(settings: Settings, username: str | None, password: str | None) -> Account:
    for part, value in (("USERNAME", username), ("PASSWORD", password)):
        if not value:
            raise SettingError(
                f"CAMUNDA_OPERATE_CLIENT_{part} is missing: Operate's login needs both name and password"
            )
    return Account(url=operate_url(settings), username=username or "", password=password or "")


def _by_identity(settings: Settings) -> OAuthClient:
    issuer = settings.identity_issuer
    if issuer is None:
        raise SettingError(
            "CAMUNDA_IDENTITY_CLIENT_ID is set, but not where tokens come from: set CAMUNDA_IDENTITY_ISSUER_BACKEND_URL"
        )
    client = _Client(settings.identity_client_id, _plain(settings.identity_client_secret), "CAMUNDA_IDENTITY_CLIENT")
    if settings.identity_type.upper() == "KEYCLOAK":
        # Its configuration would name the endpoint by the address that browsers know, which may be none from here.
        return _oauth(settings, client, token_url=issuer.rstrip("/") + KEYCLOAK_TOKENS)
    return _oauth(settings, client, issuer_url=issuer)


def _client(settings: Settings) -> _Client:
    """The first of the three OAuth clients that is set: Operate's own, Identity's, the cluster's."""
    if settings.operate_client_id or settings.operate_client_secret:
        secret = _plain(settings.operate_client_secret)
        return _Client(settings.operate_client_id, secret, "CAMUNDA_OPERATE_CLIENT_CLIENT")
    if settings.identity_client_id:
        secret = _plain(settings.identity_client_secret)
        return _Client(settings.identity_client_id, secret, "CAMUNDA_IDENTITY_CLIENT")
    return _Client(settings.client_id, _plain(settings.client_secret), "ZEEBE_CLIENT")


def _oauth(
    settings: Settings, client: _Client, *, token_url: str | None = None, issuer_url: str | None = None
) -> OAuthClient:
    tls = trust(settings)  # Before the secret is in plain text here, as in credentials.py.
    for part, value in (("ID", client.id), ("SECRET", client.secret)):
        if not value:
            raise SettingError(
                f"{client.where}_{part} is missing: OAuth for Operate needs a client's id and its secret"
            )
    usual = SAAS_OPERATE_AUDIENCE if settings.saas else OPERATE_AUDIENCE
    fields = {
        "grant_type": "client_credentials",
        "client_id": client.id,
        "client_secret": client.secret,
        "audience": settings.operate_audience or settings.identity_audience or usual,
        "scope": settings.operate_scope,
    }
    return OAuthClient(
        token_url=token_url,
        issuer_url=issuer_url or "",
        secret=client.secret or "",
        form={name: value for name, value in fields.items() if value},
        tls=tls,
    )


def _address(variable: str, url: str) -> str:
    """Without the slash at its end. Raises SettingError for a URL with a login in it: it would be in every log."""
    if "@" in urlsplit(url).netloc:
        raise SettingError(f"{variable} has a login in it; write the address alone, and the login in its own variables")
    return url.rstrip("/")


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
