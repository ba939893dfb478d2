"""Java's regular expressions on the regex package.

The pattern is read and written anew, so that each construct means what java.util.regex means by it: ASCII classes,
Java's line ends, POSIX and \\p{java…} classes, unions and intersections of classes, quoting. A search ends at the
deadline.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Any

import regex

from zelery.feel.limits import Run

_LINE_ENDS = r"\n\r\x85\u2028\u2029"
_AT_END = r"(?=(?:\r\n|(?<!\r)\n|[\r\x85\u2028\u2029])?\Z)"
_AT_LINE_END = r"(?=\r\n|(?<!\r)\n|[\r\x85\u2028\u2029]|\Z)"
_AT_LINE_START = r"(?:(?<![\s\S])|(?<=[\n\x85\u2028\u2029]|\r(?!\n))(?!\Z))"
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0b\f\r",
    "javaLowerCase": r"\p{Ll}",
    "javaUpperCase": r"\p{Lu}",
    "javaWhitespace": r"\p{Zs}\p{Zl}\p{Zp}\t\n\x0b\f\r\x1c-\x1f",
    "javaLetter": r"\p{L}",
    "javaDigit": r"\p{Nd}",
    "javaLetterOrDigit": r"\p{L}\p{Nd}",
    "javaAlphabetic": r"\p{Alphabetic}",
    "L1": r"\x00-\xff",
    "LC": r"\p{Lu}\p{Ll}\p{Lt}",
    "all": r"\x00-\U0010ffff",
}
_CLASSES = {
    "d": "0-9",
    "w": "a-zA-Z0-9_",
    "s": r" \t\n\x0b\f\r",
    "h": r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000",
    "v": r"\n\x0b\f\r\x85\u2028\u2029",
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_QUANTIFIER = re.compile(r"(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})[+?]?")
_GROUP = re.compile(r"\(\?(?:([idmsuxU]*)(?:-([idmsuxU]*))?([:)])|(<[=!]|[=!>])|<([A-Za-z][A-Za-z0-9]*)>)")
_HEX = re.compile(r"x\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|0([0-3]?[0-7]{1,2})")
_NAMED = re.compile(r"N\{([A-Za-z0-9 ()-]+)\}")
_PROPERTY = re.compile(r"[pP](?:\{(\^?)([A-Za-z0-9_=]+)\}|([A-Za-z]))")


class InvalidPatternError(ValueError):
    """Java would refuse this pattern, or this replacement."""


@lru_cache(maxsize=1024)
def compiled(pattern: str, flags: str = "") -> Any:
    """The pattern for the regex package. flags: any of s, m, i, x. Raises InvalidPatternError."""
    try:
        translated = _Translator(pattern, frozenset(flags) & frozenset("smix")).whole()
        return regex.compile("(?V1)" + translated)
    except (regex.error, OverflowError, RecursionError, KeyError) as error:
        raise InvalidPatternError(pattern) from error


def _escaped(char: str) -> str:
    return char if char.isalnum() or char == "_" else f"\\U{ord(char):08x}"


class _Translator:
    """Reads Java's syntax from left to right and writes the other's."""

    def __init__(self, pattern: str, flags: frozenset[str]) -> None:
        self.pattern = pattern
        self.pos = 0
        self.flags = flags
        self.groups = 0
        self.names: set[str] = set()

    def whole(self) -> str:
        written = self.alternatives()
        if self.pos < len(self.pattern):
            raise InvalidPatternError(self.pattern)
        return written

    def alternatives(self) -> str:
        """Up to the end or a closing bracket. Flags set inside end with it."""
        flags, parts = self.flags, []
        while self.pos < len(self.pattern) and self.pattern[self.pos] != ")":
            parts.append(self.piece())
        self.flags = flags
        return "".join(parts)

    def piece(self) -> str:
        char = self.pattern[self.pos]
        if "x" in self.flags and (char in " \t\n\x0b\f\r" or char == "#"):
            end = self.pattern.find("\n", self.pos) if char == "#" else self.pos
            self.pos = len(self.pattern) if end < 0 else end + 1
            return ""
        if char == "|":
            self.pos += 1
            return "|"
        if char == "{":
            # Java lets a count stand after nothing, and repeats nothing.
            counted = _QUANTIFIER.match(self.pattern, self.pos)
            least, _, most = counted[0].strip("{}?+").partition(",") if counted else ("", "", "")
            if not counted or (most and int(least) > int(most)):
                raise InvalidPatternError(self.pattern)
            self.pos = counted.end()
            return ""
        atom = self.atom(char)
        found = _QUANTIFIER.match(self.pattern, self.pos)
        if not found or not atom:
            return atom
        self.pos = found.end()
        return f"(?:{atom}){found[0]}"

    def atom(self, char: str) -> str:
        if char == "(":
            return self.group()
        if char == "[":
            return self.cased(self.char_class())
        if char == "\\":
            return self.escape()
        if char in "*+?":
            raise InvalidPatternError(self.pattern)
        self.pos += 1
        if char == ".":
            return r"[\s\S]" if "s" in self.flags else f"[^{_LINE_ENDS}]"
        if char == "$":
            return _AT_LINE_END if "m" in self.flags else _AT_END
        if char == "^":
            return _AT_LINE_START if "m" in self.flags else r"(?<![\s\S])"
        return self.cased(_escaped(char))

    def cased(self, atom: str) -> str:
        """The atom, whatever its case if the flags say so. Java folds ASCII letters alone, unless the flag u is set."""
        beyond_ascii = len(atom) == 1 and not atom.isascii() and "u" not in self.flags
        return f"(?i-f:{atom})" if "i" in self.flags and not beyond_ascii else atom

    def group(self) -> str:
        if not self.pattern.startswith("(?", self.pos):
            self.pos += 1
            self.groups += 1
            return f"({self.closed()})"
        found = _GROUP.match(self.pattern, self.pos)
        if not found:
            raise InvalidPatternError(self.pattern)
        self.pos = found.end()
        on, off, end, look, name = found.groups()
        if name:
            if name in self.names:
                raise InvalidPatternError(self.pattern)
            self.names.add(name)
            self.groups += 1
            return f"(?P<{name}>{self.closed()})"
        if look:
            return f"(?{look}{self.closed()})"
        before = self.flags
        self.flags = (before | frozenset(on or "")) - frozenset(off or "")
        if end == ")":
            return ""
        written = f"(?:{self.closed()})"
        self.flags = before
        return written

    def closed(self) -> str:
        inner = self.alternatives()
        if self.pos >= len(self.pattern):
            raise InvalidPatternError(self.pattern)
        self.pos += 1
        return inner

    def escape(self) -> str:
        """A backslash outside of a class."""
        following = self.pattern[self.pos + 1 : self.pos + 2]
        if following == "Q":
            end = self.pattern.find("\\E", self.pos)
            quoted = self.pattern[self.pos + 2 : end if end >= 0 else None]
            self.pos = end + 2 if end >= 0 else len(self.pattern)
            return "".join(self.cased(_escaped(char)) for char in quoted)
        simple = {"b": r"\b", "B": r"\B", "A": r"(?<![\s\S])", "z": r"\Z", "Z": _AT_END, "G": r"\G", "E": ""}
        simple |= {"R": r"(?:\r\n|[\n-\r\x85\u2028\u2029])", "X": r"\X"}
        if following and following in simple:
            self.pos += 2
            return simple[following]
        if following == "k":
            return self.named_reference()
        if following in tuple("123456789"):
            return self.numbered_reference()
        return self.cased(self.char_escape())

    def named_reference(self) -> str:
        found = re.compile(r"\\k<([A-Za-z][A-Za-z0-9]*)>").match(self.pattern, self.pos)
        if not found or found[1] not in self.names:
            raise InvalidPatternError(self.pattern)
        self.pos = found.end()
        return self.cased(f"(?P={found[1]})")

    def numbered_reference(self) -> str:
        """As many digits as there are groups for; a group that does not exist yet never matches."""
        digits = self.pattern[self.pos + 1]
        self.pos += 2
        while (
            self.pos < len(self.pattern)
            and self.pattern[self.pos].isdigit()
            and int(digits + self.pattern[self.pos]) <= self.groups
        ):
            digits += self.pattern[self.pos]
            self.pos += 1
        return self.cased(rf"(?:\g<{digits}>)") if int(digits) <= self.groups else r"(?!)"

    def char_escape(self) -> str:
        """An escape that stands for a character or a set of them."""
        self.pos += 1
        if self.pos >= len(self.pattern):
            raise InvalidPatternError(self.pattern)
        char = self.pattern[self.pos]
        found = _HEX.match(self.pattern, self.pos)
        if found:
            self.pos = found.end()
            code = int(found[1] or found[2] or found[3] or "0", 16) if not found[4] else int(found[4], 8)
            if code > 0x10FFFF:
                raise InvalidPatternError(self.pattern)
            return _escaped(chr(code))
        if char in "pP":
            return self.property()
        if char == "N":
            return self.named_character()
        self.pos += 1
        if char.lower() in _CLASSES and (char.islower() or char in "DWSHV"):
            return f"[{'^' if char.isupper() else ''}{_CLASSES[char.lower()]}]"
        if char == "c" and self.pos < len(self.pattern):
            self.pos += 1
            return _escaped(chr(ord(self.pattern[self.pos - 1]) ^ 64))
        if char in _CONTROLS:
            return _escaped(_CONTROLS[char])
        if char.isascii() and char.isalnum():
            raise InvalidPatternError(self.pattern)
        return _escaped(char)

    def named_character(self) -> str:
        found = _NAMED.match(self.pattern, self.pos)
        try:
            char = unicodedata.lookup(found[1]) if found else ""
        except KeyError:
            char = ""
        if not found or len(char) != 1:
            raise InvalidPatternError(self.pattern)
        self.pos = found.end()
        return _escaped(char)

    def property(self) -> str:
        found = _PROPERTY.match(self.pattern, self.pos)
        if not found:
            raise InvalidPatternError(self.pattern)
        self.pos = found.end()
        negated = (self.pattern[found.start()] == "P") != bool(found[1])
        name = found[2] or found[3]
        members = _POSIX.get(name) or rf"\p{{{_unicode_name(name)}}}"
        return f"[{'^' if negated else ''}{members}]"

    def char_class(self) -> str:
        """[…] with unions, intersections and quoting."""
        self.pos += 1
        negated = self.pattern.startswith("^", self.pos)
        self.pos += negated
        operands: list[list[str]] = [[]]
        first = True
        while True:
            if self.pos >= len(self.pattern):
                raise InvalidPatternError(self.pattern)
            char = self.pattern[self.pos]
            if char == "]" and not first:
                self.pos += 1
                break
            first = False
            if self.pattern.startswith("&&", self.pos):
                self.pos += 2
                operands.append([])
            elif char == "[":
                operands[-1].append(self.char_class())
            elif self.pattern.startswith("\\Q", self.pos):
                end = self.pattern.find("\\E", self.pos)
                quoted = self.pattern[self.pos + 2 : end if end >= 0 else None]
                self.pos = end + 2 if end >= 0 else len(self.pattern)
                operands[-1].extend(map(_escaped, quoted))
            elif "x" in self.flags and char in " \t\n\x0b\f\r":
                self.pos += 1
            else:
                operands[-1].append(self.member())
        if not any(operands):
            raise InvalidPatternError(self.pattern)
        sets = [f"[{''.join(members)}]" for members in operands if members]
        joined = "&&".join(sets)
        return f"[{'^' if negated else ''}{joined}]"

    def member(self) -> str:
        """A character, a range of them, or a set."""
        low = self.one()
        following = self.pattern[self.pos : self.pos + 2]
        if low.startswith("[") or len(following) < 2 or following[0] != "-" or following[1] in "[]":
            return low
        self.pos += 1
        high = self.one()
        if high.startswith("[") or _char(low) > _char(high):
            raise InvalidPatternError(self.pattern)
        return f"{low}-{high}"

    def one(self) -> str:
        if self.pattern[self.pos] == "\\":
            return self.char_escape()
        self.pos += 1
        return _escaped(self.pattern[self.pos - 1])


def _char(written: str) -> str:
    return chr(int(written.removeprefix("\\U"), 16)) if written.startswith("\\U") else written


def _unicode_name(name: str) -> str:
    name = name.removeprefix("Is") if name.startswith("Is") else name
    return name.replace("sc=", "script=").replace("blk=", "block=").replace("gc=", "general_category=")


def expanded(replacement: str, found: Any, run: Run) -> str:
    r"""A match's replacement: $1, ${name}, and \ before a literal character. Raises InvalidPatternError for others."""
    if "$" not in replacement and "\\" not in replacement:
        return replacement
    written, pos, size = [], 0, 0
    while pos < len(replacement):
        char = replacement[pos]
        pos += 1
        if char == "\\":
            if pos == len(replacement):
                raise InvalidPatternError(replacement)
            written.append(replacement[pos])
            pos += 1
        elif char == "$":
            group, pos = _group(replacement, pos, found)
            written.append(found.group(group) or "")
            size += len(written[-1])
            if size > run.limits.string_chars_max:
                run.allow_chars(size)
        else:
            written.append(char)
    return "".join(written)


def _group(replacement: str, pos: int, found: Any) -> tuple[int | str, int]:
    named = re.compile(r"\{([A-Za-z][A-Za-z0-9]*)\}").match(replacement, pos)
    if named:
        if named[1] not in found.re.groupindex:
            raise InvalidPatternError(replacement)
        return named[1], named.end()
    if not (pos < len(replacement) and replacement[pos] in "0123456789"):
        raise InvalidPatternError(replacement)
    group, pos = int(replacement[pos]), pos + 1
    if group > found.re.groups:
        raise InvalidPatternError(replacement)
    while (
        pos < len(replacement)
        and replacement[pos] in "0123456789"
        and group * 10 + int(replacement[pos]) <= found.re.groups
    ):
        group, pos = group * 10 + int(replacement[pos]), pos + 1
    return group, pos
