from __future__ import annotations

import asyncio
import contextlib
import pathlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.inbound_context import PUBLISHED, FakeInboundContext, published
from tests.servers.mail import Account, MailServer
from tests.zelery.sdk.http.servers import Handle, Server, serving
from zelery.binding import validated
from zelery.catalogue import INBOUND_GROUP, installed, load
from zelery.connectors.email import inbound, mailbox
from zelery.connectors.email.inbound import Turns
from zelery.connectors.email.inbound import mail as look
from zelery.connectors.email.input import Mail
from zelery.connectors.email.mailbox import MailError
from zelery.correlation import ConditionNotMet, EngineRefused, Failed, Handling, Result
from zelery.sdk import InboundConnector, Settings
from zelery.sdk.inbound import Kind

pytestmark = pytest.mark.integration

SEEN = frozenset({r"\Seen"})
UNSEEN: frozenset[str] = frozenset()


def letter(number: int = 1, **headers: str) -> bytes:
    """A mail, as sent."""
    given = {"Subject": f"mail {number}", "Message-ID": f"<{number}@x.org>", "From": "Ada <ada@x.org>", **headers}
    lines = [f"{name}: {value}" for name, value in given.items() if value]
    return "\r\n".join([*lines, "", f"Hello {number}", ""]).encode()


def given(account: Account, *, port: int | None = None, password: str | None = None, **data: Any) -> Mail:
    """A mailbox in the clear, and what is done with its mails."""
    imap = {
        "imapHost": "127.0.0.1",
        "imapPort": str(port or account.server.imap_port),
        "imapCryptographicProtocol": "NONE",
    }
    login = {"type": "simple", "username": account.address, "password": password or account.password}
    return validated({"authentication": login, "data": {"imapConfig": imap, **data}}, Mail)


def encrypted(account: Account, *, host: str = "localhost", port: int | None = None) -> Mail:
    """A mailbox behind TLS."""
    return given(account, imapConfig={"imapHost": host, "imapPort": str(port or account.server.imaps_port)})


async def looked(
    properties: Mail, correlates: Callable[[Any, str | None], Awaitable[Result]] = published, **settings: Any
) -> FakeInboundContext:
    """One look."""
    async with FakeInboundContext(correlates, settings=Settings.read(settings)) as context:
        await look(properties, context)
        return context


async def refusal(properties: Mail, **settings: Any) -> str:
    """Why a look ended."""
    async with FakeInboundContext(settings=Settings.read(settings)) as context:
        with pytest.raises(MailError) as caught:
            await look(properties, context)
        assert (context.health, context.correlated) == ([], [])
    return str(caught.value)


def answers(*results: Result) -> Callable[[Any, str | None], Awaitable[Result]]:
    """These results one after the other, and then that all is published."""
    left = list(results)

    async def correlate(event: Any, message_id: str | None) -> Result:
        return left.pop(0) if left else PUBLISHED

    return correlate


@pytest.fixture
def account(mail: MailServer) -> Account:
    return mail.account()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that say nothing are given up soon."""
    monkeypatch.setattr(mailbox, "TIMEOUT_S", 0.5)


def test_it_is_installed_by_the_door_that_is_everybody_s() -> None:
    (point,) = (each for each in installed(INBOUND_GROUP) if each.name == "io.camunda:connector-email-inbound:1")
    assert load(point, InboundConnector) is look
    assert (look.kind, look.per_instance) == (Kind.POLLING, False)


class TestTheServerDoesNotDoWhatItShould:
    async def test_a_wrong_password_is_told_and_not_shown(self, account: Account) -> None:
        told = await refusal(given(account, password="wr0ng-word"))
        assert told.startswith(f"logging in at 127.0.0.1:{account.server.imap_port} failed: LOGIN failed.")
        assert "wr0ng-word" not in told

    async def test_nobody_there(self, account: Account) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        assert await refusal(given(account, port=port)) == f"connecting at 127.0.0.1:{port} failed: Connection refused"

    @pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 64 + ".org", "a..b"])
    async def test_a_host_that_is_none(self, account: Account, host: str) -> None:
        told = await refusal(given(account, imapConfig={"imapHost": host, "imapCryptographicProtocol": "NONE"}))
        assert told.startswith(f"connecting at {host}:143 failed: ")

    async def test_a_folder_that_is_not_there_is_named(self, account: Account) -> None:
        told = await refusal(given(account, folderToListen="Nowhere.At.All"))
        where = f"127.0.0.1:{account.server.imap_port}"
        assert told.startswith(f"opening the folder Nowhere.At.All at {where} failed: SELECT failed.")

    @pytest.mark.usefixtures("impatient")
    async def test_one_that_says_nothing_is_given_up(self, account: Account) -> None:
        async with serving(silent) as server:
            assert await refusal(given(account, port=server.port)) == (
                f"connecting at 127.0.0.1:{server.port} failed: timed out"
            )

    async def test_one_that_speaks_something_else(self, account: Account) -> None:
        async with serving(greeting(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
            assert (await refusal(given(account, port=server.port))).startswith("connecting at 127.0.0.1:")

    async def test_one_that_hangs_up_in_the_middle(self, account: Account) -> None:
        account.send(letter())
        async with serving(relaying(account, until=b"BODY.PEEK")) as server:
            told = await refusal(given(account, port=server.port))
        assert told.startswith(f"reading a mail at 127.0.0.1:{server.port} failed: ")
        assert account.mails() == [UNSEEN]

    async def test_one_that_was_down_is_looked_at_again(self, mail: MailServer, account: Account) -> None:
        mail.stop()
        try:
            assert (await refusal(given(account))).endswith("failed: Connection refused")
        finally:
            mail.start()
        mail.admit(account)
        account.send(letter())
        assert len((await looked(given(account))).correlated) == 1


class TestTls:
    async def test_a_server_of_one_s_own_needs_its_authority(self, mail: MailServer, account: Account) -> None:
        told = await refusal(encrypted(account))
        assert "its certificate is not trusted (unable to get local issuer certificate)" in told
        assert told.endswith("name its PEM file in ZELERY_HTTP_CA_FILE")

        account.send(letter())
        assert (await looked(encrypted(account), ZELERY_HTTP_CA_FILE=str(mail.authority_file))).health == ["up"]
        assert account.mails() == [SEEN]

    async def test_a_certificate_of_another_host_is_none(self, mail: MailServer, account: Account) -> None:
        told = await refusal(encrypted(account, host="127.0.0.1"), ZELERY_HTTP_CA_FILE=str(mail.authority_file))
        assert "IP address mismatch" in told

    async def test_a_certificate_that_signs_itself_is_trusted_where_it_is_named(
        self, account: Account, tmp_path: pathlib.Path
    ) -> None:
        (tmp_path / "server.pem").write_bytes(signed_by_itself("localhost"))
        served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        served.load_cert_chain(tmp_path / "server.pem")
        account.fill(letter())
        async with serving(relaying(account), tls=served) as server:
            properties = encrypted(account, port=server.port)
            assert "is not trusted" in await refusal(properties)
            await looked(properties, ZELERY_HTTP_CA_FILE=str(tmp_path / "server.pem"))
        assert account.mails() == [SEEN]

    async def test_a_server_that_speaks_no_tls_is_told(self, account: Account) -> None:
        assert "WRONG_VERSION_NUMBER" in (await refusal(encrypted(account, port=account.server.imap_port))).upper()


class TestTaken:
    async def test_unread_mails_are_events_and_read_then(self, account: Account) -> None:
        account.send(letter(1))
        account.send(letter(2))
        context = await looked(given(account))

        assert [message_id for _, message_id in context.correlated] == ["<1@x.org>", "<2@x.org>"]
        event = context.correlated[0][0]
        assert (event["subject"], event["fromAddress"]) == ("mail 1", "ada@x.org")
        assert event["plainTextBody"].strip() == "Hello 1"
        assert event["receivedDateTime"].endswith("Z")
        assert context.entries[0] == ("INFO", "new-email", "Processing mail <1@x.org>")
        assert context.health == ["up"]
        assert account.mails() == [SEEN, SEEN]
        assert (await looked(given(account))).correlated == []

    async def test_of_all_mails_those_that_were_read_are_events_too(self, account: Account) -> None:
        account.send(letter(1))
        await looked(given(account))
        account.send(letter(2))
        every = await looked(given(account, pollingConfigDiscriminator="allPollingConfig"))
        assert [message_id for _, message_id in every.correlated] == ["<1@x.org>", "<2@x.org>"]

    async def test_nothing_there_is_nothing_done(self, account: Account) -> None:
        context = await looked(given(account))
        assert (context.correlated, context.health) == ([], ["up"])

    @pytest.mark.parametrize("lacks", [b"", b"UIDPLUS", b"MOVE", b"UIDPLUS MOVE"])
    async def test_a_mail_is_moved_to_a_folder_that_is_made(self, account: Account, lacks: bytes) -> None:
        account.fill(letter(1), letter(2))
        async with serving(relaying(account, without=lacks)) as server:
            config = {"handlingStrategy": "MOVE", "targetFolder": "Done.Pä id/Now"}
            await looked(given(account, port=server.port, pollingConfig=config))
            assert account.mails() == []
            assert account.mails("Done.P&AOQ- id.Now") == [SEEN, SEEN]

            account.fill(letter(3))
            await looked(given(account, port=server.port, pollingConfig=config))
            assert account.mails("Done.P&AOQ- id.Now") == [SEEN, SEEN, SEEN]

    @pytest.mark.parametrize("lacks", [b"", b"UIDPLUS"])
    async def test_a_mail_is_deleted(self, account: Account, lacks: bytes) -> None:
        account.fill(letter(1), letter(2))
        async with serving(relaying(account, without=lacks)) as server:
            context = await looked(given(account, port=server.port, pollingConfig={"handlingStrategy": "DELETE"}))
        assert (len(context.correlated), account.mails()) == (2, [])

    @pytest.mark.parametrize("strategy", ["READ", "DELETE", "MOVE"])
    async def test_what_its_owner_has_marked_as_deleted_is_neither_taken_nor_deleted_for_good(
        self, account: Account, strategy: str
    ) -> None:
        account.fill(letter(1), letter(2))
        with account.client() as client:
            client.select()
            client.store("1", "+FLAGS", r"(\Deleted)")
        config = {"handlingStrategy": strategy, "targetFolder": "Done"}
        context = await looked(given(account, pollingConfig=config))
        assert [message_id for _, message_id in context.correlated] == ["<2@x.org>"]
        assert account.mails()[0] == {r"\Deleted"}

    async def test_a_folder_s_path_is_written_with_dots(self, account: Account) -> None:
        account.create('"A.&ANw- B"')
        account.fill(letter(1), folder='"A.&ANw- B"')
        assert len((await looked(given(account, folderToListen="A.Ü B"))).correlated) == 1
        assert account.mails("A.&ANw- B") == [SEEN]

    async def test_a_password_may_be_any_text(self, mail: MailServer) -> None:
        account = mail.account('pass "word\\ {5}')
        account.fill(letter())
        assert len((await looked(given(account))).correlated) == 1

    async def test_a_mail_without_an_id_has_the_same_one_at_each_look(self, account: Account) -> None:
        account.fill(letter(1, **{"Message-ID": ""}), letter(2, **{"Message-ID": ""}))
        refused = Failed(message="away")
        first = await looked(given(account), answers(refused, refused))
        again = await looked(given(account), answers(refused, refused))

        ids = [message_id for _, message_id in first.correlated]
        assert ids == [message_id for _, message_id in again.correlated]
        assert len(set(ids)) == 2
        assert all(each and each.startswith(f"{account.address}/INBOX/") for each in ids)
        assert first.correlated[0][0]["messageId"] is None

    async def test_two_hundred_mails_are_taken_in_one_look_the_oldest_first(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mailbox, "ASKED_MAX", 70)
        account.fill(*(letter(number) for number in range(200)))
        context = await looked(given(account))
        assert [message_id for _, message_id in context.correlated] == [f"<{number}@x.org>" for number in range(200)]
        assert set(account.mails()) == {SEEN}


class TestLeft:
    async def test_a_mail_that_is_refused_stays_and_is_tried_again(self, account: Account) -> None:
        account.fill(letter(1), letter(2))
        refused = EngineRefused(status="INVALID_ARGUMENT", message="no", later=False)
        context = await looked(given(account), answers(refused))
        assert len(context.correlated) == 2
        assert account.mails() == [UNSEEN, SEEN]

        again = await looked(given(account))
        assert [message_id for _, message_id in again.correlated] == ["<1@x.org>"]
        assert account.mails() == [SEEN, SEEN]

    async def test_an_event_that_meets_no_condition_is_taken_where_such_are_consumed(self, account: Account) -> None:
        account.fill(letter(1), letter(2))
        consumed, kept = ConditionNotMet(consume=True), ConditionNotMet(consume=False)
        assert (consumed.handling, kept.handling) == (Handling.IGNORE, Handling.REJECT)
        await looked(given(account), answers(consumed, kept))
        assert account.mails() == [SEEN, UNSEEN]

    async def test_while_the_cluster_is_away_the_others_are_not_tried(self, account: Account) -> None:
        account.fill(letter(1), letter(2), letter(3))
        away = EngineRefused(status="UNAVAILABLE", message="away", later=True)
        assert away.handling is Handling.WAIT
        context = await looked(given(account), answers(PUBLISHED, away))
        assert len(context.correlated) == 2
        assert account.mails() == [SEEN, UNSEEN, UNSEEN]

    async def test_a_mail_that_somebody_takes_away_meanwhile_is_passed_over(self, account: Account) -> None:
        account.fill(letter(1), letter(2), letter(3))

        async def correlate(event: Any, message_id: str | None) -> Result:
            if message_id == "<1@x.org>":
                await asyncio.to_thread(account.remove, 2)
            return PUBLISHED

        context = await looked(given(account), correlate)
        assert [message_id for _, message_id in context.correlated] == ["<1@x.org>", "<3@x.org>"]
        assert (account.mails(), context.health) == ([SEEN, SEEN], ["up"])

    async def test_a_mail_that_is_taken_away_while_it_is_correlated_is_no_error(self, account: Account) -> None:
        account.fill(letter(1))

        async def correlate(event: Any, message_id: str | None) -> Result:
            await asyncio.to_thread(account.remove, 1)
            return PUBLISHED

        assert (await looked(given(account), correlate)).health == ["up"]

    async def test_a_mail_that_is_too_large_is_told_and_holds_up_no_other(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(inbound, "MAIL_BYTES_MAX", 1000)
        account.fill(letter(1) + b"x" * 1000, letter(2))
        context = await looked(given(account))
        assert [message_id for _, message_id in context.correlated] == ["<2@x.org>"]
        severity, tag, told = context.entries[0]
        assert (severity, tag) == ("ERROR", "mail-polling")
        assert told.endswith("bytes, and 1000 are read")
        assert account.mails() == [UNSEEN, SEEN]

    async def test_a_mail_that_cannot_be_read_is_told_and_holds_up_no_other(self, account: Account) -> None:
        account.fill(letter(1, **{"X-Word": "boundary " * 11}) + b"\n" * 1_000_000, letter(2))
        context = await looked(given(account))
        assert [message_id for _, message_id in context.correlated] == ["<2@x.org>"]
        assert context.entries[0][2].endswith("stays as it is: it has too many parts for its length")

    async def test_a_look_ends_after_a_while_and_the_next_goes_on_there(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(inbound, "LOOK_S", -1.0)
        account.fill(letter(1), letter(2))

        async def refuse(event: Any, message_id: str | None) -> Result:
            return Failed(message="no")

        async with FakeInboundContext(refuse) as context:
            for _ in range(3):
                await look(given(account), context)
        assert [message_id for _, message_id in context.correlated] == ["<1@x.org>", "<2@x.org>", "<1@x.org>"]


class TestCancelled:
    @pytest.mark.usefixtures("impatient")
    async def test_while_it_connects(self, account: Account) -> None:
        async with hanging(None) as (port, gone):
            await cancelled(given(account, port=port), when=gone.hangs)
            await asyncio.wait_for(gone.wait(), 30)

    @pytest.mark.parametrize("at", [b"LOGIN", b"SEARCH", b"BODY.PEEK", b"STORE"])
    async def test_while_the_server_says_nothing(self, account: Account, at: bytes) -> None:
        account.fill(letter())
        async with hanging(account, at) as (port, gone):
            await cancelled(given(account, port=port), when=gone.hangs)
            await asyncio.wait_for(gone.wait(), 5)  # … before the time that a silent server has.
        assert account.mails() == [UNSEEN]

    async def test_while_it_correlates(self, account: Account) -> None:
        account.fill(letter())
        begun = asyncio.Event()

        async def forever(event: Any, message_id: str | None) -> Result:
            begun.set()
            await asyncio.Event().wait()
            return PUBLISHED

        async with hanging(account) as (port, gone):
            await cancelled(given(account, port=port), forever, when=begun)
            await asyncio.wait_for(gone.wait(), 30)
        assert account.mails() == [UNSEEN]


def test_mails_after_the_one_at_which_the_last_look_ended_have_their_turn_first() -> None:
    mails = [mailbox.Waiting(uid=uid, size=1, received=datetime.now(UTC)) for uid in (3, 5, 9)]
    turns = Turns()
    turns.ended("e1", mails[1])
    assert [each.uid for each in turns.ordered("e2", mails)] == [3, 5, 9]
    assert [each.uid for each in turns.ordered("e1", mails)] == [9, 3, 5]
    assert [each.uid for each in turns.ordered("e1", mails)] == [3, 5, 9]


def signed_by_itself(host: str) -> bytes:
    """A key and its certificate, PEM."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = (
        builder.not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, pkcs8, serialization.NoEncryption()) + certificate.public_bytes(pem)


class Gone(asyncio.Event):
    """The client has hung up."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = asyncio.Event()
        """The server has begun to say nothing."""


async def cancelled(
    properties: Mail,
    correlates: Callable[[Any, str | None], Awaitable[Result]] = published,
    *,
    when: asyncio.Event,
) -> None:
    """A look that is cancelled."""
    async with FakeInboundContext(correlates) as context:
        task = asyncio.create_task(look(properties, context))
        await asyncio.wait_for(when.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)


@contextlib.asynccontextmanager
async def hanging(account: Account | None, at: bytes = b"nothing") -> AsyncIterator[tuple[int, Gone]]:
    """A server that says nothing any more from a command on; without an account it has never said anything."""
    gone = Gone()

    async def handle(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if account is None:
                gone.hangs.set()
                await reader.read()
            else:
                await relaying(account, until=at, hangs=gone.hangs)(server, reader, writer)
        finally:
            gone.set()

    async with serving(handle) as server:
        yield server.port, gone


async def silent(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def greeting(text: bytes) -> Handle:
    """Say this, and nothing else."""

    async def handle(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await reader.read()

    return handle


def relaying(
    account: Account, *, without: bytes = b"", until: bytes = b"nothing", hangs: asyncio.Event | None = None
) -> Handle:
    """The real server, without some capabilities, and up to a command: then it hangs up, or hangs."""

    async def handle(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", account.server.imap_port)
        answers = asyncio.ensure_future(answer(far_reader, writer))
        try:
            while line := await reader.readline():
                if until in line:
                    break
                far_writer.write(line)
            if line and hangs is not None:
                hangs.set()
                await reader.read()
        finally:
            answers.cancel()
            far_writer.transport.abort()
            await asyncio.gather(answers, return_exceptions=True)

    async def answer(far: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        while line := await far.readline():
            words = [word for word in line.split(b" ") if word.strip() not in without.split()]
            near.write(b" ".join(words) if line.startswith(b"* CAPABILITY") else line)
        near.close()

    return handle
