"""A journal that is replayed gives the state that was there, whole or cut after any of its lines."""

from __future__ import annotations

import itertools
import logging
import random
from pathlib import Path
from typing import Any

import pytest

from tests.zelery.engine.properties.dump import dump
from tests.zelery.engine.properties.invariants import broken
from tests.zelery.engine.properties.test_interleavings import NAMES
from tests.zelery.engine.properties.walk import Walk
from zelery.engine.clock import Clock
from zelery.engine.engine import Engine

#: How many steps a walk has whose state is kept after each.
_STEPS = 80


def _walked(path: Path, seed: int, steps: int = _STEPS) -> tuple[Walk, dict[int, Any]]:
    """A walk with a journal, and its states by the size of the journal."""
    walk, chance = Walk(path), random.Random(seed)
    states: dict[int, Any] = {}
    for _ in range(steps):
        walk.step(chance.choice(NAMES), chance.randrange(40), chance.randrange(60))
        states[path.stat().st_size] = dump(walk.engine.state)
    walk.engine.close()
    return walk, states


def _replayed(path: Path) -> Engine:
    engine = Engine(clock=Clock())
    engine.open(path)
    engine.close()
    return engine


@pytest.mark.parametrize("seed", range(6))
def test_a_replayed_journal_gives_the_same_state(tmp_path: Path, seed: int) -> None:
    walk, _ = _walked(tmp_path / "journal", seed, 500)
    replayed = _replayed(tmp_path / "journal").state
    assert dump(replayed) == dump(walk.engine.state)
    assert broken(replayed) == []


@pytest.mark.parametrize("seed", range(20, 23))
def test_a_journal_cut_after_any_line_gives_the_state_of_then(tmp_path: Path, seed: int) -> None:
    _, states = _walked(tmp_path / "journal", seed)
    whole = (tmp_path / "journal").read_bytes()
    cut = tmp_path / "cut"
    for size, state in states.items():
        cut.write_bytes(whole[:size])
        replayed = _replayed(cut).state
        assert dump(replayed) == state
        assert broken(replayed) == []
    assert len(states) > _STEPS // 3


@pytest.mark.parametrize("seed", range(30, 32))
def test_a_torn_last_line_is_dropped_with_a_warning_and_the_rest_replayed(
    tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    _, states = _walked(tmp_path / "journal", seed)
    whole, chance, torn = (tmp_path / "journal").read_bytes(), random.Random(seed), tmp_path / "torn"
    sizes = sorted(states)
    for before, after in itertools.pairwise(sizes):
        last = whole.rfind(b"\n", 0, after - 1) + 1
        if last != before:  # A step of several commands.
            continue
        torn.write_bytes(whole[: chance.randrange(before + 1, after)])
        caplog.clear()
        with caplog.at_level(logging.WARNING, "zelery.engine"):
            replayed = _replayed(torn).state
        assert "is torn" in caplog.text
        assert dump(replayed) == states[before]
        assert torn.stat().st_size == before


def test_a_walk_goes_on_where_a_replay_has_ended(tmp_path: Path) -> None:
    path, chance = tmp_path / "journal", random.Random(40)
    walk, _ = _walked(path, 40)
    for _ in range(5):
        time = walk.engine.clock.now_ms()
        engine = Engine(clock=Clock())
        engine.clock.pin(time)
        engine.open(path)
        assert engine.state.next_key == walk.engine.state.next_key
        walk.engine = engine
        for _ in range(100):
            walk.step(chance.choice(NAMES), chance.randrange(40), chance.randrange(60))
            assert broken(engine.state) == []
        engine.close()
        assert dump(_replayed(path).state) == dump(engine.state)
