"""Presets: a market as a TOML file that users copy, every value with its unit and source beside it.

`load` refuses unknown keys (naming the nearest), values out of range, and tables that contradict each other. The
identity of a market is `parameter_hash`: what the realism gate judged is what a learner may train on.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from nowake.core.config import config_hash, parse
from nowake.core.errors import ConfigError
from nowake.core.shipped import Shipped
from nowake.core.values import MAX_QUANTITY
from nowake.market.preset_model import Preset, Regimes

__all__ = ["Preset", "check", "from_table", "load", "parameter_hash", "preset_names", "preset_text"]

_SHIPPED = Shipped(Path(__file__).parent / "presets", Preset, "preset")


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets that come with nowake, sorted."""
    return _SHIPPED.names()


def preset_text(name: str) -> str:
    """Return the file of a preset, comments included, for users to copy; InputError for an unknown name."""
    return _SHIPPED.text(name)


def load(name_or_path: str | Path) -> Preset:
    """Return the preset of that name, or in that TOML file; InputError or ConfigError where it is refused."""
    return check(_SHIPPED.load(name_or_path))


def from_table(table: dict[str, Any]) -> Preset:
    """Return the preset in a table of tables, checked."""
    return check(parse(table, Preset))


def parameter_hash(preset: Preset) -> str:
    """Return 16 hex digits that identify every parameter; name and title do not count."""
    return config_hash(preset.model_dump(mode="json", exclude={"name", "title"}))


def _refuse(key: str, what: str, expected: object, got: object) -> None:
    raise ConfigError(what, key=key, expected=expected, got=got)


def check(preset: Preset) -> Preset:
    """Return `preset` if its tables agree with each other; ConfigError names the first key that does not."""
    _check_venues(preset)
    _check_grid(preset)
    _check_session(preset)
    _check_flow(preset)
    _check_sizes(preset)
    _check_chain(preset)
    return preset


def _check_venues(p: Preset) -> None:
    if not p.venues:
        _refuse("venues", "a market needs a lit venue", "at least one", "none")
    if len(p.venues) > 4 or len(p.dark) > 4 or len(p.dealers) > 4:
        _refuse("venues", "too many", "at most 4 of a kind", f"{len(p.venues)}, {len(p.dark)}, {len(p.dealers)}")
    names = [v.name for v in p.venues] + [v.name for v in p.dark] + [v.name for v in p.dealers]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        _refuse("venues", "a name is used twice", "names of their own for venues, pools and dealers", repr(twice))
    total = sum(venue.share for venue in p.venues)
    if abs(total - 1.0) > 1e-6:
        _refuse("venues.share", "shares of the lit flow", "a sum of 1", f"{total:g}")
    total = p.hidden.share + sum(pool.share for pool in p.dark)
    if total > 1.0:
        _refuse(
            "dark.share", "shares of the hidden parents' slices, dark and hidden", "a sum of at most 1", f"{total:g}"
        )


def _check_grid(p: Preset) -> None:
    x = p.instrument
    ticks = Decimal(str(x.price)) / Decimal(str(x.tick))
    if ticks != ticks.to_integral_value() or not 100 <= ticks <= 2**40:
        _refuse(
            "instrument.tick", "price and tick disagree", f"a price of {x.price} in 100 or more whole ticks", x.tick
        )
    if x.round_lot % x.lot:
        _refuse("instrument.lot", "lots disagree", f"a divisor of the round lot of {x.round_lot} shares", x.lot)
    for n, pool in enumerate(p.dark):
        if pool.largest % x.round_lot or pool.minimum > pool.largest:
            _refuse(
                f"dark.{n}.largest", "pool sizes", f"whole lots of {x.round_lot}, not below `minimum`", pool.largest
            )


def _seconds(clock: str) -> int:
    hour, minute, second = (*map(int, clock.split(":")), 0)[:3]
    return 3600 * hour + 60 * minute + second


def _check_session(p: Preset) -> None:
    if _seconds(p.session.open) >= _seconds(p.session.close):
        _refuse("session.close", "the session is empty", f"later than {p.session.open}", p.session.close)
    try:
        ZoneInfo(p.session.timezone)
    except (ValueError, OSError, KeyError):  # an unknown name is a KeyError
        _refuse("session.timezone", "unknown time zone", "an IANA name such as America/New_York", p.session.timezone)


def _check_flow(p: Preset) -> None:
    x, f = p.instrument, p.lit
    daily = x.daily_volatility * x.price / x.tick  # ticks
    own = (f.sigma**2 + f.jump_rate * f.jump_size**2) ** 0.5
    if not 0.5 * daily <= own <= 1.2 * daily:
        _refuse(
            "lit.sigma",
            "public value against instrument.daily_volatility, in ticks a day with jumps",
            f"{0.5 * daily:.4g} to {1.2 * daily:.4g}",
            f"{own:.4g}",
        )
    if f.deepest < f.spread:
        _refuse("lit.deepest", "limit orders must reach beyond the spread", f"at least {f.spread}", f.deepest)


def _check_sizes(p: Preset) -> None:
    f, lot = p.lit, p.instrument.round_lot
    if len(f.order_weights) != len(f.order_sizes) or not sum(f.order_weights) > 0:
        wanted = f"{len(f.order_sizes)} weights, not all 0"
        _refuse("lit.order_weights", "sizes of limit orders", wanted, f.order_weights)
    if list(f.order_sizes) != sorted(set(f.order_sizes)):
        _refuse("lit.order_sizes", "sizes of limit orders", "rising lots", f.order_sizes)
    largest = {"order_sizes": f.order_sizes[-1], "informed_most": f.informed_most, "investor_show": f.investor_show}
    for key, lots in largest.items():
        if lots * lot > MAX_QUANTITY:
            wanted = f"at most {MAX_QUANTITY} shares, {MAX_QUANTITY // lot} lots of {lot}"
            _refuse(f"lit.{key}", "an order larger than any venue takes", wanted, lots)


def _check_chain(p: Preset) -> None:
    chain, names = p.regimes.chain, tuple(Regimes.model_fields)
    for n, (spell, row) in enumerate(zip(chain.spell, chain.next, strict=True)):
        if spell < chain.epoch:
            _refuse(f"regimes.chain.spell.{n}", "a spell ends before it is drawn", f"at least {chain.epoch} s", spell)
        if sum(row) - row[n] <= 0:
            _refuse(f"regimes.chain.next.{n}", f"{names[n]} leads nowhere", "a weight above 0 for another regime", row)
