"""Kernels of the log-volume model: Kalman filter and Rauch-Tung-Striebel smoother over days x bins.

The state is (a, c); a record of five floats is (a, c, Paa, Pac, Pcc). Parameters come as (rho, qa, va, phi, qc, p0, r).
"""

import math

import numpy as np

from nowake.core.jit import inline, kernel

__all__ = ["filter_days", "moments"]

_LOG_2PI = math.log(2 * math.pi)


@inline
def _step(x: np.ndarray, theta: np.ndarray, j: int, out: np.ndarray) -> None:
    """Predict bin `j` of a day from the state `x` one bin before (the last bin of the day before for j = 0)."""
    if j == 0:
        out[0], out[1] = theta[0] * x[0], 0.0
        out[2], out[3], out[4] = theta[0] * theta[0] * x[2] + theta[1], 0.0, theta[5]
    else:
        out[0], out[1] = x[0], theta[3] * x[1]
        out[2], out[3], out[4] = x[2], theta[3] * x[3], theta[3] * theta[3] * x[4] + theta[4]


@kernel
def filter_days(y: np.ndarray, seasonal: np.ndarray, theta: np.ndarray, state: np.ndarray, ahead: np.ndarray) -> float:
    """Fill `state` and `ahead` [days, bins, 5] for log volumes `y` [days, bins]; return the log likelihood.

    A NaN is a missing observation.
    """
    total = 0.0
    for d in range(y.shape[0]):
        for j in range(y.shape[1]):
            p, x = ahead[d, j], state[d, j]
            if j > 0:
                _step(state[d, j - 1], theta, j, p)
            elif d > 0:
                _step(state[d - 1, y.shape[1] - 1], theta, j, p)
            else:
                p[0], p[1], p[2], p[3], p[4] = 0.0, 0.0, theta[2], 0.0, theta[5]
            x[:] = p
            if math.isnan(y[d, j]):
                continue
            ha, hc = p[2] + p[3], p[3] + p[4]
            f = ha + hc + theta[6]
            e = y[d, j] - seasonal[j] - p[0] - p[1]
            x[0] = p[0] + ha / f * e
            x[1] = p[1] + hc / f * e
            x[2] = p[2] - ha * ha / f
            x[3] = p[3] - ha * hc / f
            x[4] = p[4] - hc * hc / f
            total -= 0.5 * (_LOG_2PI + math.log(f) + e * e / f)
    return total


@kernel
def moments(theta: np.ndarray, state: np.ndarray, ahead: np.ndarray, smooth: np.ndarray, cross: np.ndarray) -> None:
    """Fill `smooth` [days, bins, 5], and `cross` [days, bins, 2]: Cov(a, a before), Cov(c, c before) given all data.

    With G = P F' (P ahead)^-1 the smoothed state is x + G (x' smooth - x' ahead) and the lag-one covariance
    (P' smooth) G' (Rauch, Tung & Striebel 1965; Shumway & Stoffer 1982).
    """
    days, bins = state.shape[0], state.shape[1]
    smooth[days - 1, bins - 1] = state[days - 1, bins - 1]
    for t in range(days * bins - 2, -1, -1):
        d, j = t // bins, t % bins
        n, k = (t + 1) // bins, (t + 1) % bins
        x, p, s = state[d, j], ahead[n, k], smooth[n, k]
        fa, fc = (theta[0], 0.0) if k == 0 else (1.0, theta[3])
        det = p[2] * p[4] - p[3] * p[3]
        # rows of P F': (Paa fa, Pac fc), (Pac fa, Pcc fc)
        gaa = (x[2] * fa * p[4] - x[3] * fc * p[3]) / det
        gac = (x[3] * fc * p[2] - x[2] * fa * p[3]) / det
        gca = (x[3] * fa * p[4] - x[4] * fc * p[3]) / det
        gcc = (x[4] * fc * p[2] - x[3] * fa * p[3]) / det
        ea, ec = s[0] - p[0], s[1] - p[1]
        daa, dac, dcc = s[2] - p[2], s[3] - p[3], s[4] - p[4]
        out = smooth[d, j]
        out[0] = x[0] + gaa * ea + gac * ec
        out[1] = x[1] + gca * ea + gcc * ec
        out[2] = x[2] + gaa * gaa * daa + 2 * gaa * gac * dac + gac * gac * dcc
        out[3] = x[3] + gaa * gca * daa + (gaa * gcc + gac * gca) * dac + gac * gcc * dcc
        out[4] = x[4] + gca * gca * daa + 2 * gca * gcc * dac + gcc * gcc * dcc
        cross[n, k, 0] = s[2] * gaa + s[3] * gac
        cross[n, k, 1] = s[3] * gca + s[4] * gcc
    cross[0, 0] = np.nan
