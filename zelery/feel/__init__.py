"""FEEL as Camunda's connectors speak it: feel-scala 1.21's dialect, parsed once, compiled to closures.

A library of its own: it imports nothing else of Zelery. Errors and nulls are in errors.py, limits in limits.py.
The reference for every rule is camunda/feel-scala, named in each module.

    >>> from zelery import feel
    >>> feel.compile("= items[price > 10].name").evaluate_json({"items": [{"name": "bag", "price": 25}, {"price": 5}]})
    ['bag']
"""

from zelery.feel.engine import Engine, Expression
from zelery.feel.errors import FeelError, FeelEvaluationError, FeelLimitError, FeelParseError
from zelery.feel.limits import Limits

__all__ = [
    "Engine",
    "Expression",
    "FeelError",
    "FeelEvaluationError",
    "FeelLimitError",
    "FeelParseError",
    "Limits",
    "compile",
    "unary",
]

_DEFAULT = Engine()
compile = _DEFAULT.compile  # noqa: A001 # as re.compile: feel.compile says it best
unary = _DEFAULT.unary
