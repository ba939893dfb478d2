"""Ids of the users and channels that models name as people do."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

from zelery.connectors.slack.api import RefusedError, Slack
from zelery.sdk import ConnectorError

#: Entries asked for at once.
PAGE = 100
#: Pages looked through; a workspace beyond this size is searched by e-mail address or id.
PAGES_MAX = 1000

_EMAIL = re.compile(r".+@.+[.].{2,4}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lookup:
    """Looks things up with one job's token."""

    slack: Slack
    token: str

    async def recipient(self, channel: str) -> str:
        """Whom a message is for: `@real name` and e-mail addresses are users, anything else stays as it is.

        Raises ConnectorError when there is no such user.
        """
        if channel.startswith("@"):
            return (await self.users_named([channel[1:]]))[0]
        return await self.user_by_email(channel) if _EMAIL.fullmatch(channel) else channel

    async def users(self, given: Sequence[str]) -> list[str]:
        """Ids of users: first those given by e-mail address, then those by name, then those that are ids."""
        named = [user for user in given if user.startswith("@")]
        mailed = [user for user in given if user not in named and _EMAIL.fullmatch(user)]
        ids = [user for user in given if user not in named and user not in mailed]
        found = [await self.user_by_email(email) for email in mailed]
        if named:
            found += await self.users_named([name[1:] for name in named])
        return [*found, *ids]

    async def user_by_email(self, email: str) -> str:
        """Id of the user with this e-mail address. Raises ConnectorError."""
        try:
            answer = await self.slack.call(self.token, "users.lookupByEmail", read=True, email=email)
        except RefusedError as error:
            raise RefusedError(
                f"User with email {email} not found; or unable 'users:read.email' permission: {error.message}"
            ) from error
        return str(answer["user"]["id"])

    async def users_named(self, names: Sequence[str]) -> list[str]:
        """Ids of the users with these real names. Raises ConnectorError."""
        complaint = f"Unable to find users by name: {', '.join(names)}"
        found = await self._ids("users.list", "members", "real_name", names, complaint)
        if missing := [name for name in names if name not in found]:
            raise RefusedError(f"Unable to find users by name: {', '.join(missing)}")
        return [found[name] for name in names]

    async def channel_named(self, name: str) -> str:
        """Id of the channel, public or private, with this name. Raises ConnectorError."""
        complaint = f"Unable to find conversation with name: {name}"
        kinds = "public_channel,private_channel"
        found = await self._ids("conversations.list", "channels", "name", [name], complaint, types=kinds)
        if name not in found:
            raise RefusedError(complaint)
        return found[name]

    async def _ids(
        self, method: str, entries: str, field: str, wanted: Sequence[str], complaint: str, **arguments: Any
    ) -> dict[str, str]:
        """Ids by name, of those among the wanted that there are: the first of each name counts."""
        found: dict[str, str] = {}
        cursor = None
        for _ in range(PAGES_MAX):
            try:
                page = await self.slack.call(self.token, method, read=True, limit=PAGE, cursor=cursor, **arguments)
            except RefusedError as error:
                raise RefusedError(f"{complaint}: {method}: {error.message}") from error
            for entry in page.get(entries) or ():
                if entry.get(field) in wanted:
                    found.setdefault(entry[field], str(entry["id"]))
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor or len(found) == len(set(wanted)):
                return found
        raise ConnectorError(f"{complaint}: not among the first {PAGES_MAX * PAGE}; name it by its id")
