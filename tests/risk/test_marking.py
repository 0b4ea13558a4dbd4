"""What the day has brought: cash, fees and the position at the mid, and nothing leaves where that is not known."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from guard_world import ALPHA, ASK, BID, INSTRUMENT, World, effective, new_board, world
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.board import Phase
from nowake.risk.guard_reference import _plain
from nowake.risk.limits import Traded, compile_limits, new_limits
from nowake.risk.marking import mark, paid
from nowake.risk.reasons import Reason, Verdict, reasons_of
from nowake.risk.usage import new_usages

MID2 = BID + ASK
TICK = Fraction(1, 100)


def marked(w: World) -> float:
    mark(w.limits, w.usages, w.boards, 0, len(w.usages))
    return float(w.usages[0]["pnl"])


def fresh(**firm: Any) -> World:
    """A world whose account holds nothing."""
    w = world(**firm)
    w.usages[0]["position"] = 0
    return w


def fill(w: World, shares: int, price: float, fee: float = 0.0, side: int = 1) -> None:
    """Book a fill as the desk does: shares and cash."""
    paid(w.usages, 0, side, shares, round(2 * price), fee)
    w.usages[0]["position"] += side * shares


def test_a_fill_costs_its_distance_to_the_mid_and_its_fee_and_a_busted_one_nothing() -> None:
    w = fresh()
    assert marked(w) == 0.0
    fill(w, 1_000, ASK, fee=3.0)
    assert marked(w) == pytest.approx(-1_000 * 0.005 - 3.0)
    w.boards[0]["bid"], w.boards[0]["ask"] = BID - 100, ASK - 100
    assert marked(w) == pytest.approx(-1_000 * 1.005 - 3.0)
    fill(w, -1_000, ASK, fee=-3.0)
    assert marked(w) == 0.0


def test_a_desk_that_has_lost_its_limit_may_only_reduce_until_it_has_less_lost() -> None:
    w = world(max_daily_loss=500.0)
    w.usages[0]["position"] = 0
    fill(w, 1_000, ASK)
    marked(w)
    assert w.one(venue=ALPHA, quantity=100)["verdict"] == Verdict.PASSED
    w.boards[0]["bid"], w.boards[0]["ask"] = BID - 50, ASK - 50
    w.boards[0]["place"]["bid"][:2], w.boards[0]["place"]["ask"][:2] = BID - 50, ASK - 50
    assert marked(w) == pytest.approx(-505.0)
    refused = w.one(venue=ALPHA, quantity=100, price=ASK - 50)
    assert (refused["verdict"], refused["binding"]) == (Verdict.REFUSED, Reason.LOSS)
    w.usages[0]["side"], w.usages[0]["own_bid"] = -1, 0  # else it would trade with the one that has passed
    assert w.one(venue=ALPHA, quantity=100, side=-1, price=BID - 50)["verdict"] == Verdict.PASSED
    w.usages[0]["side"], w.usages[0]["own_ask"] = 1, 0
    fill(w, -1_000, ASK)  # the fill is taken back: so is the loss
    assert marked(w) == 0.0
    assert w.one(venue=ALPHA, quantity=100, price=ASK - 50)["verdict"] == Verdict.PASSED


def test_what_was_held_before_today_counts_from_the_first_mid_of_the_day() -> None:
    w = fresh()
    s = w.usages[0]
    s["position"] = s["carried"] = -2_000
    w.boards[0]["bid"] = w.boards[0]["ask"] = 0
    assert marked(w) == 0.0
    w.boards[0]["bid"], w.boards[0]["ask"] = BID, ASK
    assert (marked(w), int(s["open2"])) == (0.0, MID2)
    w.boards[0]["bid"], w.boards[0]["ask"] = BID + 10, ASK + 10
    assert marked(w) == pytest.approx(-200.0)


def test_a_position_without_a_mid_is_not_a_number_and_nothing_leaves() -> None:
    w = fresh()
    fill(w, 1_000, ASK)
    marked(w)
    w.boards[0]["bid"] = 0
    assert math.isnan(marked(w))
    why = reasons_of(int(w.one(venue=ALPHA, quantity=100)["reasons"]))
    assert why == (Reason.NOT_A_NUMBER,)
    w.boards[0]["phase"], w.boards[0]["last2"] = Phase.AUCTION, MID2
    assert marked(w) == pytest.approx(-5.0)  # at the last print
    w.boards[0]["phase"] = Phase.CONTINUOUS
    fill(w, -1_000, ASK)
    assert marked(w) == 0.0  # nothing is held: no mid is needed


def test_parents_of_one_symbol_share_its_result_and_an_account_adds_its_symbols_up() -> None:
    limits, usages = new_limits(4), new_usages(4)
    for i in range(4):
        compile_limits(effective(), Traded(INSTRUMENT, ("ALPHA",)), limits, i)
    usages["account"], usages["symbol"] = [0, 0, 0, 3], [0, 0, 2, 3]
    boards = np.concatenate([new_board(), new_board()]).view(np.recarray)
    usages["board"] = [0, 0, 1, 1]
    boards[1]["bid"], boards[1]["ask"] = 100, 102
    for i, price in ((0, ASK), (1, ASK), (2, 103), (3, 104)):
        paid(usages, i, 1, 100, 2 * price, 0.0)
        usages[int(usages[i]["symbol"])]["position"] += 100
    mark(limits, usages, boards, 0, 4)
    assert usages["pnl"].tolist() == pytest.approx([-200 * 0.005 - 100 * 0.02, 0.0, 0.0, -100 * 0.03])


def told(s: dict[str, Any], b: dict[str, Any]) -> Fraction | None:
    """The twin: what a symbol has brought today in exact fractions; None: not known."""
    mid2 = b["bid"] + b["ask"] if b["bid"] > 0 and b["ask"] > 0 else 0
    mid2 = b["last2"] if not mid2 and b["phase"] != Phase.CONTINUOUS else mid2
    fees = Fraction(s["fees"], 10**9)
    if mid2:
        opened = s["open2"] or mid2
        return Fraction(s["cash2"] + s["position"] * mid2 - s["carried"] * opened, 2) * TICK - fees
    if not s["position"] and not s["carried"]:
        return Fraction(s["cash2"], 2) * TICK - fees
    untouched = not s["open2"] and not s["cash2"] and s["position"] == s["carried"]
    return Fraction(0) if untouched else None


SHARES = st.sampled_from((0, 0, 100, -100, 12_345, -2_000_000))
SYMBOL = st.fixed_dictionaries({
    "cash2": st.integers(-(10**12), 10**12), "fees": st.integers(-(10**12), 10**12), "position": SHARES,
    "carried": SHARES, "open2": st.sampled_from((0, MID2, 9_000)),
})  # fmt: skip
SHOWN = st.fixed_dictionaries({
    "bid": st.sampled_from((0, BID, ASK)), "ask": st.sampled_from((0, ASK, BID)), "last2": st.sampled_from((0, 10_003)),
    "phase": st.sampled_from((Phase.CONTINUOUS, Phase.AUCTION, Phase.HALTED)),
})  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(symbol=SYMBOL | st.just({"cash2": 0, "position": 100, "carried": 100, "open2": 0}), shown=SHOWN)
def test_the_twin_says_the_same(symbol: dict[str, int], shown: dict[str, int]) -> None:
    w = fresh()
    for name, value in symbol.items():
        w.usages[0][name] = value
    for name, value in shown.items():
        w.boards[0][name] = value
    want = told(_plain(w.usages[0]), _plain(w.boards[0]))
    got = marked(w)
    assert math.isnan(got) if want is None else got == pytest.approx(float(want), rel=1e-12, abs=1e-9)
    assert marked(w) == pytest.approx(got, nan_ok=True)  # marking again changes nothing
