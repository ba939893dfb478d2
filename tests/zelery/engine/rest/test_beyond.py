from __future__ import annotations

import pytest

from zelery.engine.rest.beyond import hash_code


@pytest.mark.parametrize(
    ("text", "hashed"),
    [
        ("", 0),
        ("a", 97),
        ("hello", 99162322),
        ("polygenelubricants", -2147483648),  # The least that Java's int has.
        ("\N{GRINNING FACE}", 1772899),  # Two code units: 0xD83D * 31 + 0xDE00.
    ],
)
def test_the_hash_of_a_message_is_javas(text: str, hashed: int) -> None:
    assert hash_code(text) == hashed
