"""Markets by the batch: make them, let them run, copy them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nowake.book.bits import mix
from nowake.book.queries import digest
from nowake.book.state import book_dtype, new_books
from nowake.core.errors import InputError
from nowake.core.events import EVENT
from nowake.core.streams import stream_key
from nowake.data.reader import kernel_view
from nowake.market.dark_state import new_pools
from nowake.market.day import check_seed
from nowake.market.dealers_state import new_dealers
from nowake.market.preset_model import DarkPool, Preset
from nowake.market.regimes_state import curves, new_regimes
from nowake.market.world.causes import NAMES
from nowake.market.world.loop import advance, close_market, open_market, start_day
from nowake.market.world.own import send
from nowake.market.world.state import BOOKS, POOL_ORDERS, POOL_OUTS, SLOT_BITS, WORLD
from nowake.market.world.tables import make_parameters

__all__ = ["NOTHING", "Sink", "Worlds", "new_worlds"]

Sink = Callable[[np.ndarray], None]  # takes EVENT records
NOTHING = kernel_view(np.zeros(0, EVENT))


@dataclass(frozen=True, slots=True, eq=False)
class Worlds:
    """`worlds` (n), their `books` (n * venues) and the one record of `params`."""

    worlds: np.ndarray
    books: np.ndarray
    params: np.ndarray
    feed: np.ndarray = field(default_factory=lambda: kernel_view(np.zeros(1 << 15, EVENT)))

    def run(self, i: int, until: int) -> None:
        """Let market `i` run up to `until` (ns) without recording."""
        advance(self.worlds, self.params, self.books, i, until, NOTHING)

    def step(self, i: int, until: int, sink: Sink) -> bool:
        """Run market `i` towards `until` (ns), giving EVENT records to `sink`; False if own events want collecting."""
        done = advance(self.worlds, self.params, self.books, i, until, self.feed)
        self._drain(i, sink)
        return bool(done)

    def _drain(self, i: int, sink: Sink) -> None:
        n = int(self.worlds["fed"][i])
        self.worlds["fed"][i] = 0
        if n:
            sink(self.feed[:n].copy())

    def open(self, i: int, sink: Sink | None = None) -> None:
        """Open market `i` at its time; `sink` gets what it publishes."""
        open_market(self.worlds, self.params, self.books, i, self.feed if sink else NOTHING)
        if sink:
            self._drain(i, sink)

    def next_day(self, i: int, open_ns: int, close_ns: int, sink: Sink | None = None) -> None:
        """End the session of market `i` and open the next one; `sink` gets what it publishes."""
        close_market(self.worlds, self.params, self.books, i, self.feed if sink else NOTHING)
        if sink:
            self._drain(i, sink)
        w = self.worlds[i]
        w["now"] = w["open"] = open_ns
        w["close"], w["wheel_at"] = close_ns, open_ns >> SLOT_BITS
        w["regime"]["told"] = 0  # what was told of the regimes of the last day makes room
        start_day(self.worlds, i)
        self.open(i, sink)

    def send(self, i: int, command: Sequence[int]) -> None:
        """Send an own command (time, action, oid, side, price, quantity, venue, kind[, minimum]) to market `i`."""
        send(self.worlds, i, *command, *(0,) * (9 - len(command)))

    @classmethod
    def of_bytes(cls, worlds: np.ndarray, books: np.ndarray, preset: Preset) -> "Worlds":
        """Return the markets whose records are the bytes (u1 arrays) `worlds` and `books`; InputError if none fit."""
        n, m = len(worlds) // WORLD.itemsize, len(books) // book_dtype(BOOKS).itemsize
        made, fresh = np.zeros(n, WORLD), new_books(m, BOOKS)
        if made.nbytes != len(worlds) or fresh.nbytes != len(books) or n == 0 or m != n * len(preset.venues):
            raise InputError("snapshot", expected="records of this version", got=f"{len(worlds)} + {len(books)} bytes")
        made.view(np.uint8)[:] = worlds
        fresh.view(np.uint8)[:] = books
        return cls(kernel_view(made), fresh, kernel_view(make_parameters(preset)))

    def copy(self) -> "Worlds":
        """Return independent twins: the same state, the same streams."""
        return Worlds(self.worlds.copy(), self.books.copy(), self.params)  # the feed is a buffer, never shared

    def digest(self, i: int) -> int:
        """Return a 64-bit digest of everything market `i` has published and of its books."""
        venues, first = int(self.worlds["venues"][i]), int(self.worlds["first"][i])
        value = int(self.worlds["digest"][i])
        for j in range(venues):
            value = int(mix(value, digest(self.books, first + j)))
        return value & (2**64 - 1)


def new_worlds(
    preset: Preset, seeds: Sequence[int], regime: str, open_ns: int, close_ns: int, sink: Sink | None = None
) -> Worlds:
    """Return one market per seed at its open, books filled; `regime` by name, `switching` for the Markov chain."""
    if not seeds or not open_ns < close_ns:
        raise InputError("markets", expected="seeds, and an open before the close", got=(seeds, open_ns, close_ns))
    venues = len(preset.venues)
    worlds, books = np.zeros(len(seeds), WORLD), new_books(len(seeds) * venues, BOOKS)
    made = Worlds(kernel_view(worlds), books, kernel_view(make_parameters(preset)))
    day = curves(preset.lit.u_shape, preset.lit.open_multiplier)
    for i, seed in enumerate(map(check_seed, seeds)):
        w = worlds[i]
        w["now"] = w["open"] = open_ns
        w["close"], w["venues"], w["first"] = close_ns, venues, i * venues
        w["darks"], w["dealers"] = len(preset.dark), len(preset.dealers)
        pools = _pools(preset, seed)
        w["pool"][: len(pools)] = pools
        w["dealer"][: len(preset.dealers)] = new_dealers(seed, preset.dealers)
        w["value"] = round(preset.instrument.price / preset.instrument.tick)
        w["regime"] = new_regimes(seed, preset.regimes, regime, day, open_ns, close_ns)
        keys = np.array([stream_key(seed, f"world/{name}") for name in NAMES], np.uint64)
        w["key"] = keys.view(np.int64)
        w["wheel_at"] = open_ns >> SLOT_BITS
        made.open(i, sink)
    return made


def _pools(preset: Preset, seed: int) -> np.ndarray:
    """Return the dark pools, then what waits unseen at the mid of each lit venue."""
    h = preset.hidden
    unseen = [
        DarkPool(
            name=venue.name, fee=0.0, latency=venue.latency, quote_latency=0.0, share=0.0, zero=0.0,
            size_tail=h.size_tail, largest=h.largest, life=h.life, picky=0.0, minimum=1, informed=0.0,
            informed_size=1.0, informed_edge=0.0, leak=0.0, leak_size=0.0, leak_life=1.0,
        )
        for venue in preset.venues
    ]  # fmt: skip
    lot = preset.instrument.round_lot
    return new_pools(seed, [*preset.dark, *unseen], lot, POOL_ORDERS, POOL_OUTS)
