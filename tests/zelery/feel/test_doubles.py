"""Doubles have the digits that Java 17 gives them; each row was seen from the reference engine."""

import pytest

from zelery import feel
from zelery.feel.doubles import java_digits


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        (0.1, ("1", 0)),  # as anybody writes it
        (1e23, ("9999999999999999", 23)),  # a tie that Java cuts
        (2.0**60, ("115292150460684698", 19)),  # a whole number of 64 bits keeps more digits than are needed
        (8.41e21, ("8409999999999999", 22)),  # not the shortest text either
        (5e-324, ("49", -323)),  # a form with E has two digits at least
        (1.7976931348623157e308, ("17976931348623157", 309)),  # the greatest
        (123456.0, ("123456", 6)),  # a small whole number
    ],
)
def test_the_digits_are_those_of_the_jdk(number: float, digits: tuple[str, int]) -> None:
    assert java_digits(number) == digits


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0.0"),  # zero has a digit after the point
        (-100.0, "-100.0"),  # so has every double
        (1e7, "1.0E+7"),  # from ten millions on Java's text has an E
        (5e-4, "0.00050"),  # and below a thousandth, where its 5.0E-4 has two digits
        (9.90626741987e17, "9.9062674198700006E+17"),  # digits that the shortest text has not
    ],
)
def test_a_double_of_the_context_is_a_number_with_java_s_digits(number: float, text: str) -> None:
    assert feel.compile("string(x)").evaluate_json({"x": number}) == text
