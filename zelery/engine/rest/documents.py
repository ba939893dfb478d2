"""Documents: in memory, or in a folder, with links that hold for a time (docs: REST API, "Documents")."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A stored document."""

    id: str
    content: bytes
    content_type: str
    file_name: str
    metadata: Mapping[str, Any]

    @property
    def content_hash(self) -> str:
        """SHA-256 of the content, lower-case hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


class Documents:
    """The engine's documents.

    Args:
        folder: Where they are kept, and found after a restart. None: in memory only.
        clock: Seconds since 1970.
    """

    #: The store's id, as references name it.
    STORE = "in-memory"

    def __init__(self, folder: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._there: dict[str, Document] = {}
        self._links: dict[str, tuple[str, float]] = {}

    def put(
        self,
        content: bytes,
        *,
        document_id: str | None = None,
        file_name: str = "",
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, Any] | None = None,
    ) -> Document | None:
        """Store a document; None where there is one with the id. Raises OSError."""
        document_id = document_id or str(uuid.uuid4())
        if self.get(document_id) is not None:
            return None
        document = Document(
            id=document_id,
            content=content,
            content_type=content_type,
            file_name=file_name or document_id,
            metadata=metadata or {},
        )
        if self._folder is None:
            self._there[document_id] = document
        else:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(_file(self._folder, document_id), document)
        return document

    def get(self, document_id: str) -> Document | None:
        """A document; None where there is none. Raises OSError."""
        if self._folder is None:
            return self._there.get(document_id)
        return _read(_file(self._folder, document_id), document_id)

    def delete(self, document_id: str) -> bool:
        """Delete a document. Whether there was one. Raises OSError."""
        if self._folder is None:
            return self._there.pop(document_id, None) is not None
        file = _file(self._folder, document_id)
        there = file.exists()
        file.unlink(missing_ok=True)
        _content(file).unlink(missing_ok=True)
        return there

    def link(self, document_id: str, ttl_s: float) -> tuple[str, float]:
        """A token that gives the document until a time, and that time, seconds since 1970."""
        now = self._clock()
        self._links = {token: link for token, link in self._links.items() if link[1] > now}
        token, until = secrets.token_urlsafe(24), now + ttl_s
        self._links[token] = document_id, until
        return token, until

    def linked(self, token: str) -> Document | None:
        """The document that a token gives; None when its time is over. Raises OSError."""
        document_id, until = self._links.get(token, ("", 0.0))
        return self.get(document_id) if until > self._clock() else None


def _file(folder: Path, document_id: str) -> Path:
    """The file of a document's description: ids are foreign texts, hashes are safe names."""
    return folder / f"{hashlib.sha256(document_id.encode('utf-8', 'surrogatepass')).hexdigest()}.json"


def _content(file: Path) -> Path:
    return file.with_suffix(".bin")


def _write(file: Path, document: Document) -> None:
    """The content first: what has a description is whole."""
    _content(file).write_bytes(document.content)
    described = {
        "contentType": document.content_type,
        "fileName": document.file_name,
        "metadata": document.metadata,
    }
    file.write_text(json.dumps(described), encoding="utf-8")


def _read(file: Path, document_id: str) -> Document | None:
    if not file.exists():
        return None
    described = json.loads(file.read_text(encoding="utf-8"))
    return Document(
        id=document_id,
        content=_content(file).read_bytes(),
        content_type=described["contentType"],
        file_name=described["fileName"],
        metadata=described["metadata"],
    )


def reference(document: Document) -> dict[str, Any]:
    """What a variable holds of a document."""
    given = document.metadata
    return {
        "camunda.document.type": "camunda",
        "storeId": Documents.STORE,
        "documentId": document.id,
        "contentHash": document.content_hash,
        "metadata": {
            "contentType": document.content_type,
            "fileName": document.file_name,
            "expiresAt": given.get("expiresAt"),
            "size": len(document.content),
            "processDefinitionId": given.get("processDefinitionId"),
            "processInstanceKey": given.get("processInstanceKey"),
            "customProperties": given.get("customProperties") or {},
        },
    }
