"""Redis's time between two questions."""

from __future__ import annotations

from beat_schedule.clock import Clock


class Monotonic:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_time_goes_on_from_what_redis_told() -> None:
    mine = Monotonic()
    clock = Clock(mine)
    assert clock.now_ms() == 0
    clock.hear(1000.0, 49.9, 50.1)
    assert clock.now_ms() == 1_000_000
    mine.now = 51.5
    assert clock.now_ms() == 1_001_500


def test_what_the_way_to_redis_may_have_cost_does_not_move_the_clock() -> None:
    mine = Monotonic()
    clock = Clock(mine)
    clock.hear(1000.0, 50.0, 50.0)
    clock.hear(1000.04, 49.95, 50.05)  # 40 ms, told within 100 ms
    assert clock.now_ms() == 1_000_000
    clock.hear(1000.06, 49.95, 50.05)  # more than that explains
    assert clock.now_ms() == 1_000_060
