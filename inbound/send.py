"""Telling Zeebe of an event: one command, and what it came to."""

from __future__ import annotations

import contextlib

from redis.asyncio import Redis

from inbound.correlate import Command, Publish, Start
from zelery.camunda.gateway import Gateway
from zelery.correlation import AlreadyCorrelated, EngineRefused, MessagePublished, ProcessInstanceCreated, Result
from zelery.errors import DuplicateError, GatewayError, PushbackError
from zelery.redis import AWAY, STARTED

#: How long an instance may take whose result the caller of a webhook waits for, seconds.
RESULT_S = 20.0

#: An event that is being told to Zeebe is nobody else's for so long, milliseconds; who dies meanwhile leaves it.
TELLING_MS = 30_000

_TELLING, _TOLD = "telling", "told"


async def send(command: Command, gateway: Gateway, redis: Redis) -> Result:
    """Send one command, once. Never raises but CancelledError."""
    try:
        if isinstance(command, Publish):
            key = await gateway.publish(command.message)
            return MessagePublished(message_key=key, tenant_id=command.message.tenant_id)
        if command.once is None:
            return await _start(command, gateway)
        name, lasts_ms = command.once
        return await _start_once(command, gateway, redis, STARTED + name, lasts_ms)
    except DuplicateError:
        return AlreadyCorrelated()
    except GatewayError as error:
        return EngineRefused(status=error.status, message=error.details, later=isinstance(error, PushbackError))
    except AWAY as error:
        return EngineRefused(status="UNAVAILABLE", message=f"Redis does not answer: {error}", later=True)


async def _start(command: Start, gateway: Gateway) -> Result:
    version, tenant_id = command.version, command.tenant_id
    if not command.wait:
        key = await gateway.start(command.process_id, command.variables, version=version, tenant_id=tenant_id)
        return ProcessInstanceCreated(process_instance_key=key, tenant_id=tenant_id)
    ended = await gateway.start_and_wait(
        command.process_id, command.variables, wait_s=RESULT_S, version=version, tenant_id=tenant_id
    )
    return ProcessInstanceCreated(process_instance_key=ended.key, tenant_id=tenant_id, variables=ended.variables)


async def _start_once(command: Start, gateway: Gateway, redis: Redis, key: str, lasts_ms: int) -> Result:
    """Start an instance unless this event has started one.

    It is remembered after Zeebe has taken it, not before: who dies between the two, or finds Redis away then, starts a
    second one when the event comes again, and never none.
    """
    if not await redis.set(key, _TELLING, nx=True, px=min(TELLING_MS, lasts_ms)):
        if await redis.get(key) == _TOLD:
            return AlreadyCorrelated()
        return EngineRefused(status="ABORTED", message="the same event is being told to Zeebe", later=True)
    result = None
    try:
        result = await _start(command, gateway)
    finally:
        with contextlib.suppress(*AWAY):
            if result is None:
                await redis.delete(key)
            else:
                await redis.set(key, _TOLD, px=lasts_ms)
    return result
