"""Ad-hoc sub-processes (docs: "Ad-hoc sub-process").

Each activated element has an inner instance of its own around it, in which what follows it goes on too. Which elements
are activated is said by the active elements collection, by the REST API, or (job-worker implementation) by the result
of a job of the sub-process, which is created anew each time an inner instance has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine import incidents, jobs, lifecycle, variables
from zelery.engine.bpmn import from_ai
from zelery.engine.bpmn.model import AdHoc, Element, Kind
from zelery.engine.elements.behavior import Activity
from zelery.engine.elements.scopes import Scope
from zelery.engine.errors import Code, Failure, Rejected
from zelery.engine.expressions import EXTRACT_VALUE_ERROR
from zelery.engine.records import ElementInstance
from zelery.engine.transaction import Transaction

#: The job's kind, as the REST API has it.
_KIND = "AD_HOC_SUB_PROCESS"

#: What workers see of the elements that they may activate.
_ELEMENTS = "adHocSubProcessElements"


class AdHocSubProcess(Activity):
    """An ad-hoc sub-process."""

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        element = instance.element
        wanted = [] if element.job is not None else _wanted(tx, instance)
        if instance.loop is None:
            tx.emit(ev.LoopStarted(instance.key, wanted))
            ad_hoc = _ad_hoc(instance)
            if ad_hoc.output_collection:
                variables.set_local(tx, instance, {ad_hoc.output_collection: []})
        variables.set_local(tx, instance, {_ELEMENTS: [_described(each) for each in startable(element)]})
        if element.job is not None:
            if not instance.job_key:
                jobs.create(tx, instance, element.job, kind=_KIND)
            return
        activate_elements(tx, instance, [(each, {}) for each in wanted])

    def check_result(self, instance: ElementInstance, result: cmd.JobResult | None) -> None:
        if result is None:
            return
        if result.denied or result.corrections:
            raise Rejected(
                Code.INVALID_ARGUMENT, "Expected the result of an ad-hoc sub-process, but that of a user task was given"
            )
        if result.completion_condition_fulfilled and result.activate_elements:
            raise Rejected(
                Code.INVALID_ARGUMENT,
                f"Expected the result of the job of ad-hoc sub-process '{instance.element.id}' to fulfill its "
                "completion condition or to activate elements, but it does both: leave out one",
            )
        check_elements(instance, [name for name, _ in result.activate_elements])

    def job_done(
        self,
        tx: Transaction,
        instance: ElementInstance,
        payload: Mapping[str, Any],
        result: cmd.JobResult | None,
    ) -> None:
        if payload:
            variables.merge(tx, instance, payload)
        result = result or cmd.JobResult()
        if result.completion_condition_fulfilled:
            tx.emit(ev.CompletionConditionFulfilled(instance.key))
        if result.cancel_remaining:
            lifecycle.terminate_children(tx, instance)
        activate_elements(tx, instance, result.activate_elements)
        lifecycle.look_at(tx, instance)

    def child_completing(self, tx: Transaction, scope: ElementInstance, child: ElementInstance) -> None:
        ad_hoc = _ad_hoc(scope)
        if ad_hoc.output_collection and ad_hoc.output_element is not None:
            value = tx.expressions.evaluate(ad_hoc.output_element, child)
            collected = scope.variables.get(ad_hoc.output_collection)
            if not isinstance(collected, list):
                raise Failure(
                    EXTRACT_VALUE_ERROR,
                    f"Unable to update the output collection '{ad_hoc.output_collection}': it is no list any more. Let "
                    "nothing within the ad-hoc sub-process change it.",
                )
            variables.set_local(tx, scope, {ad_hoc.output_collection: [*collected, value]})
        condition = ad_hoc.completion_condition
        if condition is not None and not _fulfilled(scope) and tx.expressions.boolean(condition, child):
            tx.emit(ev.CompletionConditionFulfilled(scope.key))

    def child_left(self, tx: Transaction, scope: ElementInstance, child: ElementInstance) -> None:  # noqa: ARG002
        if _fulfilled(scope) and _ad_hoc(scope).cancel_remaining and scope.element.job is None:
            lifecycle.terminate_children(tx, scope)
        if scope.element.job is not None and not _fulfilled(scope) and not scope.interrupted_by:
            self._ask_again(tx, scope)
        lifecycle.look_at(tx, scope)

    def _ask_again(self, tx: Transaction, scope: ElementInstance) -> None:
        """Create the job anew: its worker decides with what the inner instance has come to."""
        definition = scope.element.job
        assert definition is not None  # noqa: S101 - for the type checker: the caller has looked
        if scope.job_key:
            incidents.close(tx, scope, job_key=scope.job_key)
            tx.emit(ev.JobCanceled(scope.job_key))
        try:
            jobs.create(tx, scope, definition, kind=_KIND)
        except Failure as failure:
            incidents.create(tx, scope, failure, incidents.ACTIVATING)

    def quiet(self, tx: Transaction, scope: ElementInstance) -> None:
        if scope.job_key or not lifecycle.is_empty(scope):
            return
        if (
            _fulfilled(scope)
            or scope.interrupted_by
            or (scope.element.job is None and _ad_hoc(scope).completion_condition is None)
        ):
            lifecycle.complete(tx, scope)

    def completing(self, tx: Transaction, instance: ElementInstance) -> None:
        name = _ad_hoc(instance).output_collection
        if name and instance.scope is not None and name in instance.variables:
            variables.set_local(tx, instance.scope, {name: instance.variables[name]})


class InnerInstance(Scope):
    """What surrounds one activated element of an ad-hoc sub-process, and all that follows it."""

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        """Begin nothing: `activate_elements` has."""


def _ad_hoc(instance: ElementInstance) -> AdHoc:
    return instance.element.ad_hoc or AdHoc()


def _fulfilled(scope: ElementInstance) -> bool:
    return scope.loop is not None and scope.loop.fulfilled


def _wanted(tx: Transaction, instance: ElementInstance) -> list[str]:
    """The ids in the active elements collection. Raises Failure."""
    expression = _ad_hoc(instance).active_elements
    if expression is None:
        return []
    wanted = tx.expressions.texts(expression, instance)
    known = {each.id for each in startable(instance.element)}
    unknown = [each for each in wanted if each not in known]
    if unknown:
        raise Failure(
            EXTRACT_VALUE_ERROR,
            f"Expected to activate elements of the ad-hoc sub-process '{instance.element.id}', but {_listed(unknown)} "
            f"are none of it; it has {_listed(sorted(known))}",
        )
    return wanted


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def startable(element: Element) -> list[Element]:
    """The elements of an ad-hoc sub-process that can be activated: those that no flow leads to."""
    return [
        each
        for each in element.children
        if not each.incoming and each.kind not in (Kind.BOUNDARY_EVENT, Kind.EVENT_SUB_PROCESS, Kind.AD_HOC_INNER)
    ]


def _described(element: Element) -> dict[str, Any]:
    """What a worker sees of an element: names without a value are left out."""
    found = {
        "elementId": element.id,
        "elementName": element.name,
        "documentation": element.documentation,
        "properties": dict(element.properties),
        "parameters": from_ai.parameters(element.inner or element),
    }
    return {name: value for name, value in found.items() if value}


def check_elements(instance: ElementInstance, wanted: Iterable[str]) -> None:
    """Refuse ids that are no elements of an ad-hoc sub-process. Raises Rejected."""
    known = {each.id for each in instance.element.children if each.kind is not Kind.BOUNDARY_EVENT}
    unknown = [each for each in wanted if each not in known]
    if unknown:
        raise Rejected(
            Code.NOT_FOUND,
            f"Expected to activate activities for ad-hoc sub-process with key '{instance.key}', but the given elements "
            f"[{', '.join(unknown)}] do not exist.",
        )


def activate_elements(
    tx: Transaction, instance: ElementInstance, wanted: Iterable[tuple[str, Mapping[str, Any]]]
) -> None:
    """Activate elements, each within an inner instance that has the given variables."""
    process = instance.instance.definition.process
    inner = instance.element.inner
    assert inner is not None  # noqa: S101 - for the type checker: the reader has made one
    for element_id, values in wanted:
        key = tx.key()
        tx.emit(ev.ElementActivated(key, inner.id, instance.key, instance.instance.key))
        around = tx.state.elements[key]
        if values:
            variables.set_local(tx, around, values)
        lifecycle.activate_soon(tx, process.elements[element_id], around)


def activate_command(tx: Transaction, command: cmd.ActivateAdHoc) -> None:
    """Activate elements by a command (REST API, "Activate activities within an ad-hoc sub-process")."""
    instance = tx.element(command.element_key, "Expected to activate activities for ad-hoc sub-process")
    if instance.element.kind is not Kind.AD_HOC_SUB_PROCESS:
        raise Rejected(
            Code.INVALID_STATE,
            f"Expected to activate activities for ad-hoc sub-process with key '{command.element_key}', but it is a "
            f"{instance.element.kind}",
        )
    names = [name for name, _ in command.elements]
    if len(set(names)) != len(names):
        raise Rejected(
            Code.INVALID_ARGUMENT,
            f"Expected to activate activities for ad-hoc sub-process with key '{command.element_key}', but duplicate "
            "activities were given.",
        )
    check_elements(instance, names)
    if command.cancel_remaining:
        lifecycle.terminate_children(tx, instance)
    activate_elements(tx, instance, command.elements)
