"""FEEL as Camunda's connectors speak it: feel-scala 1.21's dialect, parsed once, compiled to closures, run on plain JSON data.

A library of its own: it imports nothing else of Zelery. Errors, null behaviour and limits are in errors.py and limits.py; the
reference for every rule is camunda/feel-scala, named in each module.

    >>> from zelery import feel
    >>> feel.compile("= items[price > 10].name").evaluate_json({"items": [{"name": "pen", "price": 5}, {"name": "bag", "price": 25}]})
    ['bag']
"""

from .engine import Engine, Expression
from .errors import FeelError, FeelEvaluationError, FeelLimitError, FeelParseError
from .limits import Limits

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
compile = _DEFAULT.compile
unary = _DEFAULT.unary
