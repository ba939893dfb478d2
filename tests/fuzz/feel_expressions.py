"""Random FEEL expressions, of the kinds that the reference's tests and connectors use, and their wrong neighbours."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

_T = TypeVar("_T")

CONTEXT: dict[str, Any] = {
    "a": 3,
    "b": -2.5,
    "s": "Hello World",
    "e": "",
    "u": "Grüße 😀",
    "t": True,
    "n": None,
    "l": [3, 1, 2, 3],
    "sl": ["b", "a", None, "c"],
    "ml": [1, "x", True, None, [1], {"k": 1}],
    "el": [],
    "c": {"k": 1, "v": {"w": [1, {"z": 2}]}, "key x": "y", "n": None},
    "cl": [{"k": 1, "v": "p"}, {"k": 2}, {"k": None, "v": "q"}, {"k": 1, "v": "p"}],
    "key x": 7,
    "big": 12345678901234567890,
    "f": 1.0,
    "small": 1e-9,
}

# Kinds of arguments by overload: n number, s string, l list, c context, d/D/t/T/x/X temporal, y/z durations, b boolean,
# p point, r range, g regular expression, j JSON, f function of two, a anything, L S C lists of n, s, c.
FUNCTIONS: dict[str, tuple[str, ...]] = {
    "string": ("a",), "number": ("s", "ss", "sss"), "date": ("s", "x", "nnn"), "time": ("s", "x", "nnn", "nnnz"),
    "date and time": ("s", "dt", "xT", "xs"), "duration": ("s",), "years and months duration": ("dd", "xx", "dx"),
    "to json": ("a",), "from json": ("j", "j", "s"), "not": ("b",), "is defined": ("a",), "get or else": ("aa",),
    "substring": ("sn", "snn"), "string length": ("s",), "upper case": ("s",), "lower case": ("s",),
    "substring before": ("ss",), "substring after": ("ss",), "contains": ("ss",), "starts with": ("ss",),
    "ends with": ("ss",), "matches": ("sg", "sgs"), "replace": ("sgs", "sgss"), "split": ("sg",), "extract": ("sg",),
    "trim": ("s",), "is blank": ("s",), "to base64": ("s",), "string join": ("S", "Ss", "Ssss"),
    "list contains": ("la",), "count": ("l",), "min": ("L", "nnn", "dd"), "max": ("L", "sss", "yy"),
    "sum": ("L", "nn"), "product": ("L", "nn"), "mean": ("L", "nnn"), "median": ("L", "nnnn"), "stddev": ("L", "nnn"),
    "mode": ("L", "nnn"), "all": ("l", "bbb"), "any": ("l", "bbb"), "and": ("l", "bb"), "or": ("l", "bb"),
    "sublist": ("ln", "lnn"), "append": ("la", "laa"), "concatenate": ("ll", "l"), "insert before": ("lna",),
    "remove": ("ln",), "reverse": ("l",), "index of": ("la",), "union": ("ll", "LL"), "distinct values": ("l",),
    "duplicate values": ("l",), "flatten": ("l",), "sort": ("Lf", "Sf"), "partition": ("ln",), "is empty": ("l",),
    "decimal": ("nn", "nns"), "floor": ("n", "nn"), "ceiling": ("n", "nn"), "round up": ("nn",),
    "round down": ("nn",),
    "round half up": ("nn",), "round half down": ("nn",), "abs": ("n", "y", "z"), "modulo": ("nn",), "sqrt": ("n",),
    "log": ("n",), "exp": ("n",), "odd": ("n",), "even": ("n",), "get entries": ("c",), "get value": ("cs", "cS"),
    "context put": ("csa", "cSa"), "context merge": ("C", "cc"), "context": ("C",), "put": ("csa",),
    "put all": ("cc",),
    "before": ("pp", "pr", "rp", "rr"), "after": ("pp", "pr", "rp", "rr"), "meets": ("rr",), "met by": ("rr",),
    "overlaps": ("rr",), "overlaps before": ("rr",), "overlaps after": ("rr",), "finishes": ("pr", "rr"),
    "finished by": ("rp", "rr"), "includes": ("rp", "rr"), "during": ("pr", "rr"), "starts": ("pr", "rr"),
    "started by": ("rp", "rr"), "coincides": ("pp", "rr"), "now": ("",), "today": ("",), "day of year": ("d",),
    "day of week": ("d",), "month of year": ("x",), "week of year": ("d",), "last day of month": ("d",),
    "jobError": ("s", "sc", "scn", "scnz"), "bpmnError": ("ss", "ssc"), "ignoreError": ("", "c"),
    "assert": ("ab", "abs"),
    "unknown function": ("a",),
}  # fmt: skip
NAMED: dict[str, tuple[str, ...]] = {
    "substring": ("string", "start position", "length"),
    "number": ("from", "grouping separator", "decimal separator"),
    "date": ("year", "month", "day", "from"), "time": ("hour", "minute", "second", "offset", "from"),
    "date and time": ("date", "time", "from"), "replace": ("input", "pattern", "replacement", "flags"),
    "contains": ("string", "match"), "count": ("list",), "sum": ("list",), "decimal": ("n", "scale", "mode"),
    "floor": ("n", "scala", "scale"), "get value": ("m", "key", "context", "keys"), "append": ("list", "items"),
    "before": ("point", "range", "point1", "point2", "range1", "range2"),
    "during": ("point", "range", "range1", "range2"),
    "sublist": ("list", "start", "start position", "length"), "min": ("list",), "max": ("list",),
    "is defined": ("value",),
    "context put": ("context", "key", "keys", "value"), "string join": ("list", "delimiter", "prefix", "suffix"),
}  # fmt: skip
NUMBERS = (
    "0", "1", "2", "3", "-1", "10", "0.5", "1.5", "2.5", "-2.5", "1.0", "1.50", ".5", "100", "0.1", "1234.5678",
    "3.14159",
    "12345678901234567890", "0.000001", "0.0000001", "99999999999999999999999999999999999", "2147483648", "1e3",
    "-0", "007",
    "9223372036854775807", "9223372036854775808", "1000000", "0.00", "1/3", "2**10", "10**20", "10**-7",
)  # fmt: skip
STRINGS = (
    "", "a", "abc", "foobar", "Hello World", "ÄÖü ß", "😀x", "a,b;c", " x ", "\\n", "\\t", '\\"', "\\\\", "\\u0041",
    "\\'", "1.5",
    "1,234.5", "-3", "1E3", " 1", "x.y", "2024-02-29", "10:30:00", "P1D", '{\\"a\\": 1}', "[1, 2.50]", "true",
    "null", "İI", "k",
    "v", "key x", "\\r\\n", "0x1F", "1.", "+5", "Europe/Berlin", "Z", "+02:00", "UP", "half_up", " ", ",", ".", "i",
    "sx", "m",
)  # fmt: skip
DATES = (
    "2024-02-29", "2023-12-31", "1999-01-01", "2024-02-30", "0000-01-01", "-0001-05-05", "9999-12-31", "12345-01-01",
    "2024-1-1", "2020-12-28",
)  # fmt: skip
CLOCKS = (
    "00:00:00", "10:30:00", "23:59:59", "10:30", "24:00:00", "10:30:15.5", "10:30:15.123456789", "T10:30:00",
    "25:00:00", "10:30:60",
)  # fmt: skip
OFFSETS = (
    "Z", "+01:00", "-05:30", "@Europe/Paris", "@America/New_York", "+18:00", "+19:00", "@Nowhere/X", "@Z", "@UTC",
    "+02:00[Europe/Berlin]", "+0200", "@+02:00", "@GMT",
)  # fmt: skip
DAYS = (
    "P1D", "PT1H", "PT30M", "PT0S", "P0D", "-P2DT3H", "PT36H", "PT1.5S", "P1DT2H3M4S", "-PT90S", "PT-5M", "PT0.001S",
    "PT86400S", "P7D", "P-1D", "P1W", "P",
)  # fmt: skip
MONTHS = ("P1Y", "P1M", "P14M", "-P1Y2M", "P0Y", "P0M", "P-1M", "P1Y-2M", "P2Y6M", "P100Y", "-P13M", "P1Y1M1D")
PATTERNS = (
    "a", "[a-c]+", "^a", "o$", "(o)(b)", "\\\\d+", "\\\\s*", "\\\\w", "[^x]", "a|b", "x*", "", ".", "(?i)HELLO",
    "\\\\p{Lu}", "[", "(", "*",
    "o{2}", "o{1,}?", "(?<n>o)", "\\\\bW", "[a-z&&[^o]]", "l++", "(?=W)", "\\\\Q.\\\\E", "[;,]", "\\\\.", "\\n",
    "\\\\p{Alpha}+", "a{,2}", ",", "|", "\\\\x41",
)  # fmt: skip
REPLACEMENTS = ("", "x", "$1", "$0", "[$1]", "$2$1", "${n}", "\\\\$", "$", "\\\\", "$9", "a$0b", "$12")
ATOMS = (
    "a", "b", "o", "l", "H", ".", "[a-z]", "[^a-z]", "[A-Z]", "\\\\d", "\\\\D", "\\\\w", "\\\\W", "\\\\s", "\\\\S",
    "\\\\b", "^", "$", "(a|b)", "(?:l)", "(o)", "ü", "[üß]",
    "\\\\p{L}", "\\\\p{Ll}", "\\\\P{Lu}", "\\\\p{IsAlphabetic}", "\\\\p{Punct}", "\\\\p{IsLatin}", "\\\\p{InGreek}",
    "\\\\h", "\\\\R", "\\\\1", "\\\\2", "\\\\k<n>", "(?<n>l)", "(?i:h)",
    "(?i)", "(?s)", "(?-i)", "(?x) ", "[a-c[x-z]]", "[a-z&&[aeiou]]", "[]a]", "[a-]", "[-a]", "[^-a]", "[a\\\\]]",
    "\\\\Q+\\\\E", "(?=l)", "(?!l)", "(?<=H)", "(?<!H)",
    "(?>o+)", "|", " ", "W", "\\\\x6F", "\\\\u0041", "\\\\0101", "\\\\cA", "\\\\e", "\\\\t", "\\\\Z", "\\\\z",
    "\\\\A", "\\\\G", "\\\\N{DIGIT ONE}", "\\\\y", "\\\\-", "#", "&&", "{", "}", "]", ")", "😀",
)  # fmt: skip
QUANTIFIERS = (
    "",
    "",
    "",
    "",
    "*",
    "+",
    "?",
    "*?",
    "+?",
    "??",
    "*+",
    "++",
    "{2}",
    "{1,}",
    "{0,2}",
    "{1,2}?",
    "{2,1}",
    "**",
    "{,3}",
)
JSON_TEXTS = (
    "1", "1.50", "1e2", "-0", "01", "1.", "tru", "true ", "null", "[1,2,]", "[1, 2] 3", '{\\"a\\":1,\\"a\\":2}',
    "{a:1}", "", " ", "'x'", '\\"x\\"',
    '{\\"a\\":{\\"b\\":[1,null,true,\\"s\\"]}}', "NaN", "1e400", "12345678901234567890", "0.1", "-1.5E-3",
    "//c", "[1", '\\"a',
)  # fmt: skip
NAMES = (
    "a", "b", "s", "e", "u", "t", "n", "l", "sl", "ml", "el", "c", "cl", "`key x`", "big", "f", "small", "missing",
    "c.k", "c.v", "c.v.w", "cl.k", "c.`key x`", "c.n", "n.x", "s.x", "cl.v", "c.v.w.z",
)  # fmt: skip
TYPES = (
    "number", "string", "boolean", "date", "time", "date and time", "days and time duration",
    "years and months duration", "list", "context", "function", "Any", "null", "x", "day-time-duration", "range",
)  # fmt: skip
PROPERTIES = (
    "year", "month", "day", "hour", "minute", "second", "weekday", "timezone", "time offset", "days", "hours",
    "minutes", "seconds", "years", "months", "k", "v", "x",
)  # fmt: skip
WRONG = 0.06  # How often an argument is of any kind, so that type errors are seen too.


class Expressions:
    """Draws expressions by kind, no deeper than it is told."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.rules: dict[str, Callable[[int], str]] = {
            "n": self.number, "s": self.string, "b": self.boolean, "l": self.items, "c": self.context, "d": self.date,
            "t": self.time, "T": self.time, "x": self.date_time, "y": self.months, "z": self.days, "p": self.point,
            "r": self.interval,
            "g": self.pattern, "j": lambda _: f'"{self.one(JSON_TEXTS)}"', "f": self.order, "a": self.anything,
            "L": lambda depth: self.list_of("n", depth),
            "S": lambda depth: self.list_of("s", depth), "C": lambda depth: self.list_of("c", depth),
        }  # fmt: skip

    def one(self, choices: Sequence[_T]) -> _T:
        return self.random.choice(choices)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def of(self, kind: str, depth: int) -> str:
        if self.chance(WRONG):
            kind = "a"
        return self.rules[kind](depth - 1)

    def expression(self, depth: int = 4) -> str:
        """Any expression."""
        shape = self.random.random()
        if shape < 0.35:
            return self.call(depth)
        if shape < 0.45:
            return self.of("b", depth)
        if shape < 0.6:
            return self.temporal_sum(depth)
        if shape < 0.7:
            return self.of("n", depth)
        return self.of("a", depth)

    def anything(self, depth: int) -> str:
        if depth <= 0:
            return self.of(self.one("nsbdtxyz"), 0) if self.chance(0.6) else str(self.one((*NAMES, "null", "[]", "{}")))
        rule = self.one(
            (self.call, self.call, self.loop, self.conditional, self.filtered, self.property, self.context, self.items,
             self.boolean,
             self.number, self.string, self.temporal_sum, self.scoped, self.interval, self.point, self.quantified)
        )  # fmt: skip
        return str(rule(depth))

    def number(self, depth: int) -> str:
        if depth <= 0 or self.chance(0.4):
            return str(self.one(NUMBERS) if self.chance(0.8) else self.one(("a", "b", "big", "f", "small", "c.k")))
        if self.chance(0.1):
            return f"-({self.of('n', depth)})"
        left, right = self.of("n", depth), self.of("n", depth)
        text = f"{left} {self.one(('+', '-', '*', '/', '**', '-', '+'))} {right}"
        return f"({text})" if self.chance(0.6) else text

    def string(self, depth: int) -> str:
        if depth <= 0 or self.chance(0.6):
            return f'"{self.one(STRINGS)}"' if self.chance(0.8) else str(self.one(("s", "e", "u")))
        return self.one(
            (
                f"{self.of('s', depth)} + {self.of('s', depth)}",
                f"string({self.of('a', depth)})",
                self.call_of("substring", depth),
            )
        )  # fmt: skip

    def pattern(self, _: int) -> str:
        """A regular expression in Java's syntax, or nearly."""
        if self.chance(0.3):
            return f'"{self.one(PATTERNS)}"'
        return '"' + "".join(self.one(ATOMS) + self.one(QUANTIFIERS) for _ in range(self.random.randint(1, 4))) + '"'

    def boolean(self, depth: int) -> str:
        if depth <= 0:
            return str(self.one(("true", "false", "t", "null", "a > 1", "n")))
        kind = self.one("nsdtxyzal")
        left, right = self.of(kind, depth), self.of(kind, depth)
        return self.one(
            (
                f"{left} {self.one(('=', '!=', '<', '<=', '>', '>='))} {right}",
                f"{left} between {right} and {self.of(kind, depth)}",
                f"{left} in {self.tests(kind, depth)}",
                f"{left} in ({self.tests(kind, depth)})",
                f"{self.of('b', depth)} {self.one(('and', 'or'))} {self.of('b', depth)}",
                f"not({self.of('b', depth)})",
                f"({left}) instance of {self.one(TYPES)}",
                self.quantified(depth),
            )
        )

    def tests(self, kind: str, depth: int) -> str:
        """Unary tests about a kind of value."""
        parts = []
        for _ in range(self.one((1, 1, 2, 3))):
            value = self.of(kind, depth)
            parts.append(
                self.one(
                    (
                        value,
                        f"{self.one(('<', '<=', '>', '>=', '='))} {value}",
                        f"{self.one('[(]')}{value}..{self.of(kind, depth)}{self.one('])[')}",
                        f"? {self.one(('>', '=', '!='))} {value}",
                        self.of("l", depth),
                        "-",
                        f"not({value})",
                        self.of("b", depth),
                    )
                )
            )
        return ", ".join(parts)

    def items(self, depth: int) -> str:
        if depth <= 0 or self.chance(0.2):
            return str(
                self.one(("l", "sl", "ml", "el", "cl", "[]", "[1, 2, 3]", '["a", "b"]', "[[1], [2, [3]]]", "[null]"))
            )
        return self.list_of(self.one("nsdaalcb"), depth)

    def list_of(self, kind: str, depth: int) -> str:
        if self.chance(0.2):
            return {"n": "l", "s": "sl", "c": "cl"}.get(kind, "ml")
        return f"[{', '.join(self.of(kind, depth) for _ in range(self.one((0, 1, 2, 3, 3, 4))))}]"

    def context(self, depth: int) -> str:
        keys = self.random.sample(
            ("k", "v", "value", "key", "x", "y", "a", '"key x"', "p-q", "z", "w"), self.one((0, 1, 2, 3, 5, 6))
        )
        if self.chance(0.2):
            return self.one(("c", f"{{key: {self.of('s', 0)}, value: {self.of('a', 0)}}}"))
        return "{" + ", ".join(f"{key}: {self.of('a', depth)}" for key in keys) + "}"

    def date(self, depth: int) -> str:
        text = self.one(DATES[:3] if self.chance(0.7) else DATES)
        return self.one((f'date("{text}")', f'@"{text}"', f'date "{text}"' if self.chance(0.1) else f'date("{text}")'))

    def time(self, _: int) -> str:
        text = self.one(CLOCKS[:3] if self.chance(0.6) else CLOCKS)
        if self.chance(0.5):
            text += self.one(OFFSETS[:5] if self.chance(0.7) else OFFSETS)
        return self.one((f'time("{text}")', f'@"{text}"'))

    def date_time(self, _: int) -> str:
        day = self.one(DATES[:3] if self.chance(0.7) else DATES)
        text = f"{day}T{self.one(CLOCKS[:3] if self.chance(0.6) else CLOCKS)}"
        if self.chance(0.5):
            text += self.one(OFFSETS[:5] if self.chance(0.7) else OFFSETS)
        return self.one((f'date and time("{text}")', f'@"{text}"', "now()"))

    def days(self, _: int) -> str:
        return self.one(('duration("{}")', '@"{}"')).format(self.one(DAYS))

    def months(self, _: int) -> str:
        return self.one(('duration("{}")', '@"{}"')).format(self.one(MONTHS))

    def point(self, depth: int) -> str:
        return self.of(self.one("nnnddtxyz"), depth)

    def interval(self, depth: int) -> str:
        kind = self.one("nnnddtxyzs")
        low, high = self.of(kind, 0), self.of(kind, 0)
        if kind == "n":
            low, high = str(self.one((1, 1, 2, 3, 5))), str(self.one((3, 5, 5, 7, 10)))
        return f"{self.one('[(]')}{low}..{high}{self.one('])[')}"

    def order(self, depth: int) -> str:
        return str(
            self.one(
                (
                    "function(x, y) x < y",
                    "function(x, y) x > y",
                    "function(x) x",
                    "function(x, y) x",
                    "function(x, y) string(x) < string(y)",
                )
            )
        )

    def call(self, depth: int) -> str:
        return self.call_of(self.one(tuple(FUNCTIONS)), depth)

    def call_of(self, name: str, depth: int) -> str:
        kinds = self.one(FUNCTIONS[name])
        if name in NAMED and self.chance(0.12):
            names = self.random.sample(NAMED[name], self.random.randint(1, min(3, len(NAMED[name]))))
            pool = kinds or "a"
            given = (f"{parameter}: {self.of(pool[at % len(pool)], depth)}" for at, parameter in enumerate(names))
            return f"{name}({', '.join(given)})"
        arguments = [
            f'"{self.one(REPLACEMENTS)}"' if name == "replace" and at == 2 else self.of(kind, depth)
            for at, kind in enumerate(kinds)
        ]
        if self.chance(0.03):
            arguments = arguments[:-1] if self.chance(0.5) else [*arguments, self.of("a", 0)]
        return f"{name}({', '.join(arguments)})"

    def loop(self, depth: int) -> str:
        names = self.one(("x", "x", "y", "a", "item"))
        source = self.one(
            (self.of("l", depth), f"{self.one(NUMBERS[:6])}..{self.one(NUMBERS[:6])}", self.of("l", depth))
        )
        body = self.one(
            (
                names,
                f"{names} + 1",
                f"{{v: {names}}}",
                self.of("a", depth),
                f"{names}.k",
                "partial",
                "count(partial)",
                f"[{names}, a]",
            )
        )
        if self.chance(0.2):
            return f"for {names} in {source}, y in {self.of('l', depth)} return [{names}, y]"
        return f"for {names} in {source} return {body}"

    def quantified(self, depth: int) -> str:
        condition = self.one(("x > 1", "x = null", "x", "x.k = 1", self.of("b", depth), 'x = "a"'))
        return f"{self.one(('some', 'every'))} x in {self.of('l', depth)} satisfies {condition}"

    def conditional(self, depth: int) -> str:
        return f"if {self.of('b', depth)} then {self.of('a', depth)} else {self.of('a', depth)}"

    def filtered(self, depth: int) -> str:
        condition = self.one(
            ("1", "-1", "0", "5", "2.5", "item > 1", "item = 1", "k = 1", "k > 1", "item.k = 1", 'v = "p"', "true", "a",
             "odd(item)", "item",
             "count(l)", "k", "missing", "null", self.of("b", depth), self.of("n", depth), "item != null",
             'k = 1 and v = "p"')
        )  # fmt: skip
        return f"{self.of('l', depth)}[{condition}]{self.one(('', '', '', '.k', '[1]'))}"

    def property(self, depth: int) -> str:
        return f"{self.of(self.one('cxdtyzcl'), depth)}.{self.one(PROPERTIES)}"

    def temporal_sum(self, depth: int) -> str:
        left, right = self.of(self.one("dtxyzn"), 0), self.of(self.one("yzdtxn"), 0)
        text = f"{left} {self.one(('+', '-', '+', '-', '*', '/', '<', '='))} {right}"
        return (
            f"string({text})" if self.chance(0.3) else f"({text}).{self.one(PROPERTIES)}" if self.chance(0.1) else text
        )

    def scoped(self, depth: int) -> str:
        value = self.of("a", depth)
        return self.one(
            (
                f"{{x: {value}, y: x}}.y",
                f"{{f: function(x) {self.one(('x + 1', '[x, a]', 'x.k'))}, r: f({value})}}.r",
                f"{{f: function(x, y) x, r: f(y: {value}, x: 1)}}.r",
                f"{{a: 10, b: {{c: a, d: {value}}}}}.b",
                f"{{k: {value}}}.k",
                "{f: function(x) function(y) x, r: 1}.r",
                f"{{a: {value}, b: [1, 2][item > 1], c: if a = null then 1 else a}}",
                f"{{f: function() {value}}}.f()",
            )
        )

    def unary(self) -> tuple[str, Any]:
        """Unary tests and an input for them."""
        kind = self.one("nnsbdl")
        given = {
            "n": (1, 3, 2.5, None),
            "s": ("a", "abc", "", None),
            "b": (True, False),
            "d": ("2024-02-29", None),
            "l": ([1, 2], [], {"k": 1}),
        }
        text = self.tests(kind, 2)
        return (f"not({text})" if self.chance(0.15) else text), self.one(given[kind])
