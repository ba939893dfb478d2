"""Elements and executables as tests write them."""

from __future__ import annotations

from typing import Any

from inbound.executables import Element, Executable, Point, State
from zelery.camunda.definitions.port import Definition
from zelery.model import DEFAULT_TENANT

KEY = 2251799813685249


def element(element_id: str = "e1", *, point: Point = Point.START, key: int = KEY, **given: Any) -> Element:
    """An element of `order`; `properties` are added to its type's."""
    properties = {"inbound.type": "tests:hook:1", **given.pop("properties", {})}
    return Element(
        process_id=given.pop("process_id", "order"),
        version=given.pop("version", 1),
        definition_key=key,
        tenant_id=given.pop("tenant_id", DEFAULT_TENANT),
        element_id=element_id,
        name=None,
        bpmn_type="startEvent" if point is not Point.MESSAGE else "intermediateCatchEvent",
        point=point,
        message_name=None if point is Point.START else given.pop("message_name", f"m-{element_id}"),
        attached_to=given.pop("attached_to", None),
        template=None,
        properties=properties,
    )


def executable(*elements: Element, **given: Any) -> Executable:
    """A live executable of these elements."""
    found = elements or (element(),)
    return Executable(
        **{
            "id": f"id-{found[0].element_id}",
            "deduplication_id": f"{found[0].tenant_id}-{found[0].process_id}-{found[0].element_id}",
            "type": found[0].properties["inbound.type"],
            "tenant_id": found[0].tenant_id,
            "elements": found,
            "state": State.ACTIVE,
            "kind": "webhook",
            "activated_ms": 1_000,
            **given,
        }
    )


def definition(
    key: int = KEY, process_id: str = "order", version: int = 1, tenant_id: str = DEFAULT_TENANT
) -> Definition:
    """A version of a process."""
    return Definition(key=key, process_id=process_id, version=version, tenant_id=tenant_id)
