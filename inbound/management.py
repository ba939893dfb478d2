"""What operators ask, in the Java runtime's JSON (8.8): which executables there are, how they are, what they did.

Everything comes from Redis, so that each replica gives the same answer.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from inbound.activity import healths, logs
from inbound.executables import Element, Executable, State
from inbound.host import NOT_ACTIVATED, Host
from inbound.http import respond
from inbound.webhooks import problem
from zelery.errors import GatewayError
from zelery.metrics import exposition
from zelery.properties import connector_level
from zelery.redis import AWAY, IMPORT
from zelery.sdk.inbound import Kind
from zelery.sdk.webhooks import Response

Handler = Callable[[Request], Awaitable[Response]]

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Management:
    """The management API over one host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def routes(self) -> list[BaseRoute]:
        """What is answered, beside webhooks."""
        paths: Mapping[str, Handler] = {
            "/inbound": self.inbound,
            "/tenants/{tenant}/inbound": self.inbound,
            "/tenants/{tenant}/inbound/{process}/{element}/logs": self.activity,
            "/inbound-instances": self.instances,
            "/inbound-instances/{type}": self.of_type,
            "/inbound-instances/{type}/executables/{id}": self.one,
            "/inbound-instances/{type}/executables/{id}/health": self.one_health,
            "/inbound-instances/{type}/executables/{id}/logs": self.one_activity,
            "/inbound-instances/{id}/logs": self.one_activity,
            "/actuator/health": self.health,
            "/actuator/health/{component}": self.health,
            "/actuator/prometheus": self.prometheus,
        }
        found: list[BaseRoute] = [Route(path, endpoint=_Get(handler)) for path, handler in paths.items()]
        return [Route("/inbound/logs", endpoint=_Get(_nothing, also_post=True)), *found]

    async def inbound(self, request: Request) -> Response:
        """Every executable, or those that a query or a tenant names."""
        query = request.query_params
        found = [
            each
            for each in self._sorted()
            if request.path_params.get("tenant", each.tenant_id) == each.tenant_id
            and query.get("type", each.type) == each.type
            and any(
                query.get("bpmnProcessId", e.process_id) == e.process_id
                and query.get("elementId", e.element_id) == e.element_id
                for e in each.elements
            )
        ]
        known = await self._healths()
        return Response(body=[_item(each, known, _path(each)) for each in found])

    async def activity(self, request: Request) -> Response:
        """The logs of the executables of an element, a list each."""
        asked = request.path_params
        ids = [
            each.id
            for each in self._sorted()
            if each.tenant_id == asked["tenant"]
            and any((e.process_id, e.element_id) == (asked["process"], asked["element"]) for e in each.elements)
        ]
        return Response(body=[*(await self._logs(ids)).values()])

    async def instances(self, request: Request) -> Response:  # noqa: ARG002 - one of many that are called alike
        """All executables by their connector's type."""
        known = await self._healths()
        types = dict.fromkeys(each.type for each in self._sorted())
        return Response(body=[self._of_type(type_, known) for type_ in types])

    async def of_type(self, request: Request) -> Response:
        """Those of one type."""
        type_ = request.path_params["type"]
        if not any(each.type == type_ for each in self._sorted()):
            return _absent("ConnectorInstances", type_)
        return Response(body=self._of_type(type_, await self._healths()))

    async def one(self, request: Request) -> Response:
        """One executable."""
        found = self._host.store.live.get(request.path_params["id"])
        if found is None:
            return _absent("ActiveInboundConnectorResponse", request.path_params["id"])
        known = await self._healths()
        return Response(body=_item(found, known, connector_level(found.properties)))

    async def one_health(self, request: Request) -> Response:
        """The health of one executable."""
        found = self._host.store.live.get(request.path_params["id"])
        if found is None:
            return _absent("ActiveInboundConnectorResponse", request.path_params["id"])
        return Response(body=[health_of(found, await self._healths())])

    async def one_activity(self, request: Request) -> Response:
        """The log of one executable."""
        id_ = request.path_params["id"]
        if id_ not in self._host.store.live:
            return _absent("ActiveInboundConnectorResponse", id_)
        return Response(body=(await self._logs([id_]))[id_])

    async def prometheus(self, request: Request) -> Response:  # noqa: ARG002 - as above
        """The counters of all processes."""
        return Response(headers={"Content-Type": _PROMETHEUS}, body=await exposition(self._host.connected.redis))

    async def health(self, request: Request) -> Response:
        """Health groups and components, as Spring's actuator has them."""
        components = {"zeebeClient": await self._zeebe(), "processDefinitionImport": await self._imported()}
        name = request.path_params.get("component")
        shown: Mapping[str | None, Sequence[str]] = {
            None: ("zeebeClient", "processDefinitionImport"),
            "readiness": ("zeebeClient", "processDefinitionImport"),
            "liveness": ("zeebeClient",),
        }
        if name in shown:
            parts = {each: components[each] for each in shown[name]}
            groups = {"groups": ["liveness", "readiness"]} if name is None else {}
            body: dict[str, Any] = {"status": _worst(parts.values()), "components": parts, **groups}
        elif name in ("operate", *components):
            body = components["processDefinitionImport" if name == "operate" else name]
        else:
            return Response(status=404)
        return Response(status=200 if body["status"] == "UP" else 503, body=body)

    async def _zeebe(self) -> dict[str, Any]:
        try:
            brokers, healthy = await self._host.connected.gateway.brokers()
        except GatewayError as error:
            return {"status": "DOWN", "details": {"error": error.status}}
        status = "UP" if brokers and healthy else "DOWN"
        return {"status": status, "details": {"anyPartitionHealthy": healthy, "numBrokers": brokers}}

    async def _imported(self) -> dict[str, Any]:
        """How the reconciler's last look went; before the first, there is nothing wrong."""
        enabled = self._host.connected.settings.inbound_enabled
        text = await self._host.connected.redis.get(IMPORT)
        ok = not enabled or text is None or json.loads(text)["ok"]
        return {"status": "UP" if ok else "DOWN", "details": {"operateEnabled": enabled}}

    def _of_type(self, type_: str, known: Mapping[str, Any]) -> dict[str, Any]:
        connector = self._host.connectors.get(type_)
        found = [each for each in self._sorted() if each.type == type_]
        return {
            "connectorId": type_,
            "connectorName": connector.name if connector else type_,
            "instances": [_item(each, known, connector_level(each.properties)) for each in found],
        }

    async def _logs(self, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """As `logs`, with what this very process has told a moment ago: who has had an answer finds its entry."""
        await self._host.activity.write()
        return await logs(self._host.connected.redis, ids)

    async def _healths(self) -> dict[str, dict[str, Any]]:
        """As `healths`, of this moment."""
        await self._host.activity.write()
        return await healths(self._host.connected.redis)

    def _sorted(self) -> list[Executable]:
        live = self._host.store.live.values()
        return sorted(live, key=lambda each: (each.process_id, each.elements[0].element_id, each.id))


def _item(executable: Executable, known: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "executableId": executable.id,
        "type": executable.type,
        "tenantId": executable.tenant_id,
        "elements": [_element(each) for each in executable.elements],
        "data": data,
        "health": health_of(executable, known),
        "activationTimestamp": executable.activated_ms,
    }


def _element(element: Element) -> dict[str, Any]:
    return {
        "bpmnProcessId": element.process_id,
        "version": element.version,
        "processDefinitionKey": element.definition_key,
        "elementId": element.element_id,
        "tenantId": element.tenant_id,
        "elementName": element.name,
        "elementType": element.bpmn_type,
        "elementTemplateDetails": element.template,
        "properties": dict(element.properties),
    }


def health_of(executable: Executable, known: Mapping[str, Any]) -> dict[str, Any]:
    """The health of an executable: what its connector last said, unless it does not live."""
    match executable.state:
        case State.ACTIVE if executable.kind == Kind.WEBHOOK:
            return {"status": "UP", "error": None, "details": None}
        case State.ACTIVE:
            return dict(known.get(executable.id, {"status": "UNKNOWN", "error": None, "details": None}))
        case State.QUEUED:
            code = "IllegalStateException"
        case _:
            code = NOT_ACTIVATED
    return {"status": "DOWN", "error": {"code": code, "message": executable.reason}, "details": None}


def _path(executable: Executable) -> dict[str, str]:
    """What the list shows of an executable's configuration: where an active webhook answers."""
    path = executable.properties.get("inbound.context")
    return {"path": path} if path is not None and executable.kind and executable.state is State.ACTIVE else {}


def _worst(parts: Iterable[Mapping[str, Any]]) -> str:
    return "UP" if all(each["status"] == "UP" for each in parts) else "DOWN"


def _absent(what: str, id_: str) -> Response:
    return Response(status=404, body=f"Data of type '{what}' with id '{id_}' not found")


async def _nothing(request: Request) -> Response:  # noqa: ARG001 - as above
    return Response()


class _Get:
    """A handler as an ASGI application: GET, HEAD and OPTIONS, and other methods refused as Spring refuses them."""

    def __init__(self, handler: Handler, *, also_post: bool = False) -> None:
        self._handler = handler
        self._methods = ("GET", "HEAD", "POST") if also_post else ("GET", "HEAD")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method == "OPTIONS":
            response = Response(headers={"Allow": "GET,HEAD,OPTIONS", "Accept-Patch": ""})
        elif method not in self._methods:
            response = problem(scope, 405, "Method Not Allowed", {"Allow": "GET"})
        else:
            try:
                response = await self._handler(Request(scope, receive))
            except AWAY as error:
                response = Response(status=503, body={"reason": f"Redis does not answer: {type(error).__name__}"})
        await respond(response, scope, receive, send)
