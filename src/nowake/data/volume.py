"""Volume curves: the share of a day's volume that trades in each bin, from past days only.

The static curve is the median share per bin over the last days, smoothed: medians are taken per bin, zeros are lifted
to a hundredth of a uniform bin, log shares are smoothed with the binomial weights (1/4, 1/2, 1/4) over the interior
bins (the first and the last, open and close, neither change nor spread), and the result is scaled to sum 1.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np

from nowake.core.errors import InputError
from nowake.core.events import Flag, Kind
from nowake.core.times import HOUR, MINUTE, local_midnight
from nowake.core.values import Session

__all__ = [
    "PRINT_KINDS",
    "StaticCurve",
    "VolumeForecast",
    "VolumeTable",
    "bin_labels",
    "bin_volumes",
    "median_curve",
    "table_from_events",
]

PRINT_KINDS = (Kind.EXECUTE, Kind.HIDDEN, Kind.CROSS, Kind.TRADE)
_NOT_VOLUME = int(Flag.UNPRINTED | Flag.BROKEN | Flag.OUTLIER | Flag.SNAPSHOT)
_FLOOR = 0.01  # smallest share, in units of a uniform bin


@dataclass(frozen=True, slots=True)
class VolumeTable:
    """Traded volume per day and bin: `volumes[days, bins]` >= 0, days ascending; `bins` are labels (``09:30``)."""

    bins: tuple[str, ...]
    dates: tuple[date, ...]
    volumes: np.ndarray

    def __post_init__(self) -> None:
        shape = (len(self.dates), len(self.bins))
        if self.volumes.shape != shape or not all(shape):
            raise InputError(
                "volume table", expected=f"volumes of shape {shape}, at least 1 x 1", got=self.volumes.shape
            )
        if not np.isfinite(self.volumes).all() or (self.volumes < 0).any():
            raise InputError("volume table", expected="finite volumes of zero or more", got="a negative or missing one")
        if any(a >= b for a, b in zip(self.dates, self.dates[1:], strict=False)):
            raise InputError("volume table", expected="days in ascending order, each once", got="another order")

    def before(self, day: date | int | None) -> "VolumeTable":
        """Return the days strictly before `day` (a date, or an index of this table; None: all of them)."""
        if day is None:
            return self
        n = day if isinstance(day, int) else sum(d < day for d in self.dates)
        if not 0 < n <= len(self.dates):
            raise InputError("volume table", expected=f"a day after {self.dates[0]}", got=day)
        return VolumeTable(self.bins, self.dates[:n], self.volumes[:n])


class VolumeForecast(Protocol):
    """What a VWAP schedule asks: how the rest of the day's volume will be distributed."""

    def shares(self, now_bin: int, seen: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the shares of bins `now_bin`.. in what is left, positive, sum 1; `seen`: volumes before."""
        ...


@dataclass(frozen=True, slots=True)
class StaticCurve:
    """A curve that learns nothing during the day: what is left keeps its proportions."""

    curve: np.ndarray

    def shares(self, now_bin: int, seen: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return ``curve[now_bin:]`` scaled to sum 1; InputError unless ``len(seen) == now_bin < bins``."""
        check_seen(now_bin, seen, len(self.curve))
        rest = self.curve[now_bin:]
        return np.asarray(rest / rest.sum())


def check_seen(now_bin: int, seen: Sequence[float] | np.ndarray, bins: int) -> np.ndarray:
    """Return `seen` as an array; InputError unless it has `now_bin` volumes and a bin is left."""
    if not 0 <= now_bin < bins:
        raise InputError("bin", expected=f"0 to {bins - 1}", got=now_bin)
    if len(seen) != now_bin:
        raise InputError("volumes seen so far", expected=f"{now_bin}, one per bin before bin {now_bin}", got=len(seen))
    return np.asarray(seen, dtype=np.float64)


def median_curve(
    table: VolumeTable, days: int = 20, smooth: int = 1, *, day: date | int | None = None, same_weekday: bool = False
) -> np.ndarray:
    """Return the median share per bin over the last `days` days before `day`: positive, sum 1, shape [bins].

    `smooth` counts passes of the smoother named above (0: none). `same_weekday` keeps only days of the weekday of
    `day` (a date, then). Days without volume are left out. InputError where no day is left.
    """
    if days < 1 or smooth < 0:
        raise InputError("median curve", expected="days >= 1 and smooth >= 0", got=f"days {days}, smooth {smooth}")
    past = table.before(day)
    use = past.volumes.sum(axis=1) > 0
    if same_weekday:
        target = table.dates[day] if isinstance(day, int) and day < len(table.dates) else day
        if not isinstance(target, date):
            raise InputError("same weekday", expected="the day to forecast", got=day)
        use &= np.array([d.weekday() == target.weekday() for d in past.dates])
    volumes = past.volumes[use][-days:]
    if not len(volumes):
        raise InputError("median curve", expected="at least one earlier day with volume", got="none")
    return smoothed(np.median(volumes / volumes.sum(axis=1, keepdims=True), axis=0), smooth)


def smoothed(shares: np.ndarray, passes: int) -> np.ndarray:
    """Return `shares` floored, log-smoothed `passes` times over the interior bins, and scaled to sum 1."""
    total = shares.sum()
    uniform = np.full(len(shares), 1 / len(shares))
    shares = uniform if total <= 0 else np.maximum(shares / total, _FLOOR / len(shares))
    log = np.log(shares)
    for _ in range(passes if len(shares) > 4 else 0):
        log[2:-2] = 0.25 * log[1:-3] + 0.5 * log[2:-2] + 0.25 * log[3:-1]
    curve = np.exp(log)
    return np.asarray(curve / curve.sum())


def bin_labels(session: Session, minutes: int) -> tuple[str, ...]:
    """Return the start of every bin as ``HH:MM`` local; InputError unless `minutes` divides the session."""
    length, width = session.close - session.open, minutes * MINUTE
    if minutes < 1 or length % width:
        raise InputError(
            "bin width", expected=f"whole minutes that divide the session of {length // MINUTE}", got=minutes
        )
    starts = range(session.open, session.close, width)
    return tuple(f"{s // HOUR:02d}:{s % HOUR // MINUTE:02d}" for s in starts)


def bin_volumes(events: np.ndarray, start: int, width: int, bins: int) -> np.ndarray:
    """Return the printed quantity per bin of `width` ns from `start` (ns UTC), float64 [bins].

    Counted are all prints, hidden ones and crosses included, that fall into the bins; not those flagged UNPRINTED,
    BROKEN, OUTLIER or SNAPSHOT.
    """
    kinds = np.isin(events["kind"], np.array(PRINT_KINDS, np.uint8))
    slot = (events["time"] - start) // width
    use = kinds & (events["flags"] & _NOT_VOLUME == 0) & (slot >= 0) & (slot < bins)
    return np.bincount(slot[use], weights=events["quantity"][use], minlength=bins).astype(np.float64)


def table_from_events(
    days: Iterable[tuple[date, Callable[[], Iterator[np.ndarray]]]], session: Session, minutes: int = 15
) -> VolumeTable:
    """Return the volumes of `days`, each a date and a function that yields its EVENT arrays, in bins of `minutes`.

    Days without a print inside the session are left out; InputError where none is left.
    """
    labels = bin_labels(session, minutes)
    dates, rows = [], []
    for day, chunks in days:
        start = local_midnight(day, session.timezone) + session.open
        row = np.zeros(len(labels))
        for events in chunks():
            row += bin_volumes(events, start, minutes * MINUTE, len(labels))
        if row.any():
            dates.append(day)
            rows.append(row)
    if not rows:
        raise InputError("volume table", expected="prints inside the session on at least one day", got="none")
    return VolumeTable(labels, tuple(dates), np.array(rows))
