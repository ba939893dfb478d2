"""Messages through faults, in small; `python -m tests.chaos queues` does it at length."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.faults import FAULTS
from tests.chaos.queues import Outcome, account, recovered_s, suffered
from tests.chaos.stand import Arrival, Stand, stand
from tests.chaos.transports import TRANSPORTS, Transport
from tests.conftest import started

MESSAGES = 240


def arrivals(*numbers: int, at: float = 0.0) -> list[Arrival]:
    return [Arrival(number=number, instance=at_ + 100, at=at, waited_s=0) for at_, number in enumerate(numbers)]


def accounted(came: list[Arrival], messages: int, *, poisoned: int = 0, unburied: int = 0) -> Outcome:
    return account(came, messages, ended=2, poisoned=poisoned, unburied=unburied)


class TestTheAccount:
    def test_a_message_that_started_nothing_is_lost(self) -> None:
        assert accounted(arrivals(0, 2), 3) == Outcome(sent=3, lost=1, started_twice=0, recovered_s=0)

    def test_a_message_that_started_two_instances_is_told(self) -> None:
        assert accounted(arrivals(0, 1, 1, 1), 2) == Outcome(sent=2, lost=0, started_twice=1, recovered_s=0)

    def test_poison_that_is_not_where_it_should_end_is_lost(self) -> None:
        assert accounted(arrivals(0), 1, poisoned=3, unburied=2) == Outcome(
            sent=4, lost=2, started_twice=0, recovered_s=0
        )

    @pytest.mark.parametrize(
        ("times", "found"),
        [
            ([1, 9, 15, 16], 5),  # Silent from before the end.
            ([1, 9, 10, 13, 19, 20], 9),  # Silent from soon after it.
            ([1, 9, 9.5, 10, 10.5, 10.75], 0.5),  # A moment at most.
            ([1, 9, 11, 14, 30], 4),  # What was long after is not the fault's.
            ([1, 9, 9.5, 9.8, 14], 4),  # It has begun again before the fault was over, and stopped.
            ([1, 7, 7.1, 9.9, 9.95], 0),  # Flowing again before the end.
            ([], 0),
        ],
    )
    def test_recovery_lasts_from_the_end_of_the_fault_to_that_of_the_longest_silence(
        self, times: list[float], found: float
    ) -> None:
        assert recovered_s(times, ended=10) == pytest.approx(found)


@pytest.fixture(scope="module")
def servers() -> Iterator[Stand]:
    with started(stand()) as found:
        yield found


@pytest.fixture
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    with started(TRANSPORTS[request.param](through_proxy=True)) as found:
        yield found


@pytest.mark.integration
@pytest.mark.timeout(480)
@pytest.mark.parametrize(
    ("transport", "faults"),
    [
        ("rabbitmq", ["consumer-killed", "broker-restarted", "network-cut", "redis-refuses"]),
        ("kafka", ["consumer-killed", "broker-restarted"]),
        ("sqs", ["consumer-killed"]),
    ],
    indirect=["transport"],
)
async def test_no_message_is_lost_and_none_starts_two_instances(
    servers: Stand, transport: Transport, faults: list[str]
) -> None:
    for fault in faults:
        outcome = await suffered(servers, transport, FAULTS[fault], MESSAGES)
        assert (outcome.sent, outcome.lost, outcome.started_twice) == (MESSAGES, 0, 0), f"{fault}\n{servers.told()}"
