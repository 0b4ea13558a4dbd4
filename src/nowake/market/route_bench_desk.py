"""One parcel in one simulated market under one router, by the decision path that works every order.

The naive routers are the same path with less to choose from: a mask of venues, and statistics that know nothing.
`equal split` is one parent per lit venue and dark pool, each barred from all others. `best price only` is barred from
all venues but the one that shows the best price on the own side, fees and queues ignored; it stays there until another
shows a better one. `lit only` knows what the learning router knows of queues, and is barred from everything unseen.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace
from math import isnan

import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.errors import InputError
from nowake.core.events import Flag
from nowake.core.intent import Tactic
from nowake.core.times import MS, SECOND
from nowake.core.values import ParentOrder, Side
from nowake.core.venue import VenueEvent
from nowake.data.reader import kernel_view
from nowake.execution.desk_state import CURVE, Placing
from nowake.execution.live import LiveDesk, NobodyKeeps
from nowake.execution.opening import limit_path, places_of
from nowake.execution.path import DecisionPath, Place
from nowake.execution.policy import FixedPolicy, UniformForecaster
from nowake.market.market import FIRST_DAY, Market
from nowake.market.sessions import session_of
from nowake.market.simulate import instrument_of
from nowake.market.usual import usual_day
from nowake.market.venue import SimulatedVenue
from nowake.market.world.state import BOOKS, OWN_IDS
from nowake.risk.policy import load
from nowake.risk.scopes import Scope, resolve
from nowake.routing.parameters import Routing

__all__ = ["AFTER", "LOOK", "ROUTERS", "Fills", "Offer", "Offered", "last_print", "offer"]

ROUTERS = ("equal split", "best price only", "lit only", "learning")
LOOK = 250 * MS  # between two looks of a desk
GRACE = SECOND  # after the end, for what is on its way
AFTER = 60 * SECOND  # from a fill to its mark-out
DEPTH = 200  # price levels per venue that the rest may walk through
FILL = np.dtype([("time", "i8"), ("quantity", "i8"), ("price", "f8"), ("hidden", "?")])


@dataclass(frozen=True, slots=True)
class Offer:
    """A parcel: `quantity` shares on `side`, offered whole for `window` s, tried anew every `interval` s."""

    side: Side
    quantity: int
    window: float
    interval: float
    routing: Routing


@dataclass(slots=True)
class Fills(NobodyKeeps):
    """Keeps the fills, and whether anything was sent out of sight."""

    events: list[VenueEvent] = field(default_factory=list)

    def event(self, event: VenueEvent) -> bool:
        """Keep a fill; everything counts."""
        if event.kind == "fill":
            self.events.append(event)
        return True


@dataclass(frozen=True, slots=True, eq=False)
class Offered:
    """What became of a parcel. `paid` and `fees` in ticks over all shares, the forced `rest` included.

    `times` (ns) and `mids` (ticks, the last one known): the market at every look, until AFTER behind the end; `fills`:
    FILL[n], prices in ticks; `stats` what the router knows then.
    """

    paid: float
    fees: float
    filled: int
    rest: int
    times: np.ndarray
    mids: np.ndarray
    fills: np.ndarray
    stats: np.ndarray
    children: int


def _places(market: Market) -> list[Place]:
    late = {v.name: round(v.latency * SECOND) for v in market.preset.venues}
    places = places_of(map(astuple, market.venues()), market.preset.instrument.tick)
    return [replace(place, latency=late.get(place.name, 0)) for place in places]


def _all_but(places: Sequence[Place], rows: Sequence[int]) -> int:
    return sum(1 << k for k in range(len(places)) if k not in rows)


def _masks(router: str, places: Sequence[Place]) -> list[int]:
    """Return what is barred, one mask per parent; `best price only` begins with everything barred."""
    lit = [k for k, place in enumerate(places) if place.kind is PlaceKind.LIT]
    hidden = [k for k, place in enumerate(places) if place.kind is PlaceKind.DARK]
    match router:
        case "equal split":
            return [_all_but(places, [k]) for k in (*lit, *hidden)]
        case "best price only":
            return [_all_but(places, [])]
        case "lit only":
            return [_all_but(places, lit)]
        case "learning":
            return [0]
    raise InputError("router", expected=f"one of {', '.join(ROUTERS)}", got=repr(router))


def _parts(quantity: int, n: int, lot: int) -> list[int]:
    """Return `quantity` in `n` parts of whole lots as equal as can be; the last has what is left over."""
    lots = quantity // lot
    parts = [(lots // n + (k < lots % n)) * lot for k in range(n)]
    parts[-1] += quantity - sum(parts)
    return parts


def _best_place(shown: Sequence[int], side: int, now: int) -> int:
    """Return the place with the best of prices `shown` (0: none): `now` where none is better, -1: no price at all."""
    best, most = -1, 0
    for k, price in enumerate(shown):
        if price > 0 and (best < 0 or side * price > side * most or (price == most and k == now)):
            best, most = k, price
    return best


class _Desk:
    """A market with the desk of one router on it."""

    def __init__(self, market: Market, what: Offer, router: str, stats: np.ndarray | None, last2: int) -> None:
        self.market, self.what, self.router = market, what, router
        self.places = _places(market)
        masks = _masks(router, self.places)
        naive = router in ("equal split", "best price only")
        routing = Routing(dark_share=1.0, explore=0.0) if naive else what.routing
        policy = FixedPolicy(Tactic.JOIN)
        self.path = DecisionPath(
            len(masks),
            self.places,
            policy,
            UniformForecaster(),
            seed=market.seed,
            routing=routing,
            context=usual_day(market.preset, session_of(market.preset, FIRST_DAY)),
        )
        if stats is not None and not naive:
            self.path.stats[:] = stats
        self._take_on(masks)
        self.fills = Fills()
        self.desk = LiveDesk(self.path, SimulatedVenue(market), self.fills, BOOKS, own_from=OWN_IDS)
        self.desk.board["last2"] = last2  # without a print the guard lets nothing leave
        self.place = -1
        self.times: list[int] = []
        self.mids: list[float] = []
        self._act(market.books())

    def _take_on(self, masks: Sequence[int]) -> None:
        path, what, now = self.path, self.what, self.market.now
        one = instrument_of(self.market.preset)
        instrument = type(one)(one.symbol, one.tick_size * 2, step=1, round_lot=one.round_lot, sessions=one.sessions)
        effective = resolve(load("default"), Scope(desk="program", symbol=one.symbol))
        placing = Placing(reaction=LOOK, cross_before=0, sweep_before=0)
        limit_path(path, effective, instrument)
        for i, part in enumerate(_parts(what.quantity, len(masks), one.round_lot)):
            if part == 0:
                continue
            order = ParentOrder(f"P{i}", instrument, what.side, part, now, now + round(what.window * SECOND))
            path.take_on(i, order, np.ones(CURVE + 1), round(what.interval * SECOND), placing)
            path.ids(i, 1 + i * 10**6, (i + 1) * 10**6)
            path.desk[i]["barred"] = masks[i]

    def _act(self, messages: np.ndarray) -> None:
        now = self.market.now
        if self.router == "best price only":
            self.place = _best_place(self._shown(), int(self.what.side), self.place)
            self.path.desk[0]["barred"] = _all_but(self.places, [self.place])
        self.desk.market(messages, now)
        self.desk.tick(now)
        mid = self.desk.mid()
        self.times.append(now)
        self.mids.append(self.mids[-1] if isnan(mid) and self.mids else mid)

    def _shown(self) -> list[int]:
        """Return the best price on the own side per place, 0 where none is displayed; at first that of the books."""
        side, lit = int(self.what.side), [place.kind is PlaceKind.LIT for place in self.places]
        if not self.times:
            tops = [
                self.market.book(place.name, 1)[side < 0] if k else []
                for place, k in zip(self.places, lit, strict=True)
            ]
            return [top[0][0] if top else 0 for top in tops]
        rows = self.desk.board["place"][: len(self.places)]["bid" if side > 0 else "ask"]
        return [int(price) if k else 0 for price, k in zip(rows, lit, strict=True)]

    def step(self, ns: int) -> None:
        """Let the market run for `ns`, and the desk look."""
        self.market.advance(ns / SECOND)
        self._act(self.market.messages())

    def wait(self, ns: int) -> None:
        """Go on for `ns` after the end: what is learnt from fills until then."""
        until = self.market.now + ns
        while self.market.now < until:
            self.step(min(SECOND, until - self.market.now))


def _walk(market: Market, side: int, shares: int) -> tuple[float, float]:
    """Return (paid, fees) in ticks of taking `shares` at once from what the lit venues show, best price first.

    InputError where they show less.
    """
    tick, levels = market.preset.instrument.tick, []
    for venue in market.preset.venues:
        for price, size in market.book(venue.name, DEPTH)[side > 0]:
            levels.append((side * price, venue.taker_fee / tick, size))
    paid, fees, left = 0.0, 0.0, shares
    for price, fee, size in sorted(levels):
        n = min(size, left)
        paid, fees, left = paid + n * side * price, fees + n * fee, left - n
    if left:
        raise InputError("rest of a parcel", expected="what the books show", got=f"{left} of {shares} shares more")
    return paid, fees


def last_print(market: Market) -> int:
    """Return the price of the last print that was not yet collected, half ticks; 0: there is none."""
    prints = market.trades()
    return 2 * int(prints["price"][-1]) + bool(prints["flags"][-1] & Flag.HALF) if len(prints) else 0


def offer(market: Market, what: Offer, router: str, stats: np.ndarray | None, last2: int | None = None) -> Offered:
    """Offer a parcel to `router` in `market`, which is used up; `stats` STATS[1]: what it knows, copied.

    `last2`: the last print, half ticks; by default what the market has not told yet.
    """
    market.messages()
    desk = _Desk(market, what, router, stats, last_print(market) if last2 is None else last2)
    end = market.now + round(what.window * SECOND)
    while market.now < end + GRACE:
        desk.step(LOOK)
    events, tick = desk.fills.events, market.preset.instrument.tick
    filled = sum(event.quantity for event in events)
    rest = what.quantity - filled
    paid, fees = _walk(market, int(what.side), rest)
    paid += sum(event.quantity * (event.price or 0.0) for event in events)
    fees += sum(event.fee for event in events) / tick
    hidden = {place.name for place in desk.places if place.kind is not PlaceKind.LIT}
    rows = [(event.time, event.quantity, event.price or 0.0, event.venue in hidden) for event in events]
    desk.wait(AFTER)
    return Offered(
        paid, fees, filled, rest, np.array(desk.times, np.int64), np.array(desk.mids),
        np.array(rows, FILL), _copied(desk.path.stats), int(desk.path.desk["children"].sum()),
    )  # fmt: skip


def _copied(stats: np.ndarray) -> np.ndarray:
    return kernel_view(np.array(stats))
