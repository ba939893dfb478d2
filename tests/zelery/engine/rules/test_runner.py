"""A rule that the engine does not keep must fail."""

from __future__ import annotations

import pytest

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.rule import Complete, Deploy, Expect, Fail, Incident, Refused, Rule, Start, Step
from tests.zelery.engine.rules.runner import run

_MODEL = [b.process("p", b.start(), b.service("a"), b.end())]


def _run(*steps: Step, expect: Expect | None = None) -> None:
    run(Rule("one", "page", "says", _MODEL, steps, expect or Expect()))


@pytest.mark.parametrize(
    "expect",
    [
        Expect(path=["start"]),
        Expect(path=["a", "start"]),
        Expect(path=[("start", "a"), "end"]),
        Expect(state="COMPLETED"),
        Expect(variables={}),
        Expect(variables={"x": True}),
        Expect(local={"a": {"x": 1}}),
        Expect(jobs=[]),
        Expect(jobs=["a", "a"]),
        Expect(activatable=[]),
        Expect(job={"a": {"retries": 2}}),
        Expect(job={"c": {"retries": 3}}),
        Expect(active=[]),
        Expect(completed=["start", "a"]),
        Expect(timers=["a"]),
        Expect(instances=["p:2"]),
        Expect(incidents=[Incident("JOB_NO_RETRIES", "a")]),
        Expect(of=1),
    ],
    ids=repr,
)
def test_an_expectation_that_does_not_hold_fails(expect: Expect) -> None:
    with pytest.raises(AssertionError):
        _run(Start({"x": 1}), expect=expect)


def test_an_incident_that_is_not_expected_fails() -> None:
    with pytest.raises(AssertionError, match="JOB_NO_RETRIES"):
        _run(Start(), Fail("a"))


def test_an_incident_without_the_words_fails() -> None:
    with pytest.raises(AssertionError, match="declined"):
        _run(
            Start(), Fail("a", message="lost"), expect=Expect(incidents=[Incident("JOB_NO_RETRIES", "a", ["declined"])])
        )


def test_an_expectation_between_steps_fails_where_it_stands() -> None:
    with pytest.raises(AssertionError, match="state"):
        _run(Start(), Expect(state="COMPLETED"), Complete("a"))


def test_what_is_not_refused_fails() -> None:
    with pytest.raises(AssertionError, match="not refused"):
        _run(Refused(Deploy(_MODEL), "INVALID_ARGUMENT"))


def test_what_is_refused_by_another_code_or_in_other_words_fails() -> None:
    with pytest.raises(AssertionError, match="NOT_FOUND"):
        _run(Refused(Start(process="q"), "INVALID_ARGUMENT"))
    with pytest.raises(AssertionError, match="other"):
        _run(Refused(Start(process="q"), "NOT_FOUND", ["other"]))
