"""The consolidated touch as an order sees it: its own side is near, the other is far."""

from collections.abc import Sequence
from dataclasses import dataclass

from nowake.core.venue import Touch

__all__ = ["Sight", "far_of", "look_at", "near_of", "shown_of"]


@dataclass(frozen=True, slots=True)
class Sight:
    """Best prices in ticks (None: empty, or beyond the limit), shares `displayed` at the far one, and the mid."""

    near: int | None
    far: int | None
    displayed: int
    mid: float | None


def near_of(row: Touch, side: int) -> int | None:
    """Return the price at which an order of `side` would rest."""
    return row.bid if side > 0 else row.ask


def far_of(row: Touch, side: int) -> int | None:
    """Return the price at which an order of `side` would trade at once."""
    return row.ask if side > 0 else row.bid


def shown_of(row: Touch, side: int) -> int:
    """Return the shares displayed at the near price."""
    return row.bid_size if side > 0 else row.ask_size


def look_at(touches: Sequence[Touch], side: int, limit: int | None) -> Sight:
    """Return what an order of `side` (+1, -1) sees; a near price beyond `limit` (ticks) becomes the limit."""
    nears = [price for row in touches if (price := near_of(row, side)) is not None]
    fars = [price for row in touches if (price := far_of(row, side)) is not None]
    join = max(nears, key=lambda price: side * price, default=None)
    take = min(fars, key=lambda price: side * price, default=None)
    mid = None if join is None or take is None else (join + take) / 2
    shown = sum(shown_of(row, -side) for row in touches if far_of(row, side) == take) if take is not None else 0
    if limit is not None:
        join = None if join is None else side * min(side * join, side * limit)
        take = None if take is None or side * take > side * limit else take
    return Sight(join, take, shown, mid)
