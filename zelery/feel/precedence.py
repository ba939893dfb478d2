"""Chains of operators as trees: what binds tighter is below."""

from zelery.feel import syntax
from zelery.feel.syntax import Node

_LEVELS = (("**",), ("*", "/"), ("+", "-"))


def joined(every: bool, operands: list[Node]) -> Node:
    """Operands joined by "and" (every) or by "or"; a single one alone."""
    return operands[0] if len(operands) == 1 else syntax.Junction(every, tuple(operands))


def by_precedence(operands: list[Node], operators: list[str]) -> Node:
    """The tree of operands with operators between them: each level's chains in turn, the tightest first."""
    for level in _LEVELS:
        chains: list[tuple[Node, list[tuple[str, Node]]]] = [(operands[0], [])]
        between: list[str] = []
        for operator, operand in zip(operators, operands[1:], strict=True):
            if operator in level:
                chains[-1][1].append((operator, operand))
            else:
                chains.append((operand, []))
                between.append(operator)
        operands = [syntax.Arithmetic(first, tuple(rest)) if rest else first for first, rest in chains]
        operators = between
    return operands[0]
