"""What every desk does before its first order: venues are laid out, limits set, the phase opened, features warmed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from nowake.book.state import Preset as BookPreset
from nowake.book.state import new_books
from nowake.core.board import Phase, PlaceKind, new_boards
from nowake.core.errors import InputError, nearest
from nowake.core.values import Instrument
from nowake.data.reader import kernel_view
from nowake.execution.feed_handler import hear_feed
from nowake.execution.path import DecisionPath, Place, lay_out
from nowake.risk.limits import Traded, compile_limits, new_limits
from nowake.risk.policy import Policy
from nowake.risk.scopes import Effective, Scope, resolve

__all__ = ["PLACE_KINDS", "compile_rows", "limit_path", "limit_rows", "places_of", "warm"]

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


def warm(path: DecisionPath, messages: np.ndarray, config: BookPreset, own_from: int = 2**62, row: int = 0) -> None:
    """Let features `row` of `path` take in what was published before, from empty books on (EVENT, as `LiveDesk` hears).

    Boards and everything else stay as they are: an order that starts now has seen nothing. Books of `config`; public
    ids from `own_from` on are ours.
    """
    boards = kernel_view(new_boards(1))
    lay_out(boards[0], path.places)
    if len(messages):
        books, features = new_books(len(path.places), config), path.features[row : row + 1]
        last = int(messages["time"].max())
        hear_feed(books, boards, features, 0, 0, own_from, kernel_view(messages), 0, len(messages), last)
