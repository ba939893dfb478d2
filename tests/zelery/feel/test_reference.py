"""The page of builtins."""

from zelery.feel.builtins.table import BUILTINS
from zelery.feel.reference import page, signatures
from zelery.feel.values import Function


def test_every_builtin_has_a_line() -> None:
    lines = [line for line in page().splitlines() if line.startswith("| `")]
    assert len(lines) == len(BUILTINS)


def test_ways_to_call_are_listed_once() -> None:
    overloads = [
        Function(parameters=names, call=print, variadic=more)
        for names, more in ((("a",), False), (("a",), False), (("b",), True))
    ]
    assert signatures("f", overloads) == "`f(a)`<br>`f(b…)`"
