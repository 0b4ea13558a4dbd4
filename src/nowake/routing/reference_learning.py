"""What the venue statistics learn and say, in plain Python: the twin of the kernels of `tails`, `toxicity`, `minimum`.

Functions read rows of VENUE_STATS and STATS; `PoolTail` and `Marks` learn on their own, for comparison.
"""

from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from nowake.routing.venues import EDGES, SIZES

__all__ = [
    "Marks",
    "PoolTail",
    "expected_mark",
    "hazard",
    "leak_of",
    "least_execution",
    "marginal_of_step",
    "outflow_of",
]

Rec = Any
_PRIOR = 2.0


def prior_hazard(j: int) -> float:
    """Return the prior hazard of size step `j`."""
    return 0.5 if j == 0 else 1.0 - (EDGES[j - 1] / EDGES[j]) ** 0.6


def steps_of(lots: int) -> int:
    """Return how many size steps `lots` cover."""
    return sum(edge <= lots for edge in EDGES)


def hazard(v: Rec, j: int, z: float) -> float:
    """Return the drawn hazard of step `j`."""
    weight = float(v["risk"][j]) + _PRIOR
    h = (float(v["ended"][j]) + _PRIOR * prior_hazard(j)) / weight
    return min(max(h - z * sqrt(h * (1 - h) / (weight + 1)), 0.0), 1.0)


def marginal_of_step(v: Rec, j: int, z: float) -> float:
    """Return the mean probability over the shares of step `j` that each fills, given that the step is reached."""
    lots = EDGES[j] - (EDGES[j - 1] if j else 0)
    return 1.0 - hazard(v, j, z) * (lots + 1) / (2 * lots)


def expected_mark(v: Rec) -> float:
    """Return the posterior mean of the mark-out."""
    return float(v["marks"] * v["mark"] / (v["marks"] + 20.0))


def outflow_of(v: Rec, p: Rec) -> float:
    """Return the posterior mean outflow of a queue."""
    return float((v["outflows"] * v["outflow"] + 5.0 * p["outflow"]) / (v["outflows"] + 5.0))


def leak_of(s: Rec, k: int) -> float:
    """Return the leak of place `k`, less one standard error, where it is above 0."""
    if s["drifts"] < 30 or s["cov"][k, k] <= 0:
        return 0.0
    return max(float(s["beta"][k]) - sqrt(float(s["residual"] * s["cov"][k, k])), 0.0)


def least_execution(v: Rec, p: Rec, quantity: int, gain: float) -> int:
    """Return the best minimum by trying every one: the sum over the sizes that it lets through."""
    steps, alive, parts = steps_of(quantity // int(p["lot"])), 1.0, list[float]()
    marks = float(v["marks"] * p["forget"])  # as the allocation leaves it
    for j in range(steps):
        alive *= 1.0 - hazard(v, j, 0.0)
        mass = alive * hazard(v, j + 1, 0.0) if j + 1 < steps else alive
        c = sum(EDGES[j] >= bound for bound in (2, 5, 17))
        mean = marks * float(v["mark"]) / (marks + 20.0)
        near = (float(v["nears"][c]) * float(v["near"][c]) + 10.0 * mean) / (float(v["nears"][c]) + 10.0)
        parts.append(mass * EDGES[j] * (gain + near))
    totals = [sum(parts[m:]) for m in range(steps)]
    best = max(range(steps), key=lambda m: (totals[m], -m), default=0)
    return EDGES[best] * int(p["lot"]) if best else 0


@dataclass(slots=True)
class PoolTail:
    """The Kaplan-Meier counts of one pool: `heard` in lots."""

    discount: float
    risk: list[float] = field(default_factory=lambda: [0.0] * SIZES)
    ended: list[float] = field(default_factory=lambda: [0.0] * SIZES)

    def heard(self, sent: int, filled: int, minimum: int) -> None:
        """Take one order into account."""
        self.risk = [n * self.discount for n in self.risk]
        self.ended = [n * self.discount for n in self.ended]
        asked, got, least = steps_of(sent), steps_of(filled), min(steps_of(minimum), steps_of(sent))
        if filled == 0 and steps_of(minimum) > 1:
            self._hidden_below(least)
            return
        for j in range(asked):
            self.risk[j] += j <= got
            self.ended[j] += j == got

    def _hidden_below(self, steps: int) -> None:
        stay = [1 - (self.ended[j] + 2 * prior_hazard(j)) / (self.risk[j] + 2) for j in range(steps)]
        tail = [1.0]
        for factor in stay:
            tail.append(tail[-1] * factor)
        inside = max(1 - tail[-1], 1e-12)
        for j in range(steps):
            self.risk[j] += (tail[j] - tail[-1]) / inside
            self.ended[j] += (tail[j] - tail[j + 1]) / inside


@dataclass(slots=True)
class Marks:
    """The mark-outs of one venue alone, with their alarms."""

    moves: float = 0.0
    move: list[float] = field(default_factory=lambda: [0.0] * 3)
    noise: float = 0.0
    mark: float = 0.0
    marks: float = 0.0
    alarms: int = 0
    runs: dict[int, list[float]] = field(default_factory=lambda: {1: [], -1: []})
    sums: dict[int, float] = field(default_factory=lambda: {1: 0.0, -1: 0.0})

    def heard(self, after: tuple[float, float, float]) -> None:
        """Take one fill's mark-outs into account."""
        steps = [after[0], after[1] - after[0], after[2] - after[1]]
        x = after[2]
        if min(self.move) > 0:
            weights = [1 / sqrt(m) for m in self.move]
            scale = sum(w * part for w, part in zip(weights, (0.25, 0.4, 0.35), strict=True))
            x = sum(w * step for w, step in zip(weights, steps, strict=True)) / scale
        apart = x - self.marks * self.mark / (self.marks + 20)
        self.moves = 0.99 * self.moves + 1
        self.move = [m + (step**2 - m) / self.moves for m, step in zip(self.move, steps, strict=True)]
        self.noise += (apart**2 - self.noise) / self.moves
        self._watch(x, apart)
        self.marks = 0.99 * self.marks + 1
        self.mark += (x - self.mark) / self.marks

    def _watch(self, x: float, apart: float) -> None:
        if self.moves < 8 or self.noise <= 0:
            return
        for way in (1, -1):
            self.sums[way] += way * apart / sqrt(self.noise) - 0.3
            self.runs[way] = [*self.runs[way], x] if self.sums[way] > 0 else []
            self.sums[way] = max(self.sums[way], 0.0)
        for way in (1, -1):
            if self.sums[way] > 7:
                self.mark, self.marks = sum(self.runs[way]) / len(self.runs[way]), float(len(self.runs[way]))
                self.runs, self.sums = {1: [], -1: []}, {1: 0.0, -1: 0.0}
                self.alarms += 1
