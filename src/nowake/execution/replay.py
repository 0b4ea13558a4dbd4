"""Work a parent order through recorded order flow: the shell around the kernel loop, slice by slice."""

import hashlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nowake.book.state import REPLAY, new_books
from nowake.core.errors import CapacityError, InputError, OrderError
from nowake.core.events import empty_events
from nowake.core.records import FILL, PRINT, QUOTE_PATH
from nowake.core.streams import stream_key
from nowake.core.values import MAX_QUANTITY, Instrument, ParentOrder, check_quantity
from nowake.data.reader import CHUNK, kernel_view
from nowake.data.replay.latency import quantiles
from nowake.data.replay.session import FOREVER
from nowake.data.replay.state import QueueModel, Reason, new_venues
from nowake.execution.algorithms import make_schedule, slice_edges
from nowake.execution.feed import Feed, Span, Window, window
from nowake.execution.loop import work
from nowake.execution.request import ReplayRequest, ReplayResult
from nowake.execution.state import new_parent
from nowake.schedule.protocol import ScheduleState

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Replay", "replay_order"]


def replay_order(request: ReplayRequest) -> ReplayResult:
    """Return what working the order of `request` through its data gives; InputError where they do not fit."""
    feed = Feed(request)
    if feed.check.meta.level == "bars":
        raise InputError("replay", expected="order, level-2, quote or trade data", got="bars")
    span = feed.span()
    instrument = feed.instrument
    return Replay(request, feed, span, window(request, instrument, feed, span), instrument).run()


class Replay:
    """One replay under way: book, venue and parent records, and what has been collected so far."""

    def __init__(self, request: ReplayRequest, feed: Feed, span: Span, when: Window, instrument: Instrument) -> None:
        self.request, self.feed, self.span, self.window, self.instrument = request, feed, span, when, instrument
        self.order = self._order()
        self.books = new_books(1, REPLAY)
        self.venues = self._venue()
        self.parents = new_parent(self.order, request.placement)
        self.edges = slice_edges(request, when)
        self._source: Iterator[np.ndarray] = feed.events()
        self._events, self._at, self._final, self._consumed = kernel_view(empty_events(0)), 0, False, 0
        self._prints, self._quotes = _room(CHUNK, PRINT), _room(CHUNK, QUOTE_PATH)
        self._kept: dict[str, list[np.ndarray]] = {"fill": [], "print": [], "quote": []}

    def _order(self) -> ParentOrder:
        request = self.request
        quantity = request.quantity
        if quantity is None:
            quantity = round((request.of_adv or 0.0) * self.span.volume)
            if not 0 < quantity <= MAX_QUANTITY:
                raise OrderError("quantity", expected="at least one share of the printed volume", got=quantity)
        limit = None if request.limit is None else self.instrument.ticks(request.limit)
        side, when, whole = request.side, self.window, check_quantity(quantity)
        return ParentOrder("parent-1", self.instrument, side, whole, when.start, when.end, limit, when.decided)

    def _venue(self) -> np.ndarray:
        request, level = self.request, self.feed.check.meta.level
        if level != "l3" and request.queue is None:
            raise InputError(
                f"{level} data does not show the queue", expected="--queue-model pessimistic or power:n", got="none"
            )
        if level == "l3" and request.queue is not None:
            raise InputError(
                "queue model", expected="none: level-3 data shows the queue exactly", got=request.queue.name
            )
        venues = new_venues(1)
        w = venues[0]
        if request.queue is not None:
            w["queue_model"] = int(QueueModel[request.queue.name.upper()])
            w["queue_power"] = request.queue.n
            w["best_only"] = level != "l2"
        w["tick_value"] = float(self.instrument.tick_size * self.instrument.lot)
        lot = float(self.instrument.lot)
        w["maker_share"], w["taker_share"] = request.fees.maker * lot, request.fees.taker * lot
        w["maker_bps"], w["taker_bps"] = request.fees.maker_bps, request.fees.taker_bps
        delay = request.latency
        w["feed_latency"] = delay.feed
        w["latency"][0] = quantiles(delay.entry, delay.sigma, delay.table)
        w["latency"][1] = quantiles(delay.response, delay.sigma, delay.table)
        w["stream"] = [stream_key(request.seed, name) for name in ("latency.entry", "latency.response")]
        return venues

    def _collect(self) -> None:
        w = self.venues[0]
        sources = {"fill": w["execution"], "print": self._prints, "quote": self._quotes}
        for name, source in sources.items():
            counter = f"{name}s"
            n = int(w[counter])
            if n:
                self._kept[name].append(np.array(source[:n]))
                w[counter] = 0

    def _refill(self) -> None:
        """Get the next events; after the last ones there are none and the loop knows it."""
        self._collect()
        self._consumed += len(self._events)
        self._events, self._at = kernel_view(next(self._source, empty_events(0))), 0
        self._final = not len(self._events)
        if len(self._events) > len(self._prints) - 1:
            self._prints, self._quotes = (_room(len(self._events), dtype) for dtype in (PRINT, QUOTE_PATH))
        if self.request.on_progress is not None:
            self.request.on_progress(min(1.0, self._consumed / max(1, self.span.events)))

    def _advance(self, until: int) -> None:
        """Let everything happen that is due before `until`, ns UTC at the venue."""
        w = self.venues[0]
        while True:
            try:
                self._at = work(
                    self.books, self.venues, self.parents, 0,
                    self._events, self._at, until, self._final, self._prints, self._quotes,
                )  # fmt: skip
            except IndexError as error:
                raise CapacityError(str(error)) from error
            if int(w["fills"]) > len(w["execution"]) // 2:
                self._collect()
            elif self._at >= len(self._events) and not self._final:
                self._refill()
            else:
                return

    def _so_far(self, name: str, dtype: np.dtype) -> np.ndarray:
        if len(self._kept[name]) != 1:
            self._kept[name] = [np.concatenate(self._kept[name]) if self._kept[name] else np.zeros(0, dtype)]
        return self._kept[name][0]

    def _seen(self, open_: int, width: int, n: int) -> np.ndarray:
        """Return the volumes printed in the first `n` bins of `width` ns from `open_`."""
        self._collect()
        prints = self._so_far("print", PRINT)
        edges = open_ + width * np.arange(n + 1)
        sums = np.concatenate(([0], np.cumsum(prints["quantity"])))[np.searchsorted(prints["time"], edges)]
        return np.asarray(np.diff(sums), float)

    def _others(self) -> int:
        """Return the volume that others traded so far: prints less what own resting orders got of them."""
        w = self.venues[0]
        return int(w["print_volume"]) - int(w["diverted"])

    def _work(self) -> list[int]:
        """Run the slices of the order; returns the target decided for each."""
        p, edges, targets = self.parents[0], self.edges, [0]
        schedule = make_schedule(self.request, self.window, edges, self._seen)
        follows = self.request.algo == "pov"
        volumes: list[int] = []
        seen = 0
        for k in range(len(edges) - 1):
            self._advance(int(edges[k]) - self.request.latency.feed)
            before, others = int(p["filled"]), self._others()
            if k > 0:
                volumes.append(max(0, others - seen))
            seen = others
            state = ScheduleState(
                now=int(edges[k]), start=self.order.start, end=self.order.end, total=self.order.quantity,
                filled=before, filled_before=before, index=k, slices=len(edges) - 1,
                market_volume=sum(volumes), volumes=tuple(volumes),
            )  # fmt: skip
            target = min(self.order.quantity, max(schedule.target(state), before if follows else targets[-1]))
            p["target"], p["slice_end"], p["next_wake"] = target, int(edges[k + 1]), int(edges[k])
            targets.append(int(target))
        return targets

    def run(self) -> ReplayResult:
        """Run the whole day and return what happened."""
        targets = self._work()
        self._advance(self.order.end - self.request.latency.feed)
        p = self.parents[0]
        p["next_wake"] = self.order.end
        self._advance(FOREVER)
        self._collect()
        return self._result(targets)

    def _result(self, targets: list[int]) -> ReplayResult:
        p, b = self.parents[0], self.books[0]
        fills = self._so_far("fill", FILL)
        quotes = self._so_far("quote", QUOTE_PATH)
        filled = int(fills["quantity"].sum())
        mids = [self._mid(quotes, when) for when in (self.window.decided, self.order.start, self.order.end)]
        refused = {reason.name.lower(): int(n) for reason, n in zip(Reason, p["refused"], strict=True) if n}
        notes = self.feed.check.meta.notes
        if refused:
            notes = (*notes, "children rejected: " + ", ".join(f"{name} {n}" for name, n in refused.items()))
        conserved = filled == int(p["filled"]) and filled + int(p["working"]) <= self.order.quantity
        return ReplayResult(
            order=self.order, fills=fills, prints=self._so_far("print", PRINT), quotes=quotes,
            slice_times=self.edges, targets=np.array(targets, np.int64),
            decision_mid=mids[0], arrival_mid=mids[1], end_mid=mids[2],
            children=int(p["children"]), rejects=int(p["rejects"]), ghosts=int(b["ghosts"]),
            ghost_shares=int(b["ghost_shares"]), unknown=int(b["unknown"]), events=self._consumed,
            working_left=int(p["working"]), conserved=bool(conserved and int(p["working"]) == 0),
            digest=_digest(fills), quality=self.feed.check.report(), notes=notes, rejected=refused,
        )  # fmt: skip

    def _mid(self, quotes: np.ndarray, when: int) -> float:
        """Return the mid of the untouched market at `when` in ticks: the last two-sided quote, else the first after."""
        two = quotes[(quotes["bid"] > 0) & (quotes["ask"] > 0)]
        if not len(two):
            raise InputError(
                f"{self.request.source} never shows a two-sided market", expected="a bid and an ask", got="none"
            )
        k = max(0, int(np.searchsorted(two["time"], when, side="right")) - 1)
        mid = (float(two["bid"][k]) + float(two["ask"][k])) / 2
        if not math.isfinite(mid):
            raise InputError("mid price", expected="a number", got=mid)
        return mid


def _room(rows: int, dtype: np.dtype) -> np.ndarray:
    """Return zeroed records for what happens in `rows` events, as kernels want them."""
    return kernel_view(np.zeros(rows + 1, dtype))


def _digest(fills: np.ndarray) -> str:
    """Return 16 hex digits over the integer facts of the fills, in order."""
    digest = hashlib.sha256()
    facts: tuple[Any, ...] = ("time", "order_id", "price2", "quantity", "side", "cause")
    for name in facts:
        digest.update(np.ascontiguousarray(fills[name].astype(np.int64)).tobytes())
    return digest.hexdigest()[:16]
