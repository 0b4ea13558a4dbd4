"""What a replay is asked, and what it answers: plain frozen values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from nowake.core.errors import InputError, OrderError, nearest
from nowake.core.times import SECOND
from nowake.core.values import ParentOrder, Side
from nowake.data.reader import Reader
from nowake.data.volume import VolumeForecast
from nowake.execution.state import Placement

__all__ = ["ALGORITHMS", "Curve", "Fees", "Latency", "QueueChoice", "ReplayRequest", "ReplayResult"]

ALGORITHMS = ("twap", "vwap", "pov", "ac", "ow")


@dataclass(frozen=True, slots=True)
class Latency:
    """One-way delays in ns: `feed` (market data to us), `entry` (order to venue), `response` (report to us).

    `entry` and `response` are medians of a lognormal law of shape `sigma` (0: constant), or the quantiles of a measured
    table: `table` holds delays in ns, used for both legs.
    """

    feed: int = 0
    entry: int = 0
    response: int = 0
    sigma: float = 0.0
    table: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        low = min((self.feed, self.entry, self.response, *self.table))
        if low < 0 or not 0 <= self.sigma < 5:
            raise InputError(
                "latency", expected="delays from 0 and 0 <= sigma < 5", got=f"{low} ns, sigma {self.sigma}"
            )


@dataclass(frozen=True, slots=True)
class Fees:
    """Fees of the venue, positive = cost: per share in currency, and in basis points of the notional."""

    maker: float = 0.0
    taker: float = 0.0
    maker_bps: float = 0.0
    taker_bps: float = 0.0


@dataclass(frozen=True, slots=True)
class QueueChoice:
    """The declared queue model for level-2, quote and trade data: ``pessimistic``, or ``power`` with exponent `n`."""

    name: str
    n: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "QueueChoice":
        """Return the model written as ``pessimistic`` or ``power:n``; InputError else."""
        name, _, number = text.strip().lower().partition(":")
        if name == "pessimistic" and not number:
            return cls(name)
        try:
            n = float(number)
        except ValueError:
            n = 0.0
        if name == "power" and 0 < n <= 100:
            return cls(name, n)
        raise InputError(
            f"unknown queue model '{text}'",
            expected="pessimistic or power:n with 0 < n <= 100",
            got=repr(text),
            hint=nearest(name, ("pessimistic", "power")),
        )


@dataclass(frozen=True, slots=True)
class Curve:
    """A volume curve for VWAP: bins of `width` ns from `open` (ns after local midnight), and who forecasts them.

    `dynamic` tells whether the forecast learns from the bins seen during the day. `name` is for the report.
    """

    open: int
    width: int
    bins: int
    forecast: VolumeForecast
    dynamic: bool
    name: str


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """A parent order to be worked through recorded order flow.

    `reader` yields the data and `source` names it. `quantity` is whole shares, or `of_adv` the share of the volume that
    the data prints. `decided`, `start` and `end` are ns after local midnight (None: the start; the open of the session
    or of the data; their close). `limit` in currency. `urgency` is kappa T for ac, rho T for ow. `slice_ns` is the
    longest slice (None: 5 minutes, 30 seconds for pov).
    """

    reader: Reader
    source: str
    algo: str
    side: Side
    quantity: int | None
    of_adv: float | None = None
    decided: int | None = None
    start: int | None = None
    end: int | None = None
    limit: Decimal | None = None
    participation: float = 0.1
    urgency: float = 2.0
    slice_ns: int | None = None
    curve: Curve | None = None
    placement: Placement = field(default_factory=Placement)
    latency: Latency = field(default_factory=Latency)
    fees: Fees = field(default_factory=Fees)
    queue: QueueChoice | None = None
    symbol: str | None = None
    clock_tolerance_ns: int = SECOND
    seed: int = 7
    on_progress: Callable[[float], None] | None = None

    def __post_init__(self) -> None:
        if self.algo not in ALGORITHMS:
            raise InputError(
                f"unknown algorithm '{self.algo}'",
                expected=f"one of {', '.join(ALGORITHMS)}",
                got=repr(self.algo),
                hint=nearest(self.algo, ALGORITHMS),
            )
        if (self.quantity is None) == (self.of_adv is None):
            raise OrderError("quantity", expected="shares, or a share of the daily volume", got="both or neither")
        if not 0 < self.participation < 1:
            raise OrderError("participation", expected="above 0 and below 1", got=self.participation)
        if self.slice_ns is not None and self.slice_ns < SECOND:
            raise OrderError("slice", expected="at least 1 s", got=f"{self.slice_ns} ns")


@dataclass(frozen=True, slots=True, eq=False)
class ReplayResult:
    """What happened: the order, own fills (FILL), the market's prints (PRINT) and best quotes (QUOTE_PATH) of the day.

    `slice_times` (ns UTC, slices + 1) and `targets` (shares) are the schedule as it was decided slice by slice.
    `digest` identifies the fills (sha256, 16 hex digits). `ghosts` counts history's messages for shares that we took.
    `rejected` counts the children that the venue refused, by reason (`rejects`: all of them).
    """

    order: ParentOrder
    fills: np.ndarray
    prints: np.ndarray
    quotes: np.ndarray
    slice_times: np.ndarray
    targets: np.ndarray
    decision_mid: float
    arrival_mid: float
    end_mid: float
    children: int
    rejects: int
    ghosts: int
    ghost_shares: int
    unknown: int
    events: int
    working_left: int
    conserved: bool
    digest: str
    quality: Any
    notes: tuple[str, ...]
    rejected: dict[str, int] = field(default_factory=dict)
