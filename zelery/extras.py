"""Packages that not every installation has.

An entry point names the extra that brings what it needs: `module:name [slack]`.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint


def remedy(point: EntryPoint, error: ModuleNotFoundError) -> str | None:
    """How to install what an entry point lacks; None when no extra brings it, so that the error is another."""
    if not point.extras or f"{point.module}.".startswith(f"{error.name}."):
        return None
    return f"pip install '{point.dist.name if point.dist else 'zelery'}[{','.join(point.extras)}]'"
