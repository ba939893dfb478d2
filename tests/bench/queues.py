"""Messages a second from a queue into a real Zeebe, and how long one takes: `python -m tests.bench queues`.

For each transport one `zelery consume`, straight to a real server. First a queue that is full is emptied: the rate, and
CPU of the consumer for each message. Then messages come at a rate that leaves it idle in between: the time from just
before each is published until Zeebe has started its instance, which Zeebe's own clock tells (`now()`, in the model), so
that what counts here takes no part in it. SQS is moto, which is slow: its rate says little of ours, and its queue is
filled while it is emptied.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.stand import Arrival, Flow, Stand, message, stand
from tests.chaos.transports import TRANSPORTS, Queue, Transport
from tests.roles import RoleProcess

MESSAGES = 3_000

#: Messages in a bounded queue: as many as a slow server does in a minute.
MESSAGES_BOUNDED = 600

#: Messages, one at a time, so many a second; a slow server's are fewer.
PACED, PER_S, PER_S_BOUNDED = 500, 25, 5

#: How long reading what arrived may take, seconds.
COUNTED_S = 300

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Speed:
    """What came of one transport."""

    transport: str
    messages_per_s: float
    cpu_ms: float
    """A message."""
    p50_ms: float
    p99_ms: float


def main(options: Sequence[str] = ()) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench queues", description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write it")
    parser.add_argument("--transport", choices=TRANSPORTS, action="append", help="only this one; may be repeated")
    wanted = parser.parse_args(options)
    found = []
    print(f"{'transport':<12}{'messages/s':>12}{'CPU':>10}{'p50':>10}{'p99':>10}{'load':>8}", flush=True)
    with stand(consumers=1) as servers:
        for name in wanted.transport or TRANSPORTS:
            with TRANSPORTS[name](through_proxy=False) as transport:
                each = asyncio.run(measured(servers, transport))
            found.append(each)
            print(
                f"{each.transport:<12}{each.messages_per_s:>12.0f}{each.cpu_ms:>7.2f} ms{each.p50_ms:>7.1f} ms"
                f"{each.p99_ms:>7.1f} ms{os.getloadavg()[0]:>8.1f}",
                flush=True,
            )
    if wanted.json:
        wanted.json.write_text(json.dumps([dataclasses.asdict(each) for each in found], indent=2))
    return 0


async def measured(servers: Stand, transport: Transport) -> Speed:
    """Empty a full queue; then send one message after another."""
    rate, cpu_ms = await _burst(servers, transport)
    waits_s = await _paced(servers, transport)
    percentiles = statistics.quantiles(waits_s, n=100)
    return Speed(
        transport=transport.name,
        messages_per_s=rate,
        cpu_ms=cpu_ms,
        p50_ms=percentiles[49] * 1000,
        p99_ms=percentiles[98] * 1000,
    )


async def _burst(servers: Stand, transport: Transport) -> tuple[float, float]:
    """Messages a second, and CPU for each, milliseconds."""
    messages = MESSAGES if transport.backlog is None else MESSAGES_BOUNDED
    async with transport.queue() as queue:
        if transport.backlog is None:
            await _fill(transport, queue, messages)
        async with servers.flow(transport, queue) as flow:
            consumer = await servers.holder(flow)
            before_s = _cpu_s(consumer)
            if transport.backlog is not None:
                await _fill(transport, queue, messages)
            while await queue.waiting():
                await asyncio.sleep(0.2)
            arrivals = await _counted(flow, messages)
            cpu_s = _cpu_s(consumer) - before_s
    times = sorted(each.at for each in arrivals)
    return (messages - 1) / (times[-1] - times[0]), cpu_s * 1000 / messages


async def _paced(servers: Stand, transport: Transport) -> list[float]:
    """How long each message took, seconds."""
    per_s = PER_S if transport.backlog is None else PER_S_BOUNDED
    messages = PACED * per_s // PER_S
    async with transport.queue() as queue, servers.flow(transport, queue) as flow:
        await servers.holder(flow)
        async with asyncio.TaskGroup() as publishing:
            for number in range(messages):
                publishing.create_task(queue.publish([message(number)]))
                await asyncio.sleep(1 / per_s)
        return [each.waited_s for each in await _counted(flow, messages)]


async def _fill(transport: Transport, queue: Queue, messages: int) -> None:
    """No more of them wait at once than the server bears."""
    for begin in range(0, messages, transport.batch):
        while transport.backlog is not None and await queue.waiting() > transport.backlog - transport.batch:
            await asyncio.sleep(0.05)
        await queue.publish([message(number) for number in range(begin, begin + transport.batch)])


async def _counted(flow: Flow, messages: int) -> list[Arrival]:
    """What arrived, looked up when all is over."""
    counting = asyncio.create_task(flow.count())
    try:
        async with asyncio.timeout(COUNTED_S):
            while len(flow.arrivals) < messages:
                await asyncio.sleep(0.1)
    finally:
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
    return flow.arrivals


def _cpu_s(consumer: RoleProcess) -> float:
    fields = Path(f"/proc/{consumer.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
