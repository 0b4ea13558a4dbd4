"""A tightening applies to what works: named are the orders to cancel or reduce, and no others."""

from typing import Any

import numpy as np
import pytest
from guard_world import ALPHA, ASK, BETA, BID, FIRM, INSTRUMENT, NOW, OPAL, PLACES, for_kernels, table, world

from nowake.core.intent import OrderKind
from nowake.core.times import SECOND
from nowake.risk.limits import Traded, compile_limits, new_limits
from nowake.risk.policy import from_table
from nowake.risk.scopes import Scope, resolve
from nowake.risk.tighten import Change, caught
from nowake.risk.usage import WORKING, sent

ORDERS = (
    {"venue": ALPHA, "leaves": 400, "price": BID},
    {"venue": ALPHA, "leaves": 900, "price": BID - 4},
    {"venue": BETA, "leaves": 300, "price": BID, "kind": OrderKind.POST_ONLY},
    {"venue": OPAL, "leaves": 700, "price": ASK + 10, "kind": OrderKind.MID_PEG, "minimum": 100},
    {"venue": ALPHA, "leaves": 0, "price": BID},
)


def limits_of(**firm: Any) -> np.ndarray:
    limits = new_limits(1)
    policy = from_table(table(firm=FIRM | firm))
    compile_limits(resolve(policy, Scope(symbol="MIDC")), Traded(INSTRUMENT, PLACES), limits, 0)
    return limits


def changes(new: dict[str, Any], old: dict[str, Any] | None = None, **board: Any) -> list[Change]:
    w = world()
    working = np.zeros(len(ORDERS), WORKING)
    for k, order in enumerate(ORDERS):
        base = {"id": k + 1, "side": 1, "kind": OrderKind.LIMIT, "value": ASK * 10_000, "time": NOW - 50 + k}
        for name, value in (base | order).items():
            working[k][name] = value
    working = for_kernels(working)
    for k in range(len(ORDERS) - 1):
        sent(w.usages, working, k)
    for name, value in board.items():
        w.boards[0][name] = value
    before = w.usages.tobytes()
    found = caught(limits_of(**(old or {})), limits_of(**new), w.usages, w.boards, working, NOW)
    assert w.usages.tobytes() == before
    return found


def told(found: list[Change]) -> list[tuple[int, str, int]]:
    return [(one.order_id, one.action, one.quantity) for one in found]


def test_the_same_limits_touch_nothing() -> None:
    assert changes({}) == []


def test_looser_limits_touch_nothing() -> None:
    assert changes({}, {"max_child_shares": 350, "collar_quote_bp": 0.0}) == []


TIGHTER: list[tuple[dict[str, Any], list[tuple[int, str, int]], str]] = [
    ({"max_child_shares": 500}, [(2, "reduce", 500), (4, "reduce", 500)], "child"),
    ({"venues": ["ALPHA", "OPAL"]}, [(3, "cancel", 0)], "venue"),
    ({"order_types": ["limit", "post_only"]}, [(4, "cancel", 0)], "order_type"),
    ({"restricted": ["MIDC"]}, [(k, "cancel", 0) for k in (1, 2, 3, 4)], "restricted"),
    ({"sides": ["sell"]}, [(k, "cancel", 0) for k in (1, 2, 3, 4)], "side"),
    ({"max_open_orders": 2}, [(3, "cancel", 0), (4, "cancel", 0)], "open_orders"),
    ({"max_position": 11_000}, [(2, "reduce", 600), (3, "cancel", 0), (4, "cancel", 0)], "position"),
    ({"max_deviation": 1e-6}, [], ""),
    ({"collar_quote_bp": 10.0}, [(4, "cancel", 0)], "collar_quote"),
    ({"dark_minimum_shares": 300}, [(4, "cancel", 0)], "dark_minimum"),
    ({"dark_minimum_shares": 800}, [(4, "cancel", 0)], "dark_minimum"),
    ({"max_order_notional": 550_000.0}, [(2, "reduce", 600), (3, "cancel", 0), (4, "cancel", 0)], "order_notional"),
    ({"max_share_of_displayed": 0.2}, [(2, "reduce", 600)], "displayed"),
    ({"max_messages_per_second": 1, "message_burst": 1}, [], ""),
]


@pytest.mark.parametrize(("new", "expected", "why"), TIGHTER)
def test_what_is_caught_is_cancelled_or_reduced_the_oldest_kept(
    new: dict[str, Any], expected: list[tuple[int, str, int]], why: str
) -> None:
    found = changes(new)
    assert told(found) == expected
    assert all(why in one.reasons and one.words for one in found)


def test_a_pause_of_the_data_or_a_move_of_the_market_cancels_nothing() -> None:
    assert changes({"max_position": 100_000}, heard=NOW - 60 * SECOND) == []
    assert changes({"max_position": 100_000}, bid=BID - 30, ask=ASK - 30) == []
    assert told(changes({"max_child_shares": 800}, heard=NOW - 60 * SECOND)) == [(2, "reduce", 800)]
