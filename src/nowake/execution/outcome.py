"""What became of a parent order worked beside its twin: the numbers that an analysis over many orders needs."""

from dataclasses import dataclass

import numpy as np

__all__ = ["POINTS", "Outcome", "Step", "Told"]

POINTS = 121  # of a path over the order's window, both ends included


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One order of `quantity` shares by `policy` in the market `seed`; prices in ticks of `tick` currency.

    `paid` ticks x shares, `fees` currency (negative: rebates). `impact_end`: mid with the order less the mid of its
    twin when the window ends, signed by the side; `impact_paid` the same at each fill, averaged over shares;
    `impact_child` (one per child that traded) its change from just before the child to 60 s later. `impact` and `done`
    (both POINTS): that difference, and shares filled, over the window.
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
    """One child of a told order; prices in currency, `mid` and `twin_mid` when it was sent, `average` of its fills."""

    time: int
    venue: str | None
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


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """One order from first child to last: `times` (ns UTC, n), mids with and without it, shares due and done."""

    outcome: Outcome
    steps: tuple[Step, ...]
    times: np.ndarray
    mid: np.ndarray
    twin_mid: np.ndarray
    due: np.ndarray
    done: np.ndarray
