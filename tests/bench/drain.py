"""A consumer that only counts: it empties a queue in a process of its own, and tells what came when."""

import contextlib
import json
import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import NamedTuple

import redis

from zelery.fencing import Firing

QUEUE = "bench"

#: Most messages taken at once, and how long an empty queue is waited for, seconds.
BATCH, WAIT_S = 500, 0.2


class Arrival(NamedTuple):
    """A message that came."""

    entry: str
    """Which entry it is of."""
    due_ms: int | None
    """When it was due; other schedulers do not say."""
    at: float
    """When it came, seconds since 1970."""


class Drain:
    """The consumer, from here."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.arrivals: list[Arrival] = []

    def look(self) -> list[Arrival]:
        """All that came so far."""
        self._pipe.send("look")
        self.arrivals += self._pipe.recv()
        return self.arrivals

    def wait(self, entry: str | None = None, timeout_s: float = 120) -> Arrival:
        """The first message, of an entry or at all."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            for arrival in self.look():
                if entry in (None, arrival.entry):
                    return arrival
            time.sleep(0.1)
        raise TimeoutError(f"no message of {entry or 'any entry'} in {timeout_s:.0f} s")


@contextlib.contextmanager
def draining(url: str) -> Iterator[Drain]:
    """Empty the queue until the block ends."""
    ours, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_drain, args=(url, its), daemon=True)
    process.start()
    ours.recv()  # It is connected.
    try:
        yield Drain(ours)
    finally:
        ours.send("end")
        process.join(10)


def _drain(url: str, pipe: Connection) -> None:
    client = redis.Redis.from_url(url)
    client.delete(QUEUE)
    pipe.send("ready")
    arrivals: list[Arrival] = []
    while True:
        if pipe.poll():
            if pipe.recv() == "end":
                return
            pipe.send(arrivals)
            arrivals = []
        first = client.brpop([QUEUE], timeout=WAIT_S)
        if first is not None:
            texts = [first[1], *(client.rpop(QUEUE, BATCH) or [])]
            now = time.time()
            arrivals += [_arrival(text, now) for text in texts]


def _arrival(text: bytes, now: float) -> Arrival:
    headers = json.loads(text)["headers"]
    firing = Firing.of(headers)
    if firing is None:
        return Arrival(headers["argsrepr"], None, now)
    return Arrival(firing.entry, firing.due_ms, now)
