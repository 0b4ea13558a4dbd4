"""Daily statistics by the day they became known: each day's context comes from the days before it alone.

Volume curve: median share per bin over the last 20 earlier days (`data.volume.median_curve`) and their mean volume.
Daily volatility: root of the mean over those days of the sum of squared mid returns on a five-minute grid, in bp.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import MINUTE
from nowake.data.reader import ReaderOptions
from nowake.data.volume import VolumeTable, bin_volumes, median_curve
from nowake.features.context import Context, Curve, MicroTable
from nowake.features.touches import Day, open_days, touch_days

__all__ = ["BINS", "History", "Tally", "measured"]

BINS = 26  # of the session: quarters of an hour of 6.5 hours
_GRID = 5 * MINUTE
_LAST = 20


@dataclass(slots=True)
class History:
    """What is known of the days seen so far; `note` each of them after it is over."""

    dates: list[date] = field(default_factory=list)
    volumes: list[np.ndarray] = field(default_factory=list)
    variances: list[float] = field(default_factory=list)

    def context(self, day: Day, micro: MicroTable | None = None) -> Context:
        """Return the context of `day`: without an earlier day there is no curve and no daily volatility."""
        return self.known(day.hours, day.instrument.step, micro, depth=day.reader.meta.level in ("l3", "l2"))

    def known(self, hours: tuple[int, int] | None, step: int, micro: MicroTable | None, *, depth: bool) -> Context:
        """Return the context of a day with these `hours` (open and close, ns UTC) after those seen so far."""
        length = hours[1] - hours[0] if hours else 23_400_000_000_000
        known = [v for v in self.variances[-_LAST:] if v > 0]
        return Context(
            step=step,
            depth=depth,
            curve=self._curve(hours) if hours else None,
            daily_volatility=float(1e4 * np.sqrt(np.mean(known))) if known else None,
            session_ns=length,
            micro=micro,
        )

    def _curve(self, hours: tuple[int, int]) -> Curve | None:
        if not self.dates or not any(v.sum() > 0 for v in self.volumes[-_LAST:]):
            return None
        table = VolumeTable(tuple(map(str, range(BINS))), tuple(self.dates), np.array(self.volumes))
        shares = median_curve(table, _LAST)
        volume = float(np.mean([v.sum() for v in self.volumes[-_LAST:]]))
        return Curve(hours[0], (hours[1] - hours[0]) // BINS, tuple(float(x) for x in shares), volume)

    def note(self, day: Day, tally: "Tally") -> None:
        """Add a day that is over; a day without a date or hours cannot be placed and is left out."""
        if day.date is not None and day.hours is not None:
            self.dates.append(day.date)
            self.volumes.append(tally.volumes)
            self.variances.append(tally.variance)


@dataclass(slots=True)
class Tally:
    """Counts the volume and the squared returns of a day while it streams by; `hours` as `Day.hours`."""

    hours: tuple[int, int] | None
    volumes: np.ndarray = field(default_factory=lambda: np.zeros(BINS))
    closing: dict[int, float] = field(default_factory=dict)  # last mid of each slot of the grid

    def events(self, events: np.ndarray) -> None:
        """Count the prints of an EVENT array."""
        if self.hours is not None:
            self.volumes += bin_volumes(events, self.hours[0], (self.hours[1] - self.hours[0]) // BINS, BINS)

    def rows(self, rows: np.ndarray) -> None:
        """Take in the mids of a ROW array."""
        mids, slots = (rows["bid"] + rows["ask"]) / 2, rows["time"] // _GRID
        last = np.flatnonzero(np.append(slots[1:] != slots[:-1], True)[: len(slots)])
        self.closing.update((int(slots[k]), float(mids[k])) for k in last if mids[k] > 0)

    @property
    def variance(self) -> float:
        """Return the sum of squared log returns over the grid; slots without a row are left out."""
        mids = [self.closing[slot] for slot in sorted(self.closing)]
        return float((np.diff(np.log(mids)) ** 2).sum()) if len(mids) > 1 else 0.0


def measured(
    source: str | Path, hours: tuple[int, int], *, step: int | None = None, micro: MicroTable | None = None,
    options: ReaderOptions | None = None, fmt: str | None = None,
) -> Context:  # fmt: skip
    """Return the context of the day after those of a file or STORE-QUERY, for a desk that trades on it.

    `hours`: its open and close, ns UTC; `step`: its quoting increment, by default that of the source. Its books show
    several levels. InputError where no day of the source has a date and hours.
    """
    history, days = History(), open_days(source, options=options, fmt=fmt)
    for day, path in touch_days(days):
        tally = Tally(day.hours)
        for events in day.arrays():
            tally.events(events)
        tally.rows(path)
        history.note(day, tally)
    if not history.dates:
        raise InputError(f"usual day of {source}", expected="days with a date and trading hours", got="none")
    return history.known(hours, step or days[0].instrument.step, micro, depth=True)
