"""Bytes of a data file, decompressed while streaming: plain, .gz, .zst, .xz, .bz2, .zip (a single member).

Whatever is wrong with the file (missing, a directory, empty, truncated, corrupt) is a DataError that names it.
"""

import bz2
import codecs
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from nowake.core.errors import DataError

__all__ = [
    "BLOCK",
    "iter_blocks",
    "iter_line_blocks",
    "iter_lines",
    "iter_text_blocks",
    "logical_name",
    "open_bytes",
    "read_head",
]

BLOCK = 1 << 18
_LONGEST_LINE = 1 << 26
_FEED = 1 << 14  # compressed bytes handed to the decompressor at once: bounds what one step can expand to
_BROKEN = (zlib.error, EOFError, OSError, lzma.LZMAError, zstandard.ZstdError, zipfile.BadZipFile)

_DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    ".gz": lambda: zlib.decompressobj(31),
    ".zst": lambda: zstandard.ZstdDecompressor().decompressobj(),
    ".xz": lzma.LZMADecompressor,
    ".bz2": bz2.BZ2Decompressor,
}


class _Decompressed(io.RawIOBase):
    """A readable stream over one or more compressed frames; a frame that stops early is a DataError."""

    def __init__(self, path: Path, raw: BinaryIO, make: Callable[[], Any]) -> None:
        self._path, self._raw, self._make = path, raw, make
        self._engine: Any = None
        self._ready = b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._raw.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            if not self._step():
                return 0
        n = min(len(buffer), len(self._ready))
        buffer[:n], self._ready = self._ready[:n], self._ready[n:]
        return n

    def _step(self) -> bool:
        rest = b""
        if self._engine is not None and self._engine.eof:
            rest, self._engine = self._engine.unused_data, None
        fed = rest or self._raw.read(_FEED)
        if not fed or (self._engine is None and not fed.strip(b"\0")):  # zero padding after the last frame is allowed
            return self._finish(bool(fed))
        if self._engine is None:
            self._engine = self._make()
        try:
            self._ready = self._engine.decompress(fed)
        except _BROKEN as error:
            raise DataError(
                "corrupt compressed data",
                path=self._path,
                offset=self._raw.tell(),
                expected=f"valid {self._path.suffix[1:]}",
                got=error,
            ) from error
        return True

    def _finish(self, more: bool) -> bool:
        if self._engine is not None and not self._engine.eof:
            raise DataError(
                "truncated compressed data",
                path=self._path,
                offset=self._raw.tell(),
                expected=f"the end of the {self._path.suffix[1:]} stream",
                got="the end of the file",
            )
        return more


def open_bytes(path: str | Path) -> BinaryIO:
    """Return a stream of the decompressed bytes of the file at `path`; DataError if it is missing, empty or no file."""
    path = Path(path)
    raw = _open(path)
    if path.suffix.lower() == ".zip":
        raw.close()
        return _open_zip(path)
    make = _DECOMPRESSORS.get(path.suffix.lower())
    if make is None:
        return raw
    return cast("BinaryIO", io.BufferedReader(_Decompressed(path, raw, make), BLOCK))


def _open(path: Path) -> BinaryIO:
    try:
        if path.is_dir():
            raise DataError("not a file", path=path, expected="a data file", got="a directory")
        raw = path.open("rb")
        if not raw.peek(1):
            raw.close()
            raise DataError("empty file", path=path, expected="market data", got="0 bytes")
    except OSError as error:
        raise DataError("cannot read", path=path, expected="a readable file", got=error.strerror or error) from error
    return raw


def _open_zip(path: Path) -> BinaryIO:
    try:
        with zipfile.ZipFile(path) as archive:  # the member keeps the file open until it is closed itself
            members = [m for m in archive.infolist() if not m.is_dir()]
            if len(members) != 1:
                raise DataError("zip archive", path=path, expected="one file inside", got=f"{len(members)} files")
            return cast("BinaryIO", archive.open(members[0]))
    except (*_BROKEN, NotImplementedError, RuntimeError) as error:
        raise DataError("corrupt zip archive", path=path, expected="a complete zip file", got=error) from error


def logical_name(path: str | Path) -> str:
    """Return the file's name without its compression suffix; of a zip archive the name of the member."""
    path = Path(path)
    if path.suffix.lower() == ".zip":
        try:
            with zipfile.ZipFile(path) as archive:
                names = [m.filename for m in archive.infolist() if not m.is_dir()]
        except (OSError, zipfile.BadZipFile):
            names = []
        return Path(names[0]).name if names else path.stem
    return path.stem if path.suffix.lower() in _DECOMPRESSORS else path.name


def read_head(path: str | Path, size: int = 1 << 16) -> bytes:
    """Return up to `size` decompressed bytes from the start of the file: what a format is recognised by."""
    for block in iter_blocks(path, size):
        return _without_mark(block, path)
    return b""  # pragma: no cover - iter_blocks raises on an empty file


def iter_blocks(path: str | Path, size: int = BLOCK) -> Iterator[bytes]:
    """Yield the decompressed bytes in blocks of `size` (the last may be shorter); DataError if there are none."""
    path = Path(path)
    empty = True
    with open_bytes(path) as stream:
        while block := _read(path, stream, size):
            empty = False
            yield block
    if empty:
        raise DataError("empty file", path=path, expected="market data", got="0 bytes after decompression")


def _read(path: Path, stream: BinaryIO, size: int) -> bytes:
    try:
        return stream.read(size)
    except DataError:
        raise
    except _BROKEN as error:
        raise DataError("corrupt or truncated data", path=path, expected="readable bytes", got=error) from error


def _without_mark(start: bytes, path: str | Path) -> bytes:
    """Return the start of a text file without the byte order mark of UTF-8; DataError for UTF-16."""
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise DataError("text encoding", path=path, expected="ASCII or UTF-8", got="UTF-16")
    return start.removeprefix(codecs.BOM_UTF8)


def iter_text_blocks(path: str | Path, size: int = BLOCK) -> Iterator[bytes]:
    """Yield blocks of about `size` bytes that end after a newline; a last line without a newline gets one.

    A byte order mark of UTF-8 is left out; UTF-16 is a DataError. A line longer than a block makes its block longer;
    64 MiB without a newline is a DataError (not a text file).
    """
    rest: list[bytes] = []
    waiting = 0
    for i, raw in enumerate(iter_blocks(path, size)):
        block = _without_mark(raw, path) if i == 0 else raw
        cut = block.rfind(b"\n") + 1
        if cut:
            yield b"".join((*rest, memoryview(block)[:cut]))
            rest, waiting = [], 0
        if cut < len(block):
            rest.append(block[cut:])
            waiting += len(block) - cut
        if waiting > _LONGEST_LINE:
            raise DataError("no end of line", path=path, expected="lines of text", got=f"{waiting} bytes without one")
    if rest:
        yield b"".join((*rest, b"\n"))


def iter_line_blocks(path: str | Path, size: int = BLOCK) -> Iterator[tuple[bytes, int]]:
    """Yield (block, number of its first line from 1) of `iter_text_blocks`."""
    line = 1
    for block in iter_text_blocks(path, size):
        yield block, line
        line += block.count(b"\n")


def iter_lines(path: str | Path, size: int = BLOCK) -> Iterator[tuple[int, bytes]]:
    """Yield (line number from 1, line without its newline) of every line of the file."""
    for block, first in iter_line_blocks(path, size):
        lines = block.split(b"\n")
        lines.pop()
        yield from enumerate((text.removesuffix(b"\r") for text in lines), first)
