"""Webhook paths that operators are warned of: they work, and other servers on the way may not take them."""

from __future__ import annotations

import re

PATTERN = "^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$"
_GOOD = re.compile(PATTERN)


def warning(path: str) -> str | None:
    """What the activity log says of a path that is better changed, in the Java runtime's words."""
    if _GOOD.fullmatch(path):
        return None
    return (
        f"Deprecated webhook path: {path}. This may lead to unexpected behavior. "
        f"Consider adjusting the path to match the pattern: {PATTERN}"
    )
