from __future__ import annotations

from typing import Any

import pytest

from zelery.secret_providers.entries import Entry, entry, text


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("zelery", "TOKEN", Entry(path="zelery", key="TOKEN")),
        ("zelery", "../TOKEN", Entry(path="zelery", key="../TOKEN")),  # only a key
        ("zelery/{name}", "TOKEN", Entry(path="zelery/TOKEN", key=None)),
        ("zelery/{name}/prod", "db/token", Entry(path="zelery/db/token/prod", key=None)),
        ("{name}", "<default>_T.O-K", Entry(path="<default>_T.O-K", key=None)),
        ("zelery/{name}", "a..b", Entry(path="zelery/a..b", key=None)),
        ("zelery/{name}", "{name}", Entry(path="zelery/{name}", key=None)),  # replaced once
        # what would lead elsewhere
        ("zelery/{name}", "..", None),
        ("zelery/{name}", "../other", None),
        ("zelery/{name}", "a/./b", None),
        ("zelery/{name}", "/etc", None),
        ("zelery/{name}", "a/", None),
        ("zelery/{name}", "", None),
        ("zelery/{name}", "a\nb", None),
        ("zelery/{name}", "a\ud800", None),  # half a character
    ],
)
def test_a_secret_is_a_key_of_one_entry_or_an_entry_of_its_own(path: str, name: str, expected: Entry | None) -> None:
    assert entry(path, name) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("t0p", "t0p"),
        ("", ""),  # a value
        (None, None),
        (5, "5"),
        (True, "true"),
        ({"user": "Zoë"}, '{"user": "Zoë"}'),
    ],
)
def test_what_is_no_text_is_given_as_json(value: Any, expected: str | None) -> None:
    assert text({"KEY": value}, "KEY") == expected


def test_a_key_that_is_absent_is_no_secret() -> None:
    assert text({"KEY": "t0p"}, "OTHER") is None
