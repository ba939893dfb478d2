"""Connections as clusters want them: a gateway that looks at each call's metadata, behind TLS, and an OAuth server."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import pathlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
import pytest
import trustme
from aiohttp import web
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto.gateway_pb2_grpc import GatewayServicer, add_GatewayServicer_to_server
from structlog.testing import capture_logs

from zelery.camunda.credentials import oauth_client, trust
from zelery.camunda.gateway import Lease, ZeebeGateway
from zelery.camunda.tokens import TokenError, ask
from zelery.errors import GatewayError, PushbackError, SettingError
from zelery.model import DEFAULT_TENANT, Completed, Failed, Job, Thrown
from zelery.settings import Settings

SECRET = "s3cr3t-of-the-client"
LEASE = Lease(type="t", worker="w", lease_ms=60_000)

integration = pytest.mark.integration


class Cluster(GatewayServicer):
    """A gateway that takes the `authorization` values in `takes` (None: anything), and remembers what it was asked."""

    def __init__(self) -> None:
        self.takes: set[str] | None = None
        self.seen: list[str | None] = []
        self.asked: list[Any] = []
        self.jobs = [pb.ActivatedJob(key=1, type="t", tenantId="acme"), pb.ActivatedJob(key=2, type="t")]
        self.left = asyncio.Event()

    async def _admit(self, request: Any, context: Any) -> None:
        value = dict(context.invocation_metadata()).get("authorization")
        self.seen.append(value)
        self.asked.append(request)
        if self.takes is not None and value not in self.takes:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")

    async def Topology(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        await self._admit(request, context)
        part = pb.Partition(health=pb.Partition.HEALTHY)
        return pb.TopologyResponse(gatewayVersion="8.8.0", brokers=[pb.BrokerInfo(partitions=[part])])

    async def ActivateJobs(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        await self._admit(request, context)
        for job in self.jobs:
            yield pb.ActivateJobsResponse(jobs=[job])

    async def StreamActivatedJobs(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        await self._admit(request, context)
        try:
            for job in self.jobs:
                yield job
            await asyncio.Event().wait()
        finally:
            self.left.set()

    async def CompleteJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        await self._admit(request, context)
        return pb.CompleteJobResponse()

    async def FailJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        await self._admit(request, context)
        return pb.FailJobResponse()

    async def ThrowError(self, request: Any, context: Any) -> Any:  # noqa: N802
        await self._admit(request, context)
        return pb.ThrowErrorResponse()

    async def DeployResource(self, request: Any, context: Any) -> Any:  # noqa: N802
        await self._admit(request, context)
        return pb.DeployResourceResponse()

    async def CreateProcessInstance(self, request: Any, context: Any) -> Any:  # noqa: N802
        await self._admit(request, context)
        return pb.CreateProcessInstanceResponse(processInstanceKey=7)


@asynccontextmanager
async def serving(cluster: Cluster, credentials: grpc.ServerCredentials | None = None) -> AsyncIterator[str]:
    """The gateway's address."""
    server = grpc.aio.server()
    add_GatewayServicer_to_server(cluster, server)
    if credentials:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


@dataclasses.dataclass
class Issuer:
    """An OAuth server: token-1, token-2, …, to who knows the secret, while it is not `down`."""

    url: str = ""
    forms: list[dict[str, str]] = dataclasses.field(default_factory=list)
    down: bool = False
    lifetime: Any = 300
    hangs: float = 0

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        await asyncio.sleep(self.hangs)
        if self.down:
            return web.Response(status=503, text="upstream away")
        if form["client_secret"] != SECRET:
            error = {"error": "invalid_client", "error_description": f"not {form['client_secret']}"}
            return web.json_response(error, status=401)
        answer = {"access_token": f"token-{len(self.forms)}", "token_type": "Bearer", "expires_in": self.lifetime}
        return web.json_response(answer)

    async def configuration(self, _: web.Request) -> web.Response:
        return web.json_response({"issuer": self.url, "token_endpoint": f"{self.url}/token"})


@asynccontextmanager
async def issuing(issuer: Issuer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Issuer]:
    application = web.Application()
    application.router.add_post("/token", issuer.token)
    application.router.add_get("/.well-known/openid-configuration", issuer.configuration)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    issuer.url = f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield issuer
    finally:
        await runner.cleanup()


@dataclasses.dataclass
class Files:
    """An authority and what it signed, as files."""

    authority: trustme.CA
    ca: str
    certificate: str
    key: str
    both: str

    def server(self, *, asks: bool = False) -> grpc.ServerCredentials:
        """Certificates of a gateway that, if it asks, takes clients of the authority only."""
        own = self.authority.issue_cert("127.0.0.1", "zeebe.example")
        pair = own.private_key_pem.bytes(), b"".join(blob.bytes() for blob in own.cert_chain_pems)
        return grpc.ssl_server_credentials([pair], self.authority.cert_pem.bytes(), require_client_auth=asks)

    def web(self, *, asks: bool = False) -> ssl.SSLContext:
        """The same of a web server."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert("127.0.0.1").configure_cert(context)
        self.authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED if asks else ssl.CERT_NONE
        return context


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    client = authority.issue_cert("client.example")

    def written(name: str, content: bytes) -> str:
        (folder / name).write_bytes(content)
        return str(folder / name)

    return Files(
        authority=authority,
        ca=written("ca.pem", authority.cert_pem.bytes()),
        certificate=written("client.pem", client.cert_chain_pems[0].bytes()),
        key=written("client.key", client.private_key_pem.bytes()),
        both=written("both.pem", client.private_key_and_cert_chain_pem.bytes()),
    )


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()  # type: ignore[abstract]  # what is not called here is refused by the generated base


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing(Issuer()) as running:
        yield running


Open = Callable[..., Any]


@pytest.fixture
async def opened(cluster: Cluster) -> AsyncIterator[Open]:
    """Opens a gateway to the cluster, without TLS, with these settings."""
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(serving(cluster))

        async def open_(**settings: Any) -> ZeebeGateway:
            named = {"zeebe_address": address, **settings}
            return await stack.enter_async_context(ZeebeGateway.open(Settings.model_validate(named)))

        yield open_


def client(issuer: Issuer, **more: Any) -> dict[str, Any]:
    return {"client_id": "c", "client_secret": SECRET, "token_url": f"{issuer.url}/token", **more}


# -- who we are


@integration
async def test_nobody_sends_no_authorization(cluster: Cluster, opened: Open) -> None:
    await (await opened()).topology()
    assert cluster.seen == [None]


@integration
async def test_a_login_is_sent_with_every_call_and_its_refusal_is_not_tried_again(
    cluster: Cluster, opened: Open
) -> None:
    gateway = await opened(username="demo", password="dé:mo")
    await gateway.topology()
    assert cluster.seen == ["Basic " + base64.b64encode("demo:dé:mo".encode()).decode()]
    cluster.takes = set()
    with pytest.raises(PushbackError, match=r"asking for the topology: UNAUTHENTICATED: who are you\?"):
        await gateway.topology()
    assert len(cluster.seen) == 2


@integration
async def test_a_client_asks_once_for_a_hundred_calls_and_all_kinds_of_calls_carry_the_token(
    cluster: Cluster, opened: Open, issuer: Issuer
) -> None:
    issuer.hangs = 0.1
    cluster.takes = {"Bearer token-1"}
    gateway = await opened(**client(issuer, token_audience="zeebe", token_scope="a b"))
    await asyncio.gather(*(gateway.topology() for _ in range(100)))
    await gateway.activate(LEASE, most=1, wait_s=0)
    stream = gateway.stream(LEASE)
    assert (await anext(stream)).key == 1
    await stream.aclose()
    assert set(cluster.seen) == {"Bearer token-1"}
    assert len(cluster.seen) == 102
    assert issuer.forms == [
        {
            "grant_type": "client_credentials",
            "client_id": "c",
            "client_secret": SECRET,
            "audience": "zeebe",
            "scope": "a b",
        }
    ]


@integration
async def test_an_expired_token_is_replaced_before_the_cluster_sees_it(
    cluster: Cluster, opened: Open, issuer: Issuer
) -> None:
    issuer.lifetime = 0.2
    gateway = await opened(**client(issuer))
    await gateway.topology()
    await asyncio.sleep(0.3)
    await gateway.topology()
    assert cluster.seen == ["Bearer token-1", "Bearer token-2"]


@integration
async def test_a_refused_token_is_dropped_and_every_kind_of_call_tries_once_more(
    cluster: Cluster, opened: Open, issuer: Issuer
) -> None:
    async def topology(gateway: ZeebeGateway) -> None:
        await gateway.topology()

    async def activate(gateway: ZeebeGateway) -> None:
        assert [job.key for job in await gateway.activate(LEASE, most=2, wait_s=0)] == [1, 2]

    async def stream(gateway: ZeebeGateway) -> None:
        jobs = gateway.stream(LEASE)
        assert [(await anext(jobs)).key, (await anext(jobs)).key] == [1, 2]
        await jobs.aclose()  # type: ignore[attr-defined]  # async generators have it
        await asyncio.wait_for(cluster.left.wait(), 10)

    for call in (topology, activate, stream):
        asked = len(issuer.forms)
        gateway = await opened(**client(issuer))
        await gateway.topology()
        cluster.takes = {f"Bearer token-{asked + 2}"}
        cluster.seen.clear()
        await call(gateway)
        assert cluster.seen == [f"Bearer token-{asked + 1}", f"Bearer token-{asked + 2}"]
        cluster.takes = None


@integration
async def test_a_cluster_that_takes_no_token_is_a_pushback_after_two_tries(
    cluster: Cluster, opened: Open, issuer: Issuer
) -> None:
    cluster.takes = set()
    gateway = await opened(**client(issuer))
    for call in (
        gateway.topology,
        lambda: gateway.activate(LEASE, most=1, wait_s=0),
        lambda: anext(gateway.stream(LEASE)),
    ):
        with pytest.raises(PushbackError, match=r"UNAUTHENTICATED: who are you\?"):
            await call()
    assert len(issuer.forms) == 2


@integration
async def test_a_stream_that_waits_for_its_first_job_ends_when_it_is_cancelled(
    cluster: Cluster, opened: Open, issuer: Issuer
) -> None:
    cluster.jobs = []
    gateway = await opened(**client(issuer))
    waiting = asyncio.ensure_future(anext(gateway.stream(LEASE)))
    while not cluster.seen:
        await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait_for(cluster.left.wait(), 10)


@integration
async def test_a_wrong_secret_is_one_line_with_the_endpoint_and_its_words(opened: Open, issuer: Issuer) -> None:
    gateway = await opened(**client(issuer, client_secret="wr0ng-secret"))
    with capture_logs() as logs:
        for _ in range(20):
            with pytest.raises(PushbackError, match="HTTP 401: invalid_client: not ") as refused:
                await gateway.topology()
            assert "wr0ng" not in str(refused.value)
    assert len(issuer.forms) == 1  # the others came within the pause
    (line,) = logs
    assert (line["log_level"], line["endpoint"]) == ("error", f"{issuer.url}/token")
    assert line["why"] == "HTTP 401: invalid_client: not ***"


@integration
async def test_calls_go_on_when_the_endpoint_is_back(cluster: Cluster, opened: Open, issuer: Issuer) -> None:
    issuer.down = True
    gateway = await opened(**client(issuer))
    with pytest.raises(PushbackError, match="HTTP 503: upstream away"):
        await gateway.topology()
    issuer.down = False
    while not cluster.seen:
        try:
            await gateway.topology()
        except PushbackError:
            await asyncio.sleep(0.05)
    assert cluster.seen == ["Bearer token-2"]


@integration
async def test_an_issuer_says_where_its_endpoint_is(cluster: Cluster, opened: Open, issuer: Issuer) -> None:
    await (await opened(client_id="c", client_secret=SECRET, issuer_url=issuer.url)).topology()
    assert cluster.seen == ["Bearer token-1"]


@integration
async def test_an_endpoint_that_is_not_there_is_a_trouble_in_a_line() -> None:
    settings = Settings(client_id="c", client_secret=SECRET, token_url="http://127.0.0.1:1/token")
    with pytest.raises(TokenError, match=r"Cannot connect to host 127\.0\.0\.1:1"):
        await ask(oauth_client(settings))


def test_the_request_of_a_client_in_saas_follows_from_the_cluster() -> None:
    found = oauth_client(
        Settings.read({"CAMUNDA_CLUSTER_ID": "abc", "ZEEBE_CLIENT_ID": "c", "ZEEBE_CLIENT_SECRET": SECRET})
    )
    assert (found.token_url, found.form["audience"]) == (
        "https://login.cloud.camunda.io/oauth/token",
        "zeebe.camunda.io",
    )
    assert SECRET not in repr(found)


# -- whom we trust


@integration
async def test_a_gateway_behind_a_private_authority_is_reached_with_its_file(cluster: Cluster, files: Files) -> None:
    async with serving(cluster, files.server()) as address:
        settings = Settings.read({"ZEEBE_ADDRESS": address, "ZEEBE_CA_CERTIFICATE_PATH": files.ca})
        async with ZeebeGateway.open(settings) as gateway:
            assert await gateway.topology() == "8.8.0"


@integration
async def test_a_gateway_of_an_unknown_authority_is_not_spoken_to(cluster: Cluster, files: Files) -> None:
    async with serving(cluster, files.server()) as address:
        login = {"CAMUNDA_CLIENT_AUTH_USERNAME": "demo", "CAMUNDA_CLIENT_AUTH_PASSWORD": "demo"}
        async with ZeebeGateway.open(Settings.read({"ZEEBE_ADDRESS": f"https://{address}", **login})) as gateway:
            with pytest.raises(PushbackError, match="UNAVAILABLE"):
                await gateway.topology()
    assert cluster.seen == []


@integration
async def test_a_gateway_under_another_name_is_reached_when_the_name_is_said(cluster: Cluster, files: Files) -> None:
    async with serving(cluster, files.server()) as address:
        port = address.rpartition(":")[2]
        environment = {"ZEEBE_ADDRESS": f"localhost:{port}", "ZEEBE_CA_CERTIFICATE_PATH": files.ca}
        async with ZeebeGateway.open(Settings.read(environment)) as gateway:
            with pytest.raises(PushbackError, match="UNAVAILABLE"):  # its certificate is not for localhost
                await gateway.topology()
        named = {**environment, "ZEEBE_OVERRIDE_AUTHORITY": "zeebe.example"}
        async with ZeebeGateway.open(Settings.read(named)) as gateway:
            assert await gateway.topology() == "8.8.0"


@integration
@pytest.mark.parametrize("in_one_file", [False, True])
async def test_gateway_and_endpoint_that_ask_for_a_client_certificate_get_it(
    cluster: Cluster, files: Files, in_one_file: bool
) -> None:
    own = (
        {"ZELERY_ZEEBE_CERTIFICATE_FILE": files.both}
        if in_one_file
        else {"ZELERY_ZEEBE_CERTIFICATE_FILE": files.certificate, "ZELERY_ZEEBE_KEY_FILE": files.key}
    )
    async with (
        serving(cluster, files.server(asks=True)) as address,
        issuing(Issuer(), files.web(asks=True)) as issuer,
    ):
        environment = {
            "ZEEBE_ADDRESS": address,
            "ZEEBE_CA_CERTIFICATE_PATH": files.ca,
            "ZEEBE_CLIENT_ID": "c",
            "ZEEBE_CLIENT_SECRET": SECRET,
            "ZEEBE_AUTHORIZATION_SERVER_URL": f"{issuer.url}/token",
        }
        async with ZeebeGateway.open(Settings.read({**environment, **own})) as gateway:
            await gateway.topology()
        assert cluster.seen == ["Bearer token-1"]
        async with ZeebeGateway.open(Settings.read(environment)) as gateway:
            with pytest.raises(PushbackError, match=f"no token from {issuer.url}/token: "):
                await gateway.topology()
    assert len(cluster.seen) == 1


@pytest.mark.parametrize(
    ("variable", "content", "why"),
    [
        # not there
        ("ZEEBE_CA_CERTIFICATE_PATH", None, "No such file"),
        ("ZELERY_ZEEBE_CERTIFICATE_FILE", None, "No such file"),
        # empty, and not what it should be
        ("ZEEBE_CA_CERTIFICATE_PATH", b"", "PEM file of certificates"),
        ("ZEEBE_CA_CERTIFICATE_PATH", b"hello", "PEM file of certificates"),
        ("ZELERY_ZEEBE_CERTIFICATE_FILE", b"hello", "PEM file of a certificate and its key, without a passphrase"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_before_anything_is_sent(
    tmp_path: pathlib.Path, variable: str, content: bytes | None, why: str
) -> None:
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingError) as refused:
        trust(Settings.read({variable: str(path)}))
    assert f"{variable}={path}" in str(refused.value)
    assert why in str(refused.value)


def test_an_unusable_file_is_an_error_whose_frames_hold_no_secret() -> None:
    environment = {"ZEEBE_CLIENT_ID": "c", "ZEEBE_CLIENT_SECRET": SECRET, "CAMUNDA_OAUTH_URL": "http://idp/token"}
    settings = Settings.read({**environment, "ZEEBE_CA_CERTIFICATE_PATH": "/nowhere"})
    with pytest.raises(SettingError) as refused:
        oauth_client(settings)
    ours = [entry.locals for entry in refused.traceback[1:]]
    assert len(ours) > 1
    assert SECRET not in repr(ours)


def test_a_certificate_without_its_key_is_named(files: Files) -> None:
    with pytest.raises(SettingError, match=f"ZELERY_ZEEBE_CERTIFICATE_FILE={files.certificate}"):
        trust(Settings.read({"ZELERY_ZEEBE_CERTIFICATE_FILE": files.certificate}))


# -- tenants


@integration
async def test_each_command_names_its_tenant_and_each_job_keeps_its_own(cluster: Cluster, opened: Open) -> None:
    gateway = await opened()
    jobs = await gateway.activate(Lease(type="t", worker="w", lease_ms=1, tenant_ids=("acme", "b")), most=2, wait_s=0)
    assert [job.tenant_id for job in jobs] == ["acme", DEFAULT_TENANT]
    await gateway.activate(LEASE, most=2, wait_s=0)
    await gateway.deploy({"a.bpmn": b""}, tenant_id="acme")
    await gateway.deploy({"a.bpmn": b""})
    await gateway.start("p", {}, tenant_id="acme")
    await gateway.start("p", {})
    tenants = [list(each.tenantIds) if hasattr(each, "tenantIds") else each.tenantId for each in cluster.asked]
    assert tenants == [["acme", "b"], ["<default>"], "acme", "<default>", "acme", "<default>"]


@integration
async def test_the_command_that_ends_a_tenants_job_is_by_its_key_alone(cluster: Cluster, opened: Open) -> None:
    gateway, job = await opened(), Job(key=9, type="t", tenant_id="acme")
    for outcome in (Completed(), Failed(retries=0, message="no"), Thrown(code="E", message="m")):
        await gateway.report(job, outcome)
    assert [each.jobKey for each in cluster.asked] == [9, 9, 9]


@integration
async def test_a_tenant_that_the_cluster_does_not_have_is_refused_with_its_words(zeebe: Any) -> None:
    async with ZeebeGateway.open(Settings(zeebe_address=zeebe.gateway)) as gateway:
        lease = Lease(type="t", worker="w", lease_ms=1000, tenant_ids=("acme",))
        with pytest.raises(GatewayError, match=r"INVALID_ARGUMENT: .*acme.*multi-tenancy is disabled"):
            await gateway.activate(lease, most=1, wait_s=0)
        with pytest.raises(GatewayError, match=r"INVALID_ARGUMENT: .*acme.*multi-tenancy is disabled"):
            await gateway.start("p", {}, tenant_id="acme")
