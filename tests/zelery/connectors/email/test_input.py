from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from zelery.binding import validated
from zelery.connectors.email.input import Mail, MailIntervals
from zelery.errors import InputError
from zelery.sdk import ExpressionError

LOGIN = {"type": "simple", "username": "ada@x.org", "password": "pw"}


def mail(login: dict[str, Any] | None = None, **data: Any) -> Mail:
    given = {"imapConfig": {"imapHost": "mail.x.org"}, **data}
    return validated({"authentication": LOGIN if login is None else login, "data": given}, Mail)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"imapConfig": None}, "data.imapConfig: Validation failed. Original message: must not be null"),
        ({"imapConfig": {}}, "data.imapConfig.imapHost: Validation failed. Original message: must not be blank"),
        ({"imapConfig": {"imapHost": " "}}, "data.imapConfig.imapHost: Validation failed. Original message: must not"),
        ({"imapConfig": {"imapHost": "h", "imapPort": "imap"}}, "data, imapConfig, imapPort. It Must be `Integer`"),
        (
            {"imapConfig": {"imapHost": "h", "imapPort": "0"}},
            "imapPort: Validation failed. Original message: must be a",
        ),
        ({"imapConfig": {"imapHost": "h", "imapPort": "70000"}}, "must be a port, 1 to 65535"),
        (
            {"imapConfig": {"imapHost": "h", "imapCryptographicProtocol": "STARTTLS"}},
            "data, imapConfig, imapCryptographicProtocol. It Must be `CryptographicProtocol`",
        ),
        ({"pollingConfigDiscriminator": "some"}, "data, pollingConfigDiscriminator. It Must be `PollingConfig`"),
        ({"pollingConfig": {"handlingStrategy": "BURN"}}, "handlingStrategy. It Must be `HandlingStrategy`"),
        ({"pollingConfig": {"handlingStrategy": "MOVE"}}, "data.pollingConfig.targetFolder: a mail is to be moved"),
        ({"pollingConfig": {"handlingStrategy": "MOVE", "targetFolder": " "}}, "the model does not say where"),
    ],
)
def test_what_cannot_be_used_is_named(data: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError) as found:
        mail(**data)
    assert why in str(found.value)


@pytest.mark.parametrize(
    ("login", "why"),
    [
        ({"username": "ada"}, "authentication.password: Validation failed. Original message: must not be blank"),
        ({"username": "", "password": "pw"}, "authentication.username: Validation failed. Original message: must not"),
        # a line break would be another command
        ({"username": "ada", "password": "topsecret\r\nx DELETE a"}, "password: Validation failed. Original message"),
        ({"username": "ada\n", "password": "topsecret"}, "authentication.username: Validation failed"),
    ],
)
def test_a_login_that_cannot_be_used_is_named_and_never_shown(login: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError) as found:
        mail({"type": "simple", **login})
    assert why in str(found.value)
    assert "topsecret" not in str(found.value)
    assert "pw" not in repr(mail())


def test_feel_that_fails_is_told_with_its_expression() -> None:
    with pytest.raises(ExpressionError, match="= 1 \\+"):
        mail(folderToListen="= 1 +")


def test_where_the_model_says_little_it_is_unread_mails_of_the_inbox_over_tls() -> None:
    found = mail()
    config = found.data.imap_config
    assert (config.host, config.port, config.encrypted) == ("mail.x.org", 993, True)
    assert (found.data.folder, found.data.unseen, found.data.polling_config.handling_strategy) == (
        "INBOX",
        True,
        "READ",
    )
    assert mail(folderToListen=" ").data.folder == "INBOX"


@pytest.mark.parametrize(
    ("protocol", "port", "encrypted", "where"),
    [("NONE", None, False, 143), ("none", "1143", False, 1143), ("TLS", None, True, 993), ("SSL", "", True, 993)],
)
def test_the_protocol_says_the_port_where_there_is_none(
    protocol: str, port: str | None, encrypted: bool, where: int
) -> None:
    config = mail(
        imapConfig={"imapHost": "h", "imapPort": port, "imapCryptographicProtocol": protocol}
    ).data.imap_config
    assert (config.encrypted, config.port) == (encrypted, where)


def test_texts_may_be_feel() -> None:
    found = mail(
        {"username": '="ada" + "@x.org"', "password": '="p" + "w"'},
        imapConfig={"imapHost": '="mail." + "x.org"', "imapPort": "=900 + 93"},
        folderToListen='="A.B"',
        pollingConfig={"handlingStrategy": "move", "targetFolder": '="D" + "one"'},
    )
    assert (found.authentication.username, found.authentication.password) == ("ada@x.org", "pw")
    assert (found.data.imap_config.host, found.data.imap_config.port) == ("mail.x.org", 993)
    assert (found.data.folder, found.data.polling_config.target_folder) == ("A.B", "Done")


@pytest.mark.parametrize(
    ("given", "every"),
    [
        ({}, timedelta(seconds=20)),
        ({"data": {}}, timedelta(seconds=20)),
        ({"data": {"pollingWaitTime": "PT1M"}}, timedelta(minutes=1)),
        ({"data": {"pollingWaitTime": '=duration("PT5S")'}}, timedelta(seconds=5)),
    ],
)
def test_the_pause_between_looks(given: dict[str, Any], every: timedelta) -> None:
    found = validated(given, MailIntervals)
    assert (found.every, found.lookup) == (every, None)


def test_a_pause_that_is_none_is_named() -> None:
    with pytest.raises(InputError, match=r"data, pollingWaitTime\. It Must be `Duration`"):
        validated({"data": {"pollingWaitTime": "often"}}, MailIntervals)
