"""What models write for `io.camunda:slack:1`: `method` says which fields `data` has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from zelery.sdk import Input
from zelery.sdk.types import NOT_BLANK, NOT_EMPTY, NOT_NULL, Choice, Must, Text, invalid, matching, text

Words = Annotated[Text, Must(NOT_BLANK)]
#: What a header can carry: a line break in a token must not become a header.
Token = Annotated[Text, Must(NOT_BLANK, matching(r"\s*[\x21-\x7e]*\s*", "must be one word of ASCII characters"))]


def _listed(value: Any) -> Any:
    """Users as a list, or as a text with commas."""
    if isinstance(value, list):
        words = [text(word) or "" for word in value]
    elif isinstance(value, str):
        words = value.split(",")
    else:
        raise invalid("a list of users, or text with commas", value)
    return [word.strip() for word in words if word.strip()]


class PostMessage(Input):
    """A message to a channel, or to a user by `@real name` or e-mail address."""

    method: Literal["chat.postMessage"]
    channel: Words
    text: Text | None = None
    block_content: Any = None
    thread: Text | None = None
    documents: Any = None


class CreateChannel(Input):
    """A new channel."""

    method: Literal["conversations.create"]
    new_channel_name: Words
    visibility: Annotated[Literal["PUBLIC", "PRIVATE"], Choice("Visibility"), Must(NOT_NULL)]


class Invite(Input):
    """Users for a channel; templates before 8.8 name it only by its name."""

    method: Literal["conversations.invite"]
    users: Annotated[list[str], BeforeValidator(_listed), Must(NOT_EMPTY)]
    channel_type: Text | None = None
    channel_name: Text | None = None
    channel_id: Text | None = None


class AddReaction(Input):
    """An emoji under a message."""

    method: Literal["reactions.add"]
    channel: Words
    emoji: Words
    timestamp: Words


class Pin(Input):
    """A message to pin, or to unpin."""

    method: Literal["pins.add", "pins.remove"]
    channel: Words
    timestamp: Words


Data = PostMessage | CreateChannel | Invite | AddReaction | Pin
METHODS = (
    "chat.postMessage",
    "conversations.create",
    "conversations.invite",
    "reactions.add",
    "pins.add",
    "pins.remove",
)


def _method(value: Any) -> Any:
    if value not in METHODS:
        raise invalid(f"one of {', '.join(METHODS)}", value)
    return value


class SlackRequest(Input):
    """All variables of a job."""

    token: Token = Field(repr=False)
    method: Annotated[str, BeforeValidator(_method)]
    data: Annotated[Data, Field(discriminator="method"), Must(NOT_NULL)]

    @model_validator(mode="before")
    @classmethod
    def _method_into_data(cls, given: Any) -> Any:
        """The method stands beside the data whose kind it tells."""
        if not isinstance(given, Mapping) or not isinstance(given.get("data"), Mapping):
            return given
        return {**given, "data": {**given["data"], "method": given.get("method")}}
