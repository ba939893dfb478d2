"""Variables of the cluster, and of a tenant (docs: "Cluster variables"); expressions see them as `camunda.vars`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine.errors import Code, Rejected

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction


def set_one(tx: Transaction, command: cmd.SetClusterVariable) -> None:
    """Create a variable, or change one that is there."""
    there = (command.tenant_id, command.name) in tx.state.cluster_variables
    if command.create and there:
        raise Rejected(
            Code.ALREADY_EXISTS, f"Expected to create cluster variable '{command.name}', but it exists already"
        )
    if not command.create and not there:
        raise Rejected(Code.NOT_FOUND, f"Expected to update cluster variable '{command.name}', but there is none")
    tx.emit(ev.ClusterVariableSet(command.tenant_id, command.name, command.value))


def delete(tx: Transaction, command: cmd.DeleteClusterVariable) -> None:
    """Delete a variable."""
    if (command.tenant_id, command.name) not in tx.state.cluster_variables:
        raise Rejected(Code.NOT_FOUND, f"Expected to delete cluster variable '{command.name}', but there is none")
    tx.emit(ev.ClusterVariableDeleted(command.tenant_id, command.name))
