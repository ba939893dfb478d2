"""Endpoints of agent instances (REST API, from 8.10 on)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine.rest.agents import Agent, Agents
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, key_in, whole
from zelery.engine.rest.fields import LINES, Entity, Field, Kind
from zelery.engine.rest.filters import Item
from zelery.engine.rest.problems import Problem, missing
from zelery.engine.rest.query import search
from zelery.engine.rest.routing import routed
from zelery.engine.rest.shapes import Member, Shape, Type, free, key_, many, object_, text
from zelery.engine.rest.shapes import whole as number

_ROLES = ("ASSISTANT", "CONFIGURATION", "TOOL_RESULT", "USER")
_STATUSES = ("IDLE", "THINKING", "TOOL_CALLING", "TOOL_DISCOVERY")

_ENTRY: Shape = {
    "historyItemId": text(required=True),
    "loopIteration": number(required=True),
    "role": text(*_ROLES, required=True),
    "content": many(free()),
    "producedAt": Member(type=Type.DATE, required=True),
    "toolCalls": many(free()),
    "metrics": object_(
        {
            name: number(least=0)
            for name in (
                "inputTokens",
                "outputTokens",
                "reasoningTokenCount",
                "cacheCreationTokenCount",
                "cacheReadTokenCount",
                "durationMs",
            )
        }
    ),
    "tools": many(free()),
    "model": text(),
    "provider": text(),
    "limits": object_({name: number() for name in ("maxModelCalls", "maxToolCalls", "maxTokens")}),
    "systemPrompt": many(free()),
}

#: This engine leases jobs without tokens, so none is asked for.
CREATION: Shape = {
    "elementInstanceKey": key_(required=True),
    "jobKey": key_(required=True),
    "jobLeaseToken": text(),
    "history": many(object_(_ENTRY), required=True),
}

UPDATE: Shape = {**CREATION, "history": many(object_(_ENTRY)), "status": text(*_STATUSES)}


def _entity(key: str, *fields: Field, unsorted: Iterable[str] = ()) -> Entity:
    return Entity(
        key=(key,),
        since="8.10",
        fields={each.name: each for each in fields},
        sort={each.name: LINES[0] for each in fields if each.name not in unsorted},
    )


_OF_PROCESS = (
    Field("elementId", Kind.TEXT),
    Field("processDefinitionId", Kind.TEXT),
    Field("processDefinitionKey", Kind.KEY),
    Field("processDefinitionVersion", Kind.INTEGER),
    Field("processDefinitionVersionTag", Kind.TEXT),
    Field("tenantId", Kind.TEXT),
)

INSTANCES = _entity(
    "agentInstanceKey",
    Field("agentInstanceKey", Kind.KEY),
    Field("agentDefinitionKey", Kind.KEY),
    Field("status", Kind.CHOICE, values=dict.fromkeys((*_STATUSES, "COMPLETED", "INITIALIZING", "UNKNOWN"), LINES[0])),
    Field("processInstanceKey", Kind.KEY),
    Field("rootProcessInstanceKey", Kind.KEY),
    Field("creationDate", Kind.DATE),
    Field("lastUpdatedDate", Kind.DATE),
    Field("completionDate", Kind.DATE),
    Field("elementInstanceKeys", Kind.TAGS),
    *_OF_PROCESS,
    unsorted=(
        "elementInstanceKeys",
        "processDefinitionId",
        "processDefinitionVersion",
        "processDefinitionVersionTag",
    ),
)

DEFINITIONS = _entity(
    "agentDefinitionKey",
    Field("agentDefinitionKey", Kind.KEY),
    Field("agentType", Kind.TEXT),
    Field("name", Kind.TEXT),
    *_OF_PROCESS,
)

HISTORY = _entity(
    "historyItemKey",
    Field("historyItemKey", Kind.KEY),
    Field("role", Kind.CHOICE, values=dict.fromkeys(_ROLES, LINES[0])),
    Field("elementInstanceKey", Kind.KEY),
    Field("jobKey", Kind.KEY),
    Field("loopIteration", Kind.INTEGER),
    Field("commitStatus", Kind.CHOICE, values=dict.fromkeys(("COMMITTED", "DISCARDED", "PENDING"), LINES[0])),
    Field("producedAt", Kind.DATE),
    unsorted=("role", "elementInstanceKey", "jobKey", "commitStatus"),
)


def _create(context: Context, agents: Agents) -> Endpoint:
    """An agent for an element instance; where it has one, the refusal names its key."""

    async def endpoint(request: Request) -> Response:
        body = await body_of(request, CREATION, context.line)
        key = whole(body["elementInstanceKey"], "elementInstanceKey")
        element = context.engine.state.elements.get(key)
        if element is None:
            raise missing("Element Instance", key)
        if (there := agents.of_element(key)) is not None:
            detail = f"Element instance with key '{key}' has an agent instance already, with key '{there.key}'"
            raise Problem(409, "ALREADY_EXISTS", detail)
        agent = agents.create(element)
        return answer({"agentInstanceKey": str(agent.key), "createdHistory": agents.add(agent, body)})

    return endpoint


def _agent(agents: Agents, request: Request) -> Agent:
    key = key_in(request)
    found = agents.there.get(key)
    if found is None:
        raise missing("Agent Instance", key)
    return found


def _update(context: Context, agents: Agents) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        agent = _agent(agents, request)
        body = await body_of(request, UPDATE, context.line)
        return answer({"createdHistory": agents.add(agent, body)})

    return endpoint


def _one(context: Context, agents: Agents) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        context.read()
        return answer(agents.item(_agent(agents, request)))

    return endpoint


def _definition(agents: Agents) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        found = next((each for each in agents.definitions() if each["agentDefinitionKey"] == str(key)), None)
        if found is None:
            raise missing("Agent Definition", key)
        return answer(found)

    return endpoint


def _search(context: Context, entity: Entity, items: Callable[[Request], Iterable[Mapping[str, Any]]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        context.read()
        there: Iterable[Item] = items(request)
        return answer(search(entity, there, await body_of(request), context.line))

    return endpoint


def routes(context: Context) -> list[Route]:
    """All endpoints of agents."""
    agents = Agents(context.engine, context.history)

    def history(request: Request) -> Iterable[Item]:
        return agents.history(_agent(agents, request))

    one, definitions = "/v2/agent-instances/{key}", "/v2/agent-definitions"
    return routed(
        context,
        [
            ("8.10", "POST", "/v2/agent-instances", _create(context, agents)),
            ("8.10", "POST", "/v2/agent-instances/search", _search(context, INSTANCES, lambda _: agents.items())),
            ("8.10", "GET", one, _one(context, agents)),
            ("8.10", "PATCH", one, _update(context, agents)),
            ("8.10", "POST", f"{one}/history/search", _search(context, HISTORY, history)),
            ("8.10", "POST", f"{definitions}/search", _search(context, DEFINITIONS, lambda _: agents.definitions())),
            ("8.10", "GET", f"{definitions}/{{key}}", _definition(agents)),
        ],
    )
