"""Markets by the batch: n independent markets of one preset, advanced by one kernel call per thread.

Own orders go in as ORDER records and own events come out as EVENT records, both in the order of their markets, whatever
the number of threads. This surface shows the venues as they are at the moment, without the latency of feeds; a policy
that is to see late data looks at an earlier observation.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from itertools import pairwise

import numpy as np

from nowake.core.errors import InputError, OrderError
from nowake.core.times import SECOND
from nowake.data.reader import kernel_view
from nowake.market.preset_model import Preset
from nowake.market.world.many import look, step_many
from nowake.market.world.state import OWN_EVENT
from nowake.market.world.words import Action, OrderKind
from nowake.market.world.worlds import NOTHING, Worlds, new_worlds

__all__ = ["BATCH_EVENT", "BATCH_ORDER", "OBSERVATION", "Batch"]

BATCH_ORDER = np.dtype(
    [
        ("market", "i4"),
        ("action", "u1"),  # Action
        ("kind", "u1"),  # OrderKind of a new order
        ("side", "i1"),
        ("venue", "i1"),  # number, lit, then dark, then dealers; -1: wherever the price is best
        ("oid", "i8"),  # chosen by the caller, unique in its market
        ("price", "i8"),  # ticks
        ("quantity", "i8"),
        ("minimum", "i8"),
    ],
    align=True,
)
BATCH_EVENT = np.dtype([("market", "i4"), *((n, OWN_EVENT[n].str) for n in OWN_EVENT.names or ())], align=True)
OBSERVATION = np.dtype(
    [
        *((n, "i8") for n in ("time", "bid", "ask", "bid_size", "ask_size", "volume", "trades", "events")),
        ("trend", "f8"),  # net aggressive volume still remembered, shares
    ],
    align=True,
)
_LARGEST = 2**31 - 1
_ROOM = 4096  # own events of one thread in one step, and as many again for every command


def _codes(*codes: IntEnum) -> np.ndarray:
    """Return which of the 256 values of a code are among `codes`."""
    listed = np.zeros(256, bool)
    listed[list(codes)] = True
    return listed


_KNOWN, _KINDS = _codes(*(a for a in Action if a is not Action.FAULT)), _codes(*OrderKind)
_DEALS = _codes(Action.ASK, Action.ACCEPT)
_SIZED = _codes(Action.NEW, Action.REPLACE, Action.ASK, Action.ACCEPT)


class Batch:
    """`n` markets of `preset`, one a seed, in one regime, from `open_ns` to `close_ns`."""

    def __init__(
        self, preset: Preset, seeds: Sequence[int], regime: str, open_ns: int, close_ns: int, threads: int | None = None
    ) -> None:
        self.preset, self.worlds = preset, new_worlds(preset, seeds, regime, open_ns, close_ns)
        self.threads = threads or os.cpu_count() or 1
        self._close = close_ns

    @classmethod
    def of_worlds(cls, preset: Preset, worlds: Worlds, threads: int | None = None) -> "Batch":
        """Return a batch over markets that are there already."""
        batch = cls.__new__(cls)
        batch.preset, batch.worlds, batch.threads = preset, worlds, threads or os.cpu_count() or 1
        batch._close = int(worlds.worlds["close"].max())
        return batch

    def __len__(self) -> int:
        return len(self.worlds.worlds)

    def copy(self) -> "Batch":
        """Return twins: the same state, the same streams."""
        return Batch.of_worlds(self.preset, self.worlds.copy(), self.threads)

    def step(self, seconds: float, orders: np.ndarray | None = None) -> np.ndarray:
        """Send `orders` (BATCH_ORDER), let every market run for `seconds`; returns own events (BATCH_EVENT).

        OrderError for orders of no market or of the wrong type; InputError for a time past the close.
        """
        now = self.worlds.worlds["now"]
        until = now + round(seconds * SECOND)
        if not 0 <= seconds < 1e7 or int(until.max()) > self._close:
            raise InputError("seconds of a step", expected="0 or more, until the close", got=seconds)
        sent = np.zeros(0, BATCH_ORDER) if orders is None else self._checked(orders)
        first = np.searchsorted(sent["market"], np.arange(len(self) + 1))
        edges = [len(self) * k // self.threads for k in range(self.threads + 1)]
        room = _ROOM + 64 * len(sent)

        def part(ends: tuple[int, int]) -> np.ndarray:
            out = kernel_view(np.zeros(room, BATCH_EVENT))
            w = self.worlds
            n = step_many(w.worlds, w.params, w.books, *ends, until, kernel_view(sent), first, out, NOTHING)
            return np.asarray(out[:n])

        return np.concatenate(self._map(part, edges))

    def _map(self, part: Callable[[tuple[int, int]], np.ndarray], edges: list[int]) -> list[np.ndarray]:
        if self.threads == 1:
            return [part((edges[0], edges[-1]))]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(part, pairwise(edges)))

    def observe(self) -> np.ndarray:
        """Return an OBSERVATION of every market: the consolidated touch, and what has been traded so far."""
        out = kernel_view(np.zeros(len(self), OBSERVATION))
        look(self.worlds.worlds, self.worlds.books, 0, len(self), out)
        return np.asarray(out)

    def _checked(self, orders: np.ndarray) -> np.ndarray:
        """Return `orders` in the order of their markets; OrderError for what no venue could read."""
        if orders.dtype != BATCH_ORDER:
            raise OrderError("orders of a batch", expected="BATCH_ORDER records", got=orders.dtype)
        for wanted, right in self._rules(orders):
            if not right.all():
                row = int(np.argmin(right))
                raise OrderError(f"order {row} of a batch", expected=wanted, got=orders[row])
        market = orders["market"]
        if (market[1:] >= market[:-1]).all():
            return np.ascontiguousarray(orders)
        return np.ascontiguousarray(orders[np.argsort(market, kind="stable")])

    def _rules(self, x: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """Return what has to hold of every order."""
        p, action, side, quantity, venue = self.preset, x["action"], x["side"], x["quantity"], x["venue"]
        dealers = len(p.venues) + len(p.dark)
        places = dealers + len(p.dealers)
        return [
            (f"a market from 0 to {len(self) - 1}", _within(x["market"], 0, len(self) - 1)),
            ("an action", _KNOWN[action]),
            ("a kind of a new order", _KINDS[x["kind"]] | (action != Action.NEW)),
            ("a side of +1 or -1", (side == 1) | (side == -1)),
            (f"a venue from -1 to {places - 1}", _within(venue, -1, places - 1)),
            ("a dealer to ask", (venue >= dealers) | ~_DEALS[action]),
            ("an id above 0", x["oid"] > 0),
            (f"a quantity of 1 to {_LARGEST}", _within(quantity, 1, _LARGEST) | ~_SIZED[action]),
            ("a price from 0", _within(x["price"], 0, 2**40 - 1)),
        ]


def _within(values: np.ndarray, low: int, high: int) -> np.ndarray:
    return np.asarray((values >= low) & (values <= high))
