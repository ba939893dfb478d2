"""What deployments and deletions change."""

from __future__ import annotations

from zelery.engine import events as ev
from zelery.engine.records import Definition, DefinitionState, Form
from zelery.engine.state import State


def process_deployed(state: State, event: ev.ProcessDeployed) -> None:
    definition = Definition(
        key=event.key,
        version=event.version,
        resource=event.resource,
        tenant_id=event.tenant_id,
        xml=event.xml,
        deployment_key=event.deployment_key,
        process=state.compile_process(event.xml, event.resource, event.process_id),
    )
    state.definitions[event.key] = definition
    state.versions.setdefault((event.tenant_id, event.process_id), []).append(definition)


def form_deployed(state: State, event: ev.FormDeployed) -> None:
    form = Form(**event._asdict())
    state.forms[event.key] = form
    state.form_versions.setdefault((event.tenant_id, event.form_id), []).append(form)


def resource_deleted(state: State, event: ev.ResourceDeleted) -> None:
    if (form := state.forms.get(event.key)) is not None:
        form.deleted = True
        return
    state.definitions[event.key].state = DefinitionState.DRAINING


def definition_drained(state: State, event: ev.DefinitionDrained) -> None:
    state.definitions[event.key].state = DefinitionState.DELETED
