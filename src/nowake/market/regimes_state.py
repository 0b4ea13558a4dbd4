"""Macro state as one aligned record: the regime chain, its multipliers, the intraday curves and the recorded truth.

Curves are tables of MINUTES values over the session, x = -1 at the open and 1 at the close, m = minutes of a 390-minute
day since the open, r = minutes before the close:

    volume(x)     = (1 + u_shape x^2) / its mean                    mean 1: sums to the day
    spread(m)     = (1 + c w(m)) / its mean,  w(m) = (30 / (30 + m))^2
    volatility(m) = (1 + c w(m) + c/4 w(r)) / root mean square      mean square 1: the day's variance is unchanged

with c such that the mean spread of the first 15 minutes is `open_multiplier` times that of minutes 165-225 (science:
facts 21-23). A `switching` market spends stationary shares pi of its time in the regimes; every multiplier is divided
by its mean under pi, so that the parameters of a preset are those of an average day.
"""

from typing import TYPE_CHECKING

import numpy as np

from nowake.core.errors import InputError, nearest
from nowake.core.jit import jit_disabled
from nowake.core.streams import stream_key

if TYPE_CHECKING:
    from nowake.market.preset_model import Chain, Regimes

__all__ = [
    "CALM",
    "CURVES",
    "DRIFT",
    "FACTORS",
    "JUMPS",
    "LIFE",
    "LIMITS",
    "MINUTES",
    "NAMES",
    "NEWS",
    "REGIME",
    "SPREAD",
    "SWITCHING",
    "TAKERS",
    "THIN",
    "TRENDING",
    "TRUTH",
    "TRUTHS",
    "VARIANCE",
    "VOLATILE",
    "VOLATILITY",
    "VOLUME",
    "curves",
    "multipliers",
    "new_regimes",
    "regime_named",
    "stationary",
    "transitions",
]

NAMES = ("calm", "trending", "volatile", "thin", "news", "switching")
CALM, TRENDING, VOLATILE, THIN, NEWS, SWITCHING = range(6)
FACTORS = ("variance", "takers", "limits", "life", "jumps", "drift")
VARIANCE, TAKERS, LIMITS, LIFE, JUMPS, DRIFT = range(6)
CURVES = ("volume", "spread", "volatility")
VOLUME, SPREAD, VOLATILITY = range(3)
MINUTES = 390
TRUTHS = 1024  # changes of regime between two drains

TRUTH = np.dtype([("time", "i8"), ("state", "i4"), ("sign", "i4")], align=True)
REGIME = np.dtype(
    [
        ("open", "i8"),  # ns
        ("close", "i8"),
        ("state", "i8"),
        ("sign", "i8"),  # of the drift in this spell
        ("switching", "i8"),  # 0: one regime for good
        ("epoch", "i8"),  # draws made
        ("next", "i8"),  # ns of the next draw
        ("length", "i8"),  # ns between draws
        ("told", "i8"),  # rows of `truth`
        ("multiplier", "f8", (5, len(FACTORS))),
        ("chain", "f8", (5, 5)),  # cumulative transition probabilities
        ("curve", "f8", (len(CURVES), MINUTES)),
        ("key", "u8", (1,)),
        ("stream", "u8", (1,)),
        ("truth", TRUTH, (TRUTHS,)),
    ],
    align=True,
)


def regime_named(name: str) -> int:
    """Return the number of a regime; InputError names the nearest."""
    if name not in NAMES:
        raise InputError(
            f"unknown regime '{name}'", expected=", ".join(NAMES), got=repr(name), hint=nearest(name, NAMES)
        )
    return NAMES.index(name)


def transitions(chain: "Chain") -> np.ndarray:
    """Return float64[5, 5] transition probabilities per epoch: leave with epoch / spell, then by the weights."""
    table = np.array(chain.next, float)
    np.fill_diagonal(table, 0.0)
    leave = chain.epoch / np.array(chain.spell, float)
    moves = np.asarray(table / table.sum(axis=1, keepdims=True) * leave[:, None])
    np.fill_diagonal(moves, 1.0 - leave)
    return moves


def stationary(moves: np.ndarray) -> np.ndarray:
    """Return the share of time that the chain spends in each regime."""
    n = len(moves)
    system = np.vstack([moves.T - np.eye(n), np.ones(n)])
    shares: np.ndarray = np.linalg.lstsq(system, np.r_[np.zeros(n), 1.0], rcond=None)[0]
    return shares


def multipliers(regimes: "Regimes") -> np.ndarray:
    """Return float64[5, FACTORS], all but the drift scaled to mean one under the stationary shares."""
    rows = [[getattr(getattr(regimes, name), factor) for factor in FACTORS] for name in NAMES[:SWITCHING]]
    table = np.array(rows, float)
    means = stationary(transitions(regimes.chain)) @ table
    table[:, :DRIFT] /= np.where(means[:DRIFT] > 0, means[:DRIFT], 1.0)
    return np.round(table, 12)  # the last digits of the solver differ between platforms


def curves(u_shape: float, open_multiplier: float) -> np.ndarray:
    """Return float64[CURVES, MINUTES]; the formulas stand above."""
    m = np.arange(MINUTES) + 0.5
    x = 2.0 * m / MINUTES - 1.0
    early = (30.0 / (30.0 + m)) ** 2
    noon = slice(165, 225)
    c = (open_multiplier - 1.0) / (early[:15].mean() - open_multiplier * early[noon].mean())
    volume, spread, volatility = 1.0 + u_shape * x * x, 1.0 + c * early, 1.0 + c * early + 0.25 * c * early[::-1]
    table = [volume / volume.mean(), spread / spread.mean(), volatility / np.sqrt((volatility**2).mean())]
    return np.round(np.array(table), 12)


def new_regimes(
    seed: int, regimes: "Regimes", regime: str, day: np.ndarray, open_ns: int, close_ns: int, n: int = 1
) -> np.ndarray:
    """Return `n` records in `regime` at the open; `day` holds the `curves`. `switching` starts in calm.

    InputError for an unknown regime.
    """
    number, records = regime_named(regime), np.zeros(n, REGIME)
    records["open"], records["close"] = open_ns, close_ns
    records["switching"] = int(number == SWITCHING)
    records["state"] = CALM if number == SWITCHING else number
    records["length"] = round(regimes.chain.epoch * 1e9)
    records["next"] = open_ns
    records["multiplier"] = multipliers(regimes)
    records["chain"] = np.cumsum(np.round(transitions(regimes.chain), 12), axis=1)
    records["curve"] = day
    for i in range(n):
        records["key"][i] = stream_key(seed + i, "market/regime")
    return records.view(np.recarray) if jit_disabled() else records
