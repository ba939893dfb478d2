"""The engine: text in, compiled expressions out, and the cache between."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from zelery.feel.builtins.table import BUILTINS
from zelery.feel.compiler import Closure, Compiler
from zelery.feel.errors import Fault, FeelError, FeelEvaluationError, FeelLimitError
from zelery.feel.json_values import to_json
from zelery.feel.limits import Limits, Run
from zelery.feel.parser import parse
from zelery.feel.scope import INPUT_DEFAULT, Scope
from zelery.feel.values import Failure, Function

CACHE_SIZE = 10_000  # Expressions come from process models: a few thousand serve them all.


def now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


def stripped(text: str) -> str:
    """The expression without blanks around it and without one leading "="."""
    return text.strip().removeprefix("=").strip()


class Expression:
    """A compiled expression: immutable, to be evaluated from any thread as often as wanted."""

    __slots__ = ("_clock", "_closure", "_limits", "text")

    def __init__(self, text: str, closure: Closure, limits: Limits, clock: Callable[[], datetime]) -> None:
        self.text = text
        self._closure = closure
        self._limits = limits
        self._clock = clock

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def evaluate(self, context: Mapping[str, Any], *, warnings: list[str] | None = None) -> Any:
        """The value as Python has it: None, bool, str, int, float, Decimal, list, dict, temporal values, functions.

        context: variables by name, as json.loads gives them; read in place, never changed, maybe a part of the value.
        warnings: takes failures the expression survived, as "NO_VARIABLE_FOUND: No variable found with name 'x'".
        Raises FeelEvaluationError and FeelLimitError.
        """
        value: Any = self._run(Scope(_as_dict(context), None, Run(self._limits, self._clock, warnings)), None)
        return value

    def evaluate_json(self, context: Mapping[str, Any], *, warnings: list[str] | None = None) -> Any:
        """The value with JSON's types alone, as the connector runtime writes it; raises too.

        A part of the context that is no other in JSON is answered itself, not a copy: write it or copy it, do not
        change it.
        """
        return self._run(Scope(_as_dict(context), None, Run(self._limits, self._clock, warnings)), to_json)

    def test(self, value: Any, context: Mapping[str, Any], *, warnings: list[str] | None = None) -> Any:
        """The answer of unary tests about a value: True, False or None. Raises as evaluate."""
        outer = Scope(_as_dict(context), None, Run(self._limits, self._clock, warnings))
        return self._run(outer.inner({INPUT_DEFAULT: value}), to_json)

    def _run(self, scope: Scope, finish: Callable[[Any, Run], Any] | None) -> Any:
        run = scope.run
        try:
            value = self._closure(scope)
            if run.assertion is not None:
                message = f"Assertion failure on evaluate the expression '{self.text}': {run.assertion}"
                raise FeelEvaluationError(run.assertion, message)
            if type(value) is Failure:
                raise FeelEvaluationError(value.reason, f"failed to evaluate expression '{self.text}': {value.reason}")
            return finish(value, run) if finish else value
        except Fault as fault:
            raise FeelEvaluationError(str(fault), f"failed to evaluate expression '{self.text}' : {fault}") from None
        except (RecursionError, MemoryError):
            raise FeelLimitError("nesting_max", "The expression or its data is nested too deeply.") from None
        except (ArithmeticError, ValueError) as error:
            # No builtin should let one of these out; where one does, the expression has failed, not its worker.
            reason = f"{type(error).__name__}: {error}"
            raise FeelEvaluationError(reason, f"failed to evaluate expression '{self.text}' : {reason}") from error


def _as_dict(context: Mapping[str, Any]) -> dict[str, Any]:
    return context if type(context) is dict else dict(context)


class Engine:
    """Compiles expressions, within limits, by a clock, with further functions.

    clock: answers the time now, aware of its zone.
    functions: overloads by name; they come before the builtins of the same name.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = now,
        functions: Mapping[str, tuple[Function, ...]] | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.clock = clock
        own = functions or {}
        table = {name: (*own.get(name, ()), *BUILTINS.get(name, ())) for name in {**BUILTINS, **own}}
        self._compiler = Compiler(table)
        self._cached = lru_cache(maxsize=CACHE_SIZE)(self._compiled)

    def compile(self, text: str, *, unary: bool = False) -> Expression:
        """The expression for a text, with or without its "=". Texts are remembered, mistakes too.

        unary: the text is unary tests, for Expression.test. Raises FeelParseError and FeelLimitError.
        """
        found = self._cached(stripped(text), unary)
        if isinstance(found, FeelError):
            raise found.with_traceback(None)
        return found

    def unary(self, text: str, value: Any, context: Mapping[str, Any], *, warnings: list[str] | None = None) -> Any:
        """Whether unary tests hold for a value: True, False, or None. Raises as compile and evaluate."""
        return self.compile(text, unary=True).test(value, context, warnings=warnings)

    def _compiled(self, text: str, unary: bool) -> Expression | FeelError:
        try:
            node = parse(text, self.limits, self.clock(), unary=unary)
            return Expression(text, self._compiler.closure(node), self.limits, self.clock)
        except FeelError as error:
            return error
        except RecursionError:
            return FeelLimitError("nesting_max", "The expression is nested too deeply.")
