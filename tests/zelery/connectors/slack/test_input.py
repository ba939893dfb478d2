from __future__ import annotations

import json
from typing import Any

import pytest

from zelery.binding import bind
from zelery.connectors.slack.input import Invite, Pin, PostMessage, SlackRequest
from zelery.errors import InputError

POST = {"token": "xoxb-1", "method": "chat.postMessage", "data": {"channel": "#general", "text": "hi"}}
INVITE = {"token": "xoxb-1", "method": "conversations.invite", "data": {"channelName": "general"}}


def bound(variables: dict[str, Any]) -> SlackRequest:
    return bind(json.dumps(variables), SlackRequest)


@pytest.mark.parametrize(
    ("method", "data", "kind"),
    [
        ("chat.postMessage", {"channel": "C1", "text": "hi", "messageType": "plainText"}, PostMessage),
        ("conversations.invite", {"channelName": "c", "users": "@ada"}, Invite),
        ("pins.remove", {"channel": "C1", "timestamp": 1.5}, Pin),  # a number becomes its text
    ],
)
def test_the_method_says_what_the_data_is(method: str, data: dict[str, Any], kind: type) -> None:
    assert isinstance(bound({"token": "t", "method": method, "data": data}).data, kind)


@pytest.mark.parametrize(
    ("users", "listed"),
    [
        ("@ada, bob@x.org,U3", ["@ada", "bob@x.org", "U3"]),
        (["@ada", " U3 "], ["@ada", "U3"]),
        ("@ada,,", ["@ada"]),
        ([17], ["17"]),
    ],
)
def test_users_are_a_list_or_a_text_with_commas(users: Any, listed: list[str]) -> None:
    data = bound({**INVITE, "data": {"channelName": "c", "users": users}}).data
    assert isinstance(data, Invite)
    assert data.users == listed


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({**POST, "method": "chat.postmessage"}, "field: method. It Must be `one of chat.postMessage, "),
        ({**POST, "method": None}, "field: method"),
        ({**POST, "method": ["chat.postMessage"]}, "field: method"),
        ({**POST, "data": None}, "data: Validation failed. Original message: must not be null"),
        ({**POST, "data": "text"}, "field: data"),
        ({**POST, "data": {"text": "hi"}}, "data.channel: Validation failed. Original message: must not be blank"),
        ({**POST, "data": {"channel": {}, "text": "hi"}}, "field: data, channel. It Must be `String`"),
        ({**POST, "token": " "}, "token: Validation failed. Original message: must not be blank"),
        ({**POST, "token": "x\r\nHost: evil"}, "token: Validation failed. Original message: must be one word"),
        ({**INVITE, "data": {"channelName": "c", "users": {}}}, "data, users. It Must be `a list of users"),
        ({**INVITE, "data": {"channelName": "c", "users": " , "}}, "data.users: Validation failed"),
        (
            {**POST, "method": "conversations.create", "data": {"newChannelName": "c", "visibility": "secret"}},
            "field: data, visibility. It Must be `Visibility`",
        ),
    ],
)
def test_what_cannot_be_used_is_named_with_its_field(variables: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as refused:
        bound(variables)
    assert told in refused.value.message


def test_a_token_is_in_no_message() -> None:
    with pytest.raises(InputError) as refused:
        bound({**POST, "token": "xoxb secret"})
    assert "secret" not in refused.value.message


def test_a_token_is_in_no_repr() -> None:
    assert "xoxb" not in repr(bound(POST))
