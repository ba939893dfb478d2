"""What a worker asks of SNS over HTTP: the certificates of its signatures, and its confirmations of subscriptions."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from cryptography.x509 import Certificate, load_pem_x509_certificate

from zelery.sdk import ConnectorError, RefusalError, Settings
from zelery.sdk.http import Call, HttpClient

#: SNS has one a region, and renews it once a year.
CERTIFICATES_MAX = 64
#: Seconds for a connection, and for each piece of an answer.
_LIMIT_S = 5


@dataclasses.dataclass(frozen=True)
class _Deadline:
    remaining_s: float = 2.0 * _LIMIT_S


class Sns:
    """The certificates that one process knows. Addresses are checked by who asks."""

    def __init__(self, fetch: Callable[[str], Awaitable[object]]) -> None:
        """`fetch` gets the body behind an address; it raises ConnectorError for an answer from 400 on, and for none."""
        self._fetch = fetch
        self._certificates: OrderedDict[str, Certificate] = OrderedDict()

    async def certificate(self, url: str) -> Certificate:
        """The certificate behind an address. Raises RefusalError, which has SNS try again where that may help."""
        found = self._certificates.get(url)
        if found is None:
            body = await self._get(url, "the certificate that the message is signed with")
            try:
                found = load_pem_x509_certificate(str(body).encode())
            except ValueError:
                raise RefusalError(403, "what the message names as its certificate is none") from None
            self._certificates[url] = found
            if len(self._certificates) > CERTIFICATES_MAX:
                self._certificates.popitem(last=False)
        self._certificates.move_to_end(url)
        return found

    async def confirm(self, url: str) -> None:
        """Tell SNS that we want what it sends. Raises RefusalError, after which SNS asks again."""
        await self._get(url, "SNS's confirmation of the subscription")

    async def _get(self, url: str, what: str) -> object:
        try:
            return await self._fetch(url)
        except ConnectorError as error:
            raise RefusalError(502, f"{what} cannot be had now: {error}") from error


@asynccontextmanager
async def open_sns(settings: Settings) -> AsyncIterator[Sns]:
    """The resource, with the proxy and the certificate authorities of the HTTP connectors."""
    async with HttpClient.open(settings) as client:

        async def fetch(url: str) -> object:
            call = Call(method="GET", url=url, skip_encoding=True, connect_s=_LIMIT_S, read_s=_LIMIT_S)
            return (await client.call(call, _Deadline())).body

        yield Sns(fetch)
