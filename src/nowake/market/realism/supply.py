"""Facts 16 to 20: where limit orders are placed, how few trade, how many are cancelled, what trades unseen."""

from collections.abc import Sequence

import numpy as np

from nowake.market.realism.bootstrap import Estimate, Resampler
from nowake.market.realism.reduced import Reduced, stacked
from nowake.market.realism.view import DayView

__all__ = ["FARTHEST", "estimate", "placement_exponent", "reduce"]

FARTHEST = 100  # quoting steps
_STEPS = np.arange(1, FARTHEST + 1)
_EXPONENTS = np.linspace(-1.0, 6.0, 1401)


def reduce(view: DayView) -> Reduced:
    """Return (orders placed 1..100 steps behind the best, Σ ln distance), message counts, shares traded by kind."""
    record, trades = view.record, view.record.trades
    placed = np.zeros(FARTHEST + 1)
    found = record.placements[: FARTHEST + 1]
    placed[: len(found)] = found
    quantity = trades["quantity"].astype(float)
    dark, hidden = trades["dark"] != 0, trades["hidden"] != 0
    shares = [quantity[~dark & ~hidden].sum(), quantity[~dark & hidden].sum(), quantity[dark].sum()]
    return {
        "distance": placed[1:],
        "placed": np.array([placed[1:].sum(), placed[1:] @ np.log(_STEPS)]),
        "supply": np.array([*shares, record.posted, record.cancels, len(view.trades)], float),
    }


def placement_exponent(number: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Return μ of P(Δ) ~ Δ^-(1+μ), Δ = 1..FARTHEST steps, by maximum likelihood from n and Σ ln Δ.

    The likelihood of a discrete power law with an upper end is largest where E[ln Δ] is the mean of ln Δ.
    """
    density = _STEPS ** -(1 + _EXPONENTS[:, None])
    expected = density @ np.log(_STEPS) / density.sum(1)  # falls as the exponent grows
    mean = np.where(number > 0, logs / np.maximum(number, 1), np.nan)
    found: np.ndarray = np.interp(mean, expected[::-1], _EXPONENTS[::-1], left=np.nan, right=np.nan)
    return found


def estimate(days: Sequence[Reduced], r: Resampler) -> dict[str, Estimate]:
    """Return the parts of facts 16 to 20.

    Traded shares of visible orders ÷ shares posted; messages that cancel ÷ lit trades (aggressive orders); hidden ÷ all
    lit shares; dark ÷ all shares.
    """
    s = stacked(days, "supply")
    return {
        "placement_mu": r.estimate(lambda t: placement_exponent(t[:, 0], t[:, 1]), stacked(days, "placed")),
        "traded_over_posted": r.ratio(s[:, 0], s[:, 3]),
        "cancels_per_trade": r.ratio(s[:, 4], s[:, 5]),
        "hidden_share": r.ratio(s[:, 1], s[:, 0] + s[:, 1]),
        "dark_share": r.ratio(s[:, 2], s[:, 0] + s[:, 1] + s[:, 2]),
    }
