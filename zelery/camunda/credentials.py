"""Who we are to the cluster, and whom we trust: TLS, basic auth, OAuth clients.

What says who we are is metadata of each call, set by interceptors: gRPC's own call credentials need TLS, and are asked
for on a thread of its own.
"""

from __future__ import annotations

import base64
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import grpc
from grpc.aio import AioRpcError, ClientCallDetails, ClientInterceptor, Metadata

from zelery.camunda.cluster import SAAS_AUDIENCE, SAAS_TOKEN_URL, ClusterSettings
from zelery.camunda.tokens import Bearer, OAuthClient, ask
from zelery.errors import SettingError

#: Where systems keep the authorities that they trust, beside the place that OpenSSL names.
SYSTEM_CA_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


class Authorization(Protocol):
    """The value of each call's `authorization`."""

    async def get(self) -> str:
        """The value now. Raises PushbackError when it cannot be had now."""

    def refused(self, used: str) -> bool:
        """The cluster did not take `used`: whether a second call may go better."""


class Basic:
    """A login; it does not change."""

    def __init__(self, username: str, password: str) -> None:
        self._value = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()

    async def get(self) -> str:
        return self._value

    def refused(self, used: str) -> bool:  # noqa: ARG002 - the port's signature
        return False


@asynccontextmanager
async def authorization(settings: ClusterSettings) -> AsyncIterator[Authorization | None]:
    """Who the settings say that we are, if anybody. Asks for nothing before the first call."""
    if settings.method == "none":
        yield None
    elif settings.method == "basic":
        yield Basic(settings.username or "", _plain(settings.password))
    else:
        client = oauth_client(settings)
        bearer = Bearer(lambda: ask(client), client.where)
        try:
            yield bearer
        finally:
            await bearer.close()


def oauth_client(settings: ClusterSettings) -> OAuthClient:
    """The settings' OAuth client: it authenticates in the form, as Camunda's clients do."""
    # Before the secret is in plain text here: whoever shows an error with its frames must not find it.
    tls = trust(settings)
    saas_url, saas_audience = (SAAS_TOKEN_URL, SAAS_AUDIENCE) if settings.saas else (None, None)
    secret = _plain(settings.client_secret)
    fields = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": secret,
        "audience": settings.token_audience or saas_audience,
        "scope": settings.token_scope,
        "resource": settings.token_resource,
    }
    return OAuthClient(
        token_url=settings.token_url or (None if settings.issuer_url else saas_url),
        issuer_url=settings.issuer_url or "",
        secret=secret,
        form={name: value for name, value in fields.items() if value},
        tls=tls,
    )


def trust(settings: ClusterSettings) -> ssl.SSLContext:
    """TLS to the token endpoint: the system's authorities and the settings' own, and the client certificate.

    Raises SettingError for a file that is not what its variable says.
    """
    context = ssl.create_default_context()
    if settings.zeebe_ca_file:
        try:
            context.load_verify_locations(settings.zeebe_ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise _unusable("ZEEBE_CA_CERTIFICATE_PATH", settings.zeebe_ca_file, "certificates", error) from None
    if settings.zeebe_certificate_file:
        named = settings.zeebe_key_file or settings.zeebe_certificate_file
        try:
            # With a passphrase of its own, OpenSSL does not ask the terminal for one.
            context.load_cert_chain(settings.zeebe_certificate_file, named, password=lambda: "")
        except OSError as error:
            files = f"{settings.zeebe_certificate_file} with {named}"
            what = "a certificate and its key, without a passphrase"
            raise _unusable("ZELERY_ZEEBE_CERTIFICATE_FILE", files, what, error) from None
    return context


def channel_credentials(settings: ClusterSettings) -> grpc.ChannelCredentials:
    """TLS to the gateway. Raises SettingError as `trust` does, because gRPC would only fail each handshake."""
    trust(settings)
    ca_file, certificate_file = settings.zeebe_ca_file, settings.zeebe_certificate_file
    key_file = settings.zeebe_key_file or certificate_file
    return grpc.ssl_channel_credentials(
        root_certificates=Path(ca_file).read_bytes() if ca_file else _system_authorities(),
        private_key=Path(key_file).read_bytes() if key_file else None,
        certificate_chain=Path(certificate_file).read_bytes() if certificate_file else None,
    )


def interceptors(who: Authorization | None) -> list[ClientInterceptor]:
    """What adds `authorization` to every call of a channel."""
    return [] if who is None else [_Command(who), _Stream(who)]


class _Command(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, who: Authorization) -> None:
        self._who = who

    async def intercept_unary_unary(
        self, continuation: Callable[..., Awaitable[Any]], client_call_details: ClientCallDetails, request: Any
    ) -> Any:
        used = await self._who.get()
        call = await continuation(_as(used, client_call_details), request)
        if await call.code() is not UNAUTHENTICATED or not self._who.refused(used):
            return call
        return await continuation(_as(await self._who.get(), client_call_details), request)


class _Stream(grpc.aio.UnaryStreamClientInterceptor):
    """Reads the first answer here, since only then it is known whether the cluster takes us."""

    def __init__(self, who: Authorization) -> None:
        self._who = who

    async def intercept_unary_stream(
        self, continuation: Callable[..., Awaitable[Any]], client_call_details: ClientCallDetails, request: Any
    ) -> Any:
        used = await self._who.get()
        try:
            return await _begun(await continuation(_as(used, client_call_details), request))
        except AioRpcError as error:
            if error.code() is not UNAUTHENTICATED or not self._who.refused(used):
                raise
        return await _begun(await continuation(_as(await self._who.get(), client_call_details), request))


async def _begun(call: Any) -> AsyncIterator[Any]:
    """The answers of a call whose first has come, or that has ended without any. Raises the call's error."""
    answers = aiter(call)
    first = await anext(answers, None)

    async def all_of_them() -> AsyncIterator[Any]:
        if first is not None:
            yield first
        async for each in answers:
            yield each

    return all_of_them()


def _as(value: str, details: ClientCallDetails) -> ClientCallDetails:
    metadata = Metadata(*(details.metadata or ()), ("authorization", value))
    return ClientCallDetails(details.method, details.timeout, metadata, details.credentials, details.wait_for_ready)


def _system_authorities() -> bytes | None:
    """What this system trusts; gRPC by itself would trust a list that was packed with it."""
    named = os.environ.get("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH") or ssl.get_default_verify_paths().cafile
    found = next((Path(each) for each in (named, *SYSTEM_CA_FILES) if each and Path(each).is_file()), None)
    return found.read_bytes() if found else None


def _plain(secret: Any) -> str:
    return secret.get_secret_value() if secret is not None else ""


def _unusable(variable: str, value: str, what: str, error: OSError) -> SettingError:
    reason = error.strerror or type(error).__name__
    return SettingError(f"{variable}={value}: cannot be used ({reason}); it must be a readable PEM file of {what}")
