"""What `nowake schedule` and `nowake pretrade` compute: parameters in, one plain dictionary out; no printing here."""

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np

from nowake.core.errors import InputError, nearest
from nowake.schedule import afs as afs_form
from nowake.schedule import almgren_chriss, cartea_jaimungal, obizhaeva_wang, pretrade
from nowake.schedule.checks import whole_bins, whole_quantity
from nowake.schedule.impact import Impact
from nowake.schedule.number_list import parse_numbers
from nowake.schedule.parameters import (
    AcParams,
    AfsParams,
    CjParams,
    OwParams,
    PovParams,
    TwapParams,
    VwapParams,
)
from nowake.schedule.pov import pov
from nowake.schedule.protocol import apportion
from nowake.schedule.trajectory import Trajectory
from nowake.schedule.twap import twap
from nowake.schedule.vwap import u_shape, vwap

__all__ = [
    "ALGORITHMS",
    "AcParams",
    "AfsParams",
    "CjParams",
    "OwParams",
    "PovParams",
    "TwapParams",
    "VwapParams",
    "compute",
    "compute_pretrade",
    "parse_numbers",
]

Result = dict[str, Any]


def _plain(path: Trajectory) -> Result:
    """Return the trajectory as lists and floats, keys that do not apply left out."""
    out: Result = {name: getattr(path, name).tolist() for name in ("times", "holdings", "trades")}
    for name in ("expected_cost", "variance", "kappa"):
        if (value := getattr(path, name)) is not None:
            out[name] = value
    if path.kappa is not None:
        out["half_life"] = path.half_life
    return out


def _whole(path: Trajectory) -> Result:
    """Return the trajectory in whole shares: holdings and trades as integers."""
    out = _plain(path)
    out["holdings"] = [round(x) for x in out["holdings"]]
    out["trades"] = [round(n) for n in out["trades"]]
    return out


def _twap(params: TwapParams) -> Result:
    return _whole(twap(params.quantity, params.horizon, params.bins))


def _vwap(params: VwapParams) -> Result:
    curve = u_shape(params.bins or 13) if params.curve is None else np.array(params.curve, dtype=np.float64)
    if params.bins is not None and whole_bins(params.bins) != len(curve):
        raise InputError("bins", expected=f"as many as the curve has ({len(curve)})", got=params.bins)
    return _whole(vwap(params.quantity, params.horizon, curve))


def _pov(params: PovParams) -> Result:
    out = _whole(pov(params.quantity, params.participation, params.volumes, params.horizon))
    return {**out, "completion": sum(out["trades"]) / params.quantity}


def _shares(quantity: int, trades: list[float]) -> Result:
    """Return the whole quantities beside closed-form trades; nothing where some trade the other way."""
    return {} if min(trades) < 0 else {"shares": apportion(quantity, trades).tolist()}


def _ac(params: AcParams) -> Result:
    impact = Impact(params.sigma, params.gamma, params.eta, params.epsilon, params.power)
    aversion = params.risk_aversion or 0.0
    if params.urgency is not None:
        if params.risk_aversion is not None or params.power != 1:
            raise InputError("urgency", expected="no risk aversion beside it, and linear impact", got=params.urgency)
        aversion = almgren_chriss.risk_aversion_of(params.urgency, params.horizon, params.bins, impact)
    problem = almgren_chriss.Liquidation(params.quantity, params.horizon, params.bins, impact, aversion, params.drift)
    path = almgren_chriss.solve(problem)
    out = {**_plain(path), "risk_aversion": aversion, **_shares(params.quantity, path.trades.tolist())}
    if path.imaginary:
        out["imaginary"] = True
    if params.drift and aversion:
        out["static_holding"] = params.drift / (2 * aversion * params.sigma**2) if params.sigma else None
    return out


def _ow(params: OwParams) -> Result:
    book = None if params.depth is None else obizhaeva_wang.Book(params.depth, params.permanent)
    path = obizhaeva_wang.obizhaeva_wang(params.quantity, params.horizon, params.rho, book)
    out = {**_plain(path), "rate": float(path.trades[1]) / params.horizon}
    out["saving_vs_twap"] = obizhaeva_wang.saving(params.horizon, params.rho)
    if book is not None:
        out["twap_cost"] = obizhaeva_wang.constant_rate_cost(params.quantity, params.horizon, params.rho, book)
    return out


def _afs(params: AfsParams) -> Result:
    path = afs_form.afs(params.quantity, params.horizon, params.bins, params.rho, params.depth)
    return {**_plain(path), **_shares(params.quantity, path.trades.tolist())}


def _cj(params: CjParams) -> Result:
    problem = cartea_jaimungal.LimitOrders(
        params.quantity, params.horizon, params.intensity, params.kappa, params.alpha, params.phi
    )
    out: Result = {"depths": cartea_jaimungal.depths(problem).tolist()}
    if params.half_spread is not None:
        times = cartea_jaimungal.market_order_times(problem, params.half_spread)
        out["market_order_times"] = [None if np.isnan(t) else float(t) for t in times]
    return out


ALGORITHMS: dict[str, tuple[type, Callable[[Any], Result]]] = {
    "twap": (TwapParams, _twap),
    "vwap": (VwapParams, _vwap),
    "pov": (PovParams, _pov),
    "ac": (AcParams, _ac),
    "ow": (OwParams, _ow),
    "afs": (AfsParams, _afs),
    "cj": (CjParams, _cj),
}
"""Name on the command line -> (its parameters, what computes it)."""


def _finite(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_finite, value))
    return not isinstance(value, float) or isfinite(value)


def _in_range(run: Callable[[], Result]) -> Result:
    """Return what `run` returns; InputError where the parameters leave the range of floating point on the way."""
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
            out = run()
    except (ArithmeticError, np.linalg.LinAlgError) as error:
        raise InputError("parameters", expected="magnitudes that can be computed with", got=str(error)) from error
    if not all(map(_finite, out.values())):
        raise InputError(
            "parameters", expected="magnitudes that can be computed with", got="a result that is not finite"
        )
    return out


def compute(algo: str, params: object) -> Result:
    """Return the schedule of `algo` (a name of ALGORITHMS) for its parameters, as plain lists and numbers.

    Keys: `times`, `holdings`, `trades`, `expected_cost`, `variance`, `kappa`, `half_life` where they apply; `ow` adds
    `rate`, `cj` has `depths`. InputError on an unknown name (the nearest named) or impossible parameters.
    """
    name = algo.strip().lower()
    if name not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise InputError(
            f"unknown algorithm '{algo}'", expected=f"one of {known}", got=repr(algo), hint=nearest(name, ALGORITHMS)
        )
    expected, run = ALGORITHMS[name]
    if not isinstance(params, expected):
        raise InputError(f"parameters of {name}", expected=expected.__name__, got=type(params).__name__)
    whole_quantity(params.quantity)  # type: ignore[attr-defined]
    return _in_range(lambda: run(params))


def compute_pretrade(model: str, order: pretrade.Almgren2005 | pretrade.SquareRoot) -> Result:
    """Return `mean_bps`, `q10_bps`, `q50_bps`, `q90_bps`, `risk_bps`, `parts`, and each part beside them.

    `model` `almgren2005` (`permanent_bps`, `temporary_bps`) or `square-root`; InputError on another.
    """
    name, known = model.strip().lower().replace("_", "-"), ("almgren2005", "square-root")
    if name == "almgren2005" and isinstance(order, pretrade.Almgren2005):
        return _in_range(lambda: _estimated(pretrade.almgren2005(order)))
    if name == "square-root" and isinstance(order, pretrade.SquareRoot):
        return _in_range(lambda: _estimated(pretrade.square_root(order)))
    if name in known:
        raise InputError(f"parameters of {name}", expected="those of the same model", got=type(order).__name__)
    raise InputError(
        f"unknown model '{model}'", expected=" or ".join(known), got=repr(model), hint=nearest(name, known)
    )


def _estimated(estimate: pretrade.Estimate) -> Result:
    out: Result = {**estimate.parts, "mean_bps": estimate.mean_bps}
    if estimate.mean_bps_ci is not None:
        out["mean_bps_ci"] = list(estimate.mean_bps_ci)
    out |= {name: getattr(estimate, name) for name in ("q10_bps", "q50_bps", "q90_bps", "risk_bps")}
    return {**out, "parts": dict(estimate.parts)}
