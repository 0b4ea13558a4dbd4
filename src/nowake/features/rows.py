"""The feature rows of one recorded day, in pieces: what training reads, by the same kernels as live."""

from collections.abc import Iterator

import numpy as np

from nowake.book.state import REPLAY, new_books
from nowake.core.errors import CapacityError, InputError
from nowake.core.times import MS, duration
from nowake.data.reader import kernel_view
from nowake.features.context import Context, features_for
from nowake.features.history import Tally
from nowake.features.state import NEWS
from nowake.features.stream import run
from nowake.features.touches import Day
from nowake.features.vector import rows_for

__all__ = ["EVENT_BY_EVENT", "day_rows", "parse_every"]

EVENT_BY_EVENT = 0
_ROOM = 16_384


def parse_every(text: str) -> int:
    """Return the ns between rows of ``1s`` or ``event`` (0: a row after each event); InputError else."""
    if text.strip().lower() == "event":
        return EVENT_BY_EVENT
    every = duration(text)
    if every < MS:
        raise InputError("--every", expected="event, or 1ms and longer", got=repr(text))
    return every


def day_rows(
    day: Day, context: Context, every: int, *, news: np.ndarray | None = None, tally: Tally | None = None
) -> Iterator[np.ndarray]:
    """Yield ROW arrays of the day in order of time, inside trading hours where they are known.

    `every` as `parse_every` returns it; `news`: the whole NEWS array of the symbol (a row sees what is known by its
    time); `tally` counts the day for the history of later ones.
    """
    books, features = new_books(1, REPLAY), features_for(context)
    known = kernel_view(np.zeros(0, NEWS) if news is None else news)
    for events in day.arrays():
        k = 0
        if tally is not None:
            tally.events(events)
        while k < len(events):
            rows = rows_for(_ROOM)
            try:
                k, n = run(books, features, 0, kernel_view(events), (k, len(events)), every, kernel_view(rows), known)
            except IndexError as error:
                raise CapacityError(str(error)) from error
            inside = _inside(rows[:n], day.hours)
            if len(inside):
                if tally is not None:
                    tally.rows(inside)
                yield inside


def _inside(rows: np.ndarray, hours: tuple[int, int] | None) -> np.ndarray:
    if hours is None:
        return rows
    return np.asarray(rows[(rows["time"] >= hours[0]) & (rows["time"] < hours[1])])
