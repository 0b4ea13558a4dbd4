"""The seams of what is learnt: a forecaster sees features, a policy sees observations and answers with actions.

Both work on n rows at once: n markets in training, one row per parent live. An observation is dimensionless: the
state of the order (OWN), the feature vector, and the forecast.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from nowake.core.errors import InputError
from nowake.core.intent import Origin, Tactic
from nowake.features.vector import NAMES as FEATURES

__all__ = [
    "ACTION", "CLASSES", "OBSERVED", "OWN", "FixedPolicy", "Forecaster", "Policy", "ScriptedPolicy",
    "UniformForecaster",
]  # fmt: skip

OWN = ("time_left", "inventory_left", "behind", "slippage", "working", "rate", "children")
"""Parts of the window, of the order, of the order behind plan; spreads paid so far against arrival; part working;
the last action's rate; children per interval so far."""
CLASSES = ("down", "same", "up")  # of the mid over the next interval
OBSERVED = (*OWN, *FEATURES, *(f"p_{name}" for name in CLASSES))

ACTION = np.dtype([("rate", "f8"), ("urgency", "f8"), ("tactic", "i8")], align=True)
"""`rate` times the plan's residual rate (0..4), `urgency` 0..1 of the router, a Tactic."""


class Forecaster(Protocol):
    """Probabilities of the mid's next move."""

    def predict(self, features: np.ndarray, out: np.ndarray) -> None:
        """Fill `out` f8[n, 3] (CLASSES) from the feature ROWs `features` [n]."""


class Policy(Protocol):
    """What to do in the next interval; `origin`, where it has one, says whose decisions these are, else a model's."""

    def decide(self, observations: np.ndarray, actions: np.ndarray) -> None:
        """Fill `actions` (ACTION[n]) from `observations` f8[n, len(OBSERVED)]."""


class UniformForecaster:
    """Knows nothing: every class as likely as the others."""

    def predict(self, features: np.ndarray, out: np.ndarray) -> None:  # noqa: ARG002
        """Fill `out` with 1/3."""
        out[:] = 1.0 / len(CLASSES)


@dataclass(frozen=True, slots=True)
class FixedPolicy:
    """The same action always: the plan as it is, by one tactic."""

    tactic: Tactic = Tactic.JOIN
    rate: float = 1.0
    urgency: float = 0.0
    origin: ClassVar[Origin] = Origin.SCHEDULE

    def __post_init__(self) -> None:
        if not (0 <= self.rate <= 4 and 0 <= self.urgency <= 1):
            raise InputError("action", expected="rate 0 to 4, urgency 0 to 1", got=(self.rate, self.urgency))

    def decide(self, observations: np.ndarray, actions: np.ndarray) -> None:  # noqa: ARG002
        """Fill `actions` with the action."""
        actions["rate"], actions["urgency"], actions["tactic"] = self.rate, self.urgency, int(self.tactic)


@dataclass(frozen=True, slots=True)
class ScriptedPolicy:
    """A script for tests: the actions of a list in turn, chosen by the time left; every tactic and rate is met."""

    script: Sequence[tuple[float, Tactic]] = (
        (1.0, Tactic.DARK), (1.5, Tactic.JOIN), (0.5, Tactic.IMPROVE), (2.0, Tactic.CROSS), (0.0, Tactic.JOIN),
        (1.0, Tactic.IMPROVE),
    )  # fmt: skip
    origin: ClassVar[Origin] = Origin.SCHEDULE

    def decide(self, observations: np.ndarray, actions: np.ndarray) -> None:
        """Fill `actions` from the script: its entry number floor(60 x part of the time gone)."""
        script = self.script
        for i, left in enumerate(observations[:, 0].tolist()):
            rate, tactic = script[int(60.0 * (1.0 - left) + 1e-9) % len(script)]
            actions[i] = rate, 0.0, int(tactic)
