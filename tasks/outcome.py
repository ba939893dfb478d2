"""What becomes of a job: from a connector's response, or its error, and the task headers, to one outcome. Pure.

The rules are the Java runtime's, 8.8's line with what 8.9 added (`spec/outbound.md` §1.4, §1.5, §2, and the recorded
cases): a result that cannot be mapped is a failure like any other; the error expression sees every failure, and every
success as it was mapped; when the error expression itself fails, no attempt is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from tasks import failure, payload
from zelery import durations, feel, intrinsics
from zelery.errors import BpmnError, ConnectorError, InputError, RetryError
from zelery.model import Completed, Failed, Ignored, Job, Outcome, Thrown, to_json
from zelery.sdk import types

Mask = Callable[[str], str]


class FeelError(ConnectorError):
    """A result or error expression is no FEEL, or failed."""

    java_type = "io.camunda.connector.feel.FeelEngineWrapperException"


class HeaderError(ConnectorError):
    """A task header of the runtime's own cannot be used: no attempt is left, and the connector is not run."""


def retry_backoff_ms(headers: Mapping[str, str]) -> int | None:
    """The header `retryBackoff`, milliseconds; None when there is none. Raises HeaderError."""
    text = headers.get("retryBackoff")
    if text is None:
        return None
    try:
        return durations.parse_ms(text)
    except ValueError:
        raise HeaderError(
            f"Failed to parse retry backoff header. Expected ISO-8601 duration, e.g. PT5M, got: {text}",
            error_type="io.camunda.connector.runtime.core.error.InvalidBackOffDurationException",
        ) from None


def job_timeout_s(headers: Mapping[str, str]) -> float | None:
    """The header `jobTimeout`, seconds; None when it is absent or blank. Raises HeaderError."""
    text = headers.get("jobTimeout")
    if text is None or not text.strip():
        return None
    try:
        milliseconds = durations.parse_ms(text)
    except ValueError:
        milliseconds = 0
    if milliseconds <= 0:
        raise HeaderError(
            f"Failed to parse job timeout header. Expected positive ISO-8601 duration, e.g. PT10M, got: {text}",
            error_type="io.camunda.connector.runtime.core.error.InvalidJobTimeoutException",
        )
    return milliseconds / 1000


def of_response(job: Job, response: Any, *, backoff_ms: int | None, mask: Mask) -> Outcome:
    """The outcome of a run that came to its end with this response."""
    try:
        plain = payload.plain(response)
        variables = _mapped(plain, job.headers)
    except ConnectorError as error:
        return of_error(job, error, backoff_ms=backoff_ms, mask=mask)
    return _examined(job, variables or plain, Completed(variables=variables), mask)


def of_error(job: Job, error: BaseException, *, backoff_ms: int | None, mask: Mask) -> Outcome:
    """The outcome of a run that raised this error, or that was never started because of it."""
    told = failure.tell(error, mask)
    variables = {"error": told}
    if not payload.is_small(variables):
        variables = {"error": {name: value for name, value in told.items() if name != "variables"}}
    if isinstance(error, BpmnError):
        otherwise: Outcome = Thrown(
            code=error.code or "", message=told["message"], variables=told.get("variables") or {}
        )
    else:
        otherwise = Failed(
            retries=_retries(job, error),
            message=told["message"],
            backoff_ms=_backoff_ms(error, backoff_ms),
            variables=variables,
        )
    return _examined(job, variables, otherwise, mask)


def _retries(job: Job, error: BaseException) -> int:
    if isinstance(error, (InputError, HeaderError)) or isinstance(error.__cause__, InputError):
        return 0
    if isinstance(error, RetryError) and error.retries is not None:
        return max(error.retries, 0)
    return max(job.retries - 1, 0)


def _backoff_ms(error: BaseException, backoff_ms: int | None) -> int | None:
    own_s = error.backoff_s if isinstance(error, RetryError) else None
    return backoff_ms if own_s is None else int(own_s * 1000)


def _mapped(response: Any, headers: Mapping[str, str]) -> dict[str, Any]:
    """The output variables: `resultVariable` holds the whole response, `resultExpression` adds and wins."""
    variables: dict[str, Any] = {}
    name = headers.get("resultVariable")
    if name and not name.isspace():
        variables[name] = response
    text = headers.get("resultExpression")
    if text and not text.isspace():
        variables.update(_context(text, "result", _scope(response)))
    return payload.guarded(variables)


def _scope(response: Any) -> dict[str, Any]:
    """What an expression sees: the response's own entries, and the response."""
    entries = response if isinstance(response, dict) else {}
    return {**entries, "response": response}


def _context(text: str, kind: str, scope: dict[str, Any]) -> dict[str, Any]:
    """The context that an expression gives; null gives an empty one. Raises FeelError and InputError."""
    try:
        value = feel.compile(text).evaluate_json(scope)
    except feel.FeelError as error:
        raise FeelError(f"Failed to evaluate expression '{text}'. Reason: {error}") from error
    if value is None:
        return {}
    written = to_json(value)
    if intrinsics.LITERAL in written:
        raise InputError(f"The connector result contains a forbidden literal '{intrinsics.LITERAL}'.")
    if not isinstance(value, dict):
        raise InputError(_unusable(text, written, f"the {kind} expression must give a context, as {{name: value}}"))
    return value


def _unusable(text: str, written: str, rule: str) -> str:
    return f"Failed to evaluate expression '{text}' in context '{written}'. Reason: {rule}"


def _examined(job: Job, seen: Any, otherwise: Outcome, mask: Mask) -> Outcome:
    """What the error expression makes of what it sees; `otherwise` when it says nothing, or is not there."""
    text = job.headers.get("errorExpression")
    if not text or text.isspace():
        return otherwise
    try:
        said = _context(text, "error", {**_scope(seen), "job": {"retries": job.retries}})
        return _chosen(text, said, mask) or otherwise
    except ConnectorError as error:
        return lost(error, mask)


def lost(error: BaseException, mask: Mask) -> Failed:
    """The outcome of an attempt whose outcome could not be worked out: no other is left, and a person is asked."""
    told = failure.tell(error, mask)
    return Failed(retries=0, message=told["message"], variables={"error": told})


def _chosen(text: str, said: dict[str, Any], mask: Mask) -> Outcome | None:
    """The outcome of what an error expression gave; None when it is no error. Raises ConnectorError."""
    if not said:
        return None
    try:
        choice = _CHOICES.get(said.get("errorType")) if isinstance(said.get("errorType"), str) else None
        if choice is None:
            raise ValueError("errorType must be bpmnError, jobError or ignoreError")  # noqa: TRY301 - one way out
        return choice(said, mask)
    except (PydanticCustomError, ValueError, OverflowError) as error:
        raise InputError(_unusable(text, to_json(said), str(error))) from error


def _bpmn_error(said: dict[str, Any], mask: Mask) -> Outcome | None:
    code = types.text(_either(said, "errorCode", "code"))
    if code is None:
        return None
    message = types.text(_either(said, "errorMessage", "message")) or ""
    return Thrown(code=payload.sendable(code), message=failure.shown(message, mask), variables=_variables(said))


def _job_error(said: dict[str, Any], mask: Mask) -> Outcome:
    message = types.text(_either(said, "errorMessage", "message")) or ""
    retries = types.integer(said.get("retries"))
    if retries is None:
        raise ConnectorError(
            "The error expression gave a jobError that does not say its retries",
            error_type="java.lang.NullPointerException",
        )
    return Failed(
        retries=max(retries, 0),
        message=failure.shown(message, mask),
        backoff_ms=_duration_ms(said.get("retryBackoff")),
        variables=payload.guarded({**_variables(said), "error": mask(message)}),
    )


def _ignore_error(said: dict[str, Any], mask: Mask) -> Outcome:  # noqa: ARG001 - one of three that are called alike
    return Ignored(variables=_variables(said))


_CHOICES: dict[Any, Callable[[dict[str, Any], Mask], Outcome | None]] = {
    "bpmnError": _bpmn_error,
    "jobError": _job_error,
    "ignoreError": _ignore_error,
}


def _either(said: dict[str, Any], name: str, old: str) -> Any:
    """A value by its name since 8.8, or by its name before."""
    return said[name] if said.get(name) is not None else said.get(old)


def _variables(said: dict[str, Any]) -> dict[str, Any]:
    variables = said.get("variables")
    if variables is None:
        return {}
    if not isinstance(variables, dict):
        raise ValueError("variables must be a context")  # noqa: TRY004 - it is the model's value
    return payload.guarded(variables)


def _duration_ms(value: Any) -> int | None:
    """A duration as text, or as a number of seconds."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        return durations.parse_ms(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("retryBackoff must be a duration")  # noqa: TRY004 - it is the model's value
    return int(value * 1000)
