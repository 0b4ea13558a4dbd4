"""Questions to a path of best quotes (QUOTE_PATH records in time order): the mid at a time, averages over time.

A row holds until the next one. A side that is empty (0) leaves no mid: the last known one is carried, while
time-weighted averages leave that stretch out.
"""

from typing import Literal

import numpy as np

__all__ = ["mid_at", "mids", "sample_mids", "spread_at", "time_weighted"]


def mids(quotes: np.ndarray) -> np.ndarray:
    """Return the mid of each row in ticks, f8[n], NaN where a side is empty."""
    both = (quotes["bid"] > 0) & (quotes["ask"] > 0)
    return np.where(both, (quotes["bid"] + quotes["ask"]) / 2.0, np.nan)


def _last_known(quotes: np.ndarray, times: np.ndarray, side: Literal["left", "right"]) -> tuple[np.ndarray, np.ndarray]:
    """Return bid and ask (f8[n]) of the last two-sided row at or before `times` (`left`: before); NaN before any."""
    two_sided = np.flatnonzero((quotes["bid"] > 0) & (quotes["ask"] > 0))
    if not len(two_sided):
        return np.full(len(times), np.nan), np.full(len(times), np.nan)
    k = np.searchsorted(quotes["time"][two_sided], times, side=side) - 1
    row = two_sided[np.maximum(k, 0)]
    return np.where(k >= 0, quotes["bid"][row], np.nan), np.where(k >= 0, quotes["ask"][row], np.nan)


def mid_at(quotes: np.ndarray, times: np.ndarray, *, before: bool = False) -> np.ndarray:
    """Return the last known mid (ticks) at each of `times` (ns), strictly `before` it if asked; NaN before any."""
    bid, ask = _last_known(quotes, times, "left" if before else "right")
    mid: np.ndarray = (bid + ask) / 2
    return mid


def spread_at(quotes: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the last known quoted spread (ticks) strictly before each of `times` (ns); NaN before any."""
    bid, ask = _last_known(quotes, times, "left")
    spread: np.ndarray = ask - bid
    return spread


def time_weighted(quotes: np.ndarray, values: np.ndarray, start: int, end: int) -> float:
    """Return the time-weighted mean of `values` (one a quote row) over start..end (ns), NaN stretches left out."""
    if not len(quotes) or end <= start:
        return float("nan")
    edges = np.clip(np.append(quotes["time"], max(end, int(quotes["time"][-1]))), start, end)
    weight = np.diff(edges) * np.isfinite(values)
    total = weight.sum()
    return float((weight * np.nan_to_num(values)).sum() / total) if total else float("nan")


def sample_mids(quotes: np.ndarray, start: int, end: int, every: int) -> np.ndarray:
    """Return the last known mid each `every` ns from `start` to `end`, f8[n], times before the first mid left out."""
    path = mid_at(quotes, np.arange(start, end + 1, every, dtype=np.int64))
    known: np.ndarray = path[np.isfinite(path)]
    return known
