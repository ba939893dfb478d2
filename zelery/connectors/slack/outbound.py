"""The Slack connector: messages, channels, invitations, reactions and pins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zelery.connectors.slack.api import RefusedError, Slack, open_slack
from zelery.connectors.slack.input import AddReaction, CreateChannel, Invite, Pin, PostMessage, SlackRequest
from zelery.connectors.slack.lookup import Lookup
from zelery.sdk import ConnectorError, Context, InputError, outbound
from zelery.sdk.escapes import unescaped


@outbound(type="io.camunda:slack:1", name="Slack Outbound")
async def slack(given: SlackRequest, context: Context) -> dict[str, Any]:
    """Call Slack's method; what the response holds depends on it."""
    client = await context.use(open_slack)
    match given.data:
        case PostMessage():
            return await _post_message(client, given.token, given.data)
        case CreateChannel():
            return await _create_channel(client, given.token, given.data)
        case Invite():
            return await _invite(client, given.token, given.data)
        case AddReaction():
            return await _add_reaction(client, given.token, given.data)
        case Pin():
            return await _pin(client, given.token, given.data)


async def _post_message(client: Slack, token: str, data: PostMessage) -> dict[str, Any]:
    text = unescaped(data.text) if data.text and data.text.strip() else None
    blocks = data.block_content
    if text is None and blocks is None:
        raise InputError("data.text, data.blockContent: a message needs one of them")
    if blocks is not None and not isinstance(blocks, list):
        raise ConnectorError("Block section must be an array")
    if data.documents:
        raise InputError("data.documents: there is no document store to take files from; leave it off")
    channel = await Lookup(slack=client, token=token).recipient(data.channel)
    thread = data.thread.strip() if data.thread else None
    answer = await client.call(
        token,
        "chat.postMessage",
        channel=channel,
        text=text,
        blocks=blocks,
        thread_ts=thread or None,
        link_names=True,
    )
    message = answer.get("message")
    return {"ts": answer.get("ts"), "channel": answer.get("channel"), "message": message and _message(message)}


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: message.get(name) for name in ("type", "team", "user", "text", "ts")}
    return {**told, "appId": message.get("app_id"), "botId": message.get("bot_id")}


async def _create_channel(client: Slack, token: str, data: CreateChannel) -> dict[str, Any]:
    private = data.visibility == "PRIVATE"
    answer = await client.call(token, "conversations.create", name=data.new_channel_name, is_private=private)
    return {"channel": _channel(answer)}


async def _invite(client: Slack, token: str, data: Invite) -> dict[str, Any]:
    lookup = Lookup(slack=client, token=token)
    by_id = data.channel_type == "channelId" if data.channel_type else not data.channel_name
    name = data.channel_id if by_id else data.channel_name
    if not name or not name.strip():
        raise InputError(f"data.{'channelId' if by_id else 'channelName'}: must not be blank")
    channel = name if by_id else await lookup.channel_named(name)
    users = ",".join(await lookup.users(data.users))
    answer = await client.call(token, "conversations.invite", channel=channel, users=users)
    return {"channel": _channel(answer), "needed": answer.get("needed"), "provided": answer.get("provided")}


def _channel(answer: Mapping[str, Any]) -> dict[str, Any]:
    channel = answer.get("channel") or {}
    return {"id": channel.get("id"), "name": channel.get("name")}


async def _add_reaction(client: Slack, token: str, data: AddReaction) -> dict[str, Any]:
    emoji = data.emoji.strip().strip(":")
    try:
        await client.call(token, "reactions.add", channel=data.channel, name=emoji, timestamp=data.timestamp)
    except RefusedError as error:
        raise RefusedError(f"Failed to add reaction: {error.message}") from error
    return {}


async def _pin(client: Slack, token: str, data: Pin) -> dict[str, Any]:
    try:
        await client.call(token, data.method, channel=data.channel, timestamp=data.timestamp)
    except RefusedError as error:
        what = "pin" if data.method == "pins.add" else "unpin"
        raise RefusedError(f"Failed to {what} message: {error.message}") from error
    return {}
