"""`/faults`: what goes wrong, on request. Served only with `--faults`."""

from __future__ import annotations

import dataclasses

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine.faults import Faults
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, done
from zelery.engine.rest.problems import Problem, invalid
from zelery.engine.rest.shapes import Member, Shape, Type, whole

#: Of a silence, how long; of a jump of the clock or a lag, how far.
_ACT: Shape = {"seconds": Member(type=Type.NUMBER, least=0), "milliseconds": whole()}


def _add(faults: Faults) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request)
        try:
            return answer(dataclasses.asdict(faults.add(**body)), 201)
        except (ValueError, TypeError) as error:
            raise invalid(str(error)) from None

    return endpoint


def _all(faults: Faults) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        return answer({"items": [dataclasses.asdict(each) for each in faults.rules]})

    return endpoint


def _clear(faults: Faults) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        faults.clear()
        return done()

    return endpoint


def _act(context: Context, faults: Faults) -> Endpoint:
    """One thing that happens at once: streams are dropped, silence, a crash, a jump of the clock, a lag."""

    async def endpoint(request: Request) -> Response:
        body = await body_of(request, _ACT)
        match request.path_params["act"]:
            case "streams":
                faults.drop_streams()
            case "silence":
                await faults.silence(float(body.get("seconds", 1)))
            case "crash":
                faults.crash()
            case "clock":
                context.engine.clock.add(body.get("milliseconds", 0))
                context.engine.clock_changed()
            case "lag":
                context.history.lag_ms = body.get("milliseconds", 0)
            case other:
                raise invalid(f"'{other}' is none of streams, silence, crash, clock, lag")
        return done()

    return endpoint


def _told(endpoint: Endpoint) -> Endpoint:
    async def call(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Problem as problem:
            return problem.response(request.url.path)

    return call


def routes(context: Context, faults: Faults) -> list[Route]:
    """All endpoints of faults. They stand behind no login: they are for tests, on this machine."""
    return [
        Route("/faults", _told(_add(faults)), methods=["POST"]),
        Route("/faults", _told(_all(faults)), methods=["GET"]),
        Route("/faults", _told(_clear(faults)), methods=["DELETE"]),
        Route("/faults/{act}", _told(_act(context, faults)), methods=["POST"]),
    ]
