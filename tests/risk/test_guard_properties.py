"""Whatever is proposed, in whatever state: nothing that leaves violates a limit, and the twin says the same."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from guard_fuzz import fuzzed
from guard_judge import Judge
from guard_world import ASK, BID, NOW, World, as_intents, world
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.intent import OrderKind
from nowake.core.times import SECOND
from nowake.risk import guard_reference
from nowake.risk.limits import LIMITS
from nowake.risk.projection import PROJECTION
from nowake.risk.reasons import POLICY_REASONS, Verdict
from nowake.risk.usage import USAGE

EXTREME = (0, 1, -1, 2**31 - 1, 2**31, -(2**31), 2**40, 2**40 + 1, 2**60, 2**62, -(2**62), 2**63 - 1, -(2**63))
NUMBERS = st.one_of(st.integers(-5, 20_000), st.sampled_from(EXTREME))
FLOATS = st.sampled_from((0.0, 1.5, -1e9, math.nan, math.inf, -math.inf, 1e300))
PRICES = st.one_of(st.integers(BID - 60, ASK + 160), st.sampled_from((0, -1, 1, 100, 2**40 - 1, 2**40, 2**62)))
SIZES = st.one_of(st.integers(1, 9_000), st.sampled_from((0, -1, 2**31 - 1, 2**31, 2**62, -(2**63))))

intents = st.fixed_dictionaries(
    {
        "kind": st.sampled_from((*OrderKind, OrderKind.LIMIT, OrderKind.IOC, 0, 8, 255)),
        "side": st.sampled_from((1, 1, 1, -1, 0, 5)),
        "price": PRICES,
        "quantity": SIZES,
        "venue": st.sampled_from((0, 0, 1, 2, 3, 4, 5, 6, 15, 16, -1, 32767)),
    },
    optional={
        "minimum": st.sampled_from((0, 50, 100, 500, -1, 2**62)),
        "score": FLOATS,
        "parent": st.sampled_from((0, 0, 0, 1, -1, 2**62)),
        "origin": st.integers(0, 3),
    },
)
batches = st.lists(st.lists(intents, min_size=1, max_size=8), min_size=1, max_size=4)
steps = st.sampled_from((0, 1, 50_000_000, 10**8, SECOND, 90 * SECOND, -SECOND))

sane_usage = {
    "side": st.sampled_from((1, -1)),
    "quantity": st.sampled_from((1, 150, 100_000, 2**31 - 1)),
    "filled": st.integers(0, 30_000),
    "working": st.integers(0, 5_000),
    "target": st.integers(-1, 100_000),
    "limit": st.sampled_from((0, BID, ASK, 4_000, 6_000)),
    "arrival2": st.sampled_from((0, 9_000, 10_001, 10_200)),
    "volume_start": st.sampled_from((0, 50_000, 99_000, 10**6)),
    "money": st.sampled_from((0, 10**12, 49_900_000 * 10**6)),
    "open_orders": st.integers(0, 21),
    "position": st.integers(-210_000, 210_000),
    "working_buy": st.integers(0, 3_000),
    "working_sell": st.integers(0, 3_000),
    "own_bid": st.sampled_from((0, 0, BID - 5, BID)),
    "own_ask": st.sampled_from((0, 0, ASK, ASK + 5)),
    "peg_buy": st.sampled_from((0, 0, 100)),
    "peg_sell": st.sampled_from((0, 0, 100)),
    "close_sell": st.sampled_from((0, 0, 100)),
    "pnl": st.sampled_from((0.0, -49_999.99, -50_000.0, -1e7, math.nan)),
    "clock": st.sampled_from((0, NOW - SECOND, NOW, NOW + SECOND, NOW - 100 * SECOND)),
}
sane_board = {
    "bid": st.sampled_from((0, BID, BID, BID - 20, ASK + 3)),
    "ask": st.sampled_from((0, ASK, ASK, ASK + 20)),
    "bid_size": st.integers(0, 4_000),
    "ask_size": st.integers(0, 4_000),
    "last2": st.sampled_from((0, 10_000, 10_001, 9_500)),
    "volume": st.sampled_from((0, 100_000, 5_000_000)),
    "phase": st.integers(0, 3),
    "heard": st.sampled_from((NOW, NOW, NOW - SECOND, NOW - 3 * SECOND, NOW + 5)),
    "places": st.sampled_from((6, 6, 6, 3)),
}
rules = st.fixed_dictionaries(
    {},
    optional={
        "order_types": st.sampled_from((["limit"], ["ioc", "market"], ["limit", "mid_peg", "quote"])),
        "venue_classes": st.sampled_from((["lit"], ["lit", "dark"])),
        "venues": st.sampled_from((["ALPHA"], ["BETA", "OPAL"])),
        "restricted": st.sampled_from((["MIDC"], ["OTHR"])),
        "sides": st.sampled_from((["buy"], ["sell"])),
        "short": st.sampled_from(("no", "locate")),
        "phases": st.just(["continuous"]),
        "max_child_shares": st.sampled_from((100, 101, 777)),
        "max_child_notional": st.sampled_from((100.0, 5_000.01, 33_333.33)),
        "max_share_of_displayed": st.sampled_from((1e-6, 0.2, 0.333, 3.0)),
        "dark_minimum_shares": st.sampled_from((0, 37, 100)),
        "max_participation": st.sampled_from((1e-6, 0.07, 0.333333, 1.0)),
        "participation_grace_shares": st.sampled_from((0, 10_001)),
        "max_deviation": st.sampled_from((1e-6, 0.033, 1.0)),
        "collar_arrival_bp": st.sampled_from((0.0, 3.3, 10_000.0)),
        "collar_quote_bp": st.sampled_from((0.0, 3.3)),
        "collar_last_bp": st.sampled_from((0.0, 7.77)),
        "max_position": st.sampled_from((0, 10_050)),
        "max_messages_per_second": st.sampled_from((1, 3)),
        "message_burst": st.sampled_from((1, 2)),
        "located": st.sampled_from((0, 100, 10_000)),
    },
)


def changed(draws: dict[str, Any], row: Any) -> None:
    for name, value in draws.items():
        row[name] = value


def some(table: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=table)


def fits(intent: dict[str, Any]) -> dict[str, Any]:
    """The intent as a record can hold it."""
    return intent | {"venue": int(np.int16(intent["venue"])), "side": int(np.int8(intent["side"]))}


@settings(max_examples=120, deadline=None)
@given(
    firm=rules, usage=some(sane_usage), board=some(sane_board), asked=batches, step=steps,
    levels=st.dictionaries(st.integers(0, 12), st.integers(0, 3), max_size=2),
)  # fmt: skip
def test_nothing_that_leaves_violates_a_limit(
    firm: dict[str, Any], usage: dict[str, Any], board: dict[str, Any], asked: list[list[dict[str, Any]]], step: int,
    levels: dict[int, int],
) -> None:  # fmt: skip
    if firm.get("dark_minimum_shares", 100) > firm.get("max_child_shares", 5_000):
        firm["dark_minimum_shares"] = 0
    w = world(**firm)
    changed(usage, w.usages[0])
    changed(board, w.boards[0])
    for row, level in levels.items():
        w.switches[row]["level"] = level
    judge = Judge(w)
    now = NOW
    for batch in asked:
        children, projections = w.check(*map(fits, batch), now=now)
        for child in children:
            assert judge.complaints(child, now) == []
        assert len(children) == np.count_nonzero(projections["verdict"] != Verdict.REFUSED)
        assert all(row["reasons"] and row["binding"] for row in projections if row["verdict"] == Verdict.REFUSED)
        now += step


def twin(w: World, asked: list[dict[str, Any]], now: int) -> None:
    """Ask guard and twin, compare everything."""
    plain = w.usages.copy()
    children, projections = w.check(*asked, now=now)
    expected, found = guard_reference.check(
        np.asarray(w.limits), plain, np.asarray(w.switches), np.asarray(w.boards), as_intents(asked), now
    )
    for told, want in zip(projections, found, strict=True):
        for name in ("verdict", "reasons", "binding", "quantity", "price", "minimum", "kind", "value"):
            if name in ("price", "minimum", "kind", "value") and want["verdict"] == Verdict.REFUSED:
                continue
            assert (name, int(told[name])) == (name, int(want[name])), (told, want)
    for name in expected.dtype.names or ():
        assert np.array_equal(children[name], expected[name], equal_nan=name == "score"), name
    for name in USAGE.names or ():
        assert np.array_equal(w.usages[name], plain[name], equal_nan=name == "pnl"), name


counters = ("pnl", "seen", "passed", "projected", "refused")
fields = {name: NUMBERS for name in USAGE.names or () if USAGE[name].shape == () and name not in counters}
parts = dict.fromkeys(LIMITS.names or (), NUMBERS)
shown = dict.fromkeys(("time", "heard", "bid", "ask", "bid_size", "ask_size", "last2", "volume"), NUMBERS)


@settings(max_examples=200, deadline=None)
@given(
    firm=rules, usage=st.one_of(some(sane_usage), some({**fields, "pnl": FLOATS})),
    board=st.one_of(some(sane_board), some(shown)), limits=st.one_of(st.just({}), st.just({}), some(parts)),
    asked=batches, step=steps, lot=st.sampled_from((1, 1, 100, 7)), tick=st.sampled_from((1, 1, 5)),
    levels=st.dictionaries(st.integers(0, 12), st.integers(0, 3), max_size=2),
)  # fmt: skip
def test_the_twin_says_the_same(
    firm: dict[str, Any], usage: dict[str, Any], board: dict[str, Any], limits: dict[str, Any],
    asked: list[list[dict[str, Any]]], step: int, lot: int, tick: int, levels: dict[int, int],
) -> None:  # fmt: skip
    w = world(**firm | {"dark_minimum_shares": 90})
    changed(usage, w.usages[0])
    changed(board, w.boards[0])
    w.limits[0]["lot"], w.limits[0]["step"] = lot, tick
    changed(limits, w.limits[0])
    for row, level in levels.items():
        w.switches[row]["level"] = level
    now = NOW
    for batch in asked:
        twin(w, [fits(intent) for intent in batch], now)
        now += step


@pytest.mark.parametrize("block", range(3))
def test_likely_orders_in_likely_states_pass_only_within_every_limit_and_as_the_twin_says(block: int) -> None:
    """What Hypothesis rarely reaches: thousands of intents that mostly leave, at the edge of some limit."""
    verdicts, why = Counter[int](), Counter[int]()
    for seed in range(400 * block, 400 * block + 400):
        w, batches_ = fuzzed(seed)
        judge = Judge(w)
        for now, batch in batches_:
            before = w.usages.copy()
            children, projections = w.check(*batch, now=now)
            for child in children:
                assert judge.complaints(child, now) == [], (seed, child)
            w.usages[:] = before
            twin(w, batch, now)
            verdicts.update(projections["verdict"].tolist())
            why.update(projections["binding"].tolist())
    assert min(verdicts[Verdict.PASSED], verdicts[Verdict.PROJECTED], verdicts[Verdict.REFUSED]) > 500
    assert len(set(why) & POLICY_REASONS) >= 22
    assert len(set(why)) >= 32


def test_a_projection_has_a_field_for_everything_that_may_change() -> None:
    for name in ("quantity", "price", "minimum", "kind"):
        assert {name, f"{name}_before"} <= set(PROJECTION.names or ())
