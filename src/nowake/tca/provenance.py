"""Where a report comes from: the data, the configuration, the digest; and the conventions of its numbers in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CONVENTIONS", "Provenance"]

CONVENTIONS = (
    "Positive basis points are a cost. The shortfall is against the decision price and per decision notional (ordered"
    " quantity times decision price); slippages are against and per their own benchmark.",
    "Spread cost is the fill price against the mid just before it in the book we traded in; own impact is that mid"
    " against the mid of the market without our orders; timing is the latter against the arrival mid.",
    "The historical market does not react to our orders: own impact is the mechanical part only, and a lower bound.",
    "VWAP counts all prints between start and end, hidden ones included; outliers and broken trades are left out."
    " Without own volume: less the historical shares that our passive fills displaced.",
    "Participation is the filled quantity over the market's volume plus own fills that are not among its prints.",
    "TWAP is the time-weighted mid between start and end, stretches with a one-sided book left out.",
    "Mark-outs compare the market's mid after a fill with the fill price; positive is in our favour.",
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a reader needs to make the same report again.

    `quality` has rows_in, kept, repaired, quarantined and `rules` (id, count, action each); `generated` is printed as
    it is, and left out by default so that a report depends on nothing but its input.
    """

    source: str = ""
    algorithm: str = ""
    config_hash: str = ""
    digest: str = ""
    version: str = ""
    seed: int | None = None
    generated: str | None = None
    quality: Mapping[str, Any] | None = None
    conventions: tuple[str, ...] = ()

    def rows(self) -> list[tuple[str, str]]:
        """Return what is known as (name, value) rows."""
        named = (
            ("Data", self.source),
            ("Algorithm", self.algorithm),
            ("Configuration hash", self.config_hash),
            ("Digest of fills", self.digest),
            ("Seed", "" if self.seed is None else str(self.seed)),
            ("nowake", self.version),
            ("Generated", self.generated or ""),
        )
        return [(name, value) for name, value in named if value]
