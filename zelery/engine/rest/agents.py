"""Agent instances of 8.10: what AI agents tell of their turns. They are for people; nothing in a process reads them.

They are kept in memory, beside the journal, as long as their process instance is known. Facts: the types of the client
of 8.10 (PyPI `camunda-orchestration-sdk` 10.0.1); spec/catalogue-ai.md §9.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from zelery.engine.bpmn.model import Kind
from zelery.engine.engine import Engine
from zelery.engine.history.history import History
from zelery.engine.records import ElementInstance
from zelery.engine.rest.filters import Item
from zelery.engine.rest.items import moment

#: Keys of agents: of a partition that the engine does not have, so that they are nobody else's.
_FIRST_KEY = 2 << 51

_METRICS = (
    "inputTokens",
    "outputTokens",
    "reasoningTokenCount",
    "cacheCreationTokenCount",
    "cacheReadTokenCount",
)


@dataclasses.dataclass(slots=True, frozen=True)
class Entry:
    """An item of an agent's history."""

    key: int
    element_key: int
    job_key: int
    lease: str
    given: Mapping[str, Any]
    """As the agent has sent it."""


@dataclasses.dataclass(slots=True, eq=False)
class Agent:
    """An agent instance."""

    key: int
    definition_key: int
    element: ElementInstance
    created: int
    updated: int
    status: str = "INITIALIZING"
    entries: dict[str, Entry] = dataclasses.field(default_factory=dict)
    """By the id that the agent gave."""


class Agents:
    """The agent instances of an engine.

    Args:
        engine: Whose element instances they belong to.
        history: What says how these have ended.
    """

    def __init__(self, engine: Engine, history: History) -> None:
        self._engine = engine
        self._history = history
        self._keys = itertools.count(_FIRST_KEY)
        self._definitions: dict[tuple[int, str], int] = {}
        self.there: dict[int, Agent] = {}

    def of_element(self, element_key: int) -> Agent | None:
        """The agent of an element instance; None where it has none."""
        return next((each for each in self.there.values() if each.element.key == element_key), None)

    def create(self, element: ElementInstance) -> Agent:
        """An agent for an active element instance that has none. Agents of forgotten instances are forgotten."""
        known = self._engine.state.instances.keys() | self._history.instances.keys()
        self.there = {key: each for key, each in self.there.items() if each.element.instance.key in known}
        of_model = (element.instance.definition.key, element.element.id)
        definition_key = self._definitions.setdefault(of_model, next(self._keys))
        now = self._engine.clock.now_ms()
        agent = Agent(next(self._keys), definition_key, element, now, now)
        self.there[agent.key] = agent
        return agent

    def add(self, agent: Agent, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Take what a request tells of an agent; what was told before is told so. The answer's `createdHistory`."""
        agent.status = body.get("status", agent.status)
        agent.updated = self._engine.clock.now_ms()
        told = []
        for given in body.get("history", ()):
            item_id = given["historyItemId"]
            known = agent.entries.get(item_id)
            entry = known or Entry(
                next(self._keys),
                int(body["elementInstanceKey"]),
                int(body["jobKey"]),
                body.get("jobLeaseToken", ""),
                given,
            )
            agent.entries[item_id] = entry
            told.append({"historyItemId": item_id, "historyItemKey": str(entry.key), "isDuplicate": known is not None})
        return told

    # Items.

    def items(self) -> Iterator[Item]:
        """All agents."""
        return (self.item(each) for each in self.there.values())

    def item(self, agent: Agent) -> Item:
        """An agent, with what its history comes to."""
        within, record = agent.element.instance, self._history.elements.get(agent.element.key)
        ended = agent.element.key not in self._engine.state.elements
        return {
            "agentInstanceKey": str(agent.key),
            "agentDefinitionKey": str(agent.definition_key),
            "status": "COMPLETED" if ended else agent.status,
            **told(each.given for each in agent.entries.values()),
            "elementId": agent.element.element.id,
            "processInstanceKey": str(within.key),
            "rootProcessInstanceKey": str(within.root_key),
            "processDefinitionKey": str(within.definition.key),
            "processDefinitionId": within.definition.process_id,
            "processDefinitionVersion": within.definition.version,
            "processDefinitionVersionTag": within.definition.process.version_tag,
            "tenantId": within.definition.tenant_id,
            "creationDate": moment(agent.created),
            "lastUpdatedDate": moment(agent.updated),
            "completionDate": moment(record.end) if record is not None else None,
            "elementInstanceKeys": [str(agent.element.key)],
        }

    def definitions(self) -> Iterator[Item]:
        """The elements that agents were made for, each once."""
        by_key = {each.definition_key: each.element for each in self.there.values()}
        for key, element in by_key.items():
            definition = element.instance.definition
            agentic = element.element.kind in (Kind.AD_HOC_SUB_PROCESS, Kind.AD_HOC_INNER)
            yield {
                "agentDefinitionKey": str(key),
                "agentType": "AI_AGENT_SUB_PROCESS" if agentic else "AI_AGENT_TASK",
                "name": element.element.name or element.element.id,
                "elementId": element.element.id,
                "processDefinitionId": definition.process_id,
                "processDefinitionKey": str(definition.key),
                "processDefinitionVersion": definition.version,
                "processDefinitionVersionTag": definition.process.version_tag,
                "tenantId": definition.tenant_id,
            }

    def history(self, agent: Agent) -> Iterator[Item]:
        """The history of an agent."""
        for each in agent.entries.values():
            given = each.given
            yield {
                "historyItemKey": str(each.key),
                "historyItemId": given["historyItemId"],
                "agentInstanceKey": str(agent.key),
                "elementInstanceKey": str(each.element_key),
                "jobKey": str(each.job_key),
                "jobLeaseToken": each.lease,
                "loopIteration": given["loopIteration"],
                "role": given["role"],
                "content": given.get("content", []),
                "toolCalls": given.get("toolCalls", []),
                "metrics": given.get("metrics"),
                "commitStatus": self._commit_status(each.job_key),
                "producedAt": given["producedAt"],
                "tools": given.get("tools", []),
            }

    def _commit_status(self, job_key: int) -> str:
        """Whether the job that told it was completed."""
        if job_key in self._engine.state.jobs:
            return "PENDING"
        job = self._history.jobs.get(job_key)
        return "COMMITTED" if job is not None and job.state == "COMPLETED" else "DISCARDED"


def told(history: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a history comes to: the newest configuration, and the sums of its metrics."""
    entries: Sequence[Mapping[str, Any]] = list(history)
    configured: dict[str, Any] = {}
    for each in entries:
        configured |= {
            name: each[name] for name in ("model", "provider", "systemPrompt", "limits", "tools") if name in each
        }
    measured = [each.get("metrics") or {} for each in entries]
    sums = {name: sum(int(each.get(name) or 0) for each in measured) for name in _METRICS}
    asked = [each for each in entries if each["role"] == "ASSISTANT"]
    return {
        "definition": {
            "model": configured.get("model", ""),
            "provider": configured.get("provider", ""),
            "systemPrompt": configured.get("systemPrompt", []),
        },
        "metrics": {
            **sums,
            "modelCalls": len(asked),
            "toolCalls": sum(len(each.get("toolCalls") or ()) for each in asked),
        },
        "limits": configured.get("limits", {"maxModelCalls": -1, "maxToolCalls": -1, "maxTokens": -1}),
        "tools": configured.get("tools", []),
    }
