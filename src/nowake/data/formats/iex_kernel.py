"""A byte kernel for IEX messages: DEEP 1.0 and TOPS 1.6 payloads to EVENT records.

Sources: IEX DEEP Specification 1.0 and IEX TOPS Specification 1.6: little-endian, prices in 1/10,000 dollar, times in
nanoseconds since 1970 UTC, symbols of 8 bytes padded with spaces. Every message is `length u2, type u1, byte u1, time
i8, …`. The symbol table lives in caller's arrays: `keys` (open addressing on the 8 bytes), `slots` (its indices),
`symbols` (in order of appearance), `halted` and `lots` by index.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from typing import Any

import numpy as np

from nowake.core.jit import inline, kernel

__all__ = ["SYMBOLS", "decode"]

SYMBOLS = 1 << 16  # slots of the symbol table; half may be used


@inline
def unsigned(buffer, at, n):
    """Return the little-endian integer of `n` bytes."""
    value = np.int64(0)
    for k in range(n):
        value |= np.int64(buffer[at + k]) << (8 * k)
    return value


@inline
def symbol_index(buffer, at, keys, slots, symbols, state):
    """Return the index of the symbol at `at`, a new one if it was not seen; -1 when the table is full."""
    key = unsigned(buffer, at, 8)
    slot = (key ^ (key >> 13) ^ (key >> 27) ^ (key >> 43)) & (keys.shape[0] - 1)
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & (keys.shape[0] - 1)
    if keys[slot] == 0:
        if 2 * (state[1] + 1) > keys.shape[0]:
            return np.int64(-1)
        keys[slot], slots[slot], symbols[state[1]] = key, state[1], key
        state[1] += 1
    return slots[slot]


@inline
def put(events, where, n, time, index, place):
    """Start row n: TICK of `index` at `time`, seen at byte `place`."""
    e = events[n]
    e["time"], e["order_id"], e["price"], e["quantity"], e["ref"] = time, 0, 0, 0, 0
    e["instrument"], e["kind"], e["side"], e["flags"] = index, 14, 0, 0
    where[n] = place
    return e


@inline
def size_of(kind):
    """Return the least length of a message of type `kind`, 10 where it is not ours."""
    if kind == 72:  # H trading status
        return 22
    if kind == 79 or kind == 69:  # O operational halt, E security event
        return 18
    if kind == 80:  # P short sale price test
        return 19
    if kind == 68:  # D security directory
        return 31
    if kind == 56 or kind == 53:  # 8, 5 price level update
        return 30
    if kind == 81:  # Q quote update
        return 42
    if kind == 84 or kind == 66:  # T trade report, B trade break
        return 38
    if kind == 88:  # X official price
        return 26
    if kind == 65:  # A auction information
        return 80
    return 10


@inline
def message(buffer, at, kind, events, where, n, place, tables, state):
    """Write the events of the message whose type byte is at `at`; return how many (0: symbol table full)."""
    keys, slots, symbols, halted, lots = tables
    what = buffer[at + 1]
    known = size_of(kind) > 10
    index = symbol_index(buffer, at + 10, keys, slots, symbols, state) if known else np.int64(0)
    if index < 0:
        return 0
    e = put(events, where, n, unsigned(buffer, at + 2, 8), index, place)
    e["ref"] = what
    if kind == 53 or kind == 56:
        e["kind"], e["side"], e["ref"] = 11, (1 if kind == 56 else -1), 0
        e["quantity"], e["price"] = unsigned(buffer, at + 18, 4), unsigned(buffer, at + 22, 8)
        e["flags"] = 16 if what & 1 else 0
    elif kind == 81:
        e["kind"], e["side"], e["ref"] = 12, 1, 0
        e["quantity"], e["price"] = unsigned(buffer, at + 18, 4), unsigned(buffer, at + 22, 8)
        e = put(events, where, n + 1, e["time"], index, place)
        e["kind"], e["side"], e["flags"] = 12, -1, 16
        e["quantity"], e["price"] = unsigned(buffer, at + 38, 4), unsigned(buffer, at + 30, 8)
        return 2
    elif kind == 84 or kind == 66:
        e["kind"] = 6 if what & 8 else 13
        e["flags"] = 16 | (512 if what & 32 else 0) | (1024 if kind == 66 else 0)
        e["quantity"], e["price"] = unsigned(buffer, at + 18, 4), unsigned(buffer, at + 22, 8)
        e["ref"] = unsigned(buffer, at + 30, 8)
    elif kind == 72:
        e["kind"] = 7 if what == 72 else 8
        e["flags"] = 0 if what == 72 or what == 84 else 32
    elif kind == 79:
        if what == 79:
            e["kind"] = 7
        elif halted[index]:
            e["kind"] = 8
        halted[index] = what == 79
    elif kind == 68:
        lots[index] = unsigned(buffer, at + 18, 4)
    elif kind == 88:
        e["price"] = unsigned(buffer, at + 18, 8)
    elif kind != 83 and not known:
        state[2] += 1
    return 1


@kernel
def decode(
    buffer: np.ndarray,
    starts: np.ndarray,
    counts: np.ndarray,
    ends: np.ndarray,
    places: np.ndarray,
    events: np.ndarray,
    where: np.ndarray,
    tables: Any,
    state: np.ndarray,
) -> None:
    """Decode segments: payload i is buffer[starts[i]:ends[i]], `places[i]` its byte in the file, `counts[i]` messages.

    state: rows written, symbols known, messages of unknown type, error (1 message leaves its segment, 2 shorter than
    its type, 3 too many symbols, 4 bytes left over), byte of the error, type of the message.
    """
    n = 0
    for i in range(starts.shape[0]):
        at = starts[i]
        for _ in range(counts[i]):
            place = places[i] + at - starts[i]
            size = np.int64(0)
            if at + 2 <= ends[i]:
                size = unsigned(buffer, at, 2)
            if at + 2 + size > ends[i] or size == 0:
                state[3], state[4] = 1, place
                break
            kind = buffer[at + 2]
            state[5] = kind
            if size < size_of(kind):
                state[3], state[4] = 2, place
                break
            made = message(buffer, at + 2, kind, events, where, n, place, tables, state)
            if made == 0:
                state[3], state[4] = 3, place
                break
            n += made
            at += 2 + size
        if state[3] == 0 and at != ends[i]:
            state[3], state[4] = 4, places[i] + at - starts[i]
        if state[3] != 0:
            break
    state[0] = n
