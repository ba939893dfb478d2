"""Against a server of the standard library, which says what the path names."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from zelery.local import ports, probe

pytestmark = pytest.mark.integration


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the status in the path."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def do_POST(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.HTTPServer((ports.HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "well"), [(200, True), (204, True), (302, False), (404, False), (503, False)])
def test_only_a_success_means_that_all_is_well(port: int, status: int, well: bool) -> None:
    assert probe.answers(port, f"/{status}") is well


def test_it_asks_as_it_is_told(port: int) -> None:
    assert probe.answers(port, "/503", "POST")


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert probe.answers(port, "/200")


def test_a_server_that_is_not_there_or_speaks_no_http_is_not_well() -> None:
    with socket.create_server((ports.HOST, 0)) as server:
        port = server.getsockname()[1]

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        assert not probe.answers(port, "/")
        thread.join()
    assert not probe.answers(port, "/")
