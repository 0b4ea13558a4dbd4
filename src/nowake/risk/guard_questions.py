"""Half of the guard's readable twin: whether an intent can be trusted, is allowed, and at which price."""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from nowake.core.board import PLACES, Phase, PlaceKind, PlaceState
from nowake.core.intent import OrderKind
from nowake.risk.guard_trust import BIG, HUGE
from nowake.risk.limits import LIMITS, NONE, PPM
from nowake.risk.reasons import Reason
from nowake.risk.switches import Level

__all__ = ["PRICED", "Questions", "RefusedError", "Row", "well_formed"]

Row = dict[str, Any]
PRICED = (OrderKind.LIMIT, OrderKind.IOC, OrderKind.POST_ONLY)
_MAY_BE_ZERO = {
    *("kinds", "classes", "venues", "dealers", "phases", "sides", "restricted", "short", "located", "grace"),
    *("dark_minimum", "collar_arrival", "collar_last", "collar_quote", "max_position"),
}
_OF_PARENT = ("filled", "working", "limit", "arrival2", "volume_start", "money", "open_orders", "target")
_OF_SYMBOL = (
    *("working_buy", "working_sell", "own_bid", "own_ask"),
    *("peg_buy", "peg_sell", "close_buy", "close_sell"),
)
_OF_ACCOUNT = ("clock", "jumped")
_UNBOUNDED = ("arrival2", "money", "clock", "jumped")


class RefusedError(Exception):
    """The intent may not leave: every reason, the one that decides first."""

    def __init__(self, *reasons: Reason) -> None:
        self.reasons = reasons
        super().__init__(*reasons)


class Questions:
    """One intent on its way through the guard; `j` is what the projection will say."""

    def __init__(self, rows: list[Row], m: Row, u: Row, board: Row, intent: Row, now: int) -> None:
        self.m, self.u, self.s, self.a = m, u, rows[u["symbol"]], rows[u["account"]]
        self.b, self.i, self.now = board, intent, now
        self.side, self.venue = intent["side"], intent["venue"]
        self.place = board["place"][intent["venue"]]
        self.noted: set[Reason] = set()
        self.binding = Reason.NONE
        self.quantity, self.price = intent["quantity"], intent["price"]
        self.kind, self.minimum, self.value = intent["kind"], intent["minimum"], 0

    def trust(self) -> Iterator[Reason]:
        """Yield why limits, account, clock or data cannot be trusted."""
        m, u, a, b, now = self.m, self.u, self.a, self.b, self.now
        low = {name: 0 if name in _MAY_BE_ZERO else 1 for name in LIMITS.names or ()}
        if m["valid"] != 1 or any(m[name] < least for name, least in low.items()) or u["target"] == NONE:
            yield Reason.MISSING
            return
        if not math.isfinite(self.i["score"]) or not abs(a["pnl"]) <= 1e12:
            yield Reason.NOT_A_NUMBER
        if not self.sane() or not self.plausible():
            yield Reason.BAD_STATE
            return
        if now <= 0 or now < a["clock"]:
            yield Reason.CLOCK
        else:
            if a["clock"] and now - a["clock"] > m["clock_step"]:
                a["jumped"] = now
            a["clock"] = now
        if b["heard"] > now or b["heard"] < a["jumped"]:
            yield Reason.CLOCK
        elif now - b["heard"] > m["stale_after"]:
            yield Reason.STALE
        continuous = b["phase"] == Phase.CONTINUOUS
        if continuous and b["bid"] > b["ask"] > 0:
            yield Reason.CROSSED
        far = b["ask"] if self.side > 0 else b["bid"]
        if (continuous and far == 0) or u["arrival2"] == 0 or b["last2"] == 0:
            yield Reason.NO_REFERENCE

    def sane(self) -> bool:
        """Tell whether the account's numbers can be."""
        numbers = {name: self.u[name] for name in _OF_PARENT}
        numbers |= {name: self.s[name] for name in _OF_SYMBOL} | {name: self.a[name] for name in _OF_ACCOUNT}
        bounded = all(value <= BIG for name, value in numbers.items() if name not in _UNBOUNDED)
        v, money = self.venue, max(self.u["money"], self.a["venue_money"][self.venue])
        return (
            all(value >= 0 for value in numbers.values())
            and bounded
            and self.u["arrival2"] // 2 <= BIG
            and abs(self.s["position"]) <= BIG
            and 1 <= self.u["quantity"] < 2**31
            and self.u["side"] in (1, -1)
            and abs(self.a["tokens"][v]) <= HUGE
            and self.a["token_time"][v] >= 0
            and self.a["venue_money"][v] >= 0
            and money <= HUGE
        )

    def plausible(self) -> bool:
        """Tell whether the board's numbers can be."""
        names = ("bid", "ask", "bid_size", "ask_size")
        seen = [self.b[name] for name in (*names, "volume")] + [self.place[name] for name in names]
        return all(0 <= x <= BIG for x in seen) and 0 <= self.b["last2"] // 2 <= BIG and self.b["places"] <= PLACES

    def permit(self, level: int) -> Iterator[Reason]:
        """Yield why such an order is not allowed now."""
        m, place, kind = self.m, self.place, self.kind
        if level >= Level.PAUSE:
            yield Reason.KILLED
        if m["restricted"]:
            yield Reason.RESTRICTED
        if not m["phases"] >> self.b["phase"] & 1:
            yield Reason.PHASE
        if self.side != self.u["side"] or not m["sides"] & (1 if self.side > 0 else 2):
            yield Reason.SIDE
        if self.venue >= self.b["places"] or place["kind"] == PlaceKind.NONE:
            yield Reason.VENUE
        else:
            yield from self.at_venue()
        needed = _bit_of(kind) | (_bit_of(OrderKind.IOC) if kind == OrderKind.MARKET else 0)
        quote, dealer = kind == OrderKind.QUOTE, place["kind"] == PlaceKind.DEALER
        closing = kind == OrderKind.ON_CLOSE and place["kind"] != PlaceKind.LIT
        if m["kinds"] & needed != needed or quote != dealer or closing:
            yield Reason.ORDER_TYPE
        if self.u["open_orders"] >= m["open_orders"]:
            yield Reason.OPEN_ORDERS

    def at_venue(self) -> Iterator[Reason]:
        """Yield what speaks against the venue."""
        m, place = self.m, self.place
        if not m["classes"] >> place["kind"] & 1:
            yield Reason.VENUE_CLASS
        if place["kind"] == PlaceKind.DEALER and not m["dealers"] >> self.venue & 1:
            yield Reason.DEALER
        if place["kind"] != PlaceKind.DEALER and not m["venues"] >> self.venue & 1:
            yield Reason.VENUE
        if place["state"] != PlaceState.UP:
            yield Reason.VENUE_DOWN
        if place["kind"] == PlaceKind.LIT and not 0 <= self.now - place["time"] <= m["venue_silence"]:
            yield Reason.VENUE_STALE

    def find_price(self) -> None:
        """Clamp the price to the collars and to a step; raise RefusedError where no price is left."""
        m, b, side = self.m, self.b, self.side
        references = [
            (Reason.COLLAR_ARRIVAL, Fraction(self.u["arrival2"], 2), m["collar_arrival"]),
            (Reason.COLLAR_LAST, Fraction(b["last2"], 2), m["collar_last"]),
        ]
        if b["phase"] == Phase.CONTINUOUS:
            references.append((Reason.COLLAR_QUOTE, Fraction(b["ask"] if side > 0 else b["bid"]), m["collar_quote"]))
        bounds = [(reason, math.floor(side * at + at * collar / PPM)) for reason, at, collar in references]
        if self.u["limit"] > 0:
            bounds.append((Reason.LIMIT_PRICE, side * self.u["limit"]))
        worst = min(bound for _, bound in bounds) // m["step"] * m["step"]
        if side < 0:
            worst = min(worst, -m["step"])
        if self.price == 0:
            self.noted.add(Reason.PROTECTED)
            self.price = max(0, side * worst)
            self.kind = OrderKind.IOC if self.kind == OrderKind.MARKET else self.kind
        else:
            self.price = self.clamped(bounds, worst)
        if self.price == 0:
            raise RefusedError(Reason.STEP)

    def clamped(self, bounds: list[tuple[Reason, int]], worst: int) -> int:
        """Return the price at the worst allowed, if it was beyond, and at a step."""
        x, tightest = self.side * self.price, HUGE
        for reason, bound in bounds:
            if x > bound:
                self.noted.add(reason)
                self.binding = reason if bound < tightest else self.binding
            tightest = min(tightest, bound)
        if x % self.m["step"]:
            self.noted.add(Reason.STEP)
            self.binding = self.binding or Reason.STEP
        at_step: int = min(x // self.m["step"] * self.m["step"], worst)
        price: int = max(0, self.side * at_step)
        return price

    def crosses_own(self) -> bool:
        """Tell whether an own resting order could be on the other side of the trade."""
        other = "sell" if self.side > 0 else "buy"
        best, pegged = self.s["own_ask" if self.side > 0 else "own_bid"], self.s[f"peg_{other}"] > 0
        bid, ask = self.b["bid"], self.b["ask"]
        reaches = best > 0 and (self.price - best) * self.side >= 0
        if self.kind == OrderKind.QUOTE:
            return False
        if self.kind == OrderKind.ON_CLOSE:
            return bool(self.s[f"close_{other}"] > 0 or reaches)
        if self.kind == OrderKind.MID_PEG:
            return bool(pegged or (best > 0 and (not bid or not ask or self.side * (bid + ask - 2 * best) >= 0)))
        return bool(reaches or (pegged and (not bid or not ask or self.side * (2 * self.price - bid - ask) >= 0)))


def _bit_of(kind: int) -> int:
    """Return the bit of an order type."""
    return 1 << kind


def well_formed(i: Row) -> bool:
    """Tell whether the intent is an order at all."""
    kinds = [int(kind) for kind in OrderKind]
    if i["side"] not in (1, -1) or i["kind"] not in kinds or not 0 < i["quantity"] < 2**31:
        return False
    if not 0 <= i["minimum"] <= i["quantity"] or not 0 <= i["venue"] < PLACES:
        return False
    if i["kind"] == OrderKind.MARKET:
        return bool(i["price"] == 0)
    return bool((0 if i["kind"] not in PRICED else 1) <= i["price"] < BIG)
