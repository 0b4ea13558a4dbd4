"""Reads a book's record in plain Python and checks that it is sound: every chain, sum, bit, id and free slot.

Tests call it after random operations; it is also the way to look into a record by hand.
"""

from typing import Any

import numpy as np

from nowake.book.state import LIVE, PEG

__all__ = ["audit", "pegs", "queues"]

Row = tuple[int, ...]
_FIELDS = ("id", "price", "quantity", "taken", "seq", "reserve", "display", "owner", "side", "status")


def _chain(book: Any, head: int) -> list[int]:
    """Return the slots of a chain from its head; ValueError if `prev` and `next` disagree."""
    slots, before = [], 0
    while head:
        if int(book["order"][head]["prev"]) != before:
            raise ValueError(f"slot {head}: prev is {book['order'][head]['prev']}, expected {before}")
        slots.append(head)
        before, head = head, int(book["order"][head]["next"])
    return slots


def _row(book: Any, slot: int) -> Row:
    return tuple(int(book["order"][slot][name]) for name in _FIELDS)


def _level_slots(book: Any, h: int) -> dict[int, list[int]]:
    """Return the slots of every non-empty level of half `h` by key, from the `count` fields alone."""
    n = len(book["level"]) // 2
    floor = int(book["floor"][h])
    found = {}
    for i in np.flatnonzero(book["level"]["count"][h * n : (h + 1) * n]):
        key = floor + (int(i) - floor) % n
        found[key] = _chain(book, int(book["level"][h * n + i]["head"]))
    return found


def queues(book: Any) -> dict[tuple[int, int], list[Row]]:
    """Return the displayed orders in queue order by (side, price): id, price, quantity, taken, seq, reserve, ..."""
    found: dict[tuple[int, int], list[Row]] = {}
    for h, side in ((0, 1), (1, -1)):
        for key, slots in _level_slots(book, h).items():
            found[side, side * key] = [_row(book, s) for s in slots]
        for slot in _chain(book, int(book["far_head"][h])):
            row = _row(book, slot)
            found.setdefault((side, row[1]), []).append(row)
    return found


def pegs(book: Any, side: int) -> list[Row]:
    """Return the mid-pegs of `side`, first come first."""
    return [_row(book, s) for s in _chain(book, int(book["peg_head"][int(side < 0)]))]


def audit(book: Any) -> list[str]:
    """Return what is wrong with the record `book`, nothing if it is sound."""
    wrong: list[str] = []
    seen: list[int] = []
    for h in (0, 1):
        levels = _level_slots(book, h)
        far = _chain(book, int(book["far_head"][h]))
        waiting = _chain(book, int(book["peg_head"][h]))
        seen += [s for slots in levels.values() for s in slots] + far + waiting
        wrong += _check_half(book, h, levels, far)
        wrong += [f"peg {s} is not a live peg" for s in waiting if int(book["order"][s]["status"]) != LIVE | PEG]
        if len(waiting) != book["peg_count"][h]:
            wrong.append(f"half {h}: peg_count {book['peg_count'][h]}, chain {len(waiting)}")
    wrong += _check_slots(book, seen)
    return wrong + _check_table(book, seen)


def _check_half(book: Any, h: int, levels: dict[int, list[int]], far: list[int]) -> list[str]:
    wrong = []
    n, orders = len(book["level"]) // 2, book["order"]
    for key, slots in levels.items():
        v, side = book["level"][h * n + key % n], 1 - 2 * h
        got = (v["count"], v["quantity"], v["taken"], v["tail"])
        want = (
            len(slots),
            sum(orders[s]["quantity"] for s in slots),
            sum(orders[s]["taken"] for s in slots),
            slots[-1],
        )
        if tuple(map(int, got)) != tuple(map(int, want)):
            wrong.append(f"level {side} {side * key}: {got}, expected {want}")
        if any(int(orders[s]["side"]) != side or int(orders[s]["price"]) != side * key for s in slots):
            wrong.append(f"level {side} {side * key}: holds an order of another price or side")
        if list(orders[slots]["seq"]) != sorted(orders[slots]["seq"]):
            wrong.append(f"level {side} {side * key}: not in time priority")
    floor = int(book["floor"][h])
    if any(int(orders[s]["side"]) * int(orders[s]["price"]) >= floor for s in far):
        wrong.append(f"half {h}: a far order lies inside or above the window")
    if len(far) != book["far_count"][h] or book["resting"][h] != len(far) + sum(map(len, levels.values())):
        wrong.append(f"half {h}: counts are wrong")
    if book["resting"][h] and (not levels or int(book["best"][h]) != max(levels)):
        wrong.append(f"half {h}: best {book['best'][h]}, expected {max(levels, default=None)}")
    return wrong + _check_bits(book, h, {key % n for key in levels})


def _bits(words: Any) -> set[int]:
    return {64 * i + k for i, w in enumerate(words) for k in range(64) if int(w) >> k & 1}


def _check_bits(book: Any, h: int, used: set[int]) -> list[str]:
    words, mids = len(book["word"]) // 2, len(book["mid"]) // 2
    storeys = (
        ("word", _bits(book["word"][h * words : (h + 1) * words]), used),
        ("mid", _bits(book["mid"][h * mids : (h + 1) * mids]), {i >> 6 for i in used}),
        ("top", _bits(book["top"][h : h + 1]), {i >> 12 for i in used}),
    )
    return [f"half {h}: bitmap {name} is wrong" for name, got, want in storeys if got != want]


def _check_slots(book: Any, seen: list[int]) -> list[str]:
    wrong = []
    fresh, orders = int(book["fresh"]), book["order"]
    live = [s for s in range(1, fresh + 1) if int(orders[s]["status"]) & LIVE]
    if sorted(seen) != live or len(live) != book["live"]:
        wrong.append(f"live slots {live}, in chains {sorted(seen)}, counted {book['live']}")
    free, slot = [], int(book["free"])
    while slot:
        free.append(slot)
        slot = int(orders[slot]["next"])
    if sorted(free + live) != list(range(1, fresh + 1)):
        wrong.append("free and live slots do not add up")
    return wrong


def _check_table(book: Any, seen: list[int]) -> list[str]:
    size = int(book["mask"]) + 1
    held = sorted(int(t) & (2**32 - 1) for t in book["table"][:size] if t)
    want = sorted(s for s in seen if int(book["order"][s]["id"]))
    return [] if held == want else [f"id table holds {held}, expected {want}"]
