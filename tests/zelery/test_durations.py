from __future__ import annotations

import pytest

from zelery.durations import parse_ms


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("PT5S", 5_000),
        ("pt5s", 5_000),  # Java does not mind the case
        ("P1D", 86_400_000),
        ("P1DT2H3M4.5S", 93_784_500),
        ("PT0S", 0),
        ("PT0.5S", 500),
        ("PT0,5S", 500),  # a comma is a decimal point too
        ("PT1.S", 1_000),
        ("PT0.0009S", 0),  # cut
        ("-PT5S", -5_000),
        ("PT-5S", -5_000),
        ("-PT-5S", 5_000),
        ("PT-0.5S", -500),
        ("PT1H-1M", 3_540_000),
        ("+PT5S", 5_000),
        ("PT99999999999S", 99_999_999_999_000),
    ],
)
def test_a_duration_of_days_and_time_has_milliseconds(text: str, milliseconds: int) -> None:
    assert parse_ms(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " PT5S",
        "PT5S\n",
        "5",
        "abc",
        "P",
        "PT",
        "P1DT",  # a T without a time
        "P1M",  # months have no fixed length
        "P1Y",
        "P2W",
        "PT5",
        "PT.5S",
        "PT0.1234567891S",  # finer than nanoseconds
        "=PT5S",
        '"PT5S"',
        "PT\u0665S",  # a digit of another script
        f"PT{'9' * 30}S",
        f"PT{'9' * 300}S",
    ],
)
def test_everything_else_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_ms(text)
