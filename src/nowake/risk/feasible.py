"""Whether an order can ever fill under its limits, told before it starts, with the limit that binds.

What is known beforehand bounds the shares: lists that leave nothing that the router sends, notional, position, short
rule, the volume that is expected, and the messages that fit into the window. The smallest bound is the binding one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from nowake.core.errors import InputError, OrderError
from nowake.core.times import SECOND
from nowake.core.values import Instrument, Side, check_quantity
from nowake.risk.limits import check_currency
from nowake.risk.scopes import Effective

__all__ = ["Feasibility", "Plan", "can_fill", "refuse_impossible"]

_MANY = 2**62
_SENT = {"lit": ("ioc", "post_only"), "dark": ("ioc", "mid_peg"), "dealer": ("quote",)}
"""What the router sends to each class of venue, in continuous trading alone."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An order before it starts.

    `places` the venues that trade the symbol; `price` the arrival mid or limit in ticks, whichever is dearer; `length`
    of the window in ns; `volume` shares that others are expected to trade in it (None: not known); `position` of
    the account now.
    """

    instrument: Instrument
    side: Side
    quantity: int
    price: float
    length: int
    places: Sequence[str]
    volume: int | None = None
    position: int = 0

    def __post_init__(self) -> None:
        check_quantity(self.quantity)
        if not 0 < self.price < 2**40:
            raise OrderError("price of the order", expected="ticks above 0", got=self.price)
        if self.length <= 0:
            raise OrderError("window of the order", expected="longer than 0 ns", got=self.length)
        if self.volume is not None and self.volume < 0:
            raise InputError("expected volume", expected="0 shares or more", got=self.volume)


@dataclass(frozen=True, slots=True)
class Feasibility:
    """The most shares that can ever fill, and the limit (`limit`, set by `scope`) that says so, in `words`."""

    fillable: int
    quantity: int
    limit: str
    scope: str
    words: str

    @property
    def possible(self) -> bool:
        """Whether all of it can."""
        return self.fillable >= self.quantity


def can_fill(effective: Effective, plan: Plan) -> Feasibility:
    """Return how much of `plan` can ever fill under `effective`, and which limit binds.

    ConfigError for an instrument of another currency.
    """
    check_currency(effective, plan.instrument)
    name, most, why = min(_bounds(effective, plan), key=lambda bound: bound[1])
    most = max(0, min(most, plan.quantity))
    if most == plan.quantity:
        return Feasibility(most, plan.quantity, "", "", "every share can fill")
    scope = effective.scope(name)
    words = f"{name} of {scope} lets {most:,} of {plan.quantity:,} shares of {plan.instrument.symbol} fill: {why}"
    return Feasibility(most, plan.quantity, name, scope, words)


def refuse_impossible(effective: Effective, plan: Plan) -> Feasibility:
    """Return how much can fill; OrderError with the binding limit if not all of it can."""
    found = can_fill(effective, plan)
    if not found.possible:
        raise OrderError(
            f"an order that can never fill: {found.words}",
            expected=f"at most {found.fillable:,} shares" if found.fillable else "no such order",
            got=f"{plan.quantity:,}",
        )
    return found


def _bounds(e: Effective, plan: Plan) -> Iterator[tuple[str, int, str]]:
    """Yield (limit, most shares, why)."""
    yield "max_child_shares", _MANY, ""
    if plan.instrument.symbol in e["restricted"]:
        yield "restricted", 0, "the symbol is on the restricted list"
    if str(plan.side) not in e["sides"]:
        yield "sides", 0, f"only {' and '.join(e['sides'])} is allowed"
    if "continuous" not in e["phases"]:
        yield "phases", 0, "children leave in continuous trading alone"
        return
    usable, name, why = _usable(e, plan)
    if not usable:
        yield name, 0, why
        return
    yield from _of_venues(e, plan, usable)
    yield from _of_account(e, plan)
    if plan.volume is not None:
        part = Fraction(str(e["max_participation"]))
        share = _MANY if part == 1 else int(part / (1 - part) * plan.volume)
        most = max(share, e["participation_grace_shares"])
        yield "max_participation", most, f"others are expected to trade {plan.volume:,} in its window"


def _usable(e: Effective, plan: Plan) -> tuple[list[str], str, str]:
    """Return the venues at which some allowed order type can trade; else the list that leaves none, and why."""
    kinds = {place: e.policy.venues[place] for place in plan.places if place in (*e["venues"], *e["dealers"])}
    if not kinds:
        return [], "venues", f"none of {', '.join(plan.places) or 'no venue'} is named there, nor among the dealers"
    open_ = {place: kind for place, kind in kinds.items() if kind in e["venue_classes"]}
    if not open_:
        return [], "venue_classes", f"none of {', '.join(kinds)} is {' or '.join(e['venue_classes'])}"
    types = set(e["order_types"])
    usable = [place for place, kind in open_.items() if types & set(_SENT[kind])]
    sent = "; ".join(f"{' or '.join(_SENT[kind])} to {kind} ones" for kind in dict.fromkeys(open_.values()))
    return usable, "order_types", f"to the venues that are left goes {sent}"


def _worth(plan: Plan) -> Fraction:
    x = plan.instrument
    return Fraction(plan.price) * Fraction(x.tick_size) * Fraction(x.lot)


def _of_venues(e: Effective, plan: Plan, usable: list[str]) -> Iterator[tuple[str, int, str]]:
    worth = _worth(plan)
    child = min(e["max_child_shares"], int(Fraction(str(e["max_child_notional"])) / worth))
    if child < 1:
        yield "max_child_notional", 0, "a single share is worth more"
    if all(e.policy.venues[place] == "dark" for place in usable) and e["dark_minimum_shares"] > plan.quantity:
        yield "dark_minimum_shares", 0, "only dark venues are left, and they take nothing that small"
    venue = int(Fraction(str(e["max_venue_notional"])) / worth)
    yield "max_venue_notional", venue * len(usable), f"over {len(usable)} venues"
    messages = e["message_burst"] + e["max_messages_per_second"] * plan.length // SECOND
    yield "max_messages_per_second", messages * len(usable) * max(child, 0), f"{messages} children to each venue"


def _of_account(e: Effective, plan: Plan) -> Iterator[tuple[str, int, str]]:
    yield "max_order_notional", int(Fraction(str(e["max_order_notional"])) / _worth(plan)), "at the order's price"
    held = int(plan.side) * plan.position
    yield "max_position", e["max_position"] - held, f"the position is {plan.position:,}"
    if plan.side == Side.SELL and e["short"] != "yes":
        located = e.policy.located.get(plan.instrument.symbol, 0) if e["short"] == "locate" else 0
        yield "short", plan.position + located, f"{plan.position:,} shares are held and {located:,} shares are located"
