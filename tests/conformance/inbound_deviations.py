"""Recorded inbound cases that we handle otherwise, each with its reason. A listed case that agrees is an error too."""

from __future__ import annotations

#: By the case's id.
INBOUND: dict[str, str] = {}
