"""What holds no other expression: null, booleans, numbers, strings, temporal values, names of functions, keys."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from zelery.feel import syntax
from zelery.feel.characters import KEY_END, NUMBER, unescape
from zelery.feel.limits import Limits, exceeded
from zelery.feel.reader import Reader
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

_NAMES_WITH_RESERVED_WORDS = ("and", "or", "date and time", "years and months duration", "get or else")


class Literals(Reader):
    """The grammar's rules that need no other rules.

    now: the time at which the standard offset of a zone in a time literal is looked up.
    """

    def __init__(self, text: str, limits: Limits, now: datetime) -> None:
        super().__init__(text)
        self.limits = limits
        self.now = now
        self.external: int | None = None  # Where an external function stands, which only a whole parse refuses.

    def word(self) -> Node | None:
        """null, true and false."""
        for word, value in (("null", None), ("true", True), ("false", False)):
            if self.text.startswith(word, self.pos):
                self.pos += len(word)
                return syntax.Literal(value)
        return None

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

    def string(self) -> Node | None:
        quoted = self.quoted()
        return None if quoted is None else syntax.Literal(unescape(quoted) if "\\" in quoted else quoted)

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

    def reference(self) -> Node | None:
        names = self.names()
        return syntax.Reference(tuple(names)) if names else None

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

    def function_names(self) -> list[str]:
        """A function's name, maybe of several words, or its path."""
        long_name = self.long_name()
        for name in _NAMES_WITH_RESERVED_WORDS if long_name is None else ():
            if self.text.startswith(name, self.pos):
                self.pos += len(name)
                return [name]
        return self.names() if long_name is None else [long_name]

    def label(self) -> str | None:
        """The name before a named argument."""
        start = self.pos
        name = self.parameter()
        if name is not None and self.token(":"):
            return name
        self.pos = start
        return None

    def parameter(self) -> str | None:
        return self.long_name() or self.name()

    def external_body(self) -> Node | None:
        start = self.pos
        tokens = ("external", "{", "java", ":", "{", "class", ":", None, ",", "method signature", ":", None, "}", "}")
        if all(self.token(token) if token else self.quoted() is not None for token in tokens):
            self.external = start
            return syntax.External()
        self.pos = start
        return None
