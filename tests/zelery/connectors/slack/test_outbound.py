from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import pytest

from tasks.execute import execute
from tests.zelery.connectors.slack.scripted import Asked, ScriptedSlack, scripted_slack
from zelery.connectors.slack import lookup
from zelery.connectors.slack.api import open_slack
from zelery.connectors.slack.outbound import slack
from zelery.model import Completed, Failed, Job, Outcome
from zelery.resources import Resources
from zelery.runtime import Runtime
from zelery.sdk import Settings
from zelery.sdk.watch import Answered, Exchanged, watcher

pytestmark = pytest.mark.integration

T = TypeVar("T")
SETTINGS = Settings.read({"ZELERY_SECRET_PROVIDERS": "environment"})
TOKEN = "xoxb-s3cret"
POSTED = {
    "ok": True,
    "ts": "1.2",
    "channel": "C1",
    "message": {
        "type": "message",
        "team": "T1",
        "user": "U1",
        "text": "hi",
        "ts": "1.2",
        "app_id": "A1",
        "bot_id": "B1",
    },
}
MEMBERS = [
    {"id": "U1", "real_name": "Ada Lovelace"},
    {"id": "U2", "real_name": "Bob"},
    {"id": "U3", "real_name": "Bob"},  # the first of a name counts
    {"id": "U9"},
]
CHANNELS = [{"id": "C1", "name": "general"}, {"id": "C2", "name": "secret"}]


class At(Resources):
    """A worker's resources, with Slack at another address."""

    base_url = ""

    async def use(self, resource: Callable[[Settings], AbstractAsyncContextManager[T]]) -> T:
        return await super().use(self._there if resource is open_slack else resource)

    @functools.cached_property
    def _there(self) -> Callable[[Settings], AbstractAsyncContextManager[Any]]:
        return lambda settings: open_slack(settings, self.base_url)


async def run(
    server: ScriptedSlack, method: str, data: dict[str, Any], settings: Settings = SETTINGS, **headers: str
) -> Outcome:
    variables = json.dumps({"token": "{{secrets.SLACK}}", "method": method, "data": data})
    job = Job(key=1, type=slack.type, variables=variables, headers={"resultVariable": "r", **headers})
    async with Runtime.open(settings, {"SECRET_SLACK": TOKEN}) as runtime, At(settings) as resources:
        resources.base_url = server.base_url
        return await execute(job, slack, dataclasses.replace(runtime, resources=resources))


async def outcome_of(method: str, data: dict[str, Any], answers: dict[str, list[Any]]) -> tuple[Outcome, list[Asked]]:
    async with scripted_slack(answers) as server:
        return await run(server, method, data), server.asked


def calls(asked: list[Asked]) -> list[tuple[str, dict[str, Any]]]:
    return [(each.method, each.arguments) for each in asked]


async def test_a_message_is_posted_with_the_job_s_token_and_its_response_has_the_message() -> None:
    found, asked = await outcome_of(
        "chat.postMessage", {"channel": "#general", "text": r"a\n\"b\""}, {"chat.postMessage": [POSTED]}
    )
    message = {"type": "message", "team": "T1", "user": "U1", "text": "hi", "ts": "1.2", "appId": "A1", "botId": "B1"}
    assert found == Completed(variables={"r": {"ts": "1.2", "channel": "C1", "message": message}})
    arguments = {"channel": "#general", "text": 'a\n"b"', "link_names": True}
    assert asked == [Asked(verb="POST", method="chat.postMessage", token=TOKEN, arguments=arguments)]


async def test_blocks_and_a_thread_go_along() -> None:
    blocks = [{"type": "divider"}]
    data = {"channel": "C1", "blockContent": blocks, "thread": " 1.1 ", "messageType": "messageBlock"}
    _, asked = await outcome_of("chat.postMessage", data, {"chat.postMessage": [POSTED]})
    assert asked[0].arguments == {"channel": "C1", "blocks": blocks, "thread_ts": "1.1", "link_names": True}


async def test_a_user_is_found_by_real_name_page_by_page() -> None:
    pages = [
        {"ok": True, "members": MEMBERS[1:], "response_metadata": {"next_cursor": "p2"}},
        {"ok": True, "members": MEMBERS[:1], "response_metadata": {"next_cursor": "p3"}},
    ]
    _, asked = await outcome_of(
        "chat.postMessage",
        {"channel": "@Ada Lovelace", "text": "hi"},
        {"users.list": pages, "chat.postMessage": [POSTED]},
    )
    assert calls(asked[:2]) == [("users.list", {"limit": "100"}), ("users.list", {"limit": "100", "cursor": "p2"})]
    assert [each.verb for each in asked] == ["GET", "GET", "POST"]
    assert asked[2].arguments["channel"] == "U1"


async def test_a_user_is_found_by_email() -> None:
    _, asked = await outcome_of(
        "chat.postMessage",
        {"channel": "ada@x.org", "text": "hi"},
        {"users.lookupByEmail": [{"ok": True, "user": {"id": "U1"}}], "chat.postMessage": [POSTED]},
    )
    assert calls(asked)[0] == ("users.lookupByEmail", {"email": "ada@x.org"})
    assert asked[1].arguments["channel"] == "U1"


@pytest.mark.parametrize(("visibility", "private"), [("PUBLIC", False), ("private", True)])
async def test_a_channel_is_created(visibility: str, private: bool) -> None:
    answer = {"ok": True, "channel": {"id": "C3", "name": "news", "creator": "U1"}}
    found, asked = await outcome_of(
        "conversations.create",
        {"newChannelName": "news", "visibility": visibility},
        {"conversations.create": [answer]},
    )
    assert found == Completed(variables={"r": {"channel": {"id": "C3", "name": "news"}}})
    assert calls(asked) == [("conversations.create", {"name": "news", "is_private": private})]


@pytest.mark.parametrize(
    ("data", "looks_up"),
    [
        ({"channelName": "secret"}, True),
        ({"channelType": "channelName", "channelName": "secret", "channelId": "C9"}, True),
        ({"channelType": "channelId", "channelId": "C2"}, False),
        ({"channelId": "C2"}, False),
    ],
)
async def test_users_are_invited_first_by_email_then_by_name_then_by_id(data: dict[str, Any], looks_up: bool) -> None:
    found, asked = await outcome_of(
        "conversations.invite",
        {**data, "users": ["U7", "@Bob", "ada@x.org", "@Ada Lovelace"]},
        {
            "conversations.list": [{"ok": True, "channels": CHANNELS}],
            "users.lookupByEmail": [{"ok": True, "user": {"id": "U8"}}],
            "users.list": [{"ok": True, "members": MEMBERS}],
            "conversations.invite": [{"ok": True, "channel": CHANNELS[1]}],
        },
    )
    assert isinstance(found, Completed)
    assert found.variables["r"] == {"channel": {"id": "C2", "name": "secret"}, "needed": None, "provided": None}
    assert calls(asked)[-1] == ("conversations.invite", {"channel": "C2", "users": "U8,U2,U1,U7"})
    listed = ("conversations.list", {"limit": "100", "types": "public_channel,private_channel"})
    assert (listed in calls(asked)) is looks_up


@pytest.mark.parametrize(
    ("method", "data", "arguments"),
    [
        ("reactions.add", {"emoji": ":thumbsup:"}, {"name": "thumbsup"}),
        ("pins.add", {}, {}),
        ("pins.remove", {}, {}),
    ],
)
async def test_reactions_and_pins_have_an_empty_response(
    method: str, data: dict[str, Any], arguments: dict[str, Any]
) -> None:
    message = {"channel": "C1", "timestamp": "1.2"}
    found, asked = await outcome_of(method, {**message, **data}, {method: [{"ok": True}]})
    assert found == Completed(variables={"r": {}})
    assert calls(asked) == [(method, {**message, **arguments})]


POST = ("chat.postMessage", {"channel": "C1", "text": "hi"})
INVITE = ("conversations.invite", {"channelName": "secret", "users": "@Bob"})
REFUSED = {"ok": False, "error": "not_allowed"}


@pytest.mark.parametrize(
    ("job", "answers", "told"),
    [
        (POST, {"chat.postMessage": [REFUSED]}, "not_allowed"),  # Slack's own word, and nothing else
        (
            ("reactions.add", {"channel": "C1", "timestamp": "1", "emoji": "x"}),
            {},
            "Failed to add reaction: unknown_method",
        ),
        (("pins.add", {"channel": "C1", "timestamp": "1"}), {}, "Failed to pin message: unknown_method"),
        (("pins.remove", {"channel": "C1", "timestamp": "1"}), {}, "Failed to unpin message: unknown_method"),
        (
            ("chat.postMessage", {"channel": "a@b.cd", "text": "hi"}),
            {"users.lookupByEmail": [{"ok": False, "error": "users_not_found"}]},
            "User with email a@b.cd not found; or unable 'users:read.email' permission: users_not_found",
        ),
        (
            ("chat.postMessage", {"channel": "@Eve", "text": "hi"}),
            {"users.list": [{"ok": True, "members": MEMBERS}]},
            "Unable to find users by name: Eve",
        ),
        (
            ("chat.postMessage", {"channel": "@Eve", "text": "hi"}),
            {"users.list": [{"ok": False, "error": "missing_scope"}]},
            "Unable to find users by name: Eve: users.list: missing_scope",
        ),
        (
            INVITE,
            {"conversations.list": [{"ok": True, "channels": []}]},
            "Unable to find conversation with name: secret",
        ),
    ],
)
async def test_what_slack_refuses_is_a_failure_without_a_code_that_leaves_attempts(
    job: tuple[str, dict[str, Any]], answers: dict[str, list[Any]], told: str
) -> None:
    found, _ = await outcome_of(*job, answers)
    assert isinstance(found, Failed)
    assert (found.retries, found.message) == (2, told)
    assert found.variables == {"error": {"type": "java.lang.RuntimeException", "message": told}}


@pytest.mark.parametrize(
    ("headers", "backoff_ms"),
    [
        ({"Retry-After": "7"}, 7000),
        ({"Retry-After": "soon"}, 30_000),  # nothing that can be waited for
        ({}, 30_000),
    ],
)
async def test_a_rate_limit_waits_as_slack_says(headers: dict[str, str], backoff_ms: int) -> None:
    answer = {"status": 429, "headers": headers, "text": '{"ok": false, "error": "ratelimited"}'}
    found, asked = await outcome_of(*POST, {"chat.postMessage": [{**answer, "content_type": "application/json"}]})
    assert isinstance(found, Failed)
    assert (found.retries, found.backoff_ms, len(asked)) == (2, backoff_ms, 1)
    assert found.variables["error"]["type"] == "io.camunda.connector.api.error.ConnectorRetryException"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 500, "text": "<h1>oops</h1>", "content_type": "text/html"}, "status 500"),
        ({"status": 503, "text": ""}, "status 503"),
        ({"text": "fine"}, "no JSON object"),  # text with status 200
        ({"text": "[1]", "content_type": "application/json"}, "no JSON object"),
        ({"text": "{", "content_type": "application/json"}, "status 200"),
        ({"text": '{"ok": false}', "content_type": "application/json"}, "no reason"),
        ({"body": b"\xff\xfe{}", "content_type": "application/json"}, "no JSON object"),
    ],
)
async def test_an_answer_that_cannot_be_read_fails_clearly_and_leaves_attempts(
    answer: dict[str, Any], told: str
) -> None:
    found, asked = await outcome_of(*POST, {"chat.postMessage": [answer]})
    assert isinstance(found, Failed)
    assert (found.retries, len(asked)) == (2, 1)
    assert found.message.startswith("Slack answered with ")
    assert told in found.message


async def test_a_slack_that_cannot_be_reached_fails_and_leaves_attempts() -> None:
    found = await run(ScriptedSlack({}, base_url="http://127.0.0.1:1/api/"), *POST)
    assert isinstance(found, Failed)
    assert found.retries == 2
    assert found.message.startswith("Slack cannot be reached: no connection to 127.0.0.1:1: ")
    assert "object at" not in found.message
    assert found.variables["error"]["type"] == "java.io.IOException"


async def test_a_call_whose_answer_is_lost_is_not_repeated_behind_the_engine_s_back() -> None:
    found, asked = await outcome_of(*POST, {"chat.postMessage": ["hang up"]})
    assert isinstance(found, Failed)
    assert (found.retries, len(asked)) == (2, 1)
    assert found.message == "Slack cannot be reached: Server disconnected"


@pytest.mark.parametrize(
    ("method", "data", "retries", "told"),
    [
        ("chat.postMessage", {"channel": "C1"}, 0, "a message needs one of them"),
        ("chat.postMessage", {"channel": "C1", "text": "  "}, 0, "a message needs one of them"),
        ("chat.postMessage", {"channel": "C1", "blockContent": {"type": "x"}}, 2, "Block section must be an array"),
        ("chat.postMessage", {"channel": "C1", "text": r"\u12"}, 0, "four hexadecimal digits"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "documents": [{}]}, 0, "data.documents"),
        ("conversations.invite", {"users": "U1"}, 0, "data.channelId: must not be blank"),
        (
            "conversations.invite",
            {"users": "U1", "channelType": "channelName"},
            0,
            "data.channelName: must not be blank",
        ),
        ("conversations.kick", {"users": "U1"}, 0, "field: method"),
    ],
)
async def test_input_that_cannot_be_used_is_refused_before_slack_is_asked(
    method: str, data: dict[str, Any], retries: int, told: str
) -> None:
    found, asked = await outcome_of(method, data, {})
    assert isinstance(found, Failed)
    assert (found.retries, asked) == (retries, [])
    assert told in found.message


async def test_half_of_a_character_is_sent_as_text_that_slack_can_read() -> None:
    found, asked = await outcome_of(
        "chat.postMessage", {"channel": "C1", "text": "a\ud800b"}, {"chat.postMessage": [POSTED]}
    )
    assert isinstance(found, Completed)
    assert asked[0].arguments["text"] == "a\ud800b"  # JSON escapes it


async def test_a_token_that_slack_repeats_is_masked() -> None:
    answers = {"chat.postMessage": [{"ok": False, "error": f"invalid token {TOKEN}"}]}
    found, _ = await outcome_of(*POST, answers)
    assert isinstance(found, Failed)
    assert found.message == "invalid token ***"


async def test_a_name_that_is_nowhere_is_not_looked_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "PAGES_MAX", 3)
    endless = {"ok": True, "members": MEMBERS, "response_metadata": {"next_cursor": "again"}}
    found, asked = await outcome_of("chat.postMessage", {"channel": "@Eve", "text": "hi"}, {"users.list": [endless]})
    assert isinstance(found, Failed)
    assert "not among the first 300; name it by its id" in found.message
    assert len(asked) == 3


async def test_calls_go_through_the_https_proxy_of_the_http_connectors_with_its_login() -> None:
    async with scripted_slack({"chat.postMessage": [POSTED]}) as proxy:
        settings = Settings.read(
            {
                "ZELERY_SECRET_PROVIDERS": "environment",
                "CONNECTOR_HTTPS_PROXY_HOST": "127.0.0.1",
                "CONNECTOR_HTTPS_PROXY_PORT": proxy.base_url.split(":")[2].partition("/")[0],
                "CONNECTOR_HTTPS_PROXY_USER": "us@er",
                "CONNECTOR_HTTPS_PROXY_PASSWORD": "p@ss/word",
            }
        )
        there = ScriptedSlack({}, base_url="http://slack.invalid/api/")
        found = await run(there, *POST, settings=settings)
    assert isinstance(found, Completed)
    assert proxy.asked[0].proxy_login == "us@er:p@ss/word"


async def test_who_looks_on_is_told_of_each_call_and_its_answer() -> None:
    seen: list[Exchanged] = []
    looking = watcher.set(seen.append)
    try:
        answers = {"users.list": [{"ok": True, "members": MEMBERS}], "chat.postMessage": [REFUSED]}
        _, asked = await outcome_of("chat.postMessage", {"channel": "@Bob", "text": "hi"}, answers)
    finally:
        watcher.reset(looking)
    assert [each.url.rpartition("/")[2] for each in seen] == [each.method for each in asked]
    assert json.loads(seen[1].body) == asked[1].arguments
    assert isinstance(seen[1].answer, Answered)
    assert (seen[1].method, seen[1].answer.status, json.loads(seen[1].answer.body)) == ("POST", 200, REFUSED)
