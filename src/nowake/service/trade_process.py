"""The venue process as its trade holds it: started, let go, watched, ended."""

import contextlib
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from nowake.core.errors import MissingError

__all__ = ["VenueProcess"]

_PATIENCE = 600.0  # s for a start; the first one on a machine compiles


class VenueProcess:
    """The venue of the trade in `folder` at `speed` times real time (0: its clock follows its client)."""

    def __init__(self, folder: Path, speed: float) -> None:
        self.log = folder / "venue.txt"
        self._place = Path(tempfile.mkdtemp(prefix="nowake-"))  # a socket's path is short
        self.socket = self._place / "venue.sock"
        command = [sys.executable, "-m", "nowake.service.trade_venue", str(folder), str(self.socket), repr(speed)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )

    def __enter__(self) -> Self:
        try:
            self._wait()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _wait(self) -> None:
        """Wait until it listens; MissingError if it does not."""
        limit, out = time.monotonic() + _PATIENCE, self.process.stdout
        assert out is not None
        while time.monotonic() < limit:
            if select.select([out], [], [], 0.2)[0]:
                if out.readline() == b"listening\n":
                    return
                self.process.wait()
                break
        raise MissingError(f"the venue process did not start: {self.last_words() or 'it said nothing'}")

    def go(self) -> None:
        """Let its clock run."""
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(b"go\n")
                self.process.stdin.flush()

    def last_words(self) -> str:
        """Return the last line that it wrote about itself."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def how_it_ended(self, patience: float = 2.0) -> str:
        """Return in words how it has ended; empty while it runs."""
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return ""
        words = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return f"{words}: {self.last_words()}" if code > 0 and self.last_words() else words

    def end(self) -> None:
        """End it; its memory stays."""
        with contextlib.suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()
        try:
            self.process.wait(5.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        shutil.rmtree(self._place, ignore_errors=True)
