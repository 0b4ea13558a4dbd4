"""A hunt as a table: what every family earned at every size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nowake.market.realism.arbitrage import Trips, lower_bound
from nowake.market.realism.bootstrap import LEVEL

__all__ = ["Row", "rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """A family at a size, spreads per share: `manipulation` with 95 % interval, Holm `bound`, `raw`; `trips`.

    `bound`: one-sided, at the strictest of Holm's levels; above 0 the family earns by moving the price.
    """

    family: str
    size: float
    manipulation: float
    manipulation_ci: tuple[float, float]
    bound: float
    raw: float
    raw_ci: tuple[float, float]
    trips: int


def _interval(values: np.ndarray, stream: np.ndarray) -> tuple[float, float]:
    alpha = (1 - LEVEL) / 2
    return lower_bound(values, stream, alpha), -lower_bound(-values, stream, alpha)


def rows(trips: Sequence[Trips]) -> tuple[Row, ...]:
    """Return a row per family and size; bounds are corrected for all of them."""
    alpha = (1 - LEVEL) / max(len(trips), 1)
    return tuple(
        Row(
            t.family, t.size, float(t.manipulation.mean()), _interval(t.manipulation, t.stream),
            lower_bound(t.manipulation, t.stream, alpha), float(t.raw.mean()), _interval(t.raw, t.stream),
            len(t.manipulation),
        )
        for t in trips
    )  # fmt: skip
