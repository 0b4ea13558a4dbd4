"""How far a market is from data: the gap of every part in standard errors of the data, and one number for all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite, sqrt

from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.table import FACTS

__all__ = ["Gap", "distance", "gaps"]

_LEAST = 0.05  # no target counts as known better than to this share of its value
_MOST = 10.0  # standard errors: one hopeless fact is not everything
_SKIP = frozenset({"returns_5min", "days", "trips", "families", "assets", "half_width", "blocks", "planted", "profit"})


@dataclass(frozen=True, slots=True)
class Gap:
    """One part: its fact, the data's value, the market's, and z = (value - target) / error of the target."""

    id: int
    part: str
    target: float
    value: float
    z: float


def gaps(target: Mapping[str, Estimate], found: Mapping[str, Estimate], unmeasured: Iterable[int] = ()) -> list[Gap]:
    """Return the gap of every part that both sides know; counts and facts in `unmeasured` are left out.

    The error is that of the target (a quarter of its 95 % interval), at least 5 % of its value: it does not shrink with
    more simulated days.
    """
    left_out, rows = set(unmeasured), []
    for spec in FACTS:
        for part in spec.parts:
            a, b = target.get(part.name), found.get(part.name)
            if spec.id in left_out or part.name in _SKIP or a is None or b is None:
                continue
            width = a.high - a.low
            error = max(width / 4 if isfinite(width) else 0.0, _LEAST * abs(a.value))
            if isfinite(a.value) and isfinite(b.value) and error > 0:
                rows.append(Gap(spec.id, part.name, a.value, b.value, (b.value - a.value) / error))
    return rows


def distance(rows: Iterable[Gap]) -> float:
    """Return the root mean square over facts of their mean z², each z cut at 10; NaN without a gap."""
    by_fact: dict[int, list[float]] = {}
    for row in rows:
        by_fact.setdefault(row.id, []).append(min(abs(row.z), _MOST) ** 2)
    means = [sum(squares) / len(squares) for squares in by_fact.values()]
    return sqrt(sum(means) / len(means)) if means else float("nan")
