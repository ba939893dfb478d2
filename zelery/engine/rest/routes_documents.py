"""Documents: upload, download, deletion, links (docs: REST API, "Documents")."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine.rest.bodies import BODIES
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, done, guarded
from zelery.engine.rest.documents import Document, reference
from zelery.engine.rest.items import moment
from zelery.engine.rest.problems import Problem, invalid

#: How long a link holds where the request does not say, milliseconds.
LINK_MS = 3_600_000


async def _stored(context: Context, upload: UploadFile, metadata: dict[str, Any], document_id: str | None) -> Document:
    """Store an uploaded file. Raises Problem."""
    stored = context.documents.put(
        await upload.read(),
        document_id=document_id,
        file_name=str(metadata.pop("fileName", "") or upload.filename or ""),
        content_type=str(metadata.pop("contentType", "") or upload.content_type or "application/octet-stream"),
        metadata=metadata,
    )
    if stored is None:
        raise Problem(409, "ALREADY_EXISTS", f"Document with id '{document_id}' already exists")
    return stored


def _metadata(text: Any) -> dict[str, Any]:
    if not isinstance(text, str | UploadFile) or isinstance(text, UploadFile):
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        raise invalid("The part 'metadata' must be a JSON object") from None
    if not isinstance(found, dict):
        raise invalid("The part 'metadata' must be a JSON object")
    return found


def _upload(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        async with request.form() as form:
            upload = form.get("file")
            if not isinstance(upload, UploadFile):
                raise invalid("No file provided: expected multipart/form-data with a part 'file'")
            metadata = await _read_metadata(form.get("metadata"))
            stored = await _stored(context, upload, metadata, request.query_params.get("documentId"))
        return answer(reference(stored), 201)

    return endpoint


async def _read_metadata(part: Any) -> dict[str, Any]:
    """The metadata part, which clients send as a field or as a file of JSON."""
    if isinstance(part, UploadFile):
        return _metadata((await part.read()).decode("utf-8", "replace"))
    return _metadata(part)


def _upload_many(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        async with request.form() as form:
            uploads = [each for each in form.getlist("files") if isinstance(each, UploadFile)]
            if not uploads:
                raise invalid("No files provided: expected multipart/form-data with parts 'files'")
            stored = [await _stored(context, each, {}, None) for each in uploads]
        return answer({"createdDocuments": [reference(each) for each in stored], "failedDocuments": []}, 201)

    return endpoint


def _found(context: Context, request: Request) -> Document:
    document_id = request.path_params["id"]
    found = context.documents.get(document_id)
    if found is None:
        raise Problem(404, "NOT_FOUND", f"Document with id '{document_id}' not found")
    wanted = request.query_params.get("contentHash")
    if wanted is not None and wanted != found.content_hash:
        raise invalid(f"Document hash for document '{document_id}' doesn't match the provided hash {wanted}")
    return found


def _content(document: Document) -> Response:
    name = document.file_name.replace('"', "")
    disposition = f'attachment; filename="{name}"'.encode("latin-1", "replace").decode("latin-1")
    return Response(document.content, media_type=document.content_type, headers={"Content-Disposition": disposition})


def _download(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return _content(_found(context, request))

    return endpoint


def _delete(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        context.documents.delete(_found(context, request).id)
        return done()

    return endpoint


def _link(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request, BODIES["link"], context.line)
        document = _found(context, request)
        token, until = context.documents.link(document.id, body.get("timeToLive", LINK_MS) / 1000)
        url = f"{request.base_url}v2/document-links/{token}"
        return answer({"url": url, "expiresAt": moment(int(until * 1000))}, 201)

    return endpoint


def _linked(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        found = context.documents.linked(request.path_params["token"])
        if found is None:
            raise Problem(404, "NOT_FOUND", "The link does not exist, or its time is over")
        return _content(found)

    return endpoint


def routes(context: Context) -> list[Route]:
    """All endpoints of documents. A link is its own permission."""
    found: list[tuple[str, str, Endpoint]] = [
        ("POST", "/v2/documents", _upload(context)),
        ("POST", "/v2/documents/batch", _upload_many(context)),
        ("GET", "/v2/documents/{id}", _download(context)),
        ("DELETE", "/v2/documents/{id}", _delete(context)),
        ("POST", "/v2/documents/{id}/links", _link(context)),
    ]
    routed = [Route(path, guarded(context, path, endpoint), methods=[method]) for method, path, endpoint in found]
    return [*routed, Route("/v2/document-links/{token}", _linked(context), methods=["GET"])]
