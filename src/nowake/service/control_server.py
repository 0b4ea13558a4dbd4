"""Hears controls over a Unix socket beside the journal, for several clients; none of them can delay the trader.

The socket has mode 0600: whoever may write the journal may control its trader. A client that sends what is no control,
or does not read its answers, is let go.
"""

import contextlib
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nowake.core.errors import InputError
from nowake.oms.errors import JournalError
from nowake.service.control import Controls
from nowake.service.control_wire import LONGEST, Answer, Asked, frame, socket_of
from nowake.service.wire import Frames

if TYPE_CHECKING:
    from nowake.service.trader import Trader

__all__ = ["ControlServer"]

_CLIENTS = 16
_AT_ONCE = 4  # controls of one client in one step
_UNREAD = 2**18  # bytes of answers that a client may leave unread
_PATH = 107  # bytes that the system has for the path of a Unix socket


@dataclass(slots=True)
class _Client:
    """One connection: what has come and is not answered yet, and what it has not read."""

    socket: socket.socket
    frames: Frames = field(default_factory=lambda: Frames(Asked))
    asked: list[Asked] = field(default_factory=list)
    out: bytearray = field(default_factory=bytearray)
    over: bool = False


class ControlServer:
    """An attendant of `trader` that hears controls."""

    def __init__(self, trader: "Trader", controls: Controls | None = None) -> None:
        self.controls, self.path = controls or Controls(trader), socket_of(trader.setup.address)
        self._trader = trader
        self._clients: list[_Client] = []
        if len(os.fsencode(self.path)) > _PATH:
            got = f"{len(os.fsencode(self.path))}"
            raise InputError(f"socket {self.path}", expected=f"a path of at most {_PATH} bytes", got=got)
        self.path.unlink(missing_ok=True)  # of a trader that was killed: the journal's lease says that none is there
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._listening.bind(str(self.path))
            self.path.chmod(0o600)  # before anybody can connect
            self._listening.listen(_CLIENTS)
            self._listening.setblocking(False)
        except OSError:
            self._listening.close()
            raise

    def files(self) -> Sequence[int]:
        """Return the descriptors that wake the trader."""
        return [self._listening.fileno(), *(one.socket.fileno() for one in self._clients)]

    def attend(self, news: np.ndarray, now: int) -> None:  # noqa: ARG002
        """Hear what has come, carry it out, and answer; nothing here waits for a client."""
        self._meet()
        for one in self._clients:
            self._read(one)
            for asked in one.asked[:_AT_ONCE]:
                one.out += frame(self._answer(asked))
            del one.asked[:_AT_ONCE]
            self._write(one)
        for one in [one for one in self._clients if one.over]:
            one.socket.close()
            self._clients.remove(one)

    def end(self) -> None:
        """Close every connection, and take the socket away."""
        for one in self._clients:
            one.socket.close()
        self._clients.clear()
        self._listening.close()
        self.path.unlink(missing_ok=True)

    def _answer(self, asked: Asked) -> Answer:
        try:
            return self.controls.apply(asked)
        except JournalError as error:
            self._trader.alarm(f"a control could not be written down: {error}")
            return Answer(False, f"the journal has failed: {error}")

    def _meet(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                one, _ = self._listening.accept()
                if len(self._clients) >= _CLIENTS:
                    one.close()
                    continue
                one.setblocking(False)
                self._clients.append(_Client(one))

    def _read(self, one: _Client) -> None:
        """Take in what a client has said; no more while it has said enough for now."""
        if len(one.asked) >= _AT_ONCE:
            return
        try:
            data = one.socket.recv(LONGEST)
            one.over = not data
            one.asked += [asked for asked in one.frames.feed(data) if isinstance(asked, Asked)]
        except BlockingIOError:
            return
        except (OSError, InputError):
            one.over = True
        one.over |= one.frames.waiting > LONGEST

    def _write(self, one: _Client) -> None:
        try:
            while one.out:
                del one.out[: one.socket.send(one.out)]
        except BlockingIOError:
            one.over |= len(one.out) > _UNREAD
        except OSError:
            one.over = True
