"""LOBSTER order-book files: per row `ask price, ask size, bid price, bid size` of level 1, 2, … after that message."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError
from nowake.data.formats.lobster_kernel import parse_matrix
from nowake.data.source import BLOCK, iter_line_blocks, read_head

__all__ = ["EMPTY", "levels_of", "read_orderbook"]

EMPTY = 9_999_999_999  # price of a level that does not exist: + on the ask side, - on the bid side, size 0


def levels_of(path: str | Path) -> int:
    """Return the number of levels of the order-book file; DataError if the first row is not 4 columns a level."""
    first = read_head(path).split(b"\n", 1)[0].removesuffix(b"\r")
    columns = first.count(b",") + 1
    if columns % 4:
        raise DataError("order-book file", path=path, line=1, expected="4 columns a level", got=f"{columns} columns")
    return columns // 4


def read_orderbook(path: str | Path, block_bytes: int = BLOCK) -> Iterator[np.ndarray]:
    """Yield int64[rows, 4 * levels] in file order; DataError with the line of the first row that is none."""
    columns = 4 * levels_of(path)
    for block, first in iter_line_blocks(path, block_bytes):
        out = np.empty((block.count(b"\n") + 1, columns), np.int64)
        rows, bad = parse_matrix(np.frombuffer(block, np.uint8), out)
        if bad >= 0:
            text = block[bad:].split(b"\n", 1)[0].removesuffix(b"\r")
            got = text.count(b",") + 1
            raise DataError(
                "order-book row",
                path=path,
                line=first + int(rows),
                expected=f"{columns} whole numbers",
                got=f"{got} columns" if got != columns else repr(text[:60])[1:],
            )
        if rows:
            yield out[:rows]
