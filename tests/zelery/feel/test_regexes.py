"""Java's regular expressions."""

import pytest

from zelery import feel
from zelery.feel.limits import Run
from zelery.feel.regexes import InvalidPatternError, compiled, expanded

RUN = Run(feel.Limits(), None, None)


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[",
        "[]",
        "a**b*",  # a quantifier of nothing… Java takes the first two as one
        "*a",
        "\\",
        "\\y",  # no such escape
        "\\x{110000}",  # no such character
        "\\p{Nothing}",
        "[z-a]",
        "(?<a>x)(?<a>y)",  # one name twice
        "\\k<a>",  # no such group
        "(?P<a>x)",  # Python's way
    ],
)
def test_what_java_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPatternError):
        compiled(pattern)


@pytest.mark.parametrize(
    ("pattern", "flags", "text", "found"),
    [
        ("\\d", "", "٣", False),  # ASCII alone
        ("\\w+", "", "é", False),
        ("[\\p{L}]", "", "é", True),
        ("\\p{Alpha}", "", "a", True),  # POSIX
        ("\\p{IsAlphabetic}", "", "é", True),
        ("\\p{javaLowerCase}", "", "a", True),
        ("[a-z&&[^b]]", "", "b", False),  # an intersection
        ("[a[bc]]", "", "c", True),  # a union
        ("\\Qa.b\\E", "", "axb", False),  # quoted
        ("a++a", "", "aaa", False),  # possessive
        ("(?>a+)b", "", "aab", True),  # atomic
        ("^b", "", "a\nb", False),
        ("^b", "m", "a\nb", True),
        ("a.b", "", "a\nb", False),
        ("a.b", "s", "a\nb", True),
        ("A B # c", "ix", "ab", True),
        ("a(?i)b", "", "aB", True),  # from here on
        ("(?i:a)b", "", "AB", False),  # within only
        ("(a)\\1", "", "aa", True),
        ("(?<x>a)\\k<x>", "", "aa", True),
        ("a$", "", "a\n", True),  # before a last line end
        ("a\\z", "", "a\n", False),
        ("\\R", "", "\r\n", True),
        ("\\u0041\\x42\\0103\\t", "", "ABC\t", True),
    ],
)
def test_a_pattern_means_what_java_means(pattern: str, flags: str, text: str, found: bool) -> None:
    assert (compiled(pattern, flags).search(text) is not None) is found


@pytest.mark.parametrize("replacement", ["$", "$x", "$3", "${none}", "\\"])
def test_a_replacement_that_names_nothing_is_refused(replacement: str) -> None:
    with pytest.raises(InvalidPatternError):
        expanded(replacement, compiled("(a)(?<n>b)").search("ab"), RUN)


@pytest.mark.parametrize(
    ("replacement", "text"),
    [
        ("x", "x"),
        ("$2$1", "ba"),
        ("${n}", "b"),
        ("$0", "ab"),
        ("$10", "a0"),  # as many digits as there are groups for
        ("\\$1", "$1"),
    ],
)
def test_a_replacement_names_groups(replacement: str, text: str) -> None:
    assert expanded(replacement, compiled("(a)(?<n>b)").search("ab"), RUN) == text
