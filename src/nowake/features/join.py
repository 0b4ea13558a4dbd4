"""Point-in-time joins: a slower table is seen as it was known, never as it became.

A row of such a table speaks about `time` and is known from `known_at` on, both ns UTC. At time t the join sees, among
the rows with known_at <= t, the one that speaks about the latest time; of several about the same time, the one that
became known last (a revision). So a row that arrives late is never seen early, and does not hide a newer one.
"""

import numpy as np

from nowake.core.errors import InputError

__all__ = ["asof", "newest_known"]


def newest_known(time: np.ndarray, known_at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows, from when): the row that the join sees changes to `rows[k]` at `from_when[k]`, ascending.

    `time` and `known_at` are int64[n] in any order; rows that are never the newest known are left out.
    """
    time, known_at = np.asarray(time), np.asarray(known_at)
    if time.shape != known_at.shape or time.ndim != 1 or time.dtype.kind != "i" or known_at.dtype.kind != "i":
        raise InputError("times of a table", expected="two integer columns of the same length",
                         got=f"{time.dtype}{time.shape}, {known_at.dtype}{known_at.shape}")  # fmt: skip
    order = np.lexsort((np.arange(len(time)), time, known_at))
    about = time[order]
    order = order[about >= np.maximum.accumulate(about)] if len(about) else order
    when = known_at[order]
    last = np.append(when[1:] != when[:-1], True)[: len(when)]  # of rows known at one instant the newest
    return order[last], when[last]


def asof(time: np.ndarray, known_at: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return for each time of `at` (ns UTC, any order) the row that is seen then, -1 where none is known yet."""
    rows, when = newest_known(time, known_at)
    place = np.searchsorted(when, np.asarray(at), side="right") - 1
    return np.where(place >= 0, np.append(rows, -1)[place], -1)
