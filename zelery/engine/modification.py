"""Process instance modification and migration (docs: "Process instance modification", "Process instance migration")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from zelery.engine import catches, incidents, instances, lifecycle, variables
from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine.bpmn.model import Element, Kind
from zelery.engine.errors import Code, Failure, Rejected
from zelery.engine.records import Definition, DefinitionState, ElementInstance, Timer

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction

#: Elements that a modification cannot activate.
_UNSUPPORTED = frozenset({Kind.START_EVENT, Kind.BOUNDARY_EVENT})


def modify(tx: Transaction, command: cmd.ModifyInstance) -> None:
    """Activate elements of an instance, then terminate others."""
    root = _root(tx, command.key, "modify")
    process = root.instance.definition.process
    targets = [_target(process.elements.get(each.element_id), each, command.key) for each in command.activate]
    ended = [_to_terminate(tx, key, root) for key in command.terminate]
    inside = [_ancestor(tx, each, root) for each in command.activate]
    if root.instance.parent is not None and (root in ended or not targets) and not _goes_on(root, ended):
        raise Rejected(
            Code.INVALID_ARGUMENT,
            f"Expected to modify instance of process '{root.element.id}' but the given instructions would "
            "terminate the "
            "instance, and the instance was created by a call activity in the parent process: terminate the "
            "call activity "
            "there instead.",
        )
    for target, ancestor in zip(targets, inside, strict=True):
        if ancestor is None:
            _check_unambiguous(root, target)
    for instruction, target, ancestor in zip(command.activate, targets, inside, strict=True):
        if instruction.variables.get(""):
            variables.merge(tx, root, instruction.variables[""])
        _reopen(tx, root, target)
        activated = instances.activate_before(tx, root, target, instruction.variables, ancestor)
        if target.kind is Kind.EVENT_SUB_PROCESS and target.start is not None:
            # Its start event is as if it had happened; nothing else is interrupted.
            catches.happen(tx, target.start, activated, {})
    for instance in ended:
        if tx.is_active(instance):
            scope = instance.scope
            lifecycle.terminate(tx, instance)
            _end_empty(tx, scope)


def _check_unambiguous(root: ElementInstance, target: Element) -> None:
    """Refuse an element whose scope has several active instances. Raises Rejected."""
    scope = target.scope
    active = [each for each in _below(root) if each.element is scope]
    if scope is not None and len(active) > 1:
        raise Rejected(
            Code.INVALID_ARGUMENT,
            f"Expected to modify instance of process '{root.key}' but it contains one or more activate "
            "instructions for "
            f"element '{target.id}', whose flow scope '{scope.id}' has more than one active instance: name the "
            "one that "
            "is meant by its ancestor scope key",
        )


def _root(tx: Transaction, key: int, verb: str) -> ElementInstance:
    root = tx.state.elements.get(key)
    if root is None or key not in tx.state.instances:
        raise Rejected(
            Code.NOT_FOUND, f"Expected to {verb} process instance but no process instance found with key '{key}'"
        )
    return root


def _reopen(tx: Transaction, root: ElementInstance, target: Element) -> None:
    """Let tokens go on in interrupted scopes around an element that is to be activated."""
    around = {target.id: target}
    scope = target.scope
    while scope is not None:
        around[scope.id] = scope
        scope = scope.scope
    for each in (root, *_below(root)):
        if each.interrupted_by and each.interrupted_by not in around and around.get(each.element.id) is each.element:
            tx.emit(ev.ScopeInterrupted(each.key, ""))


def _goes_on(scope: ElementInstance, ended: Sequence[ElementInstance]) -> bool:
    """Whether anything is left of an element instance when these have ended; a scope that is left empty is not."""
    if scope in ended:
        return False
    children = (scope.children or {}).values()
    return not children or bool(scope.tokens) or any(_goes_on(each, ended) for each in children)


def _target(element: Element | None, instruction: cmd.ActivateElement, key: int) -> Element:
    if element is None:
        raise Rejected(
            Code.INVALID_ARGUMENT,
            f"Expected to modify instance of process '{key}' but it contains one or more activate instructions with an "
            f"element that could not be found: '{instruction.element_id}'",
        )
    if element.kind in _UNSUPPORTED or instances.is_behind_event_gateway(element):
        raise Rejected(
            Code.INVALID_ARGUMENT,
            f"Expected to modify instance of process '{key}' but it contains one or more activate instructions for "
            f"elements that are unsupported: '{element.id}'. The activation of elements with type '{element.kind}' is "
            "not supported.",
        )
    return element


def _to_terminate(tx: Transaction, key: int, root: ElementInstance) -> ElementInstance:
    found = tx.state.elements.get(key)
    if found is None or found.instance is not root.instance:
        raise Rejected(
            Code.INVALID_ARGUMENT,
            f"Expected to modify instance of process '{root.key}' but it contains one or more terminate instructions "
            f"with an element instance that could not be found: '{key}'",
        )
    return found


def _ancestor(tx: Transaction, instruction: cmd.ActivateElement, root: ElementInstance) -> ElementInstance | None:
    if not instruction.ancestor_key:
        return None
    found = tx.state.elements.get(instruction.ancestor_key)
    if found is None or found.instance is not root.instance:
        raise Rejected(
            Code.INVALID_ARGUMENT,
            f"Expected to modify instance of process '{root.key}' but it contains one or more activate instructions "
            f"with an ancestor scope key that does not exist, or is not in an active state: "
            f"'{instruction.ancestor_key}'",
        )
    return found


def _end_empty(tx: Transaction, scope: ElementInstance | None) -> None:
    """Terminate the scopes that a termination has left empty, the process too."""
    while scope is not None and lifecycle.is_empty(scope) and tx.is_active(scope):
        around = scope.scope
        lifecycle.terminate(tx, scope)
        scope = around


def migrate(tx: Transaction, command: cmd.MigrateInstance) -> None:
    """Continue an instance as one of another definition: its active elements as those that the mapping names."""
    root = _root(tx, command.key, "migrate")
    definition = tx.state.definitions.get(command.definition_key)
    if definition is None or definition.state is not DefinitionState.ACTIVE:
        raise Rejected(
            Code.NOT_FOUND,
            f"Expected to migrate process instance to process definition but no process definition found with key "
            f"'{command.definition_key}'",
        )
    _check_sources(root, command)
    active = list(_below(root))
    planned = [(each, _mapped(each, definition, command)) for each in active]
    tx.emit(ev.ElementMigrated(root.key, definition.key, definition.process_id))
    for instance, target in planned:
        tx.emit(ev.ElementMigrated(instance.key, definition.key, target))
    for instance in (root, *active):
        _migrate_catches(tx, instance, command.mapping)


def _migrate_catches(tx: Transaction, instance: ElementInstance, mapping: Mapping[str, str]) -> None:
    """Go on waiting for events that are mapped, no more for others, and for those that only the target has."""
    for key, waiting in list((instance.catches or {}).items()):
        target = mapping.get(waiting.catch.id)
        if target is not None and target in instance.instance.definition.process.elements:
            tx.emit(ev.CatchMigrated(key, target))
        else:
            tx.emit(ev.TimerCanceled(key) if isinstance(waiting, Timer) else ev.Unsubscribed(key))
    tx.later(_open_catches, instance)


def _open_catches(tx: Transaction, instance: ElementInstance) -> None:
    if not tx.is_active(instance):
        return
    try:
        lifecycle.behavior(instance).open_catches(tx, instance)
    except Failure as failure:
        incidents.create(tx, instance, failure, incidents.ACTIVATING)


def _check_sources(root: ElementInstance, command: cmd.MigrateInstance) -> None:
    """Refuse a mapping of an element that the instance's process does not have. Raises Rejected."""
    there = root.instance.definition.process.elements
    for source_id in command.mapping:
        if source_id not in there:
            raise Rejected(
                Code.INVALID_STATE,
                f"Expected to migrate process instance '{command.key}' but mapping instructions contain a non-existing "
                f"source element id '{source_id}'. Elements provided in mapping instructions must exist in the source "
                "process definition.",
            )


def _below(root: ElementInstance) -> Iterator[ElementInstance]:
    for child in (root.children or {}).values():
        yield child
        yield from _below(child)


def _mapped(instance: ElementInstance, definition: Definition, command: cmd.MigrateInstance) -> str:
    """The id of the element that an active one continues as. Raises Rejected."""
    source = instance.element
    target_id = command.mapping.get(source.id)
    begun = f"Expected to migrate process instance '{command.key}' but"
    if target_id is None:
        raise Rejected(
            Code.INVALID_STATE, f"{begun} no mapping instruction defined for active element with id '{source.id}'."
        )
    target = definition.process.elements.get(target_id)
    if target is None:
        raise Rejected(
            Code.INVALID_STATE,
            f"{begun} mapping instructions contain a non-existing target element id '{target_id}'.",
        )
    if target.kind is not source.kind and (target.inner is None or target.inner.kind is not source.kind):
        raise Rejected(
            Code.INVALID_STATE,
            f"{begun} active element with id '{source.id}' and type '{source.kind}' is mapped to an element with id "
            f"'{target.id}' and different type '{target.kind}'. Elements must be mapped to elements of the same type.",
        )
    if _scope_id(target) != _mapped_scope(instance, definition, command):
        raise Rejected(
            Code.INVALID_STATE,
            f"{begun} the flow scope of active element with id '{source.id}' is changed. The flow scope of the active "
            f"element is expected to be '{_mapped_scope(instance, definition, command)}' but was "
            f"'{_scope_id(target)}'.",
        )
    return target_id


def _scope_id(element: Element) -> str:
    """The id of the scope of an element, multi-instance bodies and ad-hoc inner instances passed over."""
    scope = element.scope
    while scope is not None and scope.kind in (Kind.MULTI_INSTANCE_BODY, Kind.AD_HOC_INNER):
        scope = scope.scope
    return scope.id if scope is not None else ""


def _mapped_scope(instance: ElementInstance, definition: Definition, command: cmd.MigrateInstance) -> str:
    """The id of the scope that an active element is expected to have in the target."""
    scope_id = _scope_id(instance.element)
    if scope_id == instance.instance.definition.process_id:
        return definition.process_id
    return command.mapping.get(scope_id, scope_id)
