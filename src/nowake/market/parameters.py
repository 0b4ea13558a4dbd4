"""What may be chosen of the zero-intelligence market."""

from dataclasses import dataclass
from decimal import Decimal

from nowake.core.errors import InputError
from nowake.core.values import Instrument

__all__ = ["CENT", "ZeroIntelligence"]

CENT = 100  # ticks of 0.0001 in a quoting step


@dataclass(frozen=True, slots=True)
class ZeroIntelligence:
    """Rates of the Santa Fe model (Daniels, Farmer, Gillemot, Iori & Smith 2003), per second of trading.

    The defaults give about 90,000 events and 700,000 shares a day at a spread of two to three cents.
    """

    limit_rate: float = 0.022  # limit orders per second, cent and side
    market_rate: float = 0.075  # market orders per second and side
    cancel_rate: float = 0.0085  # cancels per second and resting order
    band: int = 40  # limit orders rest 1..band cents from the opposite best
    hidden_share: float = 0.2  # market orders that meet a hidden order inside the spread; and levels that hide one
    partial_share: float = 0.1  # cancels that withdraw only half of the order
    u_shape: float = 1.5  # intensity 1 + u_shape * x^2, x = -1 at the open, 1 at the close (its mean is kept at one)
    open_price: int = 500_000  # ticks of 0.0001 USD, a multiple of a cent
    symbol: str = "ZI"

    def __post_init__(self) -> None:
        for name in ("limit_rate", "market_rate", "cancel_rate"):
            if not 0 < getattr(self, name) < 1e6:
                raise InputError(name, expected="a rate above 0", got=getattr(self, name))
        for name in ("hidden_share", "partial_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(name, expected="a share from 0 to 1", got=getattr(self, name))
        if not 2 <= self.band <= 500:
            raise InputError("band", expected="2 to 500 cents", got=self.band)
        if not 0 <= self.u_shape <= 100:
            raise InputError("u_shape", expected="0 (flat) to 100", got=self.u_shape)
        if self.open_price % CENT or not 0 < self.open_price < 1_600_000:
            raise InputError("open_price", expected="a multiple of a cent below 160 USD, in ticks", got=self.open_price)

    def instrument(self) -> Instrument:
        """Return the instrument that is traded: ticks of 0.0001 USD quoted in cents."""
        return Instrument(self.symbol, tick_size=Decimal("0.0001"), step=CENT, venue="ZI")
