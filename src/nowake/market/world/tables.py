"""From the numbers of a preset to PARAMETERS: quantile tables, so that kernels need neither powers nor logarithms."""

import math
from collections.abc import Callable

import numpy as np

from nowake.core.errors import InputError
from nowake.market.preset_model import LitFlow, Preset
from nowake.market.world.state import DEALERS, OCTAVES, PARAMETERS, POOLS, QUANTILES, VENUES

__all__ = ["EPOCH", "SESSION", "make_parameters"]

SESSION = 23_400.0  # seconds of a trading day
EPOCH = 10.0  # seconds between two draws of activity
_SECOND = 1e9
_OVERNIGHT = 0.5  # standard deviation of the public value's move overnight, in those of a day
_RARE = 1e-9  # per second: practically never


def _quantiles(inverse: Callable[[float], float], n: int = QUANTILES) -> np.ndarray:
    """Return the values of an inverse distribution function at the middles of `n` equal cells."""
    return np.array([inverse((k + 0.5) / n) for k in range(n)])


def _flow(f: LitFlow, lot: int) -> dict[str, float]:
    keep = [math.exp(-EPOCH / time) for time in f.activity_time]
    kick = [vol * math.sqrt(1 - k * k) for vol, k in zip(f.activity_vol, keep, strict=True)]
    return {
        "limit_rate": f.limit_rate, "taker_rate": max(f.taker_rate, _RARE), "spread": f.spread,
        "jump_rate": max(f.jump_rate / SESSION, _RARE), "value_rate": max(f.sigma**2 / SESSION, _RARE),
        "informed_share": f.informed_probability, "slope": f.investor_slope * lot,
        "renewal": min(EPOCH / (f.investor_renewal * SESSION), 1.0), "investor_rate": f.investor_rate / lot,
        "recentre": min(EPOCH / f.recentre, 1.0), "sigma": max(f.sigma, 1.0),
        "slow_keep": keep[0], "slow_kick": kick[0],
        "fast_keep": keep[1], "fast_kick": kick[1], "activity_mean": -sum(v * v for v in f.activity_vol) / 2,
        "overnight": _OVERNIGHT * f.sigma, "fade": f.fade, "investor_used": f.investor_used,
        "burst": f.burst, "skew": f.skew / lot, "skew_time": f.skew_time * _SECOND,
        "long_queue": f.long_queue * lot,
        "parent_tail": (4 * QUANTILES) ** (1 / f.pareto),
    }  # fmt: skip


def _whole(f: LitFlow, lot: int) -> dict[str, int]:
    seconds = {
        "reprice_delay": f.reprice_delay, "chase_delay": f.chase_delay, "informed_delay": f.informed_delay,
        "investor_life": f.investor_life, "life": f.life, "epoch": EPOCH,
    }  # fmt: skip
    return {name: round(value * _SECOND) for name, value in seconds.items()} | {
        "lot": lot, "parents": f.parents, "informed_most": f.informed_most * lot,
        "investor_show": f.investor_show * lot,
    }  # fmt: skip


def _others(preset: Preset, lot: int) -> dict[str, float]:
    f, a, volume = preset.followers, preset.auctions, preset.instrument.daily_volume
    return {
        "hidden_share": preset.hidden.share, "follow_rate": max(f.rate, _RARE), "momentum": f.momentum,
        "memory": f.memory, "predation": f.predation, "follow_most": f.most * lot,
        "open_auction": a.open * volume, "close_auction": a.close * volume, "auction_depth": a.depth * lot,
        "auction_noise": a.imbalance * volume,
    }  # fmt: skip


def make_parameters(preset: Preset) -> np.ndarray:
    """Return an array of one PARAMETERS record; InputError for more venues than a market has room for."""
    flow, venues, lot = preset.lit, preset.venues, preset.instrument.round_lot
    counts = (len(venues), len(preset.dark), len(preset.dealers))
    most = (VENUES, POOLS - VENUES, DEALERS)
    if any(n > m for n, m in zip(counts, most, strict=True)):
        raise InputError("lit venues, dark pools and dealers of a preset", expected=f"at most {most}", got=counts)
    params = np.zeros(1, PARAMETERS)
    p = params[0]
    for name, value in {**_flow(flow, lot), **_whole(flow, lot), **_others(preset, lot)}.items():
        p[name] = value
    shares = np.array([venue.share for venue in venues])
    p["share"] = 1.0
    p["share"][: len(venues)] = np.cumsum(shares) / shares.sum()
    late = [v.latency for v in venues] + [v.latency for v in preset.dark] + [v.latency for v in preset.dealers]
    p["latency"][: len(late)] = [round(seconds * _SECOND) for seconds in late]
    p["message_limit"][: len(venues)] = [venue.message_limit for venue in venues]
    p["dark_share"] = sum(pool.share for pool in preset.dark)
    p["dark_share"][: len(preset.dark)] = np.cumsum([pool.share for pool in preset.dark])
    p["lean"], p["lean_time"] = flow.lean, [lots * lot for lots in flow.lean_time]
    p["maker_fee"][: len(venues)] = [venue.maker_fee for venue in venues]
    p["taker_fee"][: len(venues)] = [venue.taker_fee for venue in venues]
    upto = np.cumsum(flow.order_weights) / sum(flow.order_weights)
    p["quantity"] = _quantiles(lambda u: lot * flow.order_sizes[upto.searchsorted(u, "right")])
    p["beyond"] = _quantiles(lambda u: min(math.floor(u ** (-1 / flow.placement_tail)) - 1, flow.deepest))
    p["parent_length"] = _quantiles(lambda u: u ** (-1 / flow.pareto), 4 * QUANTILES)
    p["fraction"] = _quantiles(lambda u: 1 - (1 - u) ** (1 / flow.taker_fraction))
    p["jump"] = _quantiles(lambda u: 1 + math.floor(-flow.jump_size * math.log(1 - u)))
    p["life_factor"] = [(1.0 + behind) ** flow.life_power for behind in range(QUANTILES)]
    p["octave"] = [2.0 ** (-flow.depth_elasticity * (k - OCTAVES // 2)) for k in range(OCTAVES)]
    p["within"] = [(1 + (k + 0.5) / QUANTILES) ** -flow.depth_elasticity for k in range(QUANTILES)]
    return params
