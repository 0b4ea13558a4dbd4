"""Fact 11 across assets: the preset with tick, depth and volatility halved and doubled, a few days of each."""

import math
from collections.abc import Callable
from itertools import product

from nowake.market.gate.days import reduced_days
from nowake.market.preset import Preset, from_table
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.measure import resampler_of
from nowake.market.realism.spread import across_assets

__all__ = ["FACTORS", "SEEDS", "across", "perturbed"]

SEEDS = 2  # of every asset, that share its days
_AXES = [tuple(x if j == k else 1.0 for j in range(3)) for k in range(3) for x in (0.5, 2.0)]
FACTORS: tuple[tuple[float, ...], ...] = ((1.0, 1.0, 1.0), *_AXES, *product((0.5, 2.0), repeat=3))
"""Factors of (tick, depth, volatility): the preset, each alone, and all corners: 15 assets."""


def perturbed(preset: Preset, tick: float, depth: float, volatility: float) -> Preset:
    """Return the preset as another share: `tick` size, `depth` of the book, daily `volatility` times these factors.

    Lengths go with the volatility, so in ticks with `stretch` = volatility / tick: the moves of the public value, the
    spread that makers aim at (as they do from hour to hour: `world.value.breathe`), their skew, the hole in the latent
    profile, whose slope falls with 1 / σ² (Toth et al. 2011). Moves of one tick are stretch² times as frequent; as many
    of them a day as in the preset are raced by informed takers, or all of them. Depth goes with the rate of limit
    orders, with the investors and with what they and informed takers show and take at most, in lots, not with the sizes
    of single orders; makers then answer a lot 1 / depth times as much.
    """
    lit, one = preset.lit, preset.instrument
    stretch = volatility / tick
    flow = {
        "sigma": lit.sigma * stretch,
        "jump_size": lit.jump_size * stretch,
        "spread": lit.spread * stretch,
        "skew": lit.skew * stretch / depth,
        "informed_probability": min(lit.informed_probability / stretch**2, 1.0),
        "informed_most": max(round(lit.informed_most * depth), 1),
        "long_queue": lit.long_queue * depth,
        "investor_show": max(round(lit.investor_show * depth), 1),
        "investor_used": lit.investor_used * stretch,
        "deepest": max(round(lit.deepest / tick), math.ceil(lit.spread * stretch)),
        "limit_rate": lit.limit_rate * depth,
        "investor_slope": lit.investor_slope * depth / stretch**2,
    }
    share = {
        "daily_volume": max(round(one.daily_volume * depth), 1),
        "tick": one.tick * tick,
        "spread": one.spread * stretch,
        "daily_volatility": min(one.daily_volatility * volatility, 0.99),
    }
    return from_table(
        preset.model_copy(
            update={"lit": lit.model_copy(update=flow), "instrument": one.model_copy(update=share)}
        ).model_dump()
    )


def across(
    preset: Preset,
    *,
    seed: int,
    days: int,
    regime: str = "switching",
    warm: int = 0,
    tell: Callable[[int], None] = lambda _: None,
) -> dict[str, Estimate]:
    """Return R² of the spread on the volatility per trade over the assets, and their number.

    All assets trade the same days on the same streams (regimes and activity are common), and days are drawn for all of
    them together.
    """
    assets = []
    for factors in FACTORS:
        found = reduced_days(
            perturbed(preset, *factors),
            seed=seed,
            seeds=2,
            days=max(-(-days // 2), 1),
            regime=regime,
            warm=warm,
            tell=tell,
        )
        assets.append((found, resampler_of(found, seed=seed)))
    return across_assets(assets)
