"""One market, friendly: the simulated venues as a value with methods. Prices in ticks, sizes in shares, times in ns.

A `Market` starts at the open of a trading day. Time moves only in `advance`; commands travel `latency` to the venue and
are carried out on the way. `events` (own), `trades` and `messages` (public) return what is new since the last call.
"""

import io
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from nowake.book.queries import DEPTH, depth
from nowake.core.errors import InputError, OrderError, nearest
from nowake.core.events import Kind, empty_events
from nowake.core.times import SECOND
from nowake.core.values import Side
from nowake.data.reader import kernel_view
from nowake.market.preset import Preset, from_table
from nowake.market.preset import load as load_preset
from nowake.market.regimes_state import NAMES as REGIMES
from nowake.market.sessions import session_of
from nowake.market.world.feed import ACK, CANCELLED, FILLED, REJECTED
from nowake.market.world.own import Action, OrderKind, Reason
from nowake.market.world.worlds import Worlds, new_worlds

__all__ = ["FIRST_DAY", "KINDS", "Market", "OwnEvent", "Quote", "VenueInfo"]

KINDS = tuple(kind.name.lower() for kind in OrderKind)
_WORDS = {ACK: "ack", REJECTED: "reject", FILLED: "fill", CANCELLED: "cancel"}
_TRADES = (int(Kind.EXECUTE), int(Kind.HIDDEN), int(Kind.CROSS), int(Kind.TRADE))
_LARGEST = 2**31 - 1
FIRST_DAY = date(2026, 1, 15)


@dataclass(frozen=True, slots=True)
class VenueInfo:
    """A venue: `kind` lit, dark or dealer; fees in currency per share, negative = a rebate."""

    name: str
    kind: str
    maker_fee: float
    taker_fee: float


@dataclass(frozen=True, slots=True)
class Quote:
    """The consolidated best quote; None where a side is empty."""

    bid: int | None
    bid_size: int
    ask: int | None
    ask_size: int


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """Something that happened to an own order; `price` in ticks (half ticks possible), `leaves` what is still open."""

    time: int
    kind: str
    oid: int
    venue: str | None
    price: float | None
    quantity: int
    leaves: int
    fee: float
    liquidity: str | None
    reason: str | None


@dataclass(slots=True)
class _Status:
    """What is known of an own order."""

    oid: int
    side: int
    quantity: int
    venue: str | None  # None: wherever the price is best; the rest stands at the first venue
    filled: int = 0
    leaves: int = 0
    state: str = "sent"


class Market:
    """A simulated market of several lit venues; made by `load`."""

    def __init__(self, worlds: Worlds, preset: Preset, seed: int) -> None:
        self._worlds, self.preset, self.seed = worlds, preset, seed
        self._next_oid = 1
        self._orders: dict[int, _Status] = {}
        self._own: list[OwnEvent] = []
        self._messages: list[np.ndarray] = []
        self._trades: list[np.ndarray] = []

    @classmethod
    def load(cls, preset: str | Path | Preset, seed: int, regime: str | None = None) -> "Market":
        """Return the market of a preset (a name, a TOML file, or the value) at its open; `regime` by default calm."""
        chosen = preset if isinstance(preset, Preset) else load_preset(preset)
        opening: list[np.ndarray] = []
        worlds = new_worlds(chosen, [seed], regime or "calm", *session_of(chosen, FIRST_DAY), opening.append)
        market = cls(worlds, chosen, seed)
        market._messages += opening
        return market

    @property
    def _w(self) -> Any:
        return self._worlds.worlds[0]

    @property
    def now(self) -> int:
        """Return the time, ns UTC."""
        return int(self._w["now"])

    @property
    def close(self) -> int:
        """Return the end of the session, ns UTC."""
        return int(self._w["close"])

    def venues(self) -> tuple[VenueInfo, ...]:
        """Return the venues; their names are what `submit` takes."""
        return tuple(VenueInfo(v.name, "lit", v.maker_fee, v.taker_fee) for v in self.preset.venues)

    def advance(self, seconds: float) -> None:
        """Let the market run; InputError for a negative time or one past the close."""
        until = self.now + round(seconds * SECOND)
        if not 0 <= seconds < 1e6 or until > self.close:
            left = (self.close - self.now) / SECOND
            raise InputError("seconds to advance", expected=f"0 to {left:g}, until the close", got=seconds)
        while not self._worlds.step(0, until, self._take_feed):
            self._hear()
        self._hear()

    def _take_feed(self, events: np.ndarray) -> None:
        self._messages.append(events)
        self._trades.append(events[np.isin(events["kind"], _TRADES)])

    def quote(self) -> Quote:
        """Return the consolidated best bid and ask with the shares displayed there."""
        sides = []
        for side in (Side.BUY, Side.SELL):
            rows = [r for r in (self._levels(j, side, 1) for j in range(len(self.venues()))) if len(r)]
            best = max((int(side) * int(r["price"][0]) for r in rows), default=None)
            size = sum(int(r["quantity"][0]) for r in rows if int(side) * int(r["price"][0]) == best)
            sides += [None if best is None else int(side) * best, size]
        return Quote(sides[0], sides[1] or 0, sides[2], sides[3] or 0)

    def _levels(self, venue: int, side: Side, levels: int) -> np.ndarray:
        out = kernel_view(np.zeros(levels, DEPTH))
        n = depth(self._worlds.books, venue, int(side), out)
        return out[:n]

    def book(self, venue: str, levels: int = 10) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return (price, shares) of the best `levels` bids and asks of one venue, best first."""
        j = self._venue(venue)
        if levels < 1:
            raise InputError("levels", expected="1 or more", got=levels)
        return self._pairs(j, Side.BUY, levels), self._pairs(j, Side.SELL, levels)

    def _pairs(self, venue: int, side: Side, levels: int) -> list[tuple[int, int]]:
        return [(int(row["price"]), int(row["quantity"])) for row in self._levels(venue, side, levels)]

    def _venue(self, name: str) -> int:
        names = [venue.name for venue in self.venues()]
        if name not in names:
            raise InputError("venue", expected=f"one of {', '.join(names)}", got=repr(name), hint=nearest(name, names))
        return names.index(name)

    def submit(
        self, side: int | str, quantity: int, price: int | None = None, venue: str | None = None, kind: str = "limit"
    ) -> int:
        """Send an order; returns its id. Without a venue it takes wherever the price is best and rests at the first.

        `side` +1 or -1, "buy" or "sell"; `kind` limit, market, ioc or post_only; `price` in ticks.
        """
        sign = _side(side)
        if kind not in KINDS:
            raise OrderError("kind of order", expected=f"one of {', '.join(KINDS)}", got=repr(kind))
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 < quantity <= _LARGEST:
            raise OrderError("quantity", expected=f"a whole number from 1 to {_LARGEST}", got=quantity)
        priced = kind != "market"
        if priced != (price is not None) or (price is not None and not 0 < price < 2**40):
            wanted = "a price in ticks above 0" if priced else "no price"
            raise OrderError(f"price of a {kind} order", expected=wanted, got=price)
        at = -1 if venue is None else self._venue(venue)
        oid = self._next_oid
        self._next_oid += 1
        self._orders[oid] = _Status(oid, sign, quantity, venue, leaves=quantity)
        self._post(Action.NEW, oid, sign, price or 0, quantity, at, OrderKind[kind.upper()])
        return oid

    def replace(self, oid: int, quantity: int, price: int) -> None:
        """Change what is open of an order; a smaller quantity at its price keeps its place in the queue."""
        if not 0 < quantity <= _LARGEST or not 0 < price < 2**40:
            raise OrderError("replacement", expected="quantity and price above 0", got=(quantity, price))
        self._post(Action.REPLACE, oid, 1, price, quantity, self._where(oid), OrderKind.LIMIT)

    def cancel(self, oid: int) -> None:
        """Withdraw an order; a finished or unknown one gives a reject event."""
        self._post(Action.CANCEL, oid, 1, 0, 0, self._where(oid), OrderKind.LIMIT)

    def _where(self, oid: int) -> int:
        """Return the number of the venue at which an own order stands, -1 for an unknown order."""
        order = self._orders.get(oid)
        return -1 if order is None else 0 if order.venue is None else self._venue(order.venue)

    def _post(
        self, action: Action, oid: int, side: int, price: int, quantity: int, venue: int, kind: OrderKind
    ) -> None:
        arrival = self.now + int(self._worlds.params["latency"][0, max(venue, 0)])
        self._worlds.send(0, (arrival, int(action), oid, side, price, quantity, venue, int(kind)))

    def _hear(self) -> None:
        """Turn the records of own events into values and keep the status of own orders."""
        w = self._w
        for row in w["own"][: int(w["own_events"])]:
            event = self._event(row)
            self._own.append(event)
            order = self._orders.get(event.oid)
            if order is None:
                continue
            _follow(order, event)
        w["own_events"] = 0

    def _event(self, row: Any) -> OwnEvent:
        kind = _WORDS[int(row["kind"])]
        names = [venue.name for venue in self.venues()]
        return OwnEvent(
            time=int(row["time"]), kind=kind, oid=int(row["oid"]),
            venue=names[int(row["venue"])] if int(row["venue"]) >= 0 else None,
            price=int(row["price2"]) / 2 if row["price2"] else None, quantity=int(row["quantity"]),
            leaves=int(row["leaves"]), fee=float(row["fee"]),
            liquidity=("maker" if row["passive"] else "taker") if kind == "fill" else None,
            reason=Reason(int(row["reason"])).name.lower() if row["reason"] else None,
        )  # fmt: skip

    def status(self, oid: int | None = None) -> dict[str, Any]:
        """Return what is known of one order, or {"orders": [...]} of all; InputError for an unknown id."""
        if oid is None:
            return {"orders": [self.status(known) for known in self._orders]}
        if oid not in self._orders:
            raise InputError("order", expected="the id of an own order", got=oid)
        order = self._orders[oid]
        names = ("oid", "side", "quantity", "venue", "filled", "leaves", "state")
        return {name: getattr(order, name) for name in names}

    def events(self) -> list[OwnEvent]:
        """Return what happened to own orders since the last call."""
        new, self._own = self._own, []
        return new

    def messages(self) -> np.ndarray:
        """Return the public messages since the last call: EVENT records, `instrument` the number of the venue."""
        return _joined(self._messages)

    def trades(self) -> np.ndarray:
        """Return the executions since the last call, EVENT records like those of `messages`."""
        return _joined(self._trades)

    def digest(self) -> str:
        """Return 16 hex digits over everything published and the books."""
        return f"{self._worlds.digest(0):016x}"

    def truth(self) -> dict[str, Any]:
        """Return what no participant sees: for tests and teachers only."""
        w = self._w
        return {
            "value": int(w["value"]),
            "regime": REGIMES[int(w["regime"]["state"][0])],
            "activity": float(w["pace"]), "centre": float(w["centre"]),
            "parents": [(int(p["sign"]), int(p["left"])) for p in w["parent"][: self.preset.lit.parents]],
        }  # fmt: skip

    def twin(self) -> "Market":
        """Return an independent copy on the same random streams."""
        return Market.restore(self.snapshot())

    def snapshot(self) -> bytes:
        """Return everything that the market is; what was not collected yet is collected by neither."""
        head = {
            "seed": self.seed, "next_oid": self._next_oid, "preset": self.preset.model_dump(mode="json"),
            "orders": [self.status(oid) for oid in self._orders],
        }  # fmt: skip
        out = io.BytesIO()
        text = np.frombuffer(json.dumps(head).encode(), np.uint8)
        w = self._worlds
        worlds, books = (np.ascontiguousarray(a).view(np.uint8) for a in (w.worlds, w.books))
        np.savez_compressed(out, head=text, worlds=worlds, books=books)
        return out.getvalue()

    @classmethod
    def restore(cls, data: bytes) -> "Market":
        """Return the market of a snapshot, to go on bit for bit; InputError for anything else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as kept:
                head = json.loads(kept["head"].tobytes())
                parts = {name: kept[name] for name in ("worlds", "books")}
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise InputError("snapshot", expected="what Market.snapshot returns", got=f"{len(data)} bytes") from error
        preset = from_table(head["preset"])
        market = cls(Worlds.of_bytes(parts["worlds"], parts["books"], preset), preset, head["seed"])
        market._next_oid = head["next_oid"]
        market._orders = {o["oid"]: _Status(**o) for o in head["orders"]}
        return market


def _follow(order: _Status, event: OwnEvent) -> None:
    """Bring what is known of an order up to date."""
    if event.kind == "reject":
        if order.state == "sent":
            order.state, order.leaves = "rejected", 0
        return
    order.leaves = event.leaves
    if event.kind == "fill":
        order.filled += event.quantity
    elif event.kind == "ack":
        order.quantity = order.filled + event.leaves
    order.state = "cancelled" if event.kind == "cancel" else "working" if order.leaves else "filled"


def _joined(blocks: list[np.ndarray]) -> np.ndarray:
    whole = np.concatenate(blocks) if blocks else empty_events(0)
    blocks.clear()
    return whole


def _side(side: int | str) -> int:
    words = {"buy": 1, "sell": -1, 1: 1, -1: -1}
    if side not in words or isinstance(side, bool):
        raise OrderError("side", expected="buy, sell, +1 or -1", got=repr(side))
    return words[side]
