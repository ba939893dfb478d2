"""Bringing an executable to life: what goes wrong is told with its secrets masked, and tried again ever more seldom."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from inbound import activate as module
from inbound.activate import RETRY_MAX_S, activate, failed, resolve
from inbound.executables import Executable, State, claim_of
from tests.inbound.elements import element, executable
from tests.inbound.hosts import Every, Ticks, feed, hook, ticks
from zelery.sdk import InboundContext
from zelery.sdk.inbound import polling
from zelery.secrets import Place, SecretError, Secrets

NOW_MS = 1_000_000


class Provider:
    """Secrets as a test has them."""

    def __init__(self, **values: str) -> None:
        self.values = values
        self.asked: list[Place] = []

    async def find(self, name: str, place: Place) -> str | None:
        self.asked.append(place)
        return self.values.get(name)


class Hangs:
    async def find(self, name: str, place: Place) -> str | None:
        await asyncio.Event().wait()
        return None


class Fails:
    async def find(self, name: str, place: Place) -> str | None:
        raise SecretError("the vault is sealed")


def secrets(provider: Any = None) -> Secrets:
    return Secrets([provider or Provider(TOKEN="hunter2", EMPTY="")], cache_s=0)


def fresh(**properties: str) -> Executable:
    """As the plan hands it over."""
    named = {name.replace("__", "."): value for name, value in properties.items()}
    return executable(element(properties=named), state=State.FAILED, activated_ms=None, kind=None)


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"inbound__context": "{{secrets.NONE}}"}, "Secret with name 'NONE' is not available"),
        ({}, "there is no path"),
        ({"inbound__context": ""}, "there is no path"),
        ({"inbound": "text", "inbound__context": "x"}, "property inbound: the name stands for a value and for others"),
        ({"inbound": "text"}, "inbound"),
    ],
)
async def test_what_cannot_be_activated_says_what_is_wrong(properties: dict[str, str], reason: str) -> None:
    after = await activate(fresh(**properties), hook, secrets(), NOW_MS)
    assert after.state is State.FAILED
    assert reason in str(after.reason)
    assert (after.activated_ms, after.claim, after.attempts, after.retry_ms) == (None, None, 1, NOW_MS + 5_000)


async def test_a_provider_that_fails_says_so() -> None:
    after = await activate(fresh(inbound__context="{{secrets.X}}"), hook, secrets(Fails()), NOW_MS)
    assert after.reason == "the vault is sealed"


async def test_a_provider_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ACTIVATION_S", 0.01)
    after = await activate(fresh(inbound__context="{{secrets.X}}"), hook, secrets(Hangs()), NOW_MS)
    assert after.reason == "Its secrets were not found within 0.01 s"


async def test_a_reason_shows_no_secret() -> None:
    """The property's own value would be in the message."""
    of = fresh(seconds="{{secrets.TOKEN}}")
    after = await activate(of, feed, secrets(), NOW_MS)
    assert after.state is State.FAILED
    assert "seconds" in str(after.reason)
    assert "hunter2" not in repr(after)


async def test_pauses_grow_and_have_an_end() -> None:
    pauses = []
    one = fresh()
    for _ in range(9):
        one = failed(one, "no", NOW_MS)
        pauses.append((one.retry_ms - NOW_MS) / 1000)
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert failed(dataclasses.replace(one, attempts=10**9), "no", 0).retry_ms == RETRY_MAX_S * 1000


async def test_success_begins_anew() -> None:
    one = dataclasses.replace(fresh(inbound__context="x"), attempts=5, retry_ms=9, reason="no")
    after = await activate(one, hook, secrets(), NOW_MS)
    assert (after.state, after.reason, after.attempts, after.retry_ms) == (State.ACTIVE, None, 0, 0)
    assert (after.kind, after.activated_ms, after.claimed_ms) == ("webhook", NOW_MS, NOW_MS)


async def test_a_path_is_claimed_with_its_secret_and_shown_without() -> None:
    after = await activate(fresh(inbound__context="{{secrets.TOKEN}}"), hook, secrets(), NOW_MS)
    assert after.claim == claim_of("hunter2")
    assert "hunter2" not in repr(after)


async def test_secrets_are_asked_for_at_the_tenants_process() -> None:
    provider = Provider(TOKEN="x")
    of = executable(element(process_id="p", tenant_id="t", properties={"inbound.context": "{{secrets.TOKEN}}"}))
    await activate(of, hook, secrets(provider), NOW_MS)
    assert provider.asked == [Place(tenant_id="t", process_id="p")]


async def test_a_secret_with_quotes_stays_one_value() -> None:
    bound = await resolve(fresh(inbound__token="{{secrets.Q}}"), secrets(Provider(Q='a"b\\c\n')))
    assert bound.values["inbound"]["token"] == 'a"b\\c\n'
    assert repr(bound) == "Bound()"


async def test_a_poller_says_how_often() -> None:
    after = await activate(fresh(seconds="2.5"), feed, secrets(), NOW_MS)
    assert (after.kind, after.every_ms, after.lookup_ms) == ("polling", 2_500, None)
    after = await activate(fresh(seconds="2.5", lookups="1"), feed, secrets(), NOW_MS)
    assert (after.every_ms, after.lookup_ms) == (2_500, 1_000)


class Number(Ticks):
    number: int


@polling(type="tests:each:1", name="Each", intervals=Every, per_instance=True)
async def each(properties: Number, context: InboundContext) -> None: ...


@polling(type="tests:once:1", name="Once", intervals=Every)
async def once(properties: Number, context: InboundContext) -> None: ...


async def test_one_that_looks_for_each_instance_may_need_what_only_that_one_has() -> None:
    assert (await activate(fresh(number="=x"), each, secrets(), NOW_MS)).state is State.ACTIVE
    assert (await activate(fresh(number="=x"), once, secrets(), NOW_MS)).state is State.FAILED


async def test_a_subscription_says_how_many_hold_it() -> None:
    many = dataclasses.replace(ticks, holders=3)
    assert (await activate(fresh(), many, secrets(), NOW_MS)).holders == 3
