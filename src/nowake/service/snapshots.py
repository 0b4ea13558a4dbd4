"""Snapshots of a running trader's journal: made by a process of their own, so that the desk never waits for one.

Whenever the journal has grown by `EVERY` events, `python -m nowake.service.snapshots` reads the journal from its
youngest snapshot on, checks the chain, and keeps a new one; the address comes on standard input. It is nice to whoever
trades on the same machine. What it cannot keep is told once; the next start takes longer then.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nowake.core.errors import NowakeError
from nowake.oms.journal.protocol import open_journal
from nowake.oms.keeper import Keeper
from nowake.oms.snapshot import advance

__all__ = ["EVERY", "Snapshots", "main"]

EVERY = 50_000  # events
_NICE = 10


class Snapshots:
    """An attendant that has a snapshot made of the journal at `address`, which `keeper` writes, every `every` events.

    `alarm` hears why one could not be made.
    """

    def __init__(self, keeper: Keeper, address: str | Path, alarm: Callable[[str], None], every: int = EVERY) -> None:
        self._oms, self._address, self._alarm, self._every = keeper.oms, str(address), alarm, every
        self._at = keeper.snapshot  # event of the youngest that was asked for
        self._process: subprocess.Popen[bytes] | None = None

    def files(self) -> Sequence[int]:
        """Return none: nothing wakes it."""
        return ()

    def attend(self, news: np.ndarray, now: int) -> None:  # noqa: ARG002
        """Begin a snapshot where one is due, and hear how the one before has ended."""
        if self._process is None:
            if self._oms.sequence - self._at >= self._every:
                self._begin()
        elif self._process.poll() is not None:
            self._over(self._process)

    def _begin(self) -> None:
        self._at = self._oms.sequence
        command = [sys.executable, "-m", "nowake.service.snapshots"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(self._address.encode())
            self._process.stdin.close()

    def _over(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        said = process.stderr.read().decode(errors="replace").strip()
        process.stderr.close()
        if process.returncode:
            last = said.rpartition("\n")[2] or f"exit code {process.returncode}"
            self._alarm(f"no snapshot of the journal could be kept ({last}): the next start takes longer")
        self._process = None

    def end(self) -> None:
        """Let go: the snapshot that is being made is not waited for, since the end of the trader makes one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stderr):
                if pipe is not None and not pipe.closed:
                    pipe.close()
            self._process = None


def main() -> int:
    """Keep a snapshot of the journal whose address stands on standard input; returns the exit code."""
    os.nice(_NICE)
    try:
        journal = open_journal(sys.stdin.read())
        try:
            advance(journal)
        finally:
            journal.close()
    except NowakeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
