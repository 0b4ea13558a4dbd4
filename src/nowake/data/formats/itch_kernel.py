"""Byte kernel of NASDAQ TotalView-ITCH 5.0: big-endian messages behind two-byte lengths, straight into EVENT records.

Source: NASDAQ TotalView-ITCH 5.0 specification, section 4 (message layouts).
"""

from typing import Any

import numpy as np

from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel

__all__ = ["LENGTHS", "STOCK_AT", "TRUNCATED", "UNKNOWN_TYPE", "WRONG_LENGTH", "by_type", "parse_messages"]

_SIZES = {"S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21, "A": 36, "F": 40}
_SIZES |= {"E": 31, "C": 36, "X": 23, "D": 19, "U": 35, "P": 44, "Q": 40, "B": 19, "I": 50, "N": 20, "O": 48}
_STOCKS = {"R": 11, "H": 11, "Y": 11, "L": 15, "K": 11, "J": 11, "h": 11, "A": 24, "F": 24, "P": 24, "Q": 19, "I": 28}
_STOCKS |= {"N": 11, "O": 11}

DONE, TRUNCATED, UNKNOWN_TYPE, WRONG_LENGTH = 0, 1, 2, 3
UNSEEN, OTHER = -1, -2  # of the locate table: not met yet, not the wanted symbol

_ADD, _CANCEL, _DELETE, _EXECUTE, _HIDDEN = (
    int(k) for k in (Kind.ADD, Kind.CANCEL, Kind.DELETE, Kind.EXECUTE, Kind.HIDDEN)
)
_CROSS, _HALT, _RESUME, _REPLACE, _TICK = (
    int(k) for k in (Kind.CROSS, Kind.HALT, Kind.RESUME, Kind.REPLACE, Kind.TICK)
)
_PRICED, _UNPRINTED = int(Flag.PRICED), int(Flag.UNPRINTED)
_QUOTE_ONLY, _BROKEN = int(Flag.QUOTE_ONLY), int(Flag.BROKEN)


def by_type(values: dict[str, int]) -> np.ndarray:
    """Return u1[256]: the value of each message type's letter, 0 for all others."""
    table = np.zeros(256, np.uint8)
    for letter, value in values.items():
        table[ord(letter)] = value
    return table


LENGTHS = by_type(_SIZES)
STOCK_AT = by_type(_STOCKS)


@inline
def _byte(d: Any, at: int) -> int:
    """Return the byte at `at` >= 0; an unsigned index spares the check for negative ones."""
    return int(d[np.uint64(at)])


@inline
def _u2(d: Any, at: int) -> int:
    return (_byte(d, at) << 8) | _byte(d, at + 1)


@inline
def _u4(d: Any, at: int) -> int:
    return (_byte(d, at) << 24) | (_byte(d, at + 1) << 16) | (_byte(d, at + 2) << 8) | _byte(d, at + 3)


@inline
def _u8(d: Any, at: int) -> int:
    return (_u4(d, at) << 32) | _u4(d, at + 4)


@inline
def _set(e: Any, kind: int, order_id: int, side: int, quantity: int, price: int, ref: int, flags: int) -> None:
    e.kind, e.order_id, e.side, e.quantity, e.price, e.ref = kind, order_id, side, quantity, price, ref
    e["flags"] = flags


@inline
def _direction(d: Any, at: int) -> int:
    """Return +1 for `B`, -1 for anything else (`S`)."""
    return 1 if _byte(d, at) == 66 else -1


@inline
def _halt(d: Any, m: int, e: Any) -> None:
    """Write a trading action: `T` trading, `Q` quotation only, else (`H`, `P`) halted."""
    state = _byte(d, m + 19)
    if state == 84:
        _set(e, _RESUME, 0, 0, 0, 0, 0, 0)
    elif state == 81:
        _set(e, _RESUME, 0, 0, 0, 0, 0, _QUOTE_ONLY)
    else:
        _set(e, _HALT, 0, 0, 0, 0, 0, 0)


@inline
def _decode(d: Any, m: int, letter: int, e: Any) -> None:
    """Write the message at `m` (its type's letter); everything without book change becomes a TICK."""
    if letter == 65 or letter == 70:  # A, F
        _set(e, _ADD, _u8(d, m + 11), _direction(d, m + 19), _u4(d, m + 20), _u4(d, m + 32), 0, 0)
    elif letter == 68:  # D
        _set(e, _DELETE, _u8(d, m + 11), 0, 0, 0, 0, 0)
    elif letter == 85:  # U
        _set(e, _REPLACE, _u8(d, m + 11), 0, _u4(d, m + 27), _u4(d, m + 31), _u8(d, m + 19), 0)
    elif letter == 69:  # E
        _set(e, _EXECUTE, _u8(d, m + 11), 0, _u4(d, m + 19), 0, _u8(d, m + 23), 0)
    elif letter == 88:  # X
        _set(e, _CANCEL, _u8(d, m + 11), 0, _u4(d, m + 19), 0, 0, 0)
    elif letter == 67:  # C
        flags = _PRICED | (_UNPRINTED if _byte(d, m + 31) == 78 else 0)
        _set(e, _EXECUTE, _u8(d, m + 11), 0, _u4(d, m + 19), _u4(d, m + 32), _u8(d, m + 23), flags)
    elif letter == 80:  # P
        _set(e, _HIDDEN, _u8(d, m + 11), _direction(d, m + 19), _u4(d, m + 20), _u4(d, m + 32), _u8(d, m + 36), 0)
    elif letter == 81 and _u8(d, m + 11) > 0:  # Q with shares; without any it reports that no cross took place
        _set(e, _CROSS, 0, 0, _u8(d, m + 11), _u4(d, m + 27), _u8(d, m + 31), 0)
    elif letter == 72:  # H
        _halt(d, m, e)
    elif letter == 66:  # B
        _set(e, _TICK, 0, 0, 0, 0, _u8(d, m + 11), _BROKEN)
    else:
        _set(e, _TICK, 0, 0, 0, 0, 0, 0)


@inline
def _place(d: Any, m: int, letter: int, wanted: int, tables: Any, state: Any, fresh: Any) -> int:
    """Give the stock locate of the message at `m` an index: OTHER if it is not the wanted symbol."""
    locate = _u2(d, m + 1)
    stock = int(tables[1, letter])
    if wanted != 0 and (stock == 0 or _u8(d, m + stock) != wanted):
        return OTHER if stock != 0 else UNSEEN
    index = int(state[0])
    fresh[state[1], 0], fresh[state[1], 1] = locate, m
    state[0] += 1
    state[1] += 1
    return index


@kernel
def parse_messages(
    d: Any,
    out: Any,
    where: Any,
    midnight: int,
    offset: int,
    wanted: int,
    tables: Any,
    index: Any,
    counts: Any,
    state: Any,
    fresh: Any,
) -> tuple[int, int, int]:
    """Parse the whole messages of `d` (u1) into `out` (EVENT) and `where` (i8).

    `where` is the place in the file, where `d` starts at `offset`; `midnight` in ns UTC is added to the times.

    `tables` u1[2, 256]: length and place of the stock name by type; `index` i4[65536]: instrument by stock locate;
    `counts` i8[257]: messages by type, last those of other symbols; `state` i8[2]: instruments so far, rows of `fresh`
    (i8[n, 2]: locate and position of each instrument met for the first time). `wanted`: a stock name as a big-endian
    number, 0 for all. Returns (rows, position of the first message not parsed, DONE or why).
    """
    at, rows = 0, 0
    while at + 2 < d.size:
        letter = _byte(d, at + 2)
        length = int(tables[0, letter])
        said = _u2(d, at)
        if length == 0:
            return rows, at, UNKNOWN_TYPE
        if said != 0 and said != length:  # zero: the length is left out
            return rows, at, WRONG_LENGTH
        if at + 2 + length > d.size:
            return rows, at, TRUNCATED
        m = at + 2
        locate = _u2(d, m + 1)
        slot = index[locate]
        if slot == UNSEEN and locate != 0:
            slot = _place(d, m, letter, wanted, tables, state, fresh)
            index[locate] = slot
        if slot < 0 and (locate != 0):
            counts[256] += 1
        else:
            e = out[rows]
            e.time = midnight + ((_u2(d, m + 5) << 32) | _u4(d, m + 7))
            e.instrument = max(slot, 0)
            _decode(d, m, letter, e)
            where[rows] = offset + at
            counts[letter] += 1
            rows += 1
        at = m + length
    return rows, at, DONE if at == d.size else TRUNCATED
