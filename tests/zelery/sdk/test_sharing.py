"""What is shared by its key: one of each, closed when it is old and nobody uses it, replaced when it is broken."""

from __future__ import annotations

import dataclasses

import pytest

from zelery.sdk.sharing import Shared


@dataclasses.dataclass
class Thing:
    key: str
    broken: bool = False
    closed: bool = False

    async def close(self) -> None:
        self.closed = True


def kept(kept_max: int = 2) -> tuple[Shared[str, Thing], list[Thing]]:
    opened: list[Thing] = []

    def opening(key: str) -> Thing:
        opened.append(Thing(key))
        return opened[-1]

    return Shared(opening, kept_max=kept_max), opened


async def test_what_cannot_be_opened_is_not_kept() -> None:
    def opening(key: str) -> Thing:
        raise ValueError(key)

    shared = Shared(opening, kept_max=1)
    for _ in range(2):
        with pytest.raises(ValueError, match="a"):
            async with shared.using("a"):
                pass


async def test_users_of_one_key_have_the_same_one_after_another_too() -> None:
    shared, opened = kept()
    async with shared.using("a") as one, shared.using("a") as other:
        assert one is other
    async with shared.using("a") as later:
        assert later is one
    assert len(opened) == 1


async def test_the_one_that_was_used_longest_ago_is_closed_and_none_that_is_in_use() -> None:
    shared, opened = kept(kept_max=2)
    async with shared.using("a"):
        async with shared.using("b"):
            pass
        async with shared.using("c"):
            pass
        assert [each.key for each in opened if each.closed] == ["b"]


async def test_a_broken_one_has_a_successor_and_is_closed_by_its_last_user() -> None:
    shared, opened = kept()
    async with shared.using("a") as one:
        one.broken = True
        async with shared.using("a") as other:
            assert other is not one
            assert not one.closed
    assert one.closed
    assert not other.closed
    assert len(opened) == 2


async def test_at_the_end_all_are_closed() -> None:
    shared, opened = kept()
    async with shared.using("a"), shared.using("b"):
        pass
    await shared.close()
    assert all(each.closed for each in opened)
