"""Which source the environment means, and as whom it is asked."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
import redis.asyncio
from aiohttp import web

from zelery.camunda.definitions.access import operate_login, operate_url, rest_url
from zelery.camunda.definitions.choose import open_source, origin
from zelery.camunda.definitions.deployed import DeployedSource
from zelery.camunda.definitions.login import Account
from zelery.camunda.definitions.operate import OperateSource
from zelery.camunda.definitions.orchestration import OrchestrationSource
from zelery.camunda.tokens import OAuthClient
from zelery.errors import SettingError
from zelery.redis import connect
from zelery.settings import Settings

SECRET = "s3cr3t-of-the-client"
SAAS = {"CAMUNDA_CLUSTER_ID": "abc", "ZEEBE_CLIENT_ID": "c", "ZEEBE_CLIENT_SECRET": SECRET}
OPERATE = {"CAMUNDA_OPERATE_CLIENT_URL": "http://operate:8080/"}
IDENTITY = {
    "CAMUNDA_IDENTITY_CLIENT_ID": "connectors",
    "CAMUNDA_IDENTITY_CLIENT_SECRET": SECRET,
    "CAMUNDA_IDENTITY_ISSUER_BACKEND_URL": "http://keycloak/auth/realms/camunda-platform",
}
LOGIN = {"CAMUNDA_OPERATE_CLIENT_USERNAME": "demo", "CAMUNDA_OPERATE_CLIENT_PASSWORD": SECRET}


@pytest.mark.parametrize(
    ("environment", "chosen"),
    [
        # nothing but Zeebe
        ({}, "deployed"),
        # each generation's name for Operate
        (OPERATE, "operate"),
        ({"CAMUNDA_CLIENT_OPERATE_BASEURL": "http://o"}, "operate"),
        ({"operate.client.base-url": "http://o"}, "operate"),
        ({"CAMUNDA_CLIENT_MODE": "simple"}, "operate"),
        (SAAS, "operate"),
        # an empty variable is none
        ({"CAMUNDA_OPERATE_CLIENT_URL": ""}, "deployed"),
        # the REST API; Operate before it, as clusters to 8.7 have both addresses
        ({"CAMUNDA_REST_ADDRESS": "http://c:8080"}, "orchestration"),
        ({"CAMUNDA_CLIENT_RESTADDRESS": "http://c:8080"}, "orchestration"),
        ({**SAAS, "ZEEBE_REST_ADDRESS": "https://r/abc"}, "orchestration"),
        ({**OPERATE, "ZEEBE_REST_ADDRESS": "http://c:8080"}, "operate"),
        # Camunda's own switch
        ({**OPERATE, "OPERATE_CLIENT_ENABLED": "false"}, "deployed"),
        ({**SAAS, "OPERATE_CLIENT_ENABLED": "false"}, "deployed"),
        # what is said counts
        ({**OPERATE, "ZELERY_DEFINITIONS": "deployed"}, "deployed"),
        ({**SAAS, "ZELERY_DEFINITIONS": "Orchestration"}, "orchestration"),
    ],
)
def test_the_source_is_what_an_address_is_set_for(environment: Mapping[str, str], chosen: str) -> None:
    assert origin(Settings.read(environment)) == chosen


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        (OPERATE, "http://operate:8080"),
        (SAAS, "https://bru-2.operate.camunda.io/abc"),
        ({"CAMUNDA_CLIENT_MODE": "simple"}, "http://localhost:8081"),
    ],
)
def test_operates_address(environment: Mapping[str, str], url: str) -> None:
    assert operate_url(Settings.read(environment)) == url


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"CAMUNDA_REST_ADDRESS": "http://c:8080/"}, "http://c:8080"),
        # with the version, as some clients want it
        ({"CAMUNDA_REST_ADDRESS": "http://c:8080/v2"}, "http://c:8080"),
        (SAAS, "https://bru-2.zeebe.camunda.io/abc"),
    ],
)
def test_the_rest_apis_address(environment: Mapping[str, str], url: str) -> None:
    assert rest_url(Settings.read(environment)) == url


def oauth(environment: Mapping[str, str]) -> tuple[str | None, str, dict[str, str]]:
    client = operate_login(Settings.read(environment))
    assert isinstance(client, OAuthClient)
    assert client.form["client_secret"] == client.secret == SECRET
    return client.token_url, client.issuer_url, {k: v for k, v in client.form.items() if k != "client_secret"}


def form(client_id: str, audience: str = "operate-api") -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": client_id, "audience": audience}


KEYCLOAK_TOKENS = "http://keycloak/auth/realms/camunda-platform/protocol/openid-connect/token"
OWN = {"CAMUNDA_OPERATE_CLIENT_CLIENT-ID": "own", "CAMUNDA_OPERATE_CLIENT_CLIENT-SECRET": SECRET}
CLUSTER = {
    "ZEEBE_CLIENT_ID": "zeebe",
    "ZEEBE_CLIENT_SECRET": SECRET,
    "ZEEBE_AUTHORIZATION_SERVER_URL": "http://idp/token",
}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        # SaaS, with the cluster's client or one of Operate's own
        (SAAS, ("https://login.cloud.camunda.io/oauth/token", "", form("c", "operate.camunda.io"))),
        ({**SAAS, **OWN}, ("https://login.cloud.camunda.io/oauth/token", "", form("own", "operate.camunda.io"))),
        # Keycloak by its URL, another realm, by its endpoint
        (
            {**OPERATE, **OWN, "CAMUNDA_OPERATE_CLIENT_KEYCLOAK-URL": "http://keycloak/"},
            (KEYCLOAK_TOKENS, "", form("own")),
        ),
        (
            {
                **OPERATE,
                **OWN,
                "CAMUNDA_OPERATE_CLIENT_KEYCLOAK_URL": "http://k",
                "CAMUNDA_OPERATE_CLIENT_KEYCLOAK_REALM": "mine",
            },
            ("http://k/auth/realms/mine/protocol/openid-connect/token", "", form("own")),
        ),
        (
            {**OPERATE, **IDENTITY, "CAMUNDA_OPERATE_CLIENT_KEYCLOAK_TOKEN_URL": "http://k/t"},
            ("http://k/t", "", form("connectors")),
        ),
        # 8.7's own names
        (
            {
                "OPERATE_CLIENT_BASE_URL": "http://o",
                "OPERATE_CLIENT_AUTH_URL": "http://k/t",
                "OPERATE_CLIENT_CLIENT_ID": "own",
                "OPERATE_CLIENT_CLIENT_SECRET": SECRET,
                "OPERATE_CLIENT_AUDIENCE": "operate",
            },
            ("http://k/t", "", form("own", "operate")),
        ),
        # Identity over Keycloak, and over another issuer
        ({**OPERATE, **IDENTITY}, (KEYCLOAK_TOKENS, "", form("connectors"))),
        (
            {
                **OPERATE,
                **IDENTITY,
                "CAMUNDA_IDENTITY_TYPE": "GENERIC",
                "CAMUNDA_IDENTITY_ISSUER_BACKEND_URL": "http://idp",
                "CAMUNDA_IDENTITY_AUDIENCE": "aud",
            },
            (None, "http://idp", form("connectors", "aud")),
        ),
        # the cluster's own client, where Operate has no other
        ({**OPERATE, **CLUSTER}, ("http://idp/token", "", form("zeebe"))),
    ],
)
def test_tokens_for_operate_are_asked_for_where_and_as_whom_the_java_runtime_does(
    environment: Mapping[str, str], expected: Any
) -> None:
    assert oauth(environment) == expected


@pytest.mark.parametrize(
    ("environment", "username"),
    [
        ({**OPERATE, **LOGIN}, "demo"),
        # a login before Identity, as in the Java runtime
        ({**OPERATE, **LOGIN, **IDENTITY}, "demo"),
        # `simple`: its login is Operate's, demo where nothing is said
        ({"CAMUNDA_CLIENT_MODE": "simple"}, "demo"),
        ({"CAMUNDA_CLIENT_MODE": "simple", "CAMUNDA_CLIENT_AUTH_USERNAME": "me"}, "me"),
    ],
)
def test_a_login_for_operates_own_page(environment: Mapping[str, str], username: str) -> None:
    account = operate_login(Settings.read(environment))
    assert isinstance(account, Account)
    assert account.username == username
    assert SECRET not in repr(account)


def test_without_credentials_operate_is_asked_as_nobody() -> None:
    assert operate_login(Settings.read(OPERATE)) is None


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({**OPERATE, "CAMUNDA_OPERATE_CLIENT_USERNAME": "demo"}, "CAMUNDA_OPERATE_CLIENT_PASSWORD is missing"),
        ({**OPERATE, "CAMUNDA_OPERATE_CLIENT_PASSWORD": SECRET}, "CAMUNDA_OPERATE_CLIENT_USERNAME is missing"),
        (
            {**OPERATE, **IDENTITY, "CAMUNDA_IDENTITY_ISSUER_BACKEND_URL": ""},
            "set CAMUNDA_IDENTITY_ISSUER_BACKEND_URL",
        ),
        ({**OPERATE, **IDENTITY, "CAMUNDA_IDENTITY_CLIENT_SECRET": ""}, "CAMUNDA_IDENTITY_CLIENT_SECRET is missing"),
        ({**OPERATE, **OWN}, "set CAMUNDA_OPERATE_CLIENT_KEYCLOAK_TOKEN_URL"),
        (
            {**OPERATE, "CAMUNDA_OPERATE_CLIENT_KEYCLOAK_URL": "http://k", "CAMUNDA_OPERATE_CLIENT_CLIENT_ID": "own"},
            "CAMUNDA_OPERATE_CLIENT_CLIENT_SECRET is missing",
        ),
    ],
)
def test_half_of_somebody_is_refused_and_names_the_variable(environment: Mapping[str, str], named: str) -> None:
    with pytest.raises(SettingError) as refused:
        operate_login(Settings.read(environment))
    assert named in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        # said, and no address
        ({"ZELERY_DEFINITIONS": "operate"}, "set CAMUNDA_OPERATE_CLIENT_URL"),
        ({"ZELERY_DEFINITIONS": "orchestration"}, "set CAMUNDA_REST_ADDRESS"),
        # a login that would be in every log
        ({"CAMUNDA_OPERATE_CLIENT_URL": f"http://demo:{SECRET}@o"}, "CAMUNDA_OPERATE_CLIENT_URL has a login in it"),
        ({"CAMUNDA_REST_ADDRESS": f"http://demo:{SECRET}@o"}, "CAMUNDA_REST_ADDRESS has a login in it"),
    ],
)
async def test_a_source_without_its_address_is_refused(environment: Mapping[str, str], named: str) -> None:
    settings = Settings.read(environment)
    with pytest.raises(SettingError) as refused:
        async with connect(settings) as client, open_source(settings, client):
            pass
    assert named in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"ZELERY_DEFINITIONS": "database"}, "ZELERY_DEFINITIONS='database'"),
        ({"CAMUNDA_OPERATE_CLIENT_URL": "operate:8080"}, "CAMUNDA_OPERATE_CLIENT_URL='operate:8080'"),
        ({"CAMUNDA_CONNECTOR_PROCESSDEFINITIONSEARCH_PAGESIZE": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_at_the_door(environment: Mapping[str, str], named: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.read(environment)
    assert named in str(refused.value)


@pytest.fixture
async def client() -> AsyncIterator[redis.asyncio.Redis]:
    async with connect(Settings()) as client:  # which connects at its first command, and gets none
        yield client


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({}, DeployedSource),
        (OPERATE, OperateSource),
        ({**OPERATE, **LOGIN}, OperateSource),
        ({**OPERATE, **IDENTITY}, OperateSource),
        ({"CAMUNDA_REST_ADDRESS": "http://c"}, OrchestrationSource),
        ({"CAMUNDA_REST_ADDRESS": "http://c", **CLUSTER}, OrchestrationSource),
    ],
)
async def test_opening_a_source_asks_for_nothing(
    client: redis.asyncio.Redis, environment: Mapping[str, str], kind: type
) -> None:
    async with open_source(Settings.read(environment), client) as source:
        assert isinstance(source, kind)


@contextlib.asynccontextmanager
async def listening(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["operate", "orchestration"])
async def test_a_token_goes_with_each_call_and_a_new_one_when_it_is_refused(
    client: redis.asyncio.Redis, kind: str
) -> None:
    given: list[str] = []
    audiences: list[Any] = []

    async def server(request: web.BaseRequest) -> web.StreamResponse:
        if request.path.endswith("/token"):
            audiences.append(parse_qs(await request.text())["audience"])
            given.append(f"token-{len(given) + 1}")
            return web.json_response({"access_token": given[-1], "expires_in": 300})
        if request.headers["Authorization"] != "Bearer token-2":  # The first one has been revoked.
            return web.json_response({"message": ""}, status=401)
        return web.json_response({"items": [], "sortValues": [], "page": {}, "total": 0})

    async with listening(server) as url:
        environment = {
            "ZEEBE_CLIENT_ID": "c",
            "ZEEBE_CLIENT_SECRET": SECRET,
            "ZEEBE_AUTHORIZATION_SERVER_URL": f"{url}/token",
            "ZEEBE_TOKEN_AUDIENCE": "zeebe-api",
            "CAMUNDA_OPERATE_CLIENT_URL" if kind == "operate" else "CAMUNDA_REST_ADDRESS": url,
        }
        async with open_source(Settings.read(environment), client) as source:
            await source.check()
            await source.check()
    assert given == ["token-1", "token-2"]
    assert audiences == [["operate-api" if kind == "operate" else "zeebe-api"]] * 2
