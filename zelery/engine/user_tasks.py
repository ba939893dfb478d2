"""User tasks that the engine keeps: assigned, changed, completed over REST (docs: "User tasks", REST API)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine import lifecycle
from zelery.engine.errors import Code, Rejected
from zelery.engine.records import UserTask

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction


def update(tx: Transaction, command: cmd.UpdateUserTask) -> None:
    """Assign, unassign or change a user task."""
    task = _task(tx, command.key, command.action)
    if task.attributes.get("assignee") and "assignee" in command.attributes and not command.allow_override:
        raise Rejected(
            Code.INVALID_STATE,
            f"Expected to {command.action} user task with key '{command.key}', but it has already been assigned",
        )
    tx.emit(ev.UserTaskUpdated(command.key, command.attributes, command.action))


def complete(tx: Transaction, command: cmd.CompleteUserTask) -> None:
    """Complete a user task, and with it the element."""
    task = _task(tx, command.key, "complete")
    tx.emit(ev.UserTaskEnded(command.key, "COMPLETED", command.action))
    lifecycle.complete(tx, task.element, command.variables)


def _task(tx: Transaction, key: int, verb: str) -> UserTask:
    task = tx.state.user_tasks.get(key)
    if task is None:
        raise Rejected(
            Code.NOT_FOUND, f"Expected to {verb} user task with key '{key}', but no such user task was found"
        )
    return task
