"""Any interleaving of commands, on models in which all that waits can meet, leaves an engine that is whole."""

from __future__ import annotations

import random

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.zelery.engine.properties.walk import STEPS, Walk
from zelery.engine import commands as cmd
from zelery.engine.records import StartSubscription

#: Steps that a walk takes more often than others, so that instances get somewhere.
_OFTEN = ("start", "resolve", "resolve", "publish", "publish", "advance", *("complete", "do_task", "decide") * 4)

#: Steps to choose from.
NAMES = (*STEPS, *_OFTEN)


class Interleaving(RuleBasedStateMachine):
    """Commands in any order; hypothesis makes a failing order short."""

    def __init__(self) -> None:
        super().__init__()
        self.walk = Walk()
        self.walk.start(0, 5)

    @rule(
        name=st.sampled_from(NAMES),
        which=st.integers(min_value=0, max_value=30),
        how=st.integers(min_value=0, max_value=60),
    )
    def step(self, name: str, which: int, how: int) -> None:
        self.walk.step(name, which, how)

    @invariant()
    def whole(self) -> None:
        assert self.walk.wrong() == []

    def teardown(self) -> None:
        self.walk.end_all()
        _assert_empty(self.walk)


TestInterleaving = Interleaving.TestCase
TestInterleaving.settings = hypothesis.settings(max_examples=20, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("seed", range(12))
def test_a_long_walk_leaves_nothing_lost_doubled_or_behind(seed: int) -> None:
    walk, taken = Walk(), []
    chance = random.Random(seed)
    for _ in range(400):
        step = chance.choice(NAMES), chance.randrange(40), chance.randrange(60)
        taken.append(step)
        walk.step(*step)
        assert walk.wrong() == [], f"after {taken}"
    walk.end_all()
    _assert_empty(walk)


def _assert_empty(walk: Walk) -> None:
    """Nothing is left of instances that were all canceled; messages that were buffered may have started others."""
    state = walk.engine.state
    assert walk.wrong() == []
    for _ in range(len(state.messages) + 1):
        walk.end_all()
    assert not state.instances
    assert not state.elements
    assert not state.jobs
    assert not state.activatable
    assert not state.user_tasks
    assert not state.incidents
    assert not state.timers
    assert not state.held
    assert all(isinstance(each, StartSubscription) for each in state.subscriptions.values())
    walk.engine.clock.add(1 << 40)
    walk.engine.pass_due()
    walk.execute(cmd.Tick())
    assert not state.messages
    assert not state.due
