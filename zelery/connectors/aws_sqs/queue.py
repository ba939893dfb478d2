"""What a queue's URL tells."""

from __future__ import annotations

from urllib.parse import urlsplit

#: Hosts whose address follows from the region alone.
_AWS = (".amazonaws.com", ".amazonaws.com.cn")


def endpoint(url: str) -> str | None:
    """The server of a queue that is not AWS's own: models from before there was a field for it name it only there."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None  # SQS says what is wrong with it.
    if parts.scheme not in ("http", "https") or not host or host.endswith(_AWS):
        return None
    return f"{parts.scheme}://{parts.netloc}"
