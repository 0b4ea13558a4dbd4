"""Asks the running trader of a journal to do something, over the socket beside it; used by the command line."""

import socket
import struct
from pathlib import Path

import msgspec

from nowake.core.errors import MissingError
from nowake.oms.journal.address import shown
from nowake.service.control_wire import LONGEST, Answer, Asked, frame, socket_of

__all__ = ["ask"]

_LENGTH = struct.Struct("<I")
_decode = msgspec.msgpack.Decoder(Answer).decode


def ask(journal: str | Path, asked: Asked, patience: float = 10.0) -> Answer:
    """Return the answer of the trader of `journal`; MissingError where none runs, or none answers in `patience` s."""
    path = socket_of(journal)
    how = "start one with `nowake trade`, or name its journal with --journal"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.settimeout(patience)
        try:
            one.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError, OSError) as error:
            raise MissingError(
                f"no trader of {shown(journal)} is running ({error.strerror or error}): {how}"
            ) from error
        try:
            one.sendall(frame(asked))
            (length,) = _LENGTH.unpack(_exactly(one, _LENGTH.size))
            return _decode(_exactly(one, min(length, LONGEST)))
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            unsure = "what was asked may have been done: see `nowake oms events`"
            raise MissingError(f"the trader of {shown(journal)} gave no answer ({error}); {unsure}") from error


def _exactly(one: socket.socket, count: int) -> bytes:
    """Return the next `count` bytes; EOFError where the trader hangs up before."""
    data = b""
    while len(data) < count:
        more = one.recv(count - len(data))
        if not more:
            raise EOFError("it has hung up")
        data += more
    return data
