"""What binds tighter is below."""

import pytest

from zelery.feel.precedence import by_precedence, joined
from zelery.feel.syntax import Arithmetic, Junction, Literal, Node

ONE, TWO, THREE, FOUR = map(Literal, range(1, 5))


@pytest.mark.parametrize(
    ("operators", "tree"),
    [
        ("", ONE),  # a value alone
        ("+", Arithmetic(ONE, (("+", TWO),))),
        ("+-", Arithmetic(ONE, (("+", TWO), ("-", THREE)))),  # one level is one chain, from the left
        ("+*", Arithmetic(ONE, (("+", Arithmetic(TWO, (("*", THREE),))),))),  # the tighter is the operand
        ("*+", Arithmetic(Arithmetic(ONE, (("*", TWO),)), (("+", THREE),))),
        ("^^", Arithmetic(ONE, (("**", TWO), ("**", THREE)))),  # powers too are from the left
        ("*^/", Arithmetic(ONE, (("*", Arithmetic(TWO, (("**", THREE),))), ("/", FOUR)))),
    ],
)
def test_operators_by_precedence(operators: str, tree: Node) -> None:
    signs = ["**" if sign == "^" else sign for sign in operators]
    operands: list[Node] = [ONE, TWO, THREE, FOUR]
    assert by_precedence(operands[: len(signs) + 1], signs) == tree


def test_a_single_operand_is_joined_to_nothing() -> None:
    assert joined(True, [ONE]) is ONE
    assert joined(False, [ONE, TWO]) == Junction(False, (ONE, TWO))
