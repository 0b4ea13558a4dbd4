"""A scratch file of EVENT rows on their way from a source into the parts of a store."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO, Self
from zoneinfo import ZoneInfo

import numpy as np

from nowake.core.events import EVENT
from nowake.core.times import MINUTE, SECOND
from nowake.data.reader import CHUNK, ReaderMeta

__all__ = ["Spool"]

_QUARTER = 15 * MINUTE


class Spool:
    """A scratch file of EVENT rows, grouped by (local date, instrument); memory grows with the number of runs only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb+")
        self._runs: dict[tuple[date, int], list[tuple[int, int]]] = {}
        self._extent: dict[tuple[date, int], tuple[int, int, int]] = {}
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, events: np.ndarray, meta: ReaderMeta) -> None:
        """Append `events`; their local date is that of their instrument's session (of the first one, if unknown)."""
        if not len(events):
            return
        days = _local_days(events, meta)
        keys = days * (1 << 32) + events["instrument"]
        order = np.argsort(keys, kind="stable")
        events, keys = events[order], keys[order]
        self._file.write(np.ascontiguousarray(events).tobytes())
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
        for lo, hi in zip(starts, np.r_[starts[1:], len(keys)], strict=True):
            self._note(int(keys[lo]), events[lo:hi], self.rows + int(lo))
        self.rows += len(events)

    def _note(self, key: int, run: np.ndarray, at: int) -> None:
        group = (date.fromordinal(key >> 32), key & 0xFFFFFFFF)
        self._runs.setdefault(group, []).append((at, len(run)))
        first, last = int(run["time"].min()), int(run["time"].max())
        rows, low, high = self._extent.get(group, (0, first, last))
        self._extent[group] = (rows + len(run), min(low, first), max(high, last))

    def groups(self) -> list[tuple[date, int]]:
        """Return the (date, instrument) of every group, sorted."""
        return sorted(self._runs)

    def extent(self, group: tuple[date, int]) -> tuple[int, int, int]:
        """Return rows, first and last time of a group."""
        return self._extent[group]

    def chunks(self, group: tuple[date, int]) -> Iterator[np.ndarray]:
        """Yield the rows of a group in the order they came, CHUNK at a time (the last may be shorter)."""
        self._file.flush()
        with self._path.open("rb") as file:
            yield from _packed(_run(file, at, n) for at, n in self._runs[group])


def _run(file: BinaryIO, at: int, rows: int) -> np.ndarray:
    file.seek(at * EVENT.itemsize)
    return np.frombuffer(file.read(rows * EVENT.itemsize), EVENT)


def _packed(runs: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Join short runs to chunks of at least CHUNK rows, except the last."""
    waiting: list[np.ndarray] = []
    rows = 0
    for run in runs:
        waiting.append(run)
        rows += len(run)
        if rows >= CHUNK:
            yield np.concatenate(waiting)
            waiting, rows = [], 0
    if waiting:
        yield np.concatenate(waiting)


def _local_days(events: np.ndarray, meta: ReaderMeta) -> np.ndarray:
    """Return the ordinal of each event's date in its instrument's time zone, int64."""
    zones = [i.sessions[0].timezone if i.sessions else "UTC" for i in meta.instruments] or ["UTC"]
    out = np.empty(len(events), np.int64)
    for zone in set(zones):
        mine = np.array([z == zone for z in zones])[np.minimum(events["instrument"], len(zones) - 1)]
        quarters, back = np.unique(events["time"][mine] // _QUARTER, return_inverse=True)
        place = ZoneInfo(zone)
        days = [
            datetime.fromtimestamp(int(q) * (_QUARTER // SECOND), UTC).astimezone(place).toordinal() for q in quarters
        ]
        out[mine] = np.array(days, np.int64)[back]
    return out
