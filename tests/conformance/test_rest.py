from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conformance import golden
from tests.conformance.deviations import REST

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(golden.missing() is not None, reason=str(golden.missing())),
]

#: Of the recorded cases, the part that may be listed.
LISTED_MAX = 0.05


@pytest.fixture(scope="module", params=["execute", "the roles"])
def disagreeing(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """Cases that end otherwise than recorded: run by `execute` alone, and by gateway, fetcher, Redis and worker."""
    from tests.conformance import rest, wire  # noqa: PLC0415 - the recorder's tools need not be there

    cases: list[dict[str, Any]] = golden.cases()
    observe_all = rest.observe_all if request.param == "execute" else wire.observe_all
    observed = asyncio.run(observe_all(cases))
    found = {case["id"]: list(golden.differences(case, observed[case["id"]])) for case in cases}
    return {name: differences for name, differences in found.items() if differences}


def test_every_recorded_rest_job_ends_as_in_the_java_runtime_but_those_listed(
    disagreeing: dict[str, list[str]],
) -> None:
    unlisted = {name: found for name, found in disagreeing.items() if name not in REST}
    assert not unlisted, "\n".join(f"{name}: {found}" for name, found in unlisted.items())


def test_every_listed_deviation_is_one(disagreeing: dict[str, list[str]]) -> None:
    assert sorted(set(REST) - set(disagreeing)) == []


def test_few_cases_are_listed() -> None:
    assert len(REST) <= LISTED_MAX * len(golden.cases())
