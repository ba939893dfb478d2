"""Time zones as java.time has them."""

from datetime import UTC, datetime

import pytest

from zelery.feel import zones
from zelery.feel.temporal import DAY_S, day_number


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("UTC", "UTC"),
        ("GMT+2", "GMT+02:00"),
        ("UTC+19", None),  # beyond 18 hours
        ("Europe", None),  # a folder
        ("../etc/passwd", None),
        ("posixrules", None),
        ("", None),
    ],
)
def test_a_zone_is_one_of_tzdata_s_or_an_offset(name: str, zone: str | None) -> None:
    assert zones.zone_of(name) == zone


def test_a_zone_s_rules_go_on_beyond_python_s_years() -> None:
    summer, winter = day_number(123_456, 7, 1), day_number(123_456, 1, 1)
    assert zones.offset_at("Europe/Paris", summer * DAY_S) == 7200
    assert zones.offset_at("Europe/Paris", winter * DAY_S) == 3600
    assert zones.offset_at("UTC+02:00", 0) == 7200


def test_the_standard_offset_knows_no_summer() -> None:
    assert zones.standard_offset("Europe/Paris", datetime(2026, 7, 1, tzinfo=UTC)) == 3600


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("+2:00", None),  # a formatter wants two digits
        ("UTC+2", None),
        ("+02:00:70", None),  # no such second
        ("Z", 0),
        ("-02:30", -9_000),
        ("UTC+02:00", "UTC+02:00"),
        ("Europe/Paris", "Europe/Paris"),
    ],
)
def test_a_text_names_a_zone_or_an_offset_in_full(name: str, meaning: str | int | None) -> None:
    assert zones.zone_in_text(name) == meaning


@pytest.mark.parametrize(("offset", "written"), [(0, "Z"), (7_200, "+02:00"), (-9_000, "-02:30"), (3_208, "+00:53:28")])
def test_an_offset_is_written_as_java_writes_it(offset: int, written: str) -> None:
    assert zones.offset_text(offset) == written


@pytest.mark.parametrize(
    ("local", "offsets"),
    [
        ((2026, 3, 29), (3_600, 7_200)),  # a gap
        ((2026, 10, 25), (7_200, 3_600)),  # a time that occurs twice
        ((2026, 7, 1), (7_200, 7_200)),
    ],
)
def test_where_clocks_are_changed_a_local_time_has_two_offsets(
    local: tuple[int, int, int], offsets: tuple[int, int]
) -> None:
    assert zones.local_offsets("Europe/Paris", day_number(*local) * DAY_S + 9_000) == offsets
    assert zones.local_offsets("UTC+01:00", 0) == (3_600, 3_600)
