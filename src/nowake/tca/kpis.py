"""The numbers of an order by name: meaning, unit, which sign is good, how it is averaged, where it comes from.

`weight` of an average over orders: `basis` (decision notional), `filled` (executed notional) or `one` (each order
alike). `families` are those of `Sources`.
"""

from dataclasses import dataclass

from nowake.core.errors import InputError, nearest
from nowake.tca.fill_facts import HORIZON_WORDS

__all__ = ["KPIS", "Kpi", "kpi", "spaced"]


@dataclass(frozen=True, slots=True)
class Kpi:
    """One number of an order; `good`: -1 a cost (less is better), +1 more is better, 0 neither."""

    name: str
    words: str
    unit: str
    good: int
    weight: str
    families: tuple[str, ...]


_OWN = ("order", "fills")
_BOOK = ("fills", "quotes")
_AFTER = ("fills", "quotes_after")


def spaced(horizon: str) -> str:
    """Return ``10s`` as ``10 s``."""
    digits = horizon.rstrip("ms")
    return f"{digits} {horizon[len(digits) :]}"


def _parts() -> tuple[Kpi, ...]:
    words = {
        "shortfall": "implementation shortfall", "delay": "delay", "spread": "spread", "impact": "own impact",
        "timing": "timing", "opportunity": "opportunity", "fees": "fees",
    }  # fmt: skip
    return tuple(Kpi(f"{name}_bps", text, "bp", -1, "basis", _OWN) for name, text in words.items())


def _slippages() -> tuple[Kpi, ...]:
    window, day = (*_OWN, "prints"), (*_OWN, "prints_day")
    named = (
        ("arrival", "against arrival", _OWN), ("vwap", "against interval VWAP", window),
        ("vwap_ex_own", "against VWAP without own volume", window),
        ("twap", "against TWAP", (*_OWN, "quotes")), ("day_vwap", "against day VWAP", day),
        ("day_vwap_ex_own", "against day VWAP without own volume", day), ("close", "against close", day),
        ("pwp5", "against PWP at 5 %", day), ("pwp10", "against PWP at 10 %", day),
        ("pwp20", "against PWP at 20 %", day),
    )  # fmt: skip
    return tuple(Kpi(f"{name}_slippage_bps", words, "bp", -1, "filled", families) for name, words, families in named)


def _after() -> tuple[Kpi, ...]:
    marks = tuple(Kpi(f"markout_{h}_bps", f"mark-out {spaced(h)}", "bp", 1, "filled", _AFTER) for h in HORIZON_WORDS)
    return (
        *marks,
        Kpi("reversion_5m_bps", "mid 5 min after the last fill", "bp", 0, "filled", _AFTER),
        Kpi("reversion_30m_bps", "mid 30 min after the last fill", "bp", 0, "filled", _AFTER),
        Kpi("permanent_bps", "permanent move, arrival to 30 min after", "bp", -1, "filled", ("order", *_AFTER)),
        Kpi("temporary_bps", "temporary cost, slippage less half of it", "bp", -1, "filled", ("order", *_AFTER)),
    )


KPIS: tuple[Kpi, ...] = (
    *_parts(),
    *_slippages(),
    Kpi("spread_normalised_slippage", "against arrival, in quoted spreads", "spreads", -1, "filled", (*_OWN, "quotes")),
    Kpi("participation", "share of the market's volume", "share", 0, "filled", ("fills", "prints")),
    Kpi("completion", "filled share of the order", "share", 1, "basis", _OWN),
    Kpi("passive_share", "passive share of the filled quantity", "share", 0, "filled", ("fills",)),
    Kpi("schedule_deviation_mean_pct", "mean deviation from schedule", "% of the order", -1, "one", _OWN),
    Kpi("schedule_deviation_max_pct", "largest deviation from schedule", "% of the order", -1, "one", _OWN),
    Kpi("first_fill_s", "first fill after", "s", -1, "one", _OWN),
    Kpi("time_to_fill_s", "complete after", "s", -1, "one", _OWN),
    *_after(),
    Kpi("effective_spread_bps", "effective spread", "bp", -1, "filled", _BOOK),
    Kpi("realised_spread_bps", "realised spread, 60 s", "bp", -1, "filled", (*_BOOK, "quotes_after")),
    Kpi("quoted_spread_bps", "quoted spread", "bp", 0, "filled", _BOOK),
    Kpi("spread_capture", "spread capture (1 passive, -1 across)", "half spreads", 1, "filled", _BOOK),
    Kpi("price_improvement_bps", "price improvement of taken shares", "bp", 1, "filled", _BOOK),
    Kpi("children", "child orders, quotes that were taken among them", "", 0, "one", ("children",)),
    Kpi("requests_lapsed", "requests for quotes that came to nothing", "", 0, "one", ("children",)),
    Kpi("fill_rate", "filled share of what was offered", "share", 1, "one", ("children",)),
    Kpi("reject_rate", "rejected share of children", "share", -1, "one", ("children",)),
    Kpi("estimated_share", "filled share whose untouched mid is estimated", "share", 0, "filled", ("fills",)),
    Kpi("estimate_bps", "estimate before the start", "bp", 0, "basis", ("order",)),
    Kpi("estimate_error_bps", "cost less its estimate", "bp", -1, "basis", _OWN),
    Kpi("estimate_z", "cost less its estimate, in deviations", "sd", -1, "one", _OWN),
)
_BY_NAME = {one.name: one for one in KPIS}


def kpi(name: str) -> Kpi:
    """Return the number called `name`; InputError with the nearest name else."""
    if name not in _BY_NAME:
        raise InputError("number of an order", expected="one of those of the report", got=repr(name),
                         hint=nearest(name, _BY_NAME))  # fmt: skip
    return _BY_NAME[name]
