"""What an order's own fills have done to the mid, by a model: live, nobody sees the market without them.

Almgren, Thum, Hauptmann & Li 2005 with their coefficients (`schedule.pretrade`), read along the order:

    I(t) = gamma sigma x(t)/V (Theta/V)^(1/4) + eta sigma (r(t) / (V tau u))^0.6, in parts of the price

x(t) are the shares filled before t, V the day's volume, Theta the shares outstanding, sigma the daily volatility, u the
days of volume that pass in a second. r(t) = sum q exp(-(t - t_i) / tau) over earlier fills is the recent trading, so
that r / (V tau u) is the rate of the paper once trading is steady. tau = 10 min is our choice: the paper counts as
permanent what is left after 30 min, when 5 % of the temporary part are.
"""

import math
from dataclasses import dataclass

import numpy as np

from nowake.core.times import SECOND
from nowake.schedule.checks import positive
from nowake.schedule.pretrade import ETA, GAMMA, RATE_POWER, TURNOVER_POWER

__all__ = ["MEMORY_S", "ImpactModel", "own_impact"]

MEMORY_S = 600.0  # tau


@dataclass(frozen=True, slots=True)
class ImpactModel:
    """Daily `sigma` (0.02: 2 %), `adv` and `outstanding` in shares, `pace`: days of volume that pass in a second."""

    sigma: float
    adv: float
    outstanding: float
    pace: float

    def __post_init__(self) -> None:
        for name in ("sigma", "adv", "outstanding", "pace"):
            positive(getattr(self, name), name)


def own_impact(model: ImpactModel, times: np.ndarray, quantities: np.ndarray) -> np.ndarray:
    """Return by which part of the price own fills had moved the mid just before each of them, f8[n].

    `times` (ns, ascending) and `quantities` of the fills; those of one instant do not yet count for each other.
    """
    lasting = GAMMA * model.sigma * (model.outstanding / model.adv) ** TURNOVER_POWER / model.adv
    steady = model.adv * MEMORY_S * model.pace  # recent shares at a rate of one day's volume a day
    found = np.zeros(len(times))
    done = recent = waiting = 0.0
    before = int(times[0]) if len(times) else 0
    for j, (time, quantity) in enumerate(zip(times.tolist(), quantities.tolist(), strict=True)):
        if time > before:
            recent = (recent + waiting) * math.exp(-(time - before) / (MEMORY_S * SECOND))
            done, waiting, before = done + waiting, 0.0, time
        found[j] = lasting * done + ETA * model.sigma * (recent / steady) ** RATE_POWER
        waiting += quantity
    return found
