"""Golden digests: (configuration, seed) -> (events, trades, digest). A change here changes what the book does."""

import numpy as np
import pytest

from nowake.book.actions import Action, Prevention, Request
from nowake.book.book import Book
from nowake.book.reference import ReferenceBook
from nowake.book.reference_matching import ReferenceVenue
from nowake.core.draws import Draws
from nowake.core.events import Kind, empty_events


def feed(n: int, seed: int, spread: int) -> np.ndarray:
    """Random level-3 messages around a wandering centre, `spread` ticks wide, ids from a small pool."""
    draws, events, centre = Draws(seed), empty_events(n), 100_000
    kinds = (Kind.ADD, Kind.ADD, Kind.ADD, Kind.CANCEL, Kind.DELETE, Kind.EXECUTE, Kind.REPLACE, Kind.HIDDEN)
    for e in events:
        centre += draws.below(2 * spread // 10 + 1) - spread // 10
        e["kind"] = kinds[draws.below(len(kinds))]
        e["order_id"], e["ref"] = 1 + draws.below(500), 1 + draws.below(500)
        e["side"] = 1 - 2 * draws.below(2)
        e["price"] = centre - int(e["side"]) * draws.below(spread)
        e["quantity"] = 1 + draws.below(300)
        e["flags"] = draws.below(2)
    return events


def asks(n: int, seed: int) -> list[Request]:
    draws, actions = Draws(seed), [Action.LIMIT] * 8 + list(Action)
    return [
        Request(
            id=1 + draws.below(300),
            kind=actions[draws.below(len(actions))],
            side=1 - 2 * draws.below(2),
            price=1000 + draws.below(41) - 20,
            quantity=1 + draws.below(100),
            display=(0, 0, 0, 1)[draws.below(4)],
            minimum=(0, 0, 0, 1)[draws.below(4)],
            owner=draws.below(4),
            prevention=Prevention(draws.below(4)),
        )
        for _ in range(n)
    ]


FEED = {
    (2000, 1, 20): (2000, 509, 7_451_561_724_718_284_436),
    (2000, 2, 2000): (2000, 538, 4_444_636_800_231_763_440),
    (2000, 3, 500_000): (2000, 493, -7_085_713_644_221_949_999),
}
MATCH = {(1500, 4): (1500, 3857, -4_655_368_862_506_766_034), (1500, 5): (1500, 3803, -202_845_083_210_283_124)}


@pytest.mark.parametrize("configuration", FEED, ids=str)
def test_feed(configuration: tuple[int, int, int]) -> None:
    book, twin, events = Book(), ReferenceBook(), feed(*configuration)
    book.apply(events)
    for e in events:
        twin.apply(e)
    counted = book.counters()
    assert book.digest() == twin.digest()
    assert (counted["events"], counted["trades"], book.digest()) == FEED[configuration]


@pytest.mark.parametrize("configuration", MATCH, ids=str)
def test_match_engine(configuration: tuple[int, int]) -> None:
    book, twin = Book(), ReferenceVenue()
    for request in asks(*configuration):
        book.submit([request])
        book.trades()
        twin.submit(request)
    counted = book.counters()
    assert book.digest() == twin.digest()
    assert (counted["events"], counted["trades"], book.digest()) == MATCH[configuration]
