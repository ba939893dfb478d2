"""Endpoints of the cluster itself: topology, login, clock, cluster variables, expressions (docs: REST API)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine import commands as cmd
from zelery.engine.bpmn.model import Expression
from zelery.engine.errors import Failure
from zelery.engine.records import ElementInstance
from zelery.engine.rest import items
from zelery.engine.rest.bodies import BODIES
from zelery.engine.rest.context import BODY_BYTES_MAX, Context, Endpoint, answer, body_of, done, whole
from zelery.engine.rest.contract import ENTITIES
from zelery.engine.rest.fields import has
from zelery.engine.rest.problems import Problem, invalid, missing
from zelery.engine.rest.query import search
from zelery.engine.rest.routing import Row, routed
from zelery.feel import FeelError


def _topology(context: Context) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        partition: dict[str, Any] = {"partitionId": 1, "role": "leader", "health": "healthy"}
        broker: dict[str, Any] = {
            "nodeId": 0,
            "host": "127.0.0.1",
            "port": 26501,
            "partitions": [partition],
            "version": context.version,
        }
        if has(context.line, "8.10"):
            broker["brokerId"], partition["state"] = "0", "active"
        cluster = {"clusterId": None} if has(context.line, "8.9") else {}
        return answer(
            {
                **cluster,
                "brokers": [broker],
                "clusterSize": 1,
                "partitionsCount": 1,
                "replicationFactor": 1,
                "gatewayVersion": context.version,
                "lastCompletedChangeId": "0",
            }
        )

    return endpoint


def _license(_context: Context) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        return answer({"validLicense": False, "licenseType": "none", "isCommercial": False, "expiresAt": None})

    return endpoint


def _status(_context: Context) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        return done()

    return endpoint


def _me(_context: Context) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        return answer(
            {
                "username": "demo",
                "displayName": "Demo",
                "email": "demo@example.com",
                "authorizedComponents": ["*"],
                "tenants": [{"tenantId": cmd.DEFAULT_TENANT, "name": "Default", "description": None}],
                "groups": [],
                "roles": ["admin"],
                "salesPlanType": None,
                "c8Links": {},
                "canLogout": False,
            }
        )

    return endpoint


def _configuration(context: Context) -> Endpoint:
    """What a front end asks before it shows anything (from 8.9 on): no metrics of jobs are kept, none can log out."""

    async def endpoint(_request: Request) -> Response:
        metrics = {
            "enabled": False,
            "exportInterval": "PT5M",
            "maxWorkerNameLength": 100,
            "maxJobTypeLength": 100,
            "maxTenantIdLength": 30,
            "maxUniqueKeys": 9500,
        }
        if not has(context.line, "8.10"):
            return answer({"jobMetrics": metrics})
        return answer(
            {
                "jobMetrics": metrics,
                "components": {"active": []},
                "deployment": {
                    "isMultiTenancyEnabled": context.engine.tenants is not None,
                    "maxRequestSize": BODY_BYTES_MAX,
                },
                "authentication": {"canLogout": False, "isLoginDelegated": False},
                "cloud": {"stage": None},
            }
        )

    return endpoint


def _setup(_context: Context) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        return answer({"status": "COMPLETED", "isSetupComplete": True})

    return endpoint


def _pin(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request, BODIES["pin"], context.line)
        context.engine.clock.pin(body["timestamp"])
        context.engine.clock_changed()
        return done()

    return endpoint


def _reset(context: Context) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        context.engine.clock.reset()
        context.engine.clock_changed()
        return done()

    return endpoint


def _scope(context: Context, body: Mapping[str, Any]) -> ElementInstance | None:
    """The element instance whose variables an expression sees; None where it is not named (8.10). Raises Problem."""
    if "scopeKey" not in body:
        return None
    found = context.engine.state.elements.get(whole(body["scopeKey"], "scopeKey"))
    if found is None:
        raise missing("Element Instance", body["scopeKey"])
    return found


def _evaluate(context: Context) -> Endpoint:
    """Evaluate a FEEL expression with cluster variables (from 8.9 on)."""

    async def endpoint(request: Request) -> Response:
        body = await body_of(request, BODIES["evaluate"], context.line)
        text = body["expression"]
        if not text.strip().startswith("="):
            raise invalid(f"Expected an expression that begins with '=', but it is '{text}'")
        warnings: list[str] = []
        try:
            expression = Expression(text, context.engine.expressions.feel.compile(text))
            value = context.engine.expressions.evaluate(
                expression,
                _scope(context, body),
                more=body.get("variables"),
                tenant_id=body.get("tenantId", ""),
                warnings=warnings,
            )
        except (FeelError, Failure) as error:
            raise invalid(f"Failed to evaluate expression '{text}': {error}") from None
        result = {"expression": text, "result": value, "warnings": [{"message": each} for each in warnings]}
        return answer({**result, "referencedSecrets": []} if has(context.line, "8.10") else result)

    return endpoint


def _variable_scope(request: Request) -> str:
    """The tenant of a cluster variable in the path; empty: of the cluster."""
    return str(request.path_params.get("tenant", ""))


def _variable(context: Context, verb: str) -> Endpoint:
    """Create, change, read or delete a cluster variable."""

    async def endpoint(request: Request) -> Response:
        tenant_id = _variable_scope(request)
        if verb in ("create", "update"):
            shape = BODIES["cluster-variable" if verb == "create" else "cluster-variable-update"]
            body = await body_of(request, shape, context.line)
            name = body["name"] if verb == "create" else str(request.path_params["name"])
            command = cmd.SetClusterVariable(name, body["value"], tenant_id, verb == "create")
            context.execute(command, verb.upper())
        else:
            name = str(request.path_params["name"])
        there = context.engine.state.cluster_variables
        if verb == "delete":
            context.execute(cmd.DeleteClusterVariable(name, tenant_id), "DELETE")
            return done()
        if (tenant_id, name) not in there:
            raise Problem(404, "NOT_FOUND", f"Cluster variable with name '{name}' not found")
        return answer(items.cluster_variable(tenant_id, name, there[tenant_id, name], context.line, whole=True))

    return endpoint


def _search_variables(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request)
        whole = request.query_params.get("truncateValues") == "false"
        there = context.engine.state.cluster_variables
        found = [
            items.cluster_variable(tenant_id, name, value, context.line, whole=whole)
            for (tenant_id, name), value in there.items()
        ]
        return answer(search(ENTITIES["cluster-variables"], found, body, context.line))

    return endpoint


def routes(context: Context) -> list[Route]:
    """All endpoints of the cluster that the line has."""
    found: list[Row] = [
        ("8.8", "GET", "/v2/topology", _topology(context)),
        ("8.8", "GET", "/v2/license", _license(context)),
        ("8.8", "GET", "/v2/status", _status(context)),
        ("8.8", "GET", "/v2/authentication/me", _me(context)),
        ("8.8", "GET", "/v2/setup/status", _setup(context)),
        ("8.9", "GET", "/v2/system/configuration", _configuration(context)),
        ("8.8", "PUT", "/v2/clock", _pin(context)),
        ("8.8", "POST", "/v2/clock/reset", _reset(context)),
        ("8.9", "POST", "/v2/expression/evaluation", _evaluate(context)),
        ("8.9", "POST", "/v2/cluster-variables/search", _search_variables(context)),
    ]
    for base in ("/v2/cluster-variables/global", "/v2/cluster-variables/tenants/{tenant}"):
        found += [
            ("8.9", "POST", base, _variable(context, "create")),
            ("8.9", "GET", f"{base}/{{name}}", _variable(context, "get")),
            ("8.9", "PUT", f"{base}/{{name}}", _variable(context, "update")),
            ("8.9", "DELETE", f"{base}/{{name}}", _variable(context, "delete")),
        ]
    return routed(context, found)
