"""The tables of a study, once for the page and the workbook: columns with their form, rows of values and intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nowake.core.times import show_time
from nowake.tca.fill_facts import HORIZON_WORDS
from nowake.tca.inference import Effect
from nowake.tca.kpis import KPIS, kpi, spaced
from nowake.tca.minimum import TOO_FEW
from nowake.tca.order_row import OrderRow
from nowake.tca.shortfall import PARTS
from nowake.tca.sources import Ranges
from nowake.tca.study import Study

__all__ = ["Column", "Grid", "Item", "grids", "show_ranges", "titled"]

_ON_PAGE = (
    "shortfall_bps", "arrival_slippage_bps", "vwap_ex_own_slippage_bps", "spread_bps", "impact_bps", "timing_bps",
    "markout_10s_bps", "participation", "completion", "estimate_z",
)  # fmt: skip
_IN_GROUPS = (
    "arrival_slippage_bps", "vwap_ex_own_slippage_bps", "effective_spread_bps", "markout_10s_bps", "participation",
)  # fmt: skip
_RANGES = 20  # of sources written out in a cell
_PARTS = {
    "delay": "the price moved between decision and start",
    "spread": "fills against the mid just before them",
    "impact": "own orders moved the mid",
    "timing": "the market moved while the orders were worked",
    "opportunity": "what was not filled, at the end price",
    "fees": "fees paid less rebates",
    "total": "paper portfolio less real one",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    `form`: text, count, number, share or chance; `signed` shows the sign; `page` False: in the workbook only.
    """

    name: str
    form: str = "number"
    signed: bool = False
    page: bool = True

    @property
    def text(self) -> bool:
        """Whether its cells are words."""
        return self.form == "text"

    def show(self, value: Any) -> str:
        """Return a cell as the page shows it."""
        if self.form == "text" or isinstance(value, str):
            return str(value)
        if self.form == "count" or isinstance(value, int):
            return f"{value:,}"
        if self.form == "chance":
            return f"{value:.3f}" if value >= 0.0005 else "<0.001"
        if self.form == "share":
            return f"{value:.1%}"
        return f"{value:+,.2f}" if self.signed and value else f"{value:,.2f}"


@dataclass(frozen=True, slots=True)
class Item:
    """A value with the ends of its interval where it has one."""

    value: str | int | float | None
    ends: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: caption, columns, rows of items, as many as columns."""

    caption: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Item]]


def show_ranges(found: Ranges) -> str:
    """Return journal ranges as ``3-9, 12``, at most twenty of them and how many more."""
    said = [f"{a}" if a == b else f"{a}-{b}" for a, b in found[:_RANGES]]
    return ", ".join(said) + (f" and {len(found) - _RANGES:,} more" if len(found) > _RANGES else "")


def _item(value: float | str | None) -> Item:
    return Item(None if isinstance(value, float) and not math.isfinite(value) else value)


def _effect(effect: Effect | None) -> Item:
    if effect is None or not math.isfinite(effect.value):
        return Item(None)
    return Item(effect.value, (effect.low, effect.high) if math.isfinite(effect.low + effect.high) else None)


def titled(words: str) -> str:
    """Return `words` with a capital first letter, the others as they are."""
    return words[:1].upper() + words[1:]


def _column(name: str, *, page: bool = True) -> Column:
    one = kpi(name)
    form = "share" if one.unit == "share" else "number"
    return Column(titled(one.words) + (f", {one.unit}" if form == "number" and one.unit else ""), form,
                  signed=one.good < 0 and one.unit == "bp", page=page)  # fmt: skip


def _parts(study: Study) -> Grid:
    bps, money = study.total.bps(), study.total.money()
    rows = [[Item(name), Item(bps[f"{name}_bps"]), Item(money[name]), Item(_PARTS[name])] for name in (*PARTS, "total")]
    caption = f"All orders; the parts add up to the total exactly. Basis {float(study.total.basis):,.2f}"
    columns = (
        Column("Part", "text"), Column("bp", signed=True), Column(study.tables.currency, signed=True),
        Column("Why", "text"),
    )  # fmt: skip
    known = [row.facts for row in study.rows]
    guessed = sum(float(facts["notional"][facts["estimated"] != 0].sum()) for facts in known)
    filled = sum(float(facts["notional"].sum()) for facts in known)
    part = f"{guessed / filled:.0%}" if guessed else ""
    split = f" For {part} of it no twin tells own impact from timing: a model, or all is timing." if guessed else ""
    return Grid(f"{caption} {study.tables.currency}.{split}", columns, rows)


def _groups(study: Study) -> Grid:
    found, number = study.grouping, study.asked.number
    shown = [number, *(name for name in _IN_GROUPS if name != number)]
    columns = (
        Column(titled(study.asked.by), "text"), Column("Orders", "count"), Column("Days", "count"),
        Column("Filled", "count", page=False), *(_column(name) for name in shown),
        *(Column(f"{name.capitalize()}, bp", signed=True, page=False) for name in PARTS),
        Column("Against others", signed=True), Column("q", "chance"), Column("Verdict", "text"),
        Column("Outliers", "count"), Column("Journal", "text", page=False),
    )  # fmt: skip
    rows = []
    for group in found.groups if found and found.by != "order" else ():
        cells, bps = {cell.name: cell.effect for cell in group.cells}, group.exact.bps()
        rows.append([
            Item(group.name), Item(len(group.orders)), Item(group.days), Item(group.filled),
            *(_effect(cells.get(name)) for name in shown), *(Item(bps[f"{name}_bps"]) for name in PARTS),
            _effect(group.versus), _item(group.q), Item(group.verdict), Item(len(group.outliers)),
            Item(show_ranges(group.sources)),
        ])  # fmt: skip
    return Grid("Value-weighted means with 95 % intervals; each group against all other orders.", columns, rows)


def _order(study: Study, row: OrderRow) -> list[Item]:
    parent, instrument = row.parent, study.tables.instruments[row.parent.symbol]
    zone = instrument.sessions[0].timezone if instrument.sessions else "UTC"
    average = None if row.average2 is None else round(instrument.price(row.average2 / 2), 12)
    return [
        Item(parent.order_id), Item(row.day), Item(show_time(parent.start, zone)[:8]), Item(parent.symbol),
        Item(str(parent.side)), Item(parent.quantity), Item(row.filled), Item(parent.algo), Item(parent.account),
        Item(parent.desk), Item(parent.model), Item(average),
        Item("outlier" if parent.order_id in study.outliers else ""),
        *(_item(row.values[one.name]) for one in KPIS),
        *(Item(show_ranges(getattr(row.sources, family))) for family in ("order", "children", "fills")),
    ]  # fmt: skip


def _orders(study: Study) -> Grid:
    columns = (
        Column("Order", "text"), Column("Day", "text"), Column("Start", "text"), Column("Symbol", "text"),
        Column("Side", "text"), Column("Ordered", "count"), Column("Filled", "count", page=False),
        Column("Algorithm", "text"), Column("Account", "text", page=False), Column("Desk", "text", page=False),
        Column("Model", "text", page=False), Column("Average price", page=False), Column("Flag", "text"),
        *(_column(one.name, page=one.name in _ON_PAGE) for one in KPIS), Column("Journal: order", "text", page=False),
        Column("Journal: children", "text", page=False), Column("Journal: fills", "text"),
    )  # fmt: skip
    return Grid("Every order; the workbook and the JSON report have every number of it.", columns,
                [_order(study, row) for row in study.rows])  # fmt: skip


def _venues(study: Study) -> Grid:
    columns = (
        Column("Venue", "text"), Column("Kind", "text"), Column("Orders", "count"), Column("Children", "count"),
        Column("Share of value", "share"), Column("Fill rate per share offered", "share"), Column("Rejects", "count"),
        Column("Passive", "share"), Column("First fill, s"), Column("Half spread, bp", signed=True),
        Column("Price improvement, bp"), Column("Fees, bp", signed=True), Column("Paid, bp", signed=True, page=False),
        Column("All-in, bp", signed=True), Column("Against others", signed=True), Column("q", "chance"),
        Column("Verdict", "text"),
        Column("Offered", "count", page=False), Column("Filled", "count", page=False),
        Column("Journal", "text", page=False),
    )  # fmt: skip
    rows = [
        [
            Item(row.venue), Item(row.kind.name.lower()), Item(row.orders), Item(row.children), _item(row.share),
            _effect(row.fill_rate), Item(row.rejects), _item(row.passive_share), Item(row.first_fill_s),
            _effect(row.half_spread), _effect(row.improvement), Item(row.fee_bps), _effect(row.paid),
            _effect(row.all_in), _effect(row.versus), _item(row.q), Item(row.verdict), Item(row.offered),
            Item(row.filled), Item(show_ranges(row.sources)),
        ]
        for row in study.venues
    ]  # fmt: skip
    return Grid(
        "What was offered and filled where; all-in is the realised half spread (60 s) plus fees.", columns, rows
    )


def _adverse(study: Study) -> Grid:
    columns = (
        Column("Venue", "text"),
        *(Column(f"{what} {spaced(h)}, bp", signed=sign) for what, sign in (("Mark-out", False), ("Adverse", True))
          for h in HORIZON_WORDS),
    )  # fmt: skip
    rows = [[Item(row.venue), *(Item(v) for v, _ in (*row.markouts, *row.adverse))] for row in study.venues]
    return Grid(
        "Mark-outs (positive: in our favour) and adverse selection (positive: against us) by venue.", columns, rows
    )


def _dealers(study: Study) -> Grid:
    columns = (
        Column("Dealer", "text"), Column("Asked", "count"), Column("Answered", "count"), Column("Taken", "count"),
        Column("Hit ratio", "share"), Column("Rejected", "share"), Column("Better than cover, bp"),
        Column("Lost by, bp"), Column("Hold, filled, ms"), Column("95 %"), Column("Hold, rejected, ms"),
        Column("Moved before fills, bp"), Column("before rejections, bp"), Column("Asymmetry, bp", signed=True),
        Column("Sample", "text"),
    )  # fmt: skip
    rows = [
        [
            Item(d.dealer), Item(d.asked), Item(d.answered), Item(d.accepted),
            Item(_item(d.hit_ratio).value, d.hit_ratio_ci if d.answered else None),
            Item(_item(d.reject_rate).value, d.reject_rate_ci if d.accepted else None), Item(d.cover_bps),
            Item(d.lost_by_bps), Item(d.hold_filled_ms), Item(d.hold_filled_p95_ms), Item(d.hold_rejected_ms),
            Item(d.moved_filled_bps), Item(d.moved_rejected_bps), Item(d.asymmetry_bps), Item(d.verdict),
        ]
        for d in study.dealers
    ]  # fmt: skip
    return Grid(
        "Requests for quotes and last look; 'moved' is the mid against the dealer while he held.", columns, rows
    )


def _calibration(study: Study) -> Grid:
    found, columns = study.calibration, (Column("Measure", "text"), Column("Value"))
    if found is None:
        return Grid("", columns, [])
    caption, least = "What orders cost against what was expected before they started.", study.asked.least.rows
    if found.verdict == TOO_FEW:
        words = f"{TOO_FEW}: {least} orders with an estimate are needed"
        return Grid(
            caption, columns, [[Item("Orders with an estimate"), Item(found.n)], [Item("Verdict"), Item(words)]]
        )
    rows = [
        [Item("Orders with an estimate"), Item(found.n)], [Item("Mean z-score (0 is right)"), _item(found.mean_z)],
        [Item("Deviation of z (1 is right)"), _item(found.sd_z)],
        [Item("Within the 80 % interval"), Item(_item(found.coverage).value, found.coverage_ci)],
        [Item("Largest distance of PIT from uniform"), _item(found.ks)],
        [Item("Its probability if calibrated"), Item(Column("", "chance").show(found.p))],
        [Item("Verdict"), Item(found.verdict)],
    ]  # fmt: skip
    return Grid(caption, columns, rows)


def grids(study: Study) -> dict[str, Grid]:
    """Return the tables of `study` by name; those without rows are empty."""
    return {
        "parts": _parts(study), "groups": _groups(study), "orders": _orders(study), "venues": _venues(study),
        "adverse": _adverse(study), "dealers": _dealers(study), "calibration": _calibration(study),
    }  # fmt: skip
