"""What a venue process must not forget: its market's name and seed, every command with its time, and its clock.

An append-only file of wire frames behind a header line. A time is written before anything that happened until then is
told, so a venue that is killed and started again never contradicts what it has said: it runs the same market through
the same commands. The page cache outlives the process; a power cut at the venue is not this file's business.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from nowake.core.appending import append_whole
from nowake.core.errors import InputError
from nowake.core.venue import Command
from nowake.service.wire import Clock, Frames, Send, command_of, frame, message_of

__all__ = ["Entry", "LedgerFile", "Made"]

_SCHEMA = "nowake.exchange/1"


@dataclass(frozen=True, slots=True)
class Made:
    """Which market it is: `preset` a name or a file, `parameters` the hash of what it says."""

    instance: str
    preset: str
    parameters: str
    seed: int
    regime: str
    warm_up: float  # s that the market ran before anybody came


@dataclass(frozen=True, slots=True)
class Entry:
    """A command sent at `time` (ns UTC), or the clock that reached it (None)."""

    time: int
    command: Command | None


class LedgerFile:
    """The file of one market; `open` it with what it must be of, or make it."""

    def __init__(self, path: Path, made: Made) -> None:
        self.path, self.made = path, made
        self._entries: list[Entry] = []
        if path.exists():
            self._load()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((json.dumps({"schema": _SCHEMA, **asdict(made)}) + "\n").encode())
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    def _load(self) -> None:
        data = self.path.read_bytes()
        head, _, rest = data.partition(b"\n")
        try:
            kept = json.loads(head)
        except ValueError:
            kept = None
        if not isinstance(kept, dict):
            raise InputError(f"{self.path}", expected=f"a file of {_SCHEMA}", got=repr(head[:40]))
        wanted = {"schema": _SCHEMA, **asdict(self.made)}
        if kept != wanted:
            different = {name: kept.get(name) for name in wanted if kept.get(name) != wanted[name]}
            asked = {name: wanted[name] for name in different}
            raise InputError(f"{self.path} is of another market", expected=different, got=asked)
        frames = Frames(Clock | Send)
        now = 0
        for message in frames.feed(rest):
            if isinstance(message, Clock):
                now = message.now
                self._entries.append(Entry(now, None))
            else:
                self._entries.append(Entry(now, command_of(message)))  # type: ignore[arg-type]
        if frames.waiting:  # the last frame was cut off by a kill: it was never carried out
            os.truncate(self.path, len(data) - frames.waiting)

    def entries(self) -> Iterator[Entry]:
        """Yield what was kept when the file was opened, in order, and let go of it."""
        kept, self._entries = self._entries, []
        yield from kept

    def clock(self, now: int) -> None:
        """Keep that the clock has reached `now`."""
        append_whole(self._file, frame(Clock(now)))

    def command(self, command: Command) -> None:
        """Keep a command at the time of the last `clock`."""
        append_whole(self._file, frame(message_of(command)))

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
