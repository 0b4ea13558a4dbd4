"""One writer at a time: a lock that dies with its process, and an epoch that fences off whoever wrote before.

On disk the lock is `flock` on a file beside the journal (not for network disks that do not carry it; there the epoch
alone protects: every batch is written on the condition that the journal still has the writer's epoch).
"""

import fcntl
import os
from pathlib import Path

from nowake.oms.errors import JournalError, LeaseError

__all__ = ["FileLease", "fenced"]


def fenced(epoch: int) -> LeaseError:
    """Return the error of a writer whose journal has been taken by another."""
    return LeaseError("the journal has been taken by another writer", expected=f"epoch {epoch}", got="a later one")


class FileLease:
    """The lock on ``<journal>.lock``, held until `release` or the end of the process."""

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(journal.name + ".lock")
        try:
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise JournalError(f"the lock of journal {journal} cannot be made: {error}") from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._handle, 200, 0).decode(errors="replace").strip()
            os.close(self._handle)
            raise LeaseError(
                f"journal {journal} is in use", expected="one writer", got=holder or "another instance"
            ) from error
        os.truncate(self._handle, 0)
        os.pwrite(self._handle, f"process {os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next writer in."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
