from __future__ import annotations

import pytest

from tests.conformance import webhooks
from tests.conformance.inbound_deviations import WEBHOOKS

pytestmark = pytest.mark.skipif(webhooks.missing() is not None, reason=str(webhooks.missing()))

#: Recorded cases whose requests reach a connector; fewer would mean that they are passed over.
CASES_MIN = 310


@pytest.fixture(scope="module")
def disagreeing() -> dict[str, list[str]]:
    """Cases that end otherwise than recorded, with what differs."""
    return webhooks.disagreeing()


def test_every_recorded_webhook_case_ends_as_in_the_java_runtime_but_those_listed(
    disagreeing: dict[str, list[str]],
) -> None:
    unlisted = {name: found for name, found in disagreeing.items() if name not in WEBHOOKS}
    assert not unlisted, "\n".join(f"{name}: {found}" for name, found in unlisted.items())


def test_every_listed_deviation_is_one(disagreeing: dict[str, list[str]]) -> None:
    assert sorted(set(WEBHOOKS) - set(disagreeing)) == []


def test_most_recorded_webhook_cases_are_run() -> None:
    assert len(webhooks.cases()) >= CASES_MIN
