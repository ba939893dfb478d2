"""From text to a syntax tree.

The grammar is the reference's (FeelParser): a PEG with ordered choices, no word boundaries ("1and2" is fine), names
without blanks or "-", and function names of several words. What it tried at a place is remembered, so parsing takes
time in proportion to the text; operators are read in loops, so a level of brackets takes few of Python's frames.
"""

from collections.abc import Callable
from datetime import datetime

from zelery.feel import syntax
from zelery.feel.errors import FeelParseError
from zelery.feel.limits import Limits, exceeded
from zelery.feel.literals import Literals
from zelery.feel.precedence import by_precedence, joined
from zelery.feel.syntax import Node

_TYPES_WITH_BLANKS = ("years and months duration", "days and time duration", "date and time", "function")
_OPERATORS = ("**", "*", "/", "+", "-")
_EXTERNAL_REFUSED = (
    "External functions are disabled. "
    "Use the FunctionProvider SPI (recommended) or enable external function in the configuration."
)


def parse(text: str, limits: Limits, now: datetime, *, unary: bool = False) -> Node:
    """The tree of an expression, or of unary tests. Raises FeelParseError and FeelLimitError.

    now: the time at which the standard offset of a zone in a time literal is looked up.
    """
    if len(text) > limits.text_chars_max:
        exceeded("text_chars_max", f"The expression has more than {limits.text_chars_max} characters.")
    parser = _Parser(text, limits, now)
    node = parser.unary_tests() if unary else parser.expression()
    end = parser.pos
    if node is None or not parser.at_end():
        raise parser.error(None if node is None else end)
    if parser.external is not None:
        message = f"validation of expression '{text}' failed: {_EXTERNAL_REFUSED}"
        raise FeelParseError(text, parser.external, ("an expression",), message)
    return node


class _Parser(Literals):
    """The grammar's rules as methods: each answers a node and moves on, or answers None; who called it goes back."""

    def __init__(self, text: str, limits: Limits, now: datetime) -> None:
        super().__init__(text, limits, now)
        self.depth = 0
        self.expressions: dict[int, tuple[Node | None, int]] = {}
        self.sums: dict[int, tuple[Node | None, int]] = {}
        self.values: dict[int, tuple[Node | None, int]] = {}

    def deeper(self) -> None:
        """Account for a level of nesting, before Python's own stack ends."""
        if self.depth > self.limits.nesting_max:
            exceeded("nesting_max", f"The expression is nested more than {self.limits.nesting_max} levels deep.")
        self.depth += 1

    # ---- expressions, from the loosest to the tightest

    def expression(self) -> Node | None:
        self.skip()
        start = self.pos
        known = self.expressions.get(start)
        if known is not None:
            node, self.pos = known
            return node
        self.deeper()
        node = None
        for word, rule in _KEYWORDS:
            if self.text.startswith(word, start):
                node = rule(self)
                if node is not None:
                    break
                self.pos = start
        if node is None:
            node = self.disjunction()
        self.depth -= 1
        self.expressions[start] = node, self.pos
        return node

    def conditional(self) -> Node | None:
        """if … then … else …; further ones after else are branches of the same node, however many they are."""
        branches: list[tuple[Node, Node]] = []
        starts: list[int] = []
        otherwise = None
        while self.text.startswith("if", self.pos):
            start = self.pos
            branch = self.branch()
            if branch is None:
                self.pos = start
                otherwise = self.disjunction() if branches else None
                break
            starts.append(start)
            branches.append(branch)
            self.skip()
        else:
            otherwise = self.expression()
        while otherwise is None and branches:
            # What follows the last else is none: then its "if" is no conditional, but may be a name.
            self.pos = starts.pop()
            branches.pop()
            otherwise = self.disjunction() if branches else None
        return None if otherwise is None else syntax.If(tuple(branches), otherwise)

    def branch(self) -> tuple[Node, Node] | None:
        condition = self.expression() if self.token("if") else None
        then = self.expression() if condition is not None and self.token("then") else None
        return None if condition is None or then is None or not self.token("else") else (condition, then)

    def loop(self) -> Node | None:
        self.token("for")
        iterators = self.separated(self.iterator)
        if not iterators or not self.token("return"):
            return None
        body = self.expression()
        return None if body is None else syntax.For(tuple(iterators), body)

    def quantified(self) -> Node | None:
        every = self.one_of("some", "every") == "every"
        iterators = self.separated(self.iterator)
        if not iterators or not self.token("satisfies"):
            return None
        condition = self.expression()
        return None if condition is None else syntax.Quantified(every, tuple(iterators), condition)

    def iterator(self) -> tuple[str, Node] | None:
        name = self.name()
        if name is None or not self.token("in"):
            return None
        start = self.pos
        first = self.arithmetic()
        if first is not None and self.token(".."):
            last = self.arithmetic()
            if last is not None:
                return name, syntax.Steps(first, last)
        self.pos = start
        value = self.value()
        return None if value is None else (name, value)

    def disjunction(self) -> Node | None:
        """Comparisons joined by "and", and these joined by "or"."""
        chains: list[list[Node]] = []
        while True:
            start = self.pos
            joint = self.one_of("and", "or") if chains else "or"
            if joint is None:
                break
            left = self.arithmetic()
            node = self.simple_test() if left is None else self.compared(left)
            if node is None:
                self.pos = start
                break
            if joint == "or":
                chains.append([])
            chains[-1].append(node)
        return joined(False, [joined(True, chain) for chain in chains]) if chains else None

    def compared(self, left: Node) -> Node:
        """The comparison that begins with left, or left alone."""
        start = self.pos
        operator = self.one_of("<=", ">=", "<", ">", "!=", "=")
        if operator:
            right = self.arithmetic()
            if right is not None and operator == "!=":
                return syntax.Not(syntax.Comparison("=", left, right))
            if right is not None:
                return syntax.Comparison(operator, left, right)
        else:
            for token, rule in (("between", self.between), ("instance", self.instance_of), ("in", self.membership)):
                node = rule(left) if self.token(token) else None
                if node is not None:
                    return node
                self.pos = start
        self.pos = start
        return left

    def between(self, left: Node) -> Node | None:
        low = self.arithmetic()
        if low is None or not self.token("and"):
            return None
        high = self.arithmetic()
        if high is None:
            return None
        return syntax.Junction(True, (syntax.Comparison(">=", left, low), syntax.Comparison("<=", left, high)))

    def instance_of(self, left: Node) -> Node | None:
        if not self.token("of"):
            return None
        special = self.one_of(*_TYPES_WITH_BLANKS)
        names = [special] if special else self.names()
        return syntax.InstanceOf(left, ".".join(names)) if names else None

    def membership(self, left: Node) -> Node | None:
        start = self.pos
        if self.token("("):
            test = self.positive_tests()
            if test is not None and self.token(")"):
                return syntax.In(left, test)
            self.pos = start
        test = self.positive_test()
        return None if test is None else syntax.In(left, test)

    def arithmetic(self) -> Node | None:
        """Values with operators between them."""
        self.skip()
        begin = self.pos
        known = self.sums.get(begin)
        if known is not None:
            node, self.pos = known
            return node
        operands: list[Node] = []
        operators: list[str] = []
        while True:
            start = self.pos
            operator = self.one_of(*_OPERATORS) if operands else ""
            minus = operator is not None and self.token("-")
            operand = self.value() if operator is not None else None
            if operand is None or operator is None:
                self.pos = start
                break
            operands.append(syntax.Negation(operand) if minus else operand)
            operators.append(operator)
        node = by_precedence(operands, operators[1:]) if operands else None
        self.sums[begin] = node, self.pos
        return node

    # ---- values

    def value(self) -> Node | None:
        """A literal, a name, a call or brackets, with the filters and properties behind it."""
        self.skip()
        start = self.pos
        known = self.values.get(start)
        if known is not None:
            node, self.pos = known
            return node
        node, links = None, 0
        # Most of the grammar's alternatives are told apart by their first character.
        for rule in _TERMINALS.get(self.text[start : start + 1], _WORDS):
            node = rule(self)
            if node is not None:
                break
            self.pos = start
        following = node
        while following is not None:
            if links > self.limits.nesting_max:
                exceeded("nesting_max", f"More than {self.limits.nesting_max} filters and properties follow a value.")
            node, links = following, links + 1
            following = self.linked(node)
        self.values[start] = node, self.pos
        return node

    def linked(self, source: Node) -> Node | None:
        """A property of the source, or the source filtered."""
        start = self.pos
        if self.token("."):
            key = self.property_name()
            if key is not None:
                return syntax.Path(source, key)
        elif self.token("["):
            condition = self.expression()
            if condition is not None and self.token("]"):
                return syntax.Filter(source, condition)
        self.pos = start
        return None

    def call(self) -> Node | None:
        names = self.function_names()
        if not names or not self.token("("):
            return None
        labels: list[str] = []
        arguments: list[Node] = []
        while True:
            start = self.pos
            if arguments and not self.token(","):
                break
            # Either all arguments are named or none is: the first decides.
            label = self.label() if labels or not arguments else None
            argument = self.argument() if label is not None or not labels else None
            if argument is None:
                self.pos = start
                break
            labels += () if label is None else (label,)
            arguments.append(argument)
        path = syntax.Reference(tuple(names[:-1])) if len(names) > 1 else None
        if labels:
            unique = dict(zip(labels, arguments, strict=True))
            labels, arguments = list(unique), list(unique.values())
        call = syntax.Call(path, names[-1], tuple(arguments), tuple(labels) or None)
        return call if self.token(")") else None

    def argument(self) -> Node | None:
        start = self.pos
        node = self.range()
        if node is not None:
            return node
        self.pos = start
        return self.expression()

    def list(self) -> Node | None:
        if not self.token("["):
            return None
        items: list[Node] = self.separated(self.expression)
        return syntax.ListLiteral(tuple(items)) if self.token("]") else None

    def context(self) -> Node | None:
        if not self.token("{"):
            return None
        entries = self.separated(self.entry)
        return syntax.ContextLiteral(tuple(entries)) if self.token("}") else None

    def entry(self) -> tuple[str, Node] | None:
        key = self.key()
        if key is None or not self.token(":"):
            return None
        value = self.expression()
        return None if value is None else (key, value)

    def function(self) -> Node | None:
        if not (self.token("function") and self.token("(")):
            return None
        parameters = self.separated(self.parameter)
        if not self.token(")"):
            return None
        body = self.external_body() or self.expression()
        return None if body is None else syntax.FunctionLiteral(tuple(parameters), body)

    def group(self) -> Node | None:
        if not self.token("("):
            return None
        node = self.expression()
        return node if node is not None and self.token(")") else None

    # ---- unary tests

    def unary_tests(self) -> Node | None:
        self.skip()
        start = self.pos
        if self.token("not") and self.token("("):
            tests = self.positive_tests()
            if tests is not None and self.token(")"):
                return syntax.Not(tests)
        self.pos = start
        tests = self.positive_tests()
        if tests is not None:
            return tests
        self.pos = start
        return syntax.Literal(True) if self.token("-") else None

    def positive_tests(self) -> Node | None:
        tests: list[Node] = self.separated(self.positive_test)
        if len(tests) < 2:
            return tests[0] if tests else None
        return syntax.AtLeastOne(tuple(tests))

    def positive_test(self) -> Node | None:
        self.skip()
        start = self.pos
        for token, value in (("true", True), ("false", False)):
            if self.token(token) and self.at_end():
                return syntax.InputComparison("=", syntax.Literal(value))
            self.pos = start
        node = self.simple_test()
        if node is not None:
            return node
        self.pos = start
        expression = self.expression()
        return None if expression is None else syntax.UnaryTest(expression)

    def simple_test(self) -> Node | None:
        start = self.pos
        operator = self.one_of("<=", ">=", "<", ">")
        if operator:
            operand = self.arithmetic()
            return None if operand is None else syntax.InputComparison(operator, operand)
        self.pos = start
        interval = self.range()
        return None if interval is None else syntax.InputInRange(interval)

    def range(self) -> syntax.RangeLiteral | None:
        opening = self.one_of("(", "]", "[")
        if opening is None:
            return None
        self.deeper()
        start = self.arithmetic()
        end = self.arithmetic() if start is not None and self.token("..") else None
        closing = self.one_of(")", "[", "]") if end is not None else None
        self.depth -= 1
        if start is None or end is None or closing is None:
            return None
        return syntax.RangeLiteral(start, opening == "[", end, closing == "]")


_Rule = Callable[[_Parser], Node | None]
_KEYWORDS: tuple[tuple[str, _Rule], ...] = (
    ("if", _Parser.conditional),
    ("for", _Parser.loop),
    ("some", _Parser.quantified),
    ("every", _Parser.quantified),
)
_WORDS: tuple[_Rule, ...] = (
    _Parser.temporal,
    _Parser.call,
    _Parser.reference,
    _Parser.word,
    _Parser.number,
    _Parser.function,
)
_SIGNS: dict[str, tuple[_Rule, ...]] = {
    "(": (_Parser.group,),
    "[": (_Parser.list,),
    "{": (_Parser.context,),
    '"': (_Parser.string,),
    "?": (_Parser.input,),
    "@": (_Parser.temporal,),
    "": (),
}
_NUMBERS: dict[str, tuple[_Rule, ...]] = dict.fromkeys("0123456789.-", (_Parser.number,))
_TERMINALS = _SIGNS | _NUMBERS
