"""What the bench makes of the messages that came."""

from __future__ import annotations

import subprocess
import sys

from tests.bench.__main__ import BENCHES
from tests.bench.drain import Arrival
from tests.bench.schedule import accounts, lateness_ms


def came(*due_s: float, late_s: float = 0.0) -> list[Arrival]:
    return [Arrival("a", int(each * 1000), each + late_s) for each in due_s]


def test_lateness_is_from_the_due_time_where_the_message_says_it() -> None:
    assert lateness_ms(came(0, 10, 20, late_s=0.5), begins=5, ends=21, interval_s=10) == [500, 500]


def test_lateness_of_others_is_what_is_more_than_the_interval() -> None:
    arrivals = [Arrival("a", None, at) for at in (0.0, 10.25, 20.25)]
    assert lateness_ms(arrivals, begins=5, ends=30, interval_s=10) == [250, 0]
    assert lateness_ms(arrivals, begins=5, ends=31.25, interval_s=10) == [250, 0, 1000]  # it should have come again


def test_every_due_time_that_came_once_is_in_order() -> None:
    assert accounts(came(0, 12, 22, 32), now=41, interval_s=10) == (0, 0)


def test_what_is_still_under_way_is_not_lost() -> None:
    assert accounts(came(0, 12, 22), now=32.5, interval_s=10) == (0, 0)


def test_what_came_twice_is_doubled_and_what_never_came_is_lost() -> None:
    assert accounts(came(0, 12, 22, 22, 42), now=65, interval_s=10) == (1, 3)  # 32, 52 and 62


def test_a_bench_that_is_not_there_is_told_with_those_that_are() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.bench", "speed"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{{{','.join(BENCHES)}}}" in done.stderr
