"""A byte kernel for comma separated numbers: a block of whole lines to an int64 table.

`kinds[c]` says how column c is read, `scales[c]` how many digits after the point a FIXED column keeps. What does not
parse stops the kernel at its row and column; nothing is guessed.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError
from nowake.core.jit import inline, kernel

__all__ = ["CLOCK", "DATE", "FIXED", "HEX", "INT", "WORD", "parse_block"]

INT = 0  # digits with an optional minus
FIXED = 1  # decimal number times 10**scale, exact: further digits must be zero
HEX = 2  # hexadecimal digits
WORD = 3  # up to 8 bytes of text, packed little-endian; empty allowed
DATE = 4  # YYYY-MM-DD or YYYYMMDD as the number YYYYMMDD
CLOCK = 5  # HH:MM or HH:MM:SS as seconds after midnight

_DIGITS = 18  # most digits that always fit an int64
_REASONS = ("", "fewer columns", "more columns", "another character", "a longer number", "more decimals", "nothing")
_NAMES = ("a whole number", "a decimal number", "a hexadecimal number", "a word", "a date", "a clock time")


@inline
def number(block, lo, hi, scale, places):
    """Return (value, code) of the decimal text block[lo:hi]; `places` False refuses a point."""
    value, code, seen, after, i = np.int64(0), 0, 0, -1, lo
    negative = i < hi and block[i] == 45
    if negative:
        i += 1
    while i < hi:
        c = np.int64(block[i])
        i += 1
        if c == 46 and places and after < 0:
            after = 0
        elif c < 48 or c > 57:
            code = 3
        elif after == scale and after >= 0:
            if c != 48:
                code = 5
        else:
            seen += 1 if value > 0 or c != 48 else 0
            if seen <= _DIGITS:
                value = value * 10 + (c - 48)
            after += 1 if after >= 0 else 0
    if hi - lo - (1 if negative else 0) <= 0:
        code = 6
    if places:
        for _ in range(scale - max(after, 0)):
            seen += 1 if value > 0 else 0
            if seen <= _DIGITS:
                value *= 10
    if seen > _DIGITS:
        code = 4
    return (-value if negative else value), code


@inline
def clock(block, lo, hi):
    """Return (seconds, code) of HH:MM or HH:MM:SS."""
    n = hi - lo
    if n != 5 and n != 8:
        return 0, 3
    code, total = 0, np.int64(0)
    for k in range(n):
        c = np.int64(block[lo + k])
        if k == 2 or k == 5:
            code = code if c == 58 else 3
        elif c < 48 or c > 57:
            code = 3
    for part in range(2 if n == 5 else 3):
        two = np.int64(block[lo + 3 * part]) * 10 + np.int64(block[lo + 3 * part + 1]) - 528
        if two > (23 if part == 0 else 59):
            code = 3
        total = total * 60 + two
    return (total * 60 if n == 5 else total), code


@inline
def field(block, lo, hi, kind, scale):
    """Return (value, code) of one column."""
    if kind == 0 or kind == 1:
        return number(block, lo, hi, scale, kind == 1)
    if kind == 5:
        return clock(block, lo, hi)
    value, code = np.int64(0), 0
    if kind == 3:
        if hi - lo > 8:
            code = 4
        for k in range(min(hi - lo, 8)):
            value |= np.int64(block[lo + k]) << (8 * k)
        return value, code
    digits = 0
    for k in range(lo, hi):
        c = np.int64(block[k])
        if 48 <= c <= 57:
            value = value * (16 if kind == 2 else 10) + (c - 48) if digits < 15 else value
            digits += 1
        elif kind == 2 and (97 <= c <= 102 or 65 <= c <= 70):
            value = value * 16 + ((c | 32) - 87) if digits < 15 else value
            digits += 1
        elif not (kind == 4 and c == 45 and (k == lo + 4 or k == lo + 7)):
            code = 3
    if digits == 0:
        code = 6
    if (kind == 4 and digits != 8) or digits > 15:
        code = 3
    return value, code


@kernel
def parse_rows(block, kinds, scales, out, rows, status):
    """Fill out[n, columns], rows[n] (line index within the block); status = (rows, code, line index, column)."""
    i, n, line, columns = 0, 0, 0, kinds.shape[0]
    while i < block.shape[0]:
        end = i
        while end < block.shape[0] and block[end] != 10:
            end += 1
        stop = end - 1 if end > i and block[end - 1] == 13 else end
        if stop > i:
            lo, column, code = i, 0, 0
            while column < columns and code == 0:
                hi = lo
                while hi < stop and block[hi] != 44:
                    hi += 1
                out[n, column], code = field(block, lo, hi, kinds[column], scales[column])
                if code == 0:
                    column += 1
                    if column < columns and hi >= stop:
                        code = 1
                    elif column == columns and hi < stop:
                        code = 2
                    lo = hi + 1
            if code != 0:
                status[1], status[2], status[3] = code, line, column
                break
            rows[n] = line
            n += 1
        line += 1
        i = end + 1
    status[0] = n


def parse_block(block: bytes, first: int, columns: list[tuple[int, int]], path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return (int64[n, columns], line numbers int64[n]) of a block whose first line has number `first`.

    `columns` is (kind, scale) of each. Empty lines are passed over. DataError names the line, the column and what came.
    """
    data = np.frombuffer(block, np.uint8)
    most = block.count(b"\n") + 1
    table = np.array(columns, np.int64).reshape(-1, 2)
    out, rows, status = np.zeros((most, len(columns)), np.int64), np.zeros(most, np.int64), np.zeros(4, np.int64)
    parse_rows(data, table[:, 0].copy(), table[:, 1].copy(), out, rows, status)
    n, code, line, column = (int(x) for x in status)
    if code:
        text = block.split(b"\n", line + 1)[line].rstrip(b"\r").decode("ascii", "replace")
        _refuse(path, first + line, code, column, columns, text)
    return out[:n], rows[:n] + first


def _refuse(path: Path, line: int, code: int, column: int, columns: list[tuple[int, int]], text: str) -> None:
    if code <= 2:
        raise DataError("wrong number of columns", path=path, line=line, expected=len(columns), got=text.count(",") + 1)
    name = _NAMES[columns[column][0]]
    if columns[column][0] == FIXED:
        name += f" with at most {columns[column][1]} decimals"
    got = text.split(",")[column]
    raise DataError(f"column {column + 1}", path=path, line=line, expected=name, got=f"{got!r}: {_REASONS[code]}")
