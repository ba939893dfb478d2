"""Messages through faults, counted: `python -m tests.chaos queues`.

For each transport and each fault so many messages are published, with a fault in the middle of them. Each message is to
start one instance, however often it is delivered. `lost` are messages that started none, and poison that is not where
it should end; `started_twice` are messages that started more than one. `recovered_s` is from the end of the fault until
messages flow again.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import dataclasses
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.chaos.faults import FAULTS, POISON, Fault, Target, poison
from tests.chaos.stand import Arrival, Flow, Stand, message, stand
from tests.chaos.transports import TRANSPORTS, Transport
from zelery.sdk import ConnectorError

MESSAGES = 5_000

#: When the fault comes: a quarter has arrived. Up to then so much is published; the rest during the fault, and after.
FAULT_AT, BEFORE = 0.25, 0.6

#: How long nothing may arrive before what is missing counts as lost, seconds: longer than any fault and its recovery.
PATIENCE_S = 120.0

#: How long is listened for duplicates after everything is acknowledged, seconds.
LISTEN_S = 3.0

#: A silence that begins later after the fault is not the fault's, seconds.
AFTER_S = 3.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of the messages of one transport under one fault."""

    sent: int
    lost: int
    started_twice: int
    recovered_s: float


def main(options: Sequence[str] = ()) -> int:
    """Print the table; 1 when a message was lost or started two instances."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos queues", description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write it")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="for each transport and fault (%(default)s)")
    parser.add_argument("--transport", choices=TRANSPORTS, action="append", help="only this one; may be repeated")
    parser.add_argument("--fault", choices=FAULTS, action="append", help="only this one; may be repeated")
    wanted = parser.parse_args(options)
    found: dict[str, dict[str, Outcome]] = {}
    print(f"{'transport':<12}{'fault':<18}{'sent':>8}{'lost':>8}{'twice':>8}{'recovered':>12}{'load':>8}", flush=True)
    with stand() as servers:
        for name in wanted.transport or TRANSPORTS:
            with TRANSPORTS[name](through_proxy=True) as transport:
                found[name] = {}
                for fault in wanted.fault or FAULTS:
                    outcome = asyncio.run(suffered(servers, transport, FAULTS[fault], wanted.messages))
                    found[name][fault] = outcome
                    print(_line(name, fault, outcome), flush=True)
                    if wanted.json:
                        wanted.json.write_text(json.dumps(found, indent=2, default=dataclasses.asdict))
        clean = all(not (each.lost or each.started_twice) for of in found.values() for each in of.values())
        if not clean:
            print(servers.told(), file=sys.stderr)
    return 0 if clean else 1


def _line(transport: str, fault: str, outcome: Outcome) -> str:
    return (
        f"{transport:<12}{fault:<18}{outcome.sent:>8}{outcome.lost:>8}{outcome.started_twice:>8}"
        f"{outcome.recovered_s:>10.1f} s{os.getloadavg()[0]:>8.1f}"
    )


async def suffered(servers: Stand, transport: Transport, fault: Fault, messages: int) -> Outcome:
    """One fault in the middle of so many messages."""
    async with transport.queue() as queue, servers.flow(transport, queue) as flow:
        await servers.holder(flow)
        async with asyncio.TaskGroup() as beside:
            tasks = [beside.create_task(each) for each in (flow.count(), _publish(flow, transport, messages))]
            await _until(lambda: len(flow.arrived) >= messages * FAULT_AT, flow)
            if len(flow.arrived) >= messages:
                raise AssertionError("the fault comes too late to mean anything: use more messages")
            await fault(Target(stand=servers, transport=transport, flow=flow))
            ended = time.time()
            await _until(lambda: len(flow.arrived) >= messages, flow)
            poisoned = len(POISON) if fault is poison else 0
            await _settled(flow, poisoned)
            unburied = poisoned - await queue.buried()
            for task in tasks:
                task.cancel()
    for consumer in servers.consumers:
        if consumer.exit_code is not None:
            consumer.restart()
    return account(flow.arrivals, messages, ended=ended, poisoned=poisoned, unburied=max(unburied, 0))


def account(arrivals: Iterable[Arrival], messages: int, *, ended: float, poisoned: int, unburied: int) -> Outcome:
    """What became of messages, poison among them."""
    instances: dict[int, set[int]] = collections.defaultdict(set)
    times = []
    for each in arrivals:
        instances[each.number].add(each.instance)
        times.append(each.at)
    return Outcome(
        sent=messages + poisoned,
        lost=len(set(range(messages)) - instances.keys()) + unburied,
        started_twice=sum(len(each) > 1 for each in instances.values()),
        recovered_s=round(recovered_s(times, ended), 2),
    )


def recovered_s(times: Iterable[float], ended: float) -> float:
    """From a fault's end to that of the longest silence that began before it or soon after; 0 without one."""
    silences = [(after - before, before, after) for before, after in itertools.pairwise(sorted(times))]
    around = [(long, after) for long, before, after in silences if before <= ended + AFTER_S and after > ended]
    return max(around, default=(0.0, ended))[1] - ended


async def _publish(flow: Flow, transport: Transport, messages: int) -> None:
    """All of them, in order; a batch of which the server may not have everything is published again."""
    for begin in range(0, messages, transport.batch):
        numbers = range(begin, min(begin + transport.batch, messages))
        while not _may_go_on(flow, transport, begin, messages):
            await asyncio.sleep(0.02)
        while True:
            try:
                await flow.queue.publish([message(number) for number in numbers])
                break
            except ConnectorError:
                await asyncio.sleep(0.5)


def _may_go_on(flow: Flow, transport: Transport, published: int, messages: int) -> bool:
    arrived = len(flow.arrived)
    if published >= messages * BEFORE and arrived < messages * FAULT_AT:
        return False
    return transport.backlog is None or published - arrived < transport.backlog


async def _until(met: Callable[[], bool], flow: Flow) -> None:
    """Returns when it is met, or when nothing arrives any more."""
    count, since = len(flow.arrivals), time.monotonic()
    while not met() and time.monotonic() - since < PATIENCE_S:
        await asyncio.sleep(0.02)
        if len(flow.arrivals) != count:
            count, since = len(flow.arrivals), time.monotonic()


async def _settled(flow: Flow, poisoned: int) -> None:
    """Returns when everything is acknowledged, and a moment later; or when that takes too long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while not await _is_settled(flow, poisoned):
                await asyncio.sleep(0.5)
    await asyncio.sleep(LISTEN_S)


async def _is_settled(flow: Flow, poisoned: int) -> bool:
    try:
        return not await flow.queue.waiting() and await flow.queue.buried() >= poisoned
    except ConnectorError:  # What it asks with is from before the fault, if nothing was published since.
        return False
