"""Reading a text from left to right: blanks, tokens, names, and where it could not go on."""

from collections.abc import Callable
from typing import TypeVar

from zelery.feel.characters import ESCAPED_NAME, IDENTIFIER, RESERVED, SPACE, STRING
from zelery.feel.errors import FeelParseError

_T = TypeVar("_T")
_AT_START = "start-of-input | ifOp | forOp | quantifiedOp | disjunction"
_AT_END = 'binaryComparison | between | instanceOf | in | "and" | "or" | end-of-input'
_FOUND_CHARS = 10


class Reader:
    """A place in a text. Each method answers what it found and moves behind it, or answers nothing and stays."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.furthest = 0
        self.expected: list[str] = []

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
