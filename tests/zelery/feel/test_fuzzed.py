"""Facts that random expressions beside the reference engine brought to light; each row is its answer."""

from typing import Any

import pytest

from tests.zelery.feel.answers import answer, warnings
from zelery import feel


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('string(time("10:00:00@+02:00"))', "10:00:00+02:00"),  # an offset after @ is an offset
        ('string(@"10:00:00@Z")', "10:00:00Z"),  # so is Z
        ('string(date and time("2024-01-01T10:00:00+02:00[Z]"))', "2024-01-01T08:00:00Z"),  # the brackets win
        ('string(time("10:00:00@UTC+02:00"))', "10:00:00@UTC+02:00"),  # with a prefix it is a zone
        ('time("10:00:00@UTC+2")', None),  # in a text it is written in full
        ('string(date and time(@"2024-01-01T10:00:00", "UTC+2"))', "2024-01-01T10:00:00@UTC+02:00"),  # not as a name
        ('time("10:00:00@EST")', None),  # an abbreviation is no zone
        ("coincides(1, [1..2])", False),  # a point is no interval, but may be asked
        ('count(append([1], ["a"..1]))', 2),  # a failure among gathered arguments is an item
        ('append([1], ["a"..1])[2]', None),  # taken out, it is null
        ("and(false, ?)", False),  # a fatal one is an item too
        ("sum(1, ?)", None),  # no number, though
        ("remove([1, 2], 2147483647)", [1, 2, 1, 2]),  # the next index is out of Java's range and negative
        ("even(10 ** 40)", True),  # a quotient of one digit and many zeros
        ("round half up(5, 2147483647)", None),  # more digits than Java's whole numbers have
        ("round up(5, -2147483648)", None),  # or than its scales
        ("decimal(1.5, 5000)", 1.5),  # zeros that nobody means are left out
        ("round down(5, -1000000)", 0),  # a great unit is no limit
        ('substring("😀x", 1, 1)', "?"),  # half of a character
        ('extract("a1", "[a-z]*?")', ["", "", ""]),  # after an empty match Java goes on one further
        (r'split("ÄÖü ß", "\\p{Lu}")', ["", "", "ü ß"]),  # classes of Unicode know more than ASCII
        (r'extract("1a", "\\N{DIGIT ONE}")', ["1"]),  # a character by its name
        ('extract("ab", "|{2}")', ["", "", ""]),  # a count after nothing
        ('matches("ss", "[ß]", "i")', False),  # no folding to two characters
        ('matches("Ü", "ü", "i")', False),  # Java folds ASCII alone
        ('matches("Ü", "(?iu)ü")', True),  # until it is told otherwise
    ],
)
def test_the_value_is_the_reference_s(text: str, value: Any) -> None:
    assert answer(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("meets(1, [1..2])", r"scala\.MatchError: \(1,\[1\.\.2\]\)"),  # a point where an interval is meant
        ("append([], [1..2])", r"no value mapper found for '\[1\.\.2\]'"),  # an interval has no JSON
    ],
)
def test_where_the_reference_crashes_the_evaluation_fails(text: str, message: str) -> None:
    with pytest.raises(feel.FeelEvaluationError, match=message):
        answer(text)


def test_a_pattern_s_count_must_not_fall() -> None:
    assert warnings('matches("a", "(?i){2,1}")') == [
        "FUNCTION_INVOCATION_FAILURE: Failed to invoke function 'matches': Invalid pattern '(?i){2,1}'"
    ]


def test_the_keys_of_a_literal_are_named_in_its_order() -> None:
    assert warnings("{zz: 1, yy: 2, xx: 3, ww: 4, vv: 5}.uu") == [
        "NO_CONTEXT_ENTRY_FOUND: No context entry found with key 'uu'. Available keys: 'zz', 'yy', 'xx', 'ww', 'vv'"
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2023-02-29T10:00:00", "local-date-time"),  # of the right form, but no such day
        ("2023-02-29T10:00:00Z", "date-time"),  # with an offset
        ("2023-02-29", "date(-time)"),  # a date alone
        ("noon", "date-time"),  # nothing of it
    ],
)
def test_what_is_no_date_and_time_is_named_as_the_reference_names_it(text: str, kind: str) -> None:
    failed = f"Failed to invoke function 'date and time': Failed to parse {kind} from '{text}'"
    assert warnings("date and time(x)", x=text) == [f"FUNCTION_INVOCATION_FAILURE: {failed}"]
