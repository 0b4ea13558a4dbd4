"""Quarantine files: the rows that a check refused, written beside the data as ``<file>.quarantine.csv``.

Columns: reason, line (or offset), the event's fields as read, and of text formats the raw line. The file appears when
the check is over, whole or not at all, and only if a row was refused.
"""

import csv
import os
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

    The file lies beside the data, or in `elsewhere` if that directory cannot be written.
    """

    def __init__(self, path: str | Path, *, place: Literal["line", "byte"], elsewhere: Path | None = None) -> None:
        self._source, self._place, self._elsewhere = Path(path), place, elsewhere
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
        for directory in (self._source.parent, self._elsewhere):
            if directory is None:
                continue
            self._final = directory / f"{self._source.name}.quarantine.csv"
            self._temporary = directory / f".{self._source.name}.{os.getpid()}.tmp"
            try:
                self._file = self._temporary.open("w", encoding="utf-8", newline="")
                break
            except OSError:
                continue
        else:
            raise InputError(
                f"quarantine file of {self._source.name}",
                expected="a directory that can be written",
                got=str(self._elsewhere or self._source.parent),
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
        return self

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
