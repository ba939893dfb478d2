from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from tests.zelery.connectors.webhook.hooks import URL, hook, request
from zelery.connectors.webhook import signature
from zelery.connectors.webhook.properties import Hook
from zelery.sdk import InputError, RefusalError

SECRET = "s3cr"
BODY = b'{"b":"2","a":"x"}'
FORM = "application/x-www-form-urlencoded"


def signed(**properties: str) -> Hook:
    given = {"shouldValidateHmac": "enabled", "hmacSecret": SECRET, "hmacHeader": "X-Sig", "hmacAlgorithm": "sha_256"}
    return hook(**{**given, **properties})


def digest(text: bytes, secret: str = SECRET, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), text, getattr(hashlib, algorithm)).digest()


def refused(hook: Hook, sent: str | None, body: bytes = BODY) -> str:
    headers = {} if sent is None else {"x_sig": sent}
    with pytest.raises(RefusalError) as error:
        signature.check(hook, request(body, **headers))
    assert error.value.status == 401
    return error.value.message


@pytest.mark.parametrize(
    "sent",
    [
        "",
        digest(BODY).hex().upper(),
        digest(BODY, "other").hex(),
        digest(b"{}").hex(),
        f"a=b={digest(BODY).hex()}",
        f"{digest(BODY).hex()},x",
        f"sha256={base64.b64encode(digest(BODY)).decode()}",
        "ü",
    ],
)
def test_a_signature_that_is_not_the_bodys_is_refused(sent: str) -> None:
    assert refused(signed(), sent) == "Reason: INVALID_SIGNATURE. Details: HMAC signature check didn't pass"


def test_a_missing_signature_is_the_callers_fault_and_the_header_is_named() -> None:
    assert refused(signed(), None) == "Reason: INVALID_SIGNATURE. Details: HMAC header X-Sig is missing"
    assert "didn't pass" in refused(signed(), "", b"")


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({"hmacAlgorithm": "md5"}, "inbound.hmacAlgorithm is 'md5': must be one of sha_1, sha_256, sha_512"),
        ({"hmacAlgorithm": ""}, "inbound.hmacAlgorithm is ''"),
        ({"hmacSecret": ""}, "inbound.hmacSecret is missing"),
        ({"hmacHeader": ""}, "inbound.hmacHeader is missing"),
        ({"hmacScopes": "=[]"}, r"inbound.hmacScopes is \[\]: must be \[body\]"),
        ({"hmacScopes": '=["url"]'}, "inbound.hmacScopes"),
        ({"hmacScopes": '=["body","body"]'}, "inbound.hmacScopes"),
        ({"hmacScopes": '=["body","parameters"]'}, "inbound.hmacScopes"),
    ],
)
def test_a_model_that_does_not_say_how_is_at_fault_whatever_is_sent(properties: dict[str, str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        signature.check(signed(**properties), request(BODY, x_sig=digest(BODY).hex()))


@pytest.mark.parametrize("form", ["{hex}", "sha256={hex}", "={hex}", "v0={hex}", "{base64}"])
def test_a_digest_is_taken_in_hexadecimal_with_a_prefix_or_without_and_in_base64(form: str) -> None:
    for name, algorithm in (("sha_1", "sha1"), ("sha_256", "sha256"), ("sha_512", "sha512")):
        made = digest(BODY, algorithm=algorithm)
        sent = form.format(hex=made.hex(), base64=base64.b64encode(made).decode())
        signature.check(signed(hmacAlgorithm=name), request(BODY, x_sig=sent))


@pytest.mark.parametrize("switch", ["disabled", "ENABLED", ""])
def test_nothing_is_asked_unless_the_model_says_enabled(switch: str) -> None:
    signature.check(signed(shouldValidateHmac=switch), request(BODY))


@pytest.mark.parametrize(
    ("scopes", "method", "query", "sent", "text"),
    [
        ('["url","body"]', "POST", "q=1", (BODY, "application/json"), f"{URL}axb2"),
        ('["body","url"]', "POST", "", (b"b=%C3%BC+x&a=1", FORM), f"{URL}a1bü x"),
        # whole values, though the body that expressions see has them cut
        ('["url","body"]', "POST", "", (b"a=b=c%26d", FORM), f"{URL}ab=c&d"),
        ('["url","body"]', "POST", "", (b'{"n":1,"t":true,"o":null,"f":1.5}', ""), f"{URL}f1.5n1onullttrue"),
        ('["url","body"]', "POST", "", (b'["a"]', "application/json"), f'{URL}["a"]'),
        ('["url","body"]', "GET", "", (b"", ""), URL),
        ('["url","parameters"]', "POST", "b=2&a=1", (BODY, ""), f"{URL}?b=2&a=1"),
        # both spellings of a blank
        ('["url","parameters"]', "GET", "a=x%20y", (b"", ""), f"{URL}?a=x%20y"),
        ('["url","parameters"]', "GET", "a=x%20y", (b"", ""), f"{URL}?a=x+y"),
        ('["url","body","parameters"]', "GET", "q=1", (BODY, "application/json"), f"{URL}?q=1"),
        ('["parameters","body","url"]', "PUT", "q=1", (BODY, "application/json"), f"{URL}axb2"),
    ],
)
def test_scopes_say_what_is_signed(scopes: str, method: str, query: str, sent: tuple[bytes, str], text: str) -> None:
    body, kind = sent
    given = request(body, method=method, query=query, content_type=kind, x_sig=digest(text.encode()).hex())
    signature.check(signed(hmacScopes=scopes), given)
    with pytest.raises(RefusalError):
        signature.check(signed(hmacScopes=scopes, hmacSecret="other"), given)


def test_half_a_character_in_a_body_breaks_nothing() -> None:
    with pytest.raises(RefusalError, match="didn't pass"):
        signature.check(signed(hmacScopes='["url","body"]'), request(b'{"a":"\\ud800"}', x_sig="x"))
