"""What one process of a role has open: the cluster, Redis, and what running connectors takes."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self

from redis.asyncio import Redis

from zelery.camunda.gateway import Gateway, ZeebeGateway
from zelery.redis import connect
from zelery.runtime import Runtime
from zelery.settings import Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Connected:
    """Open for as long as a role runs. Belongs to one event loop."""

    runtime: Runtime
    """Secrets, resources, threads."""
    gateway: Gateway
    """Zeebe."""
    redis: Redis
    """Leases and stores."""

    @property
    def settings(self) -> Settings:
        """What is set."""
        return self.runtime.settings

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Everything that these settings name; each server is first asked when it is needed.

        Raises SettingError when a secret provider cannot be opened.
        """
        async with AsyncExitStack() as stack:
            runtime = await stack.enter_async_context(Runtime.open(settings))
            gateway = await stack.enter_async_context(ZeebeGateway.open(settings))
            redis = await stack.enter_async_context(connect(settings))
            yield cls(runtime=runtime, gateway=gateway, redis=redis)
