"""From the URL that a model writes to the target that goes out.

The rules are those of the Java runtime 8.8, as recorded: a URL is taken apart, decoded and encoded anew, so that both
`/a b` and `/a%20b` arrive as `/a%20b`. `skipEncoding` sends it as it is. Parameters that are added are encoded more
strictly than those that the URL brings along.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from zelery.sdk.http.errors import UnbuildableError

Parameters = Sequence[tuple[str, str | None]]

_URL = re.compile(
    r"(?:(?P<scheme>[^:/?#]+):)?(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_AUTHORITY = re.compile(
    r"(?:(?P<user>[^@]*)@)?(?P<host>\[[0-9A-Fa-f:.]+(?:%25?[\w.]+)?\]|[^@:\[\]]*)(?::(?P<port>[0-9]*))?"
)
_MALFORMED = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: What stays as it is: in the path (whose slashes part it), in the URL's own parameters, in those that are added.
_PATH_SAFE = "-_.!~*'()@:$&,;="
_QUERY_SAFE = "-_.!~*'()@:$,;/?"
_ADDED_SAFE = "-._~"
_PATH_CLEAN = re.compile(r"[A-Za-z0-9\-_.!~*'()@:$&,;=/]*")
#: What a URI may hold unescaped; a URL that is sent as it is must keep to it.
_ILLEGAL = {
    "authority": re.compile(r"[\x00-\x20\x7f-\xa0\"#/<>?\\^`{|}]|%(?![0-9A-Fa-f]{2})"),
    "path": re.compile(r"[\x00-\x20\x7f-\xa0\"#<>?\[\\\]^`{|}]|%(?![0-9A-Fa-f]{2})"),
    "query": re.compile(r"[\x00-\x20\x7f-\xa0\"#<>\\^`{|}]|%(?![0-9A-Fa-f]{2})"),
    "fragment": re.compile(r"[\x00-\x20\x7f-\xa0\"#<>\\^`{|}]|%(?![0-9A-Fa-f]{2})"),
}
_BLANKS = "".join(map(chr, range(0x21)))
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F))).replace("?", "")
_PORTS = {"http": 80, "https": 443}
_PORT_MAX = 65535


class ForeignUrlError(Exception):
    """A URL that is well-formed and that HTTP cannot call: another scheme, or a login in it."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Whom to call, and for what."""

    tls: bool
    """Whether the scheme is https."""
    host: str
    """Name or address to connect to, without brackets."""
    port: int
    """TCP port, the scheme's own when the URL names none."""
    authority: str
    """Value of the Host header."""
    path: str
    """Path and query, as the request line carries them; may hold characters beyond ASCII."""

    @property
    def url(self) -> str:
        """The whole address, as a proxy or a block list wants it."""
        return f"{'https' if self.tls else 'http'}://{self.authority}{self.path}"


class _Parts(NamedTuple):
    scheme: str
    authority: str
    path: str
    query: str | None


def target(url: str, *, skip_encoding: bool = False, parameters: Parameters = ()) -> Target:
    """The target that a URL means, with parameters added to it.

    Raises UnbuildableError when the URL breaks the rules of URIs, ForeignUrlError when HTTP cannot call it.
    """
    # A URL that cannot be decoded is tried as it is: the error then says where it breaks the rules.
    parts = None if skip_encoding else _encoded(url.strip(_BLANKS))
    scheme, authority, path, query = parts or _verbatim(url)
    if scheme not in _PORTS:
        raise ForeignUrlError(f"the scheme {scheme!r} is neither http nor https")
    host, port = _host(authority)
    if parameters:
        query = _strict([*_parsed(query or ""), *parameters])
        path = _ascii(path)
    shown = f"[{host}]" if ":" in host else _idna(host)
    return Target(
        tls=scheme == "https",
        host=host,
        port=_PORTS[scheme] if port is None else port,
        authority=shown if port is None else f"{shown}:{port}",
        path=(path or "/") + ("" if query is None else f"?{query}"),
    )


def _encoded(url: str) -> _Parts | None:
    """A URL's parts, encoded anew; None when it is none, or cannot be decoded."""
    found = _split(url)
    authority = found["authority"] or ""
    if (
        found["scheme"] not in _PORTS
        or not authority
        or not _AUTHORITY.fullmatch(authority)
        or _ILLEGAL["authority"].search(authority)
    ):
        return None
    if _MALFORMED.search(url, found.end("authority")):
        return None
    path = found["path"]
    if not _PATH_CLEAN.fullmatch(path):
        path = "/".join(_quote(unquote(part), _PATH_SAFE) for part in path.split("/"))
    return _Parts(found["scheme"], authority, path, _lenient(found["query"]) if found["query"] else None)


def _lenient(query: str) -> str | None:
    """The URL's own parameters: those of one name together, none without a name, and no `=` before nothing."""
    values: dict[str, list[str]] = {}
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        if name := unquote_plus(name):
            values.setdefault(name, []).append(unquote_plus(value))
    pieces = [
        _quote(name, _QUERY_SAFE) + (f"={_quote(value, _QUERY_SAFE)}" if value else "")
        for name, entries in values.items()
        for value in entries
    ]
    return "&".join(pieces) or None


def _parsed(query: str) -> list[tuple[str, str | None]]:
    """A query's parameters; here a plus is a plus, and a name without `=` has no value."""
    pieces = [piece.partition("=") for piece in query.split("&")]
    return [(unquote(name), unquote(value) if equals else None) for name, equals, value in pieces if name]


def _strict(parameters: Parameters) -> str:
    return "&".join(
        _quote(name, _ADDED_SAFE) + ("" if value is None else f"={_quote(value, _ADDED_SAFE)}")
        for name, value in parameters
    )


def _verbatim(url: str) -> _Parts:
    """The parts of a URL that goes out as it is. Raises UnbuildableError where it is no URI."""
    found = _split(url)
    scheme = found["scheme"]
    if scheme is not None and not _SCHEME.fullmatch(scheme):
        legal = _SCHEME.match(scheme)
        raise UnbuildableError(f"Illegal character in scheme name at index {legal.end() if legal else 0}: {url}")
    if found["authority"] == "" and found.end("authority") == len(url):
        raise UnbuildableError(f"Expected authority at index {len(url)}: {url}")
    for part, illegal in _ILLEGAL.items():
        if (text := found[part]) and (wrong := illegal.search(text)):
            index = found.start(part) + (0 if part == "authority" else wrong.start())
            what = "Malformed escape pair" if wrong[0] == "%" else f"Illegal character in {part}"
            raise UnbuildableError(f"{what} at index {index}: {url}")
    return _Parts(scheme or "http", found["authority"] or "", found["path"], found["query"])


def _split(url: str) -> re.Match[str]:
    found = _URL.fullmatch(url)
    assert found  # noqa: S101 - every text is a path at least
    return found


def _host(authority: str) -> tuple[str, int | None]:
    found = _AUTHORITY.fullmatch(authority)
    if not found or not found["host"]:
        raise UnbuildableError(f"there is no host in {authority!r}", java_type="java.lang.NullPointerException")
    if found["user"] is not None:
        raise ForeignUrlError("a URL must not carry a login")
    port = int(found["port"]) if found["port"] else None
    if port is not None and port > _PORT_MAX:
        what = "Port number(Use -1 to specify the scheme default port)"
        raise UnbuildableError(f"{what}: {port} is out of range [-1, {_PORT_MAX}]")
    return found["host"].strip("[]"), port


def _idna(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        raise UnbuildableError(f"the host {host!r} is no name of the Internet") from None


def _ascii(path: str) -> str:
    """A path as Java writes a URI in ASCII: composed, then percent-encoded."""
    return path if path.isascii() else _quote(unicodedata.normalize("NFC", path), _PRINTABLE)


def _quote(text: str, safe: str) -> str:
    # A lone surrogate has no bytes; it becomes a question mark, as Java's encoder writes it.
    return quote(text, safe=safe, errors="replace")
