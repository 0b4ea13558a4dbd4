"""What every desk does before its first order: lay out the venues, set the limits, open the phase."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from nowake.core.board import Phase, PlaceKind
from nowake.core.errors import InputError, nearest
from nowake.core.values import Instrument
from nowake.execution.path import DecisionPath, Place
from nowake.risk.limits import Traded, compile_limits, new_limits
from nowake.risk.policy import Policy
from nowake.risk.scopes import Effective, Scope, resolve

__all__ = ["PLACE_KINDS", "compile_rows", "limit_path", "limit_rows", "places_of"]

PLACE_KINDS = {"lit": PlaceKind.LIT, "dark": PlaceKind.DARK, "dealer": PlaceKind.DEALER}


def places_of(venues: Iterable[tuple[str, str, float, float]], tick: float, latency: int = 0) -> list[Place]:
    """Return the places of `venues` (name, kind, maker fee, taker fee; per share), whose fees count in ticks of `tick`.

    `latency` (ns) is what is taken as given for each. InputError for a kind that is none.
    """
    return [Place(name, _kind(kind), maker / tick, taker / tick, latency) for name, kind, maker, taker in venues]


def limit_path(path: DecisionPath, effective: Effective, instrument: Instrument) -> None:
    """Write the limits of `effective` into every row of `path`, a person's children included, and open its boards."""
    traded = Traded(instrument, [place.name for place in path.places])
    for i in range(path.n):
        compile_limits(effective, traded, path.limits, i)
    path.hand_limits[:] = path.limits
    _open(path)


def limit_rows(path: DecisionPath, policy: Policy, scopes: Sequence[Scope], instrument: Instrument) -> None:
    """Write into row i of `path` what `policy` says of an order of `scopes[i]`, and open its boards."""
    traded = Traded(instrument, [place.name for place in path.places])
    path.limits[:], path.hand_limits[:] = compile_rows(policy, scopes, traded)
    _open(path)


def compile_rows(policy: Policy, scopes: Sequence[Scope], traded: Traded) -> tuple[np.ndarray, np.ndarray]:
    """Return LIMITS of orders of `scopes`, and LIMITS of what a person sends for them by hand."""
    limits, by_hand = new_limits(len(scopes)), new_limits(len(scopes))
    for i, scope in enumerate(scopes):
        compile_limits(resolve(policy, scope), traded, limits, i)
        compile_limits(resolve(policy, replace(scope, by_hand=True)), traded, by_hand, i)
    return limits, by_hand


def _open(path: DecisionPath) -> None:
    for board in path.boards:
        board["phase"] = int(Phase.CONTINUOUS)


def _kind(word: str) -> PlaceKind:
    if word not in PLACE_KINDS:
        raise InputError("kind of venue", expected=sorted(PLACE_KINDS), got=word, hint=nearest(word, PLACE_KINDS))
    return PLACE_KINDS[word]
