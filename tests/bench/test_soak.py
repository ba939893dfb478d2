"""What the soak makes of its looks."""

from __future__ import annotations

from typing import Any

from tests.bench.growth import PAYLOAD_SUM_MAX, plan
from tests.bench.soak import Sample, verdicts


def look(number: int, **figures: Any) -> Sample:
    known = {"pss_mb": 300.0, "descriptors": 100, "keys": 20, "late_ms": 50, "behind": 0}
    return Sample(at_s=float(number), **{**known, **figures})


def bad(samples: list[Sample]) -> list[str]:
    return [said.partition(":")[0] for said, good in verdicts(samples).items() if not good]


def test_what_stays_as_it_is_is_good() -> None:
    assert bad([look(n) for n in range(30)]) == []


def test_what_fills_up_in_the_first_third_is_no_growth() -> None:
    assert bad([look(n, pss_mb=100.0 if n < 10 else 300.0, keys=min(n, 10)) for n in range(30)]) == []


def test_what_grows_is_told() -> None:
    samples = [look(n, pss_mb=300.0 + 5 * n, descriptors=100 + n, keys=n) for n in range(30)]
    assert bad(samples) == ["memory", "open files", "keys in Redis"]


def test_one_job_that_waited_longer_than_a_lease_is_told() -> None:
    assert bad([look(n, late_ms=31_000 if n == 5 else 50) for n in range(30)]) == ["oldest job"]


def test_growth_varies_one_thing_at_a_time_and_holds_what_waits_within_bounds() -> None:
    cells = plan(quick=False)
    assert {varied for varied, *_ in cells} == {"workers", "waiting", "payload"}
    assert all(waiting * payload <= PAYLOAD_SUM_MAX for _, _, waiting, payload in cells)
    assert len(plan(quick=True)) == len(cells) - 3
