"""What follows from the data without a search: instrument, hours, one venue, and the scales of time, price and size."""

import re
from collections.abc import Callable
from decimal import Decimal

from nowake.core.config import parse
from nowake.core.errors import InputError
from nowake.core.times import HOUR, MINUTE, SECOND
from nowake.market.calibrate.objective import FAILED, Plan, evaluate
from nowake.market.calibrate.space import Table, rounded, table_of
from nowake.market.calibrate.targets import Target
from nowake.market.preset import check
from nowake.market.preset_model import Preset
from nowake.market.realism.bootstrap import Estimate
from nowake.market.world.tables import SESSION

__all__ = ["like_the_data", "scaled", "start"]

ROUNDS = 6
_DEEPEST = 450  # ticks: a book's window of prices is limited
_LOTS = 2.0  # round lots of a trade in this world, about
_FRESH = 0.6  # of the entries of a market are new orders, the rest orders that follow the price
_TIMES = ("life", "reprice_delay", "chase_delay", "informed_delay")
_SINGLE = (
    ("parents", "sign_acf_1", 1.0, 64.0),
    ("placement_tail", "placement_mu", 0.15, 3.0),
    ("open_multiplier", "spread_open", 1.05, 6.0),
)
_LONGEST = 600.0  # s


def like_the_data(base: Preset, target: Target) -> Preset:
    """Return `base` as a market of the instrument of the data, on one venue, its rates and distances scaled.

    Symbol, currency, tick, price at the open, hours, daily volume and volatility, and spread are those of the data.
    The round lot, the unit of all sizes in this world, is set so that a trade is about as large as in the data. Times
    of makers stretch as orders become rarer, distances grow with the spread, the public value with volatility,
    and the density of investors with volume over volatility², as in Tóth et al. 2011.
    """
    table, before = table_of(base), base.instrument
    tick, price = _grid(target)
    spread, volume = target.known("spread") / target.step, target.known("volume")
    volatility = target.known("volatility")
    symbol = target.instrument.symbol
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,15}", symbol):
        table["instrument"]["symbol"] = symbol
    table["instrument"] |= {
        "currency": target.instrument.currency, "price": price, "tick": tick, "spread": rounded(spread),
        "daily_volume": max(round(volume, -2), 100), "daily_volatility": rounded(volatility),
    }  # fmt: skip
    table["instrument"]["daily_volume"] = int(table["instrument"]["daily_volume"])
    _hours(table, target)
    table["venues"] = [table["venues"][0] | {"share": 1.0}]
    table["dark"], table["dealers"] = [], []
    table["instrument"]["round_lot"] = lot = _lot(volume / target.known("trades") / _LOTS, before.lot)
    wider = spread / before.spread
    rougher = (volatility * price / tick) / (before.daily_volatility * before.price / before.tick)
    _scale(table["lit"], wider=wider, rougher=rougher, larger=volume / before.daily_volume * before.round_lot / lot)
    _pace(table["lit"], target)
    _day_shape(table["lit"], target)
    return check(parse(table, Preset))


def _grid(target: Target) -> tuple[float, float]:
    """Return tick and price (whole ticks) in currency."""
    tick = Decimal(repr(rounded(target.step)))
    ticks = round(target.price / target.step)
    if ticks < 100:
        raise InputError("price of the data", expected="100 ticks or more", got=ticks)
    return float(tick), float(ticks * tick)


def _lot(shares: float, least: int) -> int:
    """Return `shares` to two digits, in whole lots."""
    digits = max(len(str(int(shares))) - 2, 0)
    return max(round(round(shares, -digits) / least), 1) * least


def _hours(table: Table, target: Target) -> None:
    session = target.instrument.sessions[0]
    table["session"] = {"open": _clock(session.open), "close": _clock(session.close), "timezone": session.timezone}


def _clock(ns: int) -> str:
    hour, minute, second = ns // HOUR, ns % HOUR // MINUTE, ns % MINUTE // SECOND
    return f"{hour:02d}:{minute:02d}" + (f":{second:02d}" if second else "")


def _scale(lit: Table, *, wider: float, rougher: float, larger: float) -> None:
    for name in ("sigma", "jump_size"):
        lit[name] = rounded(lit[name] * rougher)
    lit["spread"] = rounded(lit["spread"] * wider)
    lit["deepest"] = int(min(max(lit["deepest"] * wider, lit["deepest"] / 2, 4 * lit["spread"], 20), _DEEPEST))
    lit["investor_slope"] = rounded(lit["investor_slope"] * larger / rougher**2)


def _day_shape(lit: Table, target: Target) -> None:
    """Set the U shape from the share of the middle hour of H: volume ~ 1 + u x², so share · H = 1 / (1 + u / 3)."""
    session = target.instrument.sessions[0]
    hours, share = (session.close - session.open) / HOUR, target.parts["volume_middle"].value
    if share > 0:
        lit["u_shape"] = rounded(min(max(3 * (1 / (share * hours) - 1), 0.1), 15.0))


def _hide(table: Table, shown: float, target: Target) -> None:
    """Scale the share of hidden orders, where the preset has any, to the share of hidden volume of the data."""
    hidden, wanted = table.get("hidden"), target.parts["hidden_share"].value
    if hidden and wanted > 0:
        now = max(hidden["share"], 0.05)
        hidden["share"] = rounded(min(max(now * min(wanted / shown, 3.0) if shown > 0 else wanted, 0.01), 0.9))


def _pace(lit: Table, target: Target) -> None:
    """Set the rates to what the data shows a day, and stretch the times of makers as orders become rarer."""
    limits, takers = _FRESH * target.adds / SESSION, target.known("trades") / SESSION
    slower = min(max(lit["limit_rate"] / limits, 0.05), 50.0)
    lit["limit_rate"], lit["taker_rate"] = rounded(limits), rounded(takers)
    for name in _TIMES:
        lit[name] = rounded(min(lit[name] * slower, _LONGEST))


def scaled(preset: Preset, found: dict[str, Estimate], target: Target) -> Preset:
    """Return `preset` with rates, life and spread moved towards those of the data, given what it shows (`found`).

    More messages wanted: more orders of shorter life. More shares per trade wanted: takers take more of the queue.
    """

    def ratio(name: str) -> float:
        value = found[name].value
        return min(max(target.known(name) / value if value > 0 else 3.0, 1 / 3), 3.0)

    table = table_of(preset)
    lit, messages, trades = table["lit"], ratio("events"), ratio("trades")
    per_trade = min(max(ratio("volume") / trades, 0.5), 2.0)
    lit["taker_rate"] = rounded(lit["taker_rate"] * trades)
    lit["limit_rate"] = rounded(lit["limit_rate"] * messages)
    lit["life"] = rounded(lit["life"] / messages)
    lit["taker_fraction"] = rounded(min(max(lit["taker_fraction"] / per_trade, 0.3), 20.0))
    lit["spread"] = rounded(min(lit["spread"] * ratio("spread") ** 0.5, lit["deepest"]))
    _shape(lit, found, target)
    _hide(table, found["hidden_share"].value, target)
    return check(parse(table, Preset))


def _shape(lit: Table, found: dict[str, Estimate], target: Target) -> None:
    """Move what one fact alone answers to: parents alive (C(1) of the signs), placement, spread at the open.

    A step is the square root of the ratio of the fact, so that rounds do not overshoot.
    """
    for name, part, low, high in _SINGLE:
        wanted, shown = target.parts[part].value, found[part].value
        if wanted > 0 and shown > 0:
            power = -0.5 if name == "parents" else 0.5
            lit[name] = rounded(min(max(lit[name] * (wanted / shown) ** power, low), high))
    lit["parents"] = max(round(lit["parents"]), 1)


def start(
    base: Preset, seeds: list[int], plan: Plan, target: Target, tell: Callable[[int, float], None] | None = None
) -> Preset:
    """Return the best of ROUNDS markets like the data, each scaled by what the one before showed."""
    best, now, least = None, like_the_data(base, target), FAILED
    for k in range(ROUNDS):
        value, found = evaluate(now, seeds, plan, target)
        if best is None or value < least:
            best, least = now, value
        if tell:
            tell(k, value)
        if not found:
            break
        now = scaled(now, found, target)
    assert best is not None  # there is a first round
    return best
