"""One request for quotes from asking to the end: its timers, its last look, its account.

`wait` ns after the request, or when every dealer has answered, the best quote is taken if it is worth it; the dealer
may hold it (last look) for `hold` ns, after which it counts as lost. A rejected or lost quote is followed by the
next best that is still good. The request says what to send; sending is the caller's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from nowake.core.errors import InputError, OrderError
from nowake.core.values import Side, check_quantity
from nowake.core.venue import QuoteAccept

__all__ = ["DealerQuote", "Look", "Request", "RequestState", "Timers"]


class RequestState(Enum):
    """Where a request stands."""

    ASKING = "asking"
    HELD = "held"
    FILLED = "filled"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Timers:
    """Nanoseconds: how long to `wait` for answers, how long a dealer may `hold`."""

    wait: int = 500_000_000
    hold: int = 500_000_000

    def __post_init__(self) -> None:
        if self.wait <= 0 or self.hold <= 0:
            raise InputError("timers", expected="ns above 0", got=(self.wait, self.hold))


@dataclass(frozen=True, slots=True)
class DealerQuote:
    """A dealer's answer: `price` in ticks (half ticks possible), good until `expires` (ns)."""

    quote_id: int
    dealer: int
    price: float
    quantity: int
    expires: int


@dataclass(frozen=True, slots=True)
class Look:
    """How a last look ended: for `dealers.hear_look`. `move`: how far the mid went against us meanwhile, ticks."""

    dealer: int
    refused: bool
    hold: int
    move: float


class Request:
    """A request of `quantity` shares to `dealers` (their places); `worst`: the price beyond which no quote is taken."""

    def __init__(
        self, order_id: int, side: Side, quantity: int, dealers: Sequence[int], worst: float, now: int, timers: Timers
    ) -> None:
        if not dealers:
            raise OrderError("request for quotes", expected="at least one dealer", got="none")
        self.order_id, self.side, self.quantity = order_id, side, check_quantity(quantity)
        self.dealers, self.worst, self.timers = tuple(dealers), worst, timers
        self.state, self.due = RequestState.ASKING, now + timers.wait
        self.quotes: list[DealerQuote] = []
        self.looks: list[Look] = []
        self._tried: DealerQuote | None = None
        self.judged = math.nan  # the mid, ticks, when quotes were last compared
        self._since, self._mid = 0, 0.0

    def quoted(self, quote: DealerQuote) -> None:
        """Take an answer in; one that comes late, from somebody not asked, or twice is refused with OrderError."""
        if quote.dealer not in self.dealers or any(q.dealer == quote.dealer for q in self.quotes):
            raise OrderError("quote", expected=f"one of each dealer in {self.dealers}", got=quote.dealer)
        self.quotes.append(quote)
        self.quotes.sort(key=lambda q: (self.side * q.price, -q.quantity, q.dealer))

    def attend(self, now: int, mid: float) -> QuoteAccept | None:
        """Return the quote to accept now, if one is due; ends the request where none is left or the hold ran out."""
        if self.state is RequestState.HELD and now >= self.due:
            self._end_look(now, mid, refused=True)
        asked_all = len(self.quotes) == len(self.dealers)
        if self.state is RequestState.ASKING and (asked_all or now >= self.due):
            return self._accept(now, mid)
        return None

    def _accept(self, now: int, mid: float) -> QuoteAccept | None:
        self.judged = mid
        tried = {look.dealer for look in self.looks}
        for quote in self.quotes:
            if quote.dealer not in tried and quote.expires > now and self.side * (quote.price - self.worst) <= 0:
                self.state, self.due = RequestState.HELD, now + self.timers.hold
                self._tried, self._since, self._mid = quote, now, mid
                return QuoteAccept(self.order_id, quote.quote_id)
        self.state = RequestState.OVER
        return None

    def _end_look(self, now: int, mid: float, *, refused: bool) -> None:
        if self._tried is None or self.state is not RequestState.HELD:
            raise OrderError("end of a last look", expected="a held quote", got=self.state.value)
        move = self.side * (mid - self._mid)
        self.looks.append(Look(self._tried.dealer, refused, now - self._since, move))
        self.state, self.due = (RequestState.ASKING, now) if refused else (RequestState.FILLED, now)

    def answered(self, now: int, mid: float, *, filled: bool) -> None:
        """Take in how the held quote ended; after a rejection `attend` tries the next one."""
        self._end_look(now, mid, refused=not filled)

    def account(self, mid: float) -> list[tuple[int, float | None, bool]]:
        """Return (dealer, offset of his quote from `mid` or None, won) per dealer: for `dealers.hear_quote`."""
        won = self._tried.dealer if self.state is RequestState.FILLED and self._tried is not None else None
        found = {q.dealer: self.side * (q.price - mid) for q in self.quotes}
        return [(dealer, found.get(dealer), dealer == won) for dealer in self.dealers]
