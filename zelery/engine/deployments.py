"""Deployments: all resources of one, or none (docs: "Deploy resource", "Delete resource")."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine import timers
from zelery.engine.bpmn.model import Binding, MessageEvent, Process, SignalEvent, TimerEvent
from zelery.engine.bpmn.refuse import Refused
from zelery.engine.errors import Code, Failure, Rejected
from zelery.engine.records import Definition, DefinitionState, Form, StartSubscription

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction

Read: TypeAlias = Callable[[bytes, str], Sequence[Process]]
"""The executable processes of a BPMN file. Raises Refused."""


def deploy(tx: Transaction, command: cmd.Deploy, read: Read) -> cmd.Deployment:
    """Deploy files. What equals the latest version of its name is no new version."""
    if not command.resources:
        raise Rejected(Code.INVALID_ARGUMENT, "Expected to deploy at least one resource, but none given")
    processes, forms = _read_all(command.resources, read)
    _check_unique(processes)
    _check_bindings(processes)
    _check_start_timers(tx, processes)
    key = tx.key()
    taken = [_process(tx, key, name, process, command) for name, process in processes]
    return cmd.Deployment(
        key,
        command.tenant_id,
        taken,
        [_form(tx, key, name, form, command) for name, form in forms],
    )


def _read_all(
    resources: Mapping[str, bytes], read: Read
) -> tuple[list[tuple[str, Process]], list[tuple[str, Mapping[str, Any]]]]:
    processes: list[tuple[str, Process]] = []
    forms: list[tuple[str, Mapping[str, Any]]] = []
    complaints: list[str] = []
    for name, content in resources.items():
        kind = name.rpartition(".")[2].lower()
        try:
            if kind in ("bpmn", "xml"):
                processes.extend((name, each) for each in read(content, name))
            elif kind == "form":
                forms.append((name, _form_of(content)))
            else:
                complaints.append(f"'{name}': {_unknown(kind)}")
        except Refused as error:
            complaints.append(str(error))
        except ValueError as error:
            complaints.append(f"'{name}': {error}")
    if complaints:
        raise Rejected(
            Code.INVALID_ARGUMENT,
            "Expected to deploy new resources, but encountered the following errors:\n" + "\n".join(complaints),
        )
    return processes, forms


def _unknown(kind: str) -> str:
    if kind == "dmn":
        return (
            "decisions (DMN) are not executed by this engine: write the decision as a FEEL expression in a script "
            "task, or try the model on a cluster of Camunda's"
        )
    return f"unknown resource type '.{kind}': this engine takes .bpmn and .form"


def _form_of(content: bytes) -> Mapping[str, Any]:
    """A form's JSON. Raises ValueError."""
    try:
        form = json.loads(content)
    except ValueError as error:
        raise ValueError(f"Expected a form in JSON, but it cannot be read: {error}") from None
    if not isinstance(form, dict) or not isinstance(form.get("id"), str) or not form["id"].strip():
        raise ValueError("Expected a form's JSON to have an 'id' that is a text, but it has none")
    return {**form, "": content.decode("utf-8")}


def _check_unique(processes: Sequence[tuple[str, Process]]) -> None:
    there: dict[str, str] = {}
    for name, process in processes:
        if process.id in there:
            raise Rejected(
                Code.INVALID_ARGUMENT,
                "Expected to deploy new resources, but encountered the following errors:\n"
                f"Duplicated process id in resources '{there[process.id]}' and '{name}': '{process.id}'",
            )
        there[process.id] = name


def _check_bindings(processes: Sequence[tuple[str, Process]]) -> None:
    """Refuse a call bound to its deployment whose process is not in it (camunda issue 19712)."""
    there = {process.id for _, process in processes}
    for name, process in processes:
        for element in process.elements.values():
            called = (element.inner or element).called
            if called is None or called.binding is not Binding.DEPLOYMENT or called.process_id.feel is not None:
                continue
            if called.process_id.text not in there:
                raise Rejected(
                    Code.INVALID_ARGUMENT,
                    "Expected to deploy new resources, but encountered the following errors:\n"
                    f"'{name}': - Element: {element.id} > extensionElements > calledElement\n    - ERROR: Expected to "
                    f"find process with id '{called.process_id.text}' in the current deployment, but not found: deploy "
                    "both together, or bind to the latest version",
                )


def _check_start_timers(tx: Transaction, processes: Sequence[tuple[str, Process]]) -> None:
    for name, process in processes:
        for start in process.root.starts:
            try:
                if isinstance(start.event, TimerEvent):
                    timers.first(tx, start.event, None)
                elif isinstance(start.event, MessageEvent | SignalEvent):
                    tx.expressions.text(start.event.name, None)
            except Failure as failure:
                raise Rejected(
                    Code.INVALID_ARGUMENT,
                    "Expected to deploy new resources, but encountered the following errors:\n"
                    f"'{name}': - Element: {start.id}\n    - ERROR: {failure.message}",
                ) from None


def _process(
    tx: Transaction, deployment_key: int, name: str, process: Process, command: cmd.Deploy
) -> cmd.DeployedProcess:
    versions = tx.state.versions.get((command.tenant_id, process.id), [])
    latest = tx.state.latest(command.tenant_id, process.id)
    xml = command.resources[name].decode("utf-8", "surrogateescape")
    if latest is None or (latest.resource, latest.xml) != (name, xml) or latest is not versions[-1]:
        key, version = tx.key(), (versions[-1].version if versions else 0) + 1
        tx.emit(ev.ProcessDeployed(key, process.id, version, name, command.tenant_id, xml, deployment_key))
        if latest is not None:
            close_starts(tx, latest)
        latest = tx.state.definitions[key]
        open_starts(tx, latest)
    return cmd.DeployedProcess(
        latest.key, process.id, latest.version, name, command.tenant_id, process.version_tag or ""
    )


def _form(
    tx: Transaction, deployment_key: int, name: str, form: Mapping[str, Any], command: cmd.Deploy
) -> cmd.DeployedForm:
    versions = [each for each in tx.state.form_versions.get((command.tenant_id, form["id"]), []) if not each.deleted]
    latest: Form | None = versions[-1] if versions else None
    if latest is None or (latest.resource, latest.content) != (name, form[""]):
        key, version = tx.key(), (latest.version if latest else 0) + 1
        tag = str(form.get("versionTag") or "")
        tx.emit(ev.FormDeployed(key, form["id"], version, name, command.tenant_id, form[""], tag, deployment_key))
        latest = tx.state.forms[key]
    return cmd.DeployedForm(latest.key, latest.form_id, latest.version, name, command.tenant_id, latest.version_tag)


def open_starts(tx: Transaction, definition: Definition) -> None:
    """Wait for what starts a definition: messages, signals, timers."""
    for start in definition.process.root.starts:
        match start.event:
            case MessageEvent(name=name):
                kind, text = "message", tx.expressions.text(name, None)
            case SignalEvent(name=name):
                kind, text = "signal", tx.expressions.text(name, None)
            case _:
                continue
        tx.emit(ev.StartSubscribed(tx.key(), definition.key, start.id, kind, text))
    timers.open_starts(tx, definition)


def close_starts(tx: Transaction, definition: Definition) -> None:
    """Wait for nothing that would start a definition."""
    for key, each in list(tx.state.subscriptions.items()):
        if isinstance(each, StartSubscription) and each.definition is definition:
            tx.emit(ev.Unsubscribed(key))
    timers.close_starts(tx, definition)


def delete(tx: Transaction, command: cmd.DeleteResource) -> None:
    """Delete a definition or a form. The version before it becomes the latest; instances go on."""
    form = tx.state.forms.get(command.key)
    if form is not None and not form.deleted:
        tx.emit(ev.ResourceDeleted(command.key))
        return
    definition = tx.state.definitions.get(command.key)
    if definition is None or definition.state is not DefinitionState.ACTIVE:
        raise Rejected(Code.NOT_FOUND, f"Expected to delete resource but no resource found with key '{command.key}'")
    was_latest = tx.state.latest(definition.tenant_id, definition.process_id) is definition
    if was_latest:
        close_starts(tx, definition)
    tx.emit(ev.ResourceDeleted(command.key))
    latest = tx.state.latest(definition.tenant_id, definition.process_id)
    if was_latest and latest is not None:
        open_starts(tx, latest)
    if not definition.running:
        tx.emit(ev.DefinitionDrained(command.key))
