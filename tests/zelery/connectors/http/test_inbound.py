from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from inbound.activate import Bound
from tests.inbound_context import FakeInboundContext
from tests.zelery.sdk.http.servers import Server, once, serving
from tests.zelery.sdk.http.test_client import Script, answer
from zelery.catalogue import INBOUND_GROUP, installed, load
from zelery.connectors.http import manners
from zelery.connectors.http.inbound import HttpPolling, HttpPollingIntervals, http_polling
from zelery.connectors.http.manners import AT_ONCE
from zelery.errors import ConnectorError, InputError
from zelery.properties import nest
from zelery.sdk import ExpressionError, InboundConnector, Resource, Settings
from zelery.sdk.http import HttpClient
from zelery.sdk.http.blocks import Blocks
from zelery.sdk.inbound import Kind
from zelery.secrets import Mask

T = TypeVar("T")

GET = {"method": "get", "url": "http://h/api"}
VARIABLES = {"name": "item7", "num": 5, "nul": "null", "obj": {"a": "b"}, "list": ["x", 1], "key": "k1", "pw": "p1"}


class Scripted(FakeInboundContext):
    """With a script for the other side."""

    def __init__(self, script: Script, **given: Any) -> None:
        super().__init__(**given)
        self._client: Any = HttpClient(script, blocks=Blocks(), bytes_max=1000)

    async def use(self, resource: Resource[T]) -> T:
        if resource == HttpClient.open:
            return self._client  # type: ignore[no-any-return] # what that resource opens
        return await super().use(resource)


def bound(properties: Mapping[str, str], variables: Mapping[str, Any] | None = None) -> HttpPolling:
    """The properties as the model writes them, for an instance with these variables."""
    found: HttpPolling = Bound(values=nest(properties), mask=Mask()).to(HttpPolling, variables)
    return found


async def polled(script: Script, properties: Mapping[str, str], variables: Mapping[str, Any] | None = None) -> Scripted:
    """One look."""
    async with Scripted(script) as context:
        await http_polling(bound(properties, variables), context)
        return context


def sent(script: Script) -> tuple[str, str, dict[str, str], str]:
    """Method, path, the model's headers and body of the last request."""
    request = script.requests[-1]
    ours = ("Accept-Encoding", "Host", "User-Agent", "Content-Length")
    headers = {name: value for name, value in request.headers if name not in ours}
    return request.method, request.target.path, headers, (request.data or b"").decode()


def test_it_is_installed_by_the_door_that_is_everybody_s() -> None:
    (point,) = (each for each in installed(INBOUND_GROUP) if each.name == "io.camunda:http-polling:1")
    assert load(point, InboundConnector) is http_polling
    assert (http_polling.kind, http_polling.per_instance) == (Kind.POLLING, True)


class TestBinding:
    @pytest.mark.parametrize(
        ("properties", "why"),
        [
            ({"method": "get"}, "url: Validation failed. Original message: must not be blank"),
            ({"method": "get", "url": ""}, "url: Validation failed. Original message: must not be blank"),
            ({"method": "get", "url": "ftp://h"}, "url: Validation failed. Original message: Must be a http(s) URL"),
            ({"url": "http://h"}, "method: Validation failed. Original message: must not be null"),
            ({"method": "LOOK", "url": "http://h"}, "invalid field: method. It Must be `HttpMethod`"),
            # an unknown variable in the URL makes no URL of it
            ({**GET, "url": '="http://h/" + nope'}, "url: Validation failed. Original message: must not be blank"),
            ({**GET, "headers": "none"}, "invalid field: headers. It Must be `LinkedHashMap`, not text"),
            ({**GET, "headers": "=5"}, "invalid field: headers. It Must be `LinkedHashMap`, not a number"),
            ({**GET, "queryParameters": "[1,2]"}, "invalid field: queryParameters. It Must be `LinkedHashMap`"),
            ({**GET, "connectionTimeoutInSeconds": "soon"}, "connectionTimeoutInSeconds. It Must be `Integer`"),
            ({**GET, "authentication.type": "magic"}, "invalid field: authentication"),
            (
                {**GET, "authentication.type": "basic", "authentication.password": "p"},
                "authentication.username: Validation failed. Original message: must not be empty",
            ),
        ],
    )
    def test_what_cannot_be_used_is_named(self, properties: dict[str, str], why: str) -> None:
        with pytest.raises(InputError) as found:
            bound(properties)
        assert why in str(found.value)

    def test_feel_that_fails_is_told_with_its_expression(self) -> None:
        with pytest.raises(ExpressionError, match=r"=a \+"):
            bound({**GET, "url": "=a +"})

    def test_without_authentication_anybody_asks(self) -> None:
        assert bound(GET).authentication.type == "noAuth"

    @pytest.mark.parametrize("method", ["get", "GET", " Get ", "post", "PUT", "patch", "DELETE"])
    def test_methods_are_written_in_any_case(self, method: str) -> None:
        assert bound({**GET, "method": method}).method == method.strip().upper()

    @pytest.mark.parametrize(
        ("properties", "every", "lookup"),
        [
            ({}, 50, 5),
            ({"httpRequestInterval": "PT3S", "operatePollingInterval": "PT2S"}, 3, 2),
            ({"httpRequestInterval": "PT3S", "processPollingInterval": "PT1M"}, 3, 60),
            ({"operatePollingInterval": "PT2S", "processPollingInterval": "PT1S"}, 50, 1),
            ({"httpRequestInterval": '="PT" + "2S"', "processPollingInterval": '=duration("PT1S")'}, 2, 1),
            # of a variable, which nobody has yet
            ({"httpRequestInterval": "=every", "operatePollingInterval": ""}, 50, 5),
        ],
    )
    def test_intervals(self, properties: dict[str, str], every: int, lookup: int) -> None:
        found = Bound(values=properties, mask=Mask()).to(HttpPollingIntervals)
        assert (found.every, found.lookup) == (timedelta(seconds=every), timedelta(seconds=lookup))

    @pytest.mark.parametrize("name", ["httpRequestInterval", "operatePollingInterval", "processPollingInterval"])
    def test_an_interval_that_is_none_is_named(self, name: str) -> None:
        with pytest.raises(InputError, match=rf"invalid field: {name}\. It Must be `Duration`"):
            Bound(values={name: "often"}, mask=Mask()).to(HttpPollingIntervals)


class TestRequests:
    async def test_all_may_be_feel_over_the_instance_s_variables(self) -> None:
        script = Script(answer())
        properties = {
            "method": "post",
            "url": '="http://h/" + name',
            "headers": '={"X-N": string(num), "X-L": list[1]}',
            "queryParameters": '={"q": obj.a, "z": key}',
            "body": "={name: name, num: num, nul: nul, obj: obj}",
            "authentication.type": "basic",
            "authentication.username": "u",
            "authentication.password": "=pw",
        }
        await polled(script, properties, VARIABLES)
        method, path, headers, body = sent(script)
        assert (method, path) == ("POST", "/item7?q=b&z=k1")
        assert headers == {
            "Authorization": "Basic dTpwMQ==",
            "Content-Type": "application/json",
            "X-N": "5",
            "X-L": "x",
        }
        assert json.loads(body) == {"name": "item7", "num": 5, "nul": "null", "obj": {"a": "b"}}

    async def test_json_text_is_what_it_says(self) -> None:
        script = Script(answer())
        properties = {**GET, "method": "POST", "headers": '{"X-A": "b"}', "queryParameters": '{"q": 1}', "body": "[1]"}
        await polled(script, properties)
        headers = {"X-A": "b", "Content-Type": "application/json"}
        assert sent(script) == ("POST", "/api?q=1", headers, "[1]")

    async def test_branches_are_maps_too(self) -> None:
        script = Script(answer())
        await polled(script, {**GET, "headers.X-A": "=name", "queryParameters.q": "plain"}, VARIABLES)
        assert sent(script) == ("GET", "/api?q=plain", {"X-A": "item7"}, "")

    async def test_an_unknown_variable_in_a_header_or_in_the_query_is_an_empty_text(self) -> None:
        script = Script(answer())
        await polled(script, {**GET, "headers": "={a: nope}", "queryParameters": "={q: nope}"})
        method, path, headers, _ = sent(script)
        assert (method, path, headers) == ("GET", "/api?q", {"a": ""})

    async def test_empty_properties_are_none(self) -> None:
        script = Script(answer())
        await polled(
            script, {**GET, "headers": "", "queryParameters": " ", "body": "", "connectionTimeoutInSeconds": ""}
        )
        assert sent(script) == ("GET", "/api", {}, "")
        assert (script.requests[0].connect_s, script.requests[0].read_s) == (20, 20)

    async def test_timeouts_are_the_model_s(self) -> None:
        script = Script(answer())
        await polled(script, {**GET, "connectionTimeoutInSeconds": "3", "readTimeoutInSeconds": "0"})
        assert (script.requests[0].connect_s, script.requests[0].read_s) == (3, None)

    async def test_a_url_goes_out_as_it_is_where_that_is_said(self) -> None:
        script = Script(answer())
        await polled(script, {**GET, "url": "http://h/a+b?x=%2f", "skipEncoding": "true"})
        assert sent(script)[1] == "/a+b?x=%2f"

    @pytest.mark.parametrize(
        ("authentication", "header"),
        [
            ({"type": "bearer", "token": "=pw"}, ("Authorization", "Bearer p1")),
            ({"type": "apiKey", "apiKeyLocation": "headers", "name": "K", "value": "=pw"}, ("K", "p1")),
        ],
    )
    async def test_authentication(self, authentication: dict[str, str], header: tuple[str, str]) -> None:
        script = Script(answer())
        await polled(script, {**GET, **{f"authentication.{k}": v for k, v in authentication.items()}}, VARIABLES)
        assert header in script.requests[0].headers


class TestEvents:
    async def test_an_answer_is_an_event(self) -> None:
        context = await polled(Script(answer(200, b'{"a": 5.0}', **{"X-MixedCase": "V"})), GET)
        event = {"status": 200, "headers": {"X-MixedCase": "V"}, "body": {"a": 5.0}, "reason": "R200"}
        assert context.correlated == [(event, None)]
        assert context.entries == [("INFO", "GET", "Polled url: http://h/api")]

    @pytest.mark.parametrize(
        ("status", "data", "body"),
        [(204, b"", None), (200, b'{"broken', '{"broken'), (200, b"text", "text"), (301, b"", None)],
    )
    async def test_its_body_is_json_or_text_or_nothing(self, status: int, data: bytes, body: Any) -> None:
        context = await polled(Script(answer(status, data)), GET)
        assert [(event["status"], event["body"]) for event, _ in context.correlated] == [(status, body)]

    @pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
    async def test_from_400_on_there_is_no_event_and_no_second_request(self, status: int) -> None:
        script = Script(answer(status, Retry_After="1"))
        async with Scripted(script) as context:
            with pytest.raises(ConnectorError) as caught:
                await http_polling(bound(GET), context)
        assert caught.value.code == str(status)
        assert (context.correlated, context.entries, len(script.requests)) == ([], [], 1)

    async def test_a_host_that_wants_to_be_left_alone_is_left_alone(self) -> None:
        script = Script(answer(503, Retry_After="100"), answer())
        async with Scripted(script) as context:
            for _ in range(3):
                with pytest.raises(ConnectorError):
                    await http_polling(bound(GET), context)
            await http_polling(bound({**GET, "url": "http://other/"}), context)
        assert [request.target.host for request in script.requests] == ["h", "other"]

    async def test_what_has_not_changed_is_the_same_event_again(self) -> None:
        script = Script(answer(200, b'{"n": 1}', ETag='"v1"'), answer(304, b"", ETag='"v1"'))
        async with Scripted(script) as context:
            for _ in range(2):
                await http_polling(bound(GET), context)
        (first, _), (second, _) = context.correlated
        assert first == second
        assert ("If-None-Match", '"v1"') in script.requests[1].headers


@pytest.mark.integration
class TestOverTheWire:
    """A server that misbehaves harms nobody else's looks."""

    async def test_a_server_that_answers_a_hundred_megabytes_is_cut_off(self) -> None:
        endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"

        async def handle(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.request(reader)
            writer.write(endless)
            for _ in range(1600):
                writer.write(chunk)
                await writer.drain()

        announced = once(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n", b"x" * 65536, wait_s=30)
        settings = Settings.read({"ZELERY_HTTP_RESPONSE_BYTES_MAX": "100000"})
        for large in (handle, announced):
            async with serving(large) as server, FakeInboundContext(settings=settings) as context:
                given = bound({"method": "get", "url": f"http://127.0.0.1:{server.port}/"})
                with pytest.raises(ConnectorError, match="larger than 100000 bytes") as caught:
                    await http_polling(given, context)
                assert (caught.value.code, context.correlated) == ("RESPONSE_TOO_LARGE", [])

    async def test_a_server_that_hangs_holds_up_its_own_looks_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(manners, "WAITING_MAX", 2)

        async def hang(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.request(reader)
            await reader.read()

        good = once(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"ok":true}')
        async with serving(hang) as hanging, serving(good) as other, FakeInboundContext() as context:
            given = bound({"method": "get", "url": f"http://localhost:{hanging.port}/"})
            looks = [asyncio.create_task(http_polling(given, context)) for _ in range(AT_ONCE + 2)]
            async with asyncio.timeout(60):
                while len(hanging.requests) < AT_ONCE:
                    await asyncio.sleep(0.01)

            with pytest.raises(ConnectorError, match=f"localhost:{hanging.port} has 12 requests to answer"):
                await http_polling(given, context)
            await http_polling(bound({"method": "get", "url": f"http://localhost:{other.port}/"}), context)

            assert [event["body"] for event, _ in context.correlated] == [{"ok": True}]
            assert len(hanging.requests) == AT_ONCE
            for task in looks:
                task.cancel()
            await asyncio.gather(*looks, return_exceptions=True)

    async def test_a_server_that_hangs_is_given_up_after_the_model_s_time(self) -> None:
        async def hang(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async with serving(hang) as server, FakeInboundContext() as context:
            url = f"http://127.0.0.1:{server.port}/"
            given = bound({"method": "get", "url": url, "readTimeoutInSeconds": "1"})
            with pytest.raises(ConnectorError, match="The request timed out") as caught:
                await http_polling(given, context)
        assert caught.value.code == "408"
