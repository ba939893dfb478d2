"""Hostile text and data end in a value or in one of our errors.

tests/fuzz/feel_hostile.py does the same by the hundred thousand.
"""

import pytest

from tests.fuzz.feel_hostile import failures

SEEDS = [
    "= if response.status > 299 then jobError(response.body.message) else null",
    "{a: [1, 2, 3][item > 1], f: function(x) x + a, r: f(2)}",
    'for x in 1..3, y in [x, "k"] return {k: y, v: @"2024-02-29T10:30:00@Europe/Paris" + duration("P1M")}',
    'replace("foobar", "^(f)(o+)", "$2$1", "i")',
]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_but_values_and_our_errors_comes_out(seed: int) -> None:
    counts, wrong = failures(400, seed, SEEDS)
    assert wrong == []
    assert {"value", "null", "FeelParseError"} <= set(counts)
