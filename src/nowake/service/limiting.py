"""Under which limits a trader's orders are: the scope of each, limits that come into force, a strategy that changes.

One scope (`scope_of`) says whose an order is: to the execution policy, to the kill switch, and to the question whether
it can fill. Limits that come into force hold for the next intent; what works already and is not allowed any more is
withdrawn (`put_in_force`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nowake.core.errors import OrderError
from nowake.core.intent import Origin
from nowake.core.values import Side
from nowake.execution.opening import compile_rows
from nowake.execution.replanning import Plan
from nowake.oms.events import Control
from nowake.risk.kill_file import Held
from nowake.risk.limits import Traded
from nowake.risk.policy import Policy
from nowake.risk.scopes import Scope, idle, kind_of, resolve
from nowake.risk.tighten import Change, caught

if TYPE_CHECKING:
    from nowake.execution.live import LiveDesk
    from nowake.service.trader import Trader

__all__ = ["DESK", "check_strategy", "idle_words", "put_in_force", "scope_of", "stops", "strategy_now", "work_by"]

DESK = "program"
"""The desk of the execution policy that a trader's orders are of."""


def scope_of(symbol: str, strategy: str, client: str) -> Scope:
    """Return whose an order is: its desk, the strategy that works it, its symbol, and the order by its client id."""
    return Scope(desk=DESK, strategy=strategy, symbol=symbol, order=client)


def strategy_now(algo: str, said: Iterable[Control]) -> str:
    """Return the strategy that works an order: `algo`, or the last that a person has switched to."""
    switched = [Plan.parse(one.value).name for one in said if one.what == "strategy"]
    return switched[-1] if switched else algo


def put_in_force(desk: "LiveDesk", limits: np.ndarray, by_hand: np.ndarray, now: int) -> list[Change]:
    """Let LIMITS of the orders, and of what is sent for them by hand, hold; returns what was withdrawn for it."""
    path = desk.path
    found = {one.order_id: one for one in _caught(desk, path.limits, limits, now)}
    kids, working = path.kids, path.working
    humans = set(working["id"][(kids["origin"] == Origin.HUMAN) & (working["leaves"] > 0)].tolist())
    if humans:
        again = _caught(desk, path.hand_limits, by_hand, now)
        found |= {one.order_id: one for one in again if one.order_id in humans - found.keys()}
    path.limits[:], path.hand_limits[:] = limits, by_hand
    return [change for change in found.values() if desk.withdraw(change.order_id)]


def _caught(desk: "LiveDesk", old: np.ndarray, new: np.ndarray, now: int) -> list[Change]:
    path = desk.path
    return caught(old, new, path.usages, path.boards, path.working, now)


def check_strategy(trader: "Trader", i: int, strategy: str) -> None:
    """Refuse to let order `i` be worked by a strategy under whose limits it could not go on."""
    scope = replace(trader.scopes[i], strategy=strategy)
    effective = resolve(trader.policy, scope)
    resolve(trader.policy, replace(scope, by_hand=True))
    side = str(Side(trader.parents[i].side))
    if side not in effective["sides"]:
        raise OrderError(
            f"strategy {strategy}", expected=f"one that may {side}: sides of {effective.scope('sides')}",
            got=" and ".join(effective["sides"]),
        )  # fmt: skip


def work_by(trader: "Trader", i: int, strategy: str) -> list[Change]:
    """Let order `i` be of `strategy`: its limits and its switches follow; returns what was withdrawn for it."""
    trader.scopes[i] = replace(trader.scopes[i], strategy=strategy)
    traded = Traded(trader.setup.instrument, trader.names)
    gone = put_in_force(trader.desk, *compile_rows(trader.policy, trader.scopes, traded), trader.now())
    trader.kill.attach(trader.path.usages, i, trader.scopes[i], trader.names)
    return gone


def idle_words(policy: Policy) -> str:
    """Return which limits of `policy` have no effect, because the firm is as tight; empty if every one has."""
    keys = ", ".join(one.key for one in idle(policy))
    return f"without effect, because the firm is as tight or tighter: {keys}" if keys else ""


def stops(held: Sequence[Held], scope: Scope, venues: Sequence[str]) -> list[Held]:
    """Return what of `held` stops an order of `scope` that may trade at `venues`: of them only all together."""
    strategy = scope.strategy or ""
    names = {
        "firm": ("",), "desk": (scope.desk,), "strategy": (strategy, kind_of(strategy)), "symbol": (scope.symbol,),
        "order": (scope.order,),
    }  # fmt: skip
    found = [one for one in held if one.name in names.get(one.scope, ())]
    pressed = [one for one in held if one.scope == "venue" and one.name in venues]
    return found + (pressed if {one.name for one in pressed} == set(venues) else [])
