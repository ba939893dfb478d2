"""Endpoints of deployed files: by key, by search, and the forms of starts and user tasks (docs: REST API)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine.history.history import History
from zelery.engine.history.records import DefinitionRecord, FormRecord
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, done, key_in
from zelery.engine.rest.fields import LINES, Entity, Field, Kind
from zelery.engine.rest.filters import Item
from zelery.engine.rest.problems import missing
from zelery.engine.rest.query import search
from zelery.engine.rest.routing import routed

#: `POST /v2/resources/search`, as the types of the client of 8.10 have it.
RESOURCES = Entity(
    key=("resourceKey",),
    since="8.10",
    fields={
        each.name: each
        for each in (
            Field("resourceKey", Kind.KEY),
            Field("resourceName", Kind.TEXT),
            Field("resourceId", Kind.TEXT),
            Field("version", Kind.INTEGER),
            Field("versionTag", Kind.TEXT),
            Field("deploymentKey", Kind.KEY),
            Field("tenantId", Kind.TEXT, operators_since=None),
        )
    },
    sort=dict.fromkeys(
        ("resourceKey", "resourceName", "resourceId", "version", "versionTag", "deploymentKey", "tenantId"), LINES[0]
    ),
)


def _of_definition(record: DefinitionRecord) -> dict[str, Any]:
    found = record.definition
    return {
        "resourceName": found.resource,
        "version": found.version,
        "versionTag": found.process.version_tag,
        "resourceId": found.process_id,
        "tenantId": found.tenant_id,
        "resourceKey": str(found.key),
    }


def _of_form(record: FormRecord) -> dict[str, Any]:
    return {
        "resourceName": record.resource,
        "version": record.version,
        "versionTag": record.version_tag or None,
        "resourceId": record.form_id,
        "tenantId": record.tenant_id,
        "resourceKey": str(record.key),
    }


def _resources(history: History) -> Iterable[Item]:
    for each in history.definitions.values():
        if each.state == "ACTIVE":
            yield {**_of_definition(each), "deploymentKey": str(each.definition.deployment_key)}
    for form in history.forms.values():
        yield {**_of_form(form), "deploymentKey": str(form.deployment_key)}


def _search(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        found = search(RESOURCES, _resources(context.read()), await body_of(request), context.line)
        shown = [{name: value for name, value in each.items() if name != "deploymentKey"} for each in found["items"]]
        return answer({**found, "items": shown})

    return endpoint


def _one(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        record = _record(context, request)
        return answer(_of_form(record) if isinstance(record, FormRecord) else _of_definition(record))

    return endpoint


def _record(context: Context, request: Request) -> DefinitionRecord | FormRecord:
    key = key_in(request)
    history = context.read()
    found: DefinitionRecord | FormRecord | None = history.definitions.get(key) or history.forms.get(key)
    if found is None:
        raise missing("Resource", key)
    return found


def _text(context: Context, request: Request) -> str:
    record = _record(context, request)
    return record.content if isinstance(record, FormRecord) else record.definition.xml


def _content(context: Context) -> Endpoint:
    """The file as a JSON text."""

    async def endpoint(request: Request) -> Response:
        return answer(_text(context, request))

    return endpoint


def _binary(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        content = _text(context, request).encode("utf-8", "surrogateescape")
        return Response(content, media_type="application/octet-stream")

    return endpoint


def _xml(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        found = context.read().definitions.get(key)
        if found is None:
            raise missing("Process Definition", key)
        content = found.definition.xml.encode("utf-8", "surrogateescape")
        return Response(content, media_type="text/xml;charset=UTF-8")

    return endpoint


def _form(record: FormRecord) -> dict[str, Any]:
    return {
        "tenantId": record.tenant_id,
        "formId": record.form_id,
        "schema": record.content,
        "version": record.version,
        "formKey": str(record.key),
    }


def _form_by_key(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        found = context.read().forms.get(key)
        if found is None:
            raise missing("Form", key)
        return answer(_form(found))

    return endpoint


def _start_form(context: Context) -> Endpoint:
    """The newest version of the form that a definition starts with; nothing where it has none."""

    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        history = context.read()
        definition = history.definitions.get(key)
        if definition is None:
            raise missing("Process Definition", key)
        wanted = (definition.definition.tenant_id, definition.definition.process.start_form)
        forms = [each for each in history.forms.values() if (each.tenant_id, each.form_id) == wanted]
        return answer(_form(forms[-1])) if forms else done()

    return endpoint


def _task_form(context: Context) -> Endpoint:
    """The form that a user task was created with; nothing where it has none."""

    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        history = context.read()
        task = history.user_tasks.get(key)
        if task is None:
            raise missing("User Task", key)
        form = history.forms.get(int(task.attributes.get("formKey") or 0))
        return answer(_form(form)) if form is not None else done()

    return endpoint


def routes(context: Context) -> list[Route]:
    """All endpoints of deployed files."""
    return routed(
        context,
        [
            ("8.8", "GET", "/v2/resources/{key}", _one(context)),
            ("8.8", "GET", "/v2/resources/{key}/content", _content(context)),
            ("8.10", "GET", "/v2/resources/{key}/content/binary", _binary(context)),
            ("8.10", "POST", "/v2/resources/search", _search(context)),
            ("8.8", "GET", "/v2/process-definitions/{key}/xml", _xml(context)),
            ("8.8", "GET", "/v2/process-definitions/{key}/form", _start_form(context)),
            ("8.8", "GET", "/v2/user-tasks/{key}/form", _task_form(context)),
            ("8.10", "GET", "/v2/forms/{key}", _form_by_key(context)),
        ],
    )
