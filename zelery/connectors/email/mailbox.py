"""A mailbox over IMAP, as the connector needs it: blocking, one connection for each look.

Mails are marked, moved and deleted one by one. The library would also expunge the folder each time, and so delete for
good what the mailbox's owner has only marked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import imaplib
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError
from imap_tools.utils import encode_folder

from zelery.connectors.email.input import Mail
from zelery.sdk import ConnectorError, Settings
from zelery.sdk.http.routes import tls_context

#: How long the server may be silent, seconds.
TIMEOUT_S = 10.0

#: Mails that one command asks about: a command is a line, and servers bound lines.
ASKED_MAX = 500

#: What IMAP's library, and the network below it, raise; ValueError for names and dates that are none.
_TROUBLES = (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError)

_PATH = re.compile(r"[./]")
_UID, _SIZE = re.compile(rb"UID (\d+)"), re.compile(rb"RFC822\.SIZE (\d+)")
_RECEIVED = re.compile(rb'INTERNALDATE "([^"]+)"')


class MailError(ConnectorError):
    """The mail server did not do what it was asked to."""


@contextlib.asynccontextmanager
async def trusted(settings: Settings) -> AsyncIterator[ssl.SSLContext]:
    """The certificates of the HTTP connectors, read once in a process. Raises SettingError."""
    yield tls_context(settings)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waiting:
    """A mail that is to be looked at."""

    uid: int
    """Its number in the folder, the lower the older."""
    size: int
    """Bytes."""
    received: datetime
    """When the server got it."""


class Mailbox:
    """A folder of a mailbox: connected, entered, closed. For one thread; its methods raise MailError."""

    def __init__(self, given: Mail, tls: ssl.SSLContext) -> None:
        self._given = given
        self._tls = tls
        self._box: BaseMailBox | None = None
        self._validity = ""
        self._can: frozenset[str] = frozenset()

    def connect(self) -> None:
        """Reach the server."""
        config = self._given.data.imap_config
        with self._doing("connecting"):
            if config.encrypted:
                self._box = MailBox(config.host, config.port, TIMEOUT_S, ssl_context=self._tls)
            else:
                self._box = MailBoxUnencrypted(config.host, config.port, TIMEOUT_S)

    def enter(self) -> None:
        """Log in, and open the folder."""
        login = self._given.authentication
        with self._doing("logging in"):
            plain = (login.username + login.password).isascii()
            log_in = self._open.login if plain else self._open.login_utf8
            log_in(login.username, login.password, initial_folder=None)
            _, found = self._open.client.capability()  # Servers tell more to those whom they know.
            self._can = frozenset(str(found[-1] or b"", "ascii", "replace").upper().split())
        with self._doing(f"opening the folder {self._given.data.folder}"):
            self._open.folder.set(self._named(self._given.data.folder))
            self._validity = str(self._open.client.response("UIDVALIDITY")[1][-1] or b"", "ascii", "replace")

    def waiting(self) -> list[Waiting]:
        """The mails that are to be looked at, the oldest first."""
        criteria = ["UNSEEN", "UNDELETED"] if self._given.data.unseen else ["UNDELETED"]
        with self._doing("listing mails"):
            uids = [uid.decode() for line in self._uid("SEARCH", *criteria) for uid in line.split()]
            found = [
                each
                for start in range(0, len(uids), ASKED_MAX)
                for each in self._uid("FETCH", ",".join(uids[start : start + ASKED_MAX]), "(RFC822.SIZE INTERNALDATE)")
            ]
        return sorted((mail for mail in map(_listed, found) if mail is not None), key=lambda mail: mail.uid)

    def read(self, mail: Waiting) -> bytes | None:
        """A mail as it was sent, still unread; None for one that somebody has taken away."""
        with self._doing("reading a mail"):
            found = self._uid("FETCH", str(mail.uid), "(BODY.PEEK[])")
        return next((each[1] for each in found if isinstance(each, tuple)), None)

    def id_of(self, mail: Waiting) -> str:
        """A name for a mail that has none of its own: the same as long as it stays in the folder."""
        return f"{self._given.authentication.username}/{self._given.data.folder}/{self._validity}/{mail.uid}"

    def done(self, mail: Waiting) -> None:
        """What the model wants done with a mail that was taken."""
        uid = str(mail.uid)
        with self._doing("handling a mail"):
            match self._given.data.polling_config.handling_strategy:
                case "READ":
                    self._flag(uid, r"\Seen")
                case "DELETE":
                    self._delete(uid)
                case "MOVE":
                    target = self._target
                    self._flag(uid, r"\Seen")
                    if "MOVE" in self._can:
                        self._uid("MOVE", uid, target)
                    else:
                        self._uid("COPY", uid, target)
                        self._delete(uid)

    def close(self) -> None:
        """Log out and hang up, whatever the server says to it."""
        if self._box is not None:
            with contextlib.suppress(*_TROUBLES):
                self._box.logout()
            with contextlib.suppress(*_TROUBLES):  # The library hangs up only on servers that answer.
                self._box.client.shutdown()

    def cut(self) -> None:
        """Break the connection: what waits for an answer in the mailbox's thread ends. For other threads."""
        if self._box is not None:
            with contextlib.suppress(OSError):
                # TLS's own shutdown would change what the other thread is reading with.
                socket.socket.shutdown(self._box.client.socket(), socket.SHUT_RDWR)

    @property
    def _open(self) -> BaseMailBox:
        if self._box is None:
            raise MailError("The mailbox is not connected")
        return self._box

    def _uid(self, command: str, *arguments: str) -> list[Any]:
        """What the server answers to a command about mails. Raises what IMAP's library raises."""
        status, found = self._open.client.uid(command, *arguments)
        if status != "OK":
            raise imaplib.IMAP4.error(_line(found))
        return [each for each in found if each]

    def _flag(self, uid: str, flag: str) -> None:
        self._uid("STORE", uid, "+FLAGS.SILENT", f"({flag})")

    def _delete(self, uid: str) -> None:
        self._flag(uid, r"\Deleted")
        if "UIDPLUS" in self._can:
            self._uid("EXPUNGE", uid)
        else:
            self._open.expunge()

    @functools.cached_property
    def _target(self) -> str:
        """The folder that mails are moved to, made if it is not there."""
        name = self._named(self._given.data.polling_config.target_folder or "")
        if not self._open.folder.exists(name):
            self._open.folder.create(name)
        return str(encode_folder(name), "ascii")

    def _named(self, folder: str) -> str:
        """A folder as the server calls it: models write its path with dots or slashes."""
        if not _PATH.search(folder):
            return folder
        listed = self._open.folder.list("", "")
        return _PATH.sub(lambda _: next((each.delim for each in listed), "."), folder)

    @contextlib.contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        """Errors of IMAP and of the network as ours."""
        config = self._given.data.imap_config
        try:
            yield
        except _TROUBLES as error:
            raise MailError(f"{what} at {config.host}:{config.port} failed: {_said(error)}") from error


def _listed(line: bytes | Sequence[bytes]) -> Waiting | None:
    """A mail from a line of the server's answer; None for lines that say something else."""
    found = [each.search(line) if isinstance(line, bytes) else None for each in (_UID, _SIZE, _RECEIVED)]
    uid, size, received = (match[1].decode("ascii", "replace") if match else None for match in found)
    if uid is None or size is None or received is None:
        return None
    return Waiting(uid=int(uid), size=int(size), received=parsedate_to_datetime(received))


def _said(error: Exception) -> str:
    """Why, for people."""
    match error:
        case UnexpectedCommandStatusError():
            return _line(error.command_result[1])
        case ssl.SSLCertVerificationError():
            hint = "if it is your own server's, name its PEM file in ZELERY_HTTP_CA_FILE"
            return f"its certificate is not trusted ({error.verify_message}); {hint}"
        case OSError():
            return error.strerror or str(error) or type(error).__name__
        case _:
            return str(error) or type(error).__name__


def _line(answer: Sequence[Any]) -> str:
    """The text of an answer's lines."""
    return " ".join(line.decode("utf-8", "replace") for line in answer if isinstance(line, bytes)) or "it was refused"
