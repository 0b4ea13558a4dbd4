"""What is known before the day: quoting increment, volume curve and volume, daily volatility, microprice table."""

from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.features.state import BUCKETS, CURVE_BINS, DECILES, SPREADS, new_features

__all__ = ["Context", "Curve", "MicroTable", "features_for"]

_DAY = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Curve:
    """The expected volume of a day: `shares` per bin of `width` ns from `open` (ns UTC), sum 1; `volume` in shares."""

    open: int
    width: int
    shares: tuple[float, ...]
    volume: float

    def __post_init__(self) -> None:
        shares = np.array(self.shares, np.float64)
        if not 1 <= len(shares) <= CURVE_BINS:
            raise InputError("volume curve", expected=f"1 to {CURVE_BINS} bins", got=len(shares))
        if not np.isfinite(shares).all() or (shares < 0).any() or abs(shares.sum() - 1) > 1e-6:
            raise InputError(
                "volume curve", expected="shares of zero or more that add up to 1", got=float(shares.sum())
            )
        if self.width <= 0 or not self.volume > 0 or self.volume == float("inf"):
            raise InputError("volume curve", expected="a width and a volume above 0", got=(self.width, self.volume))


@dataclass(frozen=True, slots=True)
class MicroTable:
    """Microprice less mid, in steps, by spread (row s: s + 1 steps) and imbalance bucket; NaN: not covered.

    `edges` divide I = bid size / (bid size + ask size) into buckets: nine ascending numbers in 0..1, symmetric around
    1/2. An imbalance on an edge takes the mean of the buckets beside it.
    """

    edges: tuple[float, ...]
    offsets: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        edges = np.array(self.edges, np.float64)
        sound = len(edges) == DECILES - 1 and (np.diff(edges) >= 0).all() and edges[0] >= 0 and edges[-1] <= 1
        if not sound or np.abs(edges + edges[::-1] - 1).max() > 1e-9:
            raise InputError("edges of the microprice table", expected=f"{DECILES - 1} ascending, symmetric in 0..1",
                             got=self.edges)  # fmt: skip
        if not 1 <= len(self.offsets) <= SPREADS or any(len(row) != DECILES for row in self.offsets):
            raise InputError("microprice table", expected=f"1 to {SPREADS} rows of {DECILES}", got=len(self.offsets))
        if np.isinf(np.array(self.offsets, np.float64)).any():
            raise InputError("microprice table", expected="finite offsets, or NaN", got="an infinite one")


@dataclass(frozen=True, slots=True)
class Context:
    """The context of one instrument on one day; what is None is absent from the vector (0, never ready).

    `step`: quoting increment in ticks. `depth`: a level-2 or level-3 book shows several levels. `daily_volatility` in
    bp over a session of `session_ns`.
    """

    step: int = 1
    depth: bool = False
    curve: Curve | None = None
    daily_volatility: float | None = None
    session_ns: int = 23_400_000_000_000
    micro: MicroTable | None = None

    def __post_init__(self) -> None:
        if self.step < 1 or not 0 < self.session_ns <= _DAY:
            raise InputError("context", expected="step >= 1, session up to a day", got=(self.step, self.session_ns))
        if self.daily_volatility is not None and not 0 < self.daily_volatility < 1e6:
            raise InputError("daily volatility", expected="bp above 0", got=self.daily_volatility)


def features_for(context: Context, n: int = 1) -> np.ndarray:
    """Return FEATURES[n], nothing heard, each with this context."""
    records = new_features(n, step=context.step, depth=context.depth)
    records["session_ns"] = context.session_ns
    if context.daily_volatility is not None:
        records["daily_volatility"] = context.daily_volatility
    if context.curve is not None:
        _set_curve(records, context.curve)
    if context.micro is not None:
        _set_micro(records, context.micro)
    return records


def _set_curve(records: np.ndarray, curve: Curve) -> None:
    bins = len(curve.shares)
    records["day_volume"], records["bucket"] = curve.volume, max(1, round(curve.volume / BUCKETS))
    records["curve_open"], records["curve_width"], records["curve_bins"] = curve.open, curve.width, bins
    records["curve"][:, 1 : bins + 1] = np.cumsum(curve.shares)


def _set_micro(records: np.ndarray, table: MicroTable) -> None:
    offsets = np.array(table.offsets, np.float64).ravel()
    known = np.isfinite(offsets)
    records["micro_spreads"], records["micro_edge"] = len(table.offsets), np.array(table.edges)
    records["micro"][:, : len(offsets)] = np.where(known, offsets, 0.0)
    records["micro_known"][:, : len(offsets)] = known
