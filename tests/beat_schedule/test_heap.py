"""Who is due, with time as a number."""

from __future__ import annotations

import math

from beat_schedule.heap import Heap
from beat_schedule.rhythm import Rate, Run


def names(heap: Heap, now_ms: int, most: int = 100) -> list[str]:
    return [due.name for due in heap.take(now_ms, most)]


def second(**fields: int) -> Rate:
    return Rate(interval_ms=1000, **fields)


def test_an_empty_heap_is_never_due() -> None:
    assert Heap().next_ms() == math.inf
    assert Heap().take(10**15, 10) == []


def test_new_entries_are_due_at_once_and_then_each_at_its_own_time() -> None:
    heap = Heap()
    heap.put("a", second(), 0)
    heap.put("b", second(), 300)
    assert names(heap, 300) == ["a", "b"]
    assert heap.next_ms() == 1300  # both began when they were taken
    assert names(heap, 1299) == []
    assert names(heap, 1300) == ["a", "b"]


def test_of_many_that_are_due_the_earliest_come_first_and_no_more_than_asked() -> None:
    heap = Heap()
    for at in (3, 1, 2):
        heap.put(f"e{at}", second(), at)
    assert names(heap, 10, most=2) == ["e1", "e2"]
    assert names(heap, 10, most=2) == ["e3"]


def test_ten_thousand_new_entries_fire_once_each_in_the_first_interval() -> None:
    heap = Heap()
    for n in range(10_000):
        heap.put(f"e{n}", Rate(interval_ms=10_000, jitter_ms=n), 0)
    first = [name for _ in range(20) for name in names(heap, 0, 500)]
    assert len(set(first)) == len(first) == 10_000
    assert heap.take(4_999, 500) == []


def test_a_remembered_entry_goes_on_where_it_was() -> None:
    heap = Heap()
    heap.put("a", second(), 5_200, Run(last_ms=5_000, next_ms=6_000, interval_ms=1000, missed=2))
    assert names(heap, 5_999) == []
    (due,) = heap.take(6_000, 1)
    assert due.run == Run(last_ms=6_000, next_ms=7_000, interval_ms=1000, missed=2)


def test_an_entry_that_is_put_again_unchanged_keeps_its_time() -> None:
    heap = Heap()
    heap.put("a", second(), 0)
    heap.take(0, 1)
    heap.put("a", second(), 500)
    assert names(heap, 1000) == ["a"]


def test_an_entry_with_a_new_interval_keeps_its_last_run_and_fires_once() -> None:
    heap = Heap()
    heap.put("a", second(), 0)
    heap.take(0, 1)
    heap.put("a", Rate(interval_ms=4000), 500)
    assert names(heap, 3_999) == []
    (due,) = heap.take(4_000, 10)
    assert due.run == Run(last_ms=4_000, next_ms=8_000, interval_ms=4000)


def test_what_was_never_due_under_the_old_interval_is_not_missed() -> None:
    heap = Heap()
    heap.put("a", Rate(interval_ms=3_600_000), 0)
    heap.take(0, 1)
    heap.put("a", second(), 1_800_500)
    (due,) = heap.take(1_800_700, 10)
    assert (due.run.last_ms, due.run.missed) == (1_800_500, 0)


def test_a_removed_entry_fires_no_more_and_comes_back_as_a_new_one() -> None:
    heap = Heap()
    heap.put("a", second(), 0)
    heap.take(0, 1)
    heap.remove("a")
    heap.remove("a")
    assert heap.next_ms() == math.inf
    heap.put("a", second(), 1_500)
    (due,) = heap.take(1_500, 10)
    assert due.run.last_ms == 1_500


def test_a_firing_that_may_not_have_been_sent_is_counted_with_the_next() -> None:
    heap = Heap()
    heap.put("a", second(), 0, Run(last_ms=0, next_ms=1000, interval_ms=1000))
    heap.missed("a")
    heap.missed("unknown")
    (due,) = heap.take(1_000, 1)
    assert due.run.missed == 1


def test_entries_that_come_and_go_leave_nothing_behind() -> None:
    heap = Heap()
    heap.put("stays", second(), 0)
    for nth in range(1_000):
        heap.put(f"goes {nth}", Rate(interval_ms=3_600_000), 0)
        heap.take(0, 10)
        heap.remove(f"goes {nth}")
    assert len(heap._queue) < 20
    assert names(heap, 1000) == ["stays"]
