"""Tasks (docs: "Service tasks", "Script tasks", "User tasks", "Receive tasks", "Manual tasks")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zelery.engine import catches, jobs, lifecycle, variables
from zelery.engine import events as ev
from zelery.engine.bpmn.model import Element, Expression
from zelery.engine.elements.behavior import Activity
from zelery.engine.errors import Failure
from zelery.engine.expressions import EXTRACT_VALUE_ERROR
from zelery.engine.records import ElementInstance
from zelery.engine.transaction import Transaction

#: A user task's priority where its model gives none, and the highest (docs: "User tasks").
PRIORITY_DEFAULT, PRIORITY_MAX = 50, 100


class JobTask(Activity):
    """A task that a job worker does: service, send, business rule."""

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        definition = instance.element.job
        assert definition is not None  # noqa: S101 - for the type checker: the reader has looked
        if not instance.job_key:
            jobs.create(tx, instance, definition)


class ScriptTask(JobTask):
    """A script: a FEEL expression that is evaluated here, or a job."""

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        script = instance.element.script
        if script is None:
            super().begin(tx, instance)
            return
        value = tx.expressions.evaluate(script.expression, instance)
        tx.later(lifecycle.complete, instance, {script.result_variable: value})


class UserTask(JobTask):
    """A user task: kept by the engine (`zeebe:userTask`), or a job of type `io.camunda.zeebe:userTask`."""

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        definition = instance.element.user_task
        if definition is None:
            self._begin_job(tx, instance)
            return
        if instance.user_task_key:
            return
        attributes: dict[str, Any] = {
            "assignee": _text(tx, definition.assignee, instance),
            "candidateGroups": _texts(tx, definition.candidate_groups, instance),
            "candidateUsers": _texts(tx, definition.candidate_users, instance),
            "dueDate": _text(tx, definition.due_date, instance),
            "followUpDate": _text(tx, definition.follow_up_date, instance),
            "priority": _priority(tx, definition.priority, instance),
            "externalFormReference": _text(tx, definition.external_form_reference, instance),
            "formKey": _form_key(tx, definition.form_id, instance),
        }
        tx.emit(ev.UserTaskCreated(tx.key(), instance.key, attributes))

    def _begin_job(self, tx: Transaction, instance: ElementInstance) -> None:
        definition = instance.element.job
        assert definition is not None  # noqa: S101 - for the type checker: the reader has looked
        if not instance.job_key:
            headers = {
                name: _header(tx, value, instance) if _is_attribute(name) and value.startswith("=") else value
                for name, value in definition.headers.items()
            }
            jobs.create(tx, instance, definition, headers)


def _is_attribute(header: str) -> bool:
    """Whether a header is an attribute of a user task: the modeler's own headers are static."""
    return header.startswith("io.camunda.zeebe:")


def _header(tx: Transaction, value: str, instance: ElementInstance) -> str:
    """A header that a user task's attribute is written to: its expression is evaluated, lists are JSON."""
    evaluated = tx.expressions.evaluate(Expression(value, tx.expressions.feel.compile(value)), instance)
    return evaluated if isinstance(evaluated, str) else variables.to_json(evaluated)


def _priority(tx: Transaction, expression: Expression | None, instance: ElementInstance) -> int:
    """A priority; 50 where none is given. Raises Failure."""
    if expression is None:
        return PRIORITY_DEFAULT
    priority = tx.expressions.number(expression, instance)
    if not 0 <= priority <= PRIORITY_MAX:
        raise Failure(
            EXTRACT_VALUE_ERROR,
            f"Expected the priority '{expression.text.removeprefix('=').strip()}' to be a whole number from 0 to "
            f"{PRIORITY_MAX}, but was '{priority}'",
        )
    return priority


def _text(tx: Transaction, expression: Expression | None, instance: ElementInstance) -> str | None:
    if expression is None:
        return None
    value = tx.expressions.evaluate(expression, instance)
    return None if value is None else tx.expressions.text(expression, instance)


def _texts(tx: Transaction, expression: Expression | None, instance: ElementInstance) -> list[str]:
    """A list of names: by an expression, or separated by commas."""
    if expression is None:
        return []
    if expression.feel is None:
        return [each.strip() for each in expression.text.split(",") if each.strip()]
    return tx.expressions.texts(expression, instance)


def _form_key(tx: Transaction, form_id: str | None, instance: ElementInstance) -> str | None:
    """The key of the newest version of a form; None where none is named or deployed."""
    if form_id is None:
        return None
    versions = tx.state.form_versions.get((instance.instance.definition.tenant_id, form_id), [])
    return next((str(each.key) for each in reversed(versions) if not each.deleted), None)


class ReceiveTask(Activity):
    """A receive task: it waits for its message."""

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        catches.open_all(tx, instance, [instance.element])

    def triggered(
        self,
        tx: Transaction,
        instance: ElementInstance,
        catch: Element,  # noqa: ARG002 - its own
        payload: Mapping[str, Any],
    ) -> None:
        tx.later(lifecycle.complete, instance, payload)
