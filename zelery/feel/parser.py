"""From text to a syntax tree.

The grammar is the reference's (FeelParser): a PEG with ordered choices, no word boundaries ("1and2" is fine), names
without blanks or "-", and function names of several words. What it tried at a place is remembered, so parsing takes
time in proportion to the text.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from zelery.feel import syntax
from zelery.feel.characters import ESCAPED_NAME, IDENTIFIER, KEY_END, NUMBER, RESERVED, SPACE, STRING, unescape
from zelery.feel.errors import FeelParseError
from zelery.feel.limits import Limits, exceeded
from zelery.feel.syntax import Node
from zelery.feel.temporal_text import (
    is_months,
    is_offset_time,
    read_any,
    read_date,
    read_date_time,
    read_duration,
    read_local_time,
    read_months,
    read_offset_time,
)

_T = TypeVar("_T")
_NAMES_WITH_RESERVED_WORDS = ("and", "or", "date and time", "years and months duration", "get or else")
_TYPES_WITH_BLANKS = ("years and months duration", "days and time duration", "date and time", "function")
_LEVELS = (("+", "-"), ("*", "/"), ("**",))
_AT_START = "start-of-input | ifOp | forOp | quantifiedOp | disjunction"
_AT_END = 'binaryComparison | between | instanceOf | in | "and" | "or" | end-of-input'
_FOUND_CHARS = 10
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
    if parser.external:
        message = f"validation of expression '{text}' failed: {_EXTERNAL_REFUSED}"
        raise FeelParseError(text, parser.external, ("an expression",), message)
    return node


class _Parser:
    """The grammar's rules as methods: each answers a node and moves on, or answers None and stays."""

    def __init__(self, text: str, limits: Limits, now: datetime) -> None:
        self.text = text
        self.limits = limits
        self.now = now
        self.pos = 0
        self.depth = 0
        self.furthest = 0
        self.expected: list[str] = []
        self.memo: dict[tuple[str, int], tuple[Any, int]] = {}
        self.external = 0

    # ---- small parts

    def skip(self) -> None:
        """Move over blanks and comments."""
        text, pos = self.text, self.pos
        if pos >= len(text) or "/" < text[pos] < "\x7f" or text[pos] in '"#$%&()*+,-.':
            return
        found = SPACE.match(text, pos)
        self.pos = found.end() if found else pos
        if text.startswith("/*", self.pos):
            self.expect("*/", len(text))
            raise self.error(self.pos)

    def expect(self, what: str, at: int | None = None) -> None:
        """Remember what could have stood here, for the furthest place."""
        at = self.pos if at is None else at
        if at > self.furthest:
            self.furthest, self.expected = at, [what]
        elif at == self.furthest and what not in self.expected:
            self.expected.append(what)

    def token(self, token: str) -> bool:
        """Blanks, then exactly this."""
        start = self.pos
        self.skip()
        if self.text.startswith(token, self.pos):
            self.pos += len(token)
            return True
        self.expect(f'"{token}"')
        self.pos = start
        return False

    def one_of(self, *tokens: str) -> str | None:
        """Blanks, then the first of these that is there."""
        return next((token for token in tokens if self.token(token)), None)

    def at_end(self) -> bool:
        self.skip()
        return self.pos == len(self.text)

    def error(self, rest: int | None) -> FeelParseError:
        """The reference's message names the start of the rest; ours, beside it, the furthest place."""
        text = self.text
        if rest is not None:
            self.pos = rest
            found = SPACE.match(text, rest)
            rest = found.end() if found else rest
        at = rest or 0
        before = text[:at]
        line, column = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
        found_text = (
            text[at : at + _FOUND_CHARS]
            .replace("\\", "\\\\")
            .replace('"', '\\"')
            .replace("\n", "\\n")
            .replace("\t", "\\t")
        )
        expected = _AT_START if rest is None else _AT_END
        message = f"failed to parse expression '{text}': Expected ({expected}):{line}:{column}, found \"{found_text}\""
        return FeelParseError(text, self.furthest, tuple(self.expected), message)

    def identifier(self) -> str | None:
        found = IDENTIFIER.match(self.text, self.pos)
        if found is None or found[0] in RESERVED:
            self.expect("a name")
            return None
        self.pos = found.end()
        return str(found[0])

    def name(self) -> str | None:
        """A name, maybe in backticks, after blanks."""
        start = self.pos
        self.skip()
        if self.text.startswith("`", self.pos):
            found = ESCAPED_NAME.match(self.text, self.pos)
            if found:
                self.pos = found.end()
                return found[1]
        name = self.identifier()
        if name is None:
            self.pos = start
        return name

    def property_name(self) -> str | None:
        return "time offset" if self.token("time offset") else self.name()

    def long_name(self) -> str | None:
        """A name of several words, after blanks."""
        start = self.pos
        self.skip()
        begin = self.pos
        words = 0
        while self.identifier() is not None:
            words += 1
            end = self.pos
            while self.text.startswith(" ", self.pos):
                self.pos += 1
            if self.pos == end:
                break
        if words > 1:
            self.pos = end
            return self.text[begin:end]
        self.pos = start
        return None

    def quoted(self) -> str | None:
        """A string's text between the quotes, escapes as they are, after blanks."""
        start = self.pos
        self.skip()
        found = STRING.match(self.text, self.pos)
        if found is None:
            self.expect("a string")
            self.pos = start
            return None
        self.pos = found.end()
        return found[1]

    def separated(self, item: Callable[[], _T | None]) -> list[_T]:
        """Items with commas between; none is fine."""
        found: list[_T] = []
        while True:
            start = self.pos
            if found and not self.token(","):
                return found
            value = item()
            if value is None:
                self.pos = start
                return found
            found.append(value)

    def remembered(self, rule: str, parse: Callable[[], Node | None]) -> Node | None:
        key = (rule, self.pos)
        known = self.memo.get(key)
        if known is None:
            start = self.pos
            node = parse()
            if node is None:
                self.pos = start
            known = self.memo[key] = (node, self.pos)
        self.pos = known[1]
        return known[0]

    # ---- expressions, from the loosest to the tightest

    def expression(self) -> Node | None:
        self.skip()
        return self.remembered("expression", self._expression)

    def _expression(self) -> Node | None:
        start = self.pos
        for token, rule in (
            ("if", self.conditional),
            ("for", self.loop),
            ("some", self.quantified),
            ("every", self.quantified),
        ):
            if self.text.startswith(token, start):
                node = rule()
                if node is not None:
                    return node
                self.pos = start
        return self.junction(0)

    def conditional(self) -> Node | None:
        parts: list[Node] = []
        for token in ("if", "then", "else"):
            if not self.token(token):
                return None
            part = self.expression()
            if part is None:
                return None
            parts.append(part)
        return syntax.If(*parts)

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

    def junction(self, level: int) -> Node | None:
        """A chain of "or" (level 0), of "and" (level 1), or what they join."""
        if level == 2:
            return self.comparison()
        operands: list[Node] = []
        while True:
            start = self.pos
            if operands and not self.token("and" if level else "or"):
                break
            node = self.junction(level + 1)
            if node is None:
                self.pos = start
                break
            operands.append(node)
        if len(operands) < 2:
            return operands[0] if operands else None
        return syntax.Junction(bool(level), tuple(operands))

    def comparison(self) -> Node | None:
        left = self.arithmetic()
        if left is None:
            return self.simple_test()
        start = self.pos
        node = self.compared(left)
        if node is None:
            self.pos = start
            return left
        return node

    def compared(self, left: Node) -> Node | None:
        operator = self.one_of("<=", ">=", "<", ">", "!=", "=")
        if operator:
            right = self.arithmetic()
            if right is None:
                return None
            if operator == "!=":
                return syntax.Not(syntax.Comparison("=", left, right))
            return syntax.Comparison(operator, left, right)
        start = self.pos
        for token, rule in (("between", self.between), ("instance", self.instance_of), ("in", self.membership)):
            if self.token(token):
                node = rule(left)
                if node is not None:
                    return node
                self.pos = start
        return None

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
        self.skip()
        return self.remembered("arithmetic", self._arithmetic)

    def _arithmetic(self, level: int = 0) -> Node | None:
        operand = self.negation if level == len(_LEVELS) - 1 else lambda: self._arithmetic(level + 1)
        first = operand()
        if first is None:
            return None
        rest: list[tuple[str, Node]] = []
        while True:
            start = self.pos
            operator = self.one_of(*_LEVELS[level])
            node = operand() if operator else None
            if operator is None or node is None:
                self.pos = start
                return syntax.Arithmetic(first, tuple(rest)) if rest else first
            rest.append((operator, node))

    def negation(self) -> Node | None:
        start = self.pos
        minus = self.token("-")
        value = self.value()
        if value is None:
            self.pos = start
            return None
        return syntax.Negation(value) if minus else value

    # ---- values

    def value(self) -> Node | None:
        self.skip()
        return self.remembered("value", self._value)

    def _value(self) -> Node | None:
        self.depth += 1
        if self.depth > self.limits.nesting_max:
            exceeded("nesting_max", f"The expression is nested more than {self.limits.nesting_max} levels deep.")
        node = self.terminal()
        chained = 0
        while node is not None:
            following = self.chained(node)
            if following is None:
                break
            node = following
            chained += 1
            if chained > self.limits.nesting_max:
                exceeded(
                    "nesting_max", f"The expression chains more than {self.limits.nesting_max} filters and properties."
                )
        self.depth -= 1
        return node

    def chained(self, source: Node) -> Node | None:
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

    def terminal(self) -> Node | None:
        """The first of the grammar's alternatives that fits; most are told apart by their first character."""
        start = self.pos
        first = self.text[start : start + 1]
        rules = _TERMINALS.get(first)
        for rule in _WORDS if rules is None else rules:
            node = rule(self)
            if node is not None:
                return node
            self.pos = start
        return None

    def temporal(self) -> Node | None:
        if self.text.startswith("@", self.pos):
            self.pos += 1
            quoted = self.quoted()
            return None if quoted is None else syntax.Literal(read_any(quoted, self.now))
        for name in ("duration", "date and time", "date", "time"):
            if self.text.startswith(name, self.pos):
                start = self.pos
                self.pos += len(name)
                quoted = self.quoted() if self.token("(") else None
                if quoted is not None and self.token(")"):
                    return syntax.Literal(self.temporal_literal(name, quoted))
                self.pos = start
        return None

    def temporal_literal(self, name: str, text: str) -> Any:
        if name == "duration":
            return read_months(text) if is_months(text) else read_duration(text)
        if name == "date and time":
            return read_date_time(text, strict=False)
        if name == "date":
            return read_date(text)
        return read_offset_time(text, self.now) if is_offset_time(text) else read_local_time(text)

    def call(self) -> Node | None:
        start = self.pos
        long_name = self.long_name()
        if long_name is None:
            for name in _NAMES_WITH_RESERVED_WORDS:
                if self.text.startswith(name, start):
                    self.pos += len(name)
                    long_name = name
                    break
        names = [long_name] if long_name is not None else self.names()
        if not names or not self.token("("):
            return None
        call = self.arguments(names)
        return call if self.token(")") else None

    def arguments(self, names: list[str]) -> Node:
        path = syntax.Reference(tuple(names[:-1])) if len(names) > 1 else None
        named = self.separated(self.named_argument)
        if named:
            unique = dict(named)
            return syntax.Call(path, names[-1], tuple(unique.values()), tuple(unique))
        return syntax.Call(path, names[-1], tuple(self.separated(self.argument)))

    def named_argument(self) -> tuple[str, Node] | None:
        name = self.parameter()
        if name is None or not self.token(":"):
            return None
        value = self.argument()
        return None if value is None else (name, value)

    def parameter(self) -> str | None:
        return self.long_name() or self.name()

    def argument(self) -> Node | None:
        start = self.pos
        node = self.range()
        if node is not None:
            return node
        self.pos = start
        return self.expression()

    def names(self) -> list[str]:
        """Names with dots between."""
        names: list[str] = []
        while True:
            start = self.pos
            name = None if names and not self.token(".") else self.property_name()
            if name is None:
                self.pos = start
                return names
            names.append(name)

    def reference(self) -> Node | None:
        names = self.names()
        return syntax.Reference(tuple(names)) if names else None

    def word(self) -> Node | None:
        """null, true and false."""
        for word, value in (("null", None), ("true", True), ("false", False)):
            if self.text.startswith(word, self.pos):
                self.pos += len(word)
                return syntax.Literal(value)
        return None

    def string(self) -> Node | None:
        quoted = self.quoted()
        return None if quoted is None else syntax.Literal(unescape(quoted) if "\\" in quoted else quoted)

    def number(self) -> Node | None:
        found = NUMBER.match(self.text, self.pos)
        if found is None:
            self.expect("a value")
            return None
        self.pos = found.end()
        digits = found[0]
        if len(digits) > self.limits.digits_max:
            exceeded("digits_max", f"A number has more than {self.limits.digits_max} digits.")
        return syntax.Literal(Decimal(digits) if "." in digits else int(digits))

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

    def key(self) -> str | None:
        """Any symbols but the reserved ones, blanks only between them; or a name in backticks; or a string."""
        start = self.pos
        self.skip()
        begin = end = self.pos
        while self.pos < len(self.text) and self.text[self.pos] not in KEY_END:
            self.pos += 1
            end = self.pos
            self.skip()
        if end > begin:
            self.pos = end
            return self.text[begin:end]
        self.pos = start
        name = self.name()
        return self.quoted() if name is None else name

    def input(self) -> Node | None:
        return syntax.Input() if self.token("?") else None

    def function(self) -> Node | None:
        if not (self.token("function") and self.token("(")):
            return None
        parameters = self.separated(self.parameter)
        if not self.token(")"):
            return None
        body = self.external_body() or self.expression()
        return None if body is None else syntax.FunctionLiteral(tuple(parameters), body)

    def external_body(self) -> Node | None:
        start = self.pos
        tokens = ("external", "{", "java", ":", "{", "class", ":", None, ",", "method signature", ":", None, "}", "}")
        if all(self.token(token) if token else self.quoted() is not None for token in tokens):
            self.external = start
            return syntax.External()
        self.pos = start
        return None

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
        start = self.arithmetic() if opening else None
        end = self.arithmetic() if start is not None and self.token("..") else None
        closing = self.one_of(")", "[", "]") if end is not None else None
        if start is None or end is None or closing is None:
            return None
        return syntax.RangeLiteral(start, opening == "[", end, closing == "]")


_Rule = Callable[[_Parser], Node | None]
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
