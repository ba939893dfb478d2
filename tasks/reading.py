"""What a trial did, for people and for programs to read: nothing in it is a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import unquote, unquote_plus

from zelery.model import Completed, Failed, Ignored, Outcome, Thrown, to_json
from zelery.sdk.http import response
from zelery.sdk.http.wire import WireError
from zelery.sdk.watch import Answered, Exchanged
from zelery.secrets import Mask

#: Characters of a body or of variables that people are shown.
CHARACTERS_MAX = 10_000
#: Larger bodies are not decoded for showing, bytes.
BYTES_MAX = 16 * 2**20

_HIDDEN = "***"
#: Headers that say who asks, whatever they hold.
_CREDENTIALS = ("authorization", "proxy-authorization", "cookie", "set-cookie")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_GRANTED = re.compile(r'"(?:access|refresh|id)_token"\s*:\s*"((?:[^"\\]|\\.)*)"')


def trial(outcome: Outcome, exchanges: Sequence[Exchanged], mask: Mask, left_out: Sequence[str]) -> dict[str, Any]:
    """Everything that is shown, as one JSON object."""
    for exchange in exchanges:  # A token that was granted on the way is a secret in all that follows.
        if isinstance(exchange.answer, Answered):
            for token in _GRANTED.findall(_decoded(exchange.answer)):
                mask.add(token)
    return {
        "exchanges": [_exchange(exchange, mask) for exchange in exchanges],
        "not_fetched": list(left_out),
        "outcome": _outcome(outcome, mask),
    }


def masked(value: Any, mask: Callable[[str], str]) -> Any:
    """A JSON value without secrets in its names, its texts and its numbers."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(name): masked(entry, mask) for name, entry in value.items()}
    if isinstance(value, list):
        return [masked(entry, mask) for entry in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and mask(str(value)) == _HIDDEN:
        return _HIDDEN
    return value


def escaped(text: str, mask: Callable[[str], str], plain: Callable[[str], str]) -> str:
    """A text that is percent-encoded without secrets: decoded where one hides behind the encoding."""
    seen = mask(text)
    bare = plain(seen)
    return seen if mask(bare) == bare else mask(bare)


def _exchange(exchange: Exchanged, mask: Mask) -> dict[str, Any]:
    form = any(name.lower() == "content-type" and "urlencoded" in value.lower() for name, value in exchange.headers)
    body = _text(exchange.body)
    request = {
        "method": exchange.method,
        "url": escaped(exchange.url, mask, unquote),
        "headers": _headers(exchange.headers, mask),
        "body": escaped(body, mask, unquote_plus) if form else _body(body, mask),
    }
    answer = exchange.answer
    if isinstance(answer, str):
        return {"request": request, "response": None, "error": mask(answer)}
    told = {"status": answer.status, "reason": mask(answer.reason), "headers": _headers(answer.headers, mask)}
    return {"request": request, "response": {**told, "body": _body(_decoded(answer), mask)}, "error": None}


def _body(text: str, mask: Mask) -> str:
    """A body without secrets; JSON is written anew where one hides behind its escapes."""
    seen = mask(text)
    try:
        value = json.loads(seen)
        bare = masked(value, mask)
    except (ValueError, RecursionError):
        return seen
    return seen if bare == value else json.dumps(bare, ensure_ascii=False)


def _headers(headers: Sequence[tuple[str, str]], mask: Mask) -> list[list[str]]:
    return [[mask(name), _header(name, value, mask)] for name, value in headers]


def _header(name: str, value: str, mask: Mask) -> str:
    if name.lower() not in _CREDENTIALS:
        return escaped(value, mask, unquote)
    kind, space, _ = value.partition(" ")
    return f"{mask(kind)} {_HIDDEN}" if space and "=" not in kind else _HIDDEN


def _decoded(answer: Answered) -> str:
    data = answer.body
    try:
        for coding in reversed(response.codings(answer.headers)):
            data = response.decoded(data, coding, bytes_max=BYTES_MAX)
    except WireError:
        return f"({len(answer.body)} bytes that cannot be decoded)"
    return _text(data)


def _text(data: bytes) -> str:
    """Bytes as somebody's text: a secret in another charset than UTF-8 must still be found."""
    if data.startswith((b"\xfe\xff", b"\xff\xfe")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _outcome(outcome: Outcome, mask: Mask) -> dict[str, Any]:
    variables = masked(json.loads(to_json(outcome.variables)), mask)
    match outcome:
        case Completed():
            return {"command": "complete", "variables": variables}
        case Ignored():
            return {"command": "complete", "error_ignored": True, "variables": variables}
        case Thrown():
            said = {"errorCode": mask(outcome.code), "errorMessage": mask(outcome.message)}
            return {"command": "throw", **said, "variables": variables}
        case Failed():
            left = {"retries": outcome.retries, "retryBackoffMs": outcome.backoff_ms}
            return {"command": "fail", **left, "errorMessage": mask(outcome.message), "variables": variables}


def text(shown: dict[str, Any]) -> str:
    """The same for people, with nothing in it that a terminal would act on."""
    return _CONTROLS.sub("\ufffd", "\n".join(_lines(shown)))


def _lines(shown: dict[str, Any]) -> Iterator[str]:
    if shown["not_fetched"]:
        yield f"Not fetched, because the connector does not read it: {', '.join(shown['not_fetched'])}\n"
    for exchange in shown["exchanges"]:
        request, answer = exchange["request"], exchange["response"]
        yield f"--> {request['method']} {request['url']}"
        yield from _message(request)
        if answer is None:
            yield f"<-- {exchange['error']}\n"
            continue
        yield f"<-- {answer['status']} {answer['reason']}".rstrip()
        yield from _message(answer)
    if not shown["exchanges"]:
        yield "No request was sent.\n"
    outcome = shown["outcome"]
    yield f"=== {_sentence(outcome)}"
    if outcome.get("errorMessage"):
        yield outcome["errorMessage"]
    yield "variables: " + _short(json.dumps(outcome["variables"], indent=2, ensure_ascii=False))


def _message(message: dict[str, Any]) -> Iterator[str]:
    yield from (f"    {name}: {value}" for name, value in message["headers"])
    if message["body"]:
        yield "\n" + "\n".join(f"    {line}" for line in _short(message["body"]).splitlines())
    yield ""


def _sentence(outcome: dict[str, Any]) -> str:
    if outcome["command"] == "complete":
        return "The job completes; the error is ignored" if outcome.get("error_ignored") else "The job completes"
    if outcome["command"] == "throw":
        return f"A BPMN error is thrown: {outcome['errorCode']}"
    pause = outcome["retryBackoffMs"]
    left = f"{outcome['retries']} retries left" if outcome["retries"] else "no retries left: an incident"
    return f"The job fails, {left}" + (f", the next after {pause / 1000:g} s" if pause and outcome["retries"] else "")


def _short(text: str) -> str:
    more = len(text) - CHARACTERS_MAX
    return text if more <= 0 else f"{text[:CHARACTERS_MAX]}\n… ({more} characters more; --json shows all)"
