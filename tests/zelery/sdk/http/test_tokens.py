from __future__ import annotations

import asyncio

import pytest

from zelery.sdk.http.tokens import KEPT_MAX, Tokens


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Endpoint:
    def __init__(self, *answers: tuple[str, float] | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self) -> tuple[str, float]:
        self.asked += 1
        await self.open.wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_token_is_kept_until_shortly_before_it_expires() -> None:
    clock = Clock()
    tokens, endpoint = Tokens(clock), Endpoint(("a", 60), ("b", 60))

    first = await tokens.get("k", endpoint)
    clock.now += 49.9
    second = await tokens.get("k", endpoint)
    clock.now += 0.2
    third = await tokens.get("k", endpoint)

    assert (first, second, third, endpoint.asked) == ("a", "a", "b", 2)


@pytest.mark.parametrize("seconds", [0, 10, -5])
async def test_a_token_that_does_not_last_is_not_kept(seconds: float) -> None:
    tokens, endpoint = Tokens(Clock()), Endpoint(("a", seconds), ("b", seconds))

    assert [await tokens.get("k", endpoint), await tokens.get("k", endpoint)] == ["a", "b"]


async def test_many_jobs_share_one_request_and_its_error() -> None:
    tokens, endpoint = Tokens(), Endpoint(OSError("down"), ("a", 60))
    endpoint.open.clear()

    waiting = [asyncio.create_task(tokens.get("k", endpoint)) for _ in range(50)]
    await asyncio.sleep(0)
    endpoint.open.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)

    assert endpoint.asked == 1
    assert {type(error) for error in found} == {OSError}
    assert await tokens.get("k", endpoint) == "a"


async def test_a_job_that_is_cancelled_leaves_the_request_to_the_others() -> None:
    tokens, endpoint = Tokens(), Endpoint(("a", 60))
    endpoint.open.clear()

    first, second = (asyncio.create_task(tokens.get("k", endpoint)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    endpoint.open.set()

    assert await second == "a"
    assert first.cancelled()


async def test_a_token_that_was_refused_is_forgotten() -> None:
    tokens, endpoint = Tokens(), Endpoint(("a", 60), ("b", 60))

    tokens.forget(await tokens.get("k", endpoint))

    assert await tokens.get("k", endpoint) == "b"


async def test_the_token_that_expires_first_makes_room() -> None:
    tokens, endpoint = Tokens(Clock()), Endpoint(*[("a", 100.0 + n) for n in range(KEPT_MAX + 1)], ("new", 60))
    for n in range(KEPT_MAX + 1):
        await tokens.get(str(n), endpoint)

    assert await tokens.get("0", endpoint) == "new"
    assert await tokens.get(str(KEPT_MAX), endpoint) == "a"


async def test_closing_ends_requests_under_way() -> None:
    tokens, endpoint = Tokens(), Endpoint(("a", 60))
    endpoint.open.clear()
    waiting = asyncio.create_task(tokens.get("k", endpoint))
    await asyncio.sleep(0)

    await tokens.close()

    with pytest.raises(asyncio.CancelledError):
        await waiting
