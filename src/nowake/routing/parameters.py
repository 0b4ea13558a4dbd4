"""The router's parameters, all fifteen, as a value and as a record for kernels."""

from dataclasses import dataclass, fields

import numpy as np

from nowake.core.errors import InputError
from nowake.data.reader import kernel_view

__all__ = ["ROUTING", "Routing", "new_params"]


@dataclass(frozen=True, slots=True)
class Routing:
    """How the router decides; distances in half-spreads of the moment unless said otherwise.

    `lot`: shares of the smallest piece that is divided further.
    `dark_share`: part of what may wait that waits in dark pools, which are asked first (tactic DARK: all; 0: neither).
    `pool_cap`: most of a dark volume in one pool, where there are two or more.
    `discount`: weight of a venue's past after every child heard of.
    `forget`: weight of mark-outs after every dark decision, so that a pool that was left is tried again.
    `explore`: scale of the posterior draws (Thompson); 0 routes by the means.
    `shortfall`: cost of a share that waited in vain, in spreads, at urgency 1 (lambda_u of Cont & Kukanov).
    `outflow`: prior mean of the shares that leave a best queue while an order waits.
    `latency_cost`: ticks per share and millisecond that a slower venue costs in a sweep.
    `reach`: steps beyond the worst displayed price that the rest of a sweep may pay at urgency 1; 0: it is left.
    `hysteresis`: gain from which a resting order leaves its place for another.
    `quote_depth`: dealers are asked from this multiple of the displayed size on.
    `most_dealers`: most that are asked at once.
    `ask_cost`: cost of one more dealer who loses the request, and knows.
    `reject_cost`: cost of trading again after a last-look rejection.
    """

    lot: int = 100
    dark_share: float = 0.25
    pool_cap: float = 0.5
    discount: float = 0.99
    forget: float = 0.998
    explore: float = 1.0
    shortfall: float = 1.0
    outflow: float = 2000.0
    latency_cost: float = 0.0
    reach: int = 0
    hysteresis: float = 0.25
    quote_depth: float = 3.0
    most_dealers: int = 3
    ask_cost: float = 0.05
    reject_cost: float = 1.0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise InputError(f"routing {name}", expected=f"{low} to {high}", got=value)
        for name in ("lot", "reach", "most_dealers"):
            if not isinstance(getattr(self, name), int):
                raise InputError(f"routing {name}", expected="a whole number", got=getattr(self, name))


_RANGES: dict[str, tuple[float, float]] = {
    "lot": (1, 1_000_000),
    "dark_share": (0, 1),
    "pool_cap": (0.05, 1),
    "discount": (0.5, 1),
    "forget": (0.5, 1),
    "explore": (0, 10),
    "shortfall": (0, 100),
    "outflow": (1, 1e9),
    "latency_cost": (0, 1e6),
    "reach": (0, 10_000),
    "hysteresis": (0, 100),
    "quote_depth": (0, 1e9),
    "most_dealers": (0, 16),
    "ask_cost": (0, 100),
    "reject_cost": (0, 100),
}

ROUTING = np.dtype([(f.name, "i8" if f.type in (int, "int") else "f8") for f in fields(Routing)], align=True)


def new_params(routing: Routing | None = None) -> np.ndarray:
    """Return ROUTING[1] with the values of `routing` (default: the defaults)."""
    routing = routing or Routing()
    params = np.zeros(1, ROUTING)
    for f in fields(Routing):
        params[f.name] = getattr(routing, f.name)
    return kernel_view(params)
