"""Counterfactual impact: the same market with and without a schedule of market orders, on the same random streams.

Impact is the difference of the two mids, in bp of the arrival mid, signed so that positive = against the order. The
square-root law I = Y sigma sqrt(Q/V) (Toth et al. 2011; Bouchaud et al. 2018, ch. 12) is fitted over sizes at one
participation; at a fixed horizon the rate changes with the size, so exponent and prefactor are reported, never judged.

Sessions here have no end and no intraday shape (`flat`): an order may take longer than a day, and its decay as well.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.streams import generator
from nowake.core.times import DAY, SECOND
from nowake.core.values import Side
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset
from nowake.market.sessions import session_of
from nowake.market.workers import in_parts
from nowake.market.world.paths import work
from nowake.market.world.worlds import NOTHING, Worlds, new_worlds

__all__ = [
    "PAUSE",
    "Fit",
    "Plan",
    "Row",
    "flat",
    "measure",
    "session_seconds",
    "square_root_fit",
    "trade",
    "usual_child",
    "warmed",
]

CHILD = 3  # smallest limit orders of the preset that make a child, at least
MOST_CHILDREN = 2000
AFTER_CHILD = 60 * SECOND
PAUSE = 1  # s after a child: makers have answered it, the response is at its peak
DRAWS = 1000  # of the bootstrap over pairs
_BATCH = 64  # pairs that run at once
_ENDLESS = 10_000 * DAY


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: `sizes` as fractions of the daily volume; `horizon` (s) or `participation`, not both.

    `participation`: own volume over what all others trade meanwhile by the preset's volume, not over all volume.
    """

    sizes: tuple[float, ...]
    horizon: float | None = None
    participation: float | None = None
    pairs: int = 200
    side: Side = Side.BUY
    regime: str = "calm"
    seed: int = 7
    warm_up: float = 1800.0  # s before the order

    def __post_init__(self) -> None:
        if not self.sizes or not all(0 < size <= 5 for size in self.sizes):
            raise InputError("sizes", expected="fractions of the daily volume above 0, at most 5", got=self.sizes)
        if (self.horizon is None) == (self.participation is None):
            raise InputError("impact", expected="a horizon or a participation", got="both or none")
        if self.horizon is not None and not 1 <= self.horizon <= 1e6:
            raise InputError("horizon", expected="1 s to 1,000,000 s", got=self.horizon)
        if self.participation is not None and not 0 < self.participation < 1:
            raise InputError("participation", expected="above 0, below 1", got=self.participation)
        if not 1 <= self.warm_up <= 1e6:
            raise InputError("warm-up", expected="1 s to 1,000,000 s", got=self.warm_up)
        if not 0 <= self.seed < 2**40:
            raise InputError("seed", expected="a whole number from 0 to 2^40-1", got=self.seed)
        if not 2 <= self.pairs <= 100_000:
            raise InputError("pairs", expected="2 to 100,000", got=self.pairs)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One size: impact at the end of the order and one and two horizons later, `samples` (pairs) of the first."""

    size_adv: float
    participation: float
    horizon_s: float
    pairs: int
    impact_bps: float
    impact_bps_ci: tuple[float, float]
    impact_1x_bps: float
    impact_2x_bps: float
    child_bps: float
    shortfall_bps: float
    completion: float
    vrf: float
    samples: np.ndarray


@dataclass(frozen=True, slots=True)
class Fit:
    """The square-root law over sizes: I = Y sigma (Q/V)^exponent, and Y at the exponent 1/2; 95 % intervals."""

    exponent: float
    exponent_ci: tuple[float, float]
    Y: float
    Y_ci: tuple[float, float]


def flat(preset: Preset) -> Preset:
    """Return `preset` without intraday shape."""
    return preset.model_copy(update={"lit": preset.lit.model_copy(update={"u_shape": 0.0, "open_multiplier": 1.0})})


def measure(preset: Preset, plan: Plan, progress: Callable[[float], None] | None = None) -> tuple[Row, ...]:
    """Return a row per size; the same plan gives the same numbers, whatever the number of threads."""
    level, done = flat(preset), 0
    samples: list[list[np.ndarray]] = [[] for _ in plan.sizes]
    for lo in range(0, plan.pairs, _BATCH):
        base, count = plan.seed * 1_000_000 + lo, min(_BATCH, plan.pairs - lo)
        markets = warmed(level, range(base, base + count), plan.regime, plan.warm_up)
        for size, kept in zip(plan.sizes, samples, strict=True):
            kept.append(_batch(markets.copy(), level, plan, size))
            done += count
            if progress:
                progress(done / (plan.pairs * len(plan.sizes)))
    pairs = zip(plan.sizes, samples, strict=True)
    return tuple(_row(plan, size, preset, np.concatenate(kept)) for size, kept in pairs)


def warmed(preset: Preset, seeds: Sequence[int], regime: str, warm_up: float) -> Worlds:
    """Return a market per seed that has run for `warm_up` seconds; their session has no end."""
    opened, _ = session_of(preset, FIRST_DAY)
    markets = new_worlds(preset, seeds, regime, opened, opened + _ENDLESS)
    if warm_up > 0:
        trade(markets, 0, 0, 0, round(warm_up * SECOND), 1)
    return markets


def _shape(preset: Preset, plan: Plan, size: float) -> tuple[int, int, int]:
    """Return shares, children and the gap between them (ns)."""
    volume, session = preset.instrument.daily_volume, session_seconds(preset)
    lot = preset.instrument.round_lot
    shares = max(round(size * volume / lot), 1) * lot
    if plan.horizon is not None:
        seconds = plan.horizon
    else:
        assert plan.participation is not None
        seconds = shares / (plan.participation * volume) * session
    children = min(max(shares // usual_child(preset), 1), MOST_CHILDREN)
    return shares, children, max(round(seconds * SECOND / children), 1)


def usual_child(preset: Preset) -> int:
    """Return the shares of a usual child: CHILD of the preset's smallest limit orders (midcap: 300)."""
    return CHILD * preset.lit.order_sizes[0] * preset.instrument.round_lot


def session_seconds(preset: Preset) -> float:
    """Return the length of the first day's session in seconds."""
    opened, closed = session_of(preset, FIRST_DAY)
    return (closed - opened) / SECOND


def trade(
    markets: Worlds, side: int, children: int, shares: int, gap: int, samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Let every market trade `shares` by `children` market orders, `gap` ns apart, and run `samples` gaps in all.

    Returns mids f8[n, samples] in ticks at the end of every gap; mids f8[n, children] PAUSE after each child; its
    fills f8[n, children, 2]: shares, and ticks x shares paid. Side 0 sends nothing and reads at the same times.
    """
    n, pause = len(markets.worlds), PAUSE * SECOND
    mids, peaks, costs = np.zeros((n, samples)), np.zeros((n, children)), np.zeros((n, children, 2))

    def part(lo: int, hi: int) -> None:
        w = markets
        work(w.worlds, w.params, w.books, lo, hi, side, children, shares, gap, pause, mids, peaks, costs, NOTHING)

    in_parts(n, part)
    return mids, peaks, costs


_SAMPLE = np.dtype([(name, "f8") for name in ("end", "one", "two", "child", "shortfall", "done", "move", "arrival")])


def _batch(markets: Worlds, preset: Preset, plan: Plan, size: float) -> np.ndarray:
    """Return one record per pair: differences of the mids in ticks, signed by the side of the order."""
    shares, children, gap = _shape(preset, plan, size)
    arrival = (markets.worlds["bid"] + markets.worlds["ask"]) / 2.0
    side, child = int(plan.side), max(shares // children, 1)
    small, still = markets.copy(), markets.copy()
    first = side * (trade(small, side, 1, child, AFTER_CHILD, 1)[0] - trade(still, 0, 0, 0, AFTER_CHILD, 1)[0])[:, 0]
    del small, still
    twins = markets.copy()
    mids, peaks, fills = trade(markets, side, children, shares, gap, 3 * children)
    without, still_peaks, _ = trade(twins, 0, children, 0, gap, 3 * children)
    peak, alone, costs = peaks[:, -1], still_peaks[:, -1], fills.sum(axis=1)
    difference = side * (mids - without)
    out = np.zeros(len(arrival), _SAMPLE)
    out["end"], out["one"], out["two"] = side * (peak - alone), *(difference[:, m * children - 1] for m in (2, 3))
    out["child"], out["arrival"], out["done"] = first, arrival, costs[:, 0] / shares
    out["move"] = peak - arrival
    out["shortfall"] = side * (costs[:, 1] / np.maximum(costs[:, 0], 1) - arrival)
    return out


def _row(plan: Plan, size: float, preset: Preset, s: np.ndarray) -> Row:
    shares, children, gap = _shape(preset, plan, size)
    seconds, volume = children * gap / SECOND, preset.instrument.daily_volume
    meanwhile = volume * seconds / session_seconds(preset)
    bps = {name: s[name] / s["arrival"] * 1e4 for name in ("end", "one", "two", "child", "shortfall", "move")}
    paired = float(np.var(s["end"], ddof=1))
    return Row(
        size_adv=shares / volume, participation=shares / meanwhile, horizon_s=seconds, pairs=len(s),
        impact_bps=float(bps["end"].mean()), impact_bps_ci=_interval(bps["end"]),
        impact_1x_bps=float(bps["one"].mean()), impact_2x_bps=float(bps["two"].mean()),
        child_bps=float(bps["child"].mean()), shortfall_bps=float(bps["shortfall"].mean()),
        completion=float(s["done"].mean()),
        vrf=2 * float(np.var(s["move"], ddof=1)) / paired if paired > 0 else math.inf, samples=bps["end"],
    )  # fmt: skip


def _interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of the mean, normal approximation."""
    half = 1.96 * float(values.std(ddof=1)) / math.sqrt(len(values))
    return float(values.mean()) - half, float(values.mean()) + half


def square_root_fit(rows: Sequence[Row], volatility: float, seed: int = 7) -> Fit | None:
    """Return exponent and prefactor with bootstrap intervals over pairs; None where impact is not above 0 or one size.

    `volatility`: daily, as a fraction.
    """
    if len(rows) < 2 or any(row.impact_bps <= 0 for row in rows):
        return None
    x = np.log([row.size_adv for row in rows])
    draws, rng = [], generator(seed, "impact/bootstrap")
    for _ in range(DRAWS):
        means = np.array([row.samples[rng.integers(0, row.pairs, row.pairs)].mean() for row in rows])
        if (means > 0).all():
            draws.append(_fit(x, means, volatility))
    point = _fit(x, np.array([row.impact_bps for row in rows]), volatility)
    low, high = np.percentile(np.array(draws or [point]), [2.5, 97.5], axis=0)
    return Fit(point[0], (float(low[0]), float(high[0])), point[1], (float(low[1]), float(high[1])))


def _fit(x: np.ndarray, impact: np.ndarray, volatility: float) -> tuple[float, float]:
    exponent = float(np.polyfit(x, np.log(impact), 1)[0])
    prefactor = float(np.exp((np.log(impact / (volatility * 1e4)) - x / 2).mean()))
    return exponent, prefactor
