"""The live shell of the decision path: messages in, commands out, at a venue behind the `Venue` seam.

It decides nothing. Whoever keeps books of the orders (an OMS, a test) is a `Bookkeeper`: told of each child before it
leaves, of each event before it counts, of each decision.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from nowake.book.state import Preset as BookPreset
from nowake.book.state import new_books
from nowake.core.board import Phase, PlaceState
from nowake.core.intent import KIND_WORDS, OrderKind
from nowake.core.values import Side
from nowake.core.venue import Cancel, Command, New, QuoteRequest, Venue, VenueEvent
from nowake.data.reader import kernel_view
from nowake.execution.desk_state import SEND, Act, Stage
from nowake.execution.hearing import Word, row_of
from nowake.execution.path import Decided, DecisionPath
from nowake.execution.turning import listen
from nowake.risk.usage import TOKEN
from nowake.routing.dealers import hear_look, hear_quote
from nowake.routing.rfq import DealerQuote, Request, RequestState, Timers

__all__ = ["Bookkeeper", "Child", "LiveDesk", "NobodyKeeps"]

_WORDS = {"ack": Word.ACK, "fill": Word.FILL, "cancel": Word.GONE, "expire": Word.GONE, "correction": Word.BUST}
_CANCEL = int(Act.CANCEL)
_ID, _ACT = (SEND.names or ()).index("id"), (SEND.names or ()).index("act")
_QUOTED = 1_000_000_000  # ns that a quote is tried


@dataclass(frozen=True, slots=True)
class Child:
    """A child as it leaves: `row` of the parent, `decision` its number there; prices in ticks, 0: none."""

    order_id: int
    row: int
    venue: str
    side: Side
    quantity: int
    price: int
    kind: OrderKind
    minimum: int
    decision: int
    tactic: int
    origin: int
    reason: int
    score: float
    time: int


class Bookkeeper(Protocol):
    """Whoever keeps books: what it refuses with an error does not leave."""

    def child(self, child: Child) -> None:
        """Write a child down; it leaves when this returns."""

    def asked(self, order_id: int) -> None:
        """Write down that the cancel of a child is asked for."""

    def event(self, event: VenueEvent) -> bool:
        """Write down what a venue said; False: it is told twice, or cannot be, and must not count."""

    def decided(self, decided: Decided) -> None:
        """Write a decision down."""


class NobodyKeeps:
    """Keeps nothing: for research."""

    def child(self, child: Child) -> None:
        """Do nothing."""

    def asked(self, order_id: int) -> None:
        """Do nothing."""

    def event(self, event: VenueEvent) -> bool:  # noqa: ARG002
        """Everything counts."""
        return True

    def decided(self, decided: Decided) -> None:
        """Do nothing."""


class LiveDesk:
    """Drives `path` at `venue`; `own_from`: public order ids from which on they are ours (0: none are told apart)."""

    def __init__(
        self, path: DecisionPath, venue: Venue, keeper: Bookkeeper, config: BookPreset, own_from: int = 2**62,
        timers: Timers | None = None,
    ) -> None:  # fmt: skip
        self.path, self.venue, self.keeper = path, venue, keeper
        self.books = new_books(len(path.places), config)
        self.names = [place.name for place in path.places]
        self.row: dict[int, int] = {}  # of the parent, by child
        self.now = 0
        self.listeners: list[Callable[[int], None]] = []  # called after each turn, before the next can overwrite it
        self._own_from, self._timers = own_from, timers or Timers()
        self._requests: dict[int, Request] = {}
        self._declined: dict[int, int] = {}
        self._unheard: set[int] = set()  # children of which their venue has said nothing

    @property
    def board(self) -> np.void:
        """The board of the instrument."""
        board: np.void = self.path.boards[0]
        return board

    def market(self, events: np.ndarray, now: int) -> None:
        """Take public messages in (EVENT, `instrument` the row of the place), and let the desk act at `now`."""
        p, self.now = self.path, now
        count, asking = listen(
            self.books, p.features, self._own_from, kernel_view(events), 0, len(events), now, p.desk, p.kids, p.working,
            p.usages, p.limits, p.switches, p.boards, p.stats, p.params, p.draws, p.wants, p.intents, p.passed,
            p.projections, p.marks, p.markouts, p.sends,
        )  # fmt: skip
        if count or asking:
            self._act(now, *p.after(now, count, asking))
        for listener in self.listeners:
            listener(now)

    def tick(self, now: int) -> None:
        """Let the desk act at `now` although nothing was published."""
        self.now = now
        self.hear()
        self._act(now, *self.path.turn(now, moved=False))
        for listener in self.listeners:
            listener(now)
        self._attend(now)

    def hear(self) -> Sequence[VenueEvent]:
        """Take in what the venues say of our orders; returns what counted."""
        counted = [event for event in self.venue.events() if self.keeper.event(event)]
        for event in counted:
            self._hear(event)
        return counted

    def carry_out(self, count: int, now: int) -> None:
        """Carry out the first `count` rows of the path's `sends`, which a person has filled."""
        self.now = now
        self._act(now, count, ())
        for listener in self.listeners:
            listener(now)

    def let_go(self, i: int) -> None:
        """End the requests for quotes of parent `i`, but for one of which a quote is accepted already."""
        for oid, request in list(self._requests.items()):
            if self.row[oid] == i and request.state is not RequestState.HELD:
                self._end(oid)

    def next_wake(self) -> int:
        """Return when the desk wants to look again (ns UTC)."""
        live = self.path.desk["done"] == 0
        wakes = np.minimum(self.path.desk["next_wake"], self.path.desk["until"])
        first = int(wakes[live].min()) if live.any() else 2**62
        return min([first, *(request.due for request in self._requests.values())])

    def withdraw(self, order_id: int) -> bool:
        """Ask for the withdrawal of a child now; False where it is over, or on its way out already.

        A request for quotes ends at once, unless one of them is accepted: then its dealer has the word.
        """
        row = self._child_row(order_id) if order_id in self.row else -1
        if row < 0 or self.path.kids["stage"][row] == Stage.CANCELLING:
            return False
        if order_id in self._requests:
            if self._requests[order_id].state is RequestState.HELD:
                return False
            self._end(order_id)
            return True
        self.path.kids["stage"][row] = int(Stage.CANCELLING)
        u = self.path.usages[self.row[order_id]]
        self.path.usages["tokens"][u["account"], self.path.working["venue"][row]] -= TOKEN  # a message, as any cancel
        self.keeper.asked(order_id)
        self.venue.send(Cancel(order_id))
        return True

    def _act(self, now: int, count: int, decided: Sequence[Decided]) -> None:
        for one in decided:
            self.keeper.decided(one)
        for row in self.path.sends[:count].tolist():
            oid, act = row[_ID], row[_ACT]
            if act == _CANCEL:
                self.keeper.asked(oid)
                self.venue.send(Cancel(oid))
            else:
                self._new(row, now)

    def _new(self, row: tuple[Any, ...], now: int) -> None:
        oid, price, shares, minimum, decision, asked, parent, _, score, venue, _, side, kind, tactic, origin, why = row
        child = Child(
            oid, parent, self.names[venue], Side(side), shares, price, OrderKind(kind), minimum, decision, tactic,
            origin, why, score, now,
        )  # fmt: skip
        self.keeper.child(child)
        self.row[child.order_id] = child.row
        self._unheard.add(child.order_id)
        self.venue.send(self._command(child, asked, now))

    def _command(self, child: Child, asked: int, now: int) -> Command:
        if child.kind is not OrderKind.QUOTE:
            return New(
                child.order_id, child.side, child.quantity, child.price or None, child.venue, KIND_WORDS[child.kind],
                child.minimum,
            )  # fmt: skip
        rows = [k for k in range(len(self.names)) if asked >> k & 1]
        worst = float(self.board["ask"] if child.side > 0 else self.board["bid"])
        limit = child.price or worst
        worst = min(worst, limit) if child.side > 0 else max(worst, limit)
        self._requests[child.order_id] = Request(
            child.order_id, child.side, child.quantity, rows, worst, now, self._timers
        )
        self._declined[child.order_id] = 0
        return QuoteRequest(child.order_id, child.side, child.quantity, tuple(self.names[k] for k in rows))

    def _hear(self, event: VenueEvent) -> None:
        if event.kind in ("halt", "outage"):
            self._state(event)
        elif event.order_id in self._requests:
            self._hear_request(event, self._requests[event.order_id])
        elif event.order_id in self.row:
            self._tell(event, self._word(event))
        self._unheard.discard(event.order_id)

    def _word(self, event: VenueEvent) -> Word | None:
        if event.kind != "reject":
            return _WORDS.get(event.kind)
        row = -1 if event.order_id in self._unheard else self._child_row(event.order_id)
        kept = row >= 0 and self.path.kids["stage"][row] == Stage.CANCELLING
        return Word.KEPT if kept else Word.REFUSED  # a cancel that came too late, or a refused order

    def _child_row(self, oid: int) -> int:
        return int(row_of(self.path.kids, self.path.working, self.row[oid], oid))

    def _tell(self, event: VenueEvent, word: Word | None) -> None:
        if word is not None:
            price2 = round(2 * (event.price or 0.0))
            i = self.row[event.order_id]
            heard = self.path.hear(i, event.order_id, word, event.quantity, price2, self.now, event.fee)
            if heard < 0 and word is Word.FILL:
                self._late(i, event.quantity)

    def _late(self, i: int, quantity: int) -> None:
        """Count shares that a child was given after its end: what a venue has done, it has done."""
        d, usages = self.path.desk[i], self.path.usages
        d["filled"] += quantity
        usages[i]["filled"] += quantity
        usages[usages[i]["symbol"]]["position"] += d["side"] * quantity

    def _state(self, event: VenueEvent) -> None:
        over = event.reason == "resumed"
        if event.kind == "halt":
            self.board["phase"] = int(Phase.CONTINUOUS if over else Phase.HALTED)
        elif event.venue in self.names:
            place = self.board["place"][self.names.index(event.venue)]
            place["state"] = int(PlaceState.UP if over else PlaceState.OUTAGE)

    def mid(self) -> float:
        """Return the mid, ticks; nan where a side is empty."""
        bid, ask = int(self.board["bid"]), int(self.board["ask"])
        return (bid + ask) / 2 if bid > 0 and ask > 0 else float("nan")

    def _hear_request(self, event: VenueEvent, request: Request) -> None:
        oid = event.order_id
        if event.kind == "quote" and event.price is not None and event.venue in self.names:
            if request.state is RequestState.ASKING:
                dealer = self.names.index(event.venue)
                request.quoted(DealerQuote(event.quote_id, dealer, event.price, event.quantity, event.time + _QUOTED))
        elif event.kind == "fill":
            self._tell(event, Word.FILL)
            if request.state is RequestState.HELD:
                request.answered(self.now, self.mid(), filled=True)
            self._end(oid)
        elif event.kind == "reject":
            self._declined[oid] += 1
            held = request.state is RequestState.HELD
            if held:
                request.answered(self.now, self.mid(), filled=False)
            if held or self._declined[oid] >= len(request.dealers):
                self._end(oid)

    def _attend(self, now: int) -> None:
        for oid, request in list(self._requests.items()):
            accept = request.attend(now, self.mid())
            if accept is not None:
                self.venue.send(accept)
            elif request.state is RequestState.OVER:
                self._end(oid)

    def _learn(self, oid: int, request: Request | None) -> None:
        """Let the router learn from a request that is over: quotes against the mid they were judged by, last looks."""
        if request is None or math.isnan(request.judged):
            return
        p, stats = self.path, int(self.path.desk[self.row[oid]]["stats"])
        for dealer, offset, won in request.account(request.judged):
            hear_quote(p.stats, p.params, stats, dealer, math.nan if offset is None else offset, float(won))
        for look in request.looks:
            hear_look(p.stats, p.params, stats, look.dealer, look.refused, look.hold, look.move)

    def _end(self, oid: int) -> None:
        """A request is over: what it has not bought is free again, and the keeper hears of an end that we say."""
        self._learn(oid, self._requests.pop(oid, None))
        self._declined.pop(oid, None)
        if self._child_row(oid) >= 0:
            self.keeper.event(VenueEvent(self.now, "expire", oid, reason="the request is over"))
        self.path.hear(self.row[oid], oid, Word.GONE, 0, 0, self.now)
