"""All that the engine serves over HTTP, on one port: REST v2, Operate v1, `/actuator`, and `/faults` on request."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from zelery.engine.faults import Faults
from zelery.engine.metrics import Metrics
from zelery.engine.operate import api as operate
from zelery.engine.operate.problems import plain
from zelery.engine.rest import (
    routes_agents,
    routes_cluster,
    routes_commands,
    routes_documents,
    routes_faults,
    routes_instances,
    routes_jobs,
    routes_resources,
    routes_searches,
    routes_statistics,
    routes_waits,
)
from zelery.engine.rest.context import Context, Endpoint, answer
from zelery.engine.rest.problems import Problem


def app(context: Context, metrics: Metrics, faults: Faults | None = None) -> Starlette:
    """The application.

    Args:
        context: What the endpoints act on.
        metrics: The engine's counters.
        faults: What goes wrong on request; None: nothing does, and `/faults` is not served.
    """
    routes = [
        *routes_cluster.routes(context),
        *routes_commands.routes(context),
        *routes_jobs.routes(context),
        *routes_searches.routes(context),
        *routes_instances.routes(context),
        *routes_statistics.routes(context),
        *routes_waits.routes(context),
        *routes_agents.routes(context),
        *routes_resources.routes(context),
        *routes_documents.routes(context),
        *operate.routes(context),
        *(routes_faults.routes(context, faults) if faults is not None else ()),
        Route("/actuator/health", _health, methods=["GET"]),
        Route("/actuator/health/{probe}", _health, methods=["GET"]),
        Route("/actuator/prometheus", _prometheus(context, metrics), methods=["GET"]),
    ]
    return Starlette(
        routes=routes, exception_handlers={404: _unknown, 405: _unknown, HTTPException: _unreadable, Problem: _refused}
    )


async def _unknown(request: Request, _error: Exception) -> Response:
    """Nothing is served by that method at that path."""
    path = request.url.path
    if not path.startswith("/v2"):
        return plain(404, "Not Found", path)
    return Problem(404, "Not Found", f"No endpoint {request.method} {path}.").response(path)


async def _unreadable(request: Request, error: Exception) -> Response:
    """The framework cannot read a request: a form that is torn, or has too many parts."""
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (400, str(error))
    return Problem(status, "Bad Request", detail).response(request.url.path)


async def _refused(request: Request, error: Exception) -> Response:
    """An endpoint that anybody may use refuses a request."""
    assert isinstance(error, Problem)  # noqa: S101 - for the type checker: it is the handler of that
    return error.response(request.url.path)


async def _health(_request: Request) -> Response:
    return answer({"status": "UP"})


def _prometheus(context: Context, metrics: Metrics) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        state = context.engine.state
        gauges = {
            "process_instances_active": len(state.instances),
            "jobs_open": len(state.jobs),
            "incidents_active": len(state.incidents),
            "timers_open": len(state.timers),
            "messages_buffered": len(state.messages),
        }
        return PlainTextResponse(metrics.exposition(gauges))

    return endpoint
