"""Whether a message is from SNS: what it signs, with which key, and from where that key may come. No I/O."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate

from zelery.sdk import RefusalError

NOTIFICATION, CONFIRMATION = "Notification", "SubscriptionConfirmation"

#: What is signed, in this order; a notification's subject only where it has one.
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "1": hashes.SHA1(),  # noqa: S303 - SNS's default: a topic's owner chooses, not we
    "2": hashes.SHA256(),
}
_ARN = re.compile(r"arn:aws[a-z-]*:sns:(?P<region>[a-z0-9-]+):\d{12}:[\w.-]+", re.ASCII)
_HTTPS = 443


def region(arn: str) -> str:
    """Where a topic lives. Raises RefusalError for what names no topic."""
    found = _ARN.fullmatch(arn)
    if not found:
        raise RefusalError(400, f"{arn!r} is no topic of SNS; expected arn:aws:sns:<region>:<account>:<topic>")
    return found["region"]


def trusted(url: str, region: str) -> bool:
    """Whether an address is SNS's own, in a region: nobody else's word counts, and nobody else is called."""
    try:
        parts = urlsplit(url)
        port = parts.port or _HTTPS
    except ValueError:
        return False
    host = f"sns.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    return (parts.scheme, parts.netloc.removesuffix(f":{_HTTPS}"), port) == ("https", host, _HTTPS)


def verify(message: Mapping[str, Any], certificate: Certificate, now: datetime) -> None:
    """Raise RefusalError when a message is not signed with the key of a certificate."""
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise RefusalError(403, "the certificate that the message is signed with is not valid now")
    algorithm = _HASHES.get(text(message, "SignatureVersion"))
    if algorithm is None:
        raise RefusalError(400, "SignatureVersion: must be 1 or 2")
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise RefusalError(403, "the certificate that the message is signed with has no RSA key")
    try:
        signature = base64.b64decode(text(message, "Signature"), validate=True)
        key.verify(signature, signed(message), PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError):
        raise RefusalError(403, "the message's signature does not match") from None


def signed(message: Mapping[str, Any]) -> bytes:
    """What SNS signs of a message. Raises RefusalError for a kind that we do not know, and for what lacks a field."""
    kind = text(message, "Type")
    if kind not in _SIGNED:
        raise RefusalError(400, f"Operation not supported: {kind}")
    names = [name for name in _SIGNED[kind] if name != "Subject" or message.get(name) is not None]
    return "".join(f"{name}\n{text(message, name)}\n" for name in names).encode("utf-8", "surrogatepass")


def text(message: Mapping[str, Any], name: str) -> str:
    """A field of a message. Raises RefusalError when it is not there, or no text."""
    value = message.get(name)
    if not isinstance(value, str):
        raise RefusalError(400, f"{name}: an SNS message has it, as text")
    return value
