"""Times and durations as people write them, to and from integer nanoseconds UTC."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nowake.core.errors import InputError

__all__ = [
    "DAY",
    "HOUR",
    "MINUTE",
    "MS",
    "SECOND",
    "clock_time",
    "duration",
    "local_midnight",
    "show_time",
    "time_of_day",
]

MS = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_UNITS = {"ns": 1, "us": 1_000, "ms": MS, "s": SECOND, "m": MINUTE, "min": MINUTE, "h": HOUR, "d": DAY}


def duration(text: str) -> int:
    """Return nanoseconds of ``90s``, ``4h``, ``1h30m``, ``250ms``; InputError else."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ns|us|ms|min|s|m|h|d)", text.strip().lower())
    if not parts or "".join(a + b for a, b in parts) != text.strip().lower():
        raise InputError("duration", expected="like 90s, 4h, 1h30m or 250ms", got=repr(text))
    return sum(round(float(number) * _UNITS[unit]) for number, unit in parts)


def time_of_day(text: str) -> int:
    """Return nanoseconds after midnight of ``10:30``, ``09:45:30`` or ``09:45:30.250``; InputError else."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?", text.strip())
    if not match or int(match[1]) > 24 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise InputError("time of day", expected="HH:MM, HH:MM:SS or HH:MM:SS.fff", got=repr(text))
    fraction = int((match[4] or "0").ljust(9, "0"))
    return int(match[1]) * HOUR + int(match[2]) * MINUTE + int(match[3] or 0) * SECOND + fraction


def local_midnight(day: date, timezone: str) -> int:
    """Return ns UTC of local midnight of `day` in the IANA `timezone`."""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError("time zone", expected="an IANA name such as America/New_York", got=repr(timezone)) from error
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * SECOND


def clock_time(ns: int, timezone: str) -> datetime:
    """Return the local date and time of `ns` UTC, cut to microseconds."""
    return datetime.fromtimestamp(ns // SECOND, ZoneInfo(timezone)) + timedelta(microseconds=ns % SECOND // 1000)


def show_time(ns: int, timezone: str) -> str:
    """Return ``HH:MM:SS.mmm`` local to `timezone`."""
    return clock_time(ns, timezone).strftime("%H:%M:%S.%f")[:-3]
