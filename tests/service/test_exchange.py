"""The venue process: the seam over a socket, what it keeps, what it refuses; a kill loses and contradicts nothing."""

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.core.errors import InputError, NowakeError
from nowake.core.times import SECOND
from nowake.core.values import Side
from nowake.core.venue import Cancel, MassCancel, New
from nowake.core.venue_conformance import check_venue
from nowake.market.preset import load, parameter_hash
from nowake.service.exchange import Exchange, serve
from nowake.service.ledger_file import LedgerFile, Made
from nowake.service.venue_client import SessionLostError, SocketVenue
from nowake.service.wire import VERSION, Clock, Frames, FromVenue, Hello, Run, Said, frame

MADE = Made("V1", "midcap", parameter_hash(load("midcap")), 7, "calm", 60.0)


class Process:
    """A venue process in a folder, its clock following its client unless `speed` says otherwise."""

    def __init__(self, folder: Path, speed: float = 0.0) -> None:
        self.folder, self.speed = folder, speed
        self.start()

    @property
    def socket(self) -> Path:
        return self.folder / "venue.sock"

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        code = f"""
import asyncio, sys
from pathlib import Path
from nowake.service.exchange import serve
from nowake.service.ledger_file import Made
asyncio.run(serve({MADE!r}, Path({str(self.folder)!r}), {self.speed}))
"""
        self.process = subprocess.Popen([sys.executable, "-c", code])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    one = Process(tmp_path)
    yield one
    one.kill()


Connect = Callable[..., SocketVenue]


@pytest.fixture
def connect() -> Iterator[Connect]:
    made: list[SocketVenue] = []

    def one(path: Path, session: str, **more: Any) -> SocketVenue:
        made.append(SocketVenue(path, session, patience=60.0, **more))
        return made[-1]

    yield one
    for each in made:
        each.close()


def ask_mid(venue: SocketVenue) -> int:
    """Return a price near the market, from the market that the process runs too."""
    return round(load("midcap").instrument.price * 100)


def test_the_seam_over_a_socket_conforms(process: Process, connect: Connect) -> None:
    venue = connect(process.socket, "t")
    name = venue.welcome.venues[1][0]
    check_venue(venue, lambda: venue.run(venue.now + SECOND // 10) and None, ask_mid(venue) - 200, name)


def test_a_killed_venue_comes_back_with_the_same_orders_events_and_market(process: Process, connect: Connect) -> None:
    venue = connect(process.socket, "t")
    away = ask_mid(venue) - 200
    venue.send(New(1, Side.BUY, 300, away, venue.welcome.venues[0][0]))
    venue.send(New(2, Side.BUY, 1_000, kind="market"))
    venue.run(venue.now + 2 * SECOND)
    before, known, now = venue.events(), venue.status(), venue.now
    process.kill()
    with pytest.raises(SessionLostError):
        venue.status()
    process.start()
    again = connect(process.socket, "t")
    assert again.status() == known  # the answer comes after what was told
    assert again.now == now
    assert again.events() == before
    again.send(Cancel(1))
    again.run(now + SECOND)
    assert [(event.kind, event.order_id) for event in again.events()] == [("cancel", 1)]


def test_a_client_that_comes_back_hears_only_what_it_has_not_kept(process: Process, connect: Connect) -> None:
    venue = connect(process.socket, "t")
    for n in (1, 2, 3):
        venue.send(New(n, Side.BUY, 100, ask_mid(venue) - 200, venue.welcome.venues[0][0]))
    venue.run(venue.now + SECOND)
    assert [event.event_id for event in venue.events()] == [1, 2, 3]
    again = connect(process.socket, "t", after=2)
    again.status()
    assert [event.order_id for event in again.events()] == [3]
    with pytest.raises(SessionLostError, match="last event"):
        connect(process.socket, "t", after=99)


def test_the_drop_copy_hears_everything_and_may_send_nothing(process: Process, connect: Connect) -> None:
    venue = connect(process.socket, "t")
    drop = connect(process.socket, "d", role="drop")
    venue.send(New(1, Side.BUY, 100, ask_mid(venue) - 200, venue.welcome.venues[0][0]))
    venue.run(venue.now + SECOND)
    venue.send(MassCancel())
    venue.run(venue.now + SECOND)
    own = venue.events()
    drop.status()
    assert drop.events() == own
    assert {event.kind for event in own} == {"ack", "cancel"}
    drop.send(MassCancel())
    with pytest.raises(SessionLostError, match="drop session"):
        drop.status()


def test_public_messages_go_on_from_the_books_that_are_sent_first(process: Process, connect: Connect) -> None:
    venue = connect(process.socket, "t")
    data = connect(process.socket, "d", role="data")
    venue.run(venue.now + 5 * SECOND)
    data.status()
    rows = data.messages()
    assert len(rows) > 100
    assert int(rows["time"].max()) <= venue.now
    assert set(np.unique(rows["instrument"])) <= set(range(len(venue.welcome.venues)))


def test_a_clock_of_its_own_runs_at_its_speed_and_takes_no_orders_to_run(tmp_path: Path, connect: Connect) -> None:
    one = Process(tmp_path, speed=60.0)
    venue = connect(one.socket, "t")
    start = venue.now
    for _ in range(200):
        venue.wait(0.05)
        if venue.now > start + 10 * SECOND:
            break
    assert venue.now > start + 10 * SECOND
    with pytest.raises(SessionLostError, match="runs by itself"):
        venue.run(venue.now + SECOND)
    one.kill()


def test_a_file_of_another_market_is_refused(tmp_path: Path) -> None:
    LedgerFile(tmp_path / "venue.log", MADE).close()
    with pytest.raises(InputError, match="another market"):
        LedgerFile(tmp_path / "venue.log", replace(MADE, seed=8))
    with pytest.raises(InputError, match="preset"):
        Exchange(LedgerFile(tmp_path / "b.log", replace(MADE, parameters="0" * 16)))


def test_a_command_cut_off_by_a_kill_was_never_sent(tmp_path: Path) -> None:
    kept = LedgerFile(tmp_path / "venue.log", MADE)
    kept.clock(5)
    kept.command(New(1, Side.BUY, 100, 10, "ALFA"))
    kept.command(New(2, Side.BUY, 100, 10, "ALFA"))
    kept.close()
    path = tmp_path / "venue.log"
    os.truncate(path, path.stat().st_size - 3)
    again = list(LedgerFile(path, MADE).entries())
    assert [(entry.time, getattr(entry.command, "order_id", None)) for entry in again] == [(5, None), (5, 1)]
    assert list(LedgerFile(path, MADE).entries()) == again


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("speed", [0.0, 60.0])
def test_an_exchange_that_cannot_keep_its_file_ends(
    tmp_path: Path, speed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LedgerFile, "clock", full)

    async def session() -> None:
        ready = asyncio.Event()
        serving = asyncio.create_task(serve(MADE, tmp_path, speed, ready.set))
        await asyncio.wait_for(ready.wait(), 60)
        reader, out = await asyncio.open_unix_connection(str(tmp_path / "venue.sock"))
        out.write(frame(Hello(VERSION, "t", "orders", 0)))
        if not speed:
            out.write(frame(Run(2**62)))
        await asyncio.wait_for(reader.read(), 60)  # until it hangs up
        out.close()
        await asyncio.wait_for(serving, 60)

    with pytest.raises(NowakeError, match="cannot be written: No space left"):
        asyncio.run(session())


def test_a_client_that_does_not_read_is_cut_off_and_the_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nowake.service.exchange._WAITING", 1 << 16)

    async def session() -> None:
        ready = asyncio.Event()
        serving = asyncio.create_task(serve(MADE, tmp_path, 0.0, ready.set))
        await asyncio.wait_for(ready.wait(), 60)
        path = str(tmp_path / "venue.sock")
        deaf, deaf_out = await asyncio.open_unix_connection(path, limit=1 << 12)
        deaf_out.write(frame(Hello(VERSION, "d", "data", 0)))
        await deaf.readexactly(1)  # it is served, and reads no more
        reader, out = await asyncio.open_unix_connection(path)
        out.write(frame(Hello(VERSION, "t", "orders", 0)))
        frames, now = Frames(FromVenue), 0
        for step in range(400):
            if step:
                out.write(frame(Run(now + SECOND)))
            while True:
                heard = list(frames.feed(await asyncio.wait_for(reader.read(1 << 16), 60)))
                times = [one.now for one in heard if isinstance(one, Clock)]
                if times and times[-1] > now:
                    now = times[-1]
                    break
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await asyncio.wait_for(deaf.readexactly(1 << 30), 60)
        out.close()
        deaf_out.close()
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    asyncio.run(session())


def test_frames_are_cut_anywhere() -> None:
    said = [Said(n, 1, "ack", n, None, None, 1, 1, 0.0, None, None, 0) for n in range(1, 4)]
    data = b"".join(map(frame, said))
    for cut in range(len(data)):
        frames = Frames(FromVenue)
        assert [*frames.feed(data[:cut]), *frames.feed(data[cut:])] == said
        assert frames.waiting == 0
    with pytest.raises(InputError, match="message"):
        list(Frames(FromVenue).feed(b"\x01\x00\x00\x00\xc1"))
    with pytest.raises(InputError, match="frame"):
        list(Frames(FromVenue).feed(b"\xff\xff\xff\xff"))
