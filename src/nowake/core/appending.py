"""Files that one writer appends to: its lock, and writes that are whole or not there."""

import fcntl
import os
from pathlib import Path

from nowake.core.errors import InputError

__all__ = ["append_whole", "open_alone"]


def open_alone(path: Path, what: str) -> int:
    """Return a descriptor of `path` to read and write, made if need be, locked until it is closed.

    InputError, which names it as `what`, where another writer has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise InputError(f"{what} {path}", expected="one writer", got="another one has it") from error
    return handle


def append_whole(file: int, data: bytes) -> None:
    """Write all of `data` at the end of `file`; OSError where it cannot be, and then none of it is there."""
    begun = os.lseek(file, 0, os.SEEK_END)
    try:
        done = 0
        while done < len(data):
            done += os.write(file, data[done:])
    except OSError:
        os.ftruncate(file, begun)
        raise
