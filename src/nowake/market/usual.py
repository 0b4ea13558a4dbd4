"""What is usual on a day of a simulated market: the context of its features, known before the day."""

from nowake.features.context import Context, Curve, MicroTable
from nowake.market.preset_model import Preset
from nowake.schedule.vwap import u_shape

__all__ = ["usual_day"]

_BINS = 78  # of a day's volume


def usual_day(preset: Preset, session: tuple[int, int], micro: MicroTable | None = None) -> Context:
    """Return the context of the day `session` (open and close, ns UTC) of `preset`.

    Its daily volume along its U shape, its daily volatility; `micro` a fitted microprice table.
    """
    opened, closed = session
    about = preset.instrument
    shares = tuple(u_shape(_BINS, preset.lit.u_shape).tolist())
    return Context(
        step=1, depth=True, curve=Curve(opened, (closed - opened) // _BINS, shares, float(about.daily_volume)),
        daily_volatility=1e4 * about.daily_volatility, session_ns=closed - opened, micro=micro,
    )  # fmt: skip
