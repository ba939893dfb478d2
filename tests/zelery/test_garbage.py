from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from zelery.garbage import THRESHOLDS, settle


class Knot:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_loaded_is_not_looked_through_again() -> None:
    settle()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == THRESHOLDS


def test_what_comes_later_is_collected_without_being_asked() -> None:
    settle()
    gone = weakref.ref(Knot())
    kept = [Knot() for _ in range(2 * THRESHOLDS[0])]
    assert gone() is None
    assert kept
