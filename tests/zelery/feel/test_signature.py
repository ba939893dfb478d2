"""How builtins are declared."""

from zelery import feel
from zelery.feel.limits import Run
from zelery.feel.signature import Table, illegal
from zelery.feel.values import Failure

RUN = Run(feel.Limits(), None, None)


def test_arguments_of_other_types_are_a_failure_and_never_reach_the_function() -> None:
    table = Table()

    @table.define("shout", "text: string, times")
    def shout(_: Run, text: str, times: int) -> str:
        return text.upper() * times

    overload = table.functions["shout"][0]
    assert overload.parameters == ("text", "times")
    assert overload.call(RUN, "a", 2) == "AA"
    refused = overload.call(RUN, 5, 2)
    assert isinstance(refused, Failure)
    assert refused.reason == "Illegal arguments: '5', '2'"


def test_each_signature_is_an_overload_in_order() -> None:
    table = Table()
    table.define("f", "a", "b: number", "")(lambda run, *values: values)
    assert [overload.parameters for overload in table.functions["f"]] == [("a",), ("b",), ()]


def test_the_failure_of_no_rule_shows_the_arguments_as_feel_writes_them() -> None:
    assert illegal(RUN, "a", None, [1]).reason == "Illegal arguments: '\"a\"', 'null', '[1]'"
