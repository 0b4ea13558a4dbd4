"""Facts 6 to 10 by twins: orders of many sizes at several participations, all on the same streams, both sides.

I(x) is read PAUSE after the child that completes the fraction x of an order, when makers have answered it and the
response to a child is at its peak; I(2T) at twice its time T. One run without orders is the twin of every order on its
stream. Sessions have no end and no intraday shape (`market.impact.flat`): an order and its decay may take longer than
what is left of a day.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.market.gate.days import SEEDS_APART
from nowake.market.impact import PAUSE, flat, session_seconds, trade, usual_child, warmed
from nowake.market.preset import Preset
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.impact import FRACTIONS, ImpactRow, estimate
from nowake.market.realism.table import PARTICIPATIONS
from nowake.market.world.worlds import Worlds

__all__ = ["ImpactPlan", "Order", "impact_rows", "orders"]

_SHORTEST = 180.0  # s
_SIZES = 5
_LARGEST = 0.3  # of the daily volume: where the catalogue ends
_RETURN = 300  # s of the returns that measure volatility
_TENTHS = len(FRACTIONS)


@dataclass(frozen=True, slots=True)
class ImpactPlan:
    """`batch` streams are added until every exponent of fact 6 is known to ± `half_width` or `most` streams have run.

    `warm_up`: seconds that every market runs before the orders.
    """

    seed: int = 7
    batch: int = 32
    most: int = 512
    half_width: float = 0.05
    regime: str = "switching"
    warm_up: float = 46_800.0

    def __post_init__(self) -> None:
        if self.batch < 2 or self.most < self.batch or not 0 < self.half_width < 1 or not self.warm_up >= 0:
            raise InputError("impact of the gate", expected="2 <= batch <= most", got=(self.batch, self.most))


@dataclass(frozen=True, slots=True)
class Order:
    """`children` market orders of `child` shares, one every `gap` seconds, at `participation` of the volume."""

    participation: float
    children: int
    child: int
    gap: int

    @property
    def shares(self) -> int:
        """Return the size of the order."""
        return self.children * self.child

    @property
    def seconds(self) -> int:
        """Return how long it takes."""
        return self.children * self.gap


def orders(preset: Preset) -> list[Order]:
    """Return five orders at each participation, T spread evenly in logs from 3 minutes to a day.

    A participation p means p / (1 - p) shares for each that the others trade; where a day would make more than 30 % of
    the daily volume, T ends there. Children come at whole seconds, each about a `usual_child`
    (on midcap 300 shares): an order as those of others, whatever a lot is.
    """
    one, session = preset.instrument, session_seconds(preset)
    volume, usual = one.daily_volume, usual_child(preset)
    made = []
    for percent in PARTICIPATIONS:
        rate = percent / (100 - percent) * volume / session  # shares per second
        longest = min(session, _LARGEST * volume / rate)
        for seconds in np.geomspace(_SHORTEST, max(longest, 2 * _SHORTEST), _SIZES):
            gap = max(round(seconds / max(round(seconds * rate / usual), 1)), 1)
            children = max(round(seconds / gap), 1)
            child = max(round(rate * gap / one.lot), 1) * one.lot
            made.append(Order(percent / 100, children, child, gap))
    return made


def _samples(order: Order, session: float) -> int:
    """Return how many gaps are run: to 2T where the decay is judged (T of at most half a day), else to T."""
    return order.children * (2 if order.seconds <= session / 2 else 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Twin:
    """Mids f8[n, 1 + seconds] of the markets without orders, from arrival on; what they show a day."""

    mids: np.ndarray
    volume: float
    variance: float


def _twin(markets: Worlds, seconds: int, session: float) -> _Twin:
    arrival = (markets.worlds["bid"] + markets.worlds["ask"]) / 2.0
    before = markets.worlds["volume"].copy()
    mids, _, _ = trade(markets, 0, 0, 0, SECOND, seconds)
    mids = np.column_stack([arrival, mids])
    scale = session / seconds
    change = np.diff(np.log(mids[:, ::_RETURN]), axis=1)
    daily = session / _RETURN / change.shape[1]
    volume = float((markets.worlds["volume"] - before).mean()) * scale
    return _Twin(mids, volume, float(np.sum(change**2, axis=1).mean()) * daily)


def _pairs(markets: Worlds, order: Order, side: int, twin: _Twin, session: float) -> np.ndarray:
    """Return f8[n, 12]: impact at x = .1 … 1, at 2T, and shortfall against the twin, relative to the arrival mid."""
    n, samples, gap = order.children, _samples(order, session), order.gap
    mids, peaks, costs = trade(markets, side, n, order.shares, gap * SECOND, samples)
    arrival = twin.mids[:, 0]
    without = twin.mids[:, : n * gap : gap]  # when the children come
    impact = side * (peaks - twin.mids[:, PAUSE : n * gap + PAUSE : gap]) / arrival[:, None]
    out = np.full((len(arrival), _TENTHS + 2), np.nan)
    out[:, :_TENTHS] = impact[:, [math.ceil(x * n - 1e-9) - 1 for x in FRACTIONS]]
    if samples == 2 * n:
        out[:, _TENTHS] = side * (mids[:, -1] - twin.mids[:, samples * gap]) / arrival
    filled, paid = costs[:, :, 0], costs[:, :, 1]
    out[:, _TENTHS + 1] = side * (paid - filled * without).sum(1) / np.maximum(filled.sum(1), 1) / arrival
    return out


def impact_rows(
    preset: Preset, plan: ImpactPlan, tell: Callable[[float], None] = lambda _: None
) -> tuple[list[ImpactRow], dict[str, Estimate]]:
    """Return a row per order of `orders`, and the parts of facts 6 to 10.

    Size and volatility are relative to what the twins show, not to what the preset states. `tell` gets the share done.
    """
    level, planned, session = flat(preset), orders(preset), session_seconds(preset)
    found: list[list[np.ndarray]] = [[] for _ in planned]
    shown, streams = list[tuple[float, float]](), list[np.ndarray]()
    for lo in range(0, plan.most, plan.batch):
        count = min(plan.batch, plan.most - lo)
        seeds = plan.seed * SEEDS_APART + lo + np.arange(count)
        markets = warmed(level, seeds.tolist(), plan.regime, plan.warm_up)
        twin = _twin(markets.copy(), max(_samples(o, session) * o.gap for o in planned), session)
        shown.append((twin.volume * count, twin.variance * count))
        streams.append(seeds)
        for k, order in enumerate(planned):
            for side in (1, -1):
                found[k].append(_pairs(markets.copy(), order, side, twin, session))
            tell((lo + count * (k + 1) / len(planned)) / plan.most)
        rows = _rows(planned, found, streams, shown, session)
        parts = estimate(rows, seed=plan.seed)
        exponents = [part for name, part in parts.items() if name.startswith("exponent")]
        if all((part.high - part.low) / 2 <= plan.half_width for part in exponents):
            break
    tell(1.0)
    return rows, parts


def _rows(
    planned: list[Order],
    found: list[list[np.ndarray]],
    streams: list[np.ndarray],
    shown: list[tuple[float, float]],
    session: float,
) -> list[ImpactRow]:
    total = sum(len(s) for s in streams)
    volume, variance = (sum(column) / total for column in zip(*shown, strict=True))
    stream = np.concatenate([s for s in streams for _ in range(2)])
    rows = []
    for order, batches in zip(planned, found, strict=True):
        values = np.concatenate(batches)
        rows.append(ImpactRow(
            order.shares / volume, order.participation, order.seconds / session, math.sqrt(variance),
            values[:, :_TENTHS], values[:, _TENTHS], values[:, _TENTHS + 1], stream,
        ))  # fmt: skip
    return rows
