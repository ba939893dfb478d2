"""Intrinsic functions in a job's variables: `{"camunda.function.type": "base64", "params": ["text"]}`.

The element template of newer versions writes them; they are worked out while a connector's input is bound
(`spec/outbound.md` §6, documents). Functions that need a document are refused, as there is no document store yet.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from zelery.errors import InputError

#: Marks a call. A connector's result must never hold this text: it would be run when it is an input the next time.
LITERAL = "camunda.function.type"

#: Most calls in the variables of one job, nested ones counted.
CALLS_MAX = 10


def resolve(variables: Any) -> Any:
    """The variables with each call replaced by its result, the innermost first.

    Raises InputError for a function that is not known, and for parameters that it cannot take.
    """
    return _Resolver().value(variables)


class _Resolver:
    def __init__(self) -> None:
        self._calls = 0

    def value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if not isinstance(value, dict):
            return value
        entries = {name: self.value(each) for name, each in value.items()}
        return self._call(entries) if LITERAL in entries else entries

    def _call(self, call: dict[str, Any]) -> Any:
        self._calls += 1
        if self._calls > CALLS_MAX:
            raise InputError(f"More than {CALLS_MAX} intrinsic functions in the variables of one job")
        name, params = call[LITERAL], call.get("params") or []
        function = _FUNCTIONS.get(name) if isinstance(name, str) else None
        if function is None:
            raise InputError(f"No intrinsic function found with name: {name}")
        if not isinstance(params, list):
            raise InputError(f"The intrinsic function {name} takes its params as a list")
        return function(name, params)


def _base64(name: str, params: list[Any]) -> str:
    if not params or not isinstance(params[0], str):
        _refused(name, params)
    encoding = params[1] if len(params) > 1 and isinstance(params[1], str) else "utf-8"
    try:
        return base64.b64encode(params[0].encode(encoding)).decode()
    except (LookupError, UnicodeEncodeError) as error:
        raise InputError(f"The intrinsic function {name} cannot encode its text as {encoding}") from error


def _refused(name: str, params: list[Any]) -> Any:
    """What there is no document store for."""
    raise InputError(f"The intrinsic function {name} takes a text here, not {len(params)} params such as documents")


_FUNCTIONS: dict[str, Callable[[str, list[Any]], Any]] = {
    "base64": _base64,
    "createLink": _refused,
    "getText": _refused,
    "getJson": _refused,
    "createGithubAppInstallationToken": _refused,
}
