"""Byte kernels of the LOBSTER formats: lines of numbers straight into records, no string is ever made."""

from typing import Any

import numpy as np

from nowake.core.jit import inline, kernel

__all__ = ["ROW_BYTES", "parse_matrix", "parse_rows"]

ROW_BYTES = 12  # the shortest row: 0,1,1,1,1,1 and its newline
COMMA, DOT, MINUS, RETURN, NEWLINE, ZERO = 44, 46, 45, 13, 10, 48
DAY = 86_400_000_000_000
MAX_QUANTITY = 2**31 - 1
HALT, RESUME, QUOTE_ONLY = 7, 8, 32
BAD = -1


@inline
def _whole(data: Any, at: int, stop: int) -> tuple[int, int]:
    """Return (value, position after `stop`) of a whole number of at most 18 digits; position BAD if there is none."""
    negative = data[np.uint64(at)] == MINUS
    if negative:
        at += 1
    start = at
    value = 0
    digit = int(data[np.uint64(at)]) - ZERO
    while 0 <= digit <= 9:
        value = value * 10 + digit
        at += 1
        digit = int(data[np.uint64(at)]) - ZERO
    if at == start or at - start > 18:
        return 0, BAD
    if stop == NEWLINE and data[np.uint64(at)] == RETURN:
        at += 1
    if data[np.uint64(at)] != stop:
        return 0, BAD
    return (-value if negative else value), at + 1


@inline
def _time(data: Any, at: int) -> tuple[int, int]:
    """Return (ns, position after the comma) of seconds with up to nine decimals; position BAD if there are none."""
    start = at
    value = 0
    digit = int(data[np.uint64(at)]) - ZERO
    while 0 <= digit <= 9:
        value = value * 10 + digit
        at += 1
        digit = int(data[np.uint64(at)]) - ZERO
    if at == start or at - start > 5:
        return 0, BAD
    places = 9
    if data[np.uint64(at)] == DOT:
        at += 1
        start = at
        digit = int(data[np.uint64(at)]) - ZERO
        while 0 <= digit <= 9:
            value = value * 10 + digit
            at += 1
            digit = int(data[np.uint64(at)]) - ZERO
        places = 9 - (at - start)
        if places < 0 or places == 9:
            return 0, BAD
    for _ in range(places):
        value *= 10
    return value, (at + 1 if value <= DAY and data[np.uint64(at)] == COMMA else BAD)


@inline
def _store(e: Any, time: int, kind: int, order_id: int, quantity: int, price: int, side: int) -> bool:
    """Write one row; False if its type, size, side or halt code is none."""
    if kind < 1 or kind > 7 or quantity > MAX_QUANTITY or quantity < -MAX_QUANTITY or (side != 1 and side != -1):
        return False
    if kind == HALT:
        if price < -1 or price > 1:
            return False
        e.kind = HALT if price == -1 else RESUME
        e["flags"] = QUOTE_ONLY if price == 0 else 0
        price, side = 0, 0
    else:
        e.kind, e["flags"] = kind, 0
    e.time, e.order_id, e.quantity, e.ref, e.instrument = time, order_id, quantity, 0, 0
    e.price, e.side = price, side
    return True


@kernel
def parse_rows(data: Any, out: Any, midnight: int) -> tuple[int, int]:
    """Parse the message rows of `data` (u1, ends with a newline) into `out` (EVENT).

    `midnight` in ns UTC is added to the times. Returns (rows, start of the first refused line, or -1).
    """
    end = data.size
    at = 0
    rows = 0
    while at < end:
        start = at
        time, at = _time(data, at)
        if at == BAD:
            return rows, start
        kind, at = _whole(data, at, COMMA)
        if at == BAD:
            return rows, start
        order_id, at = _whole(data, at, COMMA)
        if at == BAD:
            return rows, start
        quantity, at = _whole(data, at, COMMA)
        if at == BAD:
            return rows, start
        price, at = _whole(data, at, COMMA)
        if at == BAD:
            return rows, start
        side, at = _whole(data, at, NEWLINE)
        if (
            at == BAD
            or rows >= out.size
            or not _store(out[rows], time + midnight, kind, order_id, quantity, price, side)
        ):
            return rows, start
        rows += 1
    return rows, BAD


@kernel
def parse_matrix(data: Any, out: Any) -> tuple[int, int]:
    """Parse rows of whole numbers of `data` (u1, ends with a newline), out.shape[1] a row, into `out` (i8).

    Returns (rows, start of the first refused line, or -1).
    """
    end = data.size
    at = 0
    rows = 0
    last = out.shape[1] - 1
    while at < end:
        start = at
        if rows >= out.shape[0]:
            return rows, start
        for c in range(last):
            value, at = _whole(data, at, COMMA)
            if at == BAD:
                return rows, start
            out[rows, c] = value
        value, at = _whole(data, at, NEWLINE)
        if at == BAD:
            return rows, start
        out[rows, last] = value
        rows += 1
    return rows, BAD
