"""How an address is reached: directly or through a proxy, and with which certificates."""

from __future__ import annotations

import dataclasses
import re
import ssl
from typing import Self

from pydantic import SecretStr

from zelery.errors import SettingError
from zelery.sdk.http.connections import Origin, Proxy
from zelery.settings import Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Routes:
    """The proxies of a worker (`CONNECTOR_HTTP_PROXY_*`, `CONNECTOR_HTTPS_PROXY_*`), by the scheme of the target."""

    plain: Proxy | None = None
    """For http."""
    tls: Proxy | None = None
    """For https."""
    direct: re.Pattern[str] | None = None
    """Hosts that need no proxy."""

    @classmethod
    def read(cls, settings: Settings) -> Self:
        """The routes that the settings say. Raises SettingError when the hosts without a proxy are no pattern."""
        return cls(
            plain=_proxy(
                settings.http_proxy_host,
                settings.http_proxy_port,
                settings.http_proxy_scheme,
                settings.http_proxy_user,
                settings.http_proxy_password,
            ),
            tls=_proxy(
                settings.https_proxy_host,
                settings.https_proxy_port,
                settings.https_proxy_scheme,
                settings.https_proxy_user,
                settings.https_proxy_password,
            ),
            direct=_pattern(settings.http_non_proxy_hosts),
        )

    def origin(self, host: str, port: int, *, tls: bool) -> Origin:
        """The way to an address."""
        proxy = self.tls if tls else self.plain
        if proxy and self.direct and self.direct.fullmatch(host):
            proxy = None
        return Origin(host=host, port=port, tls=tls, proxy=proxy)


def tls_context(settings: Settings) -> ssl.SSLContext:
    """What is trusted and shown on TLS connections. Raises SettingError for a file that cannot be used."""
    context = ssl.create_default_context()
    if settings.http_ca_file:
        try:
            context.load_verify_locations(settings.http_ca_file)
        except OSError as error:
            raise SettingError(f"ZELERY_HTTP_CA_FILE={settings.http_ca_file!r}: {_why(error)}") from None
    if settings.http_certificate_file:
        try:
            context.load_cert_chain(settings.http_certificate_file, settings.http_key_file, password="")
        except OSError as error:
            name, value = "ZELERY_HTTP_CERTIFICATE_FILE", settings.http_certificate_file
            raise SettingError(
                f"{name}={value!r}, ZELERY_HTTP_KEY_FILE={settings.http_key_file!r}: {_why(error)}"
            ) from None
    return context


def _why(error: OSError) -> str:
    return "expected PEM" if isinstance(error, ssl.SSLError) else str(error.strerror)


def _proxy(
    host: str | None, port: int | None, scheme: str, user: str | None, password: SecretStr | None
) -> Proxy | None:
    if not host or not port:
        return None
    authorization = Proxy.basic(user, password.get_secret_value() if password else "") if user else None
    return Proxy(host=host, port=port, tls=scheme == "https", authorization=authorization)


def _pattern(hosts: str | None) -> re.Pattern[str] | None:
    """The whole text is one pattern to the Java runtime: `*` is anything, `|` parts alternatives."""
    if not hosts:
        return None
    try:
        return re.compile(hosts.replace("*", ".*"))
    except re.error as error:
        raise SettingError(f"CONNECTOR_HTTP_NON_PROXY_HOSTS={hosts!r}: no pattern of host names: {error}") from None
