"""The router in plain Python, for reading and as the twin of its kernels: the same intents from the same records.

It reads rows of BOARD, STATS, ROUTING and WANT, writes none of them, and returns a `Routed`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import exp, sqrt
from typing import Any

from nowake.core.board import PLACES, Phase, PlaceKind, PlaceState
from nowake.core.draws import Draws
from nowake.core.intent import OrderKind, Tactic
from nowake.routing.dark import AGAIN
from nowake.routing.dealers import BEST_OF
from nowake.routing.reasons import Reason
from nowake.routing.reference_learning import (
    expected_mark,
    hazard,
    leak_of,
    least_execution,
    marginal_of_step,
    outflow_of,
)
from nowake.routing.venues import EDGES

__all__ = ["Child", "Routed", "better_elsewhere", "route"]

Rec = Any  # a row of a record array


@dataclass(frozen=True, slots=True)
class Child:
    """An intent, as far as the router decides it."""

    place: int
    kind: OrderKind
    price: int
    quantity: int
    reason: Reason
    score: float
    minimum: int = 0


@dataclass(slots=True)
class Routed:
    """What came of a want."""

    children: list[Child] = field(default_factory=list)
    left: int = 0


@dataclass
class _Desk:
    """One want being worked."""

    board: Rec
    stats: Rec
    p: Rec
    w: Rec
    draws: Draws

    def __post_init__(self) -> None:
        b, w = self.board, self.w
        self.side, self.step = int(w["side"]), int(w["step"])
        self.near, self.far = (int(b["bid"]), int(b["ask"])) if self.side > 0 else (int(b["ask"]), int(b["bid"]))
        self.shown = int(b["ask_size"] if self.side > 0 else b["bid_size"])
        self.two_sided = 0 < b["bid"] < b["ask"]
        self.half = (int(b["ask"]) - int(b["bid"])) / 2
        first = next(self.quotes(), None)
        self.fee = self.all_in(first) if first is not None else 0.0
        spread = int(b["ask"]) - int(b["bid"])
        self.wait = float(w["urgency"] * self.p["shortfall"] * spread) if self.two_sided else 0.0
        self.touch = -(-self.near // self.step) * self.step if self.side < 0 else self.near // self.step * self.step
        better = self.touch + self.side * self.step
        improves = w["tactic"] == Tactic.IMPROVE and self.side * (self.far - better) > 0
        self.price = better if improves else self.touch

    def up(self, kind: PlaceKind) -> list[int]:
        places = [self.board["place"][k] for k in range(int(self.board["places"]))]
        return [k for k, q in enumerate(places) if q["kind"] == kind and q["state"] == PlaceState.UP]

    def place(self, k: int) -> Rec:
        return self.board["place"][k]

    def all_in(self, k: int) -> float:
        return float(self.place(k)["taker_fee"] + self.p["latency_cost"] * self.place(k)["latency"] * 1e-6)

    def opposite(self, k: int) -> tuple[int, int]:
        q = self.place(k)
        return (int(q["ask"]), int(q["ask_size"])) if self.side > 0 else (int(q["bid"]), int(q["bid_size"]))

    def allowed(self, price: int) -> bool:
        return bool(self.w["limit"] == 0 or self.side * price <= self.side * self.w["limit"])

    def quotes(self) -> Iterator[int]:
        """Yield lit places in the order of a protected sweep: price, all-in cost, place."""
        open_ = [k for k in self.up(PlaceKind.LIT) if min(self.opposite(k)) > 0 and self.allowed(self.opposite(k)[0])]
        yield from sorted(open_, key=lambda k: (self.side * self.opposite(k)[0], self.all_in(k), k))

    def normal(self) -> float:
        return 2.0 * (self.draws.uniform() + self.draws.uniform() + self.draws.uniform()) - 3.0


def _sweep(d: _Desk, quantity: int) -> tuple[list[Child], int]:
    children: list[Child] = []
    for k in d.quotes():
        if quantity <= 0:
            break
        price, size = d.opposite(k)
        first, fee = (d.opposite(children[0].place)[0], d.fee) if children else (price, d.all_in(k))
        reason = Reason.SWEEP_BEST if price == first else Reason.SWEEP_PROTECTED
        score = d.side * (first - price) + fee - d.all_in(k)
        children.append(Child(k, OrderKind.IOC, price, min(size, quantity), reason, score))
        quantity -= min(size, quantity)
    if quantity > 0 and children and d.p["reach"] > 0 and d.w["urgency"] >= 1:
        last = children[-1]
        beyond = last.price + d.side * int(d.p["reach"]) * d.step
        price = beyond if d.allowed(beyond) else int(d.w["limit"])
        children[-1] = Child(last.place, last.kind, price, last.quantity + quantity, Reason.SWEEP_BEYOND, last.score)
        quantity = 0
    return children, quantity


def _rest_gain(d: _Desk, k: int, behind: float) -> float:
    f = exp(-behind / outflow_of(d.stats["venue"][k], d.p))
    far = float(abs(d.far - d.price))
    gain = far + d.fee - d.place(k)["maker_fee"] + expected_mark(d.stats["venue"][k])
    return float(f * gain - (1 - f) * d.wait)


def _displayed(d: _Desk, k: int) -> int:
    q = d.place(k)
    price, size = (q["bid"], q["bid_size"]) if d.side > 0 else (q["ask"], q["ask_size"])
    return int(size) if price == d.price else 0


def _rest(d: _Desk, quantity: int) -> tuple[list[Child], int]:
    if quantity <= 0 or not d.allowed(d.price):
        return [], quantity
    lot = int(d.p["lot"])
    left, piece = quantity, max(lot, quantity // 64 // lot * lot)
    give, gain = dict.fromkeys(d.up(PlaceKind.LIT), 0), dict.fromkeys(d.up(PlaceKind.LIT), 0.0)
    while left > 0:
        n = min(piece, left)
        worth = {k: _rest_gain(d, k, _displayed(d, k) + int(d.w["own"][k]) + give[k] + n) for k in give}
        worth = {k: value for k, value in worth.items() if value >= 0}
        if not worth:
            break
        best = max(worth, key=worth.__getitem__)
        give[best] += n
        gain[best] += n * worth[best]
        left -= n
    better = d.price != d.touch
    children = []
    for k, n in give.items():
        queue = Reason.JOIN_QUEUE if _displayed(d, k) > 0 else Reason.JOIN_FIRST
        reason = Reason.IMPROVE_STEP if better else queue
        children += [Child(k, OrderKind.POST_ONLY, d.price, n, reason, gain[k] / n)] if n else []
    return children, left


@dataclass(slots=True)
class _Offer:
    """A pool, or the dealers together: what a filled share gains, and how likely the next step of sizes fills."""

    edge: float
    alive: float = 1.0
    draw: float = 0.0
    step: int = 0
    given: int = 0
    gain: float = 0.0
    full: bool = False


def _pools(d: _Desk, volume: int, walk: float) -> dict[int, _Offer]:
    offers = {}
    for k in d.up(PlaceKind.DARK):
        v = d.stats["venue"][k]
        marks = float(v["marks"] * d.p["forget"])
        draw = float(d.p["explore"]) * d.normal()
        deviation = sqrt(float(d.stats["noise"]) / (marks + 20.0))
        mark = marks * float(v["mark"]) / (marks + 20.0) + float(d.p["explore"]) * d.normal() * deviation
        leak = leak_of(d.stats, k) * (volume + int(d.w["rest"])) / volume
        edge = walk + d.half + d.fee - float(d.place(k)["maker_fee"]) + mark - leak
        offers[k] = _Offer(edge, draw=draw)
    return offers


def _asks(d: _Desk, volume: int) -> dict[int, _Offer]:
    """Pools that may hold something new: their last order filled whole, or came back short a while ago."""
    offers = {}
    for k in d.up(PlaceKind.DARK):
        v = d.stats["venue"][k]
        if 0 <= int(d.w["time"]) - int(v["short"]) < AGAIN:
            continue
        leak = leak_of(d.stats, k) * (volume + int(d.w["rest"])) / volume
        offers[k] = _Offer(d.half + d.fee - float(d.place(k)["maker_fee"]) + expected_mark(v) - leak)
    return offers if any(offer.edge > 0 for offer in offers.values()) else {}


def _dealers(d: _Desk, volume: int, walk: float) -> tuple[list[int], _Offer | None]:
    known, costs, variance = d.up(PlaceKind.DEALER), {}, 0.0
    for k in known:
        v = d.stats["venue"][k]
        n = float(v["answered"])
        own = max(float(v["offset_square"]) - float(v["offset"]) ** 2, 0.0)
        spread = (n * own + 2.0 * d.half * d.half / 4.0) / (n + 2.0)
        variance += spread
        refuses = (float(v["refused"]) + 0.5) / (float(v["held"]) + 5.0)
        again = float(d.p["reject_cost"]) * d.half + max(float(v["refused_move"]), 0.0)
        quoted = (n * float(v["offset"]) + 2.0 * d.half) / (n + 2.0)
        cost = quoted + float(d.place(k)["taker_fee"]) + refuses * again - expected_mark(v)
        costs[k] = cost - float(d.p["explore"]) * d.normal() * sqrt(spread / (n + 2.0))
    if not known or volume < d.p["quote_depth"] * d.shown:
        return [], None
    deviation, most = sqrt(variance / len(known)), min(int(d.p["most_dealers"]), len(known))
    n = min(most, 1)
    while 0 < n < min(most, len(BEST_OF) - 1) and deviation * (BEST_OF[n + 1] - BEST_OF[n]) > d.p["ask_cost"] * d.half:
        n += 1
    asked = sorted(known, key=lambda k: (costs[k], k))[:n]
    silent, firm = 1.0, 0.0
    for k in asked:
        v = d.stats["venue"][k]
        silent *= 1.0 - (float(v["answered"]) + 2.0) / (float(v["asked"]) + 2.0)
        firm += (1.0 - (float(v["refused"]) + 0.5) / (float(v["held"]) + 5.0)) / n
    cost = sum(costs[k] / n for k in asked) - deviation * BEST_OF[n]
    return sorted(asked), _Offer(d.half + d.fee + walk - cost, alive=(1.0 - silent) * firm)


def _marginal(d: _Desk, k: int, offer: _Offer) -> float:
    if k == PLACES:
        return offer.alive
    return offer.alive * marginal_of_step(d.stats["venue"][k], offer.step, offer.draw)


def _divide(d: _Desk, offers: dict[int, _Offer], volume: int, walk: float, wait: float) -> int:
    """The greedy: the next step of sizes to the offer whose marginal gain is largest; returns the shares left."""
    lot, left = int(d.p["lot"]), volume
    usable = sum(offer.edge > 0 for k, offer in offers.items() if k != PLACES)
    cap = max(int(d.p["pool_cap"] * volume) // lot * lot, min(lot, volume)) if usable > 1 else volume
    while left > 0:
        worth = {k: o.edge * _marginal(d, k, o) for k, o in offers.items() if o.edge > 0 and not o.full and o.alive > 0}
        worth = {k: value for k, value in worth.items() if value > 0}
        if not worth:
            break
        k = max(sorted(worth), key=worth.__getitem__)
        offer, f = offers[k], _marginal(d, k, offers[k])
        if d.w["tactic"] in (Tactic.JOIN, Tactic.IMPROVE) and f * (offer.edge - walk) < (1 - f) * wait:
            break
        lots = EDGES[offer.step] - (EDGES[offer.step - 1] if offer.step else 0)
        n = left if k == PLACES else min(left, cap - offer.given, lots * lot)
        offer.given += n
        offer.gain += n * (f * (offer.edge - walk) - (1.0 - f) * wait)
        left -= n
        offer.full = k == PLACES or n < lots * lot or offer.given >= cap or offer.step + 1 == len(EDGES)
        if not offer.full:
            offer.alive *= 1.0 - hazard(d.stats["venue"][k], offer.step, offer.draw)
            offer.step += 1
    return left


def _hide(d: _Desk, volume: int, hurry: float, *, pools: bool, dealers: bool) -> tuple[list[Child], int]:
    if volume <= 0 or not d.two_sided:
        return [], volume
    walk = hurry * d.step * max(volume / max(d.shown, 1) - 1.0, 0.0) / 2.0
    offers = _pools(d, volume, walk) if pools else {}
    dealers = dealers and volume >= d.w["deal_least"]
    asked, best = _dealers(d, volume, walk) if dealers else ([], None)
    if best is not None:
        offers[PLACES] = best
    left = _divide(d, offers, volume, walk, d.wait)
    if best is not None and best.given < d.w["deal_least"]:
        left, best.given = left + best.given, 0
    at_mid = d.w["tactic"] == Tactic.IMPROVE and d.price == d.touch
    reason = Reason.DARK_AT_MID if at_mid else Reason.DARK_GREEDY
    children = []
    for k in sorted(offers):
        o = offers[k]
        if k == PLACES and o.given:
            limit, score = int(d.w["limit"]), o.gain / o.given
            children += [Child(j, OrderKind.QUOTE, limit, o.given, Reason.ASK_DEALERS, score) for j in asked]
        elif o.given:
            children.append(_hidden(d, k, o, OrderKind.MID_PEG, int(d.w["limit"]), reason))
    return children, left


def _hidden(d: _Desk, k: int, o: _Offer, kind: OrderKind, price: int, reason: Reason) -> Child:
    gain = d.half - float(d.place(k)["maker_fee"])
    least = least_execution(d.stats["venue"][k], d.p, o.given, gain)
    return Child(k, kind, price, o.given, reason, o.gain / o.given, least)


def _ask_pools(d: _Desk, volume: int) -> tuple[list[Child], int]:
    """Ask pools for what they hold, at once or not at all."""
    offers = _asks(d, volume) if volume > 0 and 0 < d.p["dark_share"] < 1 else {}
    if not offers:
        return [], volume
    left = _divide(d, offers, volume, 0.0, 0.0)
    price = d.far if d.allowed(d.far) else int(d.w["limit"])
    asked = [(k, offers[k]) for k in sorted(offers) if offers[k].given]
    return [_hidden(d, k, o, OrderKind.IOC, price, Reason.DARK_FIRST) for k, o in asked], left


def route(board: Rec, stats: Rec, params: Rec, want: Rec, draws: Draws) -> Routed:
    """Return what the kernel `router.route` does with these rows."""
    due, passive, tactic = int(want["due"]), int(want["passive"]), want["tactic"]
    out = Routed(left=due + passive)
    if board["phase"] != Phase.CONTINUOUS or out.left <= 0:
        return out
    d = _Desk(board, stats, params, want, draws)
    if tactic == Tactic.DARK:
        out.children, out.left = _hide(d, out.left, float(want["urgency"]), pools=True, dealers=True)
        return out
    waits = 0
    if tactic == Tactic.CROSS:
        due += passive
    elif d.two_sided:
        lot, at_mid = int(params["lot"]), tactic == Tactic.IMPROVE and d.price == d.touch
        part = passive if at_mid else int(params["dark_share"] * passive) // lot * lot
        hidden, back = _ask_pools(d, passive)
        if not hidden:
            hidden, back = _hide(d, part, float(want["urgency"]), pools=True, dealers=False)
            back += passive - part
        resting, waits = _rest(d, back)
        out.children = hidden + resting
    else:
        waits = passive
    if d.wait > 0:
        due, waits = due + waits, 0
    swept, left = _sweep(d, due)
    asked, left = _hide(d, left, 1.0, pools=False, dealers=True)
    out.children += swept + asked
    out.left = left + waits
    return out


def better_elsewhere(board: Rec, stats: Rec, params: Rec, want: Rec, draws: Draws) -> list[int]:
    """Return the places that the kernel `router.better_elsewhere` marks."""
    d = _Desk(board, stats, params, want, draws)
    if board["phase"] != Phase.CONTINUOUS or not d.two_sided:
        return []
    own, ahead = d.w["own"], d.w["ahead"]
    leave = []
    for k in range(int(d.board["places"])):
        if own[k] <= 0:
            continue
        there = [_rest_gain(d, j, _displayed(d, j) + int(own[j]) + int(own[k])) for j in d.up(PlaceKind.LIT) if j != k]
        there += [0.0] if d.wait > 0 else []
        here = _rest_gain(d, k, int(ahead[k]) + int(own[k]))
        if ahead[k] < 0 or (there and here < max(there) - d.p["hysteresis"] * d.half):
            leave.append(k)
    return leave
