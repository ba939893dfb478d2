from __future__ import annotations

import asyncio

import pytest

from tests.zelery.connectors.aws_sns.signing import Web, certificate, pem, rsa_key
from tests.zelery.sdk.http.servers import Server, serving
from zelery.connectors.aws_sns.amazon import CERTIFICATES_MAX, Sns, open_sns
from zelery.sdk import ConnectorError, RefusalError, Settings

PEM = pem(certificate(rsa_key()))


async def test_a_certificate_is_fetched_once() -> None:
    web = Web({"a": PEM})
    sns = Sns(web.fetch)
    assert await sns.certificate("a") == await sns.certificate("a")
    assert web.asked == ["a"]


async def test_what_could_not_be_had_is_asked_for_again() -> None:
    web = Web({"a": ConnectorError("away")})
    sns = Sns(web.fetch)
    with pytest.raises(RefusalError, match="cannot be had now: away"):
        await sns.certificate("a")
    web.bodies["a"] = PEM
    await sns.certificate("a")


async def test_only_so_many_certificates_are_kept() -> None:
    web = Web({str(number): PEM for number in range(CERTIFICATES_MAX + 1)})
    sns = Sns(web.fetch)
    for url in [*web.bodies, str(CERTIFICATES_MAX), "0"]:
        await sns.certificate(url)
    assert web.asked == [*web.bodies, "0"]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("status", "told"), [("200 OK", None), ("302 Found", "is none"), ("404 Gone", "cannot be had")]
)
async def test_it_is_fetched_by_the_http_client_and_its_query_goes_out_as_it_is(status: str, told: str | None) -> None:
    requests: list[bytes] = []

    async def handle(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await server.request(reader))
        body = PEM.encode() if told is None else b"gone"
        head = f"HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)

    async with serving(handle) as server, open_sns(Settings.read({})) as sns:
        url = f"http://127.0.0.1:{server.port}/a.pem?Topic=arn:aws:sns&T=%2B"
        if told is None:
            assert pem(await sns.certificate(url)) == PEM
        else:
            with pytest.raises(RefusalError, match=told):
                await sns.certificate(url)
    assert requests[0].startswith(b"GET /a.pem?Topic=arn:aws:sns&T=%2B HTTP/1.1\r\n")
