"""Sessions of Operate's on a clock of the test's: when one is begun, when again, and what a refusal says."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import pytest

from tests.zelery.camunda.definitions.scripted import URL, Operate, answer, away, item
from zelery.camunda.definitions.login import (
    DROP_PAUSE_S,
    REFUSED_PAUSE_S,
    SESSION_S,
    Account,
    ByHeader,
    BySession,
    session,
)
from zelery.camunda.definitions.operate import OperateSource
from zelery.camunda.definitions.site import Site
from zelery.camunda.definitions.transport import Request, Response
from zelery.errors import PushbackError, SourceRefusedError, SourceUnavailableError
from zelery.settings import Settings

RECORDED = pathlib.Path(__file__).parents[5] / "shared/conformance/operate/login.json"
ACCOUNT = Account(url=URL, username="demo", password="s3cret")
REMEDY = "check the variables"


@dataclasses.dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def logged_in(operate: Operate, clock: Clock) -> Site:
    return Site(operate, BySession(ACCOUNT, operate, REMEDY, clock=clock), name="Operate", url=URL, hint="")


async def search(site: Site) -> Any:
    return await site.post("/v1/process-definitions/search", {"size": 1})


async def test_many_calls_at_once_log_in_once_and_by_a_form() -> None:
    operate = Operate([item(1)], password="s3cret")
    site = logged_in(operate, Clock())
    await asyncio.gather(*(search(site) for _ in range(50)))
    assert operate.logins == 1
    assert operate.asked[0].form == {"username": "demo", "password": "s3cret"}
    assert "s3cret" not in repr(operate.asked) + repr(ACCOUNT)


async def test_a_session_is_renewed_when_it_is_old() -> None:
    operate, clock = Operate([item(1)], password="s3cret"), Clock()
    site = logged_in(operate, clock)
    await search(site)
    clock.now += SESSION_S - 1
    await search(site)
    assert operate.logins == 1
    clock.now += 1
    await search(site)
    assert operate.logins == 2


@pytest.mark.parametrize("status", [401, 403])
async def test_a_session_that_ended_is_replaced_within_the_call_and_once_for_all(status: int) -> None:
    operate, clock = Operate([item(1)], password="s3cret"), Clock()
    site = logged_in(operate, clock)
    await search(site)
    clock.now += DROP_PAUSE_S
    operate.sessions.clear()  # Operate was restarted.
    ended = f"OPERATE-SESSION={operate.logins}"
    operate.trouble = lambda request: answer({}, status) if request.headers.get("Cookie") == ended else None
    await asyncio.gather(*(search(site) for _ in range(20)))
    assert operate.logins == 2


async def test_a_session_that_ends_between_two_pages_goes_on_where_it_was() -> None:
    operate, clock = Operate([item(n) for n in range(1, 2501)], password="s3cret"), Clock()
    source = OperateSource(logged_in(operate, clock), Settings())

    def ends(request: Request) -> Response | None:
        if request.json and "searchAfter" in request.json and operate.logins == 1:
            clock.now += DROP_PAUSE_S
            operate.sessions.clear()
        return None

    operate.trouble = ends
    assert len((await source.deployed()).definitions) == 2500
    assert operate.logins == 2


async def test_an_operate_that_refuses_every_session_does_not_cost_a_login_a_call() -> None:
    operate, clock = Operate([item(1)], password="s3cret"), Clock()
    site = logged_in(operate, clock)
    operate.trouble = lambda request: None if request.url.endswith("/api/login") else answer({}, 403)
    for _ in range(10):
        with pytest.raises(SourceRefusedError, match=f"HTTP 403.*{REMEDY}"):
            await search(site)
        clock.now += 1
    assert operate.logins <= 2


async def test_a_wrong_password_says_so_and_is_not_tried_with_each_call() -> None:
    operate, clock = Operate([item(1)], password="other"), Clock()
    site = logged_in(operate, clock)
    for _ in range(5):
        with pytest.raises(SourceRefusedError) as refused:
            await search(site)
        clock.now += 5
    assert str(refused.value) == (
        "Operate at http://operate does not take the login 'demo' (HTTP 401): check the variables"
    )
    assert operate.logins == 1
    clock.now += REFUSED_PAUSE_S
    operate.password = "s3cret"
    await search(site)


async def test_an_operate_that_is_away_at_login_is_tried_again_at_once() -> None:
    operate = Operate([item(1)], password="s3cret", trouble=away)
    site = logged_in(operate, Clock())
    with pytest.raises(SourceUnavailableError):
        await search(site)
    operate.trouble = lambda _: None
    assert (await search(site))["total"] == 1


@pytest.mark.parametrize(
    ("lines", "carried"),
    [
        # a session alone, as recorded
        ([("Set-Cookie", "OPERATE-SESSION=a; Path=/; HttpOnly")], {"Cookie": "OPERATE-SESSION=a"}),
        # a token against forged requests in a header and a cookie; other cookies are not ours
        (
            [
                ("set-cookie", "OPERATE-SESSION=a; Path=/"),
                ("set-cookie", "OPERATE-X-CSRF-TOKEN=c; Path=/"),
                ("set-cookie", "lb=7"),
                ("operate-x-csrf-token", "h"),
            ],
            {"Cookie": "OPERATE-SESSION=a; OPERATE-X-CSRF-TOKEN=c", "OPERATE-X-CSRF-TOKEN": "h"},
        ),
        # the token in a cookie only
        (
            [("Set-Cookie", "OPERATE-SESSION=a"), ("Set-Cookie", "X-CSRF-TOKEN=c")],
            {"Cookie": "OPERATE-SESSION=a; X-CSRF-TOKEN=c", "X-CSRF-TOKEN": "c"},
        ),
    ],
)
def test_calls_carry_what_the_login_gave(lines: list[tuple[str, str]], carried: Mapping[str, str]) -> None:
    assert session(Response(status=204, headers=lines), ACCOUNT, REMEDY) == carried


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        # accepted, and nothing given
        (200, SourceRefusedError, "gave no session for 'demo': check the variables"),
        (401, SourceRefusedError, "does not take the login 'demo' (HTTP 401)"),
        # an Operate without a login page of its own
        (404, SourceRefusedError, "an Operate behind Identity takes CAMUNDA_IDENTITY_CLIENT_ID"),
        (302, SourceRefusedError, "HTTP 302"),
        (429, SourceUnavailableError, "cannot log anybody in now (HTTP 429)"),
        (503, SourceUnavailableError, "cannot log anybody in now (HTTP 503)"),
    ],
)
def test_a_login_that_is_none_says_why(status: int, error: type[Exception], says: str) -> None:
    with pytest.raises(error) as raised:
        session(Response(status=status), ACCOUNT, REMEDY)
    assert says in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_logins_as_operate_answered_them() -> None:
    if not RECORDED.exists():
        pytest.skip("the recorded answers are not here")
    outcomes = {}
    for sample in json.loads(RECORDED.read_text()):
        if sample["request"]["path"] == "/api/login":
            lines = [(name, value) for name, values in sample["headers"].items() for value in values]
            try:
                outcomes[sample["about"]] = set(
                    session(Response(status=sample["status"], headers=lines), ACCOUNT, REMEDY)
                )
            except SourceRefusedError:
                outcomes[sample["about"]] = set()
    assert outcomes["form body"] == {"Cookie"}
    assert outcomes["wrong password"] == outcomes["JSON body"] == outcomes["no credentials"] == set()


async def test_a_token_that_cannot_be_had_is_later() -> None:
    class Away:
        async def get(self) -> str:
            raise PushbackError("no token from http://idp: HTTP 401: invalid_client")

        def refused(self, used: str) -> bool:
            return False

    with pytest.raises(SourceUnavailableError, match="no token from http://idp"):
        await search(Site(Operate(), ByHeader(Away(), REMEDY), name="Operate", url=URL, hint=""))


async def test_a_token_that_is_refused_is_replaced_once() -> None:
    class Tokens:
        given = 0

        async def get(self) -> str:
            return f"Bearer {self.given}"

        def refused(self, used: str) -> bool:
            self.given += 1
            return used == "Bearer 0"

    operate = Operate([item(1)])
    operate.trouble = lambda request: answer({}, 401) if request.headers["Authorization"] != "Bearer 1" else None
    site = Site(operate, ByHeader(Tokens(), REMEDY), name="Operate", url=URL, hint="")
    assert (await search(site))["total"] == 1
    operate.trouble = lambda _: answer({}, 401)
    with pytest.raises(SourceRefusedError, match=REMEDY):
        await search(site)
    assert len(operate.asked) == 3
