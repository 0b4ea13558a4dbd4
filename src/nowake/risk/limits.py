"""LIMITS: what holds for one order as a record that the guard's kernel reads, compiled from the policy.

A row of zeros is not valid: the guard refuses everything for it. Quantities are shares, parts are parts per million,
collars parts per million of the reference price, money micro-units of the policy's currency, times nanoseconds; masks
have one bit per row of BOARD.place, or per number of OrderKind, PlaceKind and Phase.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nowake.core.board import PLACES, Phase, PlaceKind
from nowake.core.errors import CapacityError, ConfigError, InputError
from nowake.core.intent import KIND_WORDS
from nowake.core.times import duration
from nowake.core.values import Instrument
from nowake.data.reader import kernel_view
from nowake.risk.document import SHORT
from nowake.risk.scopes import Effective

__all__ = ["LIMITS", "MICRO", "NONE", "PPM", "Traded", "check_currency", "compile_limits", "new_limits"]

PPM = 1_000_000
MICRO = 1_000_000  # micro-units of a currency unit
NONE = -1  # a number that nobody has set

LIMITS = np.dtype(
    [
        ("valid", "i8"),  # 1 when compiled
        ("kinds", "i8"),
        ("classes", "i8"),
        ("venues", "i8"),
        ("dealers", "i8"),
        ("phases", "i8"),
        ("sides", "i8"),  # 1 buy, 2 sell
        ("restricted", "i8"),  # 1: this symbol is
        ("short", "i8"),  # 0 no, 1 locate, 2 yes
        ("located", "i8"),  # shares of the symbol that may be sold short where `short` is locate
        ("max_child", "i8"),
        ("child_notional", "i8"),
        ("order_notional", "i8"),
        ("venue_notional", "i8"),
        ("displayed", "i8"),
        ("participation", "i8"),
        ("grace", "i8"),
        ("deviation", "i8"),
        ("dark_minimum", "i8"),
        ("open_orders", "i8"),
        ("message_rate", "i8"),  # per second
        ("message_burst", "i8"),
        ("collar_arrival", "i8"),
        ("collar_last", "i8"),
        ("collar_quote", "i8"),
        ("max_position", "i8"),
        ("max_loss", "i8"),
        ("stale_after", "i8"),
        ("venue_silence", "i8"),
        ("clock_step", "i8"),
        ("step", "i8"),  # quoting increment, ticks
        ("lot", "i8"),  # least quantity, shares
        ("value_num", "i8"),  # a share at p ticks is worth p * value_num / value_den micro-units
        ("value_den", "i8"),
    ],
    align=True,
)
_UNSET = tuple(name for name in LIMITS.names or () if name not in ("valid", "restricted"))


@dataclass(frozen=True, slots=True)
class Traded:
    """What a policy is compiled for: the instrument, the names of the rows of BOARD.place, and the least quantity."""

    instrument: Instrument
    places: Sequence[str]
    least: int = 1

    def __post_init__(self) -> None:
        if len(self.places) > PLACES:
            raise CapacityError(f"{len(self.places)} venues (expected at most {PLACES}): raise `PLACES`")
        if isinstance(self.least, bool) or not isinstance(self.least, int) or self.least < 1:
            raise InputError("least quantity", expected="a whole number of 1 or more", got=self.least)


def new_limits(n: int) -> np.ndarray:
    """Return LIMITS[n] in which nothing is set: the guard refuses everything."""
    limits = np.zeros(n, LIMITS)
    for name in _UNSET:
        limits[name] = NONE
    return kernel_view(limits)


def check_currency(effective: Effective, x: Instrument) -> None:
    """Refuse an instrument of another currency than the policy's: ConfigError."""
    currency = effective.policy.currency
    if x.currency != currency:
        raise ConfigError(f"{x.symbol} trades in another currency", key="currency", expected=x.currency, got=currency)


def compile_limits(effective: Effective, market: Traded, limits: np.ndarray, row: int) -> None:
    """Write `effective` into `limits[row]` for `market`; the row is valid only once it is complete.

    ConfigError where the instrument's currency is not the policy's. A venue that the policy does not name stays
    forbidden.
    """
    check_currency(effective, market.instrument)
    values = {**_masks(effective, market), **_sizes(effective), **_prices(effective, market)}
    target = limits[row]
    target["valid"] = 0
    for name, value in values.items():
        target[name] = value
    target["valid"] = 1


def _mask(numbers: Sequence[int]) -> int:
    return sum(1 << number for number in set(numbers))


def _masks(effective: Effective, market: Traded) -> dict[str, int]:
    kinds = [kind for kind, word in KIND_WORDS.items() if word in effective["order_types"]]
    rows = {name: row for row, name in enumerate(market.places)}
    return {
        "kinds": _mask(kinds),
        "classes": _mask([PlaceKind[word.upper()] for word in effective["venue_classes"]]),
        "venues": _mask([rows[name] for name in effective["venues"] if name in rows]),
        "dealers": _mask([rows[name] for name in effective["dealers"] if name in rows]),
        "phases": _mask([Phase[word.upper()] for word in effective["phases"]]),
        "sides": ("buy" in effective["sides"]) + 2 * ("sell" in effective["sides"]),
        "restricted": int(market.instrument.symbol in effective["restricted"]),
        "short": SHORT.index(effective["short"]),
        "located": effective.policy.located.get(market.instrument.symbol, 0),
    }


def _money(amount: float) -> int:
    return math.floor(Fraction(str(amount)) * MICRO)


def _ppm(part: float, parts: int = 1) -> int:
    return math.floor(Fraction(str(part)) * PPM / parts)


def _sizes(effective: Effective) -> dict[str, int]:
    e = effective
    return {
        "max_child": e["max_child_shares"],
        "child_notional": _money(e["max_child_notional"]),
        "order_notional": _money(e["max_order_notional"]),
        "venue_notional": _money(e["max_venue_notional"]),
        "displayed": _ppm(e["max_share_of_displayed"]),
        "participation": _ppm(e["max_participation"]),
        "grace": e["participation_grace_shares"],
        "deviation": _ppm(e["max_deviation"]),
        "dark_minimum": e["dark_minimum_shares"],
        "open_orders": e["max_open_orders"],
        "message_rate": e["max_messages_per_second"],
        "message_burst": e["message_burst"],
        "max_position": e["max_position"],
        "max_loss": _money(e["max_daily_loss"]),
    }


def _prices(effective: Effective, market: Traded) -> dict[str, Any]:
    e, x = effective, market.instrument
    value = Fraction(x.tick_size) * Fraction(x.lot) * MICRO
    return {
        "collar_arrival": _ppm(e["collar_arrival_bp"], 10_000),
        "collar_last": _ppm(e["collar_last_bp"], 10_000),
        "collar_quote": _ppm(e["collar_quote_bp"], 10_000),
        "stale_after": duration(e["stale_after"]),
        "venue_silence": duration(e["venue_silence"]),
        "clock_step": duration(e["clock_step"]),
        "step": x.step,
        "lot": market.least,
        "value_num": value.numerator,
        "value_den": value.denominator,
    }
