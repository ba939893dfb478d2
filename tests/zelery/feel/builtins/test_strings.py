"""Functions over strings."""

import uuid
from typing import Any

import pytest

from tests.zelery.feel.answers import answer, warnings
from zelery import feel


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("upper case(1)", "Illegal arguments: '1'"),
        ('matches("a", "(")', "Invalid pattern '('"),
        ('extract("a", "[")', "Invalid pattern '['"),
        ('split("a", "(")', "Invalid pattern for delimiter '('"),
        ('replace("a", "(", "b")', "Invalid pattern '('"),
    ],
)
def test_what_cannot_be_done_is_null_and_says_why(text: str, reason: str) -> None:
    assert answer(text) is None
    assert reason in warnings(text)[0]


@pytest.mark.parametrize("text", ['substring("abc", 9)', 'substring("abc", -9)', 'substring("abc", 2, -2)'])
def test_positions_outside_of_the_text_crash_as_in_the_reference(text: str) -> None:
    with pytest.raises(feel.FeelEvaluationError, match="StringIndexOutOfBoundsException"):
        answer(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('substring("foobar", -2)', "ar"),
        ('substring("foobar", 3, 99)', "obar"),
        ('string length("😀")', 2),  # UTF-16 units
        ('substring("😀b", 3)', "b"),
        ('upper case("ß")', "SS"),
        ('substring before("abc", "x")', ""),
        ('substring after("abc", "x")', ""),
        ('substring after("abc", "b")', "c"),
        ('trim("\u00a0a ")', "\u00a0a"),  # Java trims up to the blank alone
        ('is blank("")', True),
        ('is blank("\u00a0")', False),
        ('to base64("é")', "w6k="),
        ('replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")', "[1=ab][2=]cd"),
        ('replace("aBa", "b", "x", "i")', "axa"),
        ('matches("Foo", "^f", "i")', True),
        ('split("a  b", "\\s")', ["a", "", "b"]),
        ('split("abc", "")', ["a", "b", "c", ""]),
        ('extract("a1 b2", "[a-z][0-9]")', ["a1", "b2"]),
        ('extract("a", "x")', []),
    ],
)
def test_strings_are_read_and_made(text: str, value: Any) -> None:
    assert answer(text) == value


def test_a_uuid_is_of_version_7_and_new_each_time() -> None:
    first, second = (uuid.UUID(answer("uuid()")) for _ in range(2))
    assert first.version == second.version == 7
    assert first != second
