"""What became of every child of a worked order: the keeper of a desk that is there for research."""

from collections.abc import Callable
from dataclasses import dataclass, field

from nowake.core.intent import KIND_WORDS, OrderKind
from nowake.core.venue import VenueEvent
from nowake.execution.live import Child as Sent
from nowake.execution.live import NobodyKeeps
from nowake.routing.reasons import words

__all__ = ["Child", "Ledger"]

_ASKS = KIND_WORDS[OrderKind.QUOTE]


@dataclass(slots=True)
class Child:
    """A child order, or a request for quotes. `mid` (ticks) when it was sent; `paid` in ticks x shares, `fee` currency.

    `venue`: where it was sent, of a request the dealer who filled it, or the first who was asked. `maker`: shares
    filled resting. `end`: what ended it without its last share, None where nothing has. `dealers`: what each answered.
    """

    order_id: int
    time: int
    mid: float
    venue: str
    kind: str
    price: int | None
    quantity: int
    why: str
    filled: int = 0
    maker: int = 0
    paid: float = 0.0
    fee: float = 0.0
    heard: bool = False
    end: str | None = None
    dealers: dict[str, str] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """Whether it is a request for quotes."""
        return self.kind == _ASKS


@dataclass(slots=True)
class Ledger(NobodyKeeps):
    """Keeps children and fills; `mid`: what tells the mid that the desk sees."""

    mid: Callable[[], float] = lambda: float("nan")
    children: dict[int, Child] = field(default_factory=dict)
    fills: list[VenueEvent] = field(default_factory=list)
    rejects: int = 0

    def child(self, child: Sent) -> None:
        """Keep a child as it leaves."""
        self.children[child.order_id] = Child(
            child.order_id, child.time, self.mid(), child.venue, KIND_WORDS[child.kind], child.price or None,
            child.quantity, words(child.reason),
        )  # fmt: skip

    def event(self, event: VenueEvent) -> bool:
        """Book what a venue says; all of it counts."""
        child = self.children.get(event.order_id)
        if child is None:
            return True
        if event.kind == "fill":
            self._fill(child, event)
        elif child.asks:
            self._answered(child, event)
        elif event.kind in ("cancel", "expire"):
            child.end = event.reason or event.kind
        elif event.kind == "reject" and not child.heard:
            self.rejects += 1
            child.end = event.reason or event.kind
        child.heard = True
        return True

    def _fill(self, child: Child, event: VenueEvent) -> None:
        self.fills.append(event)
        child.filled += event.quantity
        child.maker += event.quantity if event.liquidity == "maker" else 0
        child.paid += event.quantity * (event.price or 0.0)
        child.fee += event.fee
        if child.asks and event.venue is not None:
            child.venue, child.dealers[event.venue] = event.venue, "filled"

    def _answered(self, child: Child, event: VenueEvent) -> None:
        """Book an answer of a dealer: a quote, or what he refused; a quote that runs out changes nothing."""
        if event.venue is not None and event.kind in ("quote", "reject"):
            child.dealers[event.venue] = "quoted" if event.kind == "quote" else event.reason or event.kind
        elif event.venue is None:
            child.end = event.reason
