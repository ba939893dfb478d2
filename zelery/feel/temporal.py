"""FEEL's temporal values and their arithmetic, with the range and precision of java.time.

Years run from -999,999,999 to 999,999,999 and times have nanoseconds, so Python's datetime cannot hold them: dates are
days from 1970-01-01 (proleptic Gregorian calendar), times are nanoseconds of the day, both whole numbers. Zones are
tzdata's.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from zelery.feel.errors import Fault
from zelery.feel.zones import local_offsets, offset_at, offset_text, seconds_of

SECOND = 1_000_000_000
DAY_S = 86_400
DAY = DAY_S * SECOND
YEAR_MAX = 999_999_999
_CYCLE_DAYS = 146_097  # 400 years: the calendar repeats.
_EPOCH_SHIFT = 719_468  # 0000-03-01 to 1970-01-01
_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 # what clocks show, before a zone is known
_INT_MAX = 2**31 - 1
_LONG_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Date:
    """A date; day is counted from 1970-01-01."""

    day: int


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time of day without offset; nanos are counted from midnight."""

    nanos: int


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day with an offset in seconds, and the zone's id where one was named."""

    nanos: int
    offset: int
    zone: str | None = None

    @property
    def utc_nanos(self) -> int:
        """What times are ordered by."""
        return self.nanos - self.offset * SECOND


@dataclass(frozen=True, slots=True)
class LocalDateTime:
    """A date with a time, without offset."""

    day: int
    nanos: int


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date with a time and an offset in seconds, and the zone's id where one was named."""

    day: int
    nanos: int
    offset: int
    zone: str | None = None

    @property
    def second(self) -> int:
        """Seconds from 1970-01-01T00:00:00Z."""
        return self.day * DAY_S + self.nanos // SECOND - self.offset


@dataclass(frozen=True, slots=True)
class Months:
    """A years and months duration."""

    months: int


@dataclass(frozen=True, slots=True)
class Duration:
    """A days and time duration."""

    nanos: int

    @property
    def seconds(self) -> int:
        """Whole seconds, rounded down."""
        return self.nanos // SECOND

    @property
    def millis(self) -> int:
        """Whole milliseconds, rounded towards zero."""
        return truncated(self.nanos, 1_000_000)


Temporal = Date | LocalTime | Time | LocalDateTime | DateTime | Months | Duration


def truncated(x: int, y: int) -> int:
    """x / y rounded towards zero, as Java divides."""
    return x // y if (x < 0) == (y < 0) else -(-x // y)


def rest(x: int, y: int) -> int:
    """The remainder that belongs to truncated, with the sign of x."""
    return x - y * truncated(x, y)


# ---- the calendar


def civil(day: int) -> tuple[int, int, int]:
    """Year, month and day of month."""
    shifted = day + _EPOCH_SHIFT
    cycle, of_cycle = divmod(shifted, _CYCLE_DAYS)
    year = (of_cycle - of_cycle // 1460 + of_cycle // 36_524 - of_cycle // 146_096) // 365
    of_year = of_cycle - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    month_from_january = month + 3 if month < 10 else month - 9
    return (
        cycle * 400 + year + (month_from_january <= 2),
        month_from_january,
        of_year - (153 * month + 2) // 5 + 1,
    )


def day_number(year: int, month: int, day: int) -> int:
    """The day of a date that exists; days beyond the month's end run on."""
    shifted = year - (month <= 2)
    cycle, of_cycle = divmod(shifted, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return cycle * _CYCLE_DAYS + of_cycle * 365 + of_cycle // 4 - of_cycle // 100 + of_year - _EPOCH_SHIFT


def month_length(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


DAY_MIN = day_number(-YEAR_MAX, 1, 1)
DAY_MAX = day_number(YEAR_MAX, 12, 31)


def checked_day(year: int, month: int, day: int) -> int | None:
    """The day of a date, or None where the calendar has no such date."""
    if -YEAR_MAX <= year <= YEAR_MAX and 1 <= month <= 12 and 1 <= day <= month_length(year, month):
        return day_number(year, month, day)
    return None


def weekday(day: int) -> int:
    """1 for Monday to 7 for Sunday."""
    return (day + 3) % 7 + 1


def day_of_year(day: int) -> int:
    return day - day_number(civil(day)[0], 1, 1) + 1


def week_of_year(day: int) -> int:
    """ISO 8601's week number."""
    thursday = day - weekday(day) + 4
    return (thursday - day_number(civil(thursday)[0], 1, 1)) // 7 + 1


def plus_months(day: int, months: int) -> int:
    """The day so many months later; a day that the month does not have becomes its last."""
    year, month, of_month = civil(day)
    year, month = divmod(year * 12 + month - 1 + months, 12)
    _check_year(year)
    return day_number(year, month + 1, min(of_month, month_length(year, month + 1)))


def months_between(start: int, end: int) -> int:
    """Whole months from start to end, towards zero."""
    year1, month1, day1 = civil(start)
    year2, month2, day2 = civil(end)
    total = (year2 - year1) * 12 + month2 - month1
    if total > 0 and day2 < day1:
        return total - 1
    if total < 0 and day2 > day1:
        return total + 1
    return total


def _check_year(year: int) -> None:
    if not -YEAR_MAX <= year <= YEAR_MAX:
        text = "java.time.DateTimeException: Invalid value for Year (valid values -999999999 - 999999999): "
        raise Fault(f"{text}{year}")


def _check_day(day: int) -> int:
    if not DAY_MIN <= day <= DAY_MAX:
        _check_year(civil(day)[0])
    return day


# ---- instants


def at_zone(day: int, nanos: int, zone: str, preferred: int | None = None) -> DateTime:
    """A local date and time in a zone. In a gap it moves on by the gap; of two the first is taken or the preferred."""
    second = day * DAY_S + nanos // SECOND
    first, later = local_offsets(zone, second)
    if first < later:
        return at_instant(second - first, nanos % SECOND, zone)
    return DateTime(day, nanos, later if preferred == later else first, zone)


def at_instant(second: int, nano: int, zone: str) -> DateTime:
    """An instant as the zone's clocks show it."""
    offset = offset_at(zone, second)
    day, of_day = divmod(second + offset, DAY_S)
    return DateTime(_check_day(day), of_day * SECOND + nano, offset, zone)


def at_offset(second: int, nano: int, offset: int) -> DateTime:
    """An instant as clocks with an offset show it."""
    day, of_day = divmod(second + offset, DAY_S)
    return DateTime(_check_day(day), of_day * SECOND + nano, offset)


def of_datetime(moment: datetime) -> DateTime:
    """An aware datetime of Python's; a zone keeps its name, a fixed offset has none."""
    local = moment.replace(tzinfo=None) - _LOCAL_EPOCH
    nanos = local.seconds * SECOND + local.microseconds * 1000
    zone = moment.tzinfo.key if isinstance(moment.tzinfo, ZoneInfo) else None
    return DateTime(local.days, nanos, seconds_of(moment.utcoffset()), zone)


# ---- arithmetic


def months(total: int) -> Months:
    """A years and months duration; its years must fit into 32 bits, as java.time.Period's do."""
    if abs(total) // 12 > _INT_MAX:
        raise Fault("java.lang.ArithmeticException: integer overflow")
    return Months(total)


def duration(nanos: int) -> Duration:
    """A days and time duration; its seconds must fit into 64 bits, as java.time.Duration's do."""
    if not -_LONG_MAX <= nanos // SECOND <= _LONG_MAX:
        raise Fault("java.lang.ArithmeticException: long overflow")
    return Duration(nanos)


def millis(value: Duration) -> int:
    """Milliseconds that fit into 64 bits."""
    if abs(value.millis) > _LONG_MAX:
        raise Fault("java.lang.ArithmeticException: long overflow")
    return value.millis


def plus(x: Temporal, y: Months | Duration) -> Temporal | None:
    """x + y for a duration y, or None where there is no such sum."""
    if isinstance(y, Months):
        if isinstance(x, Months):
            return months(x.months + y.months)
        if isinstance(x, Date):
            return Date(plus_months(x.day, y.months))
        if isinstance(x, LocalDateTime):
            return LocalDateTime(plus_months(x.day, y.months), x.nanos)
        if isinstance(x, DateTime):
            day = plus_months(x.day, y.months)
            return at_zone(day, x.nanos, x.zone, x.offset) if x.zone else DateTime(day, x.nanos, x.offset)
        return None
    if isinstance(x, Duration):
        return duration(x.nanos + y.nanos)
    if isinstance(x, LocalTime):
        return LocalTime((x.nanos + y.nanos) % DAY)
    if isinstance(x, Time):
        return Time((x.nanos + y.nanos) % DAY, x.offset, x.zone)
    if isinstance(x, Date):
        return Date(_check_day(x.day + y.nanos // DAY))
    if isinstance(x, LocalDateTime):
        days, nanos = divmod(x.nanos + y.nanos, DAY)
        return LocalDateTime(_check_day(x.day + days), nanos)
    if isinstance(x, DateTime):
        return _plus_instant(x, y)
    return None


def _plus_instant(x: DateTime, y: Duration) -> DateTime:
    if x.zone:
        total = x.second * SECOND + x.nanos % SECOND + y.nanos
        return at_instant(total // SECOND, total % SECOND, x.zone)
    days, nanos = divmod(x.nanos + y.nanos, DAY)
    return DateTime(_check_day(x.day + days), nanos, x.offset)


def minus(x: Temporal, y: Temporal) -> Temporal | None:
    """x - y, or None where there is no such difference."""
    if isinstance(y, Months):
        return plus(x, Months(-y.months))
    if isinstance(y, Duration):
        return plus(x, Duration(-y.nanos))
    if type(x) is not type(y):
        return None
    if isinstance(x, Date) and isinstance(y, Date):
        return duration((x.day - y.day) * DAY)
    if isinstance(x, LocalTime) and isinstance(y, LocalTime):
        return Duration(x.nanos - y.nanos)
    if isinstance(x, Time) and isinstance(y, Time):
        # The reference gives the distance of two times, without a sign.
        return Duration(abs(x.utc_nanos - y.utc_nanos))
    if isinstance(x, LocalDateTime) and isinstance(y, LocalDateTime):
        return duration((x.day - y.day) * DAY + x.nanos - y.nanos)
    if isinstance(x, DateTime) and isinstance(y, DateTime):
        return duration((x.second - y.second) * SECOND + x.nanos % SECOND - y.nanos % SECOND)
    return None


def order_key(x: Temporal) -> tuple[int | str, ...]:
    """What values of one type are ordered by, as their compareTo does it."""
    if isinstance(x, Date):
        return (x.day,)
    if isinstance(x, LocalTime):
        return (x.nanos,)
    if isinstance(x, Time):
        return (x.utc_nanos,)
    if isinstance(x, LocalDateTime):
        return (x.day, x.nanos)
    if isinstance(x, DateTime):
        return (x.second, x.nanos % SECOND, x.day, x.nanos, x.zone or offset_text(x.offset))
    return (x.months,) if isinstance(x, Months) else (x.nanos,)
