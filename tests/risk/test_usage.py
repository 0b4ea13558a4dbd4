"""What is used of the limits: sending, filling and ending a child move shares, and lose none."""

from typing import Any

import numpy as np
import pytest
from guard_world import ALPHA, ASK, BID, NOW, for_kernels, world
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.core.intent import OrderKind
from nowake.core.times import SECOND
from nowake.risk.reasons import Verdict
from nowake.risk.usage import USAGE, WORKING, closed, filled, new_usages, recount, sent, spend

LIMIT, MID_PEG, ON_CLOSE, IOC = OrderKind.LIMIT, OrderKind.MID_PEG, OrderKind.ON_CLOSE, OrderKind.IOC


def orders(*rows: dict[str, Any]) -> np.ndarray:
    """WORKING records: what is not said is a buy of 100 at the bid of ALPHA, worth 50 a share."""
    working = np.zeros(len(rows), WORKING)
    for k, (record, row) in enumerate(zip(working, rows, strict=True)):
        base = {"id": k + 1, "side": 1, "kind": LIMIT, "price": BID, "leaves": 100, "value": 50_000_000, "time": NOW}
        for name, value in (base | row).items():
            record[name] = value
    return for_kernels(working)


def test_rows_are_their_own_symbol_account_and_board() -> None:
    usages = new_usages(3)
    assert usages["symbol"].tolist() == usages["account"].tolist() == usages["board"].tolist() == [0, 1, 2]
    assert (usages["target"] == -1).all()
    with pytest.raises(InputError, match="rows of usage"):
        new_usages(0)


def test_a_child_is_sent_filled_in_part_and_ends() -> None:
    usages, working = new_usages(1), orders({"leaves": 300})
    u = usages[0]
    sent(usages, working, 0)
    assert (u["working"], u["working_buy"], u["open_orders"], u["own_bid"]) == (300, 300, 1, BID)
    assert u["money"] == u["venue_money"][ALPHA] == 300 * 50_000_000
    filled(usages, working, 0, 120)
    assert (u["filled"], u["working"], u["position"], working[0]["leaves"]) == (120, 180, 120, 180)
    closed(usages, working, 0)
    assert (u["working"], u["working_buy"], u["open_orders"], working[0]["leaves"]) == (0, 0, 0, 0)
    assert u["money"] == u["venue_money"][ALPHA] == 120 * 50_000_000  # what is done stays used
    recount(usages, working, 1)
    assert (u["own_bid"], u["filled"], u["position"]) == (0, 120, 120)


def test_best_own_prices_and_hidden_shares_are_those_of_what_works() -> None:
    working = orders(
        {"price": BID - 3}, {"price": BID - 1}, {"price": BID, "leaves": 0},
        {"side": -1, "price": ASK + 4}, {"side": -1, "price": ASK + 2},
        {"kind": MID_PEG, "price": ASK + 50}, {"kind": MID_PEG, "side": -1, "leaves": 70},
        {"kind": ON_CLOSE, "price": ASK + 50}, {"kind": ON_CLOSE, "side": -1, "leaves": 30},
        {"kind": IOC, "price": ASK},
    )  # fmt: skip
    usages = new_usages(1)
    recount(usages, working, len(working))
    names = ("own_bid", "own_ask", "peg_buy", "peg_sell", "close_buy", "close_sell", "open_orders")
    assert [int(usages[0][name]) for name in names] == [BID - 1, ASK + 2, 100, 70, 100, 30, 9]


operations = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400), st.booleans()), max_size=40)


@settings(max_examples=60, deadline=None)
@given(operations=operations, sides=st.lists(st.sampled_from((1, -1)), min_size=6, max_size=6))
def test_shares_are_neither_made_nor_lost(operations: list[tuple[int, int, bool]], sides: list[int]) -> None:
    working = orders(*({"side": side, "parent": int(side < 0), "leaves": 300} for side in sides))
    usages = new_usages(2)
    usages["symbol"] = usages["account"] = 0
    for k in range(6):
        sent(usages, working, k)
    done = [0] * 6
    for k, quantity, ends in operations:
        if working[k]["leaves"] == 0:
            continue
        part = min(quantity, int(working[k]["leaves"]))
        filled(usages, working, k, part)
        done[k] += part
        if ends:
            closed(usages, working, k)
    for parent, side in ((0, 1), (1, -1)):
        mine = [k for k in range(6) if sides[k] == side]
        assert usages[parent]["filled"] == sum(done[k] for k in mine)
        assert usages[parent]["working"] == sum(int(working[k]["leaves"]) for k in mine)
    assert usages[0]["position"] == sum(side * n for side, n in zip(sides, done, strict=True))
    assert usages[0]["working_buy"] + usages[0]["working_sell"] == working["leaves"].sum()
    assert usages["money"].sum() == (sum(done) + working["leaves"].sum()) * 50_000_000


def test_cancels_are_never_refused_but_use_messages_up() -> None:
    w = world()
    for _ in range(10):
        spend(w.usages, 0, ALPHA)
    assert w.one(price=BID)["verdict"] == Verdict.REFUSED  # 8 at once, 10 were spent
    w.boards[0]["heard"] = NOW + SECOND // 5
    assert w.one(price=BID, now=NOW + SECOND // 5)["verdict"] == Verdict.REFUSED
    w.boards[0]["heard"] = NOW + SECOND // 2
    assert w.one(price=BID, now=NOW + SECOND // 2)["verdict"] == Verdict.PASSED


def test_no_field_hides_behind_an_attribute_of_numpy_records() -> None:
    # With the compiler off, kernels read fields as attributes of np.record: a field named like one would be lost.
    from nowake.risk.limits import LIMITS
    from nowake.risk.projection import PROJECTION
    from nowake.risk.switches import SWITCH

    for dtype in (USAGE, WORKING, LIMITS, PROJECTION, SWITCH):
        assert set(dtype.names or ()) & set(dir(np.void)) == set()
