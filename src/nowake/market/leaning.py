"""How makers can learn to lean against predicted volume: weights that grow while the price still follows it.

Makers put a share (1 + tilt) / 2 of their orders on the ask, tilt = sum of w_j EMA_j, EMA_j the mean sign of traded
volume over lean_time_j. The response at scale j is the mean price move over the next lean_time_j of volume per root
mean square of EMA_j, in spreads. Above 0 the price goes on in the direction of the flow and w_j is too small:
w_j += rate * response_j (stochastic approximation). The public value does not answer to volume; it is taken out of the
moves as noise.

Weights stay at 0 or above: makers lean against what goes on, never for what comes back. A scale whose response is below
0 without any weight stays as it is, and a weight at one scale changes the responses at the others, so what is learnt
does not make the price a martingale.
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
    """Price move that follows past signed volume at one scale: spreads per root mean square of its EMA.

    The interval is 95 % over markets; NaN where too little was traded to tell.
    """

    lots: float
    value: float
    ci: tuple[float, float]


def with_weights(preset: Preset, weights: np.ndarray) -> Preset:
    """Return `preset` with other weights, rounded to four digits; InputError unless there is a finite one per scale."""
    if np.shape(weights) != (SCALES,) or not np.isfinite(weights).all():
        raise InputError("weights of leaning", expected=f"{SCALES} finite numbers", got=np.asarray(weights).tolist())
    lean = tuple(round(float(w), 4) for w in weights)
    return preset.model_copy(update={"lit": preset.lit.model_copy(update={"lean": lean})})


def responses(
    preset: Preset, *, seed: int, markets: int = 24, hours: float = 26.0, regime: str = "switching"
) -> tuple[Response, ...]:
    """Return the response at every scale of `preset`; InputError for fewer than two markets or less than an hour."""
    if markets < 2 or not hours >= 1:
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
    """Return `preset` with learnt weights, and the responses before every round; every round has seeds of its own.

    Weights lie in 0 to .9; that of a scale at which too little was traded stays. The step of round k is
    `rate` / (1 + k / 4). InputError for what `responses` refuses, no round, or a rate that is not above 0.
    """
    if rounds < 1 or not 0 < rate < float("inf"):
        raise InputError("leaning", expected="a round or more, a rate above 0", got=(rounds, rate))
    weights, history = np.array(preset.lit.lean), []
    for k in range(rounds):
        found = responses(with_weights(preset, weights), seed=seed + k, markets=markets, hours=hours)
        history.append(found)
        step = np.array([r.value if np.isfinite(r.value) else 0.0 for r in found])
        weights = np.clip(weights + rate / (1 + k / 4) * step, 0.0, _MOST)
        progress((k + 1) / rounds)
    return with_weights(preset, weights), history
