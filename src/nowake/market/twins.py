"""Pairs of the founding scenario: every policy beside its twin, many markets, on as many processors as there are."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from nowake.execution.children import Child
from nowake.execution.outcome import POINTS, Outcome, Step, Told
from nowake.market.scenario import AFTER, Run, Scenario, alone, market_of, steps_of, worked
from nowake.market.workers import in_processes

__all__ = ["run_pairs", "tell"]


def _at(grid: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the last step not after each of `times`."""
    return np.clip(np.searchsorted(grid, times, side="right") - 1, 0, len(grid) - 1)


def _child_impact(children: list[Child], grid: np.ndarray, moved: np.ndarray) -> float:
    """Return the mean change of `moved` over AFTER from each child that traded; NaN if the day ends before."""
    sent = np.array([child.time for child in children if child.filled], np.int64)
    sent = sent[sent + AFTER <= grid[-1]]
    if not len(sent):
        return float("nan")
    return float((moved[_at(grid, sent + AFTER)] - moved[_at(grid, sent)]).mean())


def _outcome(what: Scenario, seed: int, name: str, run: Run, twin: np.ndarray, grid: np.ndarray) -> Outcome:
    book, side = run.worker.children, int(what.side)
    moved = side * (run.mids - twin)
    start, end = what.window
    times = np.array([fill.time for fill in book.fills], np.int64)
    shares = np.array([fill.quantity for fill in book.fills], np.int64)
    points = np.linspace(start, end, POINTS).astype(np.int64)
    total = np.concatenate(([0], np.cumsum(shares)))
    traded, last = [child for child in book.every if child.filled], int(_at(grid, np.array([end]))[0])
    dark = {pool.name for pool in what.preset.dark}
    return Outcome(
        policy=name, seed=seed, side=side, quantity=what.quantity, tick=what.preset.instrument.tick,
        arrival=float(run.mids[0]), end=float(run.mids[last]), filled=book.filled,
        paid=sum(child.paid for child in traded), fees=sum(child.fee for child in traded),
        maker=sum(child.maker for child in traded),
        dark=sum(fill.quantity for fill in book.fills if fill.venue in dark),
        children=len(book.every), fills=len(book.fills), rejects=book.rejects,
        impact_end=float(moved[last]),
        impact_paid=float((moved[_at(grid, times)] * shares).sum() / shares.sum()) if len(shares) else float("nan"),
        impact_child=_child_impact(book.every, grid, moved),
        impact=moved[_at(grid, points)], done=total[np.searchsorted(times, points, side="right")],
    )  # fmt: skip


def _pair(what: Scenario, k: int) -> list[Outcome]:
    """Return what became of the order under each policy in market `k`."""
    base, grid = market_of(what, k), steps_of(what)
    twin = alone(base.twin(), grid)
    return [
        _outcome(what, base.seed, name, worked(what, name, base.twin(), grid), twin, grid) for name in what.policies
    ]


def run_pairs(
    what: Scenario, *, workers: int = 1, progress: Callable[[float], None] | None = None
) -> list[list[Outcome]]:
    """Return the outcomes, one list per pair, policies in their order; more `workers` (processes) save time only."""
    if workers > 1:
        _compile(what)
    return in_processes(what.pairs, partial(_pair, what), workers, progress)


def _compile(what: Scenario) -> None:
    """Let one process compile what is not cached yet, before several would."""
    market = market_of(replace(what, warm_up=1.0), 0)
    market.submit(int(what.side), 1, kind="market")
    market.twin().advance(0.1)
    market.quote()


def tell(what: Scenario, k: int, name: str) -> Told:
    """Return the order of policy `name` in market `k`, child by child."""
    base, grid = market_of(what, k), steps_of(what)
    twin = alone(base.twin(), grid)
    run = worked(what, name, base.twin(), grid)
    tick = what.preset.instrument.tick
    inside, children = grid <= what.window[1], run.worker.children
    times = np.array([fill.time for fill in children.fills], np.int64)
    total = np.concatenate(([0], np.cumsum([fill.quantity for fill in children.fills])))
    targets = np.concatenate(([0], run.worker.targets))
    due = np.interp(grid[inside], run.worker.edges[: len(targets)], targets)
    return Told(
        outcome=_outcome(what, base.seed, name, run, twin, grid),
        steps=tuple(_step(child, twin[_at(grid, np.array([child.time]))[0]], tick) for child in children.every),
        times=grid[inside], mid=run.mids[inside] * tick, twin_mid=twin[inside] * tick, due=due,
        done=total[np.searchsorted(times, grid[inside], side="right")],
    )  # fmt: skip


def _step(child: Child, twin: float, tick: float) -> Step:
    filled = child.filled > 0
    liquidity = None if not filled else "maker" if child.maker == child.filled else "both" if child.maker else "taker"
    end = "filled" if child.filled == child.quantity else f"withdrawn ({child.reason})" if child.reason else "open"
    return Step(
        time=child.time, venue=child.venue, kind=child.kind, price=None if child.price is None else child.price * tick,
        quantity=child.quantity, filled=child.filled, average=child.paid / child.filled * tick if filled else None,
        liquidity=liquidity, mid=child.mid * tick, twin_mid=float(twin) * tick, fee=child.fee, why=child.why, end=end,
    )  # fmt: skip
