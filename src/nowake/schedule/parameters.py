"""The parameters of `nowake schedule ALGO`, one value per algorithm; checked where they are used."""

from dataclasses import dataclass

__all__ = [
    "AcParams",
    "AfsParams",
    "CjParams",
    "OwParams",
    "PovParams",
    "TwapParams",
    "VwapParams",
]


@dataclass(frozen=True, slots=True)
class TwapParams:
    """`nowake schedule twap --qty --T --bins`."""

    quantity: int
    horizon: float = 1.0
    bins: int = 10


@dataclass(frozen=True, slots=True)
class VwapParams:
    """`nowake schedule vwap --qty --T --bins --curve`; without a curve a generic U shape of `bins` (default 13)."""

    quantity: int
    horizon: float = 1.0
    bins: int | None = None
    curve: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class PovParams:
    """`nowake schedule pov --qty --participation --volumes --T`; `volumes` others' shares per bin."""

    quantity: int
    participation: float
    volumes: tuple[float, ...]
    horizon: float | None = None


@dataclass(frozen=True, slots=True)
class AcParams:
    """`nowake schedule ac --qty --T --bins --sigma --gamma --eta --epsilon --risk-aversion --drift --power --urgency`.

    `urgency` kappa T in place of `risk_aversion`.
    """

    quantity: int
    horizon: float
    bins: int
    sigma: float
    eta: float
    gamma: float = 0.0
    epsilon: float = 0.0
    risk_aversion: float | None = None
    drift: float = 0.0
    power: float = 1.0
    urgency: float | None = None


@dataclass(frozen=True, slots=True)
class OwParams:
    """`nowake schedule ow --qty --T --rho --depth --permanent`; without a depth no cost in currency."""

    quantity: int
    horizon: float
    rho: float
    depth: float | None = None
    permanent: float = 0.0


@dataclass(frozen=True, slots=True)
class AfsParams:
    """`nowake schedule afs --qty --bins --rho --T --depth`; without a depth no cost in currency."""

    quantity: int
    bins: int
    rho: float
    horizon: float = 1.0
    depth: float | None = None


@dataclass(frozen=True, slots=True)
class CjParams:
    """`nowake schedule cj --qty --intensity --kappa --alpha --phi --T --half-spread`."""

    quantity: int
    horizon: float
    intensity: float
    kappa: float
    alpha: float
    phi: float = 0.0
    half_spread: float | None = None
