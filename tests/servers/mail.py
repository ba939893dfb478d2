"""A mail server on this machine: GreenMail, SMTP and IMAP in memory. What it holds is gone when it is stopped.

It wants a login, and has the certificate of an authority of its own where IMAP is encrypted.
"""

from __future__ import annotations

import contextlib
import dataclasses
import imaplib
import json
import smtplib
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.servers import java, maven
from zelery.local import ports

JARS = maven.Jars(
    title="GreenMail 2.1.3",
    name="greenmail",
    version="2.1.3",
    lock=Path(__file__).with_name("mail.jars"),
)

#: It is ready in a second or two on two idle cores; this is for a machine that does ten other things.
_READY_TIMEOUT_S = 120
_ANSWER_S = 30
_KEYSTORE_PASSWORD = "keys"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """Somebody with a mailbox."""

    server: MailServer
    address: str
    """Also the login."""
    password: str

    def send(self, text: bytes | EmailMessage) -> None:
        """Put a mail into the inbox, as SMTP delivers it; it is there on return."""
        raw = text if isinstance(text, bytes) else text.as_bytes()
        before = len(self.mails())
        with smtplib.SMTP(ports.HOST, self.server.smtp_port, timeout=_ANSWER_S) as smtp:
            smtp.sendmail("sender@example.com", [self.address], raw)
        with self.client() as client:
            while len(_uids(client)) <= before:
                time.sleep(0.02)
                client.noop()

    def fill(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Put mails into a folder, as a mail program files them: faster than sending."""
        with self.client() as client:
            for mail in mails:
                client.append(folder, "", "", mail)

    def create(self, folder: str) -> None:
        """Make a folder, as the server writes its name."""
        with self.client() as client:
            client.create(folder)

    def folders(self) -> set[str]:
        """Names of all folders."""
        with self.client() as client:
            return {line.rpartition(b" ")[2].decode().strip('"') for line in _lines(client.list()[1])}

    def mails(self, folder: str = "INBOX") -> list[frozenset[str]]:
        """The flags of each mail of a folder, the oldest first."""
        with self.client() as client:
            client.select(f'"{folder}"', readonly=True)
            found = _lines(client.fetch("1:*", "(FLAGS)")[1]) if _uids(client) else []
            return [frozenset(flag.decode() for flag in imaplib.ParseFlags(line)) - {r"\Recent"} for line in found]

    def remove(self, number: int, folder: str = "INBOX") -> None:
        """Take a mail away, by its place from 1 on."""
        with self.client() as client:
            client.select(f'"{folder}"')
            client.store(str(number), "+FLAGS", r"(\Deleted)")
            client.expunge()

    @contextlib.contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        """A client of the owner's own."""
        with imaplib.IMAP4(ports.HOST, self.server.imap_port, timeout=_ANSWER_S) as client:
            client.login(self.address, self.password)
            client.select(readonly=True)
            yield client


@dataclasses.dataclass
class MailServer:
    """The server, up unless a test has stopped it."""

    folder: Path
    """Its log and its certificate."""

    def __post_init__(self) -> None:
        self.smtp_port, self.imap_port, self.imaps_port, self._api_port = ports.free(4)
        self._running = contextlib.ExitStack()
        authority = trustme.CA()
        self.authority_file = self.folder / "authority.pem"
        """Who signed its certificate, PEM."""
        authority.cert_pem.write_to_path(str(self.authority_file))
        self._keys = self.folder / "keys.p12"
        self._keys.write_bytes(_keystore(authority.issue_cert("localhost")))

    def start(self) -> None:
        """Serve at the same addresses, without mailboxes."""
        for port in (self.smtp_port, self.imap_port, self.imaps_port, self._api_port):
            ports.check_free(port, JARS.title)
        command = java.command(JARS.title, "128m", install().glob("*.jar"))
        self._running.enter_context(
            java.running(
                JARS,
                command,
                [*self._options(), "com.icegreen.greenmail.standalone.GreenMailStandaloneRunner"],
                log=self.folder / "greenmail.log",
                ready=self._is_ready,
                timeout_s=_READY_TIMEOUT_S,
            )
        )

    def stop(self) -> None:
        """End it as an operator does."""
        self._running.close()

    def account(self, password: str = "s3cret-word") -> Account:
        """A new mailbox, of somebody who is nobody else."""
        account = Account(server=self, address=f"{uuid.uuid4().hex[:12]}@example.com", password=password)
        self.admit(account)
        return account

    def admit(self, account: Account) -> None:
        """Give an account its mailbox: a server that was stopped has forgotten it."""
        user = {"email": account.address, "login": account.address, "password": account.password}
        self._api("POST", "/api/user", user)

    def _api(self, method: str, path: str, body: Any = None) -> None:
        request = urllib.request.Request(
            f"http://{ports.HOST}:{self._api_port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=_ANSWER_S).close()

    def _is_ready(self) -> bool:
        try:
            self._api("GET", "/api/service/readiness")
        except urllib.error.HTTPError as refused:
            refused.close()
            return False
        return True

    def _options(self) -> list[str]:
        found = {"api.hostname": ports.HOST, "api.port": self._api_port}
        for protocol, port in {"smtp": self.smtp_port, "imap": self.imap_port, "imaps": self.imaps_port}.items():
            found |= {f"{protocol}.hostname": ports.HOST, f"{protocol}.port": port}
        found |= {"tls.keystore.file": self._keys, "tls.keystore.password": _KEYSTORE_PASSWORD}
        return [f"-Dgreenmail.{name}={value}" for name, value in found.items()]


def install() -> Path:
    """The folder of its jar, fetched if it is not in the cache. Raises LocalServerError when it cannot be."""
    return maven.collected(JARS)


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server until the block ends. Raises LocalServerError when it cannot be had."""
    with tempfile.TemporaryDirectory(prefix="zelery-mail-", ignore_cleanup_errors=True) as folder:
        server = MailServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _uids(client: imaplib.IMAP4) -> list[str]:
    return [uid.decode() for line in _lines(client.uid("SEARCH", "ALL")[1]) for uid in line.split()]


def _lines(found: list[Any]) -> list[bytes]:
    return [line for line in found if line]


def _keystore(certificate: trustme.LeafCert) -> bytes:
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    chain = [x509.load_pem_x509_certificate(each.bytes()) for each in certificate.cert_chain_pems]
    protection = serialization.BestAvailableEncryption(_KEYSTORE_PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"zelery", key, chain[0], chain[1:], protection)
