"""What a person asks of a running trader, and its answer: msgpack frames over a Unix socket beside the journal.

Framed as `wire` frames: a length (4 bytes, little endian) and one tagged, array-like struct. Fields may be added at
the end. Nothing heavy is imported here: the command line needs it.
"""

import struct
from pathlib import Path

import msgspec

from nowake.core.errors import InputError
from nowake.oms.journal.address import base_of

__all__ = ["LONGEST", "Answer", "Asked", "check_signed", "frame", "socket_of"]

LONGEST = 2**16  # bytes of a question
_LENGTH = struct.Struct("<I")
_ENCODER = msgspec.msgpack.Encoder()


class Asked(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """A control: `what` is to happen to `target` (client id, order id, ``all``, a scope), by whom and why."""

    what: str
    target: str = "all"
    value: str = ""
    who: str = ""
    why: str = ""


class Answer(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """Whether it was `done`, what there is to say, the orders (their ids) that were changed, and a hint."""

    done: bool
    words: str
    orders: tuple[str, ...] = ()
    hint: str = ""


def check_signed(asked: Asked, what: str) -> None:
    """Refuse a control that does not say who asks for it, and why."""
    missing = [name for name, text in (("who", asked.who), ("why", asked.why)) if not text.strip()]
    if missing:
        raise InputError(what, expected="who asks for it, and why", got=f"no {' and no '.join(missing)}")


def frame(message: Asked | Answer) -> bytes:
    """Return `message` as a frame."""
    body = _ENCODER.encode(message)
    return _LENGTH.pack(len(body)) + body


def socket_of(journal: str | Path) -> Path:
    """Return where the trader of `journal` listens."""
    return base_of(journal).with_suffix(".control")
