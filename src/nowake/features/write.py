"""The vector from the state: `write` fills a ROW at a time, from what was heard up to it.

Writing at `t` does not change what a later row holds: decays are computed from the time of the last change, windows and
grids that are brought to `t` would be brought there by the next event anyway.
"""

# mypy: disable-error-code="no-untyped-def"
import math

from nowake.core.jit import inline, kernel
from nowake.features.decay import decays, elapsed, level_shares
from nowake.features.state import BUCKETS, DECILES, LEVELS, SAMPLES
from nowake.features.trades import SIGN_SPANS, roll
from nowake.features.vector import INDEX
from nowake.features.volatility import measure, sample_until

__all__ = ["curve_share", "micro_offset", "write"]

_SECOND = 1_000_000_000
_MICRO, _IMBALANCE, _WEIGHTED = INDEX["microprice"], INDEX["imbalance"], INDEX["imbalance_depth"]
_SPREAD, _SPREAD_VOL, _RELATIVE = INDEX["spread_steps"], INDEX["spread_volatility"], INDEX["volatility_relative"]
_RATIO, _TOUCH, _SHARE = INDEX["depth_ratio"], INDEX["depth_touch"], INDEX["depth_share"]
_VOL, _REALISED, _TWO = INDEX["volatility_64s"], INDEX["realised_64s"], INDEX["two_scale_64s"]
_FLOW, _FLOW_SHARE, _OFI, _DEEP = INDEX["flow_8s"], INDEX["flow_share_8s"], INDEX["ofi_1s"], INDEX["ofi_deep_1s"]
_SIGN, _INTENSITY, _PACE, _RECENT = INDEX["sign_10"], INDEX["intensity_1s"], INDEX["pace_day"], INDEX["pace_recent"]
_VPIN, _POSITION, _QUEUE = INDEX["vpin"], INDEX["queue_position"], INDEX["queue_share"]
_OWN, _IMPACT, _LIT = INDEX["own_share"], INDEX["own_impact"], INDEX["lit_up"]
_DARK, _MARKOUT, _AGE, _VENUE_AGE = INDEX["dark_fill"], INDEX["dark_markout"], INDEX["feed_age"], INDEX["venue_age"]
_NEWS, _NEWS_AGE = INDEX["news_score"], INDEX["news_age"]
_WEIGHT = tuple(math.exp(-0.65 * level) for level in range(LEVELS))  # Cheridito & Weiss 2025
_S0, _S1, _S2, _S3 = SIGN_SPANS
_GROWN = 1.0 - math.exp(-1.0)  # weight of a decayed sum that has run for its own scale
_OPENING = 60 * _SECOND
_FOREVER = 2**62
_LENGTH = len(INDEX)


@inline
def _put(r, k, value, ready):
    r.value[k] = value
    r.ready[k] = 1 if ready else 0


@kernel
def micro_offset(f, imbalance, spread):
    """Return the fitted microprice less mid in spreads, imbalance / 2 where no table covers the state.

    `imbalance` in -1..1, `spread` in ticks. An imbalance on an edge between two buckets takes the mean of both.
    """
    steps = (spread + f.step - 1) // f.step
    if steps < 1 or steps > f.micro_spreads:
        return 0.5 * imbalance
    share = 0.5 * (imbalance + 1.0)
    low, high = 0, 0
    for j in range(DECILES - 1):
        low += 1 if f.micro_edge[j] < share else 0
        high += 1 if f.micro_edge[j] <= share else 0
    row = (steps - 1) * DECILES
    if f.micro_known[row + low] == 0 or f.micro_known[row + high] == 0:
        return 0.5 * imbalance
    return 0.5 * (f.micro[row + low] + f.micro[row + high]) * f.step / spread


@inline
def _write_touch(f, r, age, d512, n512):
    """The last sound touch; ready while it stands."""
    if f.started == 0:
        return
    sound = f.sound != 0
    bid, ask, spread = f.last_shown[0], f.last_shown[1], f.last_spread
    imbalance = (bid - ask) / (bid + ask)
    _put(r, _IMBALANCE, imbalance, sound)
    _put(r, _MICRO, micro_offset(f, imbalance, spread), sound)
    _put(r, _SPREAD, spread / f.step, sound)
    mean = (f.depth_mean * d512 + 0.5 * (f.shown[0] + f.shown[1]) * (1.0 - d512)) / n512 if n512 > 0.0 else 0.0
    ready = sound and age >= 512 * _SECOND
    _put(r, _TOUCH, math.log(0.5 * (bid + ask) / mean) if mean > 0.0 else 0.0, ready)


@kernel
def _write_depth(f, r):
    bids, asks = f.depth_total[0], f.depth_total[1]
    if f.depth == 0 or bids <= 0 or asks <= 0:
        return
    up, down = 0.0, 0.0
    for j in range(LEVELS):
        w = _WEIGHT[j]
        bid, ask = f.held[j], f.held[LEVELS + j]
        up += w * (bid - ask)
        down += w * (bid + ask)
    ready = f.sound != 0 and f.levels[0] > 1 and f.levels[1] > 1
    _put(r, _WEIGHTED, up / down, ready)
    _put(r, _RATIO, math.log(bids / asks), ready)
    _put(r, _SHARE, (f.held[0] + f.held[LEVELS]) / (bids + asks), ready)


@inline
def _write_volatility(f, r, age, d, n):
    """EWMA volatility: V / (1 - exp(-max(age, tau) / tau)) is the variance over tau."""
    for g in range(3):
        variance = f.variance[g] * d[g + 2] / max(n[g + 2], _GROWN)
        _put(r, _VOL + g, 1e4 * math.sqrt(variance), age >= (64 << (3 * g)) * _SECOND)
        measure(f, g)
        full = f.samples[g] >= SAMPLES
        _put(r, _REALISED + g, f.realised[g], full)
        _put(r, _TWO + g, f.two_scale[g], full)
    minute, longer = r.value[_VOL] * 1e-4, r.value[_VOL + 1]
    ready = age >= 64 * _SECOND and f.sound != 0 and minute > 0.0
    spread = r.value[_SPREAD] * f.step
    _put(r, _SPREAD_VOL, spread / (0.5 * f.mid2 * minute) if minute > 0.0 else 0.0, ready)
    if f.daily_volatility > 0.0:
        scaled = longer * math.sqrt(f.session_ns / 512e9)
        _put(r, _RELATIVE, scaled / f.daily_volatility, age >= 512 * _SECOND)


@inline
def _write_flow(f, r, t, age, d, n):
    roll(f, t)
    for g in range(3):
        long_enough = f.trades > 0 and age >= (8 << (3 * g)) * _SECOND
        _put(r, _FLOW + g, float(f.flow[g]), long_enough)
        share = f.flow[g] / f.total[g] if f.total[g] > 0 else 0.0
        _put(r, _FLOW_SHARE + g, share, long_enough and f.total[g] > 0)
    mean = (f.depth_mean * d[3] + 0.5 * (f.shown[0] + f.shown[1]) * (1.0 - d[3])) / n[3] if n[3] > 0.0 else 0.0
    level = (f.level_mean * d[3] + level_shares(f) * (1.0 - d[3])) / n[3] if n[3] > 0.0 else 0.0
    for g in range(3):
        long_enough = age >= (1 << (3 * g)) * _SECOND
        _put(r, _OFI + g, f.ofi[g] * d[g] / mean if mean > 0.0 else 0.0, long_enough)
        deep = f.deep[g] * d[g] / LEVELS / level if level > 0.0 else 0.0
        _put(r, _DEEP + g, deep, long_enough and f.depth != 0)
        _put(
            r, _INTENSITY + g, f.arrivals[g] * d[g] / ((1 << (3 * g)) * max(n[g], _GROWN)), long_enough and f.trades > 0
        )
    _put(r, _SIGN, f.sign[0], f.signed >= _S0)
    _put(r, _SIGN + 1, f.sign[1], f.signed >= _S1)
    _put(r, _SIGN + 2, f.sign[2], f.signed >= _S2)
    _put(r, _SIGN + 3, f.sign[3], f.signed >= _S3)


@inline
def curve_share(f, t):
    """Return (expected share of the day's volume by `t`, expected share per ns at `t`) of the curve."""
    x = (t - f.curve_open) / f.curve_width
    k = int(x)
    if x <= 0.0:
        return 0.0, 0.0
    if k >= f.curve_bins:
        return f.curve[f.curve_bins], 0.0
    step = f.curve[k + 1] - f.curve[k]
    return f.curve[k] + (x - k) * step, step / f.curve_width


@kernel
def _write_volume(f, r, t, d512):
    """Volume since the open, or since the first event after it, against the curve, and VPIN."""
    if f.day_volume > 0.0:
        since = max(f.heard, f.curve_open)
        by_now, rate = curve_share(f, t)
        by_now -= curve_share(f, since)[0]
        age = t - since
        ready = age >= _OPENING and by_now > 0.0
        _put(r, _PACE, f.volume / (f.day_volume * by_now) if by_now > 0.0 else 0.0, ready)
        due = f.day_volume * rate * 512e9 * (1.0 - math.exp(-age / 512e9)) if rate > 0.0 else 0.0
        _put(r, _RECENT, f.traded * d512 / due if due > 0.0 else 0.0, ready and due > 0.0)
    if f.buckets > 0:
        n = min(f.buckets, BUCKETS)
        total = 0.0
        for j in range(n):
            total += f.bucket_share[j]
        _put(r, _VPIN, total / n, f.buckets >= BUCKETS)


@kernel
def _write_own(f, r):
    queue = f.queue_ahead + f.queue_own + f.queue_behind
    rests = f.queue_own > 0
    _put(r, _POSITION, f.queue_ahead / queue if rests else 0.0, rests)
    _put(r, _QUEUE, f.queue_own / queue if rests else 0.0, rests)
    both = f.own + f.traded
    _put(r, _OWN, f.own / both if both > 0.0 else 0.0, both > 0.0)
    moves = f.own_weight > 0.0 and f.mid2 > 0
    _put(r, _IMPACT, 1e4 * f.own_moved / (f.own_weight * f.mid2) if moves else 0.0, moves and f.sound != 0)


@kernel
def _write_venues(f, r, t):
    for k in range(3):
        _put(r, _LIT + k, f.up[k] / f.kinds[k] if f.kinds[k] > 0 else 0.0, f.kinds[k] > 0)
    heard = f.up[0] > 0 and 0 < f.quietest < _FOREVER
    _put(r, _VENUE_AGE, max(t - f.quietest, 0) / 1e9 if heard else 0.0, heard)
    _put(r, _DARK, f.dark_done / f.dark_sent if f.dark_sent > 0.0 else 0.0, f.dark_sent > 0.0)
    marked = f.dark_weight > 0.0
    _put(r, _MARKOUT, f.dark_marked / f.dark_weight if marked else 0.0, marked)
    _put(r, _AGE, max(t - f.now, 0) / 1e9 if f.events > 0 else 0.0, f.events > 0)
    known = f.news_known != 0
    _put(r, _NEWS, f.news_score, known)
    _put(r, _NEWS_AGE, max(t - f.news_at, 0) / 1e9 if known else 0.0, known)


@kernel
def write(f, t, r):
    """Fill the ROW record `r` with the vector at time `t` (ns UTC, not before the last event)."""
    r.time = t
    r.bid, r.ask = (f.mid2 - f.last_spread) // 2, (f.mid2 + f.last_spread) // 2
    for k in range(_LENGTH):
        r.value[k] = 0.0
        r.ready[k] = 0
    d = decays(elapsed(f, t))
    age = t - f.first if f.started != 0 else 0
    e = decays(max(age, 0))
    n = (1.0 - e[0], 1.0 - e[1], 1.0 - e[2], 1.0 - e[3], 1.0 - e[4])
    if f.started != 0:
        sample_until(f, t)
    _write_touch(f, r, age, d[3], n[3])
    _write_depth(f, r)
    _write_volatility(f, r, age, d, n)
    _write_flow(f, r, t, age, d, n)
    _write_volume(f, r, t, d[3])
    _write_own(f, r)
    _write_venues(f, r, t)
