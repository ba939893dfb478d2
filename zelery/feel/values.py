"""FEEL's values as Python objects.

null is None, booleans are bool, strings str, numbers int, float or Decimal, lists list, contexts dict; temporal values
are those of temporal.py. What a caller's context holds is read in place and never changed. Types are compared exactly,
so that no attribute of a caller's object is ever touched: a value of any other class is refused where it is met.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from zelery.feel.errors import Fault
from zelery.feel.limits import Run
from zelery.feel.numbers import text_of
from zelery.feel.temporal import Date, DateTime, Duration, LocalDateTime, LocalTime, Months, Time
from zelery.feel.temporal_text import feel_text

NUMBERS: Final = frozenset((int, float, Decimal))
TEMPORALS: Final = frozenset((Date, LocalTime, Time, LocalDateTime, DateTime, Months, Duration))


class Context(dict[str, Any]):
    """A context that a literal made. Its functions are no entries; to list contains it is equal to itself alone."""

    __slots__ = ("functions",)

    def __init__(self) -> None:
        self.functions: dict[str, list[Function]] = {}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Function:
    """Something that can be called: a builtin or a function literal.

    parameters: their names, which named arguments use.
    call: takes the run and the arguments in order; answers a value or a Failure.
    variadic: the last parameter takes all further arguments as a list.
    """

    parameters: tuple[str, ...]
    call: Callable[..., Any]
    variadic: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """An interval as a function's argument has it."""

    start: Any
    start_closed: bool
    end: Any
    end_closed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """No value: most operations turn it into null, a whole list or context fails with it.

    fatal: not even an operation that suppresses failures survives it ("?" where there is no input).
    """

    reason: str
    fatal: bool = False


_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    Decimal: "number",
    str: "string",
    list: "list",
    dict: "context",
    Context: "context",
    Date: "date",
    LocalTime: "local time",
    Time: "time",
    LocalDateTime: "local date and time",
    DateTime: "date and time",
    Months: "years and months duration",
    Duration: "days and time duration",
    Range: "range",
    Function: "function",
    Failure: "error",
}
_TYPE_NAMES = {"local time": "time", "local date and time": "date and time"}
_ORDERED = frozenset(("number", "string", "date", "local time", "time", "local date and time", "date and time")) | {
    "years and months duration",
    "days and time duration",
}


def kind_of(value: Any) -> str:
    """The value's kind; times with and without offset are kinds of their own. Infinity is null, as in the reference."""
    kind = type(value)
    if kind is float and value - value != 0.0:
        return "null"
    try:
        return _KINDS[kind]
    except KeyError:
        text = f"A variable holds a Python {kind.__name__}, which FEEL has no type for: give it as JSON has it."
        raise Fault(text) from None


def type_name(value: Any) -> str:
    """The type's name, as "instance of" and the warnings know it."""
    kind = kind_of(value)
    return _TYPE_NAMES.get(kind, kind)


def is_ordered(value: Any) -> bool:
    """Whether values of this kind may be compared by <. A list of them passes too, as in the reference."""
    kind = kind_of(value)
    if kind == "list":
        return bool(value) and is_ordered(value[0]) and all(kind_of(item) == kind_of(value[0]) for item in value)
    return kind in _ORDERED


def text(value: Any, run: Run) -> str:
    """The value as FEEL writes it, strings in quotes: for string(…) of lists and contexts, and for warnings."""
    pieces: list[str] = []
    _write(value, pieces.append, run)
    return "".join(pieces)


def _write(value: Any, write: Callable[[str], None], run: Run) -> None:
    kind = type(value)
    run.charge(1)
    if kind is list:
        write("[")
        for at, item in enumerate(value):
            write(", " if at else "")
            _write(item, write, run)
        write("]")
    elif kind is dict or kind is Context:
        run.charge(key_chars(value) >> 6)
        write("{")
        for at, key in enumerate(keys_of(value, run)):
            write(f"{', ' if at else ''}{key}:")
            _write(value[key], write, run)
        write("}")
    elif kind is Range:
        write("[" if value.start_closed else "(")
        _write(value.start, write, run)
        write("..")
        _write(value.end, write, run)
        write("]" if value.end_closed else ")")
    else:
        if kind is str:
            run.charge(len(value) >> 6)
        write(_simple_text(value))


def _simple_text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return f'"{value}"'
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind in NUMBERS:
        return text_of(value) if kind_of(value) == "number" else "null"
    if kind in TEMPORALS:
        return feel_text(value)
    if kind is Function:
        return f"function({', '.join(value.parameters)})"
    if kind is Failure:
        return f'{"fatal error" if value.fatal else "error"}("{value.reason}")'
    return kind_of(value)


_SMALL = 4  # Scala's maps of up to four entries keep their order, greater ones are hash tries.


def keys_of(context: dict[str, Any], run: Run) -> list[str]:
    """The keys in the order in which the reference lists them."""
    keys = list(context)
    if len(keys) <= _SMALL:
        return keys
    run.charge(len(keys) + (key_chars(context) >> 4))
    return _trie_order([(_scala_hash(key), key) for key in keys], 0)


def key_chars(context: dict[str, Any]) -> int:
    """How long the keys are together. What JSON has no keys for is refused."""
    try:
        return len("".join(context))
    except TypeError:
        raise Fault("A variable holds a context with keys that are no texts: give it as JSON has it.") from None


def _trie_order(entries: list[tuple[int, str]], shift: int) -> list[str]:
    """A node of the trie lists its own entries by five bits of the hash, then its sub-nodes."""
    if shift > 30:
        return [key for _, key in entries]
    slots: dict[int, list[tuple[int, str]]] = {}
    for entry in entries:
        slots.setdefault(entry[0] >> shift & 31, []).append(entry)
    ordered = [slots[slot] for slot in sorted(slots)]
    own = [slot[0][1] for slot in ordered if len(slot) == 1]
    return own + [key for slot in ordered if len(slot) > 1 for key in _trie_order(slot, shift + 5)]


def _scala_hash(key: str) -> int:
    code = 0
    for unit in utf16(key):
        code = (code * 31 + ord(unit)) & 0xFFFFFFFF
    code = (code + ~(code << 9)) & 0xFFFFFFFF
    code ^= code >> 14
    code = (code + (code << 4)) & 0xFFFFFFFF
    return code ^ code >> 10


def utf16(value: str) -> str:
    """The string with each character beyond U+FFFF as its two surrogates: Java counts and cuts these."""
    if value.isascii() or max(value) <= "\uffff":
        return value
    units = value.encode("utf-16-be", "surrogatepass")
    return "".join(chr(units[at] << 8 | units[at + 1]) for at in range(0, len(units), 2))


def joined(value: str) -> str:
    """The opposite of utf16: pairs of surrogates become characters again."""
    if value.isascii():
        return value
    return value.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
