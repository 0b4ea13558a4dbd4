"""`analyse_tables`: the whole post-trade analysis of many orders, as one value."""

from dataclasses import dataclass, field

import numpy as np

from nowake.core.errors import InputError, nearest
from nowake.tca.check import check_tables
from nowake.tca.dealers import DealerRow, dealer_rows
from nowake.tca.estimates import Calibration, calibrate
from nowake.tca.exact import Exact, add
from nowake.tca.groups import DIMENSIONS, Grouping, clusters_of, group_orders, outliers_of
from nowake.tca.inference import Effect, mean
from nowake.tca.kpis import kpi
from nowake.tca.minimum import Minimum
from nowake.tca.order_row import OrderRow, order_rows
from nowake.tca.tables import Tables
from nowake.tca.venues import VenueRow, flow, venue_rows

__all__ = ["BY", "Asked", "Study", "analyse_tables"]

BY = (*DIMENSIONS, "venue", "dealer")


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look at: groups `by` one of `BY`, compared on `number`; one `cluster` (day or order) is one draw."""

    by: str = "order"
    number: str = "shortfall_bps"
    cluster: str = "day"
    least: Minimum = field(default_factory=Minimum)
    seed: int = 7

    def __post_init__(self) -> None:
        if self.by not in BY:
            raise InputError("--by", expected=f"one of {', '.join(BY)}", got=repr(self.by), hint=nearest(self.by, BY))
        if self.cluster not in ("day", "order"):
            raise InputError("cluster", expected="day or order", got=repr(self.cluster))
        kpi(self.number)


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """Every order, the groups asked for, venues, dealers and estimates; `total` in the currency of the report.

    `mean`: value-weighted mean of the asked number over all orders. `grouping` is None where venues or dealers were
    asked for, `calibration` where no order had an estimate.
    """

    tables: Tables
    asked: Asked
    rows: tuple[OrderRow, ...]
    total: Exact
    mean: Effect
    outliers: frozenset[str]
    grouping: Grouping | None
    venues: tuple[VenueRow, ...]
    dealers: tuple[DealerRow, ...]
    calibration: Calibration | None

    @property
    def cluster(self) -> str:
        """What counts as one draw in the comparison of groups: day or order."""
        return self.grouping.cluster if self.grouping else self.asked.cluster

    @property
    def adds_up(self) -> bool:
        """Whether the parts of every order, of all orders, and of all venues are their totals, exactly."""
        fills = sum(part for venue in self.venues for part in venue.parts.values())
        whole = fills + self.total.opportunity == self.total.total
        return whole and self.total.adds_up and all(row.exact.adds_up for row in self.rows)


def _calibration(rows: tuple[OrderRow, ...], least: Minimum) -> Calibration | None:
    known = [row for row in rows if row.parent.estimate is not None]
    if not known:
        return None
    costs = [float(row.exact.total / row.exact.basis * 10_000) for row in known]
    return calibrate([row.parent.estimate for row in known if row.parent.estimate is not None], costs, least)


def analyse_tables(tables: Tables, asked: Asked | None = None) -> Study:
    """Return the analysis of `tables`, which are checked first; InputError where they or `asked` cannot be."""
    asked = asked or Asked()
    rows = order_rows(check_tables(tables))
    values = np.array([np.nan if (v := row.values[asked.number]) is None else v for row in rows], float)
    weights = np.array([row.weight(asked.number) for row in rows])
    cluster, least, seed = asked.cluster, asked.least, asked.seed
    ordered = asked.by in DIMENSIONS
    return Study(
        tables=tables, asked=asked, rows=rows, total=add(row.exact.times(row.parent.rate) for row in rows),
        mean=mean(values, weights, clusters_of(rows, cluster), seed=seed),
        outliers=outliers_of(rows, asked.number),
        grouping=group_orders(rows, asked.by, number=asked.number, cluster=cluster, least=least, seed=seed)
        if ordered
        else None,
        venues=venue_rows(flow(tables, rows), cluster=cluster, least=least, seed=seed),
        dealers=dealer_rows(tables, least=asked.least), calibration=_calibration(rows, asked.least),
    )  # fmt: skip
