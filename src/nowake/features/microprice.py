"""The microprice: the mid that is expected in the end, from imbalance and spread (Stoikov 2018).

States are (imbalance bucket, spread in steps). From one quote to the next the mid stays or moves by k:

    Q[x, y]  = P(mid stays, next state y)      R1[x, k] = P(mid moves by k)      R2[x, y] = P(mid moves, next state y)
    G1 = (I - Q)^-1 R1 K      B = (I - Q)^-1 R2      microprice - mid = sum of B^i G1, i = 0..5

Every change of the touch is a step. The data is made symmetric: each transition is also counted with the sides
exchanged, bucket n-1-b, move -k; then B^i G1 goes to zero. Buckets are deciles of the imbalance and its mirror image.
States seen too seldom, or from which no move is reached, are left out; there the weighted mid stands in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.data.reader import ReaderOptions
from nowake.features.context import MicroTable
from nowake.features.state import DECILES, SPREADS
from nowake.features.touches import open_days, touch_days

__all__ = ["ORDERS", "Fit", "estimate", "fit_microprice", "offsets_at"]

ORDERS = 6
_LEAST = 20  # visits of a state and of its mirror image
_COVERED = 0.95  # share of quotes whose spread the table should cover, if SPREADS allows
_CONVENTIONS = {
    "state": "decile of I = bid size / (bid size + ask size) and its mirror image, and spread in steps, rounded up",
    "step": "from one change of best prices or sizes to the next, inside trading hours",
    "symmetrisation": "each transition also with the sides exchanged: bucket n-1-b, move -k",
    "recursion": "G* = sum of B^i G1 over i = 0..5, G1 = (I - Q)^-1 R1 K, B = (I - Q)^-1 R2",
    "table": "microprice less mid in steps, a row per spread from 1, a column per bucket; null: weighted mid",
    "edges": "between buckets; an imbalance on an edge takes the mean of the buckets beside it",
    "r2": "1 - sum (move - offset)^2 / sum move^2, move: of the mid over its next six changes, each second of the last "
    "30 % of each day, by a table of the first 70 %; weighted mid beside it",
    "limit": "largest |B^i G1| for i = 2^14, in steps: 0 by symmetry",
}


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted table, the transitions counted (mirror images left out), and what is left of B^i G1 in the limit."""

    table: MicroTable
    n: int
    limit: float


def estimate(paths: Sequence[np.ndarray], step: int, spreads: int) -> Fit:
    """Return the table of QUOTE_PATH arrays (one a day, sound touches); InputError where nothing can be said."""
    shares = np.concatenate([_share(p) for p in paths]) if paths else np.zeros(0)
    if not len(shares):
        raise InputError("microprice", expected="quotes with both sides", got="none")
    edges = _edges(shares)
    stay, jump, gain = (np.zeros((spreads * DECILES,) * k) for k in (2, 2, 1))
    n = sum(_count(p, edges, step, spreads, stay, jump, gain) for p in paths)
    kept = _kept(stay, jump)
    if not kept.any():
        raise InputError("microprice", expected="transitions with moves of the mid", got=f"{n} transitions")
    offsets, limit = _solve(stay[np.ix_(kept, kept)], jump[np.ix_(kept, kept)], gain[kept])
    full = np.full(spreads * DECILES, np.nan)
    full[kept] = offsets
    rows = tuple(tuple(float(x) for x in row) for row in full.reshape(spreads, DECILES))
    return Fit(MicroTable(tuple(float(x) for x in edges), rows), n, limit)


def _share(path: np.ndarray) -> np.ndarray:
    return np.asarray(path["bid_size"] / (path["bid_size"] + path["ask_size"]))


def _edges(shares: np.ndarray) -> np.ndarray:
    """Return the deciles of the shares and their mirror images, exactly symmetric around 1/2."""
    edges = np.quantile(np.concatenate((shares, 1 - shares)), np.arange(1, DECILES) / DECILES)
    return np.asarray((edges + 1 - edges[::-1]) / 2)


def _steps(path: np.ndarray, step: int) -> np.ndarray:
    return np.asarray((path["ask"] - path["bid"] + step - 1) // step)


def _count(
    path: np.ndarray, edges: np.ndarray, step: int, spreads: int, stay: np.ndarray, jump: np.ndarray, gain: np.ndarray
) -> int:
    """Add the transitions of a day and their mirror images; `gain` sums moves in steps; returns how many there are."""
    wide, bucket = _steps(path, step), np.searchsorted(edges, _share(path), side="left")
    mid = (path["bid"] + path["ask"]) / (2 * step)
    use = (wide[:-1] <= spreads) & (wide[1:] <= spreads)
    move = np.diff(mid)[use]
    for sign, column in ((1, bucket), (-1, DECILES - 1 - bucket)):
        state = (wide - 1) * DECILES + column
        now, then = state[:-1][use], state[1:][use]
        np.add.at(stay, (now[move == 0], then[move == 0]), 1)
        np.add.at(jump, (now[move != 0], then[move != 0]), 1)
        np.add.at(gain, now, sign * move)
    return int(use.sum())


def _kept(stay: np.ndarray, jump: np.ndarray) -> np.ndarray:
    """Return which states are visited often enough and reach a move over states that are kept."""
    kept = (stay + jump).sum(axis=1) >= _LEAST
    while True:
        good = kept & (jump[:, kept].sum(axis=1) > 0)
        while True:
            more = kept & (good | (stay[:, good].sum(axis=1) > 0))
            if (more == good).all():
                break
            good = more
        if (good == kept).all():
            return np.asarray(kept)
        kept = good


def _solve(stay: np.ndarray, jump: np.ndarray, gain: np.ndarray) -> tuple[np.ndarray, float]:
    """Return sum of B^i G1 for i < ORDERS, and max |B^i G1| far out."""
    visits = (stay + jump).sum(axis=1)
    rest = np.eye(len(stay)) - stay / visits[:, None]
    first = np.linalg.solve(rest, gain / visits)
    again = np.linalg.solve(rest, jump / visits[:, None])
    total, term = np.zeros(len(first)), first
    for _ in range(ORDERS):
        total, term = total + term, again @ term
    far = np.linalg.matrix_power(again, 2**14) @ first
    return total, float(np.abs(far).max())


def offsets_at(table: MicroTable, path: np.ndarray, step: int) -> np.ndarray:
    """Return microprice less mid, in steps, of each row of a QUOTE_PATH: the plain twin of `write.micro_offset`."""
    edges, values = np.array(table.edges), np.array(table.offsets)
    share, spread = _share(path), (path["ask"] - path["bid"]) / step
    row = np.minimum(_steps(path, step), len(values) + 1) - 1
    padded = np.vstack((values, np.full(DECILES, np.nan)))
    low, high = (np.searchsorted(edges, share, side=side) for side in ("left", "right"))
    fitted = (padded[row, low] + padded[row, high]) / 2
    return np.asarray(np.where(np.isfinite(fitted), fitted, (share - 0.5) * spread))


def _score(fitted: Fit, paths: Sequence[np.ndarray], step: int) -> dict[str, float | int | None]:
    """Return the R2 of the sum of the next ORDERS moves of the mid, for the table and for the weighted mid."""
    squares, n = np.zeros(3), 0
    for path in paths:
        if len(path) < 2:
            continue
        mid = (path["bid"] + path["ask"]) / (2 * step)
        moved = np.flatnonzero(np.diff(mid)) + 1  # rows at which the mid is new
        if len(moved) < ORDERS:
            continue
        last = path["time"][moved[-ORDERS] - 1]  # later rows have no ORDERS moves ahead
        now = np.searchsorted(path["time"], np.arange(path["time"][0], last, SECOND), side="right") - 1
        then = moved[np.searchsorted(moved, now, side="right") + ORDERS - 1]
        move, rows = mid[then] - mid[now], path[now]
        weighted = (_share(rows) - 0.5) * (rows["ask"] - rows["bid"]) / step
        errors = (move, move - offsets_at(fitted.table, rows, step), move - weighted)
        squares, n = squares + [float((e**2).sum()) for e in errors], n + len(now)
    flat = squares[0] == 0
    return {"r2": None if flat else float(1 - squares[1] / squares[0]),
            "r2_weighted_mid": None if flat else float(1 - squares[2] / squares[0]), "r2_n": n}  # fmt: skip


def fit_microprice(
    source: str | Path, *, spreads: int | None = None, options: ReaderOptions | None = None, fmt: str | None = None
) -> dict[str, Any]:
    """Return what ``nowake fit microprice --json`` prints, without schema and timing.

    `spreads`: largest spread of the table in steps; by default the least that covers 95 % of the quotes, at most 32.
    """
    if spreads is not None and not 1 <= spreads <= SPREADS:
        raise InputError("largest spread", expected=f"1 to {SPREADS} steps", got=spreads)
    days = [(day, path) for day, path in touch_days(open_days(source, options=options, fmt=fmt)) if len(path) > 1]
    if not days:
        raise InputError("microprice", expected="quotes with both sides, inside trading hours", got="none")
    step, paths = days[0][0].instrument.step, [path for _, path in days]
    wide = np.concatenate([_steps(p, step) for p in paths])
    most = spreads or int(np.clip(np.quantile(wide, _COVERED, method="higher"), 1, SPREADS))
    fitted = estimate(paths, step, most)
    cuts = [int(len(p) * 0.7) for p in paths]
    early = estimate([p[:k] for p, k in zip(paths, cuts, strict=True)], step, most)
    rows = [[None if np.isnan(x) else x for x in row] for row in fitted.table.offsets]
    return {
        "symbol": days[0][0].instrument.symbol, "days": len(days), "step": step,
        "edges": list(fitted.table.edges), "table": rows, "n": fitted.n, "orders": ORDERS,
        "coverage": float((wide <= most).mean()), "largest_spread": most,
        "states": sum(x is not None for row in rows for x in row), "limit": fitted.limit,
        **_score(early, [p[k:] for p, k in zip(paths, cuts, strict=True)], step),
        "conventions": dict(_CONVENTIONS),
    }  # fmt: skip
