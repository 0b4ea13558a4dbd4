"""The state of a reference world, and how it publishes."""

from collections import deque
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from nowake.core.events import Flag
from nowake.market.preset_model import DarkPool, Preset
from nowake.market.regimes_reference import spells
from nowake.market.regimes_state import MINUTES, curves, multipliers
from nowake.market.world.reference.book import Agenda, Book, Own
from nowake.market.world.reference.pools import Desk, Pool
from nowake.market.world.reference.streams import Causes, mix
from nowake.market.world.state import PARENTS_MOST, POOLS, REACH, SCALES, SEEN
from nowake.market.world.tables import make_parameters

__all__ = ["Command", "Parent", "Published", "Regime", "Told", "World"]

Published = tuple[int, int, int, int, int, int, int, int, int]
"""time, venue, kind, side, order id, price, quantity, ref, flags."""
Told = tuple[int, int, int, int, int, int, int, float, int, int]
"""time, kind, order id, venue, price in half ticks, quantity, leaves, fee, passive, reason."""


@dataclass(frozen=True, slots=True)
class Command:
    """An own command, as in COMMAND; `time` is that of its arrival."""

    time: int
    action: int
    oid: int
    side: int
    price: int
    quantity: int
    venue: int
    kind: int
    minimum: int = 0


@dataclass(slots=True)
class Parent:
    """A hidden parent: its sign and the children still to come."""

    sign: int = 1
    left: int = 0
    born: int = 0
    ahead: int = 0  # shares traded unseen, ahead of the children


class Regime:
    """The regime of the moment and the curves of the day."""

    def __init__(self, preset: Preset, seed: int, name: str, open_ns: int, close_ns: int) -> None:
        self.open, self.close = open_ns, close_ns
        self.table: list[list[float]] = multipliers(preset.regimes).tolist()
        self.day: list[list[float]] = curves(preset.lit.u_shape, preset.lit.open_multiplier).tolist()
        self.coming = deque(spells(seed, preset.regimes, name, open_ns, close_ns))
        self.state, self.sign = 0, 1

    def follow(self, now: int) -> None:
        """Go to the spell of this moment."""
        while self.coming and self.coming[0][0] <= now:
            _, self.state, self.sign = self.coming.popleft()

    def factor(self, which: int) -> float:
        """Return a multiplier of the regime, without the sign of the drift."""
        return self.table[self.state][which]

    def shape(self, which: int, now: int) -> float:
        """Return a curve of the day at `now`."""
        minute = (now - self.open) * MINUTES // (self.close - self.open)
        return self.day[which][min(max(minute, 0), MINUTES - 1)]


def _parameters(preset: Preset) -> SimpleNamespace:
    """Return PARAMETERS as plain numbers and lists."""
    record = make_parameters(preset)[0]
    return SimpleNamespace(**{name: record[name].tolist() for name in record.dtype.names})


def _pools(preset: Preset, seed: int) -> list[Pool]:
    """Return the dark pools, then the hidden orders of each lit venue."""
    h = preset.hidden
    usual: dict[str, Any] = {
        "fee": 0.0, "quote_latency": 0.0, "share": 0.0, "zero": 0.0, "size_tail": h.size_tail, "largest": h.largest,
        "life": h.life, "picky": 0.0, "minimum": 1, "informed": 0.0, "informed_size": 1.0, "informed_edge": 0.0,
        "leak": 0.0, "leak_size": 0.0, "leak_life": 1.0,
    }  # fmt: skip
    unseen = [DarkPool.model_construct(name=v.name, latency=v.latency, **usual) for v in preset.venues]
    return [Pool(seed, pool, preset.instrument.round_lot) for pool in (*preset.dark, *unseen)]


@dataclass(slots=True)
class World:
    """One market of `preset` under `seed`, from `open` to `close` (ns)."""

    preset: Preset
    seed: int
    regime_name: str
    open: int
    close: int
    now: int = 0
    value: int = 0
    fair: int = 0  # where makers see it
    sold: float = 0.0
    sold_time: int = 0
    bid: int = 0
    ask: int = 0
    seen: deque[tuple[int, int, int]] = field(default_factory=lambda: deque(maxlen=SEEN))  # time, bid, ask
    next_id: int = 0
    matches: int = 0
    digest: int = 0
    crossed: bool = False
    informed_sign: int = 0
    shift: int = 0
    centre: float = 0.0
    slow: float = 0.0
    fast: float = 0.0
    pace: float = 1.0
    width: float = 1.0
    brevity: float = 1.0
    up: float = 0.5
    variance: float = 0.0
    calm_mid: float = 0.0
    paid: float = 0.0
    trend: float = 0.0
    trend_time: int = 0
    tilt: float = 0.0
    held: int = 0
    active: int = 0  # parent of the last child
    scale: list[float] = field(default_factory=lambda: [0.0] * SCALES)
    sellers: list[float] = field(default_factory=lambda: [0.0] * (2 * REACH))
    buyers: list[float] = field(default_factory=lambda: [0.0] * (2 * REACH))
    count: dict[str, int] = field(default_factory=dict)
    published: list[Published] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    inbox: list[Command] = field(default_factory=list)  # in the order of arrival
    last_sent: dict[int, int] = field(default_factory=dict)  # by venue: latest arrival
    slices: dict[int, tuple[int, int]] = field(default_factory=dict)  # by order in a pool: parent, its number
    mine: dict[int, Own] = field(default_factory=dict)  # live own orders by row
    sent: dict[int, tuple[int, int]] = field(default_factory=dict)  # by venue: second, own messages in it
    agenda: Agenda = field(default_factory=Agenda)
    causes: Causes = field(init=False)
    regime: Regime = field(init=False)
    p: SimpleNamespace = field(init=False)
    books: list[Book] = field(init=False)
    pools: list[Pool] = field(init=False)
    desks: list[Desk] = field(init=False)
    parents: list[Parent] = field(init=False)

    def __post_init__(self) -> None:
        preset = self.preset
        self.now, self.p, self.causes = self.open, _parameters(preset), Causes(self.seed)
        self.regime = Regime(preset, self.seed, self.regime_name, self.open, self.close)
        self.value = round(preset.instrument.price / preset.instrument.tick)
        self.books = [Book() for _ in preset.venues]
        self.pools = _pools(preset, self.seed)
        self.desks = [Desk(self.seed, dealer) for dealer in preset.dealers]
        self.parents = [Parent() for _ in range(self.p.parents)]
        assert len(self.parents) <= PARENTS_MOST
        assert len(self.pools) <= POOLS

    @property
    def venues(self) -> int:
        """Return the number of lit venues."""
        return len(self.books)

    @property
    def darks(self) -> int:
        """Return the number of dark pools."""
        return len(self.preset.dark)

    def touch(self, side: int) -> int:
        """Return the best price of `side` over all venues."""
        return self.bid if side > 0 else self.ask

    def set_touch(self, side: int, price: int) -> None:
        """Note a new best price."""
        if side > 0:
            self.bid = price
        else:
            self.ask = price
        self.note_quote()

    def note_quote(self) -> None:
        """Remember the quote of this moment; within one moment the last counts."""
        if self.seen and self.seen[-1][0] == self.now:
            self.seen.pop()
        self.seen.append((self.now, self.bid, self.ask))

    def add(self, what: str, shares: int = 1) -> None:
        """Count."""
        self.count[what] = self.count.get(what, 0) + shares

    def publish(self, venue: int, kind: int, side: int, oid: int, price: int, quantity: int, ref: int = 0) -> None:
        """Publish an event."""
        self.add("events")
        self.digest = mix(self.digest ^ self.now, mix(oid * 16 + kind, price * 4096 + quantity + venue))
        self.published.append((self.now, venue, kind, side, oid, price, quantity, ref, 0))

    def flag(self, flags: int) -> None:
        """Mark what was published last."""
        self.published[-1] = (*self.published[-1][:-1], flags)

    def print_mid(self, venue: int, kind: int, side: int, price2: int, quantity: int, *, dark: bool) -> None:
        """Publish an execution at half ticks against an order that nobody could see."""
        self.matches += 1
        self.publish(venue, kind, side, 0, price2 >> 1, quantity, self.matches)
        flags = (int(Flag.HALF) if price2 & 1 else 0) | (int(Flag.DARK) if dark else 0)
        self.digest = mix(self.digest, flags)
        self.flag(flags)

    def tell(
        self, kind: int, own: Own | int, venue: int, price2: int, quantity: int, fee: float = 0.0, passive: int = 0,
        why: int = 0,
    ) -> None:  # fmt: skip
        """Tell of an own order, or of an id that never rested."""
        oid, leaves = (own, 0) if isinstance(own, int) else (own.oid, own.leaves)
        self.told.append((self.now, kind, oid, venue, price2, quantity, leaves, fee, passive, why))

    def own(self, oid: int) -> Own | None:
        """Return a live own order."""
        return next((m for _, m in sorted(self.mine.items()) if m.oid == oid), None)
