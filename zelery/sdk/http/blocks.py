"""Addresses that an operator keeps models from calling: `CAMUNDA_CONNECTOR_HTTP_BLOCK_URL`, `_PORT`, `_REGEX`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Self

from zelery.errors import InputError, SettingError

_NAME = re.compile(r"CAMUNDA_CONNECTOR_HTTP_BLOCK_(?P<kind>URL|PORT|REGEX)(?:_(?P<name>.+))?")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Block:
    """One rule."""

    what: str
    """What is not allowed: `URL` or `port`."""
    name: str | None
    """The rule's own name, for people."""
    hits: Callable[[str, int], bool]
    """Whether it forbids a URL and a port."""


@dataclasses.dataclass(frozen=True)
class Blocks:
    """All rules of a worker."""

    rules: tuple[Block, ...] = ()

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """The rules of environment variables, by their names.

        Raises SettingError for a port that is no number, and for a pattern that is none.
        """
        return cls(tuple(_block(name, value) for name, value in variables.items()))

    def check(self, url: str, port: int) -> None:
        """Raise InputError when a rule forbids the address."""
        for rule in self.rules:
            if rule.hits(url, port):
                named = f" (Block Name: {rule.name})" if rule.name else ""
                raise InputError(f"java.lang.IllegalArgumentException: The provided {rule.what} is not allowed{named}")


def _block(variable: str, value: str) -> Block:
    found = _NAME.fullmatch(variable)
    if not found:
        raise SettingError(
            f"{variable}: no rule for HTTP addresses; expected CAMUNDA_CONNECTOR_HTTP_BLOCK_URL, _PORT or _REGEX"
        )
    if found["kind"] == "PORT":
        ports = _ports(variable, value)
        return Block(what="port", name=found["name"], hits=lambda _, port: port in ports)
    if found["kind"] == "REGEX":
        try:
            pattern = re.compile(value)
        except re.error as error:
            raise SettingError(f"{variable}={value!r}: no regular expression: {error}") from None
        return Block(what="URL", name=found["name"], hits=lambda url, _: pattern.fullmatch(url) is not None)
    return Block(what="URL", name=found["name"], hits=lambda url, _: value in url)


def _ports(variable: str, value: str) -> frozenset[int]:
    try:
        return frozenset(int(port) for port in value.split(",") if port.strip())
    except ValueError:
        raise SettingError(f"{variable}={value!r}: expected port numbers, comma-separated") from None
