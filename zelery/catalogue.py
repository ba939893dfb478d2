"""The connectors that are installed: found by entry point, whose name is their type, and imported at first use."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from zelery.errors import NotInstalledError, SettingError, UnknownConnectorError
from zelery.extras import remedy
from zelery.sdk.connector import OutboundConnector
from zelery.sdk.inbound import InboundConnector
from zelery.settings import Settings

#: Where connectors join: a distribution names its own in these groups of entry points.
GROUP = "zelery.outbound"
INBOUND_GROUP = "zelery.inbound"

Kind = TypeVar("Kind", OutboundConnector, InboundConnector)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Served:
    """A connector as this installation serves it: with the settings' overrides applied."""

    type: str
    """The job type it is fetched for."""
    connector: OutboundConnector
    """What runs."""
    timeout: timedelta
    """How long one run may take."""


def served(settings: Settings) -> dict[str, Served]:
    """The connectors to serve, by job type, in the order of their types; those that lack a package are `absent`.

    Raises SettingError when one cannot be imported, or when two claim one job type.
    """
    found = _by_type(OutboundConnector, GROUP, settings, settings.outbound_disabled)
    return {type_: _served(type_, each, settings) for type_, each in found.items()}


def served_inbound(settings: Settings) -> dict[str, InboundConnector]:
    """The inbound connectors to serve, by the type that models name. Raises as `served` does."""
    return _by_type(InboundConnector, INBOUND_GROUP, settings, settings.inbound_disabled)


def _by_type(kind: type[Kind], group: str, settings: Settings, disabled: tuple[str, ...]) -> dict[str, Kind]:
    """Those that are not disabled, by the type that the settings give them."""
    off = {name.lower() for name in disabled}
    found: dict[str, Kind] = {}
    for point in installed(group):
        try:
            each = load(point, kind)
        except NotInstalledError:
            continue
        type_ = settings.connector_types.get(environment_name(each.name), each.type)
        if type_.lower() in off:
            continue
        if type_ in found:
            names = f"{found[type_].name!r} and {each.name!r}"
            raise SettingError(f"two connectors serve {type_}: {names}; disable or rename one")
        found[type_] = each
    return found


def absent(group: str = GROUP) -> dict[str, str]:
    """The connectors that cannot be served because a package is missing: by type, how to install it."""
    found: dict[str, str] = {}
    for point in installed(group):
        try:
            load(point, InboundConnector) if group == INBOUND_GROUP else load(point, OutboundConnector)
        except NotInstalledError as error:
            found[point.name] = error.remedy
    return found


def installed(group: str = GROUP) -> Iterator[EntryPoint]:
    """Entry points of all connectors, by type; ones found twice (a distribution seen by two paths) count once."""
    points = sorted(entry_points(group=group), key=lambda point: (point.name, point.value))
    yield from {(point.name, point.value): point for point in points}.values()


def load(point: EntryPoint, kind: type[Kind]) -> Kind:
    """Import a connector.

    Raises NotInstalledError when a package of its extra is missing (the entry point names the extra: `module:name
    [slack]`), SettingError when its module cannot be imported for another reason, or holds something else.
    """
    try:
        connector = point.load()
    except ModuleNotFoundError as error:
        if how := remedy(point, error):
            raise NotInstalledError(point.name, how) from error
        raise SettingError(f"connector {point.name} cannot be imported from {point.value}: {error}") from error
    except (ImportError, AttributeError) as error:
        raise SettingError(f"connector {point.name} cannot be imported from {point.value}: {error}") from error
    if not isinstance(connector, kind):
        what = "outbound connector; decorate it with @outbound"
        if kind is InboundConnector:
            what = "inbound connector; decorate it with @webhook, @subscription or @polling"
        raise SettingError(f"connector {point.name}: {point.value} is no {what}")
    return connector


def find(connectors: dict[str, Served], job_type: str) -> Served:
    """The connector for a job type.

    Raises UnknownConnectorError, with the nearest name there is.
    """
    if job_type in connectors:
        return connectors[job_type]
    near = get_close_matches(job_type, connectors, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(connectors) or 'none'}"
    raise UnknownConnectorError(f"no connector is installed for job type {job_type}{hint}")


def environment_name(name: str) -> str:
    """A connector's name as its variables spell it: "HTTP REST" is CONNECTOR_HTTP_REST_… (`spec/outbound.md` §1.2)."""
    return re.sub(r"[^a-zA-Z0-9_ ]", "", name.strip()).replace(" ", "_").upper()


def _served(type_: str, connector: OutboundConnector, settings: Settings) -> Served:
    timeout = settings.connector_timeouts.get(environment_name(connector.name), settings.job_timeout)
    return Served(type=type_, connector=connector, timeout=timeout)
