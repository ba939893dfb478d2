"""How points and intervals lie to each other."""

import pytest

from tests.zelery.feel.answers import answer


@pytest.mark.parametrize("text", ['before(1, "a")', 'before([1..2], "a")', "before(true, false)"])
def test_what_has_no_common_order_is_null(text: str) -> None:
    assert answer(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("before(1, 10)", True),
        ("before(1, [1..10])", False),
        ("before(1, (1..10])", True),  # the end does not belong to it
        ("before([1..5), [5..10])", True),
        ("before([1..5], [5..10])", False),
        ("after([5..10], [1..5))", True),
        ("after(5, [1..5))", True),
        ("meets([1..5], [5..10])", True),
        ("meets([1..5), [5..10])", False),
        ("met by([5..10], [1..5])", True),
        ("overlaps([1..5], [5..8])", True),
        ("overlaps([1..5), [5..8])", False),
        ("overlaps before([1..5], [3..8])", True),
        ("overlaps before([3..8], [1..5])", False),
        ("overlaps after([3..8], [1..5])", True),
        ("finishes(5, [1..5])", True),
        ("finishes(5, [1..5))", False),
        ("finishes([3..5], [1..5])", True),
        ("finished by([1..5], [3..5])", True),
        ("includes([1..5], 5)", True),
        ("includes([1..5), 5)", False),
        ("includes([1..5], [1..5))", True),
        ("during((1..5), [1..5])", True),
        ("starts(1, [1..5])", True),
        ("starts([1..3], [1..5])", True),
        ("started by([1..5], [1..3])", True),
        ("coincides([1..5], [1..5])", True),
        ("coincides([1..5], [1..5))", False),
        ("coincides(1, 1)", True),
        ('during(@"2026-01-02", [@"2026-01-01"..@"2026-02-01"])', True),
    ],
)
def test_points_and_intervals(text: str, value: bool) -> None:
    assert answer(text) is value
