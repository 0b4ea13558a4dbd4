"""The log-volume model: daily level + seasonal curve + intraday AR(1) + noise, fitted by EM, filtered by Kalman.

    log v[d,j] = a[d] + s[j] + c[d,j] + e[d,j]          e ~ N(0, r)
    a[d] = rho a[d-1] + N(0, qa)                        a[0] ~ N(0, va), va the variance of daily mean log volume
    c[d,j] = phi c[d,j-1] + N(0, qc),  c[d,0] ~ N(0, p0)

After Chen, Feng & Palomar 2016, "Forecasting intraday trading volume: a Kalman filter approach"; here the intraday part
starts afresh each day, the level carries over. Volumes of zero are missing observations. Times j are bins 0..J-1.
The expected volume of a bin is that of a log-normal variable, exp(mean + variance / 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nowake.core.errors import InputError
from nowake.data.volume import VolumeTable, check_seen
from nowake.data.volume_kernels import filter_days, moments

__all__ = ["DynamicCurve", "VolumeModel", "VolumeParams", "fit", "log_volumes", "loglik"]

_TINY = 1e-8
_MIN_DAYS = 5
# (phi, share of the residual variance that is noise): where EM starts; the best likelihood wins.
_STARTS = ((0.9, 0.5), (0.5, 0.5), (0.7, 0.2), (0.2, 0.8))


@dataclass(frozen=True, slots=True)
class VolumeParams:
    """The parameters named in the module; `seasonal` is s, shape [bins]."""

    seasonal: np.ndarray
    rho: float
    qa: float
    va: float
    phi: float
    qc: float
    p0: float
    r: float

    def vector(self) -> np.ndarray:
        """Return (rho, qa, va, phi, qc, p0, r), as the kernels read them."""
        return np.array([self.rho, self.qa, self.va, self.phi, self.qc, self.p0, self.r])


@dataclass(frozen=True, slots=True)
class VolumeModel:
    """A fit: parameters, log likelihood, EM steps, days used, R2 of one-bin-ahead predictions of log volume.

    r2 = 1 - sum (y - prediction)^2 / sum (y - mean y)^2 over the days of the fit (in sample).
    """

    params: VolumeParams
    loglik: float
    steps: int
    converged: bool
    days: int
    r2: float

    def curve(self, history: VolumeTable) -> "DynamicCurve":
        """Return the forecast of the day after `history`."""
        y = log_volumes(history.volumes)
        if y.shape[1] != len(self.params.seasonal):
            raise InputError("volume history", expected=f"{len(self.params.seasonal)} bins", got=y.shape[1])
        out = _filtered(y, self.params)
        p = self.params
        a, paa = out.state[-1, -1, 0], out.state[-1, -1, 2]
        return DynamicCurve(p, float(p.rho * a), float(p.rho**2 * paa + p.qa))


@dataclass(frozen=True, slots=True)
class DynamicCurve:
    """The forecast of one day: its level is N(`level`, `variance`) at the open, and every bin seen updates the rest."""

    params: VolumeParams
    level: float
    variance: float

    def predict(self, now_bin: int, seen: Sequence[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and variance of log volume of bins `now_bin`.. given the volumes of the bins before."""
        p = self.params
        volumes = check_seen(now_bin, seen, len(p.seasonal))
        x, cov = np.array([self.level, 0.0]), np.diag([self.variance, p.p0])
        for j, y in enumerate(log_volumes(volumes[None, :])[0] if now_bin else ()):
            if np.isfinite(y):
                gain = cov.sum(axis=1) / (cov.sum() + p.r)
                x = x + gain * (y - p.seasonal[j] - x.sum())
                cov = cov - np.outer(gain, cov.sum(axis=0))
            x = np.array([x[0], p.phi * x[1]])
            cov = cov * np.array([[1.0, p.phi], [p.phi, p.phi**2]]) + np.diag([0.0, p.qc])
        ahead = np.arange(len(p.seasonal) - now_bin)
        decay = p.phi**ahead
        fresh = p.qc * np.concatenate(([0.0], np.cumsum(decay[:-1] ** 2)))
        mean = p.seasonal[now_bin:] + x[0] + decay * x[1]
        variance = cov[0, 0] + 2 * decay * cov[0, 1] + decay**2 * cov[1, 1] + fresh + p.r
        return mean, variance

    def volumes(self, now_bin: int, seen: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the expected volumes of bins `now_bin`.. (log-normal means)."""
        mean, variance = self.predict(now_bin, seen)
        return np.asarray(np.exp(mean + variance / 2))

    def shares(self, now_bin: int, seen: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the expected volumes of bins `now_bin`.. scaled to sum 1: a `VolumeForecast`."""
        mean, variance = self.predict(now_bin, seen)
        log = mean + variance / 2
        weights = np.exp(log - log.max())
        return np.asarray(weights / weights.sum())


def log_volumes(volumes: np.ndarray) -> np.ndarray:
    """Return log volumes; NaN, which means not observed, where a volume is zero."""
    out = np.full(volumes.shape, np.nan)
    np.log(volumes, out=out, where=volumes > 0)
    return out


@dataclass(frozen=True, slots=True)
class _Filtered:
    state: np.ndarray  # [D, J, 5]: a, c, Paa, Pac, Pcc after the observation
    ahead: np.ndarray  # [D, J, 5]: the same before it
    loglik: float


def _filtered(y: np.ndarray, params: VolumeParams) -> _Filtered:
    days, bins = y.shape
    state, ahead = np.empty((days, bins, 5)), np.empty((days, bins, 5))
    value = filter_days(y, params.seasonal, params.vector(), state, ahead)
    return _Filtered(state, ahead, float(value))


def loglik(volumes: np.ndarray, params: VolumeParams) -> float:
    """Return the log likelihood of log `volumes` [days, bins] (zeros are missing) under `params`."""
    return _filtered(log_volumes(np.asarray(volumes, np.float64)), params).loglik


def fit(
    table: VolumeTable, *, steps: int = 500, tolerance: float = 1e-7, start: VolumeParams | None = None
) -> VolumeModel:
    """Fit the model to all days of `table` by EM from fixed starting points (only `start`, if given).

    Stops when the log likelihood gains less than `tolerance` of its size, or after `steps`. InputError with fewer than
    5 days that have volume, or a bin that never trades.
    """
    y = log_volumes(table.volumes)
    y = np.ascontiguousarray(y[np.isfinite(y).any(axis=1)])
    if len(y) < _MIN_DAYS:
        raise InputError("log-volume model", expected=f"at least {_MIN_DAYS} days with volume", got=len(y))
    empty = ~np.isfinite(y).any(axis=0)
    if empty.any():
        raise InputError(
            "log-volume model", expected="volume in every bin on some day", got=f"none in {table.bins[empty.argmax()]}"
        )
    starts = [start] if start is not None else [_start(y, phi, noise) for phi, noise in _STARTS]
    runs = [_em(y, s, steps, tolerance) for s in starts]
    params, value, taken, converged = max(runs, key=lambda run: run[1])
    ahead = _filtered(y, params).ahead
    seen = np.isfinite(y)
    error = (y - params.seasonal - ahead[:, :, 0] - ahead[:, :, 1])[seen]
    spread = float(((y[seen] - y[seen].mean()) ** 2).sum())
    r2 = 1 - float((error**2).sum()) / spread if spread > 0 else 0.0
    return VolumeModel(params, value, taken, converged, len(y), r2)


def _start(y: np.ndarray, phi: float, noise: float) -> VolumeParams:
    seasonal = np.nanmean(y - np.nanmean(y, axis=1, keepdims=True), axis=0) + np.nanmean(y)
    level = np.nanmean(y - seasonal, axis=1)
    va = max(float(level.var()), _TINY)
    rest = max(float(np.nanvar(y - seasonal - level[:, None])), _TINY)
    signal = (1 - noise) * rest
    return VolumeParams(seasonal, 0.8, 0.36 * va, va, phi, signal * (1 - phi**2), signal, noise * rest)


def _em(y: np.ndarray, params: VolumeParams, steps: int, tolerance: float) -> tuple[VolumeParams, float, int, bool]:
    """Return parameters, their log likelihood, steps taken, and whether EM converged."""
    before = _filtered(y, params)
    for step in range(1, steps + 1):
        better = _maximise(y, params, before)
        after = _filtered(y, better)
        gain, size = after.loglik - before.loglik, abs(before.loglik) + 1
        if gain < 0:  # the floors on the variances bind
            return params, before.loglik, step, True
        params, before = better, after
        if gain < tolerance * size:
            return params, before.loglik, step, True
    return params, before.loglik, steps, False


def _maximise(y: np.ndarray, params: VolumeParams, filtered: _Filtered) -> VolumeParams:
    """Return the M-step: every parameter maximises the expected log likelihood under the smoothed states."""
    days, bins = y.shape
    smooth = np.empty((days, bins, 5))
    cross = np.empty((days, bins, 2))
    moments(params.vector(), filtered.state, filtered.ahead, smooth, cross)
    a, c, paa, pac, pcc = (smooth[:, :, k] for k in range(5))
    seen = np.isfinite(y)
    seasonal = np.where(seen, y - a - c, 0.0).sum(axis=0) / seen.sum(axis=0)
    residual = np.where(seen, (y - seasonal - a - c) ** 2 + paa + 2 * pac + pcc, 0.0)
    cc, c1 = c**2 + pcc, c[:, 1:] * c[:, :-1] + cross[:, 1:, 1]
    phi = float(np.clip(c1.sum() / max(cc[:, :-1].sum(), _TINY), -0.9999, 0.9999))
    qc = float((cc[:, 1:] - 2 * phi * c1 + phi**2 * cc[:, :-1]).mean()) if bins > 1 else params.qc
    aa, a1 = a[:, 0] ** 2 + paa[:, 0], a[1:, 0] * a[:-1, -1] + cross[1:, 0, 0]
    rho = float(np.clip(a1.sum() / max(aa[:-1].sum(), _TINY), -1.0, 1.0))
    qa = float((aa[1:] - 2 * rho * a1 + rho**2 * aa[:-1]).mean())
    return replace(
        params, seasonal=seasonal, rho=rho, qa=max(qa, _TINY), phi=phi, qc=max(qc, _TINY),
        p0=max(float(cc[:, 0].mean()), _TINY), r=max(float(residual.sum() / seen.sum()), _TINY),
    )  # fmt: skip
