from __future__ import annotations

import asyncio
import dataclasses
import functools
from typing import Any

import pytest
from aiohttp import test_utils, web
from joserfc.jwk import RSAKey

from zelery.connectors.webhook.keys import FRESH_S, PAUSE_S, SETS_MAX, KeySets, NoKeysError, open_key_sets
from zelery.sdk import ConnectorError, Settings

URL = "https://issuer/jwks"


@functools.cache
def document(*names: str) -> Any:
    return {"keys": [RSAKey.generate_key(2048, {"kid": name}).as_dict(private=False) for name in names]}


@dataclasses.dataclass
class Issuer:
    """Serves a key set, counts how often, and has the clock."""

    answer: Any
    fetched: int = 0
    now: float = 1000.0

    async def fetch(self, url: str) -> Any:
        self.fetched += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, ConnectorError):
            raise self.answer
        return self.answer

    def sets(self) -> KeySets:
        return KeySets(self.fetch, lambda: self.now)


async def test_a_set_that_cannot_be_had_is_asked_for_again_only_after_a_pause() -> None:
    issuer = Issuer(ConnectorError("connection refused"))
    sets = issuer.sets()
    for _ in range(3):
        with pytest.raises(NoKeysError, match=r"The key set at https://issuer/jwks cannot be had: connection refused"):
            await sets.find(URL, "a")
    assert issuer.fetched == 1
    issuer.now, issuer.answer = issuer.now + PAUSE_S, document("a")
    assert await sets.find(URL, "a") is not None
    assert issuer.fetched == 2


async def test_an_answer_that_is_no_key_set_is_said_to_be_none() -> None:
    with pytest.raises(NoKeysError, match="it is no key set"):
        await Issuer({"error": "x"}).sets().find(URL, "a")


async def test_an_unknown_key_is_looked_for_once_in_a_pause() -> None:
    issuer = Issuer(document("a"))
    sets = issuer.sets()
    assert await sets.find(URL, "a") is not None
    for invented in ("x", "y", "z"):
        assert await sets.find(URL, invented) is None
    assert issuer.fetched == 1
    issuer.now += PAUSE_S
    issuer.answer = document("b")
    assert await sets.find(URL, "b") is not None
    assert issuer.fetched == 2


async def test_a_set_is_fetched_again_when_it_is_old_so_that_a_revoked_key_ends() -> None:
    issuer = Issuer(document("a"))
    sets = issuer.sets()
    await sets.find(URL, "a")
    issuer.now += FRESH_S - 1
    assert await sets.find(URL, "a") is not None
    assert issuer.fetched == 1
    issuer.now, issuer.answer = issuer.now + 1, document("b")
    assert await sets.find(URL, "a") is None


async def test_those_who_ask_at_once_share_one_fetch() -> None:
    issuer = Issuer(document("a"))
    sets = issuer.sets()
    found = await asyncio.gather(*(sets.find(URL, "a") for _ in range(20)))
    assert all(found)
    assert issuer.fetched == 1


async def test_sets_do_not_grow_without_bound() -> None:
    issuer = Issuer({"keys": []})
    sets = issuer.sets()
    for number in range(SETS_MAX + 1):
        issuer.now += 0.001
        await sets.find(f"{URL}/{number}", "a")
    await sets.find(f"{URL}/{SETS_MAX}", "a")
    assert issuer.fetched == SETS_MAX + 1
    await sets.find(f"{URL}/0", "a")  # The oldest had to go.
    assert issuer.fetched == SETS_MAX + 2


@pytest.mark.integration
async def test_a_set_is_fetched_from_a_real_server_and_its_errors_are_told() -> None:
    async def served(request: web.Request) -> web.Response:
        return web.json_response(document("a")) if request.path == "/jwks" else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path}", served)
    async with test_utils.TestServer(app) as server, open_key_sets(Settings.read({})) as sets:
        assert await sets.find(str(server.make_url("/jwks")), "a") is not None
        with pytest.raises(NoKeysError, match="Not Found"):
            await sets.find(str(server.make_url("/none")), "a")
    with pytest.raises(NoKeysError, match="cannot be had"):
        async with open_key_sets(Settings.read({})) as sets:
            await sets.find("http://127.0.0.1:1/jwks", "a")
