"""Call activities: another process, started as an instance of its own (docs: "Call activities")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zelery.engine import instances, lifecycle, variables
from zelery.engine.bpmn.model import Binding, CalledElement
from zelery.engine.elements.behavior import Activity
from zelery.engine.errors import Failure
from zelery.engine.records import Definition, DefinitionState, ElementInstance
from zelery.engine.transaction import Transaction

CALLED_ELEMENT_ERROR = "CALLED_ELEMENT_ERROR"

#: How deep processes may call one another.
DEPTH_MAX = 1000


class CallActivity(Activity):
    """A call activity."""

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        called = instance.element.called
        assert called is not None  # noqa: S101 - for the type checker: the reader has looked
        if instance.called:
            return
        definition = _definition(tx, instance, called)
        start = definition.process.root.start
        if start is None:
            raise Failure(
                CALLED_ELEMENT_ERROR,
                f"Expected process with BPMN process id '{definition.process_id}' to have a none start event, but not "
                "found.",
            )
        if instance.instance.depth >= DEPTH_MAX:
            raise Failure(
                CALLED_ELEMENT_ERROR,
                f"The call activity has reached the maximum call depth of {DEPTH_MAX}, likely by a recursive call: "
                "let the process end instead, then resolve this incident.",
            )
        values = variables.visible(instance) if called.propagate_all_parent_variables else dict(instance.variables)
        instances.start(tx, definition, start, {}, parent=instance, values=values)

    def called_done(self, tx: Transaction, instance: ElementInstance, values: Mapping[str, Any]) -> None:
        """Go on when the called process has completed with these variables."""
        called = instance.element.called
        if called is not None and called.propagate_all_child_variables:
            tx.later(lifecycle.complete, instance, values)
            return
        if values and instance.element.outputs:
            variables.set_local(tx, instance, values)
        lifecycle.complete_soon(tx, instance)


def _definition(tx: Transaction, instance: ElementInstance, called: CalledElement) -> Definition:
    """The process that is called. Raises Failure."""
    process_id = tx.expressions.text(called.process_id, instance)
    caller = instance.instance.definition
    versions = tx.state.versions.get((caller.tenant_id, process_id), [])
    startable = [each for each in reversed(versions) if each.state is DefinitionState.ACTIVE]
    match called.binding:
        case Binding.LATEST:
            found = startable
            how = ""
        case Binding.DEPLOYMENT:
            found = [each for each in startable if each.deployment_key == caller.deployment_key]
            how = (
                " in the deployment of the calling process. To resolve this incident, deploy both together, and "
                "migrate the instance to the new version"
            )
        case Binding.VERSION_TAG:
            found = [each for each in startable if each.process.version_tag == called.version_tag]
            how = f" with version tag '{called.version_tag}'. To resolve this incident, deploy one with that tag"
    if not found:
        raise Failure(
            CALLED_ELEMENT_ERROR,
            f"Expected process with BPMN process id '{process_id}' to be deployed, but not found{how}.",
        )
    return found[0]
