"""The readable twin of the guard in plain Python: dictionaries of whole numbers of any size, exact fractions.

`check` takes the same records as the kernel and leaves them as the kernel does; tests compare everything.
"""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from nowake.core.board import Phase, PlaceKind
from nowake.core.intent import INTENT, OrderKind
from nowake.risk.guard_questions import PRICED, Questions, RefusedError, Row, well_formed
from nowake.risk.guard_trust import HUGE
from nowake.risk.limits import MICRO, PPM
from nowake.risk.reasons import Reason, Verdict, bit
from nowake.risk.switches import Level
from nowake.risk.usage import TOKEN, USAGE

__all__ = ["check"]

_RESTING = (OrderKind.LIMIT, OrderKind.POST_ONLY)


def _plain(record: np.void) -> Row:
    """Return a record as a dictionary of plain numbers, lists and dictionaries."""
    out: Row = {}
    for name in record.dtype.names or ():
        value = record[name]
        if isinstance(value, np.ndarray):
            out[name] = [_plain(row) for row in value] if value.dtype.names else value.tolist()
        else:
            out[name] = value.item()
    return out


class _Intent(Questions):
    """One intent on its way through the whole guard."""

    def judge(self, level: int) -> None:
        """Raise RefusedError, or leave what may leave in the attributes."""
        for question in (self.trust(), self.permit(level)):
            reasons = list(question)
            if reasons:
                raise RefusedError(*reasons)
        self.find_price()
        if self.crosses_own():
            raise RefusedError(Reason.SELF_TRADE)
        most = self.price if self.side > 0 else max(self.price, self.b["ask"], math.ceil(Fraction(self.b["last2"], 2)))
        if most > HUGE // self.m["value_num"]:
            raise RefusedError(Reason.BAD_STATE)
        self.value = max(1, math.ceil(Fraction(most * self.m["value_num"], self.m["value_den"])))
        self.find_size(level)
        self.take_message()

    def sizes(self, level: int) -> Iterator[tuple[Reason, int]]:
        """Yield every bound on the quantity, shares."""
        m, u, s, a, side = self.m, self.u, self.s, self.a, self.side
        yield Reason.CHILD, m["max_child"]
        yield Reason.CHILD_NOTIONAL, m["child_notional"] // self.value
        yield Reason.ORDER_NOTIONAL, (m["order_notional"] - u["money"]) // self.value
        yield Reason.VENUE_NOTIONAL, (m["venue_notional"] - a["venue_money"][self.venue]) // self.value
        if self.b["phase"] == Phase.CONTINUOUS and self.place["kind"] == PlaceKind.LIT and self.kind in PRICED:
            yield Reason.DISPLAYED, m["displayed"] * min(self.shown(), 2**31 - 1) // PPM
        used = u["filled"] + u["working"]
        yield Reason.OVERFILL, u["quantity"] - used
        yield Reason.DEVIATION, u["target"] + m["deviation"] * u["quantity"] // PPM - used
        if m["participation"] < PPM:
            others = max(0, self.b["volume"] - u["volume_start"] - u["filled"])
            share = math.floor(Fraction(m["participation"], PPM - m["participation"]) * others)
            yield Reason.PARTICIPATION, max(m["grace"], share) - used
        working = s["working_buy"] if side > 0 else s["working_sell"]
        yield Reason.POSITION, m["max_position"] - side * s["position"] - working
        if side < 0 and m["short"] < 2:
            yield Reason.SHORT, s["position"] + (m["located"] if m["short"] == 1 else 0) - working
        reducible = max(0, -side * s["position"]) - working
        if level >= Level.REDUCE_ONLY:
            yield Reason.REDUCE_ONLY, reducible
        if a["pnl"] * MICRO <= -m["max_loss"]:
            yield Reason.LOSS, reducible

    def shown(self) -> int:
        """Return the displayed shares that count for the child."""
        far, near = ("ask", "bid") if self.side > 0 else ("bid", "ask")
        if self.place[far] and self.side * (self.price - self.place[far]) >= 0:
            shown: int = self.place[f"{far}_size"]
            return shown
        return 0 if self.kind == OrderKind.IOC else int(self.b[f"{near}_size"])

    def find_size(self, level: int) -> None:
        """Shrink the quantity to every bound; raise RefusedError where too little is left."""
        asked, dark = self.quantity, self.m["dark_minimum"]
        bounds = list(self.sizes(level))
        smallest = min(bound for _, bound in bounds)
        if smallest < asked:
            self.noted |= {reason for reason, bound in bounds if bound < asked}
            self.quantity = max(0, smallest)
            self.binding = self.decisive(bounds)
        odd = self.quantity % self.m["lot"]
        if odd:
            self.quantity, self.binding = self.quantity - odd, Reason.LOT
            self.noted.add(Reason.LOT)
        if self.quantity < 1:
            raise RefusedError
        cut = self.binding if self.quantity < asked else Reason.NONE
        if self.quantity < self.minimum:
            raise RefusedError(*((cut,) if cut else ()), Reason.MINIMUM)
        if self.place["kind"] == PlaceKind.DARK and self.quantity < dark:
            raise RefusedError(*((cut,) if cut else ()), Reason.DARK_MINIMUM)
        if self.place["kind"] == PlaceKind.DARK and self.minimum < dark:
            self.minimum = dark
            self.noted.add(Reason.DARK_MINIMUM)
            self.binding = self.binding or Reason.DARK_MINIMUM

    def decisive(self, bounds: list[tuple[Reason, int]]) -> Reason:
        """Return the bound that decides: the last one, in their order, that left less than before."""
        left, found = self.i["quantity"], Reason.NONE
        for reason, bound in bounds:
            if bound < left:
                left, found = max(0, bound), reason
        return found

    def take_message(self) -> None:
        """Take a message from the bucket at the venue; raise RefusedError if it is empty."""
        m, tokens, times, v = self.m, self.a["tokens"], self.a["token_time"], self.venue
        full = m["message_burst"] * TOKEN
        if times[v] == 0:
            tokens[v] += full
        else:
            tokens[v] = min(full, tokens[v] + max(0, self.now - times[v]) * m["message_rate"])
        times[v] = self.now
        if tokens[v] < TOKEN:
            raise RefusedError(Reason.MESSAGE_RATE)
        tokens[v] -= TOKEN

    def book(self) -> Verdict:
        """Book what leaves; return whether it was changed."""
        i, s, u, buys = self.i, self.s, self.u, self.side > 0
        side = "buy" if buys else "sell"
        u["working"] += self.quantity
        s[f"working_{side}"] += self.quantity
        if self.kind == OrderKind.MID_PEG:
            s[f"peg_{side}"] += self.quantity
        if self.kind == OrderKind.ON_CLOSE:
            s[f"close_{side}"] += self.quantity
        if self.kind in _RESTING:
            best = "own_bid" if buys else "own_ask"
            s[best] = max(s[best], self.price) if buys or not s[best] else min(s[best], self.price)
        u["open_orders"] += 1
        u["money"] += self.quantity * self.value
        self.a["venue_money"][self.venue] += self.quantity * self.value
        same = (self.quantity, self.minimum) == (i["quantity"], i["minimum"]) and i["price"] in (0, self.price)
        u["passed" if same else "projected"] += 1
        return Verdict.PASSED if same else Verdict.PROJECTED


def _level(switches: list[Row], u: Row, venue: int) -> int:
    rows = [0, u["venue_switch"][venue], *u["switch"]]
    levels = [switches[row]["level"] if 0 <= row < len(switches) else Level.CANCEL_ALL for row in rows]
    return max(levels)


def _outcome(rows: list[Row], limits: list[Row], switches: list[Row], boards: list[Row], i: Row, now: int) -> Row:
    """Return what becomes of one intent; `rows` of USAGE are changed as it is booked."""
    out = {name: i[name] for name in ("quantity", "price", "minimum", "kind")} | {"value": 0}
    refused = out | {"verdict": Verdict.REFUSED, "quantity": 0}
    if not 0 <= i["parent"] < min(len(rows), len(limits)):
        return refused | {"reasons": bit(Reason.MALFORMED), "binding": Reason.MALFORMED}
    u = rows[i["parent"]]
    u["seen"] += 1
    inside = 0 <= u["symbol"] < len(rows) and 0 <= u["account"] < len(rows) and 0 <= u["board"] < len(boards)
    noted: set[Reason] = set()
    if not well_formed(i) or not inside:
        binding = Reason.BAD_STATE if well_formed(i) else Reason.MALFORMED
        noted, out = {binding}, refused
    else:
        x = _Intent(rows, limits[i["parent"]], u, boards[u["board"]], i, now)
        try:
            x.judge(_level(switches, u, i["venue"]))
            verdict = x.book()
        except RefusedError as why:
            verdict = Verdict.REFUSED
            x.noted |= set(why.reasons)
            x.binding = why.reasons[0] if why.reasons and not _later(x, why) else x.binding
            x.quantity = 0
        noted, binding = x.noted, x.binding
        out = {name: getattr(x, name) for name in out} | {"verdict": verdict}
    u["refused"] += out["verdict"] == Verdict.REFUSED
    for reason in noted:
        u["by_reason"][reason] += 1
    return out | {"reasons": sum(bit(reason) for reason in noted), "binding": binding}


def _later(x: _Intent, why: RefusedError) -> bool:
    """Tell whether a missing step only adds to a collar that decided before."""
    return why.reasons == (Reason.STEP,) and x.binding != Reason.NONE


def check(
    limits: np.ndarray,
    usages: np.ndarray,
    switches: np.ndarray,
    boards: np.ndarray,
    intents: np.ndarray,
    now: int,
) -> tuple[np.ndarray, list[Row]]:
    """Return (INTENT that pass, what became of each); `usages` is left as the kernel leaves it."""
    rows = [_plain(row) for row in usages]
    plain = [_plain(row) for row in limits], [_plain(row) for row in switches], [_plain(row) for row in boards]
    found, passed = [], []
    for intent in intents:
        outcome = _outcome(rows, plain[0], plain[1], plain[2], _plain(intent), now)
        found.append(outcome)
        if outcome["verdict"] != Verdict.REFUSED:
            child = np.zeros((), INTENT)
            child[()] = intent
            for name in ("quantity", "price", "minimum", "kind"):
                child[name] = outcome[name]
            passed.append(child)
    for row, values in zip(usages, rows, strict=True):
        for name in USAGE.names or ():
            row[name] = values[name]
    return np.array(passed, INTENT), found
