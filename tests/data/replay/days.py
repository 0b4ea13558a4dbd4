"""Plausible small days for the twin tests: history that trades at its touch, own orders that join, take and move."""

import numpy as np

from nowake.book.reference import ReferenceBook
from nowake.core.events import EVENT, Flag, Kind
from nowake.data.replay.reference import Ask
from nowake.data.replay.state import Action, Terms

MIDDLE = 100_000
FAR = 3000  # outside the window of the small preset, which has 2,048 levels
_RARE = (Kind.HALT, Kind.RESUME, Kind.RESUME, Kind.CLEAR, Kind.CROSS)


class Day:
    """Draws one day from a seed; keeps the market without us to know what a real feed could send next."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._book = ReferenceBook()
        self._now = self._id = self._own = 0
        self.rows: list[np.ndarray] = []
        self.asks: list[Ask] = []

    def _int(self, low: int, high: int) -> int:
        return int(self._random.integers(low, high + 1))

    def _side(self) -> int:
        return int(self._random.choice((1, -1)))

    def event(self, kind: Kind, **fields: int) -> None:
        row = np.zeros(1, EVENT)
        row["time"], row["kind"] = self._now, int(kind)
        for name, value in fields.items():
            row[name] = int(value)
        self._book.apply(row[0])
        self.rows.append(row)

    def _live(self) -> int:
        """Return the id of a live order (a faulty feed repeats them), the next new one where there is none."""
        return int(self._random.choice(list(self._book.ids))) if self._book.ids else self._id + 1

    def _add(self) -> None:
        self._id += 1
        oid = self._live() if self._random.random() < 0.05 else self._id
        side = self._side()
        other, own = self._book.best(-side), self._book.best(side)
        anchor = own if own is not None else MIDDLE - side * 2
        price = anchor + side * self._int(-3, 1)
        if other is not None and side * price >= side * other and self._random.random() < 0.8:
            price = other - side
        if self._random.random() < 0.06:
            price = MIDDLE - side * (FAR + self._int(0, 1))
        self.event(Kind.ADD, order_id=oid, side=side, price=price, quantity=self._int(1, 40))

    def _trade(self) -> None:
        """An aggressor walks the queue of one side from its front."""
        side, volume = self._side(), self._int(1, 90)
        while volume > 0 and (price := self._book.best(side)) is not None:
            first = self._book.queues[side, price][0]
            size = min(volume, first.quantity)
            volume -= size
            self.event(Kind.EXECUTE, order_id=first.id, side=side, price=price, quantity=size)

    def _change(self) -> None:
        if not self._book.ids:
            return
        order = self._book.ids[self._live()]
        which = self._random.random()
        if which < 0.4:
            self.event(Kind.CANCEL, order_id=order.id, quantity=self._int(1, order.quantity))
        elif which < 0.7:
            self.event(Kind.DELETE, order_id=order.id)
        else:
            self._id += 1
            ref = (self._id, self._id, self._id, order.id, order.id, self._live())[self._int(0, 5)]
            price = order.price + self._int(-1, 1) * self._int(0, 1)
            keep = Flag.KEEP_PRIORITY if self._random.random() < 0.5 else 0
            self.event(Kind.REPLACE, order_id=order.id, ref=ref, price=price, quantity=self._int(1, 40), flags=keep)

    def _print(self) -> None:
        side = self._side()
        best = self._book.best(side)
        if best is None:
            return
        kind = Kind.TRADE if self._random.random() < 0.25 else Kind.HIDDEN
        flags = Flag.UNKNOWN if kind is Kind.TRADE and self._random.random() < 0.5 else 0
        shown = side if self._random.random() < 0.8 else 0
        price = best + side * self._int(-2, 1)
        if self._random.random() < 0.2:  # an order that the book never saw
            self.event(Kind.EXECUTE, order_id=10**9, side=side, price=price, quantity=self._int(1, 60))
            return
        self.event(kind, side=shown, price=price, quantity=self._int(1, 60), flags=flags)

    def _rare(self) -> None:
        kind = _RARE[self._int(0, len(_RARE) - 1)]
        self.event(kind, side=0, price=MIDDLE if kind is Kind.CROSS else 0, quantity=100)
        if kind is Kind.CLEAR:
            for _ in range(self._int(0, 4)):
                self._id += 1
                side, flags = self._side(), Flag.SNAPSHOT
                price = MIDDLE - side * self._int(1, 3)
                self.event(Kind.ADD, order_id=self._id, side=side, price=price, quantity=self._int(1, 40), flags=flags)

    def _command(self) -> None:
        side = self._side() if self._random.random() < 0.3 else 1 - 2 * (self._own // 8 % 2)
        best = self._book.best(side)
        price = (best if best is not None else MIDDLE - 2 * side) + side * self._int(-1, 1)
        which = self._random.random()
        if which < 0.6 or self._own == 0:
            self._own += 1
            terms = (Terms.DAY, Terms.DAY, Terms.DAY, Terms.IOC, Terms.POST_ONLY)[self._int(0, 4)]
            rare = self._random.random()
            price = 0 if rare < 0.12 else MIDDLE - side * FAR if rare < 0.2 else price
            self.asks.append(Ask(self._now, Action.NEW, self._own, side, self._int(1, 60), price, terms))
            return
        oid = max(1, self._own - self._int(0, 4))
        action = Action.CANCEL if which < 0.8 else Action.REPLACE
        self.asks.append(Ask(self._now, action, oid, 0, self._int(1, 60), price))

    def draw(self, n: int) -> tuple[np.ndarray, list[Ask]]:
        """Return about `n` events and the commands between them."""
        for _ in range(8):
            self._add()
        doings = (self._add, self._trade, self._change, self._print, self._command, self._rare)
        for _ in range(n):
            self._now += self._int(0, 3)
            doings[int(self._random.choice(len(doings), p=(0.32, 0.17, 0.17, 0.10, 0.21, 0.03)))]()
        return np.concatenate(self.rows), self.asks
