from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from zelery.errors import SettingError
from zelery.sdk.http.connections import Proxy
from zelery.sdk.http.routes import Routes, tls_context
from zelery.settings import Settings


def routes(**variables: str) -> Routes:
    return Routes.read(Settings.read({f"CONNECTOR_{name}": value for name, value in variables.items()}))


def test_the_scheme_of_the_target_chooses_the_proxy() -> None:
    found = routes(
        HTTP_PROXY_HOST="plain",
        HTTP_PROXY_PORT="3128",
        HTTPS_PROXY_HOST="tls",
        HTTPS_PROXY_PORT="3129",
        HTTPS_PROXY_SCHEME="https",
        HTTPS_PROXY_USER="u",
        HTTPS_PROXY_PASSWORD="p",
    )

    assert found.origin("h", 80, tls=False).proxy == Proxy(host="plain", port=3128)
    assert found.origin("h", 443, tls=True).proxy == Proxy(host="tls", port=3129, tls=True, authorization="Basic dTpw")


@pytest.mark.parametrize("given", [{}, {"HTTP_PROXY_HOST": "p"}, {"HTTP_PROXY_PORT": "3128"}])
def test_a_proxy_needs_both_host_and_port(given: dict[str, str]) -> None:
    assert routes(**given).origin("h", 80, tls=False).proxy is None


@pytest.mark.parametrize(
    ("hosts", "host", "direct"),
    [
        ("localhost|127.*", "localhost", True),
        ("localhost|127.*", "127.0.0.1", True),
        ("localhost|127.*", "example.org", False),
        ("*.corp", "a.b.corp", True),
        ("*.corp", "corp", False),  # the whole name must match
    ],
)
def test_some_hosts_need_no_proxy(hosts: str, host: str, direct: bool) -> None:
    found = routes(HTTP_PROXY_HOST="p", HTTP_PROXY_PORT="1", HTTP_NON_PROXY_HOSTS=hosts)

    assert (found.origin(host, 80, tls=False).proxy is None) is direct


def test_a_pattern_of_hosts_that_is_none_is_told() -> None:
    with pytest.raises(SettingError, match="CONNECTOR_HTTP_NON_PROXY_HOSTS='\\('"):
        routes(HTTP_NON_PROXY_HOSTS="(")


def test_a_proxys_password_is_shown_to_nobody() -> None:
    found = routes(HTTP_PROXY_HOST="p", HTTP_PROXY_PORT="1", HTTP_PROXY_USER="u", HTTP_PROXY_PASSWORD="hidden")

    proxy = found.origin("h", 80, tls=False).proxy
    assert proxy
    assert proxy.authorization == Proxy.basic("u", "hidden")
    assert proxy.authorization not in repr(found)


def test_certificates_are_read_from_files(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("client").private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")

    context = tls_context(
        Settings.read(
            {
                "ZELERY_HTTP_CA_FILE": str(tmp_path / "ca.pem"),
                "ZELERY_HTTP_CERTIFICATE_FILE": str(tmp_path / "client.pem"),
            }
        )
    )

    assert any("trustme" in str(found) for found in context.get_ca_certs())


@pytest.mark.parametrize("name", ["ZELERY_HTTP_CA_FILE", "ZELERY_HTTP_CERTIFICATE_FILE"])
@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), ("words", "expected PEM")])
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, name: str, content: str | None, why: str) -> None:
    file = tmp_path / "file.pem"
    if content is not None:
        file.write_text(content)

    with pytest.raises(SettingError, match=why) as caught:
        tls_context(Settings.read({name: str(file)}))

    assert f"{name}={str(file)!r}" in str(caught.value)
