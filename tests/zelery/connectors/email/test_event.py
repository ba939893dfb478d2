from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zelery.connectors.email.event import event

RECEIVED = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))

#: What hostile mails are made of.
PIECES = [
    *(
        b"Subject: ",
        b"From: ",
        b"Content-Type: ",
        b"Content-Transfer-Encoding: base64",
        b"multipart/mixed",
        b"text/html",
    ),
    *(b"; boundary=b", b"--b", b"--b--", b"\r\n", b"\r\n\r\n", b"=?utf-8?B?", b"?=", b"; charset=", b"message/rfc822"),
    *(b"Content-Disposition: attachment", b"utf-7", b"+2AA-", b"\xff\x00", b"=", b"a@b"),
]


def found(raw: bytes | EmailMessage) -> dict[str, Any]:
    data = raw if isinstance(raw, bytes) else raw.as_bytes()
    return event(data, size=len(data), received=RECEIVED)


def letter(text: str = "Hello", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def nested(depth: int) -> bytes:
    """Parts of parts, one in the other."""
    head = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(depth))
    return f"{head}Content-Type: text/plain\r\n\r\ndeep".encode()


class TestStrangeMails:
    def test_nothing_at_all_is_a_mail_without_anything(self) -> None:
        assert found(b"") == {
            "messageId": None,
            "fromAddress": "",
            "headers": [],
            "subject": None,
            "size": 0,
            "plainTextBody": "",
            "htmlBody": None,
            "attachments": [],
            "receivedDateTime": "2026-03-01T10:30:00Z",
        }

    @pytest.mark.parametrize(
        ("subject", "read"),
        [
            (b"=?utf-8?B?a?=", "=?utf-8?B?a?="),  # broken Base64
            (b"=?nonsense?Q?Gr=FC=DFe?=", "Gr\ufffd\ufffde"),  # unknown charset
            (b"=?utf-7?Q?+2AA-?=", "?"),  # half a character
            ("Größe".encode(), "Größe"),  # not encoded at all
            (b"Gr\xf6\xdfe", "Gr\ufffd\ufffde"),  # … nor UTF-8
            (b"a\x00b", "a\x00b"),
        ],
    )
    def test_a_broken_subject_is_read_as_far_as_it_goes(self, subject: bytes, read: str) -> None:
        assert found(b"Subject: " + subject + b"\r\n\r\nx")["subject"] == read

    @pytest.mark.parametrize("sender", [b"", b"nobody", b"=?utf-8?B?####?=", b"<<>>,;", b"undisclosed:;"])
    def test_a_sender_that_is_none_is_no_error(self, sender: bytes) -> None:
        assert isinstance(found(b"From: " + sender + b"\r\n\r\nx")["fromAddress"], str)

    def test_a_charset_that_nobody_knows_is_read_as_utf_8(self) -> None:
        assert found(b'Content-Type: text/plain; charset="x-no"\r\n\r\nGr\xc3\xb6\xc3\x9fe')["plainTextBody"] == "Größe"
        assert found(b'Content-Type: text/plain; charset="rot13"\r\n\r\nabc')["plainTextBody"] == "abc"

    def test_a_multipart_without_parts_has_no_text(self) -> None:
        read = found(b"Content-Type: multipart/mixed; boundary=b\r\n\r\nno part")
        assert (read["plainTextBody"], read["htmlBody"]) == (None, None)

    def test_parts_are_looked_into_fifty_deep(self) -> None:
        assert found(nested(50))["plainTextBody"] == "deep"
        assert found(nested(60))["plainTextBody"] is None

    def test_a_mail_that_is_nested_without_end_is_refused(self) -> None:
        with pytest.raises(ValueError, match="nested too deeply"):
            found(b"Content-Type: message/rfc822\r\n\r\n" * 3000)

    def test_a_mail_whose_parts_would_take_minutes_to_tell_apart_is_refused(self) -> None:
        with pytest.raises(ValueError, match="too many parts for its length"):
            found(nested(100) + b"\n" * 100_000)

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=6)))
    def test_whatever_comes_is_an_event(self, pieces: list[bytes]) -> None:
        json.dumps(found(b"".join(pieces)), ensure_ascii=False).encode()


def test_the_id_is_the_mail_s_own_with_its_brackets() -> None:
    assert found(letter(Message_ID="<1@x.org>"))["messageId"] == "<1@x.org>"
    assert found(b"message-id:  <2@x.org> \r\n\r\nx")["messageId"] == "<2@x.org>"


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("ada@x.org", "ada@x.org"),
        ("Ada <ada@x.org>", "ada@x.org"),
        ('"Lovelace, Ada" <ada@x.org>, bob@x.org', "ada@x.org"),
        ("=?utf-8?Q?J=C3=B6rg?= <j@x.org>", "j@x.org"),
        ("ada@x.org (Ada)", "ada@x.org"),
    ],
)
def test_the_sender_is_the_first_one_s_address(sender: str, address: str) -> None:
    assert found(f"From: {sender}\r\n\r\nx".encode())["fromAddress"] == address


def test_headers_are_as_they_were_sent_in_their_order_each_as_often_as_it_is_there() -> None:
    raw = b"Received: a\r\nReceived: b\r\nX-Word: =?utf-8?Q?J=C3=B6rg?=\r\nReferences: <1@x>\r\n <2@x>\r\n\r\nx"
    assert found(raw)["headers"] == [
        {"key": "Received", "value": "a"},
        {"key": "Received", "value": "b"},
        {"key": "X-Word", "value": "=?utf-8?Q?J=C3=B6rg?="},
        {"key": "References", "value": "<1@x>\r\n <2@x>"},
    ]


def test_a_subject_in_pieces_is_one_text() -> None:
    raw = b"Subject: =?utf-8?Q?Gr=C3=B6=C3=9Fe_?=\r\n =?iso-8859-1?Q?=FCber?= alles\r\n\r\nx"
    assert found(raw)["subject"] == "Größe über alles"


def test_a_plain_mail_has_no_html_and_the_other_way_round() -> None:
    plain = found(letter("Grüße\n"))
    assert (plain["plainTextBody"], plain["htmlBody"]) == ("Grüße\n", None)
    html = found(b"Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\nR3L83GU=")
    assert (html["plainTextBody"], html["htmlBody"]) == (None, "GrüÜe")


def test_of_both_texts_each_is_there_and_attachments_are_left_out() -> None:
    mail = letter("plain\n")
    mail.add_alternative("<p>html</p>\n", subtype="html")
    mail.add_attachment("a,b\n", subtype="csv", filename="a.csv")
    mail.add_attachment("attached\n", filename="a.txt")
    read = found(mail)
    assert (read["plainTextBody"], read["htmlBody"], read["attachments"]) == ("plain\n", "<p>html</p>\n", [])


def test_a_text_that_is_attached_or_forwarded_is_not_the_mail_s() -> None:
    mail = EmailMessage()
    mail["Subject"] = "forwarded"
    mail.make_mixed()
    mail.add_attachment(letter("of another mail"))
    mail.add_attachment("attached", filename="a.txt")
    assert found(mail)["plainTextBody"] is None


def test_the_first_text_counts_and_not_what_lists_put_below() -> None:
    mail = letter("what was said\n")
    mail.make_mixed()
    footer = EmailMessage()
    footer.set_content("You get this because\n", disposition="inline")
    mail.attach(footer)
    assert found(mail)["plainTextBody"] == "what was said\n"


def test_the_time_is_the_server_s_in_utc() -> None:
    raw = letter(Date="Mon, 01 Jan 2001 00:00:00 +0000").as_bytes()
    assert event(raw, size=7, received=RECEIVED)["receivedDateTime"] == "2026-03-01T10:30:00Z"
    assert event(raw, size=7, received=RECEIVED.astimezone(UTC))["size"] == 7
