"""A simulated market with a live desk on it, for tests: places, limits, one parent, and what was told and sent."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from decimal import Decimal

import numpy as np

from nowake.core.times import SECOND
from nowake.core.values import Instrument, ParentOrder, Side
from nowake.core.venue import Command, OrderStatus, Venue, VenueEvent
from nowake.execution.desk_state import CURVE, Placing
from nowake.execution.live import Child, LiveDesk
from nowake.execution.opening import limit_path, warm
from nowake.execution.opening import places_of as places
from nowake.execution.path import Decided, DecisionPath, Place
from nowake.execution.policy import Policy, UniformForecaster
from nowake.features.context import Context
from nowake.market.market import Market
from nowake.market.usual import usual_day
from nowake.market.venue import SimulatedVenue
from nowake.market.world.state import BOOKS, OWN_IDS
from nowake.risk.policy import load
from nowake.risk.scopes import Scope, resolve

INSTRUMENT = Instrument("MIDC", Decimal("0.01"), step=1)
CONFIG = BOOKS
OURS = OWN_IDS


def places_of(market: Market) -> list[Place]:
    return places(map(astuple, market.venues()), market.preset.instrument.tick, 500_000)


def path_of(
    places: Sequence[Place], policy: Policy, *, n: int = 1, separate: bool = False, context: Context | None = None
) -> DecisionPath:
    known = context or Context(depth=True)
    path = DecisionPath(n, places, policy, UniformForecaster(), seed=1, separate=separate, context=known)
    effective = resolve(load("default"), Scope(desk="program", symbol=INSTRUMENT.symbol))
    limit_path(path, effective, INSTRUMENT)
    return path


def linear() -> np.ndarray:
    return np.linspace(0, 1, CURVE + 1)


@dataclass
class Notes:
    """A keeper that writes everything down."""

    children: list[Child] = field(default_factory=list)
    cancels: list[int] = field(default_factory=list)
    events: list[VenueEvent] = field(default_factory=list)
    decisions: list[Decided] = field(default_factory=list)

    def child(self, child: Child) -> None:
        self.children.append(child)

    def asked(self, order_id: int) -> None:
        self.cancels.append(order_id)

    def event(self, event: VenueEvent) -> bool:
        self.events.append(event)
        return True

    def decided(self, decided: Decided) -> None:
        self.decisions.append(decided)


@dataclass
class Heard:
    """One step of the shell: what was published and what venues said before the desk acted at `now`."""

    now: int
    messages: np.ndarray
    said: list[VenueEvent]


class Recorded:
    """A venue that answers with what another one said, step by step, and keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.waiting: list[VenueEvent] = []

    def send(self, command: Command) -> None:
        self.sent.append(command)

    def events(self) -> Sequence[VenueEvent]:
        new, self.waiting = self.waiting, []
        return new

    def status(self, scope: int | str | None = None) -> Sequence[OrderStatus]:  # noqa: ARG002
        return []


class Listening:
    """A venue that notes commands and events on their way to another one."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self.sent: list[Command] = []
        self.said: list[VenueEvent] = []

    def send(self, command: Command) -> None:
        self.sent.append(command)
        self._venue.send(command)

    def events(self) -> Sequence[VenueEvent]:
        new = list(self._venue.events())
        self.said += new
        return new

    def status(self, scope: int | str | None = None) -> Sequence[OrderStatus]:
        return self._venue.status(scope)


class World:
    """A market after `warm_up` s, and a desk that works one buy of `quantity` shares in it.

    `warmed`: its features know the day of the preset, and have heard the market from the open on.
    """

    def __init__(
        self, policy: Policy, quantity: int = 6_000, minutes: float = 10.0, seed: int = 7, warm_up: float = 300.0,
        placing: Placing | None = None, limit: int | None = None, side: Side = Side.BUY, regime: str = "calm",
        *, warmed: bool = False,
    ) -> None:  # fmt: skip
        self.market = Market.load("midcap", seed, regime)
        session = self.market.now, self.market.close
        self.market.advance(warm_up)
        past = self.market.messages()
        start = self.market.now
        self.order = ParentOrder("P", INSTRUMENT, side, quantity, start, start + round(minutes * 60 * SECOND), limit)
        self.venue = Listening(SimulatedVenue(self.market))
        context = usual_day(self.market.preset, session) if warmed else None
        self.path = path_of(places_of(self.market), policy, context=context)
        if warmed:
            warm(self.path, past, CONFIG, OURS)
        self.interval = max(10 * SECOND, (self.order.end - start) // 60)
        short = Placing(
            cross_before=min(Placing().cross_before, self.interval // 3)
        )  # as a trader has it: it rests, too
        self.placing = placing or short
        self.path.take_on(0, self.order, linear(), self.interval, self.placing)
        self.path.ids(0, 1, 10**6)
        self.notes = Notes()
        self.desk = LiveDesk(self.path, self.venue, self.notes, CONFIG, own_from=OURS)
        self.steps: list[Heard] = []
        self._act(self.market.books())

    @property
    def row(self) -> np.void:
        return self.path.desk[0]  # type: ignore[no-any-return]

    def _act(self, messages: np.ndarray) -> None:
        before = len(self.venue.said)
        self.desk.market(messages, self.market.now)
        self.desk.tick(self.market.now)
        self.steps.append(Heard(self.market.now, messages, self.venue.said[before:]))

    def step(self, most: float = 0.2) -> None:
        now = self.market.now
        wake = min(max(self.desk.next_wake(), now + SECOND // 50), now + round(most * SECOND), self.market.close)
        self.market.advance((wake - now) / SECOND)
        self._act(self.market.messages())

    def run(self, seconds: float | None = None) -> None:
        end = self.order.end + 10 * SECOND if seconds is None else self.market.now + round(seconds * SECOND)
        while self.market.now < end and not (seconds is None and self.row["done"]):
            self.step()

    def filled_at_venues(self) -> int:
        return sum(status.filled for status in self.venue.status())
