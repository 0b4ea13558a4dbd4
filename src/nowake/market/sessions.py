"""Trading days of a simulated market: weekdays, the hours of the preset."""

from datetime import date, timedelta

from nowake.core.times import local_midnight, time_of_day
from nowake.market.preset_model import Preset

__all__ = ["next_weekday", "session_of"]


def session_of(preset: Preset, day: date) -> tuple[int, int]:
    """Return open and close (ns UTC) of `preset` on `day`."""
    hours = preset.session
    midnight = local_midnight(day, hours.timezone)
    return midnight + time_of_day(hours.open), midnight + time_of_day(hours.close)


def next_weekday(day: date) -> date:
    """Return the first Monday to Friday after `day`."""
    day += timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day
