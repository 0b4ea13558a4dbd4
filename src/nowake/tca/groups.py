"""Orders by algorithm, day, symbol, account, desk, model or side: means with intervals, outliers, differences.

Each group is compared with all other orders on one number; q-values over all groups keep false discoveries rare, and a
group below the minimum sample gets no verdict. An outlier is flagged and stays in every mean.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError, nearest
from nowake.tca.exact import Exact, add
from nowake.tca.inference import Effect, difference, draws_for, mean, q_values, verdict
from nowake.tca.kpis import kpi
from nowake.tca.minimum import TOO_FEW, Minimum
from nowake.tca.order_row import OrderRow
from nowake.tca.sources import Ranges, merge
from nowake.tca.statistics import mad_outliers

__all__ = [
    "DIMENSIONS",
    "SHOWN",
    "Cell",
    "Group",
    "Grouping",
    "clusters_of",
    "compare_groups",
    "group_orders",
    "outliers_of",
]

DIMENSIONS: dict[str, Callable[[OrderRow], str]] = {
    "order": lambda row: row.parent.order_id,
    "day": lambda row: row.day,
    "symbol": lambda row: row.parent.symbol,
    "algo": lambda row: row.parent.algo,
    "account": lambda row: row.parent.account,
    "desk": lambda row: row.parent.desk,
    "model": lambda row: row.parent.model,
    "side": lambda row: str(row.parent.side),
}
SHOWN = (
    "shortfall_bps", "arrival_slippage_bps", "vwap_ex_own_slippage_bps", "spread_bps", "impact_bps", "timing_bps",
    "effective_spread_bps", "markout_10s_bps", "markout_60s_bps", "reversion_5m_bps", "participation", "completion",
    "estimate_z",
)  # fmt: skip
_DRAWS = 999  # of an interval that decides nothing
UNNAMED = "(none)"
Versus = tuple[Effect | None, float, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of a group: value-weighted mean with its 95 % interval over clusters, from `n` orders."""

    name: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Group:
    """Some orders together; `exact` is the sum of their parts in the currency of the report.

    `versus`: mean of the headline number less that of all other orders, `q` its q-value, `verdict` in words.
    """

    name: str
    orders: tuple[str, ...]
    days: int
    quantity: int
    filled: int
    exact: Exact
    cells: tuple[Cell, ...]
    versus: Effect | None
    q: float
    verdict: str
    outliers: tuple[str, ...]
    sources: Ranges


@dataclass(frozen=True, slots=True)
class Grouping:
    """All groups by one dimension; `number` is what they were compared on, `cluster` what counts as one draw."""

    by: str
    number: str
    cluster: str
    least: Minimum
    groups: tuple[Group, ...]


def clusters_of(rows: Sequence[OrderRow], cluster: str) -> np.ndarray:
    """Return the cluster of each order: its trading `day`, or the `order` itself."""
    if cluster not in ("day", "order"):
        raise InputError("cluster", expected="day or order", got=repr(cluster))
    return np.array([row.day if cluster == "day" else row.parent.order_id for row in rows])


def _column(rows: Sequence[OrderRow], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return values (NaN for none) and weights of number `name`."""
    values = np.array([np.nan if (v := row.values[name]) is None else v for row in rows], float)
    return values, np.array([row.weight(name) for row in rows], float)


def outliers_of(rows: Sequence[OrderRow], name: str = "shortfall_bps") -> frozenset[str]:
    """Return the orders whose number `name` lies far from the median of all (`statistics.mad_outliers`)."""
    far = mad_outliers(_column(rows, name)[0])
    return frozenset(row.parent.order_id for row, flag in zip(rows, far, strict=True) if flag)


def _cells(rows: Sequence[OrderRow], cluster: str, seed: int) -> tuple[Cell, ...]:
    names = clusters_of(rows, cluster)
    return tuple(Cell(name, mean(*_column(rows, name), names, seed=seed, draws=_DRAWS)) for name in SHOWN)


def _enough(known: np.ndarray, names: np.ndarray, first: np.ndarray, least: Minimum) -> bool:
    """Tell whether the rows `first` and the others each have the minimum sample."""
    sides = (known & first, known & ~first)
    return all(int(side.sum()) >= least.rows and len(set(names[side])) >= least.clusters for side in sides)


def _versus(
    rows: Sequence[OrderRow], labels: np.ndarray, number: str, cluster: str, least: Minimum, seed: int
) -> dict[str, Versus]:
    """Return by group the difference to all other orders, its q-value and the verdict."""
    groups = sorted(set(labels.tolist()))
    values, weights = _column(rows, number)
    names, draws = clusters_of(rows, cluster), draws_for(len(groups), least.alpha)
    words = ("dearer", "cheaper") if kpi(number).good < 0 else ("higher", "lower")
    found, p = [], []
    for group in groups:
        first = labels == group
        enough = _enough(np.isfinite(values), names, first, least)
        found.append(difference(values, weights, names, first, seed=seed, draws=draws if enough else _DRAWS))
        p.append(found[-1].p if enough else np.nan)
    q = q_values(np.array(p))
    return {g: (e, float(x), verdict(e, float(x), least, words)) for g, e, x in zip(groups, found, q, strict=True)}


def _group(rows: Sequence[OrderRow], name: str, cluster: str, seed: int, far: frozenset[str]) -> dict[str, object]:
    """Return the fields of a group that do not depend on the others."""
    ids = tuple(row.parent.order_id for row in rows)
    return {
        "name": name,
        "orders": ids,
        "days": len({row.day for row in rows}),
        "quantity": sum(row.parent.quantity for row in rows),
        "filled": sum(row.filled for row in rows),
        "exact": add(row.exact.times(row.parent.rate) for row in rows),
        "cells": _cells(rows, cluster, seed),
        "outliers": tuple(one for one in ids if one in far),
        "sources": merge(row.sources.of(("order", "children", "fills")) for row in rows),
    }


def _grouping_key(by: str) -> Callable[[OrderRow], str]:
    if by not in DIMENSIONS:
        raise InputError("--by", expected=f"one of {', '.join(DIMENSIONS)}", got=repr(by), hint=nearest(by, DIMENSIONS))
    return DIMENSIONS[by]


def group_orders(
    rows: Sequence[OrderRow],
    by: str,
    *,
    number: str = "shortfall_bps",
    cluster: str = "day",
    least: Minimum | None = None,
    seed: int = 7,
) -> Grouping:
    """Return `rows` grouped by one of `DIMENSIONS`, groups by name, orders as they come.

    Days are compared over orders, everything else over `cluster`; single orders are not compared.
    """
    key = _grouping_key(by)
    kpi(number)
    least, cluster = least or Minimum(), "order" if by == "day" else cluster
    labels = np.array([key(row) or UNNAMED for row in rows])
    far = outliers_of(rows, number)
    names = list(dict.fromkeys(labels.tolist())) if by == "order" else sorted(set(labels.tolist()))
    versus = {} if by == "order" else _versus(rows, labels, number, cluster, least, seed)
    groups = []
    for name in names:
        effect, q, words = versus.get(name, (None, float("nan"), TOO_FEW))
        inside = [row for row, label in zip(rows, labels, strict=True) if label == name]
        fields = _group(inside, name, cluster, seed, far)
        groups.append(Group(**fields, versus=effect, q=q, verdict=words))  # type: ignore[arg-type]
    return Grouping(by, number, cluster, least, tuple(groups))


def compare_groups(
    rows: Sequence[OrderRow],
    by: str,
    pair: tuple[str, str],
    *,
    number: str = "shortfall_bps",
    cluster: str = "day",
    least: Minimum | None = None,
    seed: int = 7,
) -> tuple[Effect, str]:
    """Return number of the first group of `pair` less that of the second, and the verdict on this one comparison.

    It is one test: its p-value is its q-value. Whoever compares many pairs takes `q_values` over all of them.
    """
    grouping = _grouping_key(by)
    labels = np.array([grouping(row) or UNNAMED for row in rows])
    for name in pair:
        if name not in labels:
            raise InputError(
                f"{by} to compare", expected="one of the orders'", got=repr(name), hint=nearest(name, labels)
            )
    inside = [row for row, label in zip(rows, labels, strict=True) if label in pair]
    first = np.array([(grouping(row) or UNNAMED) == pair[0] for row in inside])
    effect = difference(*_column(inside, number), clusters_of(inside, cluster), first, seed=seed)
    words = ("dearer", "cheaper") if kpi(number).good < 0 else ("higher", "lower")
    return effect, verdict(effect, effect.p, least or Minimum(), words)
