"""Facts 12, 13 and 15: what order flow and queues at the best say about the next price, and the law of the queues."""

from collections.abc import Sequence

import numpy as np

from nowake.core.times import SECOND
from nowake.market.realism.bootstrap import Estimate, Resampler, estimate_of
from nowake.market.realism.reduced import Reduced, stacked
from nowake.market.realism.view import DayView

__all__ = ["estimate", "gamma_shape", "imbalance_events", "reduce"]

_EVERY = 10 * SECOND
_QUINTILES = 5


def imbalance_events(view: DayView) -> np.ndarray:
    """Return e_n of every change of the best quotes, f8[m - 1] shares (Cont, Kukanov & Stoikov 2014, eq. 3).

    e = 1{b ≥ b'} q_b - 1{b ≤ b'} q_b' - 1{a ≤ a'} q_a + 1{a ≥ a'} q_a', where ' marks the quote before.
    """
    b, a = view.bid, view.ask
    qb, qa = view.bid_size.astype(float), view.ask_size.astype(float)
    bids = (b[1:] >= b[:-1]) * qb[1:] - (b[1:] <= b[:-1]) * qb[:-1]
    asks = (a[1:] <= a[:-1]) * qa[1:] - (a[1:] >= a[:-1]) * qa[:-1]
    flow: np.ndarray = bids - asks
    return flow


def reduce(view: DayView) -> Reduced:
    """Return per 10 s: imbalance, mid change (steps), mean depth; then counts of fact 13, queue moments of fact 15."""
    edges = view.grid(_EVERY)
    inside = view.bins(view.time[1:], _EVERY)
    flow = np.bincount(inside, weights=imbalance_events(view), minlength=len(edges) - 1)
    rows = view.rows_at(edges[1:-1])
    queues = np.concatenate([view.bid_size[rows], view.ask_size[rows]]).astype(float)
    queues = queues[queues > 0]
    return {
        "ofi": flow,
        "move": np.diff(view.mid_at(edges, before=True)) / view.record.step,
        "depth": view.averages((view.bid_size + view.ask_size) / 2, edges),
        "next_up": _next_moves(view, rows),
        "queue": np.array([len(queues), queues.sum(), np.log(queues).sum()]),
    }


def _next_moves(view: DayView, rows: np.ndarray) -> np.ndarray:
    """Return after how many quotes of `rows` with q_b / (q_b + q_a) > .8 the mid next moves up, and of how many."""
    mid = view.mid
    moved = np.flatnonzero(np.diff(mid)) + 1
    after = np.searchsorted(moved, rows, side="right")
    rows, after = rows[after < len(moved)], after[after < len(moved)]
    heavy = view.bid_size[rows] > 0.8 * (view.bid_size[rows] + view.ask_size[rows])
    change = moved[after[heavy]]
    return np.array([np.sum(mid[change] > mid[change - 1]), len(change)], float)


def estimate(days: Sequence[Reduced], r: Resampler) -> dict[str, Estimate]:
    """Return the parts of facts 12, 13 and 15."""
    flow, move, depth = (stacked(days, name) for name in ("ofi", "move", "depth"))
    up, queue = stacked(days, "next_up"), stacked(days, "queue")
    return {
        "ofi_r2": _daily_r2(flow, move, r),
        "ofi_depth_cv": _slope_depth(flow, move, depth, r),
        "next_up": r.ratio(up[:, 0], up[:, 1]),
        "queue_shape": r.estimate(lambda t: gamma_shape(t[:, 0], t[:, 1], t[:, 2]), queue),
    }


def _daily_r2(flow: np.ndarray, move: np.ndarray, r: Resampler) -> Estimate:
    """Return the mean over days of R² of ΔP on OFI, a regression a day; days without moves are left out."""
    x, y = flow - np.nanmean(flow, 1, keepdims=True), move - np.nanmean(move, 1, keepdims=True)
    with np.errstate(all="ignore"):
        r2 = np.nansum(x * y, 1) ** 2 / (np.nansum(x * x, 1) * np.nansum(y * y, 1))
    known = np.isfinite(r2)
    return r.ratio(np.where(known, r2, 0.0), known.astype(float))


def _slope_depth(flow: np.ndarray, move: np.ndarray, depth: np.ndarray, r: Resampler) -> Estimate:
    """Return sd / mean over quintiles of depth of slope x depth: 0 where the price impact of OFI is c / depth."""
    edges = np.nanquantile(depth, np.arange(1, _QUINTILES) / _QUINTILES)
    group = np.where(np.isfinite(depth), np.searchsorted(edges, depth), -1)
    known = np.isfinite(flow) & np.isfinite(move)
    columns = []
    for g in range(_QUINTILES):
        use = known & (group == g)
        parts = (use, flow * move, flow * flow, depth)
        columns.append(np.column_stack([np.sum(np.where(use, p, 0.0), 1) for p in parts]))
    total = r.totals(np.concatenate(columns, axis=1)).reshape(len(r.weights), _QUINTILES, 4)
    with np.errstate(all="ignore"):
        products = total[..., 1] / total[..., 2] * total[..., 3] / total[..., 0]
        return estimate_of(products.std(1) / np.abs(products.mean(1)))


def _digamma(x: np.ndarray) -> np.ndarray:
    """Return ψ(x) for x > 0: recurrence up to 6, then the asymptotic series (Abramowitz & Stegun 6.3.18)."""
    x, shift = x.astype(float).copy(), np.zeros(len(x))
    for _ in range(6):
        shift -= np.where(x < 6, 1 / x, 0.0)
        x = np.where(x < 6, x + 1, x)
    s = 1 / (x * x)
    series: np.ndarray = np.log(x) - 0.5 / x - s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s / 240)))
    return series + shift


def gamma_shape(n: np.ndarray, total: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Return the maximum-likelihood Gamma shape k from n, Σq, Σ ln q: ln k - ψ(k) = ln mean - mean ln.

    Start and generalised Newton step of Minka 2002.
    """
    s = np.log(total / n) - logs / n
    k = (3 - s + np.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s)
    for _ in range(4):
        slope = (_digamma(k * 1.0001) - _digamma(k * 0.9999)) / (0.0002 * k)
        k = 1 / (1 / k + (np.log(k) - _digamma(k) - s) / (k * k * (1 / k - slope)))
    return np.asarray(k)
