"""What every desk does before its first order: lay out the venues, set the limits, open the phase."""

from collections.abc import Iterable

from nowake.core.board import Phase, PlaceKind
from nowake.core.errors import InputError, nearest
from nowake.core.values import Instrument
from nowake.execution.path import DecisionPath, Place
from nowake.risk.limits import Traded, compile_limits
from nowake.risk.scopes import Effective

__all__ = ["PLACE_KINDS", "limit_path", "places_of"]

PLACE_KINDS = {"lit": PlaceKind.LIT, "dark": PlaceKind.DARK, "dealer": PlaceKind.DEALER}


def places_of(venues: Iterable[tuple[str, str, float, float]], tick: float, latency: int = 0) -> list[Place]:
    """Return the places of `venues` (name, kind, maker fee, taker fee; per share), whose fees count in ticks of `tick`.

    `latency` (ns) is what is taken as given for each. InputError for a kind that is none.
    """
    return [Place(name, _kind(kind), maker / tick, taker / tick, latency) for name, kind, maker, taker in venues]


def limit_path(path: DecisionPath, effective: Effective, instrument: Instrument) -> None:
    """Write the limits of `effective` into every row of `path`, and open its boards."""
    traded = Traded(instrument, [place.name for place in path.places])
    for i in range(path.n):
        compile_limits(effective, traded, path.limits, i)
    for board in path.boards:
        board["phase"] = int(Phase.CONTINUOUS)


def _kind(word: str) -> PlaceKind:
    if word not in PLACE_KINDS:
        raise InputError("kind of venue", expected=sorted(PLACE_KINDS), got=word, hint=nearest(word, PLACE_KINDS))
    return PLACE_KINDS[word]
