"""What a search can ask for: fields, their kinds and operators, by line (8.8, 8.9, 8.10).

Source: the published REST contract of each line, as `contract.py` lists it.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence

#: The lines of Camunda that the REST API can speak, oldest first.
LINES = ("8.8", "8.9", "8.10")


def has(line: str, since: str) -> bool:
    """Whether a line has what came with another."""
    return LINES.index(line) >= LINES.index(since)


class Kind(enum.Enum):
    """What the values of a field are, and which operators they have."""

    TEXT = "a text"
    KEY = "a key, digits in a text"
    CHOICE = "one of a few texts"
    INTEGER = "a whole number"
    DATE = "a date and time of RFC 3339, as 2026-01-31T12:00:00Z"
    BOOLEAN = "true or false"
    TAGS = "a list of texts, all of which an item has"
    VARIABLES = "a list of objects with name and value, all of which an item has"
    ENTRIES = "an object of names and values, all of which an item has"


_SET = frozenset({"$eq", "$neq", "$exists", "$in", "$notIn"})
_RANGE = frozenset({"$eq", "$neq", "$exists", "$in", "$gt", "$gte", "$lt", "$lte"})

#: The operators of each kind that has any.
OPERATORS: Mapping[Kind, frozenset[str]] = {
    Kind.TEXT: _SET | {"$like"},
    Kind.KEY: _SET,
    Kind.CHOICE: frozenset({"$eq", "$neq", "$exists", "$in", "$like"}),
    Kind.INTEGER: _RANGE,
    Kind.DATE: _RANGE,
}

#: Of a field that never has operators: only an exact value.
NEVER = None


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A name that can be filtered by."""

    name: str
    kind: Kind
    since: str = LINES[0]
    operators_since: str | None = LINES[0]
    """The first line whose filter takes operators here; None: an exact value only, in every line."""
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Of a choice: each value, and the first line that has it."""
    operators_more: frozenset[str] = frozenset()
    """Operators that its kind does not have elsewhere."""

    def operators(self, line: str) -> frozenset[str]:
        """The operators that a line has here."""
        if self.operators_since is None or not has(line, self.operators_since) or self.kind not in OPERATORS:
            return frozenset()
        return OPERATORS[self.kind] | self.operators_more

    def choices(self, line: str) -> Sequence[str]:
        """The values that a line has of a choice."""
        return [value for value, since in self.values.items() if has(line, since)]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """What one search is about."""

    key: tuple[str, ...]
    """The fields that tell items apart, and order those that are otherwise alike."""
    since: str = LINES[0]
    fields: Mapping[str, Field]
    sort: Mapping[str, str]
    """Fields to sort by, each with the first line that can."""
    sort_until: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Fields that later lines do not sort by any more, with the last one that does."""
    alternatives_since: str | None = None
    """The first line with `$or`; None: there is none."""

    def field(self, name: str, line: str) -> Field | None:
        """A field that a line can filter by; None where it does not know the name."""
        found = self.fields.get(name)
        return found if found is not None and has(line, found.since) else None

    def sortable(self, line: str) -> Sequence[str]:
        """The fields that a line can sort by."""
        return [
            name
            for name, since in self.sort.items()
            if has(line, since) and has(self.sort_until.get(name, LINES[-1]), line)
        ]

    def has_alternatives(self, line: str) -> bool:
        """Whether a line has `$or` here."""
        return self.alternatives_since is not None and has(line, self.alternatives_since)

    def kind(self, name: str) -> Kind:
        """The kind of a field's values, also where it can only be sorted by."""
        found = self.fields.get(name)
        return found.kind if found is not None else Kind.TEXT
