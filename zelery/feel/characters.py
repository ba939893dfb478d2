"""What the grammar's smallest parts look like: blanks, comments, names, numbers, strings."""

import re

import regex

_BLANKS = "\\t\\n\\x0b\\x0c\\r \\x85\\xa0\\u1680\\u180e\\u2000-\\u200b\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
SPACE = re.compile(rf"(?:[{_BLANKS}]+|//[^\n]*\n?|/\*.*?\*/)*", re.DOTALL)

# Java's identifier characters, of the basic plane only: the reference looks at UTF-16 units.
# Blanks are never part of a name.
_START = r"[\p{L}\p{Nl}\p{Sc}\p{Pc}]"
_PART = r"[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mn}\p{Mc}\p{Cf}\x00-\x08\x0e-\x1b\x7f-\x9f]"
IDENTIFIER = regex.compile(rf"(?V1)[{_START}&&[\x00-\uffff]](?:[[{_PART}&&[\x00-\uffff]]--[{_BLANKS}]])*")

NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
STRING = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
ESCAPED_NAME = re.compile("`([^`]+)`")
RESERVED = frozenset(["null", "true", "false", "function", "in", "return", "then", "else", "satisfies", "and", "or"])
KEY_END = frozenset('"{}:,[]`')

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"'}


def unescape(text: str) -> str:
    r"""The string that a literal means.

    As in the reference, \u and unknown escapes stay, and a backslash after a backslash starts nothing.
    """
    for letter, meaning in _ESCAPES.items():
        escape = "\\" + letter
        if escape in text:
            text = re.sub(r"(?<!\\)" + re.escape(escape), meaning, text)
    return text.replace("\\\\", "\\")
