"""Keeps what the market did while a trader ran: `TapeKeeper`, an attendant that writes a tape (`tape_file`).

Quotes are the best bid and offer over the lit venues that are up, own orders left out, a row per change and the last
one of an instant; a second of the market is taken in together, in order of the venues' times. A venue's halt or outage
counts from the end of the batch of news in which it was heard. Prints are all that the venues published. `own` of a
print is what its public order id shows: shares that an own resting order gave (ids from `own_from` on); what we took
from others does not show there, and the journal's fills tell (`journal_tables`).
Requests to dealers are overheard on their way to the venue and back, because no journal keeps quotes that were not
taken.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nowake.core.board import PlaceKind, PlaceState
from nowake.core.events import Flag, Kind
from nowake.core.log import logger
from nowake.core.records import QUOTE_PATH
from nowake.core.times import SECOND
from nowake.core.venue import Command, OrderStatus, QuoteAccept, QuoteRequest, Venue, VenueEvent
from nowake.data.reader import kernel_view
from nowake.features.touches import record_touches
from nowake.service.tape_file import TALK, TAPE_PRINT, BlockKind, Header, Said, TapeWriter

if TYPE_CHECKING:
    from nowake.service.trader import Trader

__all__ = ["Overheard", "TapeKeeper", "Touches", "prints_of"]

_PRINTS = (int(Kind.EXECUTE), int(Kind.HIDDEN), int(Kind.CROSS), int(Kind.TRADE))
_SNAPSHOT, _HALF, _AUCTION = int(Flag.SNAPSHOT), int(Flag.HALF), int(Flag.AUCTION)
_HIDDEN, _CROSS, _DARK = int(Kind.HIDDEN), int(Kind.CROSS), int(Flag.DARK)
_LIT, _UP = int(PlaceKind.LIT), int(PlaceState.UP)
_FAR = np.int64(2**62)
_EVERY = 0.25  # s between two writings of what has come
_TOGETHER, _MANY = SECOND, 4096  # ns of the market that are taken in together, messages that wait at most
_SIDES = ("bid", "ask", "bid_size", "ask_size")
_TOLD = {"quote": Said.QUOTED, "fill": Said.FILLED, "reject": Said.REJECTED}


def prints_of(events: np.ndarray, own_from: int) -> np.ndarray:
    """Return the prints (TAPE_PRINT) among EVENT records whose `instrument` is the venue, in order of time.

    `side` is the taker's, 0 where it does not show; `own` as in the module.
    """
    flags, kind = events["flags"], events["kind"]
    chosen = np.isin(kind, _PRINTS) & (flags & _SNAPSHOT == 0) & (events["quantity"] > 0) & (events["price"] > 0)
    if not chosen.any():
        return np.zeros(0, TAPE_PRINT)
    e = events[chosen]
    e = e[np.argsort(e["time"], kind="stable")]
    rows = np.zeros(len(e), TAPE_PRINT)
    rows["time"], rows["quantity"], rows["venue"] = e["time"], e["quantity"], e["instrument"]
    rows["price2"] = 2 * e["price"] + (e["flags"] & _HALF != 0)
    rows["side"] = -e["side"]
    rows["own"] = np.where(e["order_id"] >= own_from, e["quantity"], 0)
    rows["hidden"] = (e["kind"] == _HIDDEN) | (e["flags"] & _DARK != 0)
    rows["flags"] = e["flags"] | np.where(e["kind"] == _CROSS, _AUCTION, 0).astype(np.uint16)
    return rows


class Touches:
    """The consolidated quote over lit venues, from their books: `books` are taken over, `lit` their rows."""

    def __init__(self, books: np.ndarray, lit: Sequence[int], own_from: int = 2**62) -> None:
        self._books, self._lit, self._own_from = books, np.array(lit, np.int64), own_from
        self._out = kernel_view(np.zeros(1024, QUOTE_PATH))
        self._now = {name: np.zeros(len(self._lit), np.int64) for name in _SIDES}
        self._up = np.ones(len(self._lit), bool)
        self._last: tuple[int, ...] = (0, 0, 0, 0)
        self._time = 0

    def begin(self, places: np.ndarray, now: int) -> np.ndarray:
        """Set out from the touches of BOARD.place as they stand at `now`; returns the first quote, if there is one."""
        for name in _SIDES:
            self._now[name][:] = places[name][self._lit]
        self._up[:] = places["state"][self._lit] == _UP
        return self._told(np.array([now]), {name: self._now[name][None] for name in _SIDES})

    def change(self, events: np.ndarray) -> np.ndarray:
        """Take EVENT records in and return the quotes (QUOTE_PATH) that they made, the last one of each instant."""
        theirs = events[events["order_id"] < self._own_from]
        pieces, venues = [], []
        for j, venue in enumerate(self._lit.tolist()):
            pieces.append(self._of_venue(venue, theirs[theirs["instrument"] == venue]))
            venues.append(np.full(len(pieces[-1]), j))
        rows: np.ndarray = np.concatenate(pieces)
        of = np.concatenate(venues)
        if not len(rows):
            return rows
        order = np.argsort(rows["time"], kind="stable")
        return self._told(rows["time"][order], self._spread(rows[order], of[order]))

    def _of_venue(self, venue: int, events: np.ndarray) -> np.ndarray:
        """Apply `events` to the book of a venue and return its touches."""
        if not len(events):
            return np.zeros(0, QUOTE_PATH)
        if len(events) > len(self._out):
            self._out = kernel_view(np.zeros(2 * len(events), QUOTE_PATH))
        count = int(record_touches(self._books, venue, kernel_view(np.ascontiguousarray(events)), self._out))
        if count == 0:  # the kernel sets out from an empty touch, and so it is still
            self._out[:1] = np.zeros(1, QUOTE_PATH)
            self._out[:1]["time"], count = events["time"][-1], 1
        rows: np.ndarray = np.array(self._out[:count], QUOTE_PATH)
        return rows

    def _spread(self, rows: np.ndarray, of: np.ndarray) -> dict[str, np.ndarray]:
        """Return what every venue showed after each of `rows`, i8[rows, venues]; goes on from there."""
        k = np.arange(len(rows))
        out = {name: np.empty((len(rows), len(self._lit)), np.int64) for name in _SIDES}
        for j in range(len(self._lit)):
            at = np.maximum.accumulate(np.where(of == j, k, -1))
            for name, table in out.items():
                table[:, j] = np.where(at >= 0, rows[name][at], self._now[name][j])
                self._now[name][j] = table[-1, j]
        return out

    def _told(self, times: np.ndarray, shown: dict[str, np.ndarray]) -> np.ndarray:
        """Return the best of all venues that are up, where it differs from the one before."""
        rows = np.zeros(len(times), QUOTE_PATH)
        bid = np.where(self._up, shown["bid"], 0)
        ask = np.where(self._up & (shown["ask"] > 0), shown["ask"], _FAR)
        rows["bid"], best = bid.max(axis=1), ask.min(axis=1)
        rows["ask"] = np.where(best < _FAR, best, 0)
        rows["bid_size"] = np.where((bid == rows["bid"][:, None]) & (bid > 0), shown["bid_size"], 0).sum(axis=1)
        rows["ask_size"] = np.where((ask == best[:, None]) & (ask < _FAR), shown["ask_size"], 0).sum(axis=1)
        rows["time"] = np.maximum(np.maximum.accumulate(times), self._time)
        rows = rows[np.append(rows["time"][1:] != rows["time"][:-1], True)]
        found: np.ndarray = rows[self._differs(rows)]
        self._time = int(rows["time"][-1])
        self._last = tuple(int(rows[name][-1]) for name in _SIDES)
        return found

    def _differs(self, rows: np.ndarray) -> np.ndarray:
        """Tell which rows are not as the one before them."""
        before = np.array([(0, *self._last)], QUOTE_PATH)
        changed = np.zeros(len(rows), bool)
        for name in _SIDES:
            changed |= rows[name] != np.concatenate([before[name], rows[name][:-1]])
        return changed

    def moved(self, places: np.ndarray) -> bool:
        """Tell whether other venues are up than before, by BOARD.place."""
        return bool(((places["state"][self._lit] == _UP) != self._up).any())

    def states(self, places: np.ndarray, now: int) -> np.ndarray:
        """Take in which venues are up by BOARD.place; returns the quote where that has changed it."""
        self._up[:] = places["state"][self._lit] == _UP
        return self._told(np.array([now]), {name: self._now[name][None] for name in _SIDES})


class Overheard:
    """A venue that notes (TALK) what goes to dealers and what they say, on its way to and from another venue."""

    def __init__(self, venue: Venue, names: Sequence[str], writer: TapeWriter, clock: Callable[[], int]) -> None:
        self._venue, self._names, self._writer, self._clock = venue, list(names), writer, clock
        self._asked: set[int] = set()
        self._quoted: dict[int, tuple[int, int]] = {}  # venue and price of a quote

    def send(self, command: Command) -> None:
        """Note a request or an acceptance, and send it."""
        if isinstance(command, QuoteRequest):
            self._asked.add(command.order_id)
            for name in command.dealers or ():
                self._note(command.order_id, 0, name, 0, command.quantity, Said.ASKED)
        elif isinstance(command, QuoteAccept) and command.quote_id in self._quoted:
            venue, price2 = self._quoted[command.quote_id]
            name = self._names[venue]
            self._note(command.order_id, command.quote_id, name, price2, 0, Said.ACCEPTED)
        self._venue.send(command)

    def events(self) -> Sequence[VenueEvent]:
        """Return what the venue says, words of dealers noted."""
        said = self._venue.events()
        for event in said:
            if event.order_id in self._asked and event.kind in _TOLD and event.venue in self._names:
                price2, venue = round(2 * (event.price or 0.0)), self._names.index(event.venue)
                if event.kind == "quote":
                    self._quoted[event.quote_id] = venue, price2
                what = _TOLD[event.kind]
                self._note(event.order_id, event.quote_id, event.venue, price2, event.quantity, what, event.time)
        return said

    def _note(
        self, order_id: int, quote: int, name: str, price2: int, quantity: int, said: Said, when: int = 0,
    ) -> None:  # fmt: skip
        row = (when or self._clock(), order_id, quote, self._names.index(name), price2, quantity, int(said))
        self._writer.put(BlockKind.TALK, np.array([row], TALK))

    def status(self, scope: int | str | None = None) -> Sequence[OrderStatus]:
        """Ask the venue."""
        return self._venue.status(scope)


class TapeKeeper:
    """Writes the tape of `trader`'s market to `path`; an attendant, to be added before its first step.

    InputError where another writer has the file. A disk that refuses ends the tape with a warning, not the trading.
    """

    def __init__(self, trader: "Trader", path: Path) -> None:
        desk, setup = trader.desk, trader.setup
        places = trader.path.places
        header = Header(
            setup.instrument.symbol, str(setup.instrument.tick_size), setup.instrument.sessions[0].timezone,
            tuple((place.name, PlaceKind(place.kind).name.lower()) for place in places), trader.now(), setup.preset,
        )  # fmt: skip
        self.writer = TapeWriter(path, header)
        self._board, self._own_from, self._warned = desk.board, setup.own_from, False
        lit = [k for k, place in enumerate(places) if place.kind == _LIT]
        self._touches = Touches(kernel_view(np.array(desk.books)), lit, setup.own_from)
        desk.venue = Overheard(desk.venue, desk.names, self.writer, lambda: max(desk.now, header.started))
        self.writer.put(BlockKind.QUOTES, self._touches.begin(self._board["place"], trader.now()))
        self._waiting: list[np.ndarray] = []
        self._many, self._since, self._flushed = 0, 0, time.monotonic()

    def files(self) -> Sequence[int]:
        """Nothing wakes the trader for a tape."""
        return ()

    def attend(self, news: np.ndarray, now: int) -> None:
        """Keep what `news` (EVENT) say."""
        if self.writer.failed:
            self._warn()
            return
        if len(news):
            self._since = self._since if self._waiting else now
            self._waiting.append(news)
            self._many += len(news)
        if self._touches.moved(self._board["place"]):
            self._drain()  # what was said before it counts with the venues as they were
            self.writer.put(BlockKind.QUOTES, self._touches.states(self._board["place"], now))
        if self._many >= _MANY or now - self._since >= _TOGETHER:
            self._drain()
        if time.monotonic() - self._flushed >= _EVERY:
            self.writer.flush()
            self._flushed = time.monotonic()

    def _drain(self) -> None:
        """Turn the news that wait into records: the cost of a batch hardly depends on its size."""
        if not self._waiting:
            return
        news = self._waiting[0] if len(self._waiting) == 1 else np.concatenate(self._waiting)
        self._waiting.clear()
        self._many = 0
        self.writer.put(BlockKind.PRINTS, prints_of(news, self._own_from))
        self.writer.put(BlockKind.QUOTES, self._touches.change(news))

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            logger("tape").warning("the tape has ended", path=str(self.writer.path), reason=self.writer.failed)

    def end(self) -> None:
        """Write the rest and let go."""
        self._drain()
        self.writer.close()
