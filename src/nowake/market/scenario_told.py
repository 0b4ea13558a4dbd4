"""The told order of the founding scenario: its children and decisions, each with its reasons from the decision log."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nowake.execution.decision_reader import DecisionLog, Kept
from nowake.execution.explain import explained
from nowake.execution.explain_words import why
from nowake.execution.outcome import Outcome, Step, Told
from nowake.market.scenario import Scenario
from nowake.market.scenario_desk import PARENT, Run
from nowake.market.scenario_ledger import Child

__all__ = ["told"]

_ENDS = {"asked": "withdrawn", "unfilled": "rest expired"}


def told(what: Scenario, outcome: Outcome, run: Run, twin: np.ndarray, grid: np.ndarray, log: DecisionLog) -> Told:
    """Return the story of a worked order, whose decision log is `log`."""
    tick, inside, ledger = what.preset.instrument.tick, grid <= what.window[1], run.ledger
    decisions = {int(one["number"]): one for one in log.decisions(PARENT)}
    kept = {int(one["order_id"]): one for one in log.children(PARENT)}
    times = np.array([fill.time for fill in ledger.fills], np.int64)
    total = np.concatenate(([0], np.cumsum([fill.quantity for fill in ledger.fills])))
    seen = twin[np.clip(np.searchsorted(grid, [c.time for c in ledger.children.values()], "right") - 1, 0, None)]
    about = explained(log, PARENT)
    return Told(
        outcome=outcome,
        steps=tuple(
            _step(child, dict(run.places)[child.venue], float(mid), tick, _answers(kept[child.order_id], decisions))
            for child, mid in zip(ledger.children.values(), seen, strict=True)
        ),
        decisions=tuple(_decision(one, run, kept) for one in about["decisions"]), versions=about["versions"],
        times=grid[inside], mid=run.mids[inside] * tick, twin_mid=twin[inside] * tick, due=run.due[inside],
        done=total[np.searchsorted(times, grid[inside], side="right")],
    )  # fmt: skip


def _answers(kept: Kept, decisions: Mapping[int, Kept]) -> dict[str, str]:
    return why(kept, decisions.get(int(kept["decision"])))


def _decision(one: Mapping[str, Any], run: Run, kept: Mapping[int, Kept]) -> dict[str, Any]:
    """Return a decision with what its children were given, shares by kind of place."""
    kinds, given = dict(run.places), {"lit": 0, "dark": 0, "dealer": 0}
    mine = [run.ledger.children[k] for k, child in kept.items() if int(child["decision"]) == one["number"]]
    for child in mine:
        given[kinds[child.venue]] += child.filled
    return {**one, "children": len(mine), **{f"filled_{kind}": shares for kind, shares in given.items()}}


def _end(child: Child) -> str:
    if child.filled == child.quantity:
        return "filled"
    if child.asks:
        said = ", ".join(f"{name} {answer.replace('_', ' ')}" for name, answer in child.dealers.items())
        return f"no deal: {said or 'no answer'}" if not child.filled else f"partly filled: {said}"
    end = child.end or "open"
    return _ENDS.get(end, end.replace("_", " "))


def _step(child: Child, place: str, twin: float, tick: float, answers: Mapping[str, str]) -> Step:
    filled = child.filled > 0
    liquidity = None if not filled else "maker" if child.maker == child.filled else "both" if child.maker else "taker"
    return Step(
        order_id=child.order_id, time=child.time, venue=child.venue, place=place, kind=child.kind,
        price=None if child.price is None else child.price * tick, quantity=child.quantity, filled=child.filled,
        average=child.paid / child.filled * tick if filled else None, liquidity=liquidity, mid=child.mid * tick,
        twin_mid=twin * tick, fee=child.fee, why=child.why, end=_end(child), answers=answers,
    )  # fmt: skip
