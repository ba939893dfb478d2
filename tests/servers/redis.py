"""A Redis that is there and takes no writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis as redis_client


@contextmanager
def refusing_writes(url: str) -> Iterator[None]:
    """Until the block ends it says that it lacks replicas; one that is full, or a replica itself, refuses alike."""
    with redis_client.Redis.from_url(url) as client:
        client.config_set("min-replicas-to-write", 1)
        try:
            yield
        finally:
            client.config_set("min-replicas-to-write", 0)
