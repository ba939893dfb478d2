from __future__ import annotations

import re
import socket

import pytest

from zelery.local import ports
from zelery.local.errors import LocalServerError


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(
        LocalServerError, match=f"Thing cannot listen on port {port}: a port is a number from 1 to 65535"
    ):
        ports.check_free(port, "Thing")


@pytest.mark.integration
def test_a_port_that_is_taken_is_named_with_a_remedy() -> None:
    with socket.create_server((ports.HOST, 0)) as server:
        port = server.getsockname()[1]
        message = re.escape(
            f"Thing cannot listen on 127.0.0.1:{port}: Address already in use; stop what uses that port"
        )
        with pytest.raises(LocalServerError, match=message):
            ports.check_free(port, "Thing")


@pytest.mark.integration
def test_a_port_whose_last_connection_was_closed_just_now_is_free() -> None:
    with socket.create_server((ports.HOST, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((ports.HOST, port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the server closes first: its end lingers in TIME_WAIT
            client.recv(1)
    assert ports.check_free(port, "Thing") == port


@pytest.mark.integration
def test_free_ports_differ_and_no_outgoing_connection_gets_them() -> None:
    found = ports.free(50)
    assert len(set(found)) == 50
    assert all(1024 < port < 32_768 for port in found)


@pytest.mark.integration
def test_a_port_in_use_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, free = ports.free(2)
    monkeypatch.setattr("random.SystemRandom.sample", lambda *_arguments: [taken, free])
    with socket.create_server((ports.HOST, taken)):
        assert ports.free(1) == [free]
