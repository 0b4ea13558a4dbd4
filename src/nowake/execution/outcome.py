"""What became of a parent order worked beside its twin: the numbers that an analysis over many orders needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nowake.core.times import SECOND

__all__ = ["MARKS", "POINTS", "VENUE", "Outcome", "Step", "Told"]

POINTS = 121  # of a path over the order's window, both ends included
MARKS = (10 * SECOND, 60 * SECOND)  # horizons of the mark-outs, ns

# What an order did at one venue; sums over its fills. `half`: side (price - mid before) in ticks x shares, `fees`
# currency. `marked`: shares that have a mark-out, `markout`: side (mid after - price), ticks x shares; one per MARKS.
VENUE = np.dtype(
    [
        ("children", "i8"),
        ("offered", "i8"),
        ("filled", "i8"),
        ("fills", "i8"),
        ("maker", "i8"),
        ("half", "f8"),
        ("fees", "f8"),
        ("marked", "i8", (len(MARKS),)),
        ("markout", "f8", (len(MARKS),)),
    ],
    align=True,
)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One order of `quantity` shares by `policy` in the market `seed`; prices in ticks of `tick` currency.

    `paid` ticks x shares, `fees` currency (negative: rebates). `impact_end`: mid with the order less the mid of its
    twin when the window ends, signed by the side; `impact_paid` the same at each fill, averaged over shares;
    `impact_child` (one per child that traded) its change from just before the child to 60 s later. `impact` and `done`
    (both POINTS): that difference, and shares filled, over the window. `venues` (VENUE) of `places` (name, kind).
    `dark` and `dealer`: shares filled in dark pools and by dealers.
    """

    policy: str
    seed: int
    side: int
    quantity: int
    tick: float
    arrival: float
    end: float
    filled: int
    paid: float
    fees: float
    maker: int
    dark: int
    children: int
    fills: int
    rejects: int
    impact_end: float
    impact_paid: float
    impact_child: float
    impact: np.ndarray
    done: np.ndarray
    dealer: int = 0
    places: tuple[tuple[str, str], ...] = ()
    venues: np.ndarray = field(default_factory=lambda: np.zeros(0, VENUE))

    @property
    def basis(self) -> float:
        """Notional at arrival in ticks x shares."""
        return self.quantity * self.arrival

    @property
    def fees_bps(self) -> float:
        """Fees less rebates, in bp of the notional at arrival."""
        return self.fees / (self.basis * self.tick) * 1e4

    @property
    def shortfall_bps(self) -> float:
        """Implementation shortfall in bp, fees included; what was not filled counts at the mid of the end."""
        traded = self.side * (self.paid - self.filled * self.arrival)
        missed = self.side * (self.quantity - self.filled) * (self.end - self.arrival)
        return (traded + missed) / self.basis * 1e4 + self.fees_bps

    def bps(self, ticks: float) -> float:
        """Return a price difference in bp of the arrival mid."""
        return ticks / self.arrival * 1e4


@dataclass(frozen=True, slots=True)
class Step:
    """One child of a told order; prices in currency, `mid` and `twin_mid` when it was sent, `average` of its fills.

    `place`: lit, dark or dealer. `answers`: why this venue, size, price and moment, and what the guard did.
    """

    order_id: int
    time: int
    venue: str
    place: str
    kind: str
    price: float | None
    quantity: int
    filled: int
    average: float | None
    liquidity: str | None
    mid: float
    twin_mid: float
    fee: float
    why: str
    end: str
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """One order from first child to last: `times` (ns UTC, n), mids with and without it, shares due and done.

    `decisions`: what was decided for each slice, with the shares of its children; `versions`: hashes of what decided.
    """

    outcome: Outcome
    steps: tuple[Step, ...]
    decisions: tuple[Mapping[str, Any], ...]
    versions: Mapping[str, Any]
    times: np.ndarray
    mid: np.ndarray
    twin_mid: np.ndarray
    due: np.ndarray
    done: np.ndarray
