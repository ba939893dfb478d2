"""bpmnError, jobError and ignoreError, which error expressions of connectors answer with.

Each takes the parameter names of 8.8 (errorCode, errorMessage) and of 8.5 (code, message); the result has 8.8's keys.
Arguments of other types fail the evaluation, with the text of the Java runtime.
"""

from typing import Any

from zelery.feel.errors import Fault
from zelery.feel.limits import Run
from zelery.feel.signature import Table
from zelery.feel.temporal import Duration
from zelery.feel.values import Context, kind_of

TABLE = Table()
define = TABLE.define
_CLASSES = {
    "null": "ValNull$",
    "number": "ValNumber",
    "boolean": "ValBoolean",
    "string": "ValString",
    "list": "ValList",
    "context": "ValContext",
    "date": "ValDate",
    "time": "ValTime",
    "local time": "ValLocalTime",
    "date and time": "ValDateTime",
    "local date and time": "ValLocalDateTime",
    "years and months duration": "ValYearMonthDuration",
    "days and time duration": "ValDayTimeDuration",
    "range": "ValRange",
    "function": "ValFunction",
}


def _checked(value: Any, kind: str, function: str, parameter: str) -> Any:
    if kind_of(value) != kind:
        message = f"Parameter '{parameter}' of function '{function}' must be a {kind.capitalize()}"
        raise Fault(f"java.lang.IllegalArgumentException: {message}")
    return value


def _cast(value: Any, kind: str) -> Any:
    if kind_of(value) != kind:
        found, wanted = (f"org.camunda.feel.syntaxtree.{_CLASSES[name]}" for name in (kind_of(value), kind))
        loader = f"({found} and {wanted} are in unnamed module of loader 'app')"
        raise Fault(f"java.lang.ClassCastException: class {found} cannot be cast to class {wanted} {loader}")
    return value


@define("bpmnError", "errorCode", "code")
def bpmn_error_code(_: Run, code: Any) -> dict[str, Any]:
    return {"errorType": "bpmnError", "errorCode": _checked(code, "string", "bpmnError", "errorCode")}


@define("bpmnError", "errorCode, errorMessage", "code, message")
def bpmn_error(run: Run, code: Any, message: Any) -> dict[str, Any]:
    return bpmn_error_code(run, code) | {"errorMessage": _checked(message, "string", "bpmnError", "errorMessage")}


@define("bpmnError", "errorCode, errorMessage, variables", "code, message, variables")
def bpmn_error_with_variables(run: Run, code: Any, message: Any, variables: Any) -> dict[str, Any]:
    return bpmn_error(run, code, message) | {"variables": _checked(variables, "context", "bpmnError", "variables")}


_JOB = ["variables", "retries", "retryBackoff"]
_NO_VARIABLES = Context()
_AT_ONCE = Duration(0)


@define("jobError", *(", ".join([name, *_JOB[:count]]) for count in range(4) for name in ("errorMessage", "message")))
def job_error(
    _: Run, message: Any, variables: Any = _NO_VARIABLES, retries: Any = 0, backoff: Any = _AT_ONCE
) -> dict[str, Any]:
    return {
        "errorType": "jobError",
        "errorMessage": _cast(message, "string"),
        "variables": _cast(variables, "context"),
        "retries": _cast(retries, "number"),
        "retryBackoff": _cast(backoff, "days and time duration"),
    }


@define("ignoreError", "variables")
def ignore_error_with_variables(_: Run, variables: Any) -> dict[str, Any]:
    return {"errorType": "ignoreError", "variables": _checked(variables, "context", "ignoreError", "variables")}


@define("ignoreError", "")
def ignore_error(_: Run) -> dict[str, Any]:
    return {"errorType": "ignoreError"}
