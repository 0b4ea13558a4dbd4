"""One market, friendly: the simulated venues as a value with methods. Prices in ticks, sizes in shares, times in ns.

A `Market` starts at the open of a trading day. Time moves only in `advance`; commands travel `latency` to the venue and
are carried out on the way, and what is seen here (`quote`, `book`, `messages`, `trades`, `events`) is as late as the
feeds are. `events` (own), `trades` and `messages` (public) return what is new since the last call.
"""

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from nowake.core.errors import InputError, OrderError, nearest
from nowake.core.events import empty_events
from nowake.core.times import SECOND
from nowake.core.values import Side
from nowake.market.market_faults import Faults
from nowake.market.market_values import OrderStatus, OwnEvent, Quote, VenueInfo, own_event, sign_of
from nowake.market.preset import Preset, from_table
from nowake.market.preset import load as load_preset
from nowake.market.regimes_state import NAMES as REGIMES
from nowake.market.sessions import session_of
from nowake.market.view import View, snapshot, trades_of
from nowake.market.world.desks import GROUP
from nowake.market.world.words import Action, OrderKind
from nowake.market.world.worlds import Worlds, new_worlds

__all__ = ["FIRST_DAY", "KINDS", "Market", "OwnEvent", "Quote", "VenueInfo"]

KINDS = tuple(kind.name.lower() for kind in OrderKind)
_LARGEST = 2**31 - 1
FIRST_DAY = date(2026, 1, 15)


class Market:
    """A simulated market of lit venues, dark pools and dealers; made by `load`."""

    def __init__(self, worlds: Worlds, preset: Preset, seed: int, *, prompt: bool = False) -> None:
        """Take over the first of `worlds`; `prompt`: what happens is known here at once, without latency; no twins."""
        self._worlds, self.preset, self.seed = worlds, preset, seed
        self._next_oid = 1
        self._orders: dict[int, OrderStatus] = {}
        self._own: list[OwnEvent] = []
        self._told: list[OwnEvent] = []  # own events on their way back
        self._messages: list[np.ndarray] = []
        self._trades: list[np.ndarray] = []
        self._names = [venue.name for venue in self.venues()]
        late = [v.feed_latency for v in preset.venues] + [v.latency for v in (*preset.dark,)]
        late += [v.latency for v in preset.dealers]
        delays = [0 if prompt else round(seconds * SECOND) for seconds in late]
        self._view = View(len(preset.venues), delays, worlds.books if prompt else None)
        self._faults = Faults()

    @classmethod
    def load(cls, preset: str | Path | Preset, seed: int, regime: str | None = None, day: date = FIRST_DAY) -> "Market":
        """Return the market of a preset (a name, a TOML file, or the value) at its open on `day`; `regime`: calm."""
        chosen = preset if isinstance(preset, Preset) else load_preset(preset)
        opening: list[np.ndarray] = []
        worlds = new_worlds(chosen, [seed], regime or "calm", *session_of(chosen, day), opening.append)
        market = cls(worlds, chosen, seed)
        for block in opening:
            market._view.put(block)
        market._messages.append(market._view.deliver(market.now, at_once=True))
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
        """Return the venues, lit, then dark, then dealers; their names are what `submit` takes."""
        lit = [VenueInfo(v.name, "lit", v.maker_fee, v.taker_fee) for v in self.preset.venues]
        dark = [VenueInfo(v.name, "dark", v.fee, v.fee) for v in self.preset.dark]
        return (*lit, *dark, *(VenueInfo(v.name, "dealer", 0.0, 0.0) for v in self.preset.dealers))

    def advance(self, seconds: float) -> None:
        """Let the market run; InputError for a negative time or one past the close."""
        until = self.now + round(seconds * SECOND)
        if not 0 <= seconds < 1e6 or until > self.close:
            left = (self.close - self.now) / SECOND
            raise InputError("seconds to advance", expected=f"0 to {left:g}, until the close", got=seconds)
        while not self._worlds.step(0, until, self._view.put):
            self._collect()
        self._collect()
        self._hear()

    def _collect(self) -> None:
        """Let own events set out for us."""
        w = self._w
        n = int(w["own_events"])
        if n:
            self._told += [own_event(row, self._names) for row in w["own"][:n]]
            w["own_events"] = 0

    def _hear(self) -> None:
        """Take in what has arrived by now, public and own."""
        now = self.now
        self._faults.publish(now, self._view)
        over = now >= self.close  # what is still on its way arrives after the session
        for events in (self._view.deliver(now, at_once=over), self._view.recover(now, self._worlds.books)):
            if len(events):
                self._messages.append(events)
                self._trades.append(trades_of(events))
        late = dict(zip([*self._names, None], [*self._view.delays.tolist(), 0], strict=True))
        waiting: list[OwnEvent] = []
        for event in self._told:
            if event.time + late[event.venue] > now and not over:
                waiting.append(event)
                continue
            self._own.append(event)
            if event.oid in self._orders:
                self._orders[event.oid].follow(event)
        self._told = waiting

    def quote(self) -> Quote:
        """Return the consolidated best bid and ask, as known here, with the shares displayed there."""
        sides = []
        for side in (Side.BUY, Side.SELL):
            rows = [r.copy() for j in range(self._view.venues) if len(r := self._view.levels(j, int(side), 1))]
            best = max((int(side) * int(r["price"][0]) for r in rows), default=None)
            size = sum(int(r["quantity"][0]) for r in rows if int(side) * int(r["price"][0]) == best)
            sides += [None if best is None else int(side) * best, size]
        return Quote(sides[0], sides[1] or 0, sides[2], sides[3] or 0)

    def mid(self) -> float:
        """Return the consolidated mid in ticks at the venues themselves, own orders included: to measure with."""
        w = self._w
        bid, ask = int(w["bid"]), int(w["ask"])
        return (bid + ask) / 2 if bid > 0 and ask > 0 else float("nan")

    def book(self, venue: str, depth: int = 10) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return (price, shares) of the best `depth` bids and asks of one lit venue, as known here, best first."""
        j = self._venue(venue)
        if depth < 1:
            raise InputError("depth", expected="1 or more price levels", got=depth)
        if j >= self._view.venues:
            raise InputError("book", expected="a lit venue: nothing is displayed elsewhere", got=repr(venue))
        return self._pairs(j, Side.BUY, depth), self._pairs(j, Side.SELL, depth)

    def _pairs(self, venue: int, side: Side, depth: int) -> list[tuple[int, int]]:
        return [(int(row["price"]), int(row["quantity"])) for row in self._view.levels(venue, int(side), depth)]

    def _venue(self, name: str) -> int:
        if name not in self._names:
            known = ", ".join(self._names)
            raise InputError("venue", expected=f"one of {known}", got=repr(name), hint=nearest(name, self._names))
        return self._names.index(name)

    def submit(
        self, side: int | str, quantity: int, price: int | None = None, venue: str | None = None, kind: str = "limit",
        min_quantity: int = 0,
    ) -> int:  # fmt: skip
        """Send an order; returns its id. Without a venue it takes wherever the price is best and rests at the first.

        `side` +1 or -1, "buy" or "sell"; `kind` limit, market, ioc, post_only, mid_peg (waits unseen at the mid of a
        dark pool or lit venue; without a venue at the first dark pool) or on_close (the auction of the first venue);
        `price` in ticks, of a mid_peg the worst mid, may be left out for these two.
        `min_quantity`: least execution, at the mid alone. A dark pool takes mid_peg and ioc.
        """
        sign = sign_of(side)
        if kind not in KINDS:
            raise OrderError("kind of order", expected=f"one of {', '.join(KINDS)}", got=repr(kind))
        _check_quantity("quantity", quantity)
        if kind == "mid_peg" and venue is None:
            venue = self._names[len(self.preset.venues) if self.preset.dark else 0]
        at = -1 if venue is None else self._venue(venue)
        unseen = kind == "mid_peg" or at >= len(self.preset.venues)
        self._check_price(kind, price, unseen=unseen)
        if min_quantity and (not unseen or not 0 < min_quantity <= quantity):
            wanted = f"0, or 1 to {quantity}, for an order at the mid"
            raise OrderError("least execution", expected=wanted, got=min_quantity)
        oid = self._next_oid
        self._next_oid += 1
        self._orders[oid] = OrderStatus(oid, sign, quantity, venue, leaves=quantity)
        self._post(Action.NEW, oid, sign, price or 0, quantity, at, OrderKind[kind.upper()], min_quantity)
        return oid

    def _check_price(self, kind: str, price: int | None, *, unseen: bool) -> None:
        optional = kind in ("mid_peg", "on_close") or (kind == "ioc" and unseen)
        wrong = price is not None and (isinstance(price, bool) or not isinstance(price, int) or not 0 < price < 2**40)
        if wrong or (not optional and (kind != "market") != (price is not None)):
            wanted = "no price" if kind == "market" else "a price in ticks above 0"
            raise OrderError(f"price of a {kind} order", expected=wanted, got=price)

    def replace(self, oid: int, quantity: int, price: int) -> None:
        """Change what is open of an order; a smaller quantity at its price keeps its place in the queue."""
        if not 0 < quantity <= _LARGEST or not 0 <= price < 2**40:
            raise OrderError("replacement", expected="quantity and price above 0", got=(quantity, price))
        self._post(Action.REPLACE, oid, 1, price, quantity, self._where(oid), OrderKind.LIMIT)

    def cancel(self, oid: int) -> None:
        """Withdraw an order; a finished or unknown one gives a reject event."""
        self._post(Action.CANCEL, oid, 1, 0, 0, self._where(oid), OrderKind.LIMIT)

    def cancel_all(self, venue: str | None = None) -> None:
        """Withdraw every own order, of one venue where it is named."""
        places = len(self.preset.venues) + len(self.preset.dark)
        names = self._names[:places] if venue is None else [venue]
        for at in map(self._venue, names):
            self._post(Action.MASS_CANCEL, 0, 1, 0, 0, at, OrderKind.LIMIT)

    def request_quotes(self, side: int | str, quantity: int, dealers: list[str] | None = None) -> list[int]:
        """Ask dealers (by default all) for a price; returns the ids of the quotes that their events will carry."""
        sign = sign_of(side)
        _check_quantity("quantity", quantity)
        known = [dealer.name for dealer in self.preset.dealers]
        for name in dealers or ():
            if name not in known:
                raise InputError("dealer", expected=", ".join(known), got=repr(name), hint=nearest(name, known))
        first = -(-self._next_oid // GROUP) * GROUP  # ids of one request share a group
        self._next_oid = first + GROUP
        chosen = [(first + j, name) for j, name in enumerate(known) if dealers is None or name in dealers]
        if not chosen:
            raise InputError("request for quotes", expected="a market with dealers", got=self.preset.name)
        for qid, name in chosen:
            self._orders[qid] = OrderStatus(qid, sign, quantity, name)
            self._post(Action.ASK, qid, sign, 0, quantity, self._venue(name), OrderKind.LIMIT)
        return [qid for qid, _ in chosen]

    def accept(self, quote_id: int) -> None:
        """Accept a dealer's quote, all of it; a fill follows, or a reject: too late, or after his last look."""
        order = self._orders.get(quote_id)
        if order is None or order.venue not in [dealer.name for dealer in self.preset.dealers]:
            raise OrderError("quote", expected="the id of a quote", got=quote_id)
        if order.state in ("sent", "quoted"):
            order.state = "accepted"
        self._post(Action.ACCEPT, quote_id, order.side, 0, order.quantity, self._where(quote_id), OrderKind.LIMIT)

    def _where(self, oid: int) -> int:
        """Return the number of the venue at which an own order stands, -1 for an unknown order."""
        order = self._orders.get(oid)
        return -1 if order is None else 0 if order.venue is None else self._venue(order.venue)

    def _post(
        self, action: Action, oid: int, side: int, price: int, quantity: int, venue: int, kind: OrderKind,
        minimum: int = 0,
    ) -> None:  # fmt: skip
        at, w = max(venue, 0), self._w
        late = int(self._worlds.params["latency"][0, at])
        if w["slow_until"][at] > self.now:
            late += int(w["slow_by"][at])
        command = (self.now + late, int(action), oid, side, price, quantity, venue, int(kind), minimum)
        self._worlds.send(0, command)

    def fault(self, kind: str, venue: str | None = None, seconds: float = 1.0, size: float = 0.0) -> None:
        """Let something go wrong from now on, for tests; see `market_faults` for the kinds and what `size` means."""
        at = -1 if venue is None else self._venue(venue)
        command = self._faults.begin(kind, at, seconds, size, self._view, self._w)
        if command is not None:
            action, length, by = command
            self._worlds.send(0, (self.now, int(Action.FAULT), 0, 1, by, length, at, int(action)))

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

    def books(self) -> np.ndarray:
        """Return the books of all lit venues as known here, as EVENT records: what `messages` go on from."""
        return np.concatenate([snapshot(self._view.books, j, self.now) for j in range(self._view.venues)])

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
            "value": int(w["value"]), "bid": int(w["bid"]), "ask": int(w["ask"]),
            "regime": REGIMES[int(w["regime"]["state"][0])],
            "activity": float(w["pace"]), "centre": float(w["centre"]), "followers": int(w["held"]),
            "parents": [(int(p["sign"]), int(p["left"])) for p in w["parent"][: self.preset.lit.parents]],
        }  # fmt: skip

    def twin(self) -> "Market":
        """Return an independent copy on the same random streams; what was not collected yet is not copied."""
        market = Market(self._worlds.copy(), self.preset, self.seed)
        market._next_oid, market._view = self._next_oid, self._view.copy()
        market._orders = {oid: OrderStatus(**self.status(oid)) for oid in self._orders}
        market._told, market._faults = list(self._told), self._faults.copy()
        return market

    def snapshot(self) -> bytes:
        """Return everything that the market is; what was not collected yet is collected by neither."""
        w, view = self._worlds, self._view
        head = {
            "seed": self.seed, "next_oid": self._next_oid, "preset": self.preset.model_dump(mode="json"),
            "orders": [self.status(oid) for oid in self._orders], "gaps": list(view.gaps.items()),
            "told": [[getattr(event, name) for name in OwnEvent.__dataclass_fields__] for event in self._told],
        }  # fmt: skip
        out = io.BytesIO()
        parts = {"head": np.frombuffer(json.dumps(head).encode(), np.uint8)}
        arrays = {"worlds": w.worlds, "books": w.books, "view": view.books, "pending": view.pending}
        arrays["injected"] = self._faults.injected
        parts |= {name: np.ascontiguousarray(a).view(np.uint8) for name, a in arrays.items()}
        np.savez_compressed(out, **parts)  # type: ignore[arg-type]
        return out.getvalue()

    @classmethod
    def restore(cls, data: bytes) -> "Market":
        """Return the market of a snapshot, to go on bit for bit; InputError for anything else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as kept:
                head = json.loads(kept["head"].tobytes())
                parts = {name: kept[name] for name in ("worlds", "books", "view", "pending", "injected")}
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise InputError("snapshot", expected="what Market.snapshot returns", got=f"{len(data)} bytes") from error
        preset = from_table(head["preset"])
        market = cls(Worlds.of_bytes(parts["worlds"], parts["books"], preset), preset, head["seed"])
        market._next_oid = head["next_oid"]
        market._orders = {o["oid"]: OrderStatus(**o) for o in head["orders"]}
        market._told = [OwnEvent(*row) for row in head["told"]]
        market._view.books.view(np.uint8).reshape(-1)[:] = parts["view"].reshape(-1)
        market._view.pending = parts["pending"].view(empty_events(0).dtype).copy()
        market._view.gaps = {int(venue): int(until) for venue, until in head["gaps"]}
        market._faults.injected = parts["injected"].view(empty_events(0).dtype).copy()
        return market


def _check_quantity(what: str, quantity: object) -> None:
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 < quantity <= _LARGEST:
        raise OrderError(what, expected=f"a whole number from 1 to {_LARGEST}", got=quantity)


def _joined(blocks: list[np.ndarray]) -> np.ndarray:
    whole = np.concatenate(blocks) if blocks else empty_events(0)
    blocks.clear()
    return whole
