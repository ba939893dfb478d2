"""Why a file is not executed: each complaint with its element and what to do instead."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from zelery.engine.errors import EngineError

#: How many complaints a text lists. It becomes a gRPC status, which clients take up to 8 KB of.
_LISTED_MAX = 15

#: How long a complaint may be, in characters: it may repeat a text of a hostile file.
_WHAT_MAX = 300


class Complaint(NamedTuple):
    """What is wrong with one element."""

    element: str
    """Its id, and the way within it: `charge > extensionElements > taskDefinition`. Empty: the file itself."""
    what: str
    """What is wrong, and what to do."""


class Refused(EngineError):  # noqa: N818 - the word of the field
    """A BPMN file is not executed.

    The text has the form of Zeebe's: a line for an element, then a line for each complaint about it.

    Args:
        resource: The file's name.
        complaints: Why.
    """

    def __init__(self, resource: str, complaints: Sequence[Complaint]) -> None:
        self.resource = resource
        self.complaints = tuple(complaints)
        super().__init__(f"'{shown(resource)}': {_listed(self.complaints)}")


def _listed(complaints: Sequence[Complaint]) -> str:
    lines: list[str] = []
    for element, about in groupby(complaints[:_LISTED_MAX], key=lambda each: each.element):
        if element:
            lines.append(f"- Element: {shown(element)}")
        lines += [f"    - ERROR: {shown(each.what, _WHAT_MAX)}" if element else each.what for each in about]
    if len(complaints) > _LISTED_MAX:
        lines.append(f"… and {len(complaints) - _LISTED_MAX} more: repair these first, then deploy again")
    return "\n".join(lines)


def shown(text: str, length_max: int = 120) -> str:
    """A text as a complaint repeats it: one line, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= length_max else f"{line[:length_max]}…"
