"""Documents: in memory, or in a folder, with links that hold for a time (docs: REST API, "Documents")."""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
import time
import uuid
from collections.abc import Mapping
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
        folder: Where contents are kept. None: in memory only.
        clock: Seconds.
    """

    #: The store's id, as references name it.
    STORE = "in-memory"

    def __init__(self, folder: Path | None = None, clock: Any = time.time) -> None:
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
        """Store a document; None where there is one with the id."""
        document_id = document_id or str(uuid.uuid4())
        if document_id in self._there:
            return None
        document = Document(
            id=document_id,
            content=content,
            content_type=content_type,
            file_name=file_name or document_id,
            metadata=metadata or {},
        )
        self._there[document_id] = document
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / hashlib.sha256(document_id.encode()).hexdigest()).write_bytes(content)
        return document

    def get(self, document_id: str) -> Document | None:
        """A document; None where there is none."""
        return self._there.get(document_id)

    def delete(self, document_id: str) -> bool:
        """Delete a document. Whether there was one."""
        return self._there.pop(document_id, None) is not None

    def link(self, document_id: str, ttl_s: float) -> tuple[str, float]:
        """A token that gives the document until a time, and that time, seconds since 1970."""
        token, until = secrets.token_urlsafe(24), self._clock() + ttl_s
        self._links[token] = document_id, until
        return token, until

    def linked(self, token: str) -> Document | None:
        """The document that a token gives; None when its time is over."""
        document_id, until = self._links.get(token, ("", 0.0))
        return self._there.get(document_id) if until > self._clock() else None


def reference(document: Document) -> dict[str, Any]:
    """What a variable holds of a document."""
    return {
        "camunda.document.type": "camunda",
        "storeId": Documents.STORE,
        "documentId": document.id,
        "contentHash": document.content_hash,
        "metadata": {
            "contentType": document.content_type,
            "fileName": document.file_name,
            "size": len(document.content),
            "customProperties": {},
            "expiresAt": None,
            "processDefinitionId": None,
            "processInstanceKey": None,
            **document.metadata,
        },
    }
