"""An AWS on this machine: moto's server. What it holds outlives its restarts, as AWS's queues outlive ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest

REGION = "eu-central-1"
ACCESS_KEY, SECRET_KEY = "AKIATEST", "s3cret-key"


@dataclasses.dataclass
class AwsServer:
    """The server, up unless a test has stopped it."""

    url: str = ""

    def __post_init__(self) -> None:
        self._clients: dict[str, Any] = {}
        self.start(0)

    def start(self, port: int | None = None) -> None:
        """Serve again, at the same address."""
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - takes seconds, and few tests need it

        if port is None:
            port = int(self.url.rpartition(":")[2])
        self._moto = ThreadedMotoServer("127.0.0.1", port, verbose=False)
        self._moto.start()
        host, port = self._moto.get_host_and_port()
        self.url = f"http://{host}:{port}"

    def stop(self) -> None:
        """Refuse connections from now on; what is held stays."""
        self._moto.stop()

    def reset(self) -> None:
        """Forget everything."""
        urlopen(Request(f"{self.url}/moto-api/reset", method="POST")).close()

    def client(self, service: str) -> Any:
        """A client of an administrator."""
        if service not in self._clients:
            session: Any = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)  # Its stubs know literals alone.
            self._clients[service] = session.client(service, endpoint_url=self.url)
        return self._clients[service]

    def close(self) -> None:
        """Stop for good."""
        for client in self._clients.values():
            client.close()
        self.stop()

    @contextmanager
    def checking_rights(self) -> Iterator[None]:
        """Meanwhile it looks who asks and what their policies allow, as AWS does."""
        self._check_after(0)
        try:
            yield
        finally:
            self._check_after(float("inf"))

    def _check_after(self, requests: float) -> None:
        as_text = {"Content-Type": "text/plain"}
        urlopen(Request(f"{self.url}/moto-api/reset-auth", str(requests).encode(), as_text, method="POST")).close()


@pytest.fixture(scope="session")
def aws_of_session() -> Iterator[AwsServer]:
    """The server for the whole session: ask for `aws_server`, which is empty."""
    server = AwsServer()
    yield server
    server.close()


@pytest.fixture
def no_aws_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No profile, no role, no credentials but what a test sets; no proxy on the way to a server of ours."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "PROFILE", "REGION", "DEFAULT_REGION", "SESSION_TOKEN"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def aws_server(aws_of_session: AwsServer, no_aws_of_this_machine: None) -> AwsServer:
    """An AWS that holds nothing yet."""
    aws_of_session.reset()
    return aws_of_session
