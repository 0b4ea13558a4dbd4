"""What a desk and its venues say to each other: SEND rows become commands, venues' words become the path's.

One `Conversation` per board. It also leads requests for quotes to their end, which take several words. Every shell
talks through it, so that none hears anything that another does not.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nowake.core.board import Phase, PlaceState
from nowake.core.intent import KIND_WORDS, OrderKind
from nowake.core.values import Side
from nowake.core.venue import Cancel, Command, New, QuoteRequest, VenueEvent
from nowake.execution.desk_state import SEND, Act, Stage
from nowake.execution.hearing import Word, row_of
from nowake.execution.keeping import Bookkeeper, Child
from nowake.execution.path import DecisionPath
from nowake.risk.usage import TOKEN
from nowake.routing.dealers import hear_look, hear_quote
from nowake.routing.rfq import DealerQuote, Request, RequestState, Timers

__all__ = ["Conversation"]

_WORDS = {"ack": Word.ACK, "fill": Word.FILL, "cancel": Word.GONE, "expire": Word.GONE, "correction": Word.BUST}
_CANCEL = int(Act.CANCEL)
_ID, _ACT = (SEND.names or ()).index("id"), (SEND.names or ()).index("act")
_QUOTED = 1_000_000_000  # ns that a quote is tried
_SIDES = {int(side): side for side in Side}
_KINDS = {int(kind): (kind, word) for kind, word in KIND_WORDS.items()}


class Conversation:
    """Talks for the parents of `path` at board `board`; `keeper`, which may be exchanged, is told of everything."""

    def __init__(self, path: DecisionPath, keeper: Bookkeeper, board: int = 0, timers: Timers | None = None) -> None:
        self.path, self.keeper, self.now, self._row = path, keeper, 0, board
        self.names = [place.name for place in path.places]
        self.row: dict[int, int] = {}  # of the parent, by child
        self.requests: dict[int, Request] = {}
        self._timers = timers or Timers()
        self._declined: dict[int, int] = {}
        self._unheard: set[int] = set()  # children of which their venue has said nothing

    @property
    def board(self) -> np.void:
        """The board that is talked about."""
        board: np.void = self.path.boards[self._row]
        return board

    def mid(self) -> float:
        """Return the mid, ticks; nan where a side is empty."""
        bid, ask = int(self.board["bid"]), int(self.board["ask"])
        return (bid + ask) / 2 if bid > 0 and ask > 0 else float("nan")

    def carry_out(self, sends: np.ndarray, now: int) -> Iterator[Command]:
        """Yield the commands of SEND rows, the keeper told of each before it leaves."""
        self.now = now
        for row in sends.tolist():
            if row[_ACT] == _CANCEL:
                self.keeper.asked(row[_ID])
                yield Cancel(row[_ID])
            else:
                yield self._new(row, now)

    def _new(self, row: tuple[Any, ...], now: int) -> Command:
        oid, price, shares, minimum, decision, asked, parent, _, score, venue, _, side, kind, tactic, origin, why = row
        way, (what, word), name = _SIDES[side], _KINDS[kind], self.names[venue]
        child = Child(
            oid, parent, name, way, shares, price, what, minimum, decision, tactic, origin, why, score, now
        )  # fmt: skip
        self.keeper.child(child)
        self.row[oid] = parent
        self._unheard.add(oid)
        if what is OrderKind.QUOTE:
            return self._ask(child, asked, now)
        return New(oid, way, shares, price or None, name, word, minimum)

    def _ask(self, child: Child, asked: int, now: int) -> Command:
        rows = [k for k in range(len(self.names)) if asked >> k & 1]
        worst = float(self.board["ask"] if child.side > 0 else self.board["bid"])
        limit = child.price or worst
        worst = min(worst, limit) if child.side > 0 else max(worst, limit)
        self.requests[child.order_id] = Request(
            child.order_id, child.side, child.quantity, rows, worst, now, self._timers
        )
        self._declined[child.order_id] = 0
        return QuoteRequest(child.order_id, child.side, child.quantity, tuple(self.names[k] for k in rows))

    def hear(self, event: VenueEvent, now: int) -> None:
        """Take in what a venue says, at `now`."""
        self.now = now
        if event.kind in ("halt", "outage"):
            self._state(event)
        elif event.order_id in self.requests:
            self._hear_request(event, self.requests[event.order_id])
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

    def attend(self, now: int) -> Sequence[Command]:
        """Look after the requests for quotes; returns the quotes that are to be accepted."""
        self.now, accepted = now, list[Command]()
        for oid, request in list(self.requests.items()):
            accept = request.attend(now, self.mid())
            if accept is not None:
                accepted.append(accept)
            elif request.state is RequestState.OVER:
                self._end(oid)
        return accepted

    def let_go(self, i: int) -> None:
        """End the requests for quotes of parent `i`, but for one of which a quote is accepted already."""
        for oid, request in list(self.requests.items()):
            if self.row[oid] == i and request.state is not RequestState.HELD:
                self._end(oid)

    def next_due(self) -> int:
        """Return when a request is to be looked after (ns UTC), 2**62: there is none."""
        return min((request.due for request in self.requests.values()), default=2**62)

    def withdraw(self, order_id: int) -> Command | bool:
        """Return what asks for the withdrawal of a child; True: it is over now, False: it was, or is on its way out.

        A request for quotes ends at once, unless one of them is accepted: then its dealer has the word.
        """
        row = self._child_row(order_id) if order_id in self.row else -1
        if row < 0 or self.path.kids["stage"][row] == Stage.CANCELLING:
            return False
        if order_id in self.requests:
            if self.requests[order_id].state is RequestState.HELD:
                return False
            self._end(order_id)
            return True
        self.path.kids["stage"][row] = int(Stage.CANCELLING)
        u = self.path.usages[self.row[order_id]]
        self.path.usages["tokens"][u["account"], self.path.working["venue"][row]] -= TOKEN  # a message, as any cancel
        self.keeper.asked(order_id)
        return Cancel(order_id)

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
        self._learn(oid, self.requests.pop(oid, None))
        self._declined.pop(oid, None)
        if self._child_row(oid) >= 0:
            self.keeper.event(VenueEvent(self.now, "expire", oid, reason="the request is over"))
        self.path.hear(self.row[oid], oid, Word.GONE, 0, 0, self.now)
