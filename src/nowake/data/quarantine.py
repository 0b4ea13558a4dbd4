"""Quarantine files: the rows that a check refused, written beside the data as ``<file>.quarantine.csv``.

Columns: reason, line (or offset), the event's fields as read, and of text formats the raw line. The file appears when
the check is over, whole or not at all, and only if a row was refused.
"""

import csv
import glob
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from nowake.core.errors import InputError
from nowake.core.events import EVENT, Kind
from nowake.data.source import iter_lines

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

__all__ = ["Quarantine"]

_FIELDS = tuple(EVENT.names or ())


class Quarantine:
    """A sink of refused rows of the file at `path`; used as a context, an error inside leaves nothing behind.

    The file lies in `folder`, or else beside the data, or in `elsewhere` if that directory cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        place: Literal["line", "byte"],
        elsewhere: Path | None = None,
        folder: Path | None = None,
    ) -> None:
        self._source, self._place, self._elsewhere = Path(path), place, elsewhere
        self._folders = (folder,) if folder else (self._source.parent, elsewhere)
        self._file: io.TextIOWrapper | None = None
        self._temporary = self._final = Path()
        self._lines: Iterator[tuple[int, bytes]] = iter(())
        self.rows = 0

    @property
    def path(self) -> Path | None:
        """Return where the file lies or will lie; None while no row was refused."""
        return self._final if self.rows else None

    def put(self, events: np.ndarray, where: np.ndarray, reasons: list[str]) -> None:
        """Take refused rows in file order; InputError if no directory can be written."""
        if self._file is None:
            self._start()
        writer = csv.writer(self._file)  # type: ignore[arg-type]
        for event, at, reason in zip(events, where, reasons, strict=True):
            kind = Kind(int(event["kind"])).name.lower()
            fields = [kind if name == "kind" else int(event[name]) for name in _FIELDS]
            raw = [self._raw(int(at))] if self._place == "line" else []
            writer.writerow([reason, int(at), *fields, *raw])
        self.rows += len(events)

    def _start(self) -> None:
        for directory in self._folders:
            if directory is None:
                continue
            self._final = directory / f"{self._source.name}.quarantine.csv"
            self._temporary = directory / f".{self._source.name}.{os.getpid()}.tmp"
            try:
                if directory == self._elsewhere:
                    directory.mkdir(parents=True, exist_ok=True)
                self._file = self._temporary.open("w", encoding="utf-8", newline="")
                break
            except OSError:
                continue
        else:
            raise InputError(
                f"quarantine file of {self._source.name}",
                expected="a directory that can be written",
                got=" or ".join(str(d) for d in self._folders if d),
            )
        raw = ["raw"] if self._place == "line" else []
        csv.writer(self._file).writerow(["reason", "line" if raw else "offset", *_FIELDS, *raw])
        self._lines = iter_lines(self._source) if raw else iter(())

    def _raw(self, line: int) -> str:
        """Return the text of `line`; the lines asked for ascend, so the source is read once."""
        for number, text in self._lines:
            if number >= line:
                return text.decode("utf-8", "replace")
        return ""

    def __enter__(self) -> Self:
        self.tidy()
        return self

    def tidy(self) -> None:
        """Remove the unfinished files of processes that were killed."""
        for directory in filter(None, self._folders):
            _sweep(directory, self._source.name)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        self._file.close()
        if kind is None:
            self._temporary.replace(self._final)
        else:
            self._temporary.unlink(missing_ok=True)


def _sweep(directory: Path, name: str) -> None:
    """Remove the unfinished files of processes that are no longer alive."""
    for left in directory.glob(f".{glob.escape(name)}.*.tmp"):
        pid = left.name.removesuffix(".tmp").rpartition(".")[2]
        with suppress(OSError, ValueError):
            if not _alive(int(pid)):
                left.unlink()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
