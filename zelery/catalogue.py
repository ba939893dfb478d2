"""The connectors that are installed: found by entry point, whose name is the job type, and imported at first use."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

from zelery.errors import NotInstalledError, SettingError, UnknownConnectorError
from zelery.extras import remedy
from zelery.sdk.connector import OutboundConnector
from zelery.settings import Settings

#: Where outbound connectors join: a distribution names its own in this group of entry points.
GROUP = "zelery.outbound"


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
    disabled = {name.lower() for name in settings.outbound_disabled}
    found: dict[str, Served] = {}
    for point in installed():
        try:
            each = _served(load(point), settings)
        except NotInstalledError:
            continue
        if each.type.lower() in disabled:
            continue
        if each.type in found:
            names = f"{found[each.type].connector.name!r} and {each.connector.name!r}"
            raise SettingError(f"two connectors serve {each.type}: {names}; disable or rename one")
        found[each.type] = each
    return found


def absent() -> dict[str, str]:
    """The connectors that cannot be served because a package is missing: by job type, how to install it."""
    found: dict[str, str] = {}
    for point in installed():
        try:
            load(point)
        except NotInstalledError as error:
            found[point.name] = error.remedy
    return found


def installed() -> Iterator[EntryPoint]:
    """Entry points of all connectors, by job type; ones found twice (a distribution seen by two paths) count once."""
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    yield from {(point.name, point.value): point for point in points}.values()


def load(point: EntryPoint) -> OutboundConnector:
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
    if not isinstance(connector, OutboundConnector):
        raise SettingError(
            f"connector {point.name}: {point.value} is no outbound connector; decorate it with @outbound"
        )
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


def _served(connector: OutboundConnector, settings: Settings) -> Served:
    name = environment_name(connector.name)
    return Served(
        type=settings.connector_types.get(name, connector.type),
        connector=connector,
        timeout=settings.connector_timeouts.get(name, settings.job_timeout),
    )
