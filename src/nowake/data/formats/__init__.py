"""The file formats, a module each: `sniff(head, name)` recognises a file, class `Reader` reads it.

It may import `nowake.core`, `nowake.data.source` and `nowake.data.reader`. A module is imported when a file asks
for it.
"""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from nowake.core.errors import InputError, nearest
from nowake.data.reader import Reader, ReaderOptions

__all__ = ["SEVERAL", "Format", "load", "names", "recognise"]


class Format(Protocol):
    """What a format module offers."""

    def sniff(self, head: bytes, name: str) -> bool:
        """Tell whether a file with these first decompressed bytes and this name (no .gz etc.) is of this format."""
        ...

    def Reader(self, path: Path, options: ReaderOptions) -> Reader:  # noqa: N802 - a class in every module
        """Return a reader of the file at `path`."""
        ...


# In the order in which they are asked: marks that cannot be mistaken first.
_MODULES = {
    "lobster": "nowake.data.formats.lobster",
    "itch": "nowake.data.formats.itch",
    "dbn": "nowake.data.formats.dbn",
    "iex": "nowake.data.formats.iex",
    "binance": "nowake.data.formats.binance",
    "bitstamp": "nowake.data.formats.bitstamp",
    "curve": "nowake.data.formats.curve",
    "lean": "nowake.data.formats.lean",
    "bars": "nowake.data.formats.bars",
}

SEVERAL = frozenset({"dbn", "iex"})  # their files may hold several symbols (ITCH readers choose one themselves)


def names() -> Iterable[str]:
    """Return the names of all formats."""
    return tuple(_MODULES)


def load(name: str) -> Format:
    """Return the module of format `name`; InputError with the nearest known name if there is none."""
    if name not in _MODULES:
        raise InputError(
            f"unknown format '{name}'",
            expected=f"one of {', '.join(_MODULES)}",
            got=repr(name),
            hint=nearest(name, _MODULES),
        )
    return cast("Format", import_module(_MODULES[name]))


def recognise(head: bytes, name: str) -> str | None:
    """Return the name of the first format that takes a file with this head and name for its own; None if none does."""
    return next((fmt for fmt in _MODULES if load(fmt).sniff(head, name)), None)
