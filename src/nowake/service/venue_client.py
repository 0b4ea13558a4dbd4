"""The `Venue` seam over a socket: orders, drop copy and market data of an exchange process.

One thread, no waiting but in `status`, `run` and `settle`. What the exchange says is kept in order of its numbers; an
event told twice (after a reconnect) is dropped here, a gap in the numbers is an error: nothing may be lost unseen.
"""

import os
import select
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nowake.core.errors import InputError, MissingError, NowakeError
from nowake.core.events import EVENT, empty_events
from nowake.core.values import Side
from nowake.core.venue import Command, OrderStatus, VenueEvent
from nowake.service.wire import (
    VERSION,
    AskStatus,
    Clock,
    Data,
    Frames,
    FromVenue,
    Hello,
    Refused,
    Run,
    Said,
    Statuses,
    Welcome,
    event_of,
    frame,
    message_of,
)

__all__ = ["SessionLostError", "SocketVenue"]

_PIECE = 2**18


class SessionLostError(NowakeError, ConnectionError):
    """The venue process is gone, or has ended the session; `reason` is what it said."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"venue at {path}: {reason}")


class SocketVenue:
    """A session with the exchange at `path`; `after`: the number of the last event that the caller has kept."""

    def __init__(self, path: Path, session: str, role: str = "orders", after: int = 0, patience: float = 10.0) -> None:
        self._path, self._patience, self._frames = path, patience, Frames(FromVenue)
        self._socket = _connect(path, patience)
        self._events: list[VenueEvent] = []
        self._news: list[np.ndarray] = []
        self._answers: dict[int, Statuses] = {}
        self._request, self.last_event = 0, after
        self.now, self.closed = 0, False
        self._welcome: Welcome | None = None
        try:
            self._write(frame(Hello(VERSION, session, role, after)))
            self._until(lambda: self._welcome is not None)
        except NowakeError:
            self.close()
            raise

    @property
    def welcome(self) -> Welcome:
        """What the exchange said of itself."""
        assert self._welcome is not None
        return self._welcome

    def fileno(self) -> int:
        """Return the descriptor, for `select`."""
        return self._socket.fileno()

    def send(self, command: Command) -> None:
        """Put a command on its way."""
        self._write(frame(message_of(command)))

    def events(self) -> Sequence[VenueEvent]:
        """Return the own events that have arrived since the last call."""
        self._read(0.0)
        new, self._events = self._events, []
        return new

    def messages(self) -> np.ndarray:
        """Return the public messages (EVENT records) that have arrived since the last call; of a data session."""
        self._read(0.0)
        whole = np.concatenate(self._news) if self._news else empty_events(0)
        self._news.clear()
        return whole

    def status(self, scope: int | str | None = None) -> Sequence[OrderStatus]:
        """Ask the exchange, and wait for its answer: of an order id, of a venue's orders, of all."""
        return self.statuses(scope)[0]

    def statuses(self, scope: int | str | None = None) -> tuple[list[OrderStatus], int]:
        """Return the statuses and the number of the last event that they count in."""
        self._request += 1
        number = self._request
        self._write(frame(AskStatus(number, scope)))
        self._until(lambda: number in self._answers)
        answer = self._answers.pop(number)
        rows = [OrderStatus(row[0], Side(row[1]), *row[2:]) for row in answer.orders]
        return rows, answer.last_event

    def run(self, until: int) -> int:
        """Let the market of a clock that follows us run to `until` (ns UTC); returns its time then."""
        self._write(frame(Run(until)))
        self._until(lambda: self.now >= until or self.closed)
        return self.now

    def wait(self, seconds: float) -> bool:
        """Wait until something arrives, at most `seconds`; tells whether it did."""
        return self._read(seconds)

    def close(self) -> None:
        """End the session."""
        self._socket.close()

    def _until(self, done: Callable[[], bool]) -> None:
        limit = time.monotonic() + self._patience
        while not done():
            left = limit - time.monotonic()
            if left <= 0:
                raise SessionLostError(self._path, f"no answer within {self._patience:g} s")
            self._read(left)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                select.select([self._socket], [self._socket], [], self._patience)
                self._read(0.0)
            except OSError as error:
                self._read(0.0)  # the exchange says why before it hangs up
                raise SessionLostError(self._path, os.strerror(error.errno or 0)) from error

    def _read(self, seconds: float) -> bool:
        """Take in what has arrived, waiting at most `seconds` for the first of it."""
        if seconds > 0 and not select.select([self._socket], [], [], seconds)[0]:
            return False
        some = False
        while True:
            try:
                data = self._socket.recv(_PIECE)
            except BlockingIOError:
                return some
            except OSError as error:
                raise SessionLostError(self._path, os.strerror(error.errno or 0)) from error
            if not data:
                raise SessionLostError(self._path, "the session has ended")
            some = True
            for message in self._frames.feed(data):
                self._take(message)
            if len(data) < _PIECE:
                return some

    def _take(self, message: object) -> None:
        match message:
            case Said():
                self._said(message)
            case Clock():
                self.now, self.closed = message.now, message.closed
            case Data():
                self._news.append(np.frombuffer(message.rows, EVENT))
                self.now = max(self.now, message.now)
            case Statuses():
                self._answers[message.request] = message
            case Welcome():
                self._welcome, self.now = message, message.now
            case Refused():
                raise SessionLostError(self._path, message.reason)

    def _said(self, message: Said) -> None:
        if message.event_id <= self.last_event:
            return
        if message.event_id != self.last_event + 1:
            raise InputError("number of an own event", expected=self.last_event + 1, got=message.event_id)
        self.last_event = message.event_id
        self._events.append(event_of(message))


def _connect(path: Path, patience: float) -> socket.socket:
    """Return a connection to the socket at `path`, tried until `patience` is over."""
    limit = time.monotonic() + patience
    while True:
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            one.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            one.close()
            if time.monotonic() >= limit:
                raise MissingError(f"no venue process at {path}: start it with `nowake exchange`") from error
            time.sleep(0.02)
            continue
        one.setblocking(False)
        return one
