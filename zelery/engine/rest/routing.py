"""Rows of endpoints as routes: those that a line has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from starlette.routing import Route

from zelery.engine.rest.context import Context, Endpoint, guarded
from zelery.engine.rest.fields import has

Row: TypeAlias = tuple[str, str, str, Endpoint]
"""The first line that has it, method, path, endpoint."""


def routed(context: Context, rows: Iterable[Row]) -> list[Route]:
    """The routes of the rows that the line has."""
    return [
        Route(path, guarded(context, path, endpoint), methods=[method])
        for since, method, path, endpoint in rows
        if has(context.line, since)
    ]
