"""Where a store on the network keeps a secret, and what of it is the secret's text."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

_NAME = "{name}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """A place in a store."""

    path: str
    key: str | None
    """Which key of the entry is the secret; None when the entry holds this one only."""


def entry(path: str, name: str) -> Entry | None:
    """Where a secret is: under its name where the path has `{name}`, else a key of the one entry at the path.

    None for a name that would lead out of the path: no such secret can be there.
    """
    if _NAME not in path:
        return Entry(path=path, key=name)
    if not name.isprintable() or any(part in {"", ".", ".."} for part in name.split("/")):
        return None
    return Entry(path=path.replace(_NAME, name), key=None)


def text(values: Mapping[str, Any], key: str) -> str | None:
    """The value of a key: text as it is, anything else as JSON; None when there is none, or null."""
    value = values.get(key)
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
