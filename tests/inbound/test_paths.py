from __future__ import annotations

import pytest

from inbound.paths import warning


@pytest.mark.parametrize("path", ["a--x", "/a", "a/x", "aü", "_a", "a-", "a b", "a.b", "", "a\n"])
def test_an_odd_path_is_named_in_the_warning(path: str) -> None:
    assert warning(path) == (
        f"Deprecated webhook path: {path}. This may lead to unexpected behavior. Consider adjusting the path to match "
        "the pattern: ^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$"
    )


@pytest.mark.parametrize("path", ["a", "A1", "order-new_2"])
def test_a_plain_path_needs_none(path: str) -> None:
    assert warning(path) is None
