"""The control socket: several clients, private, and nobody who is slow, broken or loud delays the trader."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from nowake.core.errors import InputError, MissingError
from nowake.execution.desk_state import Hands
from nowake.oms.errors import JournalError
from nowake.service.control_client import ask
from nowake.service.control_server import ControlServer
from nowake.service.control_wire import LONGEST, Answer, Asked, frame, socket_of
from nowake.service.wire import Frames

from .control_world import World, buy


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, [buy("P"), buy("Q")], monkeypatch)
    made.trader.add(ControlServer(made.trader))
    made.run(2.0)
    yield made
    made.trader._opened.close()
    Client.close_all()


class Client:
    """A person at the socket, in this thread."""

    made: ClassVar[list[socket.socket]] = []

    @classmethod
    def close_all(cls) -> None:
        while cls.made:
            cls.made.pop().close()

    def __init__(self, world: World) -> None:
        self.world, self.frames = world, Frames(Answer)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(socket_of(world.folder / "journal.db")))
        self.socket.setblocking(False)
        self.made.append(self.socket)

    def send(self, *asked: Asked) -> None:
        self.socket.sendall(b"".join(map(frame, asked)))

    def read(self) -> list[Any]:
        """What has been answered; OSError or EOFError where the trader has hung up."""
        data = self.socket.recv(2**20)
        if not data:
            raise EOFError
        return list(self.frames.feed(data))

    @property
    def gone(self) -> bool:
        try:
            return self.socket.recv(1) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True


def serving(world: World) -> ControlServer:
    return next(one for one in world.trader.attendants if isinstance(one, ControlServer))


def pause(target: str = "P") -> Asked:
    return Asked("pause", target, "", "ann", "a test")


def test_a_control_is_heard_answered_and_in_force(world: World) -> None:
    one, other = Client(world), Client(world)
    one.send(pause("P"))
    other.send(pause("Q"), Asked("resume", "Q", "", "bob", "a test"))
    world.trader.step(0.0)
    (answer,) = one.read()
    assert answer.done
    assert [each.done for each in other.read()] == [True, True]
    assert world.trader.path.desk["hands"].tolist() == [Hands.PAUSED, Hands.ALGORITHM]


def test_the_socket_is_private_and_goes_with_its_trader(world: World) -> None:
    path = world.folder / "journal.control"
    assert path.stat().st_mode & 0o777 == 0o600
    client = Client(world)
    world.trader.step(0.0)
    world.stop()
    assert not path.exists()
    assert client.gone


def test_a_socket_that_a_killed_trader_has_left_is_taken_over(world: World) -> None:
    left = world.folder / "journal.control"
    world.trader.attendants.clear()
    again = ControlServer(world.trader)  # as after a kill: the file is there, nobody listens
    world.trader.add(again)
    assert left.exists()
    client = Client(world)
    client.send(pause())
    world.trader.step(0.0)
    assert client.read()[0].done


@pytest.mark.parametrize(
    "data",
    [b"\x01\x00\x00\x00\xc1", b"\xff\xff\xff\xff", frame(Answer(True, "no question")), b"GET / HTTP/1.1\r\n\r\n" * 9,
     struct.pack("<I", LONGEST + 4) + b"x" * (LONGEST + 2)],
)  # fmt: skip
def test_a_client_that_asks_nothing_is_let_go_and_others_are_heard(world: World, data: bytes) -> None:
    bad, good = Client(world), Client(world)
    bad.socket.setblocking(True)
    sender = threading.Thread(target=_send, args=(bad.socket, data))
    sender.start()
    good.send(pause())
    for _ in range(20):
        world.trader.step(0.0)
        time.sleep(0.001)
    sender.join()
    bad.socket.setblocking(False)
    assert bad.gone
    assert good.read()[0].done


def _send(one: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        one.sendall(data)


def test_half_a_question_waits_for_its_other_half(world: World) -> None:
    client, data = Client(world), frame(pause())
    for part in (data[:3], data[3:9], data[9:]):
        assert int(world.row["hands"]) == Hands.ALGORITHM
        client.socket.sendall(part)
        world.trader.step(0.0)
    assert client.read()[0].done


def test_a_client_that_asks_much_is_heard_a_little_at_a_time(world: World) -> None:
    client = Client(world)
    client.send(*[Asked("cap", "P", "10%", "ann", str(k)) for k in range(10)])
    counts = []
    for _ in range(4):
        world.trader.step(0.0)
        with contextlib.suppress(BlockingIOError):
            counts.append(len(client.read()))
    assert counts == [4, 4, 2]


def test_a_client_that_reads_nothing_is_let_go_and_the_trader_goes_on(world: World) -> None:
    client = Client(world)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    server = serving(world)
    server._answer = lambda _: Answer(False, "x" * 60_000)  # type: ignore[method-assign]
    for _ in range(12):
        with contextlib.suppress(OSError):
            client.send(pause())
        world.trader.step(0.0)
    assert server._clients == []


def test_too_many_clients_are_turned_away_and_gone_ones_make_room(world: World) -> None:
    clients = []
    for _ in range(18):
        clients.append(Client(world))
        world.trader.step(0.0)
    assert [client.gone for client in clients].count(True) == 2
    for client in clients:
        client.socket.close()
    world.trader.step(0.0)
    late = Client(world)
    late.send(pause())
    world.trader.step(0.0)
    assert late.read()[0].done


def test_a_journal_that_has_failed_is_told(world: World) -> None:
    client, server = Client(world), serving(world)

    def fail(_: Asked) -> Answer:
        raise JournalError("disk full")

    server.controls.apply = fail  # type: ignore[method-assign]
    client.send(pause())
    world.trader.step(0.0)
    (answer,) = client.read()
    assert (answer.done, answer.words) == (False, "the journal has failed: disk full")
    assert "could not be written down" in world.trader.alarms[-1].text


def test_the_client_of_the_command_line_asks_a_trader_that_runs(world: World) -> None:
    found: list[Answer] = []
    person = threading.Thread(target=lambda: found.append(ask(world.folder / "journal.db", pause("all"))))
    person.start()
    while person.is_alive():
        world.trader.step(0.001)
    (answer,) = found
    assert answer.done
    assert len(answer.orders) == 2


def test_no_trader_and_one_that_hangs_up_are_told(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no trader of .* is running .*nowake trade"):
        ask(tmp_path / "journal.db", pause())
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(tmp_path / "journal.control"))
    listening.listen(1)
    rude = threading.Thread(target=lambda: listening.accept()[0].close())
    rude.start()
    with pytest.raises(MissingError, match="gave no answer"):
        ask(tmp_path / "journal.db", pause())
    rude.join()
    listening.close()


def test_a_place_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    class Deep:
        class setup:  # noqa: N801
            address = tmp_path / ("d" * 120) / "journal.db"

    trader: Any = Deep()
    with pytest.raises(InputError, match="at most 107 bytes"):
        ControlServer(trader)
