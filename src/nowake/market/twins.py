"""Pairs of the founding scenario: every policy beside its twin, many markets, on as many processors as there are."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from nowake.execution.decision_reader import DecisionLog
from nowake.execution.outcome import MARKS, POINTS, VENUE, Outcome, Told
from nowake.market.scenario import AFTER, Scenario, alone, check, market_of, steps_of
from nowake.market.scenario_desk import Run, worked
from nowake.market.scenario_ledger import Child
from nowake.market.scenario_told import told
from nowake.market.workers import in_processes

__all__ = ["run_pairs", "tell"]

_REFUSED = ("last_look", "late")  # answers of a dealer whose quote was taken


def _at(grid: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the last step not after each of `times`."""
    return np.clip(np.searchsorted(grid, times, side="right") - 1, 0, len(grid) - 1)


def _child_impact(children: Sequence[Child], grid: np.ndarray, moved: np.ndarray) -> float:
    """Return the mean change of `moved` over AFTER from each child that traded; NaN if the day ends before."""
    sent = np.array([child.time for child in children if child.filled], np.int64)
    sent = sent[sent + AFTER <= grid[-1]]
    if not len(sent):
        return float("nan")
    return float((moved[_at(grid, sent + AFTER)] - moved[_at(grid, sent)]).mean())


def _offered(child: Child, venue: str) -> int:
    """Return the shares that `venue` could have filled of `child`: of a dealer, those of a quote that was taken."""
    if not child.asks:
        return child.quantity
    if child.dealers[venue] in _REFUSED:
        return child.quantity
    return child.filled if venue == child.venue else 0


def _venues(what: Scenario, run: Run, grid: np.ndarray) -> np.ndarray:
    """Return VENUE per place; the mid of a fill is the one that the desk saw last before it.

    A dealer's children are the requests that he answered.
    """
    rows, side = np.zeros(len(run.places), VENUE), int(what.side)
    number = {name: k for k, (name, _) in enumerate(run.places)}
    for child in run.ledger.children.values():
        for name in child.dealers if child.asks else (child.venue,):
            row = rows[number[name]]
            row["children"] += 1
            row["offered"] += _offered(child, name)
            row["maker"] += child.maker if name == child.venue else 0
    times = np.array([fill.time for fill in run.ledger.fills], np.int64)
    before = run.seen[np.clip(np.searchsorted(run.looks, times, side="left") - 1, 0, None)]
    after = [np.where(times + h <= grid[-1], run.mids[_at(grid, times + h)], np.nan) for h in MARKS]
    for k, fill in enumerate(run.ledger.fills):
        row, shares, price = rows[number[fill.venue or ""]], fill.quantity, fill.price or 0.0
        row["filled"] += shares
        row["fills"] += 1
        row["fees"] += fill.fee
        row["half"] += shares * side * (price - before[k])
        for h in range(len(MARKS)):
            if np.isfinite(after[h][k]):
                row["marked"][h] += shares
                row["markout"][h] += shares * side * (after[h][k] - price)
    return rows


def _outcome(what: Scenario, seed: int, name: str, run: Run, twin: np.ndarray, grid: np.ndarray) -> Outcome:
    children, fills, side = list(run.ledger.children.values()), run.ledger.fills, int(what.side)
    moved = side * (run.mids - twin)
    start, end = what.window
    times = np.array([fill.time for fill in fills], np.int64)
    shares = np.array([fill.quantity for fill in fills], np.int64)
    points = np.linspace(start, end, POINTS).astype(np.int64)
    total, kinds = np.concatenate(([0], np.cumsum(shares))), dict(run.places)
    last = int(_at(grid, np.array([end]))[0])
    by = {kind: sum(f.quantity for f in fills if kinds[f.venue or ""] == kind) for kind in ("dark", "dealer")}
    return Outcome(
        policy=name, seed=seed, side=side, quantity=what.quantity, tick=what.preset.instrument.tick,
        arrival=float(run.mids[0]), end=float(run.mids[last]), filled=int(shares.sum()),
        paid=sum(child.paid for child in children), fees=sum(child.fee for child in children),
        maker=sum(child.maker for child in children), dark=by["dark"], dealer=by["dealer"],
        children=len(children), fills=len(fills), rejects=run.ledger.rejects, impact_end=float(moved[last]),
        impact_paid=float((moved[_at(grid, times)] * shares).sum() / shares.sum()) if len(shares) else float("nan"),
        impact_child=_child_impact(children, grid, moved),
        impact=moved[_at(grid, points)], done=total[np.searchsorted(times, points, side="right")],
        places=run.places, venues=_venues(what, run, grid),
    )  # fmt: skip


def _pair(what: Scenario, k: int) -> list[Outcome]:
    """Return what became of the order under each policy in market `k`."""
    base, grid = market_of(what, k), steps_of(what)
    past = base.messages()
    twin = alone(base.twin(), grid)
    return [
        _outcome(what, base.seed, name, worked(what, name, base.twin(), grid, past=past), twin, grid)
        for name in what.policies
    ]


def run_pairs(
    what: Scenario, *, workers: int = 1, progress: Callable[[float], None] | None = None
) -> list[list[Outcome]]:
    """Return the outcomes, one list per pair, policies in their order; more `workers` (processes) save time only.

    OrderError for an order that the execution policy could never let through.
    """
    check(what)
    if workers > 1:
        _compile(what)
    return in_processes(what.pairs, partial(_pair, what), workers, progress)


def _compile(what: Scenario) -> None:
    """Let one process compile what is not cached yet, before several would."""
    brief = replace(what, warm_up=1.0, horizon=10.0, quantity=min(what.quantity, 1_000))
    worked(brief, what.policies[0], market_of(brief, 0), steps_of(brief)[:3])


def tell(what: Scenario, k: int, name: str, log: Path | None = None) -> Told:
    """Return the order of policy `name` in market `k`, child by child; `log`: where its decision log is to be kept."""
    base, grid = market_of(what, k), steps_of(what)
    past = base.messages()
    twin = alone(base.twin(), grid)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "order.decisions"
        run = worked(what, name, base.twin(), grid, file, past)
        if log is not None:
            log.write_bytes(file.read_bytes())
        outcome = _outcome(what, base.seed, name, run, twin, grid)
        return told(what, outcome, run, twin, grid, DecisionLog(file))
