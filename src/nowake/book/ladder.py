"""The ladder of a side: a ring of level queues with a three-storey bitmap, a window that slides, and a far chain.

Everything works on keys (``side * price``, see `state`): higher is better on both sides. Finding the next non-empty
level reads at most three words, however sparse the prices are. The window of a side always holds its best key; orders
below the window hang in the far chain in arrival order. A slide demotes the queues that leave (their order kept) and
promotes the far orders that enter, so nothing is ever dropped.
"""

from typing import Any

import numpy as np

from nowake.book.bits import bit, highest, up_to
from nowake.book.state import NO_KEY, NONE, half
from nowake.core.jit import inline, kernel

__all__ = [
    "best_key",
    "far_best",
    "first_at",
    "in_window",
    "index_of",
    "link",
    "next_at",
    "next_key",
    "slide",
    "unlink",
]


@inline
def index_of(b: Any, h: Any, key: Any) -> Any:
    """Return the index into `level` of a key in the window of half `h`."""
    n = b.level.shape[0] >> 1
    return h * n + (key & (n - 1))


@inline
def in_window(b: Any, h: Any, key: Any) -> Any:
    """Tell whether the window of half `h` covers `key`."""
    up = key - b.floor[h]
    return 0 <= up < b.level.shape[0] >> 1


@inline
def best_key(b: Any, h: Any) -> Any:
    """Return the best key of half `h`, NO_KEY where it is empty."""
    return b.best[h] if b.resting[h] > 0 else NO_KEY


@inline
def _mark(b: Any, h: Any, i: Any) -> Any:
    """Set the bit of ring index `i` on all storeys."""
    words, mids = b.word.shape[0] >> 1, b.mid.shape[0] >> 1
    w, m = i >> 6, i >> 12
    b.word[h * words + w] |= bit(i & 63)
    b.mid[h * mids + m] |= bit(w & 63)
    b.top[h] |= bit(m)


@inline
def _unmark(b: Any, h: Any, i: Any) -> Any:
    """Clear the bit of ring index `i`, upwards as far as words become empty."""
    words, mids = b.word.shape[0] >> 1, b.mid.shape[0] >> 1
    w, m = i >> 6, i >> 12
    b.word[h * words + w] ^= bit(i & 63)
    if b.word[h * words + w] == 0:
        b.mid[h * mids + m] ^= bit(w & 63)
        if b.mid[h * mids + m] == 0:
            b.top[h] ^= bit(m)


@inline
def _previous(b: Any, h: Any, i: Any) -> Any:
    """Return the highest marked ring index <= `i` without going around, -1 if none."""
    words, mids = b.word.shape[0] >> 1, b.mid.shape[0] >> 1
    w, m = i >> 6, i >> 12
    x = up_to(b.word[h * words + w], i & 63)
    if x == 0:
        y = up_to(b.mid[h * mids + m], (w & 63) - 1)
        if y == 0:
            z = up_to(b.top[h], m - 1)
            if z == 0:
                return -1
            m = highest(z)
            y = b.mid[h * mids + m]
        w = (m << 6) + highest(y)
        x = b.word[h * words + w]
    return (w << 6) + highest(x)


@inline
def _below(b: Any, h: Any, key: Any) -> Any:
    """Return the best key < `key` inside the window, NO_KEY if none."""
    n = b.level.shape[0] >> 1
    reach = key - 1 - b.floor[h]
    if reach < 0:
        return NO_KEY
    i = (key - 1) & (n - 1)
    j = _previous(b, h, i)
    if j < 0:
        j = _previous(b, h, n - 1)
        if j < 0:
            return NO_KEY
    down = (i - j) & (n - 1)
    return key - 1 - down if down <= reach else NO_KEY


@kernel
def far_best(b: Any, h: Any, key: Any) -> Any:
    """Return the best far key < `key` of half `h`, NO_KEY if none. Walks the far chain."""
    found = NO_KEY
    s = b.far_head[h]
    while s != NONE:
        o = b.order[s]
        k = o.side * o.price
        if found < k < key:
            found = k
        s = b.order[s].next
    return found


@inline
def next_key(b: Any, h: Any, key: Any) -> Any:
    """Return the next non-empty key worse than `key`, far ones included, NO_KEY if none."""
    top = b.floor[h] + (b.level.shape[0] >> 1)
    k = _below(b, h, min(key, top))
    if k == NO_KEY and b.far_count[h] > 0:
        k = far_best(b, h, key)
    return k


@inline
def first_at(b: Any, h: Any, key: Any) -> Any:
    """Return the first slot in the queue of `key`, NONE if it is empty. Walks the far chain for a far key."""
    if in_window(b, h, key):
        return np.int64(b.level[index_of(b, h, key)].head)
    return next_at(b, np.int64(b.far_head[h]), key)


@kernel
def next_at(b: Any, s: Any, key: Any) -> Any:
    """Return slot `s` or the first one after it in its chain whose key is `key`, NONE if there is none."""
    while s != NONE:
        o = b.order[s]
        if o.side * o.price == key:
            return s
        s = np.int64(o.next)
    return s


@inline
def _append_level(b: Any, h: Any, key: Any, s: Any) -> Any:
    i = index_of(b, h, key)
    o, v = b.order[s], b.level[i]
    o.next, o.prev = NONE, v.tail
    if v.tail == NONE:
        v.head = s
        _mark(b, h, key & ((b.level.shape[0] >> 1) - 1))
    else:
        b.order[v.tail].next = s
    v.tail = s
    v.count += 1
    v.quantity += o.quantity
    v.taken += o.taken


@inline
def _append_far(b: Any, h: Any, s: Any) -> Any:
    o = b.order[s]
    o.next, o.prev = NONE, b.far_tail[h]
    if b.far_tail[h] == NONE:
        b.far_head[h] = s
    else:
        b.order[b.far_tail[h]].next = s
    b.far_tail[h] = s
    b.far_count[h] += 1


@inline
def _detach_far(b: Any, h: Any, s: Any) -> Any:
    o = b.order[s]
    if o.prev == NONE:
        b.far_head[h] = o.next
    else:
        b.order[o.prev].next = o.next
    if o.next == NONE:
        b.far_tail[h] = o.prev
    else:
        b.order[o.next].prev = o.prev
    b.far_count[h] -= 1


@inline
def _demote(b: Any, h: Any, key: Any) -> Any:
    """Move the whole queue of `key` to the end of the far chain."""
    v = b.level[index_of(b, h, key)]
    s = v.head
    while s != NONE:
        after = b.order[s].next
        _append_far(b, h, s)
        s = after
    v.head = v.tail = NONE
    v.count = 0
    v.quantity = v.taken = 0
    _unmark(b, h, key & ((b.level.shape[0] >> 1) - 1))


@kernel
def slide(b: Any, h: Any, key: Any) -> Any:
    """Move the window of half `h` so that `key`, its best from now on, lies at three quarters of it."""
    n = b.level.shape[0] >> 1
    low = key - (n - (n >> 2))
    k = _below(b, h, b.floor[h] + n)
    while k != NO_KEY:
        after = _below(b, h, k)
        if not low <= k < low + n:
            _demote(b, h, k)
        k = after
    b.floor[h] = low
    b.slides += 1
    s = b.far_head[h]
    while s != NONE:
        o = b.order[s]
        k, after = o.side * o.price, o.next
        if low <= k < low + n:
            _detach_far(b, h, s)
            _append_level(b, h, k, s)
        s = after


@inline
def link(b: Any, s: Any) -> Any:
    """Append a filled-in slot at the back of the queue of its price; keeps `best`, `resting` and the window right."""
    o = b.order[s]
    h = half(o.side)
    key = o.side * o.price
    if b.resting[h] == 0 or key > b.best[h]:
        n = b.level.shape[0] >> 1
        up = key - b.floor[h]
        if up < 0 or up >= n or (b.resting[h] == 0 and up < n >> 3):
            slide(b, h, key)
        b.best[h] = key
    b.resting[h] += 1
    if key < b.floor[h]:
        _append_far(b, h, s)
    else:
        _append_level(b, h, key, s)


@inline
def unlink(b: Any, s: Any) -> Any:
    """Take a slot out of its queue or of the far chain, and repair the best of its side."""
    o = b.order[s]
    h = half(o.side)
    key = o.side * o.price
    b.resting[h] -= 1
    if key < b.floor[h]:
        _detach_far(b, h, s)
    else:
        v = b.level[index_of(b, h, key)]
        if o.prev == NONE:
            v.head = o.next
        else:
            b.order[o.prev].next = o.next
        if o.next == NONE:
            v.tail = o.prev
        else:
            b.order[o.next].prev = o.prev
        v.count -= 1
        v.quantity -= o.quantity
        v.taken -= o.taken
        if v.count == 0:
            _unmark(b, h, key & ((b.level.shape[0] >> 1) - 1))
            if key == b.best[h] and b.resting[h] > 0:
                _step_down(b, h, key)


@inline
def _step_down(b: Any, h: Any, key: Any) -> Any:
    """Find the best after the level `key` ran empty; slide when the window is nearly used up."""
    k = _below(b, h, key)
    if b.far_count[h] > 0 and k - b.floor[h] < b.level.shape[0] >> 4:
        if k == NO_KEY:
            k = far_best(b, h, key)
        slide(b, h, k)
    b.best[h] = k
