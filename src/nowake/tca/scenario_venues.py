"""Venues of a comparison on the same markets: what each was offered, filled, charged, and what the price did then.

All numbers are ratios of sums over orders, R = sum y / sum x, so that an order counts by its shares. Their 95 %
intervals hold orders together, because the fills of one order are not independent: with e = y - R x over n orders,
R +- t(n - 1) sqrt(n / (n - 1) sum e^2) / sum x (Cochran 1977, Sampling Techniques, 6.3: the ratio estimator).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nowake.execution.outcome import MARKS, Outcome
from nowake.tca.statistics import student

__all__ = ["MARK_WORDS", "VenueLine", "kind_lines", "ratio", "venue_lines"]

Ends = tuple[float, float]
MARK_WORDS = tuple(f"{h // 10**9}s" for h in MARKS)
_UNKNOWN = (math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class VenueLine:
    """What `policy` did at `venue` (or at all of a `kind`: `venue` is empty) over all orders; bp of the arrival mid.

    `orders` that were filled there, `share` of the filled shares; `fill_rate` of shares offered there. `spread_bps`:
    fills against the mid just before, `fees_bps`, both positive = cost; `all_in_bps` their sum. `markout_bps`: side
    (mid later - price), negative: the price went on against us, one per MARK_WORDS.
    """

    policy: str
    venue: str
    kind: str
    orders: int
    children: int
    offered: int
    filled: int
    fills: int
    share: float
    fill_rate: float
    fill_rate_ci: Ends
    passive_share: float
    spread_bps: float
    spread_bps_ci: Ends
    fees_bps: float
    all_in_bps: float
    all_in_bps_ci: Ends
    markout_bps: tuple[float, ...]
    markout_bps_ci: tuple[Ends, ...]


def ratio(top: np.ndarray, bottom: np.ndarray) -> tuple[float, Ends]:
    """Return sum top / sum bottom and its interval over rows whose bottom is not 0; NaN for what is not known."""
    used = bottom != 0
    top, bottom = top[used], bottom[used]
    total, n = float(bottom.sum()), len(top)
    if not total:
        return math.nan, _UNKNOWN
    value = float(top.sum()) / total
    if n < 2:
        return value, _UNKNOWN
    half = student(n - 1) * math.sqrt(n / (n - 1) * float(((top - value * bottom) ** 2).sum())) / abs(total)
    return value, (value - half, value + half)


def _inside(ends: Ends) -> Ends:
    """Return the interval of a rate, cut to 0..1."""
    return (max(ends[0], 0.0), min(ends[1], 1.0)) if math.isfinite(ends[0]) else ends


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums of one policy at one place, or at several, an element an order."""

    orders: Sequence[Outcome]
    rows: np.ndarray  # VENUE[orders, places]

    def column(self, name: str) -> np.ndarray:
        found: np.ndarray = self.rows[name].sum(axis=1).astype(float)
        return found

    @property
    def basis(self) -> np.ndarray:
        """Notional of the filled shares at the arrival mid, ticks x shares."""
        basis: np.ndarray = self.column("filled") * np.array([one.arrival for one in self.orders])
        return basis

    def cost(self, value: np.ndarray) -> tuple[float, Ends]:
        """Return `value` (ticks x shares) in bp of the basis."""
        return ratio(value * 1e4, self.basis)

    def markout(self, h: int) -> tuple[float, Ends]:
        arrival = np.array([one.arrival for one in self.orders])
        return ratio(self.column("markout")[:, h] * 1e4, self.column("marked")[:, h] * arrival)


def _line(policy: str, venue: str, kind: str, sums: _Sums) -> VenueLine:
    filled, offered = sums.column("filled"), sums.column("offered")
    ticks = np.array([one.tick for one in sums.orders])
    half, fees = sums.column("half"), sums.column("fees") / ticks
    whole = sum(one.filled for one in sums.orders)
    after = [sums.markout(h) for h in range(len(MARKS))]
    (rate, ends), spread, all_in = ratio(filled, offered), sums.cost(half), sums.cost(half + fees)
    return VenueLine(
        policy=policy, venue=venue, kind=kind, orders=int((filled > 0).sum()),
        children=int(sums.column("children").sum()), offered=int(offered.sum()), filled=int(filled.sum()),
        fills=int(sums.column("fills").sum()),
        share=float(filled.sum()) / whole if whole else math.nan, fill_rate=rate, fill_rate_ci=_inside(ends),
        passive_share=ratio(sums.column("maker"), filled)[0], spread_bps=spread[0], spread_bps_ci=spread[1],
        fees_bps=sums.cost(fees)[0], all_in_bps=all_in[0], all_in_bps_ci=all_in[1],
        markout_bps=tuple(one[0] for one in after), markout_bps_ci=tuple(one[1] for one in after),
    )  # fmt: skip


def _lines(
    pairs: Sequence[Sequence[Outcome]], name: str, parts: Callable[[str, str], tuple[str, str]]
) -> tuple[VenueLine, ...]:
    """Return a line for each (venue, kind) that `parts` makes of the places of policy `name`."""
    orders = [one for pair in pairs for one in pair if one.policy == name]
    if not orders:
        return ()
    rows = np.array([one.venues for one in orders])
    members: dict[tuple[str, str], list[int]] = {}
    for k, place in enumerate(orders[0].places):
        members.setdefault(parts(*place), []).append(k)
    return tuple(_line(name, venue, kind, _Sums(orders, rows[:, ks])) for (venue, kind), ks in members.items())


def venue_lines(pairs: Sequence[Sequence[Outcome]], name: str) -> tuple[VenueLine, ...]:
    """Return a line per venue of policy `name`, in the order of its places."""
    return _lines(pairs, name, lambda venue, kind: (venue, kind))


def kind_lines(pairs: Sequence[Sequence[Outcome]], name: str) -> tuple[VenueLine, ...]:
    """Return a line per kind of venue: lit, dark, dealer."""
    return _lines(pairs, name, lambda _, kind: ("", kind))
