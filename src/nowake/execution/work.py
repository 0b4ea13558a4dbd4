"""Work a parent order at a venue: a schedule says how much by when, a tactic says how.

The placer's rules are those of `placer`, which works over recorded books: rest at the touch, move what was left behind
once `patience` has passed, cross what is missing from `cross_before` ahead of a slice's end, take any price from
`sweep_before` ahead of the order's end, pause after a rejected child. What is new here is that the market answers:
resting and crossing children are shares of what is displayed, crossing children keep a distance of `pace`, and a
child that the others have left alone at the touch is withdrawn: it would hold the price up.

`Worker` sees a `View`, sends through a `Venue`, and has no clock: the caller lets time pass and calls `look`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.core.values import ParentOrder
from nowake.core.venue import Touch, Venue, View
from nowake.execution.children import Child, Children
from nowake.execution.sight import Sight, look_at, near_of, shown_of
from nowake.execution.state import Placement
from nowake.schedule.pov import Pov
from nowake.schedule.protocol import Schedule, ScheduleState

__all__ = ["Tactic", "Worker"]

_LONGEST = 6  # doublings of the pause after rejects


@dataclass(frozen=True, slots=True)
class Tactic:
    """How the slices of a parent become children.

    `rests`: join the touch first and cross what is missing (False: a market child per slice, at once). `join`: most of
    a resting child, as a share of what others display at the touch; `take`: least of a crossing child, as a share of
    what the other side displays, all of which is the most; `least`: shares that either may have in any case. `pace`: ns
    between two crossing children, so that the book can refill. `slack`: part of the order by which it may lag without
    haste. `finish`: part of the window in which a schedule that would not finish is brought to its end along a line.
    """

    rests: bool = True
    join: float = 1.0
    take: float = 0.25
    least: int = 100
    pace: int = 5 * SECOND
    slack: float = 0.0
    finish: float = 0.1
    placement: Placement = field(
        default_factory=lambda: Placement(cross_before=30 * SECOND, sweep_before=4 * SECOND, patience=2 * SECOND)
    )

    def __post_init__(self) -> None:
        if not (0 < self.join <= 10 and 0 < self.take <= 10 and self.least >= 1 and 0 <= self.finish <= 1):
            got = (self.join, self.take, self.least, self.finish)
            raise InputError("tactic", expected="join, take in 0..10, least from 1, finish in 0..1", got=got)


class Worker:
    """A parent order at work in `slices` equal slices."""

    def __init__(
        self, venue: Venue, view: View, order: ParentOrder, schedule: Schedule, tactic: Tactic, slices: int
    ) -> None:
        if slices < 1:
            raise InputError("slices", expected="1 or more", got=slices)
        self.order, self._view, self._schedule, self._tactic = order, view, schedule, tactic
        self.children = Children(venue, order.side, order.quantity)
        length = order.end - order.start
        self.edges = [order.start + length * k // slices for k in range(slices + 1)]
        self.targets: list[int] = []
        self._volumes: list[int] = []
        self._others = 0
        self._finish_from = 0
        self._moved = self._crossed = -(2**62)
        self._quiet = -(2**62)
        self._mid = float("nan")

    @property
    def done(self) -> bool:
        """Nothing is left to fill, or the window is over and nothing works any more."""
        over = self.children.filled >= self.order.quantity
        return over or (self._view.now >= self.order.end and not self.children.live)

    def look(self) -> int:
        """Hear the venue, decide, send; returns when to look again at the latest (ns UTC)."""
        now, book = self._view.now, self.children
        refused = book.refused_in_row
        book.hear()
        if now < self.order.start:
            return self.order.start
        if book.refused_in_row > refused:
            place = self._tactic.placement
            self._quiet = now + (max(place.patience, place.reaction) << min(book.refused_in_row - 1, _LONGEST))
        self._turn(now)
        due = min(self.targets[-1], self.order.quantity) - book.filled
        if now >= self.order.end or due <= 0:
            self._withdraw()
        elif now >= self._quiet:
            self._decide(now, due)
        return self._wake(now)

    def _turn(self, now: int) -> None:
        """Ask the schedule for the target of every slice that has begun."""
        last = len(self.edges) - 2
        while len(self.targets) <= last and now >= self.edges[len(self.targets)]:
            k, filled = len(self.targets), self.children.filled
            others = max(self._view.volume() - filled, self._others)
            if k > 0:
                self._volumes.append(others - self._others)
                self._others = others
            state = ScheduleState(
                now=now, start=self.order.start, end=self.order.end, total=self.order.quantity, filled=filled,
                filled_before=filled, index=k, slices=last + 1, market_volume=sum(self._volumes),
                volumes=tuple(self._volumes),
            )  # fmt: skip
            self.targets.append(self._target(state))

    def _target(self, state: ScheduleState) -> int:
        """Return what the schedule asks for, never less than before, and all of it by the end."""
        wanted = self._schedule.target(state)
        line = round(state.slices * (1 - self._tactic.finish))
        if state.index == line or state.index == 0:
            self._finish_from = state.filled
        if state.index >= line:
            rest, part = state.total - self._finish_from, (state.index + 1 - line) / (state.slices - line)
            wanted = max(wanted, self._finish_from + round(rest * part))
        follows = isinstance(self._schedule, Pov)  # a schedule that follows prints does not chase what it missed
        before = state.filled if follows or not self.targets else self.targets[-1]
        return min(state.total, max(wanted, before))

    def _decide(self, now: int, due: int) -> None:
        touches, place = self._view.touches(), self._tactic.placement
        book = self._see(touches)
        if not self._tactic.rests:
            if book.far is not None and self.children.working == 0:
                self._send(now, None, "market", None, due, passive=False, why="a market child per slice")
            return
        if now >= self.order.end - place.sweep_before:
            self._cross(now, book, due, sweep=True)
        elif place.cross_before and now >= self.edges[len(self.targets)] - place.cross_before:
            self._cross(now, book, due, sweep=False)
        else:
            lag = due - self._part()
            if lag > max(self._part(), self._slack()):
                self._chase(now, book, lag)
            self._rest(now, touches, book, due)

    def _part(self) -> int:
        """Return the shares of the current slice, at least those of an even one."""
        before = self.targets[-2] if len(self.targets) > 1 else 0
        return max(self.targets[-1] - before, self.order.quantity // (len(self.edges) - 1), 1)

    def _slack(self) -> int:
        """Return the shares by which the order may lag its schedule without haste: none once it is being finished."""
        finishing = len(self.targets) > round((len(self.edges) - 1) * (1 - self._tactic.finish))
        return 0 if finishing else int(self._tactic.slack * self.order.quantity)

    def _see(self, touches: Sequence[Touch]) -> Sight:
        seen = look_at(touches, int(self.order.side), self.order.limit)
        self._mid = self._mid if seen.mid is None else seen.mid
        return seen

    def _send(
        self, now: int, venue: str | None, kind: str, price: int | None, quantity: int, *, passive: bool, why: str
    ) -> int:
        """Send a child of at most `quantity` shares; returns how many."""
        book, most = self.children, self._tactic.placement.max_child
        shares = min(quantity, book.unplaced)
        shares = min(shares, most) if most else shares
        if shares > 0:
            number = len(book.every) + 1
            book.place(Child(number, now, self._mid, venue, kind, price, shares, shares, passive, why))
        return max(shares, 0)

    def _withdraw(self) -> bool:
        """Ask for the withdrawal of what rests; tells whether anything still works."""
        for child in self.children.live.values():
            if child.passive:
                self.children.cancel(child)
        return bool(self.children.live)

    def _cross(self, now: int, book: Sight, due: int, *, sweep: bool) -> None:
        """Withdraw what rests, then take what is missing: a share of what is displayed, or any price at the end."""
        place, tactic = self._tactic.placement, self._tactic
        if self._withdraw() or book.far is None or now - self._crossed < (place.patience if sweep else tactic.pace):
            return
        self._crossed = now
        if sweep:
            limit = self.order.limit
            kind = "market" if limit is None else "ioc"
            self._send(now, None, kind, limit, due, passive=False, why="complete the order")
            return
        left = self.edges[len(self.targets)] - now
        hurry = not self._slack() or due - self._part() > self._slack()
        size = self._bite(book, due, left // tactic.pace + 1 if tactic.pace and hurry else due)
        self._take(now, book, size, "behind at the end of a slice")

    def _chase(self, now: int, book: Sight, lag: int) -> None:
        """More than a slice behind: take beside what rests, so that it is made good within a slice."""
        tactic = self._tactic
        if book.far is None or now - self._crossed < tactic.pace:
            return
        self._crossed = now
        rounds = (self.edges[1] - self.edges[0]) // tactic.pace + 1 if tactic.pace else 1
        self._take(now, book, self._bite(book, lag, rounds), "more than a slice behind")

    def _bite(self, book: Sight, wanted: int, rounds: int) -> int:
        """Return the size of one of `rounds` crossing children: `take` of what is displayed, all of it at most."""
        tactic = self._tactic
        least = max(tactic.least, int(tactic.take * book.displayed))
        return min(wanted, max(least, min(-(-wanted // rounds), book.displayed)))

    def _take(self, now: int, book: Sight, size: int, why: str) -> None:
        assert book.far is not None
        price = book.far + int(self.order.side) * self._tactic.placement.depth
        self._send(now, None, "ioc", price, size, passive=False, why=why)

    def _rest(self, now: int, touches: Sequence[Touch], book: Sight, due: int) -> None:
        """Rest at the touch: move what was left behind, join where the queue is shortest, withdraw what is too much."""
        side, ledger = int(self.order.side), self.children
        if book.near is None or (book.far is not None and side * book.near >= side * book.far):
            return
        resting = [child for child in ledger.live.values() if child.passive and not child.cancelling]
        behind = [child for child in resting if side * (child.price or 0) < side * book.near]
        if behind or self._left_alone(touches, book.near, resting):
            if now - self._moved >= self._tactic.placement.patience:
                self._moved = now
                for child in behind or resting:
                    ledger.cancel(child)
            return
        missing = due - ledger.working
        if missing < 0:
            self._trim(resting, sum(child.leaves for child in resting) - due)
        elif missing > 0:
            self._join(now, touches, book.near, missing)

    def _left_alone(self, touches: Sequence[Touch], near: int, resting: list[Child]) -> bool:
        """Tell whether the touch is own orders only: the others have gone back, and the price would hang on us."""
        side = int(self.order.side)
        mine = sum(child.leaves for child in resting if child.price == near)
        return 0 < sum(shown_of(row, side) for row in touches if near_of(row, side) == near) <= mine

    def _trim(self, resting: list[Child], excess: int) -> None:
        """Withdraw the youngest resting children until at least `excess` shares less are working."""
        for child in reversed(resting):
            if excess <= 0:
                return
            excess -= child.leaves
            self.children.cancel(child)

    def _join(self, now: int, touches: Sequence[Touch], near: int, missing: int) -> None:
        """Add children at the price `near`, the venue with the shortest queue first."""
        side, tactic = int(self.order.side), self._tactic
        mine: dict[str | None, int] = {}
        for child in self.children.live.values():
            if child.price == near:
                mine[child.venue] = mine.get(child.venue, 0) + child.leaves
        queue = {row.venue: shown_of(row, side) if near_of(row, side) == near else 0 for row in touches}
        others = max(sum(queue.values()) - sum(mine.values()), 0)
        most = max(tactic.least, int(tactic.join * others) // tactic.least * tactic.least)
        for venue in sorted(queue, key=lambda name: queue[name]):
            room = min(most - mine.get(venue, 0), missing)
            if room >= min(tactic.least, missing):
                sent = self._send(now, venue, "post_only", near, room, passive=True, why="join the touch")
                missing -= sent
            if missing <= 0:
                return

    def _wake(self, now: int) -> int:
        """Return the next time at which something is due: an answer, the crossing of a slice, its end."""
        place, k = self._tactic.placement, len(self.targets)
        times = [self.edges[k] if k < len(self.edges) else self.order.end]
        if any(child.cancelling or not child.passive for child in self.children.live.values()):
            times.append(now + place.reaction)
        if self._tactic.rests:
            times += [self.edges[min(k, len(self.edges) - 1)] - place.cross_before, self.order.end - place.sweep_before]
        return min((t for t in times if t > now), default=now + place.reaction)
