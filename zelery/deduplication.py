"""Which elements share one executable, and whether those that share it may (`spec/inbound.md` §2.2).

The id of an element that names nothing is its own; `MANUAL` names it; `AUTO` derives it from the properties, so that
equal elements meet. It holds the process id and not the version's key, so an executable outlives a new version.

The derived number is Java's to the last bit, because consumer groups in Kafka are named by it: who replaces the Java
runtime, 8.9, goes on where it stopped. It depends on the order in which a `java.util.HashMap` hands out its values,
reproduced here but for one case: a bucket of nine names or more, which Java turns into a tree. Names must be made to
collide for that.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from zelery.errors import PropertyError
from zelery.properties import DEDUPLICATION_ID, DEDUPLICATION_MODE, NOT_COMPARED, TYPE

_INVALID = "Invalid connector definition: All elements in a group must have the same"


class Grouped(Protocol):
    """What is asked of an element here."""

    @property
    def element_id(self) -> str:
        """Its id in the model."""

    @property
    def properties(self) -> Mapping[str, str]:
        """As the model has them, in the model's order."""


E = TypeVar("E", bound=Grouped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Generic[E]):
    """Elements that one executable serves."""

    elements: tuple[E, ...]
    """At least one; the first one's properties activate it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidGroup(Generic[E]):
    """Elements that would share an executable and contradict one another."""

    elements: tuple[E, ...]
    reason: str
    """In Camunda's words, which operators search for."""


def deduplication_id(element: Grouped, tenant_id: str, process_id: str, definition_key: int) -> str:
    """What names the executable of an element. Raises PropertyError where the model's wish cannot be understood."""
    mode = element.properties.get(DEDUPLICATION_MODE)
    if mode is None:
        return f"{tenant_id}-{definition_key}-{element.element_id}"
    if mode == "AUTO":
        return f"{tenant_id}-{process_id}-{_derived(element.properties)}"
    if mode == "MANUAL":
        return f"{tenant_id}-{process_id}-{_named(element.properties)}"
    raise PropertyError(DEDUPLICATION_MODE, f"{mode!r} is neither AUTO nor MANUAL; apply the element's template again")


def executable_id(deduplication_id: str) -> str:
    """How the management API calls an executable: it has no characters that an address minds."""
    return hashlib.sha256(deduplication_id.encode()).hexdigest()


def group(elements: Sequence[E]) -> Group[E] | InvalidGroup[E]:
    """Whether these elements of one deduplication id, at least one, can share an executable."""
    reason = _contradiction([each.properties for each in elements])
    if reason is not None:
        return InvalidGroup(elements=tuple(elements), reason=f"{_INVALID} {reason}")
    return Group(elements=tuple(elements))


def _contradiction(all_properties: Sequence[Mapping[str, str]]) -> str | None:
    if len({properties[TYPE] for properties in all_properties}) > 1:
        return "type"
    first, *others = map(_compared, all_properties)
    differing = {key for each in others for key, _ in first.items() ^ each.items()}
    if not differing:
        return None
    names = ", ".join(sorted(differing))
    return f"properties (excluding runtime-level properties). The following properties are different: {names}"


def _compared(properties: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in properties.items() if key not in NOT_COMPARED}


def _named(properties: Mapping[str, str]) -> str:
    name = properties.get(DEDUPLICATION_ID, "")
    if not name.strip():
        raise PropertyError(DEDUPLICATION_ID, "is missing or blank, and deduplicationMode is MANUAL; give it a value")
    return name


def _derived(properties: Mapping[str, str]) -> int:
    """`Objects.hash(List.of(values))`, the values in the order in which Java would see them."""
    # Java merges the model's properties into one map and puts those to compare, in its order, into another.
    keys = [key for key in _merged_order(properties) if key not in NOT_COMPARED]
    if not keys:
        raise PropertyError(
            DEDUPLICATION_MODE, "AUTO compares the connector's own properties, and there are none; use MANUAL"
        )
    of_list = _fold((_string_hash(properties[key]) for key in _put_order(keys)), 1)
    return _signed(_fold([of_list], 1))


def _put_order(keys: Sequence[str]) -> list[str]:
    """How a map is iterated into which the keys were put: bucket by bucket, the oldest first in each."""
    return _by_bucket(keys, len(keys))


def _merged_order(keys: Iterable[str]) -> list[str]:
    """How a map is iterated that `merge` filled: it grows one key later, and a bucket's newest comes first."""
    newest_first = list(keys)[::-1]
    return _by_bucket(newest_first, len(newest_first) - 1)


def _by_bucket(keys: Sequence[str], counted: int) -> list[str]:
    buckets = 16
    while counted > buckets * 3 // 4:
        buckets *= 2
    return sorted(keys, key=lambda key: _spread(_string_hash(key)) & (buckets - 1))


def _spread(number: int) -> int:
    """The higher bits count too in a small table."""
    return number ^ (number >> 16)


def _string_hash(text: str) -> int:
    """`String.hashCode`, over UTF-16, as an unsigned number."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    return _fold(struct.unpack(f"<{len(encoded) // 2}H", encoded), 0)


def _fold(numbers: Iterable[int], start: int) -> int:
    """How Java folds hashes: 31 times what was, and the next, in 32 bits."""
    total = start
    for number in numbers:
        total = (31 * total + number) & 0xFFFF_FFFF
    return total


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number
