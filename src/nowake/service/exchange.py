"""The exchange: a simulated market as a process of its own, behind a Unix socket.

Clients come and go; orders, fills and the market go on, and outlive the process itself (`ledger_file`). A session
`orders` sends commands and hears every own event; `drop` hears the same and may send nothing (drop copy); `data` hears
what the venues publish. The clock runs by itself at `speed` times real time, or, with speed 0, follows the `Run`
messages of an orders session. What cannot be kept is not done: where the file fails, the exchange ends. A client that
lets too much wait is cut off, and may come back.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from nowake.core.errors import InputError, NowakeError
from nowake.core.times import SECOND
from nowake.core.venue import VenueEvent
from nowake.market.market import FIRST_DAY, Market
from nowake.market.preset import load, parameter_hash
from nowake.market.venue import SimulatedVenue
from nowake.service.ledger_file import LedgerFile, Made
from nowake.service.wire import (
    VERSION,
    AskStatus,
    Clock,
    Data,
    Frames,
    Hello,
    Refused,
    Run,
    Statuses,
    ToVenue,
    Welcome,
    command_of,
    frame,
    said_of,
    status_row,
)

__all__ = ["Exchange", "Server", "serve"]

_ROLES = ("orders", "drop", "data")
_TICK = 0.005  # s of real time between two looks at the clock
_LONGEST = 5 * SECOND  # of market time between two of them
_WAITING = 1 << 28  # bytes that may wait for a client


@dataclass(slots=True)
class _Session:
    """A client that has said hello."""

    name: str
    role: str
    out: asyncio.StreamWriter


class Exchange:
    """The market on `day` and what it has said; no sockets here. A file that exists is gone through first.

    `told`: the number of the last own event of the days before; numbers go on from there.
    """

    def __init__(self, kept: LedgerFile, day: date = FIRST_DAY, told: int = 0) -> None:
        self.made, self._kept, self._before = kept.made, kept, told
        preset = load(self.made.preset)
        if parameter_hash(preset) != self.made.parameters:
            raise InputError(f"preset {self.made.preset}", expected=self.made.parameters, got=parameter_hash(preset))
        self.market = Market.load(preset, self.made.seed, self.made.regime, day)
        self.market.advance(self.made.warm_up)
        self.market.messages()
        self.venue = SimulatedVenue(self.market)
        self.events = [VenueEvent(0, "past", 0, event_id=number) for number in range(1, told + 1)]
        for entry in kept.entries():
            self._advance(entry.time)
            if entry.command is not None:
                self.venue.send(entry.command)
                self._hear()

    @property
    def now(self) -> int:
        """The market's time, ns UTC."""
        return self.market.now

    @property
    def closed(self) -> bool:
        """The session is over."""
        return self.market.now >= self.market.close

    def _hear(self) -> None:
        new = self.venue.events()
        if self._before:
            new = [msgspec.structs.replace(event, event_id=event.event_id + self._before) for event in new]
        self.events.extend(new)

    def _advance(self, until: int) -> None:
        if until > self.market.now:
            self.market.advance((until - self.market.now) / SECOND)
        self._hear()

    def run(self, until: int) -> None:
        """Let the market run to `until` (ns UTC), the close at most; kept before anything of it can be told."""
        until = min(until, self.market.close)
        if until <= self.market.now:
            return
        self._kept.clock(until)
        self._advance(until)

    def send(self, command: object) -> None:
        """Carry out a command of the wire; OrderError for one that no order can be."""
        wanted = command_of(command)  # type: ignore[arg-type]
        self._kept.clock(self.market.now)
        self._kept.command(wanted)
        self.venue.send(wanted)
        self._hear()

    def statuses(self, ask: AskStatus) -> Statuses:
        """Answer a question."""
        rows = [status_row(status) for status in self.venue.status(ask.scope)]
        return Statuses(ask.request, self.market.now, len(self.events), rows)

    def welcome(self, speed: float) -> Welcome:
        """Return what a client is told first."""
        venues = [(v.name, v.kind, v.maker_fee, v.taker_fee) for v in self.market.venues()]
        return Welcome(
            VERSION, self.made.instance, self.market.preset.name, self.now, self.market.close, speed, venues,
            len(self.events),
        )  # fmt: skip

    def news(self) -> Iterator[np.ndarray]:
        """Yield what the venues have published since the last call (EVENT records)."""
        rows = self.market.messages()
        self.market.trades()
        if len(rows):
            yield rows


class Server:
    """The sockets of an exchange; `failed` ends with the error where its file cannot be written any more."""

    def __init__(self, exchange: Exchange, speed: float) -> None:
        self._exchange, self._speed = exchange, speed
        self._sessions: list[_Session] = []
        self._told = len(exchange.events)
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def meet(self, reader: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        """Serve one client until it goes, or does what it may not."""
        frames, session = Frames(ToVenue), None
        try:
            while data := await reader.read(2**16):
                for message in frames.feed(data):
                    if session is None:
                        session = self._begin(message, out)
                    else:
                        self._hear(session, message)
                self._tell()
                await out.drain()
        except NowakeError as error:
            out.write(frame(Refused(str(error))))
        except ConnectionError:
            pass
        except OSError as error:
            if not self.failed.done():
                self.failed.set_exception(error)
        finally:
            if session in self._sessions:
                self._sessions.remove(session)
            with contextlib.suppress(ConnectionError):
                out.close()

    def _begin(self, message: object, out: asyncio.StreamWriter) -> _Session:
        if not isinstance(message, Hello):
            raise InputError("first message", expected="Hello", got=type(message).__name__)
        if message.version != VERSION:
            raise InputError("version of the wire", expected=VERSION, got=message.version)
        if message.role not in _ROLES:
            raise InputError("role", expected=", ".join(_ROLES), got=message.role)
        if not 0 <= message.after <= len(self._exchange.events):
            raise InputError("last event", expected=f"0 to {len(self._exchange.events)}", got=message.after)
        self._tell()
        session = _Session(message.session, message.role, out)
        out.write(frame(self._exchange.welcome(self._speed)))
        if message.role == "data":
            out.write(frame(Data(self._exchange.now, self._exchange.market.books().tobytes(), snapshot=True)))
        else:
            for event in self._exchange.events[message.after :]:
                out.write(frame(said_of(event)))
            out.write(frame(Clock(self._exchange.now, self._exchange.closed)))
        self._sessions.append(session)
        return session

    def _hear(self, session: _Session, message: object) -> None:
        if isinstance(message, AskStatus):
            self._tell()
            session.out.write(frame(self._exchange.statuses(message)))
        elif session.role != "orders":
            raise InputError(f"message of a {session.role} session", expected="AskStatus", got=type(message).__name__)
        elif isinstance(message, Run):
            if self._speed:
                raise InputError("message", expected="none: this clock runs by itself", got="Run")
            self._exchange.run(message.until)
            self._tell()
        elif isinstance(message, Hello):
            raise InputError("message", expected="a command", got="a second Hello")
        else:
            self._exchange.send(message)

    def _tell(self) -> None:
        """Tell every session what is new, then the time."""
        exchange = self._exchange
        events = exchange.events[self._told :]
        self._told = len(exchange.events)
        own = b"".join(frame(said_of(event)) for event in events)
        clock = frame(Clock(exchange.now, exchange.closed))
        news = b"".join(frame(Data(exchange.now, rows.tobytes())) for rows in exchange.news())
        for session in self._sessions:
            if session.out.is_closing():
                continue
            if session.out.transport.get_write_buffer_size() > _WAITING:
                session.out.transport.abort()
                continue
            session.out.write((news if session.role == "data" else own) + clock)

    async def until_it_fails(self, *others: Coroutine[Any, Any, None]) -> None:
        """Run `others` and wait: raises what one of them, or keeping the file, raises; runs on when they are done."""
        tasks = {self.failed, *(asyncio.ensure_future(one) for one in others)}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()

    def hang_up(self) -> None:
        """End every session at once."""
        for session in self._sessions:
            session.out.transport.abort()

    async def run(self) -> None:
        """Let the clock run by itself until the session is over."""
        loop = asyncio.get_running_loop()
        before = loop.time()
        while not self._exchange.closed:
            await asyncio.sleep(_TICK)
            now = loop.time()
            passed = min(int((now - before) * self._speed * SECOND), _LONGEST)
            before = now
            self._exchange.run(self._exchange.now + passed)
            self._tell()


async def serve(made: Made, folder: Path, speed: float, ready: object = None) -> None:
    """Serve the market `made` at `folder`/venue.sock until cancelled; its memory is `folder`/venue.log.

    NowakeError where that file cannot be written any more.
    """
    kept = LedgerFile(folder / "venue.log", made)
    exchange = Exchange(kept)
    server = Server(exchange, speed)
    path = folder / "venue.sock"
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listening = await asyncio.start_unix_server(server.meet, str(path))
    path.chmod(0o600)
    if callable(ready):
        ready()
    try:
        try:
            await server.until_it_fails(*([server.run()] if speed else []))
        except OSError as error:
            raise NowakeError(f"exchange: {kept.path} cannot be written: {error.strerror or error}") from error
        finally:
            listening.close()
            server.hang_up()
    finally:
        kept.close()
