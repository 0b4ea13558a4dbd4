"""A dealer in plain Python, to be read beside the kernels: they must agree with it answer by answer."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nowake.core.draws import Draws
from nowake.core.streams import stream_key
from nowake.market.dealers_state import DECLINED, EXPIRED, FILLED, LATE, QUOTES, REJECTED, STREAMS, TOO_LARGE, UNKNOWN
from nowake.market.keyed import decayed, keyed

if TYPE_CHECKING:
    from nowake.market.preset_model import Dealer

__all__ = ["ReferenceDealer", "Request"]

Answer = tuple[int, int, int, int, int, int, int]  # time, quote id, price2, quantity, mid2, side, kind


@dataclass(slots=True)
class Request:
    """A quote that is still open, or held."""

    id: int
    side: int
    price2: int
    mid2: int
    size: int
    expires: int
    accepted: int = 0
    due: int | None = None  # end of the last look


@dataclass(slots=True)
class ReferenceDealer:
    """A dealer with the behaviour of `dealer` under `seed`."""

    seed: int
    dealer: "Dealer"
    inventory: int = 0
    markout: float = 0.0
    quotes: list[Request | None] = field(default_factory=lambda: [None] * QUOTES)
    marks: list[tuple[int, int, int]] = field(default_factory=list)  # due, mid2, side
    answers: list[Answer] = field(default_factory=list)

    def draws(self, stream: str, k: int) -> Draws:
        """Return the draws of event `k` of a cause."""
        assert stream in STREAMS
        return Draws(keyed(stream_key(self.seed, f"market/dealer/{self.dealer.name}/{stream}"), k))

    def room(self, side: int) -> int:
        """Return the shares that the position limit leaves for a client of `side`."""
        return max(self.dealer.inventory + side * self.inventory, 0)

    def find(self, qid: int) -> Request | None:
        """Return the live quote `qid`."""
        return next((q for q in self.quotes if q and q.id == qid), None)

    def quote(self, qid: int, side: int, quantity: int, mid2: int, volatility2: float, now: int) -> int:
        """Quote a request; returns its place."""
        x = self.dealer
        size = min(quantity, x.most, self.room(side))
        if size <= 0 or self.find(qid):
            return DECLINED
        h = 2.0 * x.half_spread + x.volatility * volatility2 - 2.0 * x.skew / 1000.0 * side * self.inventory
        h += x.toxicity * self.markout
        noise = self.draws("noise", qid)
        z = noise.uniform() + noise.uniform() + noise.uniform()
        h = max(h + 2.0 * x.noise * (2.0 * z - 3.0), 2.0 * x.least)
        whole = int(h) if int(h) == h else int(h) + 1
        place = self.quotes.index(None)
        self.quotes[place] = Request(qid, side, mid2 + side * whole, mid2, size, now + round(x.valid * 1e9))
        return place

    def accept(self, qid: int, quantity: int, now: int) -> int:
        """Accept a quote; returns when the last look ends."""
        q = self.find(qid)
        if q is None or q.due is not None:
            return UNKNOWN
        if now >= q.expires:
            return LATE
        if not 0 < quantity <= q.size:
            return TOO_LARGE
        q.accepted, q.due = quantity, now + round(self.dealer.hold * 1e9)
        return q.due

    def attend(self, mid2: int, now: int) -> None:
        """Do what is due."""
        for due, then, side in self.marks:
            if due <= now:
                self.markout += self.dealer.memory * (side * (mid2 - then) - self.markout)
        self.marks = [mark for mark in self.marks if mark[0] > now]
        for q in [q for q in self.quotes if q]:
            if q.due is None and q.expires <= now:
                self._end(q, EXPIRED, q.size, mid2, now)
            elif q.due is not None and q.due <= now:
                self._decide(q, mid2, now)

    def _end(self, q: Request, kind: int, quantity: int, mid2: int, now: int) -> None:
        self.answers.append((now, q.id, q.price2, quantity, mid2, q.side, kind))
        self.quotes[self.quotes.index(q)] = None

    def _decide(self, q: Request, mid2: int, now: int) -> None:
        against = q.side * (mid2 - q.mid2) - 2.0 * self.dealer.patience
        ramp = 2.0 * self.dealer.softness * (self.draws("look", q.id).uniform() - 0.5)
        if against > ramp or q.accepted > self.room(q.side):
            self._end(q, REJECTED, q.accepted, mid2, now)
            return
        self._end(q, FILLED, q.accepted, mid2, now)
        self.marks.append((now + round(self.dealer.horizon * 1e9), q.mid2, q.side))
        self.inventory -= q.side * q.accepted

    def lose(self, qid: int, mid2: int, now: int) -> int:
        """Tell the dealer that he lost a request; returns what he trades ahead."""
        q = self.find(qid)
        if q is None or q.due is not None:
            return 0
        self._end(q, EXPIRED, q.size, mid2, now)
        if self.draws("lost", qid).uniform() >= self.dealer.leak:
            return 0
        flow = q.side * min(int(self.dealer.leak_fraction * q.size), self.room(-q.side))
        self.inventory += flow
        return flow

    def hedge(self, k: int, seconds: float, lot: int) -> int:
        """Return what the dealer trades in hedging epoch `k`."""
        held = abs(self.inventory)
        if not held:
            return 0
        mean = held * (1.0 - decayed(seconds / self.dealer.unwind))
        lots = int(mean / lot + self.draws("hedge", k).uniform())
        flow = min(lots * lot, held) * (-1 if self.inventory > 0 else 1)
        self.inventory += flow
        return flow
