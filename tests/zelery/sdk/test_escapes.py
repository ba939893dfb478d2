from __future__ import annotations

import pytest

from zelery.sdk import InputError
from zelery.sdk.escapes import unescaped


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("plain", "plain"),
        (r"a\nb\tc", "a\nb\tc"),
        (r"say \"hi\" \'ho\'", "say \"hi\" 'ho'"),
        (r"C:\\dir", r"C:\dir"),
        (r"a\/b", "a/b"),  # a backslash before anything else goes
        (r"caf\u00e9 \uu00e9", "café é"),
        (r"\ud83d\ude00", "😀"),  # two halves make one character
        (r"\ud83d!", "\ufffd!"),  # one half makes none
        (r"\101\7", "A\x07"),  # octal, as Java's unescaping knows it
        ("end\\", "end"),
        ("a real\nbreak", "a real\nbreak"),
    ],
)
def test_escapes_become_what_they_mean(text: str, meant: str) -> None:
    assert unescaped(text) == meant


@pytest.mark.parametrize("text", [r"\u12", r"\users", r"\u"])
def test_a_unicode_escape_without_four_digits_is_an_input_error_that_shows_the_remedy(text: str) -> None:
    with pytest.raises(InputError, match="four hexadecimal digits"):
        unescaped(text)
