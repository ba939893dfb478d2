"""What element templates over `io.camunda:connector-email-inbound:1` write."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import model_validator

from zelery.sdk import FEEL_TEXT, Duration, Input, InputError
from zelery.sdk.types import NOT_BLANK, Choice, Int, Must, Rule, Text

#: From one look to the next, where the model does not say.
EVERY = timedelta(seconds=20)

_PORT, _PORT_TLS = 143, 993
_PORTS = Rule("must be a port, 1 to 65535", lambda value: value is None or 0 < value < 65_536)  # noqa: PLR2004
#: IMAP's commands are lines: a login with a line break would be two.
_LINE = Rule("must not hold control characters", lambda value: not re.search(r"[\x00-\x1f\x7f]", value or ""))


class Authentication(Input):
    """A login."""

    username: Annotated[Text, Must(NOT_BLANK, _LINE), FEEL_TEXT]
    password: Annotated[Text, Must(NOT_BLANK, _LINE), FEEL_TEXT]


class ImapConfig(Input):
    """Where the mailbox is. TLS and SSL mean the same: encrypted from the first byte."""

    imap_host: Annotated[Text, Must(NOT_BLANK, _LINE), FEEL_TEXT]
    imap_port: Annotated[Int, Must(_PORTS), FEEL_TEXT] = None
    imap_cryptographic_protocol: Annotated[Literal["NONE", "TLS", "SSL"], Choice("CryptographicProtocol")] = "TLS"

    @property
    def host(self) -> str:
        """The server's name or address."""
        return self.imap_host.strip()

    @property
    def port(self) -> int:
        """The server's port."""
        return self.imap_port or (_PORT_TLS if self.encrypted else _PORT)

    @property
    def encrypted(self) -> bool:
        """Whether TLS is spoken."""
        return self.imap_cryptographic_protocol != "NONE"


class PollingConfig(Input):
    """What is done with a mail that was taken."""

    handling_strategy: Annotated[Literal["READ", "DELETE", "MOVE"], Choice("HandlingStrategy")] = "READ"
    target_folder: Annotated[Text | None, FEEL_TEXT] = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.handling_strategy == "MOVE" and not (self.target_folder or "").strip():
            raise InputError("data.pollingConfig.targetFolder: a mail is to be moved, and the model does not say where")
        return self


class Data(Input):
    """Which mails are looked at."""

    imap_config: ImapConfig
    folder_to_listen: Annotated[Text | None, FEEL_TEXT] = None
    polling_config_discriminator: Annotated[
        Literal["unseenPollingConfig", "allPollingConfig"], Choice("PollingConfig")
    ] = "unseenPollingConfig"
    polling_config: PollingConfig = PollingConfig()

    @property
    def folder(self) -> str:
        """The folder, its path with dots."""
        return (self.folder_to_listen or "").strip() or "INBOX"

    @property
    def unseen(self) -> bool:
        """Whether only unread mails are looked at, or all."""
        return self.polling_config_discriminator == "unseenPollingConfig"


class Mail(Input):
    """A mailbox, and what is done with its mails."""

    authentication: Authentication
    data: Data


class _IntervalData(Input):
    polling_wait_time: Duration = None


class MailIntervals(Input):
    """How often it looks."""

    data: _IntervalData = _IntervalData()

    @property
    def every(self) -> timedelta:
        """From one look to the next."""
        return self.data.polling_wait_time or EVERY

    @property
    def lookup(self) -> None:
        """It looks for mails, not for instances."""
        return
