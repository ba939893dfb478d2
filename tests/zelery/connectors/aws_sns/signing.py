"""An SNS that signs, with keys made here."""

from __future__ import annotations

import base64
import dataclasses
import functools
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

ARN = "arn:aws:sns:eu-central-1:123456789012:orders"
HOST = "https://sns.eu-central-1.amazonaws.com"
#: Read off the documentation of SNS, not off the code under test.
_ORDER = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    "UnsubscribeConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
}


@functools.cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@functools.cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, days: int = 365) -> x509.Certificate:
    """Valid from a year ago until so many days from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=365)).not_valid_after(now + timedelta(days=days))
    return builder.sign(key, hashes.SHA256())


def pem(cert: x509.Certificate) -> str:
    return cert.public_bytes(serialization.Encoding.PEM).decode()


def message(kind: str = "Notification", version: str = "1", **fields: Any) -> dict[str, Any]:
    """A message as SNS sends it; what is None is left out."""
    given = {
        "Type": kind,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": ARN,
        "Subject": "My First Message" if kind == "Notification" else None,
        "Message": '{"order": 1, "note": "Zoë 👋"}',
        "Timestamp": "2026-05-02T00:54:06.655Z",
        "Token": None if kind == "Notification" else "t0ken",
        "SubscribeURL": None if kind == "Notification" else f"{HOST}/?Action=ConfirmSubscription&Token=t0ken",
        "SignatureVersion": version,
        "SigningCertURL": f"{HOST}/SimpleNotificationService-1.pem",
        **fields,
    }
    made = {name: value for name, value in given.items() if value is not None}
    lines = "".join(f"{name}\n{made[name]}\n" for name in _ORDER[kind] if name in made)
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
    signature = rsa_key().sign(lines.encode(), padding.PKCS1v15(), algorithm)
    return {"Signature": base64.b64encode(signature).decode(), **made}


@dataclasses.dataclass
class Web:
    """What is behind addresses: a body, or an error. It remembers who was asked."""

    bodies: dict[str, Any] = dataclasses.field(default_factory=dict)
    asked: list[str] = dataclasses.field(default_factory=list)

    async def fetch(self, url: str) -> object:
        self.asked.append(url)
        found = self.bodies[url]
        if isinstance(found, Exception):
            raise found
        return found
