"""A mailbox over IMAP, as the connector needs it: blocking, one connection for each look."""

from __future__ import annotations

import contextlib
import dataclasses
import imaplib
import ssl
from collections.abc import Iterator
from typing import Any

from imap_tools import AND, BaseMailBox, MailBox, MailBoxUnencrypted, MailMessage, MailMessageFlags
from imap_tools.errors import ImapToolsError

from zelery.connectors.email.input import Mail
from zelery.sdk import ConnectorError

#: How long the server may be silent, seconds.
TIMEOUT_S = 10.0

#: Mails of one look; the others wait for the next.
MAILS_MAX = 100

#: What IMAP's library, and the network below it, raise.
_TROUBLES = (ImapToolsError, imaplib.IMAP4.error, OSError)


class MailError(ConnectorError):
    """The mail server did not do what it was asked to."""


@dataclasses.dataclass
class Folder:
    """An open folder. Its methods raise MailError."""

    box: BaseMailBox
    given: Mail

    def waiting(self) -> list[str]:
        """The mails that are to be looked at, the oldest first."""
        data = self.given.data
        with _troubles(self.given, "listing mails"):
            return self.box.uids(AND(seen=False) if data.unseen else "ALL")[:MAILS_MAX]

    def read(self, uid: str) -> dict[str, Any] | None:
        """A mail as an event, still unread; None for one that somebody has taken away."""
        with _troubles(self.given, "reading a mail"):
            found = list(self.box.fetch(AND(uid=uid), mark_seen=False))
        return event(found[0]) if found else None

    def done(self, uid: str) -> None:
        """What the model wants done with a mail that was taken."""
        config = self.given.data.polling_config
        with _troubles(self.given, "handling a mail"):
            match config.handling_strategy:
                case "READ":
                    self.box.flag([uid], MailMessageFlags.SEEN, value=True)
                case "DELETE":
                    self.box.delete([uid])
                case "MOVE":
                    target = self._named(config.target_folder or "")
                    if not self.box.folder.exists(target):
                        self.box.folder.create(target)
                    self.box.flag([uid], MailMessageFlags.SEEN, value=True)
                    self.box.move([uid], target)

    def _named(self, folder: str) -> str:
        return server_name(self.box, folder)


@contextlib.contextmanager
def opened(given: Mail) -> Iterator[Folder]:
    """The folder that the model names. Raises MailError when it cannot be opened."""
    config = given.data.imap_config
    with _troubles(given, "connecting"):
        box: BaseMailBox = (
            MailBoxUnencrypted(config.imap_host, config.port, timeout=TIMEOUT_S)
            if config.imap_cryptographic_protocol == "NONE"
            else MailBox(config.imap_host, config.port, TIMEOUT_S, ssl_context=ssl.create_default_context())
        )
    try:
        with _troubles(given, "opening the folder"):
            box.login(given.authentication.username, given.authentication.password, initial_folder=None)
            box.folder.set(server_name(box, given.data.folder_to_listen or "INBOX"))
        yield Folder(box, given)
    finally:
        with contextlib.suppress(*_TROUBLES):
            box.logout()


def server_name(box: BaseMailBox, folder: str) -> str:
    """A folder as the server calls it: models write its path with dots."""
    listed = box.folder.list()
    delimiter = next((each.delim for each in listed if each.delim), ".")
    return folder.replace(".", delimiter)


def event(mail: MailMessage) -> dict[str, Any]:
    """A mail as the model's expressions see it (`spec/inbound.md` §5.6). Attachments need a document store."""
    sent = mail.obj.items()
    return {
        "messageId": next((value for name, value in sent if name.lower() == "message-id"), "").strip(),
        "fromAddress": mail.from_,
        "headers": [{"key": str(name), "value": str(value)} for name, value in sent],
        "subject": mail.subject,
        "size": mail.size_rfc822 or mail.size,
        "plainTextBody": mail.text,
        "htmlBody": mail.html,
        "attachments": [],
        "receivedDateTime": mail.date.isoformat(),
    }


@contextlib.contextmanager
def _troubles(given: Mail, doing: str) -> Iterator[None]:
    """Errors of IMAP and of the network as ours."""
    config = given.data.imap_config
    try:
        yield
    except _TROUBLES as error:
        where = f"{config.imap_host}:{config.port}"
        raise MailError(f"{doing} at {where}: {error or type(error).__name__}") from error
