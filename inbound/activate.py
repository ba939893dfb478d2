"""Bringing an executable to life: its secrets are resolved, its properties are bound, its path is claimed."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from inbound import paths
from inbound.executables import Executable, State, claim_of
from zelery.binding import validated
from zelery.errors import ConnectorError, PropertyError
from zelery.properties import nest
from zelery.sdk.inbound import InboundConnector, Kind
from zelery.secrets import Mask, Place, Secrets

#: How long one activation may take, seconds: a secret provider that hangs must not hold the others.
ACTIVATION_S = 20.0

#: Pauses between activations of one that fails, seconds: doubled each time.
RETRY_S, RETRY_MAX_S = 5.0, 300.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bound:
    """An executable's properties with their secrets, for as long as it runs. Never stored, never shown."""

    values: Mapping[str, Any] = dataclasses.field(repr=False)
    """As a tree of texts, with secrets."""
    mask: Mask = dataclasses.field(repr=False)
    """Hides the secrets that are in it."""

    def to(self, model: type[BaseModel], variables: Mapping[str, Any] | None = None) -> Any:
        """The properties as a connector wants them; `variables` are what FEEL in them sees. Raises ConnectorError."""
        return validated(self.values, model, variables=variables)


async def resolve(executable: Executable, secrets: Secrets) -> Bound:
    """The properties of an executable, secrets resolved. Raises ConnectorError and PropertyError."""
    mask = Mask()
    place = Place(tenant_id=executable.tenant_id, process_id=executable.process_id)
    text = json.dumps(nest(executable.properties), ensure_ascii=False)
    return Bound(values=json.loads(await secrets.replace(text, place, mask)), mask=mask)


async def activate(executable: Executable, connector: InboundConnector, secrets: Secrets, now_ms: int) -> Executable:
    """The executable as it is after an attempt to activate it: active, or failed with the reason."""
    mask = Mask()
    try:
        async with asyncio.timeout(ACTIVATION_S):
            bound = await resolve(executable, secrets)
        mask = bound.mask
        found = _claims(connector, bound)
    except TimeoutError:
        return failed(executable, f"Its secrets were not found within {ACTIVATION_S:g} s", now_ms)
    except (ConnectorError, PropertyError) as error:
        return failed(executable, mask(str(error)), now_ms)
    return dataclasses.replace(
        executable,
        **found,
        kind=str(connector.kind),
        holders=connector.holders,
        state=State.ACTIVE,
        reason=None,
        activated_ms=executable.activated_ms or now_ms,
        claimed_ms=executable.claimed_ms or now_ms,
        attempts=0,
        retry_ms=0,
    )


def failed(executable: Executable, reason: str, now_ms: int) -> Executable:
    """It could not be activated; the next attempt is after a pause that grows."""
    pause_s = min(RETRY_S * 2 ** min(executable.attempts, 10), RETRY_MAX_S)
    return dataclasses.replace(
        executable,
        state=State.FAILED,
        reason=reason,
        claim=None,
        claimed_ms=0,
        activated_ms=None,
        attempts=executable.attempts + 1,
        retry_ms=now_ms + int(pause_s * 1000),
    )


def _claims(connector: InboundConnector, bound: Bound) -> dict[str, Any]:
    """What the properties say of how it is run. Raises ConnectorError for what cannot be used."""
    if connector.kind is Kind.POLLING and connector.intervals is not None:
        if not connector.per_instance:  # Else it is bound with each look, and may need variables that are not there.
            bound.to(connector.input)
        intervals = bound.to(connector.intervals)
        return {"every_ms": _milliseconds(intervals.every), "lookup_ms": _milliseconds(intervals.lookup)}
    properties = bound.to(connector.input)
    if connector.path is None:
        return {}
    path = connector.path(properties)
    told = paths.warning(path)
    return {"claim": claim_of(path), "warning": bound.mask(told) if told else None}


def _milliseconds(interval: Any) -> int | None:
    return None if interval is None else int(interval.total_seconds() * 1000)
