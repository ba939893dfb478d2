"""Process instances: created, canceled (docs: "Process instance creation")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine import lifecycle, variables
from zelery.engine.bpmn.model import SCOPES, Element, Kind
from zelery.engine.errors import Code, Rejected
from zelery.engine.records import NO_VARIABLES, Definition, DefinitionState, ElementInstance

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction


def create(tx: Transaction, command: cmd.CreateInstance) -> cmd.Created:
    """Start a process at its none start event, or before the elements of the start instructions."""
    definition = _definition(tx, command)
    root = definition.process.root
    if root.start is None and not command.start_instructions:
        raise Rejected(
            Code.INVALID_STATE,
            "Expected to create instance of process with none start event, but there is no such event",
        )
    targets = [_target(definition, each.element_id) for each in command.start_instructions]
    key = tx.key()
    start_id = root.start.id if root.start is not None and not targets else ""
    tx.emit(ev.InstanceCreated(key, definition.key, 0, "", tuple(command.tags), command.business_id, start_id=start_id))
    created = tx.state.elements[key]
    if command.variables:
        variables.set_local(tx, created, command.variables)
    tx.later(lifecycle.enter, created)
    for target in targets:
        tx.later(activate_before, created, target, NO_VARIABLES)
    return cmd.Created(
        key,
        definition.key,
        definition.process_id,
        definition.version,
        definition.tenant_id,
        tuple(command.tags),
        command.business_id,
    )


def start(
    tx: Transaction,
    definition: Definition,
    catch: Element,
    payload: Mapping[str, Any],
    *,
    correlation_key: str = "",
    parent: ElementInstance | None = None,
    values: Mapping[str, Any] = NO_VARIABLES,
) -> int:
    """Start a process at a start event. Returns the instance's key.

    Args:
        tx: The transaction.
        definition: The process.
        catch: Its start event.
        payload: What the event brings.
        correlation_key: Of the message, where it holds off others.
        parent: The call activity that starts it.
        values: Variables of the instance.
    """
    key = tx.key()
    tx.emit(
        ev.InstanceCreated(
            key,
            definition.key,
            parent.key if parent is not None else 0,
            correlation_key,
            (),
            start_id=catch.id,
            payload=payload,
        )
    )
    created = tx.state.elements[key]
    if values:
        variables.set_local(tx, created, values)
    tx.later(lifecycle.enter, created)
    return key


def _definition(tx: Transaction, command: cmd.CreateInstance) -> Definition:
    state = tx.state
    if command.definition_key:
        found = state.definitions.get(command.definition_key)
        if found is None or found.state is not DefinitionState.ACTIVE or found.tenant_id != command.tenant_id:
            raise Rejected(
                Code.NOT_FOUND,
                f"Expected to find process definition with key '{command.definition_key}', but none found",
            )
        return found
    if not command.process_id:
        raise Rejected(
            Code.INVALID_ARGUMENT, "Expected either a bpmnProcessId or a processDefinitionKey, but none given"
        )
    if command.version < 0:
        latest = state.latest(command.tenant_id, command.process_id)
        if latest is None:
            raise Rejected(
                Code.NOT_FOUND,
                f"Expected to find process definition with process ID '{command.process_id}', but none found",
            )
        return latest
    for each in state.versions.get((command.tenant_id, command.process_id), ()):
        if each.version == command.version and each.state is DefinitionState.ACTIVE:
            return each
    raise Rejected(
        Code.NOT_FOUND,
        f"Expected to find process definition with process ID '{command.process_id}' and version "
        f"'{command.version}', but none found",
    )


def _target(definition: Definition, element_id: str) -> Element:
    """The element of a start instruction. Raises Rejected for one that cannot be started before."""
    element = definition.process.elements.get(element_id)
    if element is None:
        raise Rejected(
            Code.INVALID_ARGUMENT,
            f"Expected to create instance of process with start instructions but no element found with id "
            f"'{element_id}'.",
        )
    scope = element.scope
    while scope is not None:
        if scope.kind is Kind.MULTI_INSTANCE_BODY:
            raise Rejected(
                Code.INVALID_ARGUMENT,
                f"Expected to create instance of process with start instructions but the element with id "
                f"'{element_id}' is inside a multi-instance subprocess. The creation of elements inside a "
                "multi-instance subprocess is not supported.",
            )
        scope = scope.scope
    if element.kind in (Kind.START_EVENT, Kind.BOUNDARY_EVENT) or is_behind_event_gateway(element):
        raise Rejected(
            Code.INVALID_ARGUMENT,
            f"Expected to create instance of process with start instructions but the element with id '{element_id}' "
            f"targets unsupported element type '{element.kind}'.",
        )
    return element


def is_behind_event_gateway(element: Element) -> bool:
    """Whether an event belongs to an event-based gateway, and cannot be activated without it."""
    return any(flow.source.kind is Kind.EVENT_BASED_GATEWAY for flow in element.incoming)


def activate_before(
    tx: Transaction,
    root: ElementInstance,
    target: Element,
    values: Mapping[str, Mapping[str, Any]],
    inside: ElementInstance | None = None,
) -> ElementInstance:
    """Activate an element, and the scopes around it that are not active. Returns its instance.

    Args:
        tx: The transaction.
        root: The process's element instance.
        target: The element.
        values: Local variables by the id of the element they are set in.
        inside: An active scope in which the element is to be, where there are several.
    """
    missing: list[Element] = []
    wanted: Element | None = target.scope
    scope = inside or root
    while wanted is not None and wanted is not scope.element:
        found = _active(root, wanted) if inside is None else None
        if found is not None:
            scope = found
            break
        missing.append(wanted)
        wanted = wanted.scope
    for each in reversed(missing):
        scope = _activate_scope(tx, each, scope, values.get(each.id, NO_VARIABLES))
    return lifecycle.activate(tx, target, scope, values.get(target.id))


def _activate_scope(
    tx: Transaction, element: Element, scope: ElementInstance, values: Mapping[str, Any]
) -> ElementInstance:
    """Activate a scope without its start event."""
    key = tx.key()
    tx.emit(ev.ElementActivated(key, element.id, scope.key, scope.instance.key))
    activated = tx.state.elements[key]
    if values:
        variables.set_local(tx, activated, values)
    lifecycle.behavior(activated).open_catches(tx, activated)
    return activated


def _active(root: ElementInstance, element: Element) -> ElementInstance | None:
    """The one active instance of a scope, anywhere below; None where there is none."""
    below = [root]
    while below:
        current = below.pop()
        if current.element is element:
            return current
        below.extend(each for each in (current.children or {}).values() if each.element.kind in SCOPES)
    return None


def cancel(tx: Transaction, command: cmd.CancelInstance) -> None:
    """Terminate a process instance."""
    instance = tx.state.instances.get(command.key)
    if instance is None:
        raise Rejected(
            Code.NOT_FOUND,
            f"Expected to cancel a process instance with key '{command.key}', but no such process was found",
        )
    if instance.parent is not None:
        raise Rejected(
            Code.INVALID_STATE,
            f"Expected to cancel a process instance with key '{command.key}', but it is created by a parent process "
            f"instance. Cancel the root process instance '{instance.root_key}' instead.",
        )
    lifecycle.terminate(tx, tx.state.elements[command.key])


def set_variables(tx: Transaction, command: cmd.SetVariables) -> int:
    """Set variables, locally or where they are."""
    scope = tx.element(command.element_key, "Expected to update variables for element")
    key = tx.key()
    if command.local:
        variables.set_local(tx, scope, command.variables)
    else:
        variables.merge(tx, scope, command.variables)
    return key
