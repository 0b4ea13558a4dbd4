"""Fact 26 in three regimes: days of each, and what predicts the next minute in them."""

from collections.abc import Callable

from nowake.market.gate.days import reduced_days
from nowake.market.preset import Preset
from nowake.market.realism import alpha
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.measure import resampler_of
from nowake.market.realism.table import REGIMES

__all__ = ["null_alpha"]


def null_alpha(
    preset: Preset,
    *,
    seed: int,
    seeds: int,
    days: int,
    warm: int = 0,
    tell: Callable[[int], None] = lambda _: None,
) -> dict[str, Estimate]:
    """Return R² out of sample, and that of a planted predictor, in calm, volatile and thin: seeds x days of each."""
    parts: dict[str, Estimate] = {}
    for regime in REGIMES:
        found = reduced_days(preset, seed=seed, seeds=seeds, days=days, regime=regime, warm=warm, tell=tell)
        parts |= alpha.estimate(found, resampler_of(found, seed=seed), seed=seed, regime=regime)
    return parts
