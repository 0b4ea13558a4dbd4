"""The values everything speaks of: frozen, slotted, integers inside.

Prices are integer ticks of the instrument, quantities integer shares (or lots), times integer nanoseconds UTC.
`Instrument.tick_size` turns ticks into currency at the analytic edge only. Mid-point prints lie at half a tick, so
`Fill.price` and `Trade.price` are floats of ticks, exact for multiples of 0.5.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import NoReturn

from nowake.core.errors import InputError, OrderError, nearest

__all__ = ["MAX_QUANTITY", "ChildOrder", "Fill", "Instrument", "ParentOrder", "Quote", "Session", "Side", "Trade"]

MAX_QUANTITY = 2**31 - 1


class Side(IntEnum):
    """+1 buy, -1 sell, so that formulas read like the papers."""

    BUY = 1
    SELL = -1

    @classmethod
    def parse(cls, text: "str | int | Side") -> "Side":
        """Return the side named by ``buy``, ``sell``, +1 or -1; InputError else."""
        if isinstance(text, int) and text in (1, -1):
            return cls(text)
        name = str(text).strip().lower()
        if name in ("buy", "sell"):
            return cls.BUY if name == "buy" else cls.SELL
        raise InputError(
            f"unknown side '{text}'", expected="buy or sell", got=repr(text), hint=nearest(name, ("buy", "sell"))
        )

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Session:
    """Continuous trading from `open` to `close`, nanoseconds after local midnight in `timezone` (IANA name)."""

    open: int
    close: int
    timezone: str = "America/New_York"

    def __post_init__(self) -> None:
        if not 0 <= self.open < self.close <= 86_400_000_000_000:
            raise InputError("session", expected="0 <= open < close <= one day", got=f"{self.open}..{self.close}")


_US_EQUITY = Session(34_200_000_000_000, 57_600_000_000_000)


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is traded: `tick_size` is the currency value of a tick (price unit), `step` the quoting increment in ticks.

    Feeds print finer than one may quote (mid-point prints, sub-penny history): the integer price unit is the feed's
    (0.0001 for US equities), own orders are priced at multiples of `step` (100: a cent). `lot` is the currency-free
    value of one integer quantity unit (1 share; 1e-8 bitcoin), `round_lot` the number of units in a round lot.
    """

    symbol: str
    tick_size: Decimal = Decimal("0.0001")
    step: int = 100
    lot: Decimal = Decimal(1)
    round_lot: int = 100
    currency: str = "USD"
    venue: str = ""
    sessions: tuple[Session, ...] = (_US_EQUITY,)

    def __post_init__(self) -> None:
        sizes = all(Decimal("1e-12") <= size <= Decimal("1e12") for size in (self.tick_size, self.lot))
        if not sizes or self.step < 1 or self.round_lot < 1:
            raise InputError(
                f"instrument {self.symbol}",
                expected="tick_size, lot in 1e-12..1e12; step, round_lot >= 1",
                got=f"tick_size {self.tick_size}, lot {self.lot}, step {self.step}, round_lot {self.round_lot}",
            )

    def price(self, ticks: float) -> float:
        """Return the currency price of `ticks`."""
        return ticks * float(self.tick_size)

    def ticks(self, price: float | str | Decimal) -> int:
        """Return the ticks of a currency price that one may quote; OrderError if it lies between two steps."""
        exact = Decimal(str(price)) / self.tick_size
        if exact != exact.to_integral_value() or int(exact) % self.step:
            raise OrderError(
                f"price {price} of {self.symbol}", expected=f"a multiple of {self.tick_size * self.step}", got=price
            )
        return int(exact)


def _refuse(what: str, expected: str, got: object) -> NoReturn:
    raise OrderError(what, expected=expected, got=got)


def check_quantity(quantity: object, what: str = "quantity") -> int:
    """Return `quantity` if it is a whole number in 1..2^31-1; OrderError else."""
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 < quantity <= MAX_QUANTITY:
        _refuse(what, f"a whole number from 1 to {MAX_QUANTITY}", quantity)
    return quantity


@dataclass(frozen=True, slots=True)
class ParentOrder:
    """The whole order: work `quantity` between `start` and `end` (ns UTC), never beyond `limit` (ticks; None: none).

    `decided` is when the portfolio manager decided (ns UTC, not after `start`): the delay cost runs from there.
    """

    order_id: str
    instrument: Instrument
    side: Side
    quantity: int
    start: int
    end: int
    limit: int | None = None
    decided: int | None = None

    def __post_init__(self) -> None:
        check_quantity(self.quantity)
        if self.start >= self.end:
            _refuse("parent order window", "start before end", f"start {self.start}, end {self.end}")
        if self.decided is not None and self.decided > self.start:
            _refuse("decision time", f"not after the start {self.start}", self.decided)
        if self.limit is not None and self.limit <= 0:
            _refuse("limit price", "above 0 ticks", self.limit)


@dataclass(frozen=True, slots=True)
class ChildOrder:
    """One order sent to one venue on behalf of a parent; `price` in ticks, None for a market order."""

    order_id: str
    parent_id: str
    side: Side
    quantity: int
    price: int | None
    venue: str
    time: int

    def __post_init__(self) -> None:
        check_quantity(self.quantity)


@dataclass(frozen=True, slots=True)
class Fill:
    """An execution of a child: `price` in ticks (a multiple of 0.5), `fee` in currency (negative: rebate)."""

    order_id: str
    side: Side
    quantity: int
    price: float
    time: int
    fee: float = 0.0
    cause: str = ""
    passive: bool = False
    venue: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """The best bid and ask, ticks and quantities; None and 0 where a side is empty."""

    time: int
    bid: int | None
    bid_size: int
    ask: int | None
    ask_size: int

    @property
    def mid(self) -> float | None:
        """Mid price in ticks (a multiple of 0.5), None when a side is empty."""
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2

    @property
    def weighted_mid(self) -> float | None:
        """Imbalance-weighted mid in ticks: m + s/2 (2I - 1), I = bid_size / (bid_size + ask_size), s the spread."""
        if self.bid is None or self.ask is None or self.bid_size + self.ask_size <= 0:
            return None
        imbalance = self.bid_size / (self.bid_size + self.ask_size)
        return (self.bid + self.ask) / 2 + (self.ask - self.bid) / 2 * (2 * imbalance - 1)


@dataclass(frozen=True, slots=True)
class Trade:
    """A print: `price` in ticks (a multiple of 0.5), `side` of the aggressor where known (0: unknown)."""

    time: int
    price: float
    quantity: int
    side: int = 0
    hidden: bool = False
