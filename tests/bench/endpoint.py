"""The HTTP endpoint that measured jobs call: a process of its own that answers JSON after a delay, and keeps account.

`GET /orders?id=ID&at=MS` is a call: of the instance ID, whose job was made at MS (milliseconds since 1970).
`GET /begin?delay=MS` forgets all calls; `GET /tell`, `/ids`, `/calls` and `/latest` say what came since;
`GET /refuse?s=SECONDS` hangs up, and takes no connection for so long.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import Any

from zelery.local import ports

_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")

ORDER = {"id": 7, "name": "order", "items": [{"sku": "a", "price": 10}, {"sku": "b", "price": 20}]}


class Endpoint:
    """The process, from here."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{ports.HOST}:{port}"

    def begin(self, delay_ms: float = 0) -> None:
        """Forget what came; answer after this delay from now on."""
        self._get(f"begin?delay={delay_ms}")

    def refuse(self, seconds: float) -> None:
        """Be away for a time."""
        self._get(f"refuse?s={seconds}")

    def tell(self) -> dict[str, Any]:
        """`calls`, `different` (ids), `twice` (calls of an id that had come), `peak` (open at once), `first` and `last`
        (seconds since 1970), `late_ms` (from a job's making to its call)."""
        found: dict[str, Any] = json.loads(self._get("tell"))
        return found

    def calls(self) -> int:
        """How many came."""
        return int(self._get("calls"))

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            self.calls()
        except OSError:
            return False
        return True

    def latest_ms(self) -> int:
        """The longest from a job's making to its call, since this was asked before."""
        return int(self._get("latest"))

    def ids(self) -> list[str]:
        """Of which instances they were."""
        found: list[str] = json.loads(self._get("ids"))
        return found

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=30) as response:
            body: bytes = response.read()
            return body


@contextlib.contextmanager
def running() -> Iterator[Endpoint]:
    """An endpoint until the block ends."""
    (port,) = ports.free(1)
    process = subprocess.Popen([sys.executable, "-m", __name__, str(port)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()  # It listens.
        yield Endpoint(port)
    finally:
        process.kill()
        process.communicate()


class _Account:
    """What came since `begin`."""

    def __init__(self, delay_ms: float = 0.0) -> None:
        self.delay_s = delay_ms / 1000
        self.calls = self.open = self.peak = 0
        self.first: float | None = None
        self.last: float | None = None
        self.late_ms: list[int] = []
        self.latest_ms = 0
        self.ids: Counter[str] = Counter()

    def come(self, query: dict[str, str]) -> None:
        now = time.time()
        self.calls += 1
        self.open += 1
        self.peak = max(self.peak, self.open)
        self.first, self.last = self.first or now, now
        self.ids[query.get("id", "")] += 1
        late_ms = int(now * 1000) - int(float(query.get("at", 0)))
        self.late_ms.append(late_ms)
        self.latest_ms = max(self.latest_ms, late_ms)

    def tell(self) -> dict[str, Any]:
        return {
            "calls": self.calls,
            "different": len(self.ids),
            "twice": self.calls - len(self.ids),
            "peak": self.peak,
            "first": self.first,
            "last": self.last,
            "late_ms": self.late_ms,
        }


class _Server:
    """Listens, or refuses."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.account = _Account()
        self.connections: set[asyncio.Transport] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), ports.HOST, self._port, backlog=4096)

    def refuse(self, seconds: float) -> None:
        self._tasks.add(asyncio.create_task(self._refuse(seconds)))

    async def _refuse(self, seconds: float) -> None:
        self._server.close()
        for connection in tuple(self.connections):
            connection.close()
        await asyncio.sleep(seconds)
        await self.listen()


class _Connection(asyncio.Protocol):
    """HTTP/1.1, as much of it as clients need that say how long their bodies are."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections.add(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = int(length[1]) if length else 0
            if len(rest) < body:
                return
            self._buffer = rest[body:]
            path, _, query = head.split(b" ", 2)[1].decode().partition("?")
            self._request(path, dict(part.split("=", 1) for part in query.split("&") if part))

    def _request(self, path: str, query: dict[str, str]) -> None:
        match path:
            case "/orders":
                account = self._server.account
                account.come(query)
                if account.delay_s:
                    asyncio.get_running_loop().call_later(account.delay_s, self._order, account)
                else:
                    self._order(account)
            case "/begin":
                self._server.account = _Account(float(query["delay"]))
                self._answer({})
            case "/latest":
                self._answer(self._server.account.latest_ms)
                self._server.account.latest_ms = 0
            case "/ids":
                self._answer(list(self._server.account.ids))
            case "/calls":
                self._answer(self._server.account.calls)
            case "/tell":
                self._answer(self._server.account.tell())
            case "/refuse":
                self._answer({})
                self._server.refuse(float(query["s"]))

    def _order(self, account: _Account) -> None:
        account.open -= 1
        self._answer(ORDER)

    def _answer(self, value: Any) -> None:
        body = json.dumps(value).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        if not self._transport.is_closing():
            self._transport.write(head.encode() + body)


async def _serve(port: int) -> None:
    await _Server(port).listen()
    print("listening", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
