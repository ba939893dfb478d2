"""The grammar's smallest parts."""

import pytest

from zelery.feel.characters import IDENTIFIER, NUMBER, SPACE, STRING, unescape


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a1_b c", "a1_b"),
        ("$x", "$x"),  # currency signs are letters to Java
        ("1a", None),
        ("\U0001d400", None),  # the reference looks at UTF-16 units
    ],
)
def test_an_identifier_is_java_s(text: str, found: str | None) -> None:
    match = IDENTIFIER.match(text)
    assert (match and match[0]) == found


@pytest.mark.parametrize(("text", "found"), [("1.5.2", "1.5"), ("1.", "1"), (".5", ".5"), ("1e3", "1")])
def test_a_number_has_no_exponent(text: str, found: str) -> None:
    match = NUMBER.match(text)
    assert match
    assert match[0] == found


def test_a_string_ends_at_a_quote_that_is_not_escaped() -> None:
    match = STRING.match('"a\\"b" c')
    assert match
    assert match[1] == 'a\\"b'


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"a\nb", "a\nb"),
        (r"\"", '"'),
        (r"a\\b", "a\\b"),
        (r"a\\nb", "a\\nb"),  # a backslash behind a backslash starts nothing
        (r"\q", r"\q"),  # unknown escapes stay
    ],
)
def test_escapes_mean_what_the_reference_takes_them_for(written: str, meant: str) -> None:
    assert unescape(written) == meant


def test_all_kinds_of_blanks_are_blanks() -> None:
    match = SPACE.match("\u00a0\u3000 \n// c\n/* d */x")
    assert match
    assert match.end() == 16
