"""What a market is at a glance: spread, volume, volatility, messages a day, to check a preset against its name."""

from collections.abc import Sequence

import numpy as np

from nowake.core.times import MINUTE
from nowake.market.realism.bootstrap import Estimate, Resampler
from nowake.market.realism.reduced import Reduced, stacked
from nowake.market.realism.view import DayView

__all__ = ["profile", "reduce"]


def reduce(view: DayView) -> Reduced:
    """Return the time-weighted spread (currency), shares traded, realised variance of 5-min mids, messages, trades."""
    record = view.record
    spread = view.averages(view.ask - view.bid, np.array([record.open, record.close]))[0] * record.tick_size
    variance = np.sum(np.diff(np.log(view.mid_at(view.grid(5 * MINUTE)))) ** 2)
    messages = record.adds + record.cancels + len(record.trades)
    return {"profile": np.array([spread, record.trades["quantity"].sum(), variance, messages, len(view.trades)], float)}


def profile(days: Sequence[Reduced], r: Resampler) -> dict[str, Estimate]:
    """Return spread (currency), volume (shares), volatility (daily, overnight excluded), events and trades a day."""
    sums = np.column_stack([np.ones(len(days)), stacked(days, "profile")])

    def mean(k: int) -> Estimate:
        return r.ratio(sums[:, k], sums[:, 0])

    volatility = r.estimate(lambda t: np.sqrt(t[:, 3] / t[:, 0]), sums)
    return {"spread": mean(1), "volume": mean(2), "volatility": volatility, "events": mean(4), "trades": mean(5)}
