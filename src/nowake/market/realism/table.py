"""The table of facts: id, name, which verdict needs it, accepted range of every part, and the source of the range.

Ranges describe a modern US mid-cap over all venues. K marks textbook knowledge, P a measurement on prototypes, L the
source named. They are targets: they are argued with in the documentation, never moved to make a market pass.
"""

from dataclasses import dataclass
from typing import Literal

from nowake.market.realism.impact import FRACTIONS
from nowake.market.realism.returns import LAGS

__all__ = ["FACTS", "PARTICIPATIONS", "REGIMES", "FactSpec", "Must", "PartRange"]

Must = Literal["safe", "realistic", "neither"]
PARTICIPATIONS = (5, 15, 30)
REGIMES = ("calm", "volatile", "thin")


@dataclass(frozen=True, slots=True)
class PartRange:
    """Accepted range of a part, None on an open side; `widest` its interval may be, where the gate says so."""

    name: str
    low: float | None
    high: float | None
    widest: float | None = None


@dataclass(frozen=True, slots=True)
class FactSpec:
    """One fact of the catalogue."""

    id: int
    name: str
    must: Must
    source: str
    parts: tuple[PartRange, ...]


def _fact(number: int, name: str, must: Must, source: str, *parts: PartRange) -> FactSpec:
    return FactSpec(number, name, must, source, parts)


def _path_bands() -> list[PartRange]:
    """Return x^.7 - .1 <= I(x)/I(1) <= x^.5 + .1."""
    return [PartRange(f"path_{round(100 * x)}", x**0.7 - 0.1, x**0.5 + 0.1) for x in FRACTIONS[:-1].tolist()]


def _alpha_parts() -> list[PartRange]:
    """Return R² at most 1 % with an interval of at most 1 %, and a planted 3 % found, in every regime."""
    parts = []
    for regime in REGIMES:
        for model in ("linear", "boosted"):
            parts.append(PartRange(f"{model}_r2_{regime}", None, 0.01, widest=0.01))
            parts.append(PartRange(f"planted_{model}_r2_{regime}", 0.01, 0.05))
    return parts


_K = "textbook"
FACTS: tuple[FactSpec, ...] = (
    _fact(
        1, "no linear autocorrelation", "safe", _K,
        *(PartRange(f"acf_5min_{lag}", -0.05, 0.05) for lag in LAGS),
        PartRange("acf_trade_1", -0.4, -0.02), PartRange("returns_5min", 5000, None),
    ),
    _fact(
        2, "fat tails", "realistic", _K,
        PartRange("hill_1min", 2.5, 5), PartRange("kurtosis_1min", 5, 50), PartRange("kurtosis_day", -2, 3),
        PartRange("days", 250, None),
    ),
    _fact(
        3, "volatility clustering", "neither", _K,
        PartRange("acf_abs_1", 0.15, 0.4), PartRange("acf_abs_decay", 0.2, 0.4),
    ),
    _fact(
        4, "long memory of signs", "realistic", "arXiv 2301.13505",
        PartRange("sign_gamma", 0.4, 0.7), PartRange("sign_acf_1", 0.15, 0.6),
    ),
    _fact(5, "diffusive price", "safe", "prototype", PartRange("variance_ratio", 0.8, 1.25)),
    _fact(
        6, "square-root law", "safe", "arXiv 2411.13965",
        PartRange("exponent", 0.4, 0.6, widest=0.1),
        *(PartRange(f"exponent_{p}", 0.4, 0.6) for p in PARTICIPATIONS),
    ),
    _fact(7, "prefactor", "safe", "of order 1 in the literature",
          *(PartRange(f"prefactor_{p}", 0.5, 1.5) for p in PARTICIPATIONS)),
    _fact(8, "impact path", "realistic", _K, *_path_bands(), PartRange("concavity", 0, 0.6)),
    _fact(9, "decay", "safe", "arXiv 1901.05332", PartRange("decay", 0.5, 0.85)),
    _fact(10, "cost of speed", "neither", "Almgren et al. 2005", PartRange("rate_exponent", 0.5, 0.7)),
    _fact(
        11, "spread is impact", "realistic", "Wyart et al. 2008",
        PartRange("spread_over_sigma", 1, 2.5), PartRange("spread_r2", 0.9, 1), PartRange("assets", 12, None),
    ),
    _fact(
        12, "order flow imbalance", "realistic", "Cont, Kukanov & Stoikov 2014",
        PartRange("ofi_r2", 0.4, 0.8), PartRange("ofi_depth_cv", 0, 0.3),
    ),
    _fact(13, "imbalance predicts", "realistic", _K, PartRange("next_up", 0.65, 0.9)),
    _fact(14, "depth against volatility", "neither", _K, PartRange("depth_volatility", -0.7, -0.2)),
    _fact(15, "queue law", "neither", _K, PartRange("queue_shape", 0.5, 2)),
    _fact(16, "placement", "neither", _K, PartRange("placement_mu", 0.4, 1.2)),
    _fact(17, "traded over posted", "realistic", "SEC MIDAS, highlight 2013-01",
          PartRange("traded_over_posted", 0.025, 0.042)),
    _fact(18, "cancels per trade", "realistic", "textbook; SEC MIDAS", PartRange("cancels_per_trade", 10, 35)),
    _fact(19, "hidden lit volume", "neither", "Rosenblatt Securities", PartRange("hidden_share", 0.05, 0.15)),
    _fact(20, "dark share", "realistic", "Rosenblatt Securities", PartRange("dark_share", 0.12, 0.18)),
    _fact(
        21, "U shape of volume", "realistic", _K,
        PartRange("volume_first", 0.1, 0.2), PartRange("volume_last", 0.1, 0.2), PartRange("volume_middle", 0, 0.12),
    ),
    _fact(22, "wide spread at the open", "neither", _K, PartRange("spread_open", 1.5, 3)),
    _fact(23, "volume and volatility", "neither", _K, PartRange("volume_volatility", 0.3, 0.7)),
    _fact(24, "durations", "realistic", _K, PartRange("duration_cv", 1.5, 5)),
    _fact(
        25, "no dynamic arbitrage", "safe", "Gatheral 2010",
        PartRange("profit", None, 0), PartRange("half_width", 0, 0.5), PartRange("trips", 200, None),
        PartRange("families", 12, None), *(PartRange(f"raw_{regime}", None, 0) for regime in REGIMES),
        PartRange("planted", 0, None), PartRange("blocks", 0, 0.3),
    ),
    _fact(26, "null alpha", "safe", "design", *_alpha_parts()),
)  # fmt: skip
"""All 26 facts in order."""
