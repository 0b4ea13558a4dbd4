"""What trader and venue process say to each other: msgpack frames over a stream socket.

A frame is a length (4 bytes, little endian) and one tagged, array-like struct: fields may be added at the end, older
readers ignore them. Prices are ticks, quantities shares, times ns UTC. `Said` carries the fields of `VenueEvent` and is
numbered without gaps by `event_id`; a client that comes back says the last number that it has kept.
"""

import struct
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from nowake.core.errors import InputError, OrderError
from nowake.core.values import Side
from nowake.core.venue import (
    Cancel,
    Command,
    MassCancel,
    New,
    OrderStatus,
    QuoteAccept,
    QuoteRequest,
    Replace,
    VenueEvent,
)

__all__ = [
    "VERSION", "AskStatus", "Clock", "Data", "Frames", "FromVenue", "Hello", "Refused", "Run", "Said", "Statuses",
    "ToVenue", "Welcome", "command_of", "event_of", "frame", "message_of", "said_of", "status_row",
]  # fmt: skip

VERSION = 1
_LENGTH = struct.Struct("<I")
_LONGEST = 64 * 2**20


class _Message(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """A message of the wire."""


class Hello(_Message, frozen=True):
    """First message of a client: `role` orders, drop (own events, read only) or data (public messages)."""

    version: int
    session: str
    role: str
    after: int = 0  # the last `event_id` that the client has kept


class Welcome(_Message, frozen=True):
    """The venue's answer: who it is, where its clock stands, its venues as (name, kind, maker fee, taker fee)."""

    version: int
    instance: str
    preset: str
    now: int
    close: int
    speed: float
    venues: list[tuple[str, str, float, float]]
    last_event: int


class SendNew(_Message, frozen=True):
    """`New`."""

    order_id: int
    side: int
    quantity: int
    price: int | None
    venue: str | None
    kind: str
    min_quantity: int


class SendCancel(_Message, frozen=True):
    """`Cancel`."""

    order_id: int


class SendReplace(_Message, frozen=True):
    """`Replace`."""

    order_id: int
    quantity: int
    price: int


class SendMassCancel(_Message, frozen=True):
    """`MassCancel`."""

    venue: str | None


class SendQuoteRequest(_Message, frozen=True):
    """`QuoteRequest`."""

    order_id: int
    side: int
    quantity: int
    dealers: list[str] | None


class SendQuoteAccept(_Message, frozen=True):
    """`QuoteAccept`."""

    order_id: int
    quote_id: int


class AskStatus(_Message, frozen=True):
    """Ask what is known: of an order id, of a venue's orders, or of all (None)."""

    request: int
    scope: int | str | None


class Run(_Message, frozen=True):
    """Let the market run up to `until` (ns UTC); for a venue whose clock follows its client."""

    until: int


class Said(_Message, frozen=True):
    """A `VenueEvent`."""

    event_id: int
    time: int
    kind: str
    order_id: int
    venue: str | None
    price: float | None
    quantity: int
    leaves: int
    fee: float
    liquidity: str | None
    reason: str | None
    quote_id: int


class Statuses(_Message, frozen=True):
    """The answer to `AskStatus`: rows of (order id, side, quantity, venue, filled, leaves, state)."""

    request: int
    now: int
    last_event: int
    orders: list[tuple[int, int, int, str | None, int, int, str]]


class Clock(_Message, frozen=True):
    """The venue's time; everything that happened until then has been told."""

    now: int
    closed: bool = False


class Data(_Message, frozen=True):
    """Public messages: EVENT records as bytes; `snapshot`: they are the books as they stand, not news."""

    now: int
    rows: bytes
    snapshot: bool = False


class Refused(_Message, frozen=True):
    """The client did what it may not; the connection ends."""

    reason: str


Send: TypeAlias = SendNew | SendCancel | SendReplace | SendMassCancel | SendQuoteRequest | SendQuoteAccept
ToVenue: TypeAlias = Hello | Send | AskStatus | Run
FromVenue: TypeAlias = Welcome | Said | Statuses | Clock | Data | Refused

_ENCODER = msgspec.msgpack.Encoder()


def frame(message: _Message) -> bytes:
    """Return `message` as a frame."""
    body = _ENCODER.encode(message)
    return _LENGTH.pack(len(body)) + body


class Frames:
    """Cuts a stream of bytes into the messages of `kinds` (ToVenue or FromVenue); InputError for anything else."""

    def __init__(self, kinds: object) -> None:
        self._decoder = msgspec.msgpack.Decoder(kinds)
        self._waiting = bytearray()

    @property
    def waiting(self) -> int:
        """How many bytes of an unfinished frame have come."""
        return len(self._waiting)

    def feed(self, data: bytes) -> Iterator[object]:
        """Take `data`, yield every message that it completes."""
        self._waiting += data
        at = 0
        try:
            while len(self._waiting) - at >= _LENGTH.size:
                (length,) = _LENGTH.unpack_from(self._waiting, at)
                if length > _LONGEST:
                    raise InputError("frame", expected=f"at most {_LONGEST} bytes", got=f"{length} bytes")
                start, end = at + _LENGTH.size, at + _LENGTH.size + length
                if len(self._waiting) < end:
                    return
                body = bytes(self._waiting[start:end])
                at = end
                yield self._decoded(body)
        finally:
            del self._waiting[:at]

    def _decoded(self, body: bytes) -> object:
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InputError("message", expected="one of the wire", got=str(error)) from error


def message_of(command: Command) -> Send:
    """Return the message of a command."""
    match command:
        case New():
            return SendNew(
                command.order_id, int(command.side), command.quantity, command.price, command.venue, command.kind,
                command.min_quantity,
            )  # fmt: skip
        case Cancel():
            return SendCancel(command.order_id)
        case Replace():
            return SendReplace(command.order_id, command.quantity, command.price)
        case MassCancel():
            return SendMassCancel(command.venue)
        case QuoteRequest():
            dealers = None if command.dealers is None else list(command.dealers)
            return SendQuoteRequest(command.order_id, int(command.side), command.quantity, dealers)
        case QuoteAccept():
            return SendQuoteAccept(command.order_id, command.quote_id)


def command_of(message: Send) -> Command:
    """Return the command of a message; OrderError for one that no order can be."""
    match message:
        case SendNew():
            return New(
                message.order_id, _side(message.side), message.quantity, message.price, message.venue, message.kind,
                message.min_quantity,
            )  # fmt: skip
        case SendCancel():
            return Cancel(message.order_id)
        case SendReplace():
            return Replace(message.order_id, message.quantity, message.price)
        case SendMassCancel():
            return MassCancel(message.venue)
        case SendQuoteRequest():
            dealers = None if message.dealers is None else tuple(message.dealers)
            return QuoteRequest(message.order_id, _side(message.side), message.quantity, dealers)
        case SendQuoteAccept():
            return QuoteAccept(message.order_id, message.quote_id)


def _side(sign: int) -> Side:
    if sign not in (1, -1):
        raise OrderError("side", expected="+1 or -1", got=sign)
    return Side(sign)


def said_of(event: VenueEvent) -> Said:
    """Return the message of an event."""
    return Said(
        event.event_id, event.time, event.kind, event.order_id, event.venue, event.price, event.quantity, event.leaves,
        event.fee, event.liquidity, event.reason, event.quote_id,
    )  # fmt: skip


def event_of(message: Said) -> VenueEvent:
    """Return the event of a message."""
    return VenueEvent(
        message.time, message.kind, message.order_id, message.venue, message.price, message.quantity, message.leaves,
        message.fee, message.liquidity, message.reason, message.quote_id, message.event_id,
    )  # fmt: skip


def status_row(status: OrderStatus) -> tuple[int, int, int, str | None, int, int, str]:
    """Return a status as a row of `Statuses`."""
    return (
        status.order_id, int(status.side), status.quantity, status.venue, status.filled, status.leaves, status.state,
    )  # fmt: skip
