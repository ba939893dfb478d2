"""Executes commands: each in a transaction of its own, whole or not at all."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from zelery.engine import (
    cluster_variables,
    deployments,
    instances,
    jobs,
    messages,
    modification,
    resolution,
    signals,
    timers,
    user_tasks,
)
from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine.deployments import Read
from zelery.engine.elements import ad_hoc
from zelery.engine.transaction import Transaction

#: What each command does, but `Deploy`, which needs a reader.
COMMANDS: dict[type[Any], Callable[[Transaction, Any], Any]] = {
    cmd.DeleteResource: deployments.delete,
    cmd.CreateInstance: instances.create,
    cmd.CancelInstance: instances.cancel,
    cmd.SetVariables: instances.set_variables,
    cmd.ActivateJobs: jobs.activate,
    cmd.CompleteJob: jobs.complete,
    cmd.FailJob: jobs.fail,
    cmd.ThrowError: jobs.throw_error,
    cmd.UpdateJob: jobs.update,
    cmd.YieldJob: jobs.give_back,
    cmd.PublishMessage: messages.publish,
    cmd.CorrelateMessage: messages.correlate,
    cmd.BroadcastSignal: signals.broadcast,
    cmd.ResolveIncident: resolution.resolve,
    cmd.ModifyInstance: modification.modify,
    cmd.MigrateInstance: modification.migrate,
    cmd.ActivateAdHoc: ad_hoc.activate_command,
    cmd.UpdateUserTask: user_tasks.update,
    cmd.CompleteUserTask: user_tasks.complete,
    cmd.SetClusterVariable: cluster_variables.set_one,
    cmd.DeleteClusterVariable: cluster_variables.delete,
}

#: Timers and leases that one tick lets pass; more follow in the next.
DUE_MAX = 1_000


def execute(tx: Transaction, command: Any, read: Read) -> Any:
    """Execute a command and all that follows from it. Returns its answer.

    Raises:
        Rejected: It is refused; no event was emitted.
    """
    if type(command) is cmd.Deploy:
        answer: Any = deployments.deploy(tx, command, read)
    elif type(command) is cmd.Tick:
        answer = tick(tx)
    else:
        answer = COMMANDS[type(command)](tx, command)
    tx.run()
    return answer


def tick(tx: Transaction) -> bool:
    """Let pass what is due, in the order of its time. Returns whether there was anything."""
    due = tx.state.due
    passed = 0
    while due and due[0][0] <= tx.now and passed < DUE_MAX:
        at, key, what = heapq.heappop(due)
        passed += 1
        match what:
            case "lease":
                jobs.lease_ended(tx, key, at)
            case "backoff":
                jobs.backoff_ended(tx, key, at)
            case "message":
                if key in tx.state.messages:
                    tx.emit(ev.MessageExpired(key))
            case _:
                timer = tx.state.timers.get(key)
                if timer is not None and timer.due == at:
                    timers.fire(tx, timer)
                    tx.run()
    return bool(passed)
