"""Flaws planted for the judge: what a hunt that works must catch.

* **no decay**: investors who take whatever the price is for its value, at once, and never act against a price that has
  moved (`recentre` one epoch, `investor_rate` 0), and makers without a memory (`skew` 0). What order flow has moved
  stays moved. The market runs as it is, only the preset differs; but a passive unwind moves the price back as far as
  the pump moved it, so the flaw has a second half: five minutes after the pump the position is closed at the mid,
  booked by the hunt, unseen by the market. Where impact decays, that comes too late for most of it.
* **free mid**: the market of the preset; right after the pump the position is closed at the mid, with nobody on the
  other side.
"""

from dataclasses import dataclass

from nowake.market.hunt.families import Family
from nowake.market.hunt.phases import Free, Take
from nowake.market.preset import Preset
from nowake.market.world.tables import EPOCH

__all__ = ["FLAWS", "Flaw"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """A script that earns where the flaw is; `decays` False: in a market whose impact stays."""

    family: Family
    decays: bool

    def spoil(self, preset: Preset) -> Preset:
        """Return the preset with the flaw in it."""
        if self.decays:
            return preset
        follow = {"investor_rate": 0.0, "recentre": EPOCH, "skew": 0.0}
        return preset.model_copy(update={"lit": preset.lit.model_copy(update=follow)})


FLAWS = (
    Flaw(Family("no decay", (Take(0, 40, 1, 8), Free(300, 301, 0))), decays=False),
    Flaw(Family("free mid", (Take(0, 40, 1, 8), Free(41, 42, 0))), decays=True),
)
