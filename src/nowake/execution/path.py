"""The decision path of a desk: arrays, and the few steps that drive them, the same in every shell.

    hear messages -> board, features -> (a slice is over: observe, forecast, decide, begin) -> look -> router -> guard

A shell brings events and time, and carries out SEND rows; it decides nothing. One instrument (board 0) per path live;
in training one per row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from nowake.core.board import PlaceKind, new_boards
from nowake.core.bound import bound
from nowake.core.errors import InputError
from nowake.core.intent import INTENT, Origin
from nowake.core.streams import stream_key
from nowake.core.values import ParentOrder
from nowake.data.reader import kernel_view
from nowake.execution.desk_state import CHILDREN, SEND, Placing, new_desk, take_on
from nowake.execution.hearing import Word, hear, row_of
from nowake.execution.observing import gather, observe_due
from nowake.execution.placing import ROUTED
from nowake.execution.policy import ACTION, CLASSES, OBSERVED, Forecaster, Policy
from nowake.execution.slicing import begin_due
from nowake.execution.traces import new_traces
from nowake.execution.turning import turn
from nowake.features.context import Context, features_for
from nowake.features.own import own_fill
from nowake.features.state import NEWS
from nowake.features.vector import ROW
from nowake.risk.limits import new_limits
from nowake.risk.marking import paid
from nowake.risk.projection import new_projections
from nowake.risk.switches import new_switches
from nowake.risk.usage import WORKING, new_usages
from nowake.routing.parameters import Routing, new_params
from nowake.routing.venues import new_draws, new_markouts, new_reports, new_stats
from nowake.routing.want import new_wants

__all__ = ["Decided", "DecisionPath", "Place", "lay_out"]

NO_NEWS = np.zeros(0, NEWS)


@dataclass(frozen=True, slots=True)
class Place:
    """A venue of the board; fees in ticks per share (negative: a rebate), latency in ns."""

    name: str
    kind: PlaceKind
    maker_fee: float = 0.0
    taker_fee: float = 0.0
    latency: int = 0


class Decided(msgspec.Struct, frozen=True, gc=False):
    """A decision as it was made: row, time, what the policy saw, and its action."""

    row: int
    time: int
    number: int
    observation: np.ndarray
    rate: float
    urgency: float
    tactic: int
    follow: int = 0  # what the plan followed when it was asked


@dataclass(slots=True)
class DecisionPath:
    """Everything that `n` parents need to be worked; all rows share one instrument unless `separate`.

    `context`: what is known of the instrument before the day; its books show several levels unless it says otherwise.
    """

    n: int
    places: Sequence[Place]
    policy: Policy
    forecaster: Forecaster
    seed: int = 0
    routing: Routing = field(default_factory=Routing)
    separate: bool = False
    switches_n: int = 64
    context: Context = field(default_factory=lambda: Context(depth=True))
    desk: np.ndarray = field(init=False)
    kids: np.ndarray = field(init=False)
    marks: np.ndarray = field(init=False)
    working: np.ndarray = field(init=False)
    usages: np.ndarray = field(init=False)
    limits: np.ndarray = field(init=False)
    hand_limits: np.ndarray = field(init=False)
    switches: np.ndarray = field(init=False)
    boards: np.ndarray = field(init=False)
    features: np.ndarray = field(init=False)
    stats: np.ndarray = field(init=False)
    params: np.ndarray = field(init=False)
    draws: np.ndarray = field(init=False)
    wants: np.ndarray = field(init=False)
    intents: np.ndarray = field(init=False)
    passed: np.ndarray = field(init=False)
    projections: np.ndarray = field(init=False)
    traces: np.ndarray = field(init=False)  # none, until somebody wants looks to be worked out again
    reports: np.ndarray = field(init=False)
    markouts: np.ndarray = field(init=False)
    sends: np.ndarray = field(init=False)
    paid: np.ndarray = field(init=False)
    rows: np.ndarray = field(init=False)
    forecasts: np.ndarray = field(init=False)
    observations: np.ndarray = field(init=False)
    actions: np.ndarray = field(init=False)
    _follow: np.ndarray = field(init=False)  # of a decision: what each plan follows, -1 for parents that ask for none
    _numbers: np.ndarray = field(init=False)
    _kernels: "_Kernels" = field(init=False)

    def __post_init__(self) -> None:
        if self.n < 1:
            raise InputError("parents of a path", expected="1 or more", got=self.n)
        n, boards = self.n, self.n if self.separate else 1
        self.desk, self.kids, self.marks = new_desk(n)
        self.working = _zeros(n * CHILDREN, WORKING)
        self.usages, self.limits, self.switches = new_usages(n), new_limits(n), new_switches(self.switches_n)
        self.hand_limits = new_limits(n)  # of children that a person sends for the same parents
        self.boards = kernel_view(new_boards(boards))
        self.features, self.stats = features_for(self.context, boards), new_stats(boards)
        self.params = new_params(self.routing)
        self.draws = new_draws([stream_key(self.seed, f"router.{k}") for k in range(boards)])
        self.wants, self.projections = new_wants(n), new_projections(n * ROUTED)
        self.intents, self.passed = _zeros(ROUTED, INTENT), _zeros(ROUTED, INTENT)
        self.traces = new_traces(0)
        self.reports, self.markouts = new_reports(n), new_markouts(n)
        self.sends = _zeros(4 * (CHILDREN + ROUTED), SEND)
        self.paid = np.zeros(n)
        self.rows, self.forecasts = _zeros(n, ROW), np.zeros((n, len(CLASSES)))
        self.observations, self.actions = np.zeros((n, len(OBSERVED))), _zeros(n, ACTION)
        for board in self.boards if self.separate else self.boards[:1]:
            lay_out(board, self.places)
        self._follow, self._numbers = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self._kernels = _Kernels(self)

    def take_on(self, i: int, order: ParentOrder, plan: np.ndarray, interval: int, placing: Placing) -> None:
        """Put `order` on row `i`, to be worked along `plan` f8[CURVE + 1]."""
        take_on(self.desk, i, order, plan, interval, placing)
        d, u = self.desk[i], self.usages[i]
        shared = 0 if not self.separate else i
        d["board"] = d["stats"] = d["features"] = u["board"] = shared
        u["symbol"] = u["account"] = shared
        d["first"], d["last"] = (i, i + 1) if self.separate else (0, self.n)
        u["side"], u["quantity"], u["limit"] = int(order.side), order.quantity, order.limit or 0
        for name in ("filled", "working", "money", "open_orders", "arrival2", "volume_start"):
            u[name] = 0
        self.paid[i] = 0.0

    def ids(self, i: int, first: int, last: int) -> None:
        """Give row `i` the ids `first` to `last` for its children."""
        self.desk[i]["next_id"], self.desk[i]["last_id"] = first, last

    def turn(self, now: int, *, moved: bool) -> tuple[int, list[Decided]]:
        """Turn the desk at `now`; returns how many rows of `sends` are to be carried out, and what was decided."""
        return self.after(now, *self._turn(now, self.sends, moved=moved))

    def _turn(self, now: int, sends: np.ndarray, *, moved: bool) -> tuple[int, int]:
        done: tuple[int, int] = self._kernels.turn(*self.turning(now, sends, moved=moved))
        return done

    def turning(self, now: int, sends: np.ndarray, *, moved: bool) -> tuple[Any, ...]:
        """Return the arguments of `turning.turn`."""
        return (
            self.desk, self.kids, self.working, self.usages, self.limits, self.switches, self.boards, self.features,
            self.stats, self.params, self.draws, self.wants, self.intents, self.passed, self.projections, self.traces,
            self.marks, self.markouts, 0, self.n, now, int(moved), sends,
        )  # fmt: skip

    def listening(self, books: Any, own_from: int, events: np.ndarray, now: int) -> tuple[Any, ...]:
        """Return the arguments of `turning.listen` for all of `events`."""
        return (
            books, self.features, own_from, events, 0, len(events), now, self.desk, self.kids, self.working,
            self.usages, self.limits, self.switches, self.boards, self.stats, self.params, self.draws, self.wants,
            self.intents, self.passed, self.projections, self.traces, self.marks, self.markouts, self.sends,
        )  # fmt: skip

    def after(self, now: int, count: int, asking: int) -> tuple[int, list[Decided]]:
        """Finish a turn that `asking` parents have interrupted: decide for them, and let them look."""
        if not asking:
            return count, []
        decided = self.decide(np.full(self.n, now))
        more, _ = self._turn(now, self.sends[count:], moved=True)
        return count + more, decided

    def decide(self, now: np.ndarray) -> list[Decided]:
        """Observe, forecast and decide for every row whose slice is over at now[row]; begin the next one."""
        call, follow = self._kernels, self._follow
        if not call.gather(*self._gathering(now)):
            return []
        self.forecaster.predict(self.rows, self.forecasts)
        call.observe(self.desk, self.boards, self.rows, self.forecasts, self.paid, now, follow, self.observations)
        self.policy.decide(self.observations, self.actions)
        origin = int(getattr(self.policy, "origin", Origin.MODEL))
        call.begin(self.desk, self.boards, now, self.actions, origin, follow, self._numbers)
        told = zip(now.tolist(), self._numbers.tolist(), self.actions.tolist(), follow.tolist(), strict=True)
        return [
            Decided(i, time, number, self.observations[i].copy(), rate, urgency, tactic, plan)
            for i, (time, number, (rate, urgency, tactic), plan) in enumerate(told)
            if plan >= 0
        ]

    def _gathering(self, now: np.ndarray) -> tuple[Any, ...]:
        """Return the arguments of `observing.gather`."""
        return (
            self.desk, self.kids, self.working, self.boards, self.features, now, self.rows, NO_NEWS, self._follow,
        )  # fmt: skip

    def hear(self, i: int, oid: int, word: Word, quantity: int, price2: int, now: int, fee: float = 0.0) -> int:
        """Take in what a venue said of child `oid` of row `i`; returns the child's row, -1 where it is over already.

        `fee` in currency: that of a fill, or (its opposite) of one that is taken back.
        """
        row = int(row_of(self.kids, self.working, i, oid))
        if word is Word.FILL or word is Word.BUST:
            shares = quantity if word is Word.FILL else -quantity
            self.paid[i] += shares * price2 / 2
            paid(self.usages, i, int(self.desk[i]["side"]), shares, price2, fee)
        if row < 0 and word is not Word.BUST:
            if word is Word.FILL:
                own_fill(self.features, self.desk[i]["features"], now, self.desk[i]["side"], quantity)
            return -1
        hear(
            self.desk, self.kids, self.working, self.usages, self.boards, self.features, self.stats, self.params,
            self.reports, self.marks, i, max(row, 0), int(word), quantity, now,
        )  # fmt: skip
        return row


class _Kernels:
    """The kernels that a desk calls at every event and every decision, bound to the arrays of its path."""

    def __init__(self, path: DecisionPath) -> None:
        # The arrays of a path are exchanged for others of their own type alone.
        now = numbers = np.zeros(path.n, np.int64)
        self.turn: Callable[..., Any] = bound(turn, *path.turning(0, path.sends, moved=False))
        self.gather: Callable[..., Any] = bound(gather, *path._gathering(now))
        self.observe: Callable[..., Any] = bound(
            observe_due, path.desk, path.boards, path.rows, path.forecasts, path.paid, now, numbers, path.observations
        )
        self.begin: Callable[..., Any] = bound(
            begin_due, path.desk, path.boards, now, path.actions, 0, numbers, numbers
        )


def lay_out(board: np.void, places: Sequence[Place]) -> None:
    """Write the venues into an empty board."""
    if not 0 < len(places) <= len(board["place"]):
        raise InputError("venues", expected=f"1 to {len(board['place'])}", got=len(places))
    board["places"] = len(places)
    for row, place in zip(board["place"], places, strict=False):
        row["kind"], row["maker_fee"], row["taker_fee"] = int(place.kind), place.maker_fee, place.taker_fee
        row["latency"] = place.latency


def _zeros(n: int, dtype: np.dtype) -> np.ndarray:
    records = np.zeros(n, dtype)
    return kernel_view(records)
