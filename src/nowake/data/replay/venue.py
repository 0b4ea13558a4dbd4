"""A recorded market that takes own orders: the readable face of the replay kernels, for users, tests and notebooks."""

from dataclasses import dataclass

import numpy as np

from nowake.book.state import REPLAY, Preset, new_books
from nowake.core.errors import CapacityError, InputError, OrderError
from nowake.core.records import PRINT, QUOTE_PATH
from nowake.core.values import Side, check_quantity
from nowake.data.reader import kernel_view
from nowake.data.replay.latency import quantiles
from nowake.data.replay.orders import send
from nowake.data.replay.queue import UNSEEN
from nowake.data.replay.session import FOREVER, advance
from nowake.data.replay.state import Action, Answer, QueueModel, Reason, Terms, new_venues

__all__ = ["RecordedVenue", "Response"]


@dataclass(frozen=True, slots=True)
class Response:
    """What the venue answered: `time` at the sender (ns UTC), `price` in ticks, `leaves` what is still open."""

    time: int
    order_id: int
    answer: Answer
    reason: Reason
    price: float
    quantity: int
    leaves: int


class RecordedVenue:
    """Plays EVENT records and lets own orders take part; history does not react to them.

    `events` EVENT[n] in time order; `entry` and `response` median latencies in ns of a lognormal law of shape `sigma`
    (0: constant). Level-2 events need a queue `model` other than EXACT (`power`: its exponent), best-quote events
    `best_only` too. Own order ids are yours, above 0.
    """

    def __init__(
        self,
        events: np.ndarray,
        *,
        entry: int = 0,
        response: int = 0,
        sigma: float = 0.0,
        model: QueueModel = QueueModel.EXACT,
        power: float = 1.0,
        best_only: bool = False,
        preset: Preset = REPLAY,
    ) -> None:
        self._events = kernel_view(events)
        self.books, self.venues = new_books(1, preset), new_venues(1)
        w = self.venues[0]
        w["latency"][0], w["latency"][1] = quantiles(entry, sigma), quantiles(response, sigma)
        w["queue_model"], w["queue_power"], w["best_only"] = int(model), power, int(best_only)
        self._prints, self._quotes = self._room(PRINT), self._room(QUOTE_PATH)
        self._at = 0

    def _room(self, dtype: np.dtype) -> np.ndarray:
        return kernel_view(np.zeros(len(self._events) + 1, dtype))

    @property
    def now(self) -> int:
        """The venue's time, ns UTC: of the last event or command."""
        return int(self.venues["now"][0])

    def play(self, until: int = FOREVER) -> None:
        """Apply events and commands due before `until` (ns UTC); CapacityError where a fixed array is too small."""
        final, rooms = True, (self._prints, self._quotes)
        try:
            self._at = advance(self.books, self.venues, 0, self._events, self._at, until, final, *rooms)
        except IndexError as error:
            raise CapacityError(str(error)) from error

    def submit(
        self, when: int, order_id: int, side: Side, quantity: int, price: int = 0, terms: Terms = Terms.DAY
    ) -> None:
        """Send a new order at `when` (ns UTC); price 0 is a market order. OrderError for impossible ones."""
        if price < 0 or order_id <= 0:
            raise OrderError("own order", expected="price >= 0, order id > 0", got=f"price {price}, id {order_id}")
        send(self.venues[0], when, int(Action.NEW), order_id, int(side), price, check_quantity(quantity), int(terms))

    def cancel(self, when: int, order_id: int) -> None:
        """Ask at `when` for the cancellation of an own order."""
        send(self.venues[0], when, int(Action.CANCEL), order_id, 0, 0, 0, 0)

    def replace(self, when: int, order_id: int, quantity: int, price: int) -> None:
        """Ask at `when` for another open quantity and price; smaller at the same price keeps the place in the queue."""
        send(self.venues[0], when, int(Action.REPLACE), order_id, 0, price, check_quantity(quantity), 0)

    def responses(self) -> list[Response]:
        """Return, and forget, all responses so far."""
        w = self.venues[0]
        ring, head = w["outbox"], int(w["outbox_head"])
        rows = [ring[(head + k) % len(ring)] for k in range(int(w["outbox_count"]))]
        w["outbox_head"], w["outbox_count"] = (head + len(rows)) % len(ring), 0
        return [_response(row) for row in rows]

    def fills(self) -> np.ndarray:
        """Return the FILL records so far."""
        return np.array(self.venues["execution"][0][: int(self.venues["fills"][0])])

    def prints(self) -> np.ndarray:
        """Return the market's PRINT records so far."""
        return np.array(self._prints[: int(self.venues["prints"][0])])

    def quotes(self) -> np.ndarray:
        """Return the best quotes so far, without own orders: QUOTE_PATH records."""
        return np.array(self._quotes[: int(self.venues["quotes"][0])])

    def ahead(self, order_id: int) -> int | None:
        """Return the shares of history ahead of a resting own order, None where the feed does not show them.

        InputError if the order does not rest.
        """
        w = self.venues[0]
        for own in w["own"][: int(w["live"])]:
            if int(own["id"]) == order_id:
                return None if 2 * int(own["ahead"]) >= UNSEEN else int(own["ahead"])
        raise InputError("own order", expected="one that rests", got=order_id)


def _response(row: np.void) -> Response:
    return Response(
        int(row["time"]), int(row["id"]), Answer(int(row["answer"])), Reason(int(row["reason"])),
        int(row["price2"]) / 2, int(row["quantity"]), int(row["leaves"]),
    )  # fmt: skip
