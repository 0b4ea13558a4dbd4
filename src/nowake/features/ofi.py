"""Order-flow imbalance against price moves: the regression of Cont, Kukanov & Stoikov 2014.

    e[n] = 1{B >= B'} q - 1{B <= B'} q' - 1{A <= A'} r + 1{A >= A'} r'        B, q the bid and its size, A, r the ask
    dP[k] = alpha + beta OFI[k] + noise,   OFI[k] = sum of e[n] in bucket k    dP: move of the mid in steps

' is before. Theory: beta is half a step over the depth, so 2 x beta x depth is about 1 where orders come to the touch.
"""

from pathlib import Path
from typing import Any

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import MINUTE, SECOND
from nowake.data.reader import ReaderOptions
from nowake.features.touches import open_days, touch_days

__all__ = ["bucketed", "contributions", "fit_ofi", "regress"]

_WINDOW = 30 * MINUTE
_LEAST = 30  # buckets of a window that is regressed
_CONVENTIONS = {
    "ofi": "at the touch, shares; every change of best prices or sizes inside trading hours, sound touches only",
    "bucket": "aligned to whole multiples UTC; the first and the last, which may be cut, are left out",
    "move": "mid at the end of the bucket less mid at its start, in steps",
    "beta": "least squares with intercept; its interval from heteroskedasticity-robust errors (White, HC1)",
    "r2": "of all buckets in one regression; r2_windows: mean over windows of 30 minutes with one regression each",
    "depth": "mean of bid and ask size over the rows of the touch; depth_slope = 2 x beta x depth",
}


def contributions(path: np.ndarray) -> np.ndarray:
    """Return e[n] of each row of a QUOTE_PATH, 0 for the first."""
    bid, ask, q, r = (path[name].astype(np.float64) for name in ("bid", "ask", "bid_size", "ask_size"))
    out = np.zeros(len(path))
    up, down = bid[1:] >= bid[:-1], bid[1:] <= bid[:-1]
    lower, higher = ask[1:] <= ask[:-1], ask[1:] >= ask[:-1]
    out[1:] = up * q[1:] - down * q[:-1] - lower * r[1:] + higher * r[:-1]
    return out


def bucketed(path: np.ndarray, width: int, step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (start, OFI, move in steps) of every whole bucket of `width` ns; a bucket without a row has 0 and 0."""
    if len(path) < 2:
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    first, last = -(-int(path["time"][0]) // width), int(path["time"][-1]) // width
    edges = np.arange(first, last + 1) * width
    at = np.searchsorted(path["time"], edges, side="right")  # rows up to and with the edge
    total = np.concatenate(([0.0], np.cumsum(contributions(path))))
    mid = (path["bid"] + path["ask"]) / (2 * step)
    return edges[:-1], np.diff(total[at]), np.diff(mid[at - 1])


def regress(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return alpha, beta, r2 of y on x with intercept, and the robust error of beta; InputError where x is constant."""
    if len(x) < 3 or np.ptp(x) == 0:
        raise InputError("regression on order flow", expected="3 buckets or more with different flow", got=len(x))
    dx, dy = x - x.mean(), y - y.mean()
    square = float((dx**2).sum())
    beta = float((dx * dy).sum()) / square
    rest = dy - beta * dx
    error = float(np.sqrt(((dx * rest) ** 2).sum() * len(x) / (len(x) - 2))) / square
    whole = float((dy**2).sum())
    r2 = 1 - float((rest**2).sum()) / whole if whole > 0 else 0.0
    return {"alpha": float(y.mean() - beta * x.mean()), "beta": beta, "beta_error": error, "r2": r2}


def _windows(start: np.ndarray, x: np.ndarray, y: np.ndarray) -> list[dict[str, Any]]:
    found = []
    for window in np.unique(start // _WINDOW):
        use = start // _WINDOW == window
        if use.sum() >= _LEAST and np.ptp(x[use]) > 0:
            fitted = regress(x[use], y[use])
            found.append(
                {"start": int(window * _WINDOW), "n": int(use.sum()), "beta": fitted["beta"], "r2": fitted["r2"]}
            )
    return found


def fit_ofi(
    source: str | Path, *, bucket: int = 10 * SECOND, options: ReaderOptions | None = None, fmt: str | None = None
) -> dict[str, Any]:
    """Return what ``nowake fit ofi --json`` prints, without schema and timing; `bucket` in ns."""
    if bucket < 1 or bucket > _WINDOW:
        raise InputError("bucket", expected="1 ns to 30 minutes", got=bucket)
    parts, sizes, symbol, days = [], [], "", 0
    for day, path in touch_days(open_days(source, options=options, fmt=fmt)):
        parts.append(bucketed(path, bucket, day.instrument.step))
        sizes.append((path["bid_size"] + path["ask_size"]) / 2)
        symbol, days = day.instrument.symbol, days + 1
    start, flow, move = (np.concatenate(x) for x in zip(*parts, strict=True))
    fitted = regress(flow, move)
    windows, depth = _windows(start, flow, move), float(np.concatenate(sizes).mean())
    half = 1.96 * fitted["beta_error"]
    return {
        "symbol": symbol, "days": days, "bucket_ns": bucket, "n": len(flow), **fitted,
        "beta_ci": [fitted["beta"] - half, fitted["beta"] + half],
        "depth": depth, "depth_slope": 2 * fitted["beta"] * depth,
        "windows": windows, "r2_windows": float(np.mean([w["r2"] for w in windows])) if windows else None,
        "conventions": dict(_CONVENTIONS),
    }  # fmt: skip
