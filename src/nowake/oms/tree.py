"""The tree of orders and what stands beside it: fills, positions and cash by account, baskets, kill switches, ids.

`Tree` is storage and questions; only `Oms.apply` changes it. A fill is known by its venue and the venue's id of it.
Cash is kept as half ticks times shares, so that it is exact; currency appears in `cash`.
"""

from collections import deque
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from nowake.core.errors import InputError
from nowake.oms.events import Control, Unlike
from nowake.oms.orders import Child, Fill, Flag, Parent
from nowake.oms.states import CLOSED, Verdict

__all__ = ["Accepted", "Alert", "Allocation", "Basket", "Block", "Kill", "Position", "Tree"]


_ALERTS = 10_000  # the youngest are kept; the journal has them all


class Alert(msgspec.Struct, frozen=True):
    """Something that people should look at; `applied` False: the event is quarantined, nothing was changed."""

    sequence: int
    rule: str
    order: int
    text: str
    applied: bool


class Position(msgspec.Struct, array_like=True):
    """What an account holds of a symbol: shares, and cash in half ticks times shares; fees in billionths."""

    account: str
    symbol: str
    tick_size: str
    shares: int = 0
    cash2: int = 0
    fee: int = 0


class Allocation(msgspec.Struct, frozen=True, array_like=True):
    """Shares of a parent that were moved from its account to another, with their cash and fees."""

    parent: int
    account: str
    shares: int
    cash2: int
    fee: int


class Basket(msgspec.Struct, array_like=True):
    """Parents that belong together."""

    id: int
    name: str
    parents: list[int]


class Block(msgspec.Struct, frozen=True, array_like=True):
    """Reserved ids, `first` to `last`; `parent` 0: for any."""

    first: int
    last: int
    parent: int


class Kill(msgspec.Struct, frozen=True, array_like=True):
    """A kill switch that is pressed."""

    scope: str
    level: str
    who: str
    why: str
    time: int


class Accepted(msgspec.Struct, frozen=True, array_like=True):
    """A difference of journal and venue that two people have accepted as it is."""

    what: Unlike
    who: str
    second: str
    why: str
    time: int


class Tree:
    """Everything that the journal says, as of event `sequence`."""

    def __init__(self) -> None:
        self.sequence = 0
        self.time = 0
        self.instance = self.epoch = 0
        self.parents: dict[int, Parent] = {}
        self.children: dict[int, Child] = {}
        self.open: dict[int, Child] = {}
        self.fills: dict[str, dict[str, Fill]] = {}
        self.positions: dict[tuple[str, str], Position] = {}
        self.allocations: list[Allocation] = []
        self.baskets: dict[int, Basket] = {}
        self.blocks: list[Block] = []
        self.clients: dict[str, int] = {}
        self.kills: dict[str, Kill] = {}
        self.policies: dict[str, tuple[str, str]] = {}
        self.controls: list[Control] = []
        self.unclean: dict[str, Unlike] = {}
        self.accepted: dict[str, Accepted] = {}
        self.counts: dict[str, int] = {}
        self.alerts: deque[Alert] = deque(maxlen=_ALERTS)
        self.quarantined = self.repeats = 0

    def alert(self, rule: str, order: int, text: str, *, applied: bool) -> Alert:
        """Keep an alert about the event that is being applied, and return it."""
        said = Alert(self.sequence, rule, order, text, applied)
        self.alerts.append(said)
        if not applied:
            self.quarantined += 1
        return said

    def verdict(self, verdict: Verdict, act: str, order: Parent | Child) -> Alert | None:
        """Return what there is to say of a verdict that applied nothing; a repeat is only counted."""
        if verdict == Verdict.IGNORE:
            self.repeats += 1
            return None
        state = _STATES[order.state]
        return self.alert("impossible", order.id, f"{act} of an order that is {state}", applied=False)

    def parent_of(self, child: int) -> Parent:
        """Return the parent of a child."""
        return self.parents[self.known(child).parent]

    def known(self, child: int) -> Child:
        """Return a child by id; InputError if it is unknown."""
        if child not in self.children:
            raise InputError(f"no child order {child}", expected=f"one of {len(self.children)} children", got=child)
        return self.children[child]

    def open_at(self, venue: str | None = None) -> list[Child]:
        """Return the children that may stand at `venue` (None: anywhere), oldest first."""
        return [child for child in self.open.values() if venue is None or child.venue == venue]

    def unacknowledged(self, venue: str | None = None) -> list[Child]:
        """Return the open children of which their venue has said nothing: after a crash, ask about them."""
        return [child for child in self.open_at(venue) if not child.flags & Flag.ACKED]

    def unused(self) -> Iterator[Block]:
        """Yield the reserved ids that no event has used, as blocks: an order with one of them may be at a venue."""
        for block in self.blocks:
            first = block.first
            used = (i for i in range(block.first, block.last + 1) if i in self.children or i in self.parents)
            for taken in used:
                if taken > first:
                    yield Block(first, taken - 1, block.parent)
                first = taken + 1
            if first <= block.last:
                yield Block(first, block.last, block.parent)

    def block(self, number: int) -> Block | None:
        """Return the reserved block that holds an id, youngest first; None if it was never reserved."""
        for block in reversed(self.blocks):
            if block.first <= number <= block.last:
                return block
        return None

    def routes(self, parent: int) -> dict[int, list[Child]]:
        """Return the children of a parent by route: those that one routing decision sent together."""
        found: dict[int, list[Child]] = {}
        for number in self.parents[parent].children:
            child = self.children[number]
            found.setdefault(child.route, []).append(child)
        return found

    def unplaced(self, parent: int) -> int:
        """Return the shares of a parent that are neither filled nor working; 0 once it is over."""
        order = self.parents[parent]
        return 0 if CLOSED[order.state] else max(0, order.quantity - order.filled - order.working)

    def looked_at(self) -> set[int]:
        """Return the orders of accepted differences: nobody waits for them, and what is said of them is no news."""
        return {one.what.order for one in self.accepted.values()}

    def position(self, account: str, symbol: str) -> int:
        """Return the shares that an account holds since the journal began."""
        held = self.positions.get((account, symbol))
        return held.shares if held else 0

    def cash(self, account: str) -> Decimal:
        """Return what an account has received less what it has paid, fees included, in currency."""
        zero = Decimal(0)
        mine = (held for held in self.positions.values() if held.account == account)
        return sum((held.cash2 * Decimal(held.tick_size) / 2 - held.fee * Decimal("1e-9") for held in mine), zero)

    def fills_of(self, child: int) -> list[Fill]:
        """Return the fills of a child, oldest first, with their standing; busted ones hold 0 shares."""
        return [fill for fill in self.every_fill() if fill.child == child]

    def every_fill(self) -> Iterator[Fill]:
        """Yield every fill, busted ones and those of which only the bust is known too."""
        for fills in self.fills.values():
            yield from fills.values()


_STATES = [
    "staged", "pending new", "new", "partially filled", "replaced", "pending cancel", "pending replace", "suspended",
    "filled", "done for day", "canceled", "rejected", "expired", "calculated",
]  # fmt: skip
