"""The page of a study: one self-contained HTML file, every table the one that the workbook has."""

from collections.abc import Sequence
from typing import Any

from nowake.tca.figure import style
from nowake.tca.kpis import kpi
from nowake.tca.page import environment, stylesheet, template
from nowake.tca.provenance import Provenance
from nowake.tca.study import Study
from nowake.tca.study_charts import made
from nowake.tca.study_tables import Column, Grid, grids, titled

__all__ = ["CONVENTIONS", "MOST_ROWS", "render_study"]

MOST_ROWS = 500
DASH = "–"
CONVENTIONS = (
    "Positive basis points are a cost. Shortfall and its parts are per decision notional; slippages are against and per"
    " their own benchmark; mark-outs are positive where the price moved in our favour.",
    "Delay, spread, own impact, timing, opportunity and fees add up to the shortfall exactly, for every order, for all"
    " orders, and over venues (opportunity belongs to no venue).",
    "Own impact is the mid against the mid without our orders: from a twin in simulation, from history in a replay,"
    " from a model when live; the share of fills with a model's mid is given as 'estimated'.",
    "Means are weighted by value. Rows of one day move together, so whole days (or orders) are resampled, and the t"
    " statistic is resampled with them.",
    "Outliers lie more than 3.5 robust deviations (median absolute deviation) from the median; flagged, never dropped.",
    "A group is compared with all other orders. q-values (Benjamini & Hochberg) hold the expected share of false"
    " verdicts among the verdicts; below the minimum sample no verdict is given.",
    "Venues: all-in cost is the realised half spread (60 s) plus fees; fill rate is filled over offered shares.",
)


def _cell(column: Column, value: Any, under: Any) -> dict[str, str]:
    text = DASH if value is None else column.show(value)
    tone = "flag" if value == "outlier" else ""
    if column.signed and isinstance(value, float) and abs(value) >= 0.005:
        tone = "cost" if value > 0 else "gain"
    ends = f"{column.show(under[0])} to {column.show(under[1])}" if under else ""
    return {"value": text, "under": ends, "tone": tone}


def _table(grid: Grid, most: int = MOST_ROWS) -> dict[str, Any] | None:
    """Return a grid as the template takes it: heads, rows of cells, caption; None without rows."""
    if not grid.rows:
        return None
    shown = [k for k, column in enumerate(grid.columns) if column.page]
    rows = [[_cell(grid.columns[k], row[k].value, row[k].ends) for k in shown] for row in grid.rows[:most]]
    cut = f" The first {most:,} of {len(grid.rows):,} rows." if len(grid.rows) > most else ""
    heads = [{"name": grid.columns[k].name, "text": grid.columns[k].text} for k in shown]
    return {"heads": heads, "rows": rows, "caption": grid.caption + cut}


def _plain(caption: str, heads: Sequence[str], rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return a table of words."""
    cells = [[{"value": text, "under": "", "tone": ""} for text in row] for row in rows]
    return {"heads": [{"name": name, "text": True} for name in heads], "rows": cells, "caption": caption}


def _cards(study: Study) -> list[dict[str, str]]:
    bps, whole, mean = study.total.bps(), study.total.money(), study.mean
    money = f"{whole['total']:+,.0f} {study.tables.currency}"
    filled = sum(row.filled_notional for row in study.rows)
    verdicts = [g.verdict for g in study.grouping.groups] if study.grouping else [v.verdict for v in study.venues]
    told = sum(word in ("dearer", "cheaper", "higher", "lower") for word in verdicts)
    ends = f"{mean.low:+.2f} to {mean.high:+.2f}" if mean.low == mean.low else "too few for an interval"
    total, words = bps["total_bps"], f"mean {kpi(study.asked.number).words}"
    rows = [
        ("Shortfall", f"{total:+.2f} bp", money, "cost" if total > 0 else "gain"),
        (titled(words), f"{mean.value:+.2f}" if mean.n else DASH, ends, ""),
        ("Orders", f"{len(study.rows):,}", f"on {len({row.day for row in study.rows}):,} days", ""),
        ("Executed", f"{filled:,.0f}", study.tables.currency, ""),
        ("Outliers", f"{len(study.outliers):,}", "flagged, kept", ""),
        ("Told apart", f"{told:,}", f"of {len(verdicts):,} by {study.asked.by}", ""),
    ]
    return [dict(zip(("name", "value", "unit", "tone"), row, strict=True)) for row in rows]


def render_study(study: Study, provenance: Provenance) -> str:
    """Return the page of `study`; MissingError without jinja2 or matplotlib."""
    page = environment().from_string(template("study.html.j2"))
    with style():
        charts = dict.fromkeys(("parts", "groups", "orders", "venues", "pit")) | made(study)
    tables = {name: _table(grid) for name, grid in grids(study).items()}
    asked, n = study.asked, len(study.rows)
    return page.render(
        title=f"Post-trade analysis of {n:,} order{'s' * (n > 1)}",
        lead=f"{study.tables.source or 'Tables'}; by {asked.by}, compared on {asked.number.removesuffix('_bps')}.",
        style=stylesheet(), charts=charts, cards=_cards(study), by=asked.by, cluster=study.cluster, least=asked.least,
        cluster_least=f"{study.cluster}s", conventions=(*CONVENTIONS, *provenance.conventions),
        provenance=_plain("The same input and options give the same numbers.", ("What", "Value"), provenance.rows()),
        **tables,
    )  # fmt: skip
