"""Several policies on the same orders: what each costs, and what one gains over another pair by pair.

Costs of one order differ between markets by the market's own move, which is the same for every policy and falls out of
a paired difference. Intervals are 95 %, Student's t over pairs, which are independent markets.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from nowake.core.errors import InputError
from nowake.execution.outcome import Outcome
from nowake.tca.statistics import Interval, mean_interval

__all__ = ["GAIN", "Comparison", "Improvement", "Luck", "PolicyRow", "compare", "luck_of", "percentile_of"]

Pair = tuple[float, float]
GAIN = 3.0  # bp, the gain that one would like to find
_POWER = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)  # two-sided 5 %, found in 80 % of trials


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy over `n` orders; costs and impacts in bp of the arrival mid, positive = against the order.

    `parent_impact` at the end of the window, `paid_impact` averaged over what was filled, `child_impact` 60 s after a
    child; `shortfall` contains `fees`. Shares are of the ordered (completion) or filled (passive, dark, dealer)
    quantity.
    """

    name: str
    n: int
    shortfall_bps: float
    shortfall_bps_ci: Pair
    shortfall_sd_bps: float
    parent_impact_bps: float
    parent_impact_bps_ci: Pair
    paid_impact_bps: float
    paid_impact_bps_ci: Pair
    child_impact_bps: float
    child_impact_bps_ci: Pair
    fees_bps: float
    completion: float
    passive_share: float
    dark_share: float
    dealer_share: float
    better_than_arrival: float
    children: float
    fills: float
    rejects: int


@dataclass(frozen=True, slots=True)
class Improvement:
    """What policy `of` saves against `over` on the same markets, bp, positive = cheaper; `win_rate`: pairs it won."""

    of: str
    over: str
    bps: float
    bps_ci: Pair
    sd_bps: float
    win_rate: float
    n: int


@dataclass(frozen=True, slots=True)
class Luck:
    """How far chance goes: bp, and the orders needed to find a gain of `gain_bps` (5 % two-sided, power 80 %).

    `timing_risk_bps` = sigma sqrt(T/3), the deviation of a straight-line order's cost in a market with the daily
    volatility sigma; `measured_sd_bps` what the orders show. Orders that end `claim_bps` or more below arrival:
    `by_chance` the share that a mean cost of `mean_bps` and that risk give, `seen` the share of these orders.
    """

    claim_bps: float
    gain_bps: float
    mean_bps: float
    timing_risk_bps: float
    measured_sd_bps: float
    paired_sd_bps: float
    by_chance: float
    seen: float
    orders_unpaired: int
    orders_paired: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every policy, every policy but `over` against `over`, and further pairs of policies that were asked for."""

    policies: tuple[PolicyRow, ...]
    improvement: tuple[Improvement, ...]

    @property
    def best(self) -> PolicyRow:
        """The policy with the lowest mean shortfall."""
        return min(self.policies, key=lambda row: row.shortfall_bps)


def _ends(found: Interval) -> Pair:
    return found.low, found.high


def _row(name: str, orders: Sequence[Outcome]) -> PolicyRow:
    cost = np.array([one.shortfall_bps for one in orders])
    means = {
        kind: mean_interval(np.array([one.bps(getattr(one, f"impact_{kind}")) for one in orders]))
        for kind in ("end", "paid", "child")
    }
    filled = max(sum(one.filled for one in orders), 1)
    shortfall = mean_interval(cost)
    return PolicyRow(
        name=name, n=len(orders), shortfall_bps=shortfall.value, shortfall_bps_ci=_ends(shortfall),
        shortfall_sd_bps=float(cost.std(ddof=1)) if len(cost) > 1 else float("nan"),
        parent_impact_bps=means["end"].value, parent_impact_bps_ci=_ends(means["end"]),
        paid_impact_bps=means["paid"].value, paid_impact_bps_ci=_ends(means["paid"]),
        child_impact_bps=means["child"].value, child_impact_bps_ci=_ends(means["child"]),
        fees_bps=float(np.mean([one.fees_bps for one in orders])),
        completion=filled / sum(one.quantity for one in orders),
        passive_share=sum(one.maker for one in orders) / filled, dark_share=sum(one.dark for one in orders) / filled,
        dealer_share=sum(one.dealer for one in orders) / filled,
        better_than_arrival=float((cost < 0).mean()), children=float(np.mean([one.children for one in orders])),
        fills=float(np.mean([one.fills for one in orders])), rejects=sum(one.rejects for one in orders),
    )  # fmt: skip


def _costs(pairs: Sequence[Sequence[Outcome]], name: str) -> np.ndarray:
    return np.array([one.shortfall_bps for pair in pairs for one in pair if one.policy == name])


def _gain(pairs: Sequence[Sequence[Outcome]], name: str, over: str) -> Improvement:
    saved = _costs(pairs, over) - _costs(pairs, name)
    mean = mean_interval(saved)
    deviation = float(saved.std(ddof=1)) if len(saved) > 1 else float("nan")
    return Improvement(name, over, mean.value, _ends(mean), deviation, float((saved > 0).mean()), len(saved))


def compare(pairs: Sequence[Sequence[Outcome]], over: str, further: Sequence[tuple[str, str]] = ()) -> Comparison:
    """Return what every policy costs and gains over policy `over`; InputError unless every pair has the same policies.

    `pairs`: one list of outcomes per market, of the same policies in the same order. `further`: more (policy, over) to
    compare, as far as both are there.
    """
    names = [one.policy for one in pairs[0]] if pairs else []
    if len(set(names)) != len(names) or any([one.policy for one in pair] != names for pair in pairs) or not names:
        raise InputError("pairs", expected="the same policies in each, each once", got=names)
    if over not in names:
        raise InputError("policy to compare with", expected=f"one of {', '.join(names)}", got=repr(over))
    rows = tuple(_row(name, [pair[i] for pair in pairs]) for i, name in enumerate(names))
    wanted = [(name, over) for name in names if name != over]
    wanted += [(name, other) for name, other in further if name in names and other in names]
    return Comparison(rows, tuple(_gain(pairs, *one) for one in wanted))


def luck_of(
    pairs: Sequence[Sequence[Outcome]], found: Comparison, name: str, *, risk_bps: float, claim_bps: float
) -> Luck:
    """Return how far chance goes for policy `name` among `pairs`; `risk_bps` is sigma sqrt(T/3)."""
    row = next(row for row in found.policies if row.name == name)
    paired = next((gain.sd_bps for gain in found.improvement if gain.of == name), float("nan"))
    return Luck(
        claim_bps=claim_bps, gain_bps=GAIN, mean_bps=row.shortfall_bps, timing_risk_bps=risk_bps,
        measured_sd_bps=row.shortfall_sd_bps, paired_sd_bps=paired,
        by_chance=NormalDist(row.shortfall_bps, risk_bps).cdf(-claim_bps),
        seen=float((_costs(pairs, name) <= -claim_bps).mean()),
        orders_unpaired=math.ceil(2 * (_POWER * risk_bps / GAIN) ** 2),
        orders_paired=math.ceil((_POWER * paired / GAIN) ** 2) if math.isfinite(paired) else 0,
    )  # fmt: skip


def percentile_of(costs: np.ndarray, cost: float) -> float:
    """Return the share (in %) of `costs` below `cost`, ties half: 0 is the cheapest order, 50 the median."""
    return float(((costs < cost).sum() + 0.5 * (costs == cost).sum()) / len(costs) * 100)
