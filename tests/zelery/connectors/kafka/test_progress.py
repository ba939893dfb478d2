from __future__ import annotations

from zelery.connectors.kafka.events import Received
from zelery.connectors.kafka.progress import BYTES_MAX, RECORDS_MAX, Progress


def record(offset: int, partition: int = 0, value: bytes = b"v") -> Received:
    return Received(topic="t", partition=partition, offset=offset, value=value)


def begun(*partitions: int) -> Progress:
    progress = Progress()
    progress.began(partitions)
    return progress


def test_only_what_is_done_is_committed_and_only_once() -> None:
    progress = begun(0, 1)
    records = [record(5), record(6), record(9), record(0, partition=1)]
    progress.received(records)
    assert progress.uncommitted() == {}

    progress.done(records[0])
    progress.done(records[1])
    progress.done(records[3])
    assert progress.uncommitted() == {0: 7, 1: 1}
    assert progress.uncommitted() == {}

    progress.done(records[2])  # 7 and 8 were taken away, by compaction or a transaction
    assert progress.uncommitted() == {0: 10}


def test_it_moves_by_what_is_done() -> None:
    progress = begun(0)
    progress.received([record(5)])
    assert not progress.moved()
    progress.done(record(5))
    assert progress.moved()
    assert not progress.moved()


def test_a_commit_that_was_refused_is_made_again() -> None:
    progress = begun(0, 1)
    for each in (record(5), record(7, partition=1)):
        progress.received([each])
        progress.done(each)
    assert progress.uncommitted() == {0: 6, 1: 8}
    progress.refused([1, 2])
    assert progress.uncommitted() == {1: 8}


def test_what_is_done_for_a_partition_that_is_no_longer_ours_is_not_committed() -> None:
    progress = begun(0)
    late, early = record(5), record(3)
    progress.received([early, late])
    progress.done(early)
    progress.ended([0])
    progress.done(late)
    assert progress.uncommitted() == {}


def test_a_partition_that_comes_back_begins_anew() -> None:
    progress = begun(0)
    before = record(5)
    progress.received([before])
    progress.done(before)
    assert progress.uncommitted() == {0: 6}
    progress.ended([0])
    progress.began([0])
    assert progress.uncommitted() == {}
    progress.received([record(6)])
    progress.done(record(6))
    assert progress.uncommitted() == {0: 7}


def test_a_partition_is_paused_once_when_enough_waits_and_resumed_once_at_half_of_it() -> None:
    progress = begun(0, 1)
    records = [record(offset) for offset in range(RECORDS_MAX)]
    progress.received(records[:-1])
    assert progress.to_pause() == []
    progress.received(records[-1:])
    assert progress.to_pause() == [0]
    assert progress.to_pause() == []

    for each in records[: RECORDS_MAX // 2 - 1]:
        progress.done(each)
    assert progress.to_resume() == []
    progress.done(records[RECORDS_MAX // 2 - 1])
    assert progress.to_resume() == [0]
    assert progress.to_resume() == []


def test_large_records_count_by_their_size() -> None:
    progress = begun(0)
    large = record(0, value=b"x" * BYTES_MAX)
    progress.received([large])
    assert progress.to_pause() == [0]
    progress.done(large)
    assert progress.to_resume() == [0]


def test_a_paused_partition_that_is_taken_away_is_not_resumed() -> None:
    progress = begun(0)
    progress.received([record(0, value=b"x" * BYTES_MAX)])
    assert progress.to_pause() == [0]
    progress.ended([0])
    assert progress.to_resume() == []
