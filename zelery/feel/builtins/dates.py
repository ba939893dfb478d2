"""now, today, and what calendars say of a date."""

from collections.abc import Callable
from typing import Any

from zelery.feel.limits import Run
from zelery.feel.signature import Table, illegal
from zelery.feel.temporal import (
    Date,
    DateTime,
    LocalDateTime,
    civil,
    day_number,
    day_of_year,
    month_length,
    of_datetime,
    week_of_year,
    weekday,
)

TABLE = Table()
define = TABLE.define
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@define("now", "")
def now(run: Run) -> DateTime:
    return of_datetime(run.now())


@define("today", "")
def today(run: Run) -> Date:
    return Date(of_datetime(run.now()).day)


def _of_day(name: str, answer: Callable[[int], Any]) -> None:
    def function(run: Run, date: Any) -> Any:
        return answer(date.day) if type(date) in (Date, DateTime, LocalDateTime) else illegal(run, date)

    define(name, "date")(function)


def _last_of_month(day: int) -> Date:
    year, month, _ = civil(day)
    return Date(day_number(year, month, month_length(year, month)))


_of_day("day of year", day_of_year)
_of_day("day of week", lambda day: _DAYS[weekday(day) - 1])
_of_day("month of year", lambda day: _MONTHS[civil(day)[1] - 1])
_of_day("week of year", week_of_year)
_of_day("last day of month", _last_of_month)
