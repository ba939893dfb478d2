"""Why a file is not executed: each complaint with its element and what to do instead."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from zelery.engine.errors import EngineError

#: Complaints that one refusal lists; a hostile file could cause any number.
_LISTED_MAX = 50


@dataclasses.dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one element."""

    element_id: str
    what: str
    """What is wrong, and what to do."""


class Refused(EngineError):  # noqa: N818 - the word of the field
    """A BPMN file is not executed.

    Args:
        resource: The file's name.
        complaints: Why.
    """

    def __init__(self, resource: str, complaints: Sequence[Complaint]) -> None:
        self.resource = resource
        self.complaints = tuple(complaints)
        listed = [f"- Element: {each.element_id}\n    - ERROR: {each.what}" for each in complaints[:_LISTED_MAX]]
        if len(complaints) > _LISTED_MAX:
            listed.append(f"… and {len(complaints) - _LISTED_MAX} more")
        super().__init__(f"'{resource}': " + "\n".join(listed))
