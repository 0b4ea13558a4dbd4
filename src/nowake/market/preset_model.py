"""What a market is made of, as validated tables: one model per section of a preset file.

Times are seconds, prices and distances ticks, fees currency per share (negative: a rebate), unless a field says
otherwise. Every field is commented with unit and source in the preset files themselves.
"""

from typing import Annotated

from pydantic import Field

from nowake.core.config import Model

__all__ = [
    "Auctions",
    "Chain",
    "DarkPool",
    "Dealer",
    "Followers",
    "Hidden",
    "Instrument",
    "LitFlow",
    "LitVenue",
    "Preset",
    "Regime",
    "Regimes",
    "Session",
]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=2**31 - 1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,15}$")]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$")]
Pair = Annotated[tuple[Positive, Positive], Field(strict=False)]
Weights = Annotated[tuple[Finite, Finite, Finite, Finite, Finite], Field(strict=False)]
Scales = Annotated[tuple[Positive, Positive, Positive, Positive, Positive], Field(strict=False)]
Deviations = Annotated[tuple[NotNegative, NotNegative], Field(strict=False)]
Sizes = Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], Field(strict=False, min_length=1, max_length=64)]
Frequencies = Annotated[tuple[NotNegative, ...], Field(strict=False, min_length=1, max_length=64)]


class Instrument(Model):
    """What is traded."""

    symbol: Name
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    price: Positive  # currency, at the first open
    tick: Positive  # currency
    lot: Count  # least quantity, shares
    round_lot: Count  # shares
    daily_volume: Count  # shares, consolidated, of an average day
    daily_volatility: Annotated[float, Field(gt=0, lt=1)]  # standard deviation of the daily return
    spread: Positive  # ticks, what the preset is meant to show


class Session(Model):
    """Continuous trading."""

    open: Clock
    close: Clock
    timezone: str


class LitVenue(Model):
    """An exchange with a displayed book."""

    name: Name
    maker_fee: Finite  # currency per share
    taker_fee: Finite
    latency: NotNegative  # s from us to the match engine
    feed_latency: NotNegative  # s from the match engine to our view
    share: Share  # of the lit flow
    message_limit: Count  # own messages per second


class DarkPool(Model):
    """A pool that crosses hidden orders at the mid."""

    name: Name
    fee: Finite  # currency per share, both sides
    latency: NotNegative  # s
    quote_latency: NotNegative  # s by which the pool sees the consolidated quote late
    share: Share  # of the slices of hidden parents
    zero: Share  # of those slices that bring nothing
    size_tail: Positive  # exponent of the size law
    largest: Annotated[int, Field(ge=1, le=10_000_000)]  # shares
    life: Positive  # s, mean time a background order waits
    picky: Share  # of background orders with a minimum execution quantity
    minimum: Count  # shares
    informed: Share  # of vanishingly small background orders
    informed_size: Positive  # shares at which that share has fallen to a quarter
    informed_edge: NotNegative  # ticks between public value and mid
    leak: Share  # of large own entries and partial fills
    leak_size: NotNegative  # shares at which half of that leaks
    leak_life: Positive  # s in which followers forget


class Hidden(Model):
    """Orders that wait invisibly at the mid of the lit venues, from the same hidden parents."""

    share: Share  # of the slices of hidden parents, over all venues
    size_tail: Positive  # exponent of the size law
    largest: Annotated[int, Field(ge=1, le=10_000_000)]  # shares
    life: Positive  # s, mean time such an order waits


class Followers(Model):
    """Momentum and predatory traders: they hold a position in proportion to what they have seen."""

    rate: NotNegative  # looks per second
    momentum: NotNegative  # shares wanted per share of net aggressive volume still remembered
    memory: Positive  # s in which that memory falls to 1/e
    predation: NotNegative  # shares wanted per share of leaked interest
    most: Count  # lots, largest position


class Auctions(Model):
    """Calls at the open and the close, at the first venue; volumes relative to that of a day."""

    open: Share  # volume of the opening auction
    close: Share  # volume of the closing auction without imbalance
    depth: Positive  # lots per tick that others add to the close where its price leaves the mean mid
    imbalance: NotNegative  # standard deviation of the imbalance of the others at the close


class Dealer(Model):
    """A dealer who quotes on request, with last look."""

    name: Name
    latency: NotNegative  # s
    half_spread: NotNegative  # ticks
    least: NotNegative  # ticks, floor of the half-spread
    volatility: NotNegative  # ticks of half-spread per tick per root second
    skew: NotNegative  # ticks of half-spread per 1,000 shares of inventory
    toxicity: NotNegative  # ticks of half-spread per tick of mark-out
    noise: NotNegative  # ticks, standard deviation between requests
    memory: Annotated[float, Field(gt=0, le=1)]  # weight of the newest mark-out
    horizon: Positive  # s until a mark-out is taken
    most: Count  # shares per quote
    inventory: Count  # shares, limit on either side
    valid: Positive  # s
    hold: NotNegative  # s of last look
    patience: NotNegative  # ticks against the dealer before he rejects
    softness: NotNegative  # ticks over which rejection becomes certain
    unwind: Positive  # s in which inventory falls to 1/e
    leak: Share  # of lost requests that are traded upon
    leak_fraction: Share  # of the quoted size


class Regime(Model):
    """Multipliers of one regime; all relative, scaled so that a `switching` market has mean one."""

    variance: Positive  # of the public value
    takers: Positive  # rate
    limits: Positive  # rate
    life: Positive  # of resting orders
    jumps: NotNegative  # rate
    drift: NotNegative  # daily standard deviations per day, sign drawn per spell; not scaled


Row = Annotated[tuple[NotNegative, NotNegative, NotNegative, NotNegative, NotNegative], Field(strict=False)]


class Chain(Model):
    """The Markov chain of `switching`: mean spell in seconds and where it goes next (weights)."""

    epoch: Positive  # s between draws
    spell: Annotated[tuple[Positive, Positive, Positive, Positive, Positive], Field(strict=False)]
    next: Annotated[tuple[Row, Row, Row, Row, Row], Field(strict=False)]


class Regimes(Model):
    """The macro state."""

    calm: Regime
    trending: Regime
    volatile: Regime
    thin: Regime
    news: Regime
    chain: Chain


class LitFlow(Model):
    """Causes of the displayed flow; rates per second of the trading day, sizes in round lots, distances in ticks."""

    limit_rate: Positive  # limit orders per second
    order_sizes: Sizes  # lots of a limit order, rising
    order_weights: Frequencies  # how often each of them comes, relative to the others
    life: Positive  # s, mean life of a limit order near the touch
    life_power: NotNegative  # growth of the life with distance
    placement_tail: Positive  # mu of distance^-(1 + mu)
    deepest: Count  # ticks
    spread: Positive  # ticks at unit volatility
    taker_rate: NotNegative  # per second
    taker_fraction: Positive  # zeta of P(f) = zeta (1 - f)^(zeta - 1)
    pareto: Annotated[float, Field(gt=1, lt=10)]  # alpha of the lengths of hidden parents
    parents: Annotated[int, Field(ge=1, le=64)]
    burst: Share  # that the next child comes from the parent of the last
    sigma: NotNegative  # daily volatility of the public value
    jump_rate: NotNegative  # per day
    jump_size: NotNegative
    reprice_delay: NotNegative  # s
    chase_delay: NotNegative  # s
    long_queue: NotNegative  # lots at the touch at which every other maker stays away; 0: makers do not look at it
    skew: NotNegative  # ticks per round lot that takers have bought from makers
    skew_time: Positive  # s in which makers forget
    fade: NotNegative  # of makers at the touch who leave at once, times the part of it that was taken
    informed_probability: Share
    informed_delay: NotNegative  # s
    informed_most: Count  # lots
    investor_slope: NotNegative  # lots per tick^2
    investor_renewal: Positive  # days
    investor_rate: NotNegative  # per marketable lot and second
    investor_show: Count  # lots
    investor_life: Positive  # s
    investor_used: NotNegative  # ticks around the price within which the profile is used up on an average morning
    recentre: Positive  # s
    activity_vol: Deviations  # slow, fast: standard deviations of the log of the activity
    activity_time: Pair  # s, slow and fast
    u_shape: Annotated[float, Field(ge=0, le=100)]
    open_multiplier: Annotated[float, Field(ge=1, le=10)]
    depth_elasticity: NotNegative
    lean: Weights  # of the predicted signed volume in the side that makers choose, one per scale
    lean_time: Scales  # lots of traded volume in which a scale forgets


class Preset(Model):
    """A market: what a preset file holds."""

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=200)]
    instrument: Instrument
    session: Session
    lit: LitFlow
    regimes: Regimes
    venues: Annotated[tuple[LitVenue, ...], Field(strict=False)]
    hidden: Hidden
    followers: Followers
    auctions: Auctions
    dark: Annotated[tuple[DarkPool, ...], Field(strict=False)] = ()
    dealers: Annotated[tuple[Dealer, ...], Field(strict=False)] = ()
