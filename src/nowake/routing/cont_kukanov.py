"""How much of a slice crosses and how much rests: Cont & Kukanov 2013, one venue in closed form, several by descent.

Cost of crossing M and resting L at one venue, in price units (arXiv 1210.1625, eq. 3), with A = M + fill:
(h + f) M - (h + r) fill + lambda_u (S - A)+ + lambda_o (A - S)+ + theta (M + L), fill = (xi - Q)+ - (xi - Q - L)+.
Half-spread h, taker fee f, rebate r, size S, queue ahead Q, xi the shares that leave the queue within the horizon.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log

import numpy as np
from numpy.typing import NDArray

from nowake.core.errors import InputError
from nowake.schedule.checks import finite, not_negative, positive, whole_bins

__all__ = ["OneVenue", "Split", "Venues", "expected_cost", "market_and_limit", "onto_simplex", "split", "split_cost"]

BATCH = 8  # outflows of one step of the descent


@dataclass(frozen=True, slots=True)
class OneVenue:
    """One venue: shares, price units per share (`rebate` may be negative: a maker fee), outflow ~ Exp(`outflow_mean`).

    `lambda_u`: what a share costs that is still missing at the end of the horizon.
    """

    size: float
    queue: float
    half_spread: float
    fee: float
    rebate: float
    lambda_u: float
    outflow_mean: float

    def __post_init__(self) -> None:
        positive(self.size, "size")
        positive(self.outflow_mean, "outflow mean")
        for name in ("queue", "half_spread", "lambda_u"):
            not_negative(getattr(self, name), name.replace("_", " "))
        for name in ("fee", "rebate"):
            finite(getattr(self, name), name)


@dataclass(frozen=True, slots=True)
class Split:
    """Shares that cross, and shares that rest."""

    market: float
    limit: float


def market_and_limit(venue: OneVenue) -> Split:
    """Return the cheapest split with M + L = S: L = F^-1((2h + f + r) / (lambda_u + h + r)) - Q, within 0..S.

    Where the two ways cost the same whatever fills, all rests.
    """
    gain = 2 * venue.half_spread + venue.fee + venue.rebate
    loss = venue.lambda_u + venue.half_spread + venue.rebate
    if gain >= loss:
        return Split(0.0, float(venue.size))
    if gain <= 0:
        return Split(float(venue.size), 0.0)
    quantile = -venue.outflow_mean * log(1 - gain / loss)
    limit = min(max(quantile - venue.queue, 0.0), float(venue.size))
    return Split(venue.size - limit, limit)


def expected_cost(venue: OneVenue, limit: float) -> float:
    """Return the expected cost of resting `limit` and crossing the rest of the size (without theta: a constant)."""
    mean, market = venue.outflow_mean, venue.size - limit
    fill = mean * (exp(-venue.queue / mean) - exp(-(venue.queue + limit) / mean))
    crossing = (venue.half_spread + venue.fee) * market
    return crossing - (venue.half_spread + venue.rebate) * fill + venue.lambda_u * (limit - fill)


@dataclass(frozen=True, slots=True)
class Venues:
    """Several venues: `queues` and `rebates` by venue; `lambda_o` punishes shares bought beyond the size.

    `theta`: cost per share sent, resting ones included (impact).
    """

    size: float
    queues: Sequence[float]
    rebates: Sequence[float]
    half_spread: float
    fee: float
    lambda_u: float
    lambda_o: float = inf
    theta: float = 0.0

    def __post_init__(self) -> None:
        positive(self.size, "size")
        if not self.queues or len(self.queues) != len(self.rebates):
            raise InputError("venues", expected="a queue and a rebate each", got=(len(self.queues), len(self.rebates)))
        for queue in self.queues:
            not_negative(queue, "queue")
        for rebate in (*self.rebates, self.fee):
            finite(rebate, "fee or rebate")
        for name in ("half_spread", "lambda_u", "theta"):
            not_negative(getattr(self, name), name)
        if not self.lambda_o > 0:
            raise InputError(
                "lambda_o", expected="above 0 (infinite: never more than the size is sent)", got=self.lambda_o
            )


def onto_simplex(x: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Return the point nearest to `x` with entries of 0 or more that sum to `total` (Held, Wolfe & Crowder 1974)."""
    down = np.sort(x)[::-1]
    over = (np.cumsum(down) - total) / np.arange(1, len(x) + 1)
    return np.asarray(np.maximum(x - over[np.flatnonzero(down > over)[-1]], 0.0), dtype=np.float64)


def _onto_covering(x: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Return the nearest point within 0..`total` each whose sum is `total` or more."""
    inside = np.clip(x, 0.0, total)
    if inside.sum() >= total:
        return inside
    low, high = 0.0, float(total - x.min())
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(x + middle, 0.0, total).sum() < total else (low, middle)
    return np.clip(x + high, 0.0, total)


def split_cost(venues: Venues, sent: NDArray[np.float64], outflows: NDArray[np.float64]) -> float:
    """Return the mean cost of `sent` (M, L_1..L_K) over outflows (n, K)."""
    beyond = outflows - np.asarray(venues.queues)
    fills = np.maximum(beyond, 0.0) - np.maximum(beyond - sent[1:], 0.0)
    done = sent[0] + fills.sum(axis=1)
    over = np.maximum(done - venues.size, 0.0)
    excess = over * (venues.lambda_o if np.isfinite(venues.lambda_o) else 0.0)
    earned = fills @ (venues.half_spread + np.asarray(venues.rebates))
    fixed = (venues.half_spread + venues.fee) * sent[0] + venues.theta * sent.sum()
    return float(np.mean(fixed - earned + venues.lambda_u * np.maximum(venues.size - done, 0.0) + excess))


def split(venues: Venues, outflows: NDArray[np.float64], *, passes: int = 20) -> NDArray[np.float64]:
    """Return (M, L_1..L_K) by projected stochastic descent on observed outflows (n, K), the latter half averaged.

    Robbins-Monro steps on the gradient of the cost (their section 4), each the mean over BATCH outflows; with an
    infinite `lambda_o` M + sum L = S. InputError unless there is at least one outflow per venue.
    """
    outflows = np.asarray(outflows, dtype=np.float64)
    if outflows.ndim != 2 or outflows.shape[1] != len(venues.queues) or not len(outflows) or not np.all(outflows >= 0):
        raise InputError("outflows", expected=f"(n, {len(venues.queues)}) shares of 0 or more", got=outflows.shape)
    whole_bins(passes)
    project = _onto_covering if np.isfinite(venues.lambda_o) else onto_simplex
    x = np.full(len(venues.queues) + 1, venues.size / (len(venues.queues) + 1))
    rests = venues.half_spread + np.asarray(venues.rebates)
    steepest = max(venues.half_spread + abs(venues.fee) + venues.lambda_u, float(np.abs(rests).max()), 1e-300)
    batch = min(BATCH, len(outflows))
    mean, steps = np.zeros_like(x), -(-passes * len(outflows) // batch)
    for n in range(steps):
        flows = outflows[np.arange(n * batch, (n + 1) * batch) % len(outflows)]
        x = project(x - venues.size / steepest / (n + 4) ** 0.6 * _slope(venues, x, flows), venues.size)
        mean += x if 2 * n >= steps else 0.0
    return project(mean / (steps - (steps + 1) // 2), venues.size)


def _slope(venues: Venues, x: NDArray[np.float64], flows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean gradient of the cost at `x` over `flows` (n, K)."""
    beyond = flows - np.asarray(venues.queues)
    done = x[0] + np.clip(beyond, 0.0, x[1:]).sum(axis=1)
    missing = venues.lambda_u * (done < venues.size)
    if np.isfinite(venues.lambda_o):
        missing = missing - venues.lambda_o * (done > venues.size)
    earned = (beyond > x[1:]) * (venues.half_spread + np.asarray(venues.rebates) + missing[:, None])
    slope = venues.theta - np.concatenate([[missing.mean()], earned.mean(axis=0)])
    slope[0] += venues.half_spread + venues.fee
    return np.asarray(slope, dtype=np.float64)
