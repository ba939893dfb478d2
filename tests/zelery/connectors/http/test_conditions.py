from __future__ import annotations

import asyncio
from typing import Any

import pytest

from zelery.connectors.http import conditions
from zelery.connectors.http.conditions import Conditions
from zelery.errors import ConnectorError
from zelery.sdk.http import Answer, Call
from zelery.sdk.http.authentication import (
    ApiKeyAuthentication,
    BasicAuthentication,
    BearerAuthentication,
    OAuthAuthentication,
)

TAGGED = {"ETag": '"v1"', "Last-Modified": "Mon, 01 Jan 2001 00:00:00 GMT"}


def answer(status: int = 200, body: Any = None, **headers: Any) -> Answer:
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, reason="R", headers=spelled, body={"n": 1} if body is None else body)


def get(**changes: Any) -> Call:
    return Call(**{"method": "GET", "url": "http://h/api", **changes})


class Site:
    """The other side: answers in their order, and what it was asked."""

    def __init__(self, *answers: Answer | ConnectorError) -> None:
        self._answers = list(answers)
        self.asked: list[Call] = []

    async def __call__(self, call: Call) -> Answer:
        self.asked.append(call)
        found = self._answers.pop(0)
        if isinstance(found, ConnectorError):
            raise found
        return found

    @property
    def sent(self) -> list[dict[str, str | None]]:
        """The headers of each request."""
        return [dict(call.headers or {}) for call in self.asked]


NOT_MODIFIED = Answer(status=304, reason="Not Modified", headers={"ETag": '"v1"'}, body=None)


class TestAskedForUnderAConditionAgain:
    @pytest.mark.parametrize(
        ("told", "asked"),
        [
            ({"ETag": '"v1"'}, {"If-None-Match": '"v1"'}),
            ({"etag": 'W/"v1"'}, {"If-None-Match": 'W/"v1"'}),
            ({"Last_Modified": TAGGED["Last-Modified"]}, {"If-Modified-Since": TAGGED["Last-Modified"]}),
            (
                {"ETag": '"v1"', "Last_Modified": TAGGED["Last-Modified"]},
                {"If-None-Match": '"v1"', "If-Modified-Since": TAGGED["Last-Modified"]},
            ),
        ],
    )
    async def test_where_nothing_has_changed_the_answer_is_the_one_before(
        self, told: dict[str, Any], asked: dict[str, str]
    ) -> None:
        first = answer(body={"text": "ü", "number": 1.5, "none": None}, **told)
        site, known = Site(first, NOT_MODIFIED, NOT_MODIFIED), Conditions()
        call = get(headers={"X-Own": "a"})

        assert [await known.answer(call, site) for _ in range(3)] == [first, first, first]
        assert site.sent == [{"X-Own": "a"}, {"X-Own": "a", **asked}, {"X-Own": "a", **asked}]
        assert call.headers == {"X-Own": "a"}

    async def test_what_has_changed_is_the_answer_from_then_on(self) -> None:
        old, new = answer(body="old", ETag='"v1"'), answer(body="new", ETag='"v2"')
        site, known = Site(old, new, NOT_MODIFIED), Conditions()
        assert [(await known.answer(get(), site)).body for _ in range(3)] == ["old", "new", "new"]
        assert site.sent[-1] == {"If-None-Match": '"v2"'}

    async def test_nobody_changes_what_is_kept(self) -> None:
        site, known = Site(answer(body=[1], ETag="a"), NOT_MODIFIED, NOT_MODIFIED), Conditions()
        for _ in range(2):
            (await known.answer(get(), site)).body.append(2)
        assert (await known.answer(get(), site)).body == [1]

    async def test_a_failure_changes_nothing(self) -> None:
        site, known = Site(answer(ETag="a"), ConnectorError("down", code="408"), NOT_MODIFIED), Conditions()
        await known.answer(get(), site)
        with pytest.raises(ConnectorError):
            await known.answer(get(), site)
        assert (await known.answer(get(), site)).body == {"n": 1}

    async def test_one_that_was_forgotten_meanwhile_is_still_the_answer_before(self) -> None:
        site, known = Site(answer(ETag="a"), answer(201, "other"), NOT_MODIFIED), Conditions()
        await known.answer(get(), site)
        begun = asyncio.Event()

        async def slow(call: Call) -> Answer:
            begun.set()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return NOT_MODIFIED

        async def meanwhile() -> Answer:
            await begun.wait()
            return await known.answer(get(), site)

        found, other = await asyncio.gather(known.answer(get(), slow), meanwhile())
        assert (found.body, other.body) == ({"n": 1}, "other")


class TestAskedForWithout:
    @pytest.mark.parametrize("name", ["If-None-Match", "if-none-match", "IF-MODIFIED-SINCE"])
    async def test_a_model_that_sets_its_own_condition_gets_what_it_asked_for(self, name: str) -> None:
        site, known = Site(answer(ETag="a"), NOT_MODIFIED), Conditions()
        call = get(headers={name: "mine"})
        await known.answer(call, site)
        assert await known.answer(call, site) == NOT_MODIFIED
        assert site.sent == [{name: "mine"}, {name: "mine"}]

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    async def test_only_what_is_got_is_asked_for_under_a_condition(self, method: str) -> None:
        site, known = Site(answer(ETag="a"), answer(ETag="a")), Conditions()
        for _ in range(2):
            await known.answer(get(method=method, body="b"), site)
        assert site.sent == [{}, {}]

    @pytest.mark.parametrize(
        "first",
        [
            answer(),  # no word of what it is
            answer(203, ETag="a"),
            answer(302, ETag="a"),
            answer(ETag="a", Cache_Control="private, No-Store"),
            answer(body="x" * 300_000, ETag="a"),
            answer(ETag="a", Content_Length="300000"),
        ],
    )
    async def test_an_answer_that_cannot_or_must_not_be_kept(self, first: Answer) -> None:
        site, known = Site(first, first), Conditions()
        assert [await known.answer(get(), site) for _ in range(2)] == [first, first]
        assert site.sent == [{}, {}]

    async def test_a_304_to_a_call_without_a_condition_is_an_answer(self) -> None:
        assert await Conditions().answer(get(), Site(NOT_MODIFIED)) == NOT_MODIFIED

    @pytest.mark.parametrize(
        "other",
        [
            {"url": "http://h/other"},
            {"parameters": {"q": "1"}},
            {"headers": {"Accept-Language": "de"}},
            {"skip_encoding": True},
            {"authentication": BasicAuthentication(type="basic", username="a", password="1")},
            {"authentication": BearerAuthentication(type="bearer", token="t")},
            {"authentication": ApiKeyAuthentication(type="apiKey", api_key_location="query", name="k", value="v")},
        ],
    )
    async def test_another_call_knows_nothing_of_it(self, other: dict[str, Any]) -> None:
        site, known = Site(answer(ETag="a"), answer()), Conditions()
        await known.answer(get(), site)
        await known.answer(get(**other), site)
        assert "If-None-Match" not in site.sent[1]

    @pytest.mark.parametrize("location", ["query", "headers"])
    async def test_who_asks_gets_nobody_else_s_answer(self, location: str) -> None:
        def key(value: str) -> ApiKeyAuthentication:
            return ApiKeyAuthentication.model_validate(
                {"type": "apiKey", "apiKeyLocation": location, "name": "k", "value": value}
            )

        def client(secret: str) -> OAuthAuthentication:
            return OAuthAuthentication(
                type="oauth-client-credentials-flow",
                oauth_token_endpoint="http://h/token",
                client_id="c",
                client_secret=secret,
                client_authentication="credentialsBody",
            )

        site, known = Site(*[answer(ETag="a")] * 4), Conditions()
        for authentication in (key("a"), key("b"), client("a"), client("b")):
            await known.answer(get(authentication=authentication), site)
        assert site.sent == [{}, {}, {}, {}]


class TestMemory:
    async def test_what_was_used_last_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(conditions, "CHARACTERS_MAX", 1000)
        known = Conditions()

        async def ask(number: int) -> bool:
            """Whether the call was under a condition."""
            site = Site(answer(body="x" * 250, ETag="a"))
            await known.answer(get(url=f"http://h/{number}"), site)
            return "If-None-Match" in site.sent[0]

        assert [await ask(number) for number in (1, 2, 3, 1, 4)] == [False, False, False, True, False]
        assert [await ask(number) for number in (1, 3, 4, 2)] == [True, True, True, False]

    async def test_secrets_are_not_kept(self) -> None:
        known = Conditions()
        call = get(headers={"X-Key": "s3cret"}, authentication=BearerAuthentication(type="bearer", token="t0ken"))
        await known.answer(call, Site(answer(ETag="a")))
        assert "s3cret" not in repr(vars(known))
        assert "t0ken" not in repr(vars(known))
