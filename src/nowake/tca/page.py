"""The page of a report: every number of an analysis as text, every chart as inline SVG, through one template."""

from importlib import resources
from typing import TYPE_CHECKING, Any

from nowake.core.errors import MissingError
from nowake.core.times import clock_time, show_time
from nowake.tca import charts
from nowake.tca.figure import style, timezone
from nowake.tca.gallery import gallery
from nowake.tca.provenance import CONVENTIONS, Provenance
from nowake.tca.shortfall import PARTS
from nowake.tca.summary import Analysis

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["MAX_FILLS", "environment", "render", "stylesheet", "template"]

MAX_FILLS = 500
DASH = "–"
_WORDS = {
    "delay": "the price moved between decision and start",
    "spread": "fills against the mid just before them",
    "impact": "our own footprint in the book",
    "timing": "the market moved while we worked",
    "opportunity": "what was not filled, at the end price",
    "fees": "fees paid less rebates",
    "total": "paper portfolio less real one",
}
_MARKS = {
    "decision": "Decision mid",
    "arrival": "Arrival mid",
    "vwap": "VWAP, start to end",
    "vwap_ex_own": "VWAP without own volume",
    "twap": "TWAP (time-weighted mid)",
    "day_vwap": "VWAP of the day",
    "close": "Close",
}


def _signed(value: float | None, digits: int = 2) -> str:
    return DASH if value is None else f"{value:,.{digits}f}" if value == 0 else f"{value:+,.{digits}f}"


def _plain(value: float | None, digits: int = 2, unit: str = "") -> str:
    return DASH if value is None else f"{value:,.{digits}f}{unit}"


def _share(value: float | None) -> str:
    return DASH if value is None else f"{value * 100:.2f} %"


def _tone(value: float | None) -> str:
    return "" if value is None or abs(value) < 0.005 else "cost" if value > 0 else "gain"


def _digits(analysis: Analysis) -> int:
    """Return how many decimals a price needs."""
    exponent = analysis.facts.order.instrument.tick_size.normalize().as_tuple().exponent
    return max(4, -exponent if isinstance(exponent, int) else 4)


def _headline(analysis: Analysis, data: dict[str, Any]) -> dict[str, Any]:
    order, parent, zone = analysis.facts.order, data["parent"], timezone(analysis.facts.order.instrument)
    total, digits = parent["shortfall_bps"], _digits(analysis)
    cost = "The order gained" if total < 0 else "The order cost"
    named = (
        ("Shortfall", _signed(total), "bp", _tone(total)),
        ("Against VWAP", _signed(parent["vwap_slippage_bps"]), "bp", _tone(parent["vwap_slippage_bps"])),
        ("Filled", f"{parent['filled']:,}", f"of {parent['qty']:,}", ""),
        ("Average price", _plain(parent["avg_price"], digits), order.instrument.currency, ""),
        ("Participation", _share(parent["participation"]), "of volume", ""),
        ("Passive", _share(parent["passive_share"]), "of fills", ""),
    )
    amount = abs(analysis.decomposition.money()["total"])
    return {
        "title": f"{str(order.side).capitalize()} {order.quantity:,} {order.instrument.symbol}",
        "lead": f"{clock_time(order.start, zone):%Y-%m-%d}, {show_time(order.start, zone)[:8]} to "
        f"{show_time(order.end, zone)[:8]} {zone}. {parent['children']:,} child orders, {parent['fills']:,} fills.",
        "verdict": f"{cost} {amount:,.2f} {order.instrument.currency} against the decision price "
        f"{_plain(data['benchmarks']['decision']['price'], digits)}.",
        "cards": [dict(zip(("name", "value", "unit", "tone"), row, strict=True)) for row in named],
        "average": _plain(parent["avg_price"], digits),
        "currency": order.instrument.currency,
        "basis": f"{analysis.decomposition.basis:,.2f} {order.instrument.currency}",
        "carried": analysis.decomposition.carried,
    }


def _parts(data: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for name in (*PARTS, "total"):
        bps = data["decomposition"][f"{name}_bps"]
        row = {
            "name": "Own impact" if name == "impact" else name.capitalize(),
            "bps": _signed(bps, 3),
            "tone": _tone(bps),
        }
        row |= {"money": _signed(data["decomposition_money"][name]), "words": _WORDS[name]}
        rows.append({**row, "total": name == "total"})
    return rows


def _benchmarks(data: dict[str, Any], digits: int) -> list[dict[str, str]]:
    marks = [(words, data["benchmarks"][name]) for name, words in _MARKS.items()]
    late = {True: "", False: " (data end first)"}
    marks += [(f"PWP at {row['rate']:.0%}{late[row['complete']]}", row) for row in data["benchmarks"]["pwp"]]
    return [
        {
            "name": name,
            "price": _plain(row["price"], digits),
            "bps": _signed(row["slippage_bps"]),
            "tone": _tone(row["slippage_bps"]),
        }
        for name, row in marks
    ]


def _conduct(data: dict[str, Any], digits: int) -> list[tuple[str, str]]:
    market, when, stray = data["market"], data["timing"], data["schedule_deviation"] or {}
    return [
        ("Completion", _share(data["parent"]["completion"])),
        ("First fill after", _plain(when["first_fill_s"], 1, " s")),
        ("Complete after", _plain(when["time_to_fill_s"], 1, " s")),
        ("Deviation from schedule, mean", _plain(stray.get("mean_pct"), 2, " %")),
        ("Deviation from schedule, largest", _plain(stray.get("max_pct"), 2, " %")),
        ("Market volume", f"{market['volume']:,}"),
        ("Market prints", f"{market['prints']:,}"),
        ("Hidden share of volume", _share(market["hidden_share"])),
        ("Lowest print", _plain(market["low"], digits)),
        ("Highest print", _plain(market["high"], digits)),
        ("Mean spread", _plain(market["spread"], digits)),
        ("Volatility in the window", _plain(market["volatility_bps"], 1, " bp")),
        ("Mid from start to end", DASH if market["drift_bps"] is None else f"{_signed(market['drift_bps'])} bp"),
    ]


def _after(data: dict[str, Any]) -> list[dict[str, str]]:
    spreads = data["spreads"]
    rows = [(f"Mark-out {m['horizon_s']:g} s", _signed(m["bps"]), f"{m['fills']:,}") for m in data["markouts"]]
    rows += [(f"Mid {r['minutes']:g} min after the last fill", _signed(r["bps"]), "") for r in data["reversion"]]
    rows += [(f"{n.capitalize()} spread", _plain(spreads[f"{n}_bps"]), "") for n in ("effective", "realised", "quoted")]
    rows.append(("Spread capture (1 passive, -1 across)", _signed(spreads["capture"]), ""))
    return [{"name": name, "bps": bps, "fills": fills} for name, bps, fills in rows]


def _causes(analysis: Analysis, digits: int) -> list[dict[str, str]]:
    instrument = analysis.facts.order.instrument
    return [
        {
            "words": charts.CAUSES[row.cause][1],
            "fills": f"{row.fills:,}",
            "quantity": f"{row.quantity:,}",
            "average": _plain(instrument.price(row.average), digits),
            "fees": _signed(row.fees),
        }
        for row in analysis.causes
    ]


def _fills(analysis: Analysis, digits: int) -> list[dict[str, str]]:
    instrument, zone = analysis.facts.order.instrument, timezone(analysis.facts.order.instrument)
    names = {int(cause): words for cause, (_, words) in charts.CAUSES.items()}
    return [
        {
            "time": show_time(int(f["time"]), zone),
            "order": str(f["order_id"]),
            "quantity": f"{int(f['quantity']):,}",
            "price": _plain(instrument.price(f["price2"] / 2), digits),
            "mid": _plain(instrument.price(f["mid"]) if f["mid"] == f["mid"] else None, digits),
            "liquidity": "passive" if f["passive"] else "aggressive",
            "cause": names[int(f["cause"])],
            "fee": _signed(float(f["fee"]), 4),
        }
        for f in analysis.fills[:MAX_FILLS]
    ]


def _quality(provenance: Provenance) -> dict[str, Any] | None:
    found = provenance.quality
    if found is None:
        return None
    counts = {name: int(found.get(name, 0)) for name in ("rows_in", "kept", "repaired", "quarantined")}
    words = "{rows_in:,} rows in = {kept:,} kept + {repaired:,} repaired + {quarantined:,} quarantined.".format(
        **counts
    )
    rules = [
        {"id": rule["id"], "count": f"{int(rule['count']):,}", "action": rule["action"]}
        for rule in found.get("rules", ())
    ]
    return {"words": words, "rules": rules}


def environment() -> "Environment":
    """Return the template engine of pages: everything is escaped, nothing may be missing; MissingError without it."""
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise MissingError("HTML reports need jinja2: install nowake[report]") from error
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def stylesheet() -> "Markup":
    """Return the style of every page of the house."""
    from markupsafe import Markup

    return Markup(template("style.css"))


def template(name: str) -> str:
    """Return the text of a template of this package."""
    return resources.files("nowake.tca").joinpath(f"templates/{name}").read_text(encoding="utf-8")


def render(analysis: Analysis, provenance: Provenance) -> str:
    """Return the report of `analysis` as one self-contained HTML page; MissingError without jinja2 or matplotlib."""
    page = environment().from_string(template("report.html.j2"))
    data, digits, shown = analysis.as_json(), _digits(analysis), min(len(analysis.fills), MAX_FILLS)
    caption = (
        f"All {shown:,} fills."
        if shown == len(analysis.fills)
        else f"The first {shown:,} of {len(analysis.fills):,} fills."
    )
    with style():
        drawn = gallery(analysis)
    return page.render(
        **_headline(analysis, data),
        style=stylesheet(),
        charts=drawn,
        parts=_parts(data),
        benchmarks=_benchmarks(data, digits),
        conduct=_conduct(data, digits),
        causes=_causes(analysis, digits),
        after=_after(data),
        fills=_fills(analysis, digits),
        fills_caption=caption,
        quality=_quality(provenance),
        provenance=provenance.rows(),
        conventions=(*CONVENTIONS, *provenance.conventions),
    )
