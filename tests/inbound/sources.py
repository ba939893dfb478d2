"""A cluster in memory: what is deployed there, who waits, and what goes wrong when it is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

from tests.inbound.elements import definition
from zelery.camunda.definitions.port import Definition, ElementInstance, Snapshot, Variables
from zelery.errors import SourceError, SourceNotFoundError

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="tests">"""


def start(element_id: str = "start", **properties: str) -> str:
    """A start event with a connector: a webhook, where its `type` says nothing else."""
    return f'<bpmn:startEvent id="{element_id}">{_extensions(properties)}</bpmn:startEvent>'


def catch(element_id: str = "catch", **properties: str) -> str:
    """An intermediate catch event with a connector, whose message is called `m-<id>`."""
    properties = {"correlationKeyExpression": "=body.key", **properties}
    return (
        f'<bpmn:intermediateCatchEvent id="{element_id}">{_extensions(properties)}'
        f'<bpmn:messageEventDefinition messageRef="m-{element_id}"/></bpmn:intermediateCatchEvent>'
    )


def _extensions(properties: Mapping[str, str]) -> str:
    named = {name.replace("__", "."): value for name, value in {"inbound__type": "tests:hook:1", **properties}.items()}
    lines = "".join(f"<zeebe:property name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in named.items())
    return f"<bpmn:extensionElements><zeebe:properties>{lines}</zeebe:properties></bpmn:extensionElements>"


def model(process_id: str, *elements: str) -> bytes:
    """A model of one process. Its elements are not connected: nobody runs it."""
    messages = "".join(
        f'<bpmn:message id="m-{name}" name="m-{name}"><bpmn:extensionElements>'
        '<zeebe:subscription correlationKey="=key"/></bpmn:extensionElements></bpmn:message>'
        for name in (each.partition('id="')[2].partition('"')[0] for each in elements)
    )
    return (
        f"{HEAD}{messages}<bpmn:process id={quoteattr(process_id)} isExecutable='true'>"
        f"{''.join(elements)}</bpmn:process></bpmn:definitions>"
    ).encode()


@dataclasses.dataclass
class Cluster:
    """A `DefinitionSource`."""

    definitions: list[Definition] = dataclasses.field(default_factory=list)
    models: dict[int, bytes] = dataclasses.field(default_factory=dict)
    doubt: str | None = None
    waits: dict[int, bool] | None = dataclasses.field(default_factory=dict)
    """Older versions in which something waits; None: it cannot tell."""
    tokens: dict[str, list[ElementInstance]] = dataclasses.field(default_factory=dict)
    """Who waits, by element."""
    known: Mapping[int, Variables] = dataclasses.field(default_factory=dict)
    """Variables by instance."""
    trouble: dict[str, SourceError] = dataclasses.field(default_factory=dict)
    """What each method raises by its name, and `xml` by `xml <key>` too."""
    asked: list[tuple[str, object]] = dataclasses.field(default_factory=list)
    """What was asked: method and argument."""

    def __post_init__(self) -> None:
        self._snapshot = Snapshot(definitions=())

    def deploy(self, process_id: str, *elements: str, tenant_id: str = "<default>") -> int:
        """A new version; returns its key."""
        key = 1 + max(self.models, default=100)
        version = 1 + sum((d.process_id, d.tenant_id) == (process_id, tenant_id) for d in self.definitions)
        self.definitions.insert(0, definition(key, process_id, version, tenant_id))
        self.models[key] = model(process_id, *elements)
        return key

    def delete(self, key: int) -> None:
        self.definitions = [each for each in self.definitions if each.key != key]

    def count(self, method: str) -> int:
        """How often it was asked."""
        return sum(each == method for each, _ in self.asked)

    def _ask(self, method: str, about: object) -> None:
        self.asked.append((method, about))
        for name in (method, f"{method} {about}"):
            if name in self.trouble:
                raise self.trouble[name]

    async def deployed(self) -> Snapshot:
        self._ask("deployed", None)
        now = Snapshot(definitions=tuple(self.definitions), doubt=self.doubt)
        if now != self._snapshot:
            self._snapshot = now
        return self._snapshot

    async def xml(self, key: int) -> bytes:
        self._ask("xml", key)
        if key not in self.models:
            raise SourceNotFoundError(f"no model of {key}")
        return self.models[key]

    async def waiting(self, candidates: Sequence[int]) -> Mapping[int, bool] | None:
        self._ask("waiting", tuple(candidates))
        return None if self.waits is None else {key: self.waits[key] for key in candidates if key in self.waits}

    async def waiting_elements(self, definition_key: int, element_id: str) -> Sequence[ElementInstance]:
        self._ask("waiting_elements", element_id)
        return self.tokens.get(element_id, [])

    async def variables(self, process_instance_key: int, scope_keys: Sequence[int]) -> Variables:
        self._ask("variables", tuple(scope_keys))
        return self.known.get(process_instance_key, Variables(values={}))

    async def check(self) -> None: ...
