"""How makers learn to lean: weights of predicted signed volume under which the price is a martingale at every scale.

Makers put a share (1 + tilt) / 2 of their orders on the ask, tilt = sum of w_j EMA_j, EMA_j the mean sign of traded
volume over lean_time_j. If the price still goes up after net buying at scale j, that is predictable and w_j too small:
w_j += rate * response_j, the mean price move over the next lean_time_j of volume per standard deviation of EMA_j, in
spreads (stochastic approximation). Weights stay at 0 or above: makers lean against what goes
on, they do not push where the price comes back. The public value does not answer to volume; it is taken out of the
moves as noise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import DAY, SECOND
from nowake.market.impact import flat
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset
from nowake.market.sessions import session_of
from nowake.market.workers import in_parts
from nowake.market.world.state import SCALES
from nowake.market.world.worlds import new_worlds

__all__ = ["Response", "learn", "responses", "with_weights"]

_STEP = 20 * SECOND
_MOST = 0.9  # of a weight
_ENDLESS = 10_000 * DAY


@dataclass(frozen=True, slots=True)
class Response:
    """Price move that follows past signed volume at one scale: spreads per standard deviation, 95 % over markets."""

    lots: float
    value: float
    ci: tuple[float, float]


def with_weights(preset: Preset, weights: np.ndarray) -> Preset:
    """Return `preset` with other weights."""
    lean = tuple(round(float(w), 4) for w in weights)
    return preset.model_copy(update={"lit": preset.lit.model_copy(update={"lean": lean})})


def responses(
    preset: Preset, *, seed: int, markets: int = 24, hours: float = 26.0, regime: str = "switching"
) -> tuple[Response, ...]:
    """Return the response at every scale of `preset`; InputError for fewer than two markets or less than an hour."""
    if markets < 2 or hours < 1:
        raise InputError("leaning", expected="two markets or more, an hour or more", got=(markets, hours))
    opened, _ = session_of(preset, FIRST_DAY)
    worlds = new_worlds(flat(preset), [seed * 1_000_000 + k for k in range(markets)], regime, opened, opened + _ENDLESS)
    w, steps = worlds.worlds, round(hours * 3600 * SECOND / _STEP)
    price, volume = np.zeros((markets, steps)), np.zeros((markets, steps))
    scale = np.zeros((markets, steps, SCALES))

    def part(lo: int, hi: int) -> None:
        for i in range(lo, hi):
            for k in range(steps):
                worlds.run(i, opened + (k + 1) * _STEP)
                price[i, k] = 0.5 * (w["bid"][i] + w["ask"][i]) - w["value"][i]
                volume[i, k] = w["volume"][i] - w["dark"][i]
                scale[i, k] = w["scale"][i]

    in_parts(markets, part)
    spread = float(w["spread_time"].sum()) / (markets * steps * _STEP)
    found = []
    for j, lots in enumerate(preset.lit.lean_time):
        ahead = lots * preset.instrument.round_lot
        slopes = [_response(price[i], volume[i], scale[i, :, j], ahead) for i in range(markets)]
        values = np.array([slope for slope in slopes if np.isfinite(slope)]) / spread
        half = 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else float("inf")
        mean = float(values.mean()) if len(values) else float("nan")
        found.append(Response(lots, mean, (mean - half, mean + half)))
    return tuple(found)


def _response(price: np.ndarray, volume: np.ndarray, ema: np.ndarray, ahead: float) -> float:
    """Return the price move over the next `ahead` shares per deviation of `ema`; NaN where too few have traded."""
    later = np.searchsorted(volume, volume + ahead)
    use = later < len(price)
    x, y = ema[use], price[np.minimum(later, len(price) - 1)][use] - price[use]
    return float(x @ y / np.sqrt(x @ x * use.sum())) if use.sum() > 10 and x @ x > 0 else float("nan")


def learn(
    preset: Preset,
    *,
    seed: int = 7,
    rounds: int = 8,
    rate: float = 0.4,
    markets: int = 24,
    hours: float = 26.0,
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[Preset, list[tuple[Response, ...]]]:
    """Return `preset` with learnt weights, and the responses before every round; every round has seeds of its own."""
    weights, history = np.array(preset.lit.lean), []
    for k in range(rounds):
        found = responses(with_weights(preset, weights), seed=seed + k, markets=markets, hours=hours)
        history.append(found)
        step = np.array([r.value if np.isfinite(r.value) else 0.0 for r in found])
        weights = np.clip(weights + rate / (1 + k / 4) * step, 0.0, _MOST)
        progress((k + 1) / rounds)
    return with_weights(preset, weights), history
