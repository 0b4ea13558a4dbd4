"""Fact 25: the one place where the gate calls the hunter of round trips."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nowake.market.preset import Preset
from nowake.market.realism import arbitrage
from nowake.market.realism.bootstrap import Estimate

if TYPE_CHECKING:
    from nowake.market.realism.arbitrage import Trips

__all__ = ["NO_HUNTER", "round_trips"]

NO_HUNTER = "no hunter of round trips in this version"
_MODULE = "nowake.market.hunt"


def round_trips(
    preset: Preset, *, seed: int, trips: int, tell: Callable[[float], None] = lambda _: None
) -> tuple[dict[str, Estimate], str]:
    """Return the parts of fact 25 and a note; without a hunter there are no parts, and the fact cannot pass."""
    try:
        hunt: Any = import_module(_MODULE).hunt
    except ModuleNotFoundError as error:
        if error.name != _MODULE:
            raise
        return {}, NO_HUNTER
    found: tuple[Sequence[Trips], Sequence[Trips]] = hunt(preset, seed=seed, trips=trips, progress=tell)
    return arbitrage.estimate(*found), ""
