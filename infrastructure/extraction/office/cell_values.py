"""Values of cells as people read them: dates in ISO 8601, whole numbers without a fraction, percentages as such."""

import re
from datetime import date, datetime, time, timedelta
from enum import Enum, auto

SIGNIFICANT_DIGITS = 15
LAST_SERIAL = 2_958_466  # the first day after the year 9999
LEAP_DAY_SERIAL = 60  # 29 February 1900, which only Excel knows
# ECMA-376 part 1, 18.8.30, with the numbers that only some languages have.
_BUILT_IN = {
    **dict.fromkeys((9, 10), "%"),
    **dict.fromkeys((*range(14, 18), *range(27, 37), *range(50, 59)), "d"),
    **dict.fromkeys((18, 19, 20, 21, 45, 47), "h"),
    22: "d h",
    46: "[h]",
}
_LITERAL = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!h+\]|m+\]|s+\])[^\]]*\]|am/pm|a/p|general', re.IGNORECASE)


class Shown(Enum):
    """What a number is shown as."""

    NUMBER = auto()
    PERCENT = auto()
    DATE = auto()
    MOMENT = auto()
    TIME = auto()
    DURATION = auto()


def shown_as(format_id: int, code: str | None) -> Shown:
    """Tell from a number format what it shows."""
    plain = _LITERAL.sub("", code or _BUILT_IN.get(format_id, "")).partition(";")[0].lower()
    if "[" in plain:
        return Shown.DURATION
    timed = "h" in plain or "s" in plain
    if "y" in plain or "d" in plain or ("m" in plain and not timed):
        return Shown.MOMENT if timed else Shown.DATE
    if timed:
        return Shown.TIME
    return Shown.PERCENT if "%" in plain else Shown.NUMBER


def number_text(number: float) -> str:
    """Return a number as short as it can be told."""
    return f"{number:.0f}" if number.is_integer() and abs(number) < 10**SIGNIFICANT_DIGITS else f"{number:.15g}"


def serial_text(number: float, shown: Shown, *, from_1904: bool) -> str:
    """Return a number as its format shows it; dates count days from 1900 or 1904."""
    match shown:
        case Shown.PERCENT:
            return f"{number * 100:.10g}%"
        case Shown.DURATION:
            return duration_text(timedelta(days=number)) if abs(number) < LAST_SERIAL else number_text(number)
        case Shown.DATE | Shown.MOMENT | Shown.TIME if 0 <= number < LAST_SERIAL:
            first = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - cells know no zone
            days = number if from_1904 or number >= LEAP_DAY_SERIAL else number + 1
            moment = first + timedelta(seconds=round(min(days, LAST_SERIAL - 1) * 86400))
            if shown is Shown.TIME and number < 1:
                return moment_text(moment.time())
            return moment_text(moment.date() if shown is Shown.DATE else moment)
        case _:
            return number_text(number)


def moment_text(moment: date | time) -> str:
    """Return a date, a time or both, seconds only where there are some."""
    if isinstance(moment, time):
        return moment.isoformat("auto" if moment.microsecond else "seconds" if moment.second else "minutes")
    if not isinstance(moment, datetime):
        return moment.isoformat()
    return moment.date().isoformat() if moment.time() == time() else f"{moment.date()} {moment_text(moment.time())}"


def duration_text(duration: timedelta) -> str:
    """Return hours, minutes and seconds."""
    seconds = round(abs(duration.total_seconds()))
    sign = "-" if duration < timedelta() else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
