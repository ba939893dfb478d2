"""The settings' source of process definitions, opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from redis.asyncio import Redis

from zelery.camunda.credentials import authorization, trust
from zelery.camunda.definitions import operate, orchestration
from zelery.camunda.definitions.access import operate_login, operate_url, rest_url
from zelery.camunda.definitions.deployed import DeployedSource
from zelery.camunda.definitions.login import Account, ByHeader, BySession, Login, Nobody
from zelery.camunda.definitions.port import DefinitionSource
from zelery.camunda.definitions.site import Site
from zelery.camunda.definitions.transport import Send, sender
from zelery.camunda.tokens import Bearer, OAuthClient, ask
from zelery.settings import Settings

_LOGIN = "check CAMUNDA_OPERATE_CLIENT_USERNAME and CAMUNDA_OPERATE_CLIENT_PASSWORD"
_NO_LOGIN = (
    "set CAMUNDA_OPERATE_CLIENT_USERNAME and CAMUNDA_OPERATE_CLIENT_PASSWORD, or for Identity"
    " CAMUNDA_IDENTITY_CLIENT_ID, CAMUNDA_IDENTITY_CLIENT_SECRET and CAMUNDA_IDENTITY_ISSUER_BACKEND_URL"
)
_OAUTH = (
    "check the audience of the tokens of {where} (CAMUNDA_OPERATE_CLIENT_AUDIENCE), and that the client may read from"
    " Operate"
)
_REST = {
    "none": "set CAMUNDA_CLIENT_AUTH_METHOD to basic or oidc, with its credentials",
    "basic": (
        "check CAMUNDA_CLIENT_AUTH_USERNAME and CAMUNDA_CLIENT_AUTH_PASSWORD, and that this user has the permissions"
        " READ_PROCESS_DEFINITION and READ_PROCESS_INSTANCE"
    ),
    "oidc": (
        "check the audience (CAMUNDA_TOKEN_AUDIENCE), and that the client has the permissions"
        " READ_PROCESS_DEFINITION and READ_PROCESS_INSTANCE"
    ),
}


def origin(settings: Settings) -> Literal["operate", "orchestration", "deployed"]:
    """Where definitions come from: what is said, or what an address is set for."""
    if settings.definitions != "auto":
        return settings.definitions
    if settings.operate_enabled and settings.operate_url:
        return "operate"
    if settings.rest_address:
        return "orchestration"
    # Without an address of its own, Operate's follows from these, as it does for the Java runtime.
    implied = settings.saas or settings.cluster_mode == "simple"
    return "operate" if settings.operate_enabled and implied else "deployed"


@asynccontextmanager
async def open_source(settings: Settings, redis: Redis) -> AsyncIterator[DefinitionSource]:
    """The source that the settings say; it asks for nothing before the first call. Raises SettingError."""
    chosen = origin(settings)
    if chosen == "deployed":
        yield DeployedSource(redis)
        return
    async with sender(trust(settings)) as send:
        if chosen == "operate":
            url = operate_url(settings)
            async with _operate_login(settings, send) as login:
                site = Site(send, login, name="Operate", url=url, hint=operate.HINT)
                yield operate.OperateSource(site, settings)
        else:
            url = rest_url(settings)
            async with authorization(settings) as who:
                remedy = _REST[settings.method]
                login = ByHeader(who, remedy) if who else Nobody(remedy)
                site = Site(send, login, name="the cluster's REST API", url=url, hint=orchestration.HINT)
                yield orchestration.OrchestrationSource(site, settings)


@asynccontextmanager
async def _operate_login(settings: Settings, send: Send) -> AsyncIterator[Login]:
    match operate_login(settings):
        case Account() as account:
            yield BySession(account, send, _LOGIN)
        case OAuthClient() as client:
            bearer = Bearer(lambda: ask(client), client.where)
            try:
                yield ByHeader(bearer, _OAUTH.format(where=client.where))
            finally:
                await bearer.close()
        case None:
            yield Nobody(_NO_LOGIN)
