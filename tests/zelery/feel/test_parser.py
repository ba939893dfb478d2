"""What is FEEL and what is not, and which tree a text is."""

import pytest

from tests.zelery.feel.answers import ENGINE, MOMENT, answer
from zelery import feel
from zelery.feel import syntax
from zelery.feel.parser import parse
from zelery.feel.syntax import Comparison, Junction, Literal, Node, Reference


def tree(text: str) -> Node:
    return parse(text, feel.Limits(), MOMENT)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),  # nothing
        ("1 +", 1, 4),  # no operand
        ("(1", 1, 3),  # an open bracket
        ("[1, 2", 1, 6),
        ("{a: 1", 1, 6),
        ("{a 1}", 1, 5),  # no colon: the key is "a 1"
        ("f(1,", 1, 5),  # an open call
        ("f(a: 1, 2)", 1, 9),  # named and positional arguments do not mix
        ("if a then b", 1, 12),  # no else
        ("for x in [1]", 1, 13),  # no return
        ("some x in [1] return 1", 1, 15),  # a wrong word
        ("a = = b", 1, 5),  # two operators
        ("a between 1", 1, 12),  # no second limit
        ("a between 1 and", 1, 16),
        ("a instance of", 1, 14),  # no type
        ("a in", 1, 5),  # no test
        ("function(x", 1, 11),  # an open parameter list
        ("function(x)", 1, 12),  # no body
        ("for in [1] return 1", 1, 12),  # "for" is a variable here, and nothing follows its test
        ("{a:}", 1, 4),  # no value
        ("a[", 1, 3),  # no condition
        ('"abc', 1, 1),  # an open string
        ("1 /* never ends", 1, 16),  # an open comment
        ("a\nb", 2, 1),  # two expressions
        ("@5", 1, 2),  # no text behind the sign
        ("1..3", 1, 3),  # a range has brackets
    ],
)
def test_what_is_no_feel_is_refused_at_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(feel.FeelParseError) as caught:
        tree(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_an_external_function_is_refused_with_its_place() -> None:
    text = 'function(a) external {java: {class: "java.lang.Math", method signature: "max(int)"}}'
    with pytest.raises(feel.FeelParseError, match="External functions are disabled") as caught:
        ENGINE.compile(text)
    assert text[caught.value.position :].lstrip().startswith("external")


A, B, C = (Reference((name,)) for name in "abc")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b", Reference(("a", "b"))),  # a path is one node
        ("a or b and c", Junction(False, (A, Junction(True, (B, C))))),  # and binds tighter than or
        ("a and b or c", Junction(False, (Junction(True, (A, B)), C))),
        ("a != b", syntax.Not(Comparison("=", A, B))),
        ("a between b and c", Junction(True, (Comparison(">=", A, B), Comparison("<=", A, C)))),
        ("aandb", Reference(("aandb",))),  # a name takes what it can
        ("1and2", Junction(True, (Literal(1), Literal(2)))),  # no word boundaries
        ("`a b`", Reference(("a b",))),  # names with blanks in backticks
        ("a[1]", syntax.Filter(A, Literal(1))),
        ("(a).b", syntax.Path(A, "b")),
        ("a // to the end\n", A),  # comments are blanks
        ("a /* inside */ = b", Comparison("=", A, B)),
        ("get value(a)", syntax.Call(None, "get value", (A,))),  # a name of several words
        ("a.f(b)", syntax.Call(A, "f", (B,))),  # a function of a context
        ("f(x: a)", syntax.Call(None, "f", (A,), ("x",))),
        ("f([a..b])", syntax.Call(None, "f", (syntax.RangeLiteral(A, True, B, True),))),  # ranges are arguments
        ("if a then b else c", syntax.If(((A, B),), C)),
        ("if a then b else if b then c else a", syntax.If(((A, B), (B, C)), A)),  # one node for all branches
        ("if a then b else if(c)", syntax.If(((A, B),), syntax.Call(None, "if", (C,)))),  # a function of that name
        ("for x in a, y in b return c", syntax.For((("x", A), ("y", B)), C)),
        ("for x in 1..2 return c", syntax.For((("x", syntax.Steps(Literal(1), Literal(2))),), C)),
        ("every x in a satisfies b", syntax.Quantified(True, (("x", A),), B)),
        ("a instance of date and time", syntax.InstanceOf(A, "date and time")),
        ("function(x) a", syntax.FunctionLiteral(("x",), A)),
    ],
)
def test_a_text_is_this_tree(text: str, expected: Node) -> None:
    assert tree(text) == expected


def test_brackets_tried_as_a_range_first_are_parsed_in_proportion_to_the_text() -> None:
    assert answer("f(" * 20 + "(" * 60 + "1" + ")" * 60 + ")" * 20) is None
