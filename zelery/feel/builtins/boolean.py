"""not, is defined, get or else, assert."""

from typing import Any

from zelery.feel.limits import Run
from zelery.feel.signature import Table, illegal
from zelery.feel.values import Failure

TABLE = Table()
define = TABLE.define


@define("not", "negand")
def negated(_: Run, negand: Any) -> Any:
    return not negand if type(negand) is bool else None


@define("is defined", "value")
def is_defined(_: Run, value: Any) -> bool:
    return value is not None


@define("get or else", "value, default")
def get_or_else(_: Run, value: Any, default: Any) -> Any:
    return default if value is None else value


@define("assert", "value, condition")
def asserted(_: Run, value: Any, condition: Any) -> Any:
    return value if condition is True else Failure("The condition is not fulfilled")


@define("assert", "value, condition, cause")
def asserted_with_cause(run: Run, value: Any, condition: Any, cause: Any) -> Any:
    if condition is True:
        return value
    return Failure(cause) if type(cause) is str else illegal(run, value, condition, cause)
