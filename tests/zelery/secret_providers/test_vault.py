from __future__ import annotations

import dataclasses
import json
import logging
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import hvac
import pytest
import trustme
from hvac.exceptions import Forbidden

from zelery.errors import InputError, SettingError
from zelery.secret_providers.vault import LOGIN_PAUSE_S, Session, vault
from zelery.secrets import Place, SecretError, Secrets, open_secrets
from zelery.settings import Settings

PLACE = Place(tenant_id="<default>", process_id="order")


@dataclasses.dataclass
class Script:
    """A Vault: what its engines hold, by the path of their API, who may read, and what it was asked."""

    entries: dict[str, Any] = dataclasses.field(default_factory=dict)
    tokens: set[str] = dataclasses.field(default_factory=lambda: {"hvs.static"})
    status: int | None = None
    """What every request is answered with, if set."""
    body: bytes | None = None
    """And with these bytes."""
    logins: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    lease_s: int = 3600
    asked: list[tuple[str, str | None, str | None]] = dataclasses.field(default_factory=list)
    """Path, token, namespace."""
    release: threading.Event = dataclasses.field(default_factory=threading.Event)
    """It does not answer `/v1/secret/data/slow` before."""
    url: str = ""

    def answer(self, path: str, token: str | None) -> tuple[int, Any]:
        if self.status is not None:
            return self.status, {"errors": ["Vault is sealed"]}
        if token not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        if path.endswith("/slow"):
            self.release.wait(10)
        if not path.startswith(("/v1/secret/", "/v1/old/", "/v1/team/kv/")):
            return 404, {"errors": [f'no handler for route "{path[4:]}". route entry not found.']}
        return (200, self.entries[path]) if path in self.entries else (404, {"errors": []})

    def login(self, path: str, given: dict[str, Any]) -> tuple[int, Any]:
        self.logins.append({"path": path, **given})
        known = {"/v1/auth/approle/login": "secret_id", "/v1/auth/kubernetes/login": "jwt", "/v1/auth/k8s/login": "jwt"}
        if path not in known or given.get(known[path]) != "s3cret":
            return 400, {"errors": ["invalid role or secret ID"]}
        token = f"hvs.login{len(self.logins)}"
        self.tokens = {token}
        return 200, {"auth": {"client_token": token, "lease_duration": self.lease_s, "renewable": True}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: ClassVar[Script]

    def do_GET(self) -> None:
        token = self.headers.get("X-Vault-Token")
        self.script.asked.append((self.path, token, self.headers.get("X-Vault-Namespace")))
        self.reply(*self.script.answer(self.path, token))

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.reply(*self.script.login(self.path, given))

    def reply(self, status: int, answer: Any) -> None:
        body = json.dumps(answer).encode() if self.script.body is None else self.script.body
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that it has
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or did not trust us: that is what a test wants."""


@contextmanager
def running(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Script]:
    server = Server(("127.0.0.1", 0), type("Scripted", (Handler,), {"script": script}))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    script.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    try:
        yield script
    finally:
        script.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Script]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path))
    with running(Script()) as script:
        yield script


def v2(**values: Any) -> dict[str, Any]:
    """An entry as version 2 of the engine answers it."""
    return {"data": {"data": values, "metadata": {"version": 1, "deletion_time": "", "destroyed": False}}}


def read(script: Script, **environment: str) -> Settings:
    return Settings.read({"VAULT_ADDR": script.url, "VAULT_TOKEN": "hvs.static", **environment})


@asynccontextmanager
async def secrets(script: Script, **environment: str) -> AsyncIterator[Secrets]:
    async with vault(read(script, **environment)) as provider:
        yield Secrets([provider], cache_s=0)


@pytest.mark.integration
class TestReading:
    async def test_the_keys_of_one_entry_are_the_secrets(self, script: Script) -> None:
        script.entries["/v1/secret/data/zelery"] = v2(TOKEN="t0p", EMPTY="", PORT=5432)
        async with secrets(script) as opened:
            assert [await opened.find(name, PLACE) for name in ("TOKEN", "EMPTY", "PORT")] == ["t0p", "", "5432"]
        assert script.asked[0] == ("/v1/secret/data/zelery", "hvs.static", None)

    @pytest.mark.parametrize(
        ("environment", "path"),
        [
            ({"ZELERY_VAULT_PATH": "zelery/{name}"}, "/v1/secret/data/zelery/TOKEN"),
            ({"ZELERY_VAULT_PATH": "/{name}/"}, "/v1/secret/data/TOKEN"),
            ({"ZELERY_VAULT_PATH": "{name}", "ZELERY_VAULT_MOUNT": "/team/kv/"}, "/v1/team/kv/data/TOKEN"),
            (
                {
                    "ZELERY_VAULT_PATH": "{name}",
                    "CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_TENANTAWARE": "true",
                    "CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_PROCESSDEFINITIONAWARE": "true",
                },
                "/v1/secret/data/%3Cdefault%3E_order_TOKEN",
            ),
        ],
    )
    async def test_each_may_have_an_entry_of_its_own(
        self, script: Script, environment: dict[str, str], path: str
    ) -> None:
        script.entries[path] = v2(value="t0p")
        async with secrets(script, **environment) as opened:
            assert await opened.find("TOKEN", PLACE) == "t0p"

    async def test_version_1_of_the_engine(self, script: Script) -> None:
        script.entries["/v1/old/zelery"] = {"data": {"TOKEN": "t0p"}}
        async with secrets(script, ZELERY_VAULT_KV_VERSION="1", ZELERY_VAULT_MOUNT="old") as opened:
            assert await opened.find("TOKEN", PLACE) == "t0p"

    async def test_a_namespace_is_sent(self, script: Script) -> None:
        script.entries["/v1/secret/data/zelery"] = v2(TOKEN="t0p")
        async with secrets(script, VAULT_NAMESPACE="admin/team") as opened:
            await opened.find("TOKEN", PLACE)
        assert script.asked[0][2] == "admin/team"

    @pytest.mark.parametrize(
        ("path", "answer"),
        [
            ("zelery", None),  # no entry
            ("zelery", v2(OTHER="x")),  # no key
            ("zelery", v2(TOKEN=None)),
            ("zelery", {"data": {"data": None, "metadata": {"deletion_time": "2026-01-01T00:00:00Z"}}}),
            ("zelery/{name}", v2(TOKEN="x")),  # an entry of its own has the key `value`
        ],
    )
    async def test_what_vault_does_not_have_is_missing(self, script: Script, path: str, answer: Any) -> None:
        if answer:
            script.entries[f"/v1/secret/data/{path.format(name='TOKEN')}"] = answer
        async with secrets(script, ZELERY_VAULT_PATH=path) as opened:
            with pytest.raises(InputError, match="Secret with name 'TOKEN' is not available"):
                await opened.find("TOKEN", PLACE)

    async def test_a_name_that_leads_out_of_the_path_is_not_even_asked_for(self, script: Script) -> None:
        async with secrets(script, ZELERY_VAULT_PATH="zelery/{name}") as opened:
            with pytest.raises(InputError):
                await opened.find("../admin", PLACE)
        assert script.asked == []

    async def test_a_rotated_secret_is_picked_up_when_its_time_is_over(self, script: Script) -> None:
        now = [0.0]
        path = "/v1/secret/data/zelery"
        script.entries[path] = v2(TOKEN="old")
        found = []
        async with vault(read(script)) as provider:
            kept = Secrets([provider], cache_s=30, clock=lambda: now[0])
            for now[0] in (0.0, 29.0, 30.0):
                found.append(await kept.find("TOKEN", PLACE))
                script.entries[path] = v2(TOKEN="new")
        assert found == ["old", "old", "new"]

    async def test_it_is_opened_by_its_name_and_closed(self, script: Script) -> None:
        script.entries["/v1/secret/data/zelery"] = v2(TOKEN="t0p")
        settings = read(script, ZELERY_SECRET_PROVIDERS="environment,vault")
        async with open_secrets(settings, {"SECRET_A": "variable"}) as opened:
            assert [await opened.find(name, PLACE) for name in ("A", "TOKEN")] == ["variable", "t0p"]

    async def test_the_token_of_a_login_in_the_home_is_not_used(self, script: Script, tmp_path: Path) -> None:
        (tmp_path / ".vault-token").write_text("hvs.somebodys")
        async with secrets(script, VAULT_TOKEN="") as opened:
            with pytest.raises(SecretError):
                await opened.find("TOKEN", PLACE)
        assert script.asked[0][1] is None


@pytest.mark.integration
class TestFailing:
    async def complaint(self, script: Script, **environment: str) -> str:
        async with secrets(script, **environment) as opened:
            with pytest.raises(SecretError) as raised:
                await opened.find("TOKEN", PLACE)
        assert not isinstance(raised.value, InputError)
        assert raised.value.__cause__ is None
        return str(raised.value)

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            (401, "refuses access (Unauthorized) for secret/zelery: see that the token is valid"),
            (429, "limits how often it is asked (RateLimitExceeded) for secret/zelery: raise its quota, or"),
            (500, "answers with an error (InternalServerError) for secret/zelery: Vault's own log says why"),
            (503, "is sealed or in maintenance (VaultDown) for secret/zelery: unseal it"),
            (204, "gives an answer that is not Vault's (TypeError) for secret/zelery: check VAULT_ADDR"),
        ],
    )
    async def test_an_error_says_where_what_and_the_remedy(self, script: Script, status: int, said: str) -> None:
        script.status, script.body = status, b"" if status == 204 else None
        assert (await self.complaint(script)).startswith(f"Vault at {script.url} {said}")

    async def test_a_token_that_may_not_read_is_not_shown(self, script: Script) -> None:
        said = await self.complaint(script, VAULT_TOKEN="hvs.wrong")
        assert said == (
            f"Vault at {script.url} refuses access (Forbidden) for secret/zelery: see that the token is valid and that "
            "its policy allows to read this path"
        )

    async def test_a_mount_that_is_not_there_is_no_missing_secret(self, script: Script) -> None:
        said = await self.complaint(script, ZELERY_VAULT_MOUNT="nowhere")
        assert "has no such KV engine (InvalidPath) for nowhere/zelery: check ZELERY_VAULT_MOUNT and" in said

    async def test_an_engine_of_the_other_version_is_no_missing_secret(self, script: Script) -> None:
        script.status = 404
        script.body = b'{"errors": [], "warnings": ["Invalid path for a versioned K/V secrets engine."]}'
        assert "ZELERY_VAULT_KV_VERSION" in await self.complaint(script, ZELERY_VAULT_KV_VERSION="1")

    @pytest.mark.parametrize(
        "body",
        [b"<html>t0p</html>", b'"t0p"', b"[]", b"{}", b'{"data": "t0p"}', b'{"data": {"data": ["t0p"]}}'],
    )
    async def test_an_answer_of_something_else_is_not_shown(self, script: Script, body: bytes) -> None:
        script.status, script.body = 200, body
        said = await self.complaint(script)
        assert "gives an answer that is not Vault's" in said
        assert "t0p" not in said

    async def test_a_vault_that_is_down_is_told_by_its_address(self, script: Script) -> None:
        said = await self.complaint(script, VAULT_ADDR="http://user:s3cret@127.0.0.1:1")
        assert said.startswith("Vault at http://user:***@127.0.0.1:1 cannot be reached (ConnectionError) for")
        assert "check VAULT_ADDR" in said

    async def test_one_that_does_not_answer_is_waited_for_as_long_as_the_settings_say(self, script: Script) -> None:
        said = await self.complaint(script, ZELERY_VAULT_PATH="slow", ZELERY_SECRET_TIMEOUT_S="0.1")
        assert said.startswith(f"Vault at {script.url} ")
        assert "no answer within 0.1 s" in said or "(ReadTimeout)" in said

    async def test_its_certificate_must_be_trusted(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        with running(Script(entries={"/v1/secret/data/zelery": v2(TOKEN="t0p")}), tls) as script:
            assert "has no certificate that is trusted (SSLError)" in await self.complaint(script)
            async with secrets(script, VAULT_CACERT=str(tmp_path / "ca.pem")) as opened:
                assert await opened.find("TOKEN", PLACE) == "t0p"

    async def test_no_log_shows_a_secret(self, script: Script, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        script.entries["/v1/secret/data/zelery"] = v2(TOKEN="t0p")
        async with secrets(script) as opened:
            await opened.find("TOKEN", PLACE)
        assert "/v1/secret/data/zelery" in caplog.text  # it did log
        assert "t0p" not in caplog.text
        assert "hvs.static" not in caplog.text


@pytest.mark.integration
class TestLogin:
    APP_ROLE: ClassVar = {"VAULT_TOKEN": "", "VAULT_ROLE_ID": "zelery", "VAULT_SECRET_ID": "s3cret"}

    async def test_an_app_role_logs_in_once(self, script: Script) -> None:
        script.entries["/v1/secret/data/zelery"] = v2(A="a", B="b")
        async with secrets(script, **self.APP_ROLE) as opened:
            assert [await opened.find(name, PLACE) for name in "AB"] == ["a", "b"]
        assert script.logins == [{"path": "/v1/auth/approle/login", "role_id": "zelery", "secret_id": "s3cret"}]

    async def test_a_pod_logs_in_with_its_service_account(self, script: Script, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("s3cret\n")
        script.entries["/v1/secret/data/zelery"] = v2(A="a")
        async with secrets(
            script,
            VAULT_TOKEN="",
            ZELERY_VAULT_KUBERNETES_ROLE="zelery",
            ZELERY_VAULT_KUBERNETES_TOKEN_FILE=str(tmp_path / "token"),
            ZELERY_VAULT_LOGIN_MOUNT="k8s",
        ) as opened:
            assert await opened.find("A", PLACE) == "a"
        assert script.logins == [{"path": "/v1/auth/k8s/login", "role": "zelery", "jwt": "s3cret"}]

    async def test_a_pod_without_a_service_account_is_told_which_file_is_missing(self, script: Script) -> None:
        pod = {"VAULT_TOKEN": "", "ZELERY_VAULT_KUBERNETES_ROLE": "zelery"}
        async with secrets(script, **pod, ZELERY_VAULT_KUBERNETES_TOKEN_FILE="/no/such") as opened:
            with pytest.raises(SecretError, match=r"from /no/such \(No such file .*: set ZELERY_VAULT_KUBERNETES_TOK"):
                await opened.find("A", PLACE)

    async def test_a_login_that_is_refused_says_what_to_check_and_not_the_secret(self, script: Script) -> None:
        async with secrets(script, **{**self.APP_ROLE, "VAULT_SECRET_ID": "wr0ng"}) as opened:
            with pytest.raises(SecretError) as raised:
                await opened.find("A", PLACE)
        assert str(raised.value) == (
            f"Vault at {script.url} refuses the login: check VAULT_ROLE_ID, VAULT_SECRET_ID and "
            "ZELERY_VAULT_LOGIN_MOUNT (InvalidRequest)"
        )

    def session(self, script: Script, now: list[float]) -> Session:
        def login(client: hvac.Client) -> Any:
            return client.auth.approle.login("zelery", "s3cret")

        return Session(hvac.Client(url=script.url, token=""), login, lambda: now[0])

    def ask(self, session: Session) -> Any:
        return session.read(lambda c: c.secrets.kv.v1.read_secret("zelery", mount_point="old"))["data"]

    def test_a_login_is_renewed_before_its_lease_ends(self, script: Script) -> None:
        now = [0.0]
        script.entries["/v1/old/zelery"] = {"data": {"A": "a"}}
        script.lease_s = 100
        session = self.session(script, now)
        seen = []
        for now[0] in (0.0, 89.0, 90.0, 91.0):
            self.ask(session)
            seen.append(len(script.logins))
        assert seen == [1, 1, 2, 2]

    def test_a_lease_of_zero_has_no_end(self, script: Script) -> None:
        now = [0.0]
        script.entries["/v1/old/zelery"] = {"data": {"A": "a"}}
        script.lease_s = 0
        session = self.session(script, now)
        for now[0] in (0.0, 1e9):
            self.ask(session)
        assert len(script.logins) == 1

    def test_a_token_that_was_revoked_is_replaced_within_the_same_question(self, script: Script) -> None:
        now = [0.0]
        script.entries["/v1/old/zelery"] = {"data": {"A": "a"}}
        session = self.session(script, now)
        self.ask(session)
        script.tokens.clear()
        now[0] = LOGIN_PAUSE_S
        assert self.ask(session) == {"A": "a"}

    def test_a_policy_that_says_no_does_not_make_a_login_for_each_question(self, script: Script) -> None:
        now = [0.0]
        session = self.session(script, now)
        script.status = 403
        for now[0] in (0.0, 1.0, 2.0, LOGIN_PAUSE_S, LOGIN_PAUSE_S + 1):
            with pytest.raises(Forbidden):
                self.ask(session)
        assert len(script.logins) == 2


class TestSettings:
    @pytest.mark.parametrize(
        ("environment", "complaint"),
        [
            ({}, "VAULT_ADDR is not set; the secret provider vault needs it, like https://vault:8200"),
            ({"VAULT_ADDR": "vault:8200"}, "VAULT_ADDR='vault:8200': must be a URL"),
            ({"VAULT_ADDR": "http://h", "VAULT_CACERT": "/no/such"}, "VAULT_CACERT='/no/such': there is no such file"),
            (
                {"VAULT_ADDR": "http://h", "VAULT_TOKEN": "t0p", "VAULT_ROLE_ID": "r"},
                "VAULT_TOKEN and VAULT_ROLE_ID are set: Vault takes one login, so unset all but one",
            ),
        ],
    )
    async def test_settings_that_cannot_work_keep_it_from_opening(
        self, environment: dict[str, str], complaint: str
    ) -> None:
        with pytest.raises(SettingError) as raised:
            async with open_secrets(Settings.read({"ZELERY_SECRET_PROVIDERS": "vault", **environment}), {}):
                pass
        assert str(raised.value).startswith(complaint)
        assert "t0p" not in str(raised.value)

    @pytest.mark.parametrize("path", ["", "a b", "{secret}", "{name}/{name}", "{"])
    def test_a_path_that_cannot_be_meant_is_refused_by_name(self, path: str) -> None:
        with pytest.raises(SettingError, match="ZELERY_VAULT_PATH="):
            Settings.read({"ZELERY_VAULT_PATH": path})
