"""When a script begins, where it does not begin at once."""

from dataclasses import dataclass
from typing import Protocol

from nowake.market.hunt.desk import Desk

__all__ = ["Move", "Trigger", "Wide"]

_SESSION = 23_400.0  # s


class Trigger(Protocol):
    """A condition; a trip in which it does not come true within `deadline` seconds trades nothing."""

    @property
    def deadline(self) -> int:
        """Return the last second at which the script may begin."""

    def fires(self, desk: Desk) -> bool:
        """Tell whether the script begins now."""


@dataclass(frozen=True, slots=True)
class Move:
    """The mid has moved within `window` s by `sigmas` deviations of the preset, `along` 1 = towards the trip's side."""

    window: int
    sigmas: float
    along: int
    deadline: int

    def fires(self, desk: Desk) -> bool:
        """Tell whether the move has come."""
        if len(desk.mids) <= self.window:
            return False
        one = desk.scene.preset.instrument
        wanted: float = self.sigmas * one.daily_volatility * one.price / one.tick * (self.window / _SESSION) ** 0.5
        moved: float = self.along * desk.sign * (desk.mids[-1] - desk.mids[-1 - self.window])
        return moved >= wanted


@dataclass(frozen=True, slots=True)
class Wide:
    """The spread is `times` that of the preset: liquidity has gone."""

    times: float
    deadline: int

    def fires(self, desk: Desk) -> bool:
        """Tell whether the spread is wide."""
        usual = desk.scene.preset.instrument.spread
        return desk.now.ask - desk.now.bid >= self.times * usual
