"""What venues have taught outlives the trader, and what pools tell the market is learnt from its own orders.

The router's statistics are loaded when a desk starts and saved while it runs and when it ends. Between two own fills of
an order (a spell), its shares wait in some pools and with some dealers, and not in others: the router's draws decide,
so that is an experiment. The drift of the mid in a spell teaches the leak regression (`routing.leak`).
"""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nowake.core.board import PLACES, PlaceKind
from nowake.core.errors import NowakeError
from nowake.core.intent import OrderKind
from nowake.core.times import SECOND
from nowake.execution.desk_state import CHILDREN, Stage
from nowake.execution.path import DecisionPath
from nowake.routing.leak import drifted
from nowake.routing.memory import load_stats, save_stats
from nowake.routing.venues import new_stats
from nowake.service.supervise_alerts import Alerts

__all__ = ["DriftWatch", "VenueMemory"]

_LONGEST, _LEAST = 300 * SECOND, SECOND
_HIDDEN = (int(PlaceKind.DARK), int(PlaceKind.DEALER))


class DriftWatch:
    """Measures the drift of the mid in spells of the orders on `path`, and teaches `path.stats`; `learnt` counts them.

    A spell ends with an own fill (at the mid of the look before: the fill itself moves it), a new slice, or after five
    minutes; the next one begins at once. One of less than a second, or without a price at its begin, teaches nothing.
    """

    def __init__(self, path: DecisionPath) -> None:
        self.path, self.learnt = path, 0
        n = path.n
        self._hidden = [int(place.kind in _HIDDEN) for place in path.places]
        self._begun, self._filled = path.desk["begun"].copy(), path.desk["filled"].copy()
        self._opened, self._mid2 = np.zeros(n, np.int64), np.zeros(n, np.int64)  # opened 0: none is open
        self._routed = np.zeros((n, PLACES), np.uint8)
        self._last2 = self._looked = self._due = 0
        self._touch = path.boards["bid"][:1], path.boards["ask"][:1]
        self._counts = [path.desk[name] for name in ("filled", "begun", "children")]
        self._key: list[bytes] = []
        drifted(new_stats(1), 0, self._routed[0], 0.0)  # compiled before it is needed

    def look(self, now: int) -> None:
        """Take in what has happened until `now`."""
        bid, ask = (side.item() for side in self._touch)
        mid2 = bid + ask if 0 < bid < ask else self._last2
        key = [counts.tobytes() for counts in self._counts]
        if key != self._key or now >= self._due:
            self._key = key
            self._take(now, mid2)
        self._last2, self._looked = mid2, now

    def _take(self, now: int, mid2: int) -> None:
        """End and begin spells where something was filled, sent or decided, or one was long enough."""
        desk = self.path.desk
        sent = np.flatnonzero(self.path.kids["since"] > self._looked)
        filled, begun = desk["filled"] != self._filled, desk["begun"] != self._begun
        over = begun | ((self._opened > 0) & (filled | (now - self._opened >= _LONGEST)))
        if len(sent):
            self._note(sent[~over[sent // CHILDREN] | (self.path.kids["since"][sent] < now)])
        for i in np.flatnonzero(over).tolist():
            self._close(i, self._last2 if filled[i] else mid2, now)
            self._open(i, mid2, now)
        self._filled[:], self._begun[:] = desk["filled"], desk["begun"]
        self._due = int(self._opened[self._opened > 0].min(initial=now)) + _LONGEST

    def _open(self, i: int, mid2: int, now: int) -> None:
        """Begin a spell of order `i` with what it has out now."""
        self._opened[i], self._mid2[i], self._routed[i] = 0, mid2, 0
        if mid2 > 0 and self.path.desk["done"][i] == 0:
            self._opened[i] = now
            stages = self.path.kids["stage"][i * CHILDREN : (i + 1) * CHILDREN]
            self._note(np.flatnonzero(stages != Stage.FREE) + i * CHILDREN)

    def _note(self, rows: np.ndarray) -> None:
        """Note where the children in `rows` of WORKING are: pools, and dealers who were asked."""
        kids, working = self.path.kids, self.path.working
        for row in rows.tolist():
            i, venue = row // CHILDREN, int(working["venue"][row])
            if working["kind"][row] == OrderKind.QUOTE:
                for k in range(len(self._hidden)):
                    self._routed[i, k] |= int(kids["asked"][row]) >> k & 1
            else:
                self._routed[i, venue] |= self._hidden[venue]

    def _close(self, i: int, mid2: int, now: int) -> None:
        opened = int(self._opened[i])
        if opened == 0 or now - opened < _LEAST or mid2 <= 0:
            return
        drift = float(self.path.desk["side"][i]) * (mid2 - int(self._mid2[i])) / 2.0
        drifted(self.path.stats, int(self.path.desk["stats"][i]), self._routed[i], drift)
        self.learnt += 1


class VenueMemory:
    """An attendant: the statistics of `path`, of instrument `symbol`, live in `file`; saved every `every` s.

    InputError where the file is damaged: a person decides whether what it held is given up. The disk is waited for in
    a thread of its own.
    """

    def __init__(self, path: DecisionPath, symbol: str, file: Path, alerts: Alerts, every: float = 60.0) -> None:
        self.path, self.file, self.drifts = path, file, DriftWatch(path)
        self._symbol, self._names = symbol, [place.name for place in path.places]
        self._alerts, self._every, self._next = alerts, every, time.monotonic() + every
        self._saving: threading.Thread | None = None
        self._failed: Exception | None = None
        if file.exists():
            path.stats[:1] = load_stats(file, [symbol], self._names)

    def files(self) -> Sequence[int]:
        """Nothing wakes a trader for its sake."""
        return ()

    def attend(self, news: np.ndarray, now: int) -> None:  # noqa: ARG002
        """Learn, and save if it is time."""
        self.drifts.look(now)
        if self._failed is not None:
            self._alerts(now, "error", "venues", f"statistics are not saved: {self._failed}")
            self._failed = None
        if time.monotonic() >= self._next and (self._saving is None or not self._saving.is_alive()):
            self._next = time.monotonic() + self._every
            self._saving = threading.Thread(target=self._save, args=(self.path.stats[:1].copy(),), daemon=True)
            self._saving.start()

    def end(self) -> None:
        """Save what has been learnt."""
        if self._saving is not None:
            self._saving.join()
        save_stats(self.file, self.path.stats[:1], [self._symbol], self._names)

    def _save(self, stats: np.ndarray) -> None:
        try:
            save_stats(self.file, stats, [self._symbol], self._names)
        except (OSError, NowakeError) as error:
            self._failed = error
