"""The syntax tree: what the parser finds and the compiler turns into closures."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """null, a boolean, a string, a number or a temporal value."""

    value: Any


@dataclass(frozen=True, slots=True)
class Input:
    """The symbol "?"."""


@dataclass(frozen=True, slots=True)
class Reference:
    """a or a.b.c."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """An entry or property of any other value: (…).a, a[1].b."""

    source: "Node"
    key: str


@dataclass(frozen=True, slots=True)
class Filter:
    """source[condition]."""

    source: "Node"
    condition: "Node"


@dataclass(frozen=True, slots=True)
class ListLiteral:
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class ContextLiteral:
    entries: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True, slots=True)
class RangeLiteral:
    """[1..5): a value as an argument, elsewhere a test."""

    start: "Node"
    start_closed: bool
    end: "Node"
    end_closed: bool


@dataclass(frozen=True, slots=True)
class Steps:
    """1..n in a for loop."""

    start: "Node"
    end: "Node"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A chain of operators of one precedence, applied from the left."""

    first: "Node"
    rest: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """-x."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Comparison:
    """x operator y, with one of = < <= > >=."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    """x != y, and not(…) of unary tests."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Junction:
    """A chain of "and" (every) or of "or"."""

    every: bool
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AtLeastOne:
    """Several unary tests."""

    tests: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class InstanceOf:
    operand: "Node"
    type_name: str


@dataclass(frozen=True, slots=True)
class In:
    operand: "Node"
    test: "Node"


@dataclass(frozen=True, slots=True)
class InputComparison:
    """A unary test with one of = < <= > >=."""

    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class InputInRange:
    range: RangeLiteral


@dataclass(frozen=True, slots=True)
class UnaryTest:
    """Any other expression as a unary test."""

    expression: "Node"


@dataclass(frozen=True, slots=True)
class If:
    """Conditions with what each means, tried in order."""

    branches: tuple[tuple["Node", "Node"], ...]
    otherwise: "Node"


@dataclass(frozen=True, slots=True)
class For:
    iterators: tuple[tuple[str, "Node"], ...]
    body: "Node"


@dataclass(frozen=True, slots=True)
class Quantified:
    """some (every is False) or every."""

    every: bool
    iterators: tuple[tuple[str, "Node"], ...]
    condition: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A call by name, or of a function in a context (path). Arguments are positional; named if names is not None."""

    path: Reference | None
    name: str
    arguments: tuple["Node", ...]
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class FunctionLiteral:
    parameters: tuple[str, ...]
    body: "Node"


@dataclass(frozen=True, slots=True)
class External:
    """The body of an external Java function, which the reference refuses unless it is allowed to run any."""


Node = (
    Literal
    | Input
    | Reference
    | Path
    | Filter
    | ListLiteral
    | ContextLiteral
    | RangeLiteral
    | Steps
    | Arithmetic
    | Negation
    | Comparison
    | Not
    | Junction
    | AtLeastOne
    | InstanceOf
    | In
    | InputComparison
    | InputInRange
    | UnaryTest
    | If
    | For
    | Quantified
    | Call
    | FunctionLiteral
    | External
)
