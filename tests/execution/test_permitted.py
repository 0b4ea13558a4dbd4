"""What leaves a look: nothing that the policy forbids, and nothing through a better displayed quote."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.board import PlaceKind, PlaceState
from nowake.core.intent import OrderKind, Tactic
from nowake.core.times import SECOND
from nowake.core.values import ParentOrder, Side
from nowake.execution.desk_state import Act, Placing
from nowake.execution.path import DecisionPath, Place
from nowake.execution.policy import FixedPolicy
from nowake.risk.reasons import Verdict
from nowake.risk.usage import TOKEN

from .desk_world import INSTRUMENT, linear, path_of

NOW = 1_767_630_000 * SECOND
LIT, DARK, DEALER = PlaceKind.LIT, PlaceKind.DARK, PlaceKind.DEALER
PLACES = [
    Place("ALPHA", LIT), Place("BETA", LIT), Place("GAMMA", LIT), Place("OPAL", DARK), Place("NORTH", DEALER),
    Place("SOUTH", DEALER), Place("WEST", DEALER),
]  # fmt: skip
ALL = (1 << len(PLACES)) - 1
BID = 5_000


def lay(path: DecisionPath, side: Side, quotes: list[tuple[int, int]]) -> None:
    """Show `quotes` (ticks behind the best, shares) on the far side of the lit places, 300 at the near one."""
    board = path.boards[0]
    ask = BID + 2
    board["heard"], board["last2"], board["volume"] = NOW, 2 * BID + 2, 1_000_000
    board["place"]["time"] = NOW
    for p, (behind, size) in zip(board["place"], quotes, strict=False):
        p["bid"], p["ask"], p["bid_size"], p["ask_size"] = BID, ask, 300, 300
        far, shown = ("ask", "ask_size") if side > 0 else ("bid", "bid_size")
        p[far], p[shown] = (ask + behind, size) if side > 0 else (BID - behind, size)
    lit = board["place"][: len(quotes)]
    board["bid"], board["ask"] = lit["bid"].max(), lit["ask"].min()
    board["bid_size"] = lit["bid_size"][lit["bid"] == board["bid"]].sum()
    board["ask_size"] = lit["ask_size"][lit["ask"] == board["ask"]].sum()


def path_at(side: Side, quotes: list[tuple[int, int]], tactic: Tactic = Tactic.CROSS) -> DecisionPath:
    """A path whose order of 60,000 shares is to be done at once."""
    path = path_of(PLACES, FixedPolicy(tactic))
    order = ParentOrder("P", INSTRUMENT, side, 60_000, NOW - 590 * SECOND, NOW + 10 * SECOND)
    path.take_on(0, order, linear(), 10 * SECOND, Placing())
    path.ids(0, 1, 1_000)
    path.limits["deviation"] = path.limits["participation"] = 1_000_000
    path.limits["max_position"] = 10**9
    path.limits["short"] = 2
    lay(path, side, quotes)
    return path


def leave(path: DecisionPath) -> list[Any]:
    count, _ = path.turn(NOW, moved=False)
    rows: list[Any] = [row.copy() for row in path.sends.view(np.ndarray)[:count] if row["act"] != Act.CANCEL]
    return rows


QUOTES = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from((100, 300, 1_000, 4_000))), min_size=3, max_size=3
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    side=st.sampled_from(list(Side)), quotes=QUOTES, tactic=st.sampled_from(list(Tactic)),
    displayed=st.sampled_from((200_000, 1_000_000)), child=st.sampled_from((100, 500, 100_000)),
    money=st.sampled_from((10**9, 10**15)), venues=st.integers(0, ALL), kinds=st.sampled_from((None, 2, 3)),
    tokens=st.lists(st.sampled_from((0, 100)), min_size=3, max_size=3), silent=st.integers(0, 7),
)  # fmt: skip
def test_whatever_the_limits_nothing_leaves_through_a_better_displayed_quote(
    side: Side, quotes: list[tuple[int, int]], tactic: Tactic, displayed: int, child: int, money: int, venues: int,
    kinds: int | None, tokens: list[int], silent: int,
) -> None:  # fmt: skip
    path = path_at(side, quotes, tactic)
    m = path.limits
    m["displayed"], m["max_child"], m["child_notional"], m["venues"] = displayed, child, money, venues
    m["kinds"] = m["kinds"] if kinds is None else int(m["kinds"][0]) & ~(1 << kinds)
    usage = path.usages
    usage["token_time"][0, :3], usage["tokens"][0, :3] = NOW, np.array(tokens) * TOKEN
    board = path.boards[0]
    for k in range(3):
        if silent >> k & 1:
            board["place"]["time"][k] = NOW - int(m["venue_silence"][0]) - 1
    rows = leave(path)
    takers = [row for row in rows if row["kind"] == OrderKind.IOC and row["venue"] < 3]
    far, shown = ("ask", "ask_size") if side > 0 else ("bid", "bid_size")
    usable = [k for k in range(3) if venues >> k & 1 and not silent >> k & 1]
    for row in takers:
        for k in usable:
            p = board["place"][k]
            if side * int(p[far]) < side * int(row["price"]):
                (better,) = [one for one in takers if one["venue"] == k]
                assert better["quantity"] >= p[shown]
    for row in rows:
        assert int(m["kinds"][0]) >> int(row["kind"]) & 1
        assert row["kind"] == OrderKind.QUOTE or venues >> int(row["venue"]) & 1
    assert (board["place"]["state"][: len(PLACES)] == PlaceState.UP).all()


@pytest.mark.parametrize("tactic", list(Tactic))
def test_what_the_policy_forbids_is_never_asked_of_the_guard(tactic: Tactic) -> None:
    path = path_at(Side.BUY, [(0, 300), (1, 300), (2, 300)], tactic)
    path.limits["venues"], path.limits["dealers"] = 1 << 1, 1 << 5
    rows = leave(path)
    judged = path.projections[: int(path.desk[0]["guarded"])]
    assert rows
    assert {int(row["venue"]) for row in rows} <= {1, 5}
    assert {int(row["asked"]) for row in rows if row["kind"] == OrderKind.QUOTE} <= {1 << 5}
    assert not (judged["verdict"] == Verdict.REFUSED).any()


def test_dealers_that_are_not_listed_or_killed_are_not_asked_with_one_that_is() -> None:
    path = path_at(Side.BUY, [(0, 100), (0, 100), (0, 100)], Tactic.CROSS)
    dealers = [4, 5, 6]
    (asked,) = [int(row["asked"]) for row in leave(path) if row["kind"] == OrderKind.QUOTE]
    first = [k for k in dealers if asked >> k & 1]
    assert len(first) > 1
    for k in first:
        path = path_at(Side.BUY, [(0, 100), (0, 100), (0, 100)], Tactic.CROSS)
        path.limits["dealers"] = sum(1 << one for one in dealers if one != k)
        (asked,) = [int(row["asked"]) for row in leave(path) if row["kind"] == OrderKind.QUOTE]
        assert asked
        assert not asked >> k & 1


def test_a_pressed_switch_is_not_asked_of_the_guard_again_and_again() -> None:
    path = path_at(Side.BUY, [(0, 300), (1, 300), (2, 300)])
    path.switches["level"][0] = 2
    assert leave(path) == []
    assert int(path.usages[0]["seen"]) == 0
    path.switches["level"][0] = 0
    path.desk[0]["next_wake"] = 0
    assert leave(path)
