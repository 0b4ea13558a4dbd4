"""What a round trip earned by moving the price: the same trades priced on the twin without our orders.

manipulation = -sum q_i (p_i - p_i0), raw = -sum q_i p_i - fees; q_i > 0 bought, p_i0 the price on the twin:

* **taker** (it takes what stands in a lit book): the twin's touch on that side at the decision. The spread is paid in
  both; a book that our order walks through, and a spread that we have widened, count against us. Shares that a hidden
  order gave inside the touch are priced as at the mid: it would have waited there without us as well.
* **maker** and **mid** (a counterparty came to our price; a dark pool at the mid): p_i - (m - m0), the twin's mid plus
  the same signed distance to the mid, both just before the fill. The spread earned is the same in both. Our own orders
  do not count in m: a quote of ours is not a price that has moved.
* **dealer**: p_i - (m - m0) at the moment of the quote, since then its price is fixed.

A trip ends flat (sum q_i = 0), so whatever is common to all prices drops out. In a market that our orders do not move,
manipulation is 0 whatever the market does: no alpha and no luck is in it. (Gatheral 2010 for the definition of a price
manipulation; Huberman & Stanzl 2004 for round trips.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Fill", "Profit", "Sample", "price_maker", "price_taker", "profit"]


@dataclass(frozen=True, slots=True)
class Sample:
    """The consolidated touch at one moment, ticks: that of the others in the market with us, and the twin's."""

    bid: float
    ask: float
    twin_bid: float
    twin_ask: float

    @property
    def moved(self) -> float:
        """Return by how many ticks our orders have moved the mid."""
        return (self.bid + self.ask - self.twin_bid - self.twin_ask) / 2


@dataclass(frozen=True, slots=True)
class Fill:
    """A fill of ours: signed `quantity` (+ bought), `price` and its price `without` us in ticks, `fee` in currency."""

    quantity: int
    price: float
    without: float
    fee: float = 0.0


@dataclass(frozen=True, slots=True)
class Profit:
    """Of one trip, in ticks x shares: `manipulation`, `raw` (fees paid); `shares` bought, `left` what is not flat."""

    manipulation: float
    raw: float
    shares: float
    left: int


def price_taker(side: int, price: float, at: Sample) -> float:
    """Return the price on the twin of shares that an order of `side` took at `price`; `at`: when it was sent."""
    if side * price < side * (at.ask if side > 0 else at.bid):
        return price_maker(price, at)
    return at.twin_ask if side > 0 else at.twin_bid


def price_maker(price: float, at: Sample) -> float:
    """Return the price on the twin of shares filled at a `price` of ours, at the mid, or at a dealer's quote."""
    return price - at.moved


def profit(fills: Sequence[Fill], tick: float) -> Profit:
    """Return what the fills of a trip earned; `tick` in currency turns fees into ticks."""
    volume = sum(abs(f.quantity) for f in fills)
    return Profit(
        manipulation=-sum(f.quantity * (f.price - f.without) for f in fills),
        raw=-sum(f.quantity * f.price + f.fee / tick for f in fills),
        shares=volume / 2,
        left=sum(f.quantity for f in fills),
    )
