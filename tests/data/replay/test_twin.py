"""The replay kernels and the plain twin do the same, whatever history and we do."""

import math
from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.book.audit import audit, queues
from nowake.book.queries import digest
from nowake.book.state import COUNTERS, SMALL
from nowake.core.events import EVENT, Flag, Kind
from nowake.core.jit import jit_disabled
from nowake.core.records import Cause
from nowake.core.values import Side
from nowake.data.replay.latency import quantiles
from nowake.data.replay.reference import Ask, ReferenceReplay
from nowake.data.replay.state import Action, Terms
from nowake.data.replay.venue import RecordedVenue

from .days import FAR, Day

MIDDLE = 100_000

ids = st.integers(1, 16)
sides = st.sampled_from((1, -1))
sizes = st.integers(1, 30)
prices = st.builds(
    lambda near, jump: MIDDLE + near + jump, st.integers(-4, 4), st.sampled_from((0, 0, 0, 0, 0, 0, FAR, -FAR))
)
steps = st.sampled_from((0, 0, 1, 1, 2, 5))


def made(kind: Any, **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": kind, "step": steps, **fields})


adds = made(
    st.just(Kind.ADD), order_id=st.integers(0, 16), side=sides, price=prices, quantity=st.integers(1, 60),
    flags=st.sampled_from((0, 0, 0, 0, 0, Flag.SNAPSHOT)),
)  # fmt: skip
quiet_adds = st.builds(
    lambda e: {**e, "flags": 0, "price": MIDDLE - e["side"] * (1 + abs(e["price"] - MIDDLE) % 4)}, adds
)
cuts = made(
    st.sampled_from((Kind.CANCEL, Kind.DELETE, Kind.EXECUTE, Kind.EXECUTE)), order_id=ids, quantity=sizes,
    price=st.sampled_from((0, MIDDLE - 1, MIDDLE + 1, MIDDLE)), side=st.sampled_from((0, 1, -1)),
    flags=st.sampled_from((0, 0, 0, Flag.UNPRINTED, Flag.BROKEN, Flag.PRICED)),
)  # fmt: skip
hidden = made(
    st.sampled_from((Kind.HIDDEN, Kind.HIDDEN, Kind.TRADE, Kind.CROSS)), side=st.sampled_from((0, 1, -1)),
    price=prices, quantity=st.integers(1, 80),
    flags=st.sampled_from((0, 0, 0, Flag.OUTLIER, Flag.BROKEN, Flag.UNKNOWN)),
)  # fmt: skip
replaces = made(
    st.just(Kind.REPLACE), order_id=ids, ref=ids, side=st.sampled_from((0, 1, -1)), price=prices,
    quantity=st.integers(0, 60), flags=st.sampled_from((0, Flag.KEEP_PRIORITY, Flag.SNAPSHOT)),
)  # fmt: skip
rare = made(
    st.sampled_from((Kind.HALT, Kind.RESUME, Kind.RESUME, Kind.CLEAR, Kind.TICK)), side=st.sampled_from((0, 1, -1)),
    flags=st.sampled_from((0, 0, 0, Flag.QUOTE_ONLY)),
)  # fmt: skip
own_new = made(
    st.just(Action.NEW), side=sides, quantity=st.integers(1, 50),
    price=st.one_of(st.just(0), prices, st.integers(MIDDLE - 3, MIDDLE + 3)),
    terms=st.sampled_from((*Terms, Terms.DAY)),
)  # fmt: skip
own_change = made(
    st.sampled_from((Action.CANCEL, Action.REPLACE)), id=st.integers(1, 12), quantity=st.integers(1, 50), price=prices
)
one = st.one_of(
    quiet_adds,
    quiet_adds,
    adds,
    cuts,
    cuts,
    cuts,
    hidden,
    hidden,
    replaces,
    rare,
    own_new,
    own_new,
    own_new,
    own_change,
)
days = st.lists(one, min_size=5, max_size=70)


def split(day: list[dict[str, Any]]) -> tuple[np.ndarray, list[Ask]]:
    """Return EVENT records and own commands of a day: the clock runs through both."""
    rows, asks, now, oid = [], [], 1, 0
    for item in day:
        now += item["step"]
        if not isinstance(item["kind"], Action):
            rows.append({**item, "time": now})
        elif item["kind"] is Action.NEW:
            oid += 1
            asks.append(Ask(now, Action.NEW, oid, item["side"], item["quantity"], item["price"], item["terms"]))
        else:
            asks.append(Ask(now, item["kind"], item["id"], 0, item["quantity"], item["price"]))
    events = np.zeros(len(rows), EVENT)
    for event, row in zip(events, rows, strict=True):
        for name in set(row) - {"step"}:
            event[name] = int(row[name])
    return events, asks


def send(venue: RecordedVenue, ask: Ask) -> None:
    if ask.action is Action.NEW:
        venue.submit(ask.when, ask.id, Side(ask.side), ask.quantity, ask.price, ask.terms)
    elif ask.action is Action.CANCEL:
        venue.cancel(ask.when, ask.id)
    else:
        venue.replace(ask.when, ask.id, ask.quantity, ask.price)


def mid(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def same_places(venue: RecordedVenue, twin: ReferenceReplay) -> None:
    """Compare own resting orders and their places in the queue."""
    w = venue.venues[0]
    rows = w["own"][: int(w["live"])]
    live = [tuple(int(o[name]) for name in ("id", "side", "price", "leaves", "ahead")) for o in rows]
    assert live == [(o.id, o.side, o.price, o.leaves, twin.ahead(o)) for o in twin.own]
    assert venue.now == twin.now


def same(venue: RecordedVenue, twin: ReferenceReplay) -> None:
    """Compare everything."""
    same_places(venue, twin)
    got = [
        (int(f["time"]), int(f["order_id"]), int(f["price2"]) // 2, int(f["quantity"]), Cause(int(f["cause"])).name,
         mid(f["mid"]), mid(f["mid_untouched"]))
        for f in venue.fills()
    ]  # fmt: skip
    assert got == twin.fills
    assert [(r.time, r.order_id, r.answer, r.reason, r.leaves) for r in venue.responses()] == twin.replies
    book = venue.books.view(np.ndarray)[0] if jit_disabled() else venue.books[0]
    assert audit(book) == []
    assert queues(book) == {at: [o.fields() for o in queue] for at, queue in twin.book.queues.items()}
    assert {name: int(book[name]) for name in COUNTERS} == twin.book.count
    assert digest(venue.books, 0) == twin.book.digest()


def conserved(venue: RecordedVenue, asks: list[Ask], twin: ReferenceReplay) -> None:
    """Position is the sum of fills; no order filled beyond what was asked of it, ghosts never beyond what was taken."""
    fills = venue.fills()
    most: dict[int, int] = {}
    for ask in asks:
        if ask.action is not Action.CANCEL:
            most[ask.id] = most.get(ask.id, 0) + ask.quantity
    for oid in set(fills["order_id"].tolist()):
        assert int(fills["quantity"][fills["order_id"] == oid].sum()) <= most[oid]
    taken = int(fills["quantity"][np.isin(fills["cause"], (int(Cause.TAKE), int(Cause.CROSSED)))].sum())
    left = sum(o.taken for o in twin.book.orders())
    assert int(venue.books["ghost_shares"][0]) + left <= taken


def play(
    events: np.ndarray, asks: list[Ask], entry: int = 0, response: int = 0, sigma: float = 0.0, stops: int = 1
) -> ReferenceReplay:
    """Play a day both ways, compare on the way and at the end; returns the twin."""
    venue = RecordedVenue(events, entry=entry, response=response, sigma=sigma, preset=SMALL)
    delays = quantiles(entry, sigma).tolist(), quantiles(response, sigma).tolist()
    twin = ReferenceReplay(events, asks, *delays)
    for ask in asks:
        send(venue, ask)
    last = int(events["time"][-1]) if len(events) else 0
    for stop in range(1, stops):
        venue.play(last * stop // stops)
        twin.play(last * stop // stops)
        same_places(venue, twin)
    venue.play()
    twin.play()
    same(venue, twin)
    conserved(venue, asks, twin)
    return twin


@settings(max_examples=150, deadline=None, derandomize=True)
@given(day=days, entry=st.sampled_from((0, 0, 3)), stops=st.integers(1, 3))
def test_whatever_a_feed_may_send(day: list[dict[str, Any]], entry: int, stops: int) -> None:
    play(*split(day), entry, stops=stops)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32), n=st.integers(20, 150), entry=st.integers(0, 9), response=st.integers(0, 9),
    sigma=st.sampled_from((0.0, 0.8)), stops=st.sampled_from((1, 3, 20)),
)  # fmt: skip
def test_plausible_days(seed: int, n: int, entry: int, response: int, sigma: float, stops: int) -> None:
    play(*Day(seed).draw(n), entry, response, sigma, stops)


def test_plausible_days_show_everything() -> None:
    seen: Counter[str] = Counter()
    for seed in range(40):
        twin = play(*Day(seed).draw(150), entry=seed % 4, response=seed % 3, stops=20)
        seen.update(row[4] for row in twin.fills)
        seen.update(f"{row[2].name} {row[3].name}" for row in twin.replies)
        seen["GHOST"] += twin.book.count["ghosts"]
    causes = {cause.name for cause in Cause} - {"MODEL"}
    answers = {"REJECTED HALTED", "REJECTED WOULD_CROSS", "REJECTED SELF_TRADE", "REPLACED NONE", "CANCELLED ASKED"}
    assert min(seen[name] for name in causes | answers | {"GHOST"}) >= 3, seen
