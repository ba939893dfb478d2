"""Each part of a text is found or left where it is."""

import pytest

from zelery import feel
from zelery.feel.reader import Reader


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1a", None),  # names begin with a letter
        ("then", None),  # a reserved word
        ("in x", None),
        (" inner.x", "inner"),  # blanks before it, a reserved word only as its beginning
        ("`a-b` c", "a-b"),  # anything in backticks
        ("größe_1 = 2", "größe_1"),
        ("a-b", "a"),  # no sign
    ],
)
def test_a_name_is_read_or_nothing_is(text: str, name: str | None) -> None:
    reader = Reader(text)
    assert reader.name() == name
    assert (reader.pos == 0) is (name is None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("get(", None),  # one word is no long name
        ("get value(", "get value"),
        ("x and y(", None),  # it stops at a reserved word
    ],
)
def test_a_long_name_has_several_words(text: str, name: str | None) -> None:
    assert Reader(text).long_name() == name


def test_blanks_and_comments_are_skipped() -> None:
    reader = Reader(" \t\n// line\n/* block */ x")
    reader.skip()
    assert reader.text[reader.pos :] == "x"


def test_a_comment_without_end_is_an_error() -> None:
    with pytest.raises(feel.FeelParseError, match="failed to parse"):
        Reader("  /* x").skip()


def test_only_what_was_expected_furthest_is_kept() -> None:
    reader = Reader("abc")
    reader.expect("first")
    reader.expect("later", 2)
    reader.expect("later", 2)
    reader.expect("before", 1)
    assert (reader.furthest, reader.expected) == (2, ["later"])


def test_items_end_where_no_item_follows_a_comma() -> None:
    reader = Reader("a, b, 1")
    assert reader.separated(reader.name) == ["a", "b"]
    assert reader.text[reader.pos :] == ", 1"


def test_an_error_shows_a_few_characters_with_escapes() -> None:
    message = str(Reader('a "x"\n\t\\y').error(2))
    assert message.endswith(':1:3, found "\\"x\\"\\n\\t\\\\y"')
