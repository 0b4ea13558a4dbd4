"""The execution policy as validated tables: what a trader and a risk officer read and sign.

`[firm]` sets every limit; `[desk.*]`, `[strategy.*]`, `[symbol.*]` and `[order.*]` may tighten any of them. Money is in
the policy's currency, distances of prices in basis points, quantities in shares, parts of something as fractions,
durations as people write them (``500ms``, ``90s``).
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from nowake.core.config import Model
from nowake.core.errors import InputError
from nowake.core.times import duration

__all__ = ["DURATIONS", "LISTS", "NUMBERS", "RISING", "SHORT", "Limits", "Policy"]


def _is_duration(text: str) -> str:
    if duration(text) <= 0:
        raise InputError("duration", expected="above 0", got=repr(text))
    return text


Shares = Annotated[int, Field(ge=1, le=2**31 - 1)]
SomeShares = Annotated[int, Field(ge=0, le=2**31 - 1)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Money = Annotated[float, Field(gt=0, le=1e12)]
Bp = Annotated[float, Field(ge=0, le=10_000)]
Part = Annotated[float, Field(ge=1e-6, le=1)]
Multiple = Annotated[float, Field(ge=1e-6, le=10)]
Duration = Annotated[str, AfterValidator(_is_duration)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}$")]
Class = Literal["lit", "dark", "dealer"]
OrderType = Literal["limit", "market", "ioc", "post_only", "mid_peg", "on_close", "quote"]
Names = Annotated[tuple[Word, ...], Field(strict=False)]
OrderTypes = Annotated[tuple[OrderType, ...], Field(strict=False, min_length=1)]
Classes = Annotated[tuple[Class, ...], Field(strict=False, min_length=1)]
Sides = Annotated[tuple[Literal["buy", "sell"], ...], Field(strict=False, min_length=1)]
Phases = Annotated[tuple[Literal["auction", "continuous"], ...], Field(strict=False, min_length=1)]


class Limits(Model):
    """The limits of one scope; what is not said here is as in the scopes around it.

    Behind each: what it counts over. `order` is a parent order, `child` one order sent to a venue.
    """

    # what is allowed at all
    order_types: OrderTypes | None = None  # child
    venue_classes: Classes | None = None  # child
    venues: Names | None = None  # child; lit and dark ones
    dealers: Names | None = None  # child; who may be asked for a quote
    restricted: Names | None = None  # symbols that may not be traded
    sides: Sides | None = None  # order
    short: Literal["no", "locate", "yes"] | None = None  # symbol; `locate`: as far as [located] has shares of it
    phases: Phases | None = None  # child
    # sizes
    max_child_shares: Shares | None = None  # child
    max_child_notional: Money | None = None  # child
    max_share_of_displayed: Multiple | None = None  # child: of the size it takes from, or joins
    dark_minimum_shares: SomeShares | None = None  # child in a dark pool: its least execution
    max_order_notional: Money | None = None  # order: done and working
    max_venue_notional: Money | None = None  # account, venue and day: done and working
    max_participation: Part | None = None  # order: own over all volume since it started, working shares included
    participation_grace_shares: SomeShares | None = None  # order: may be done and working whatever the volume
    max_deviation: Part | None = None  # order: ahead of the schedule's target, in parts of its quantity
    max_open_orders: Count | None = None  # order: children that work
    # messages
    max_messages_per_second: Count | None = None  # account and venue
    message_burst: Count | None = None  # account and venue: at once, beyond the rate
    # prices
    collar_arrival_bp: Bp | None = None  # child: beyond the mid at the order's arrival
    collar_last_bp: Bp | None = None  # child: beyond the last print
    collar_quote_bp: Bp | None = None  # child: beyond the consolidated far quote, in continuous trading
    # position and loss
    max_position: SomeShares | None = None  # account and symbol: shares long or short, working ones included
    max_daily_loss: Money | None = None  # account and day
    # trust
    stale_after: Duration | None = None  # symbol: oldest market data
    venue_silence: Duration | None = None  # lit venue: longest silence
    clock_step: Duration | None = None  # account: longest step of the clock between two looks


LISTS = ("order_types", "venue_classes", "venues", "dealers", "restricted", "sides", "phases")
"""Limits that are lists; all but `restricted` say what is allowed."""
NUMBERS = tuple(name for name in Limits.model_fields if name not in LISTS)
"""Limits with one value."""
DURATIONS = ("stale_after", "venue_silence", "clock_step")
RISING = ("dark_minimum_shares",)
"""Numbers of which the larger is the tighter."""
SHORT = ("no", "locate", "yes")
"""The words of `short`, the tightest first."""


class Policy(Model):
    """An execution policy."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    approvers: Names  # who may approve that a kill ends
    venues: Annotated[dict[Word, Class], Field(min_length=1)]  # every venue that may be named, and its class
    firm: Limits
    desk: dict[Word, Limits] = Field(default_factory=dict)
    strategy: dict[Word, Limits] = Field(default_factory=dict)
    symbol: dict[Word, Limits] = Field(default_factory=dict)
    order: dict[Word, Limits] = Field(default_factory=dict)
    located: dict[Word, SomeShares] = Field(default_factory=dict)  # shares of a symbol that may be sold short
