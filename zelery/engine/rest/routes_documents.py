"""Documents: upload, download, deletion, links (docs: REST API, "Documents")."""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine.rest.bodies import BODIES
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, done
from zelery.engine.rest.documents import Document, Documents, reference
from zelery.engine.rest.items import moment
from zelery.engine.rest.problems import Problem, invalid
from zelery.engine.rest.routing import routed
from zelery.engine.rest.shapes import checked
from zelery.engine.rest.values import shown

#: How long a link holds where the request does not say, milliseconds.
LINK_MS = 3_600_000

#: What a header may hold: printable ASCII.
_HEADER = re.compile(r"[!-~][ -~]*")


def _stored(context: Context, content: bytes, metadata: dict[str, Any], document_id: str | None) -> Document:
    """Store a file. Raises Problem."""
    stored = context.documents.put(
        content,
        document_id=document_id,
        file_name=metadata.pop("fileName", ""),
        content_type=metadata.pop("contentType", "application/octet-stream"),
        metadata=metadata,
    )
    if stored is None:
        raise Problem(409, "ALREADY_EXISTS", f"Document with id '{document_id}' already exists")
    return stored


async def _described(context: Context, upload: UploadFile, part: UploadFile | str | None) -> dict[str, Any]:
    """An upload's metadata: a part that clients send as a field or as a file of JSON, else the upload's own names.

    Raises:
        Problem: It is no JSON object, or has names that the line does not know.
    """
    text = (await part.read()).decode("utf-8", "replace") if isinstance(part, UploadFile) else part
    try:
        given = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        raise invalid("The part 'metadata' must be a JSON object") from None
    if not isinstance(given, dict):
        raise invalid("The part 'metadata' must be a JSON object")
    own = {"fileName": upload.filename, "contentType": upload.content_type}
    return {name: value for name, value in own.items() if value} | checked(BODIES["document"], given, context.line)


def _check_store(request: Request) -> None:
    """Refuse a store that there is not. Raises Problem."""
    store = request.query_params.get("storeId", Documents.STORE)
    if store != Documents.STORE:
        raise invalid(f"Document store with id '{shown(store)}' does not exist: there is '{Documents.STORE}'")


def _upload(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        _check_store(request)
        async with request.form() as form:
            upload = form.get("file")
            if not isinstance(upload, UploadFile):
                raise invalid("No file provided: expected multipart/form-data with a part 'file'")
            metadata = await _described(context, upload, form.get("metadata"))
            content = await upload.read()
        return answer(reference(_stored(context, content, metadata, request.query_params.get("documentId"))), 201)

    return endpoint


def _upload_many(context: Context) -> Endpoint:
    """Store files; their metadata are as many parts `metadataList`, or none."""

    async def endpoint(request: Request) -> Response:
        _check_store(request)
        async with request.form() as form:
            uploads = [each for each in form.getlist("files") if isinstance(each, UploadFile)]
            parts: list[UploadFile | str | None] = [*form.getlist("metadataList")] or [None] * len(uploads)
            if not uploads:
                raise invalid("No files provided: expected multipart/form-data with parts 'files'")
            if len(parts) != len(uploads):
                raise invalid(f"Expected a part 'metadataList' for each of {len(uploads)} files, not {len(parts)}")
            described = [await _described(context, upload, part) for upload, part in zip(uploads, parts, strict=True)]
            contents = [await upload.read() for upload in uploads]
        stored = [_stored(context, content, each, None) for content, each in zip(contents, described, strict=True)]
        return answer({"createdDocuments": [reference(each) for each in stored], "failedDocuments": []}, 201)

    return endpoint


def _found(context: Context, request: Request) -> Document:
    _check_store(request)
    document_id = request.path_params["id"]
    found = context.documents.get(document_id)
    if found is None:
        raise Problem(404, "NOT_FOUND", f"Document with id '{document_id}' not found")
    wanted = request.query_params.get("contentHash")
    if wanted is not None and wanted != found.content_hash:
        raise invalid(f"Document hash for document '{document_id}' doesn't match the provided hash {wanted}")
    return found


def _content(document: Document) -> Response:
    """The file itself. What a header cannot hold of its name and type is left out of it."""
    type_ = document.content_type if _HEADER.fullmatch(document.content_type) else "application/octet-stream"
    named = f"attachment; filename*=UTF-8''{urllib.parse.quote(document.file_name, safe='', errors='replace')}"
    return Response(document.content, headers={"Content-Type": type_, "Content-Disposition": named})


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
    one = "/v2/documents/{id}"
    return [
        *routed(
            context,
            [
                ("8.8", "POST", "/v2/documents", _upload(context)),
                ("8.8", "POST", "/v2/documents/batch", _upload_many(context)),
                ("8.8", "GET", one, _download(context)),
                ("8.8", "DELETE", one, _delete(context)),
                ("8.8", "POST", f"{one}/links", _link(context)),
            ],
        ),
        Route("/v2/document-links/{token}", _linked(context), methods=["GET"]),
    ]
