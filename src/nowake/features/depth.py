"""Five price levels a side, kept in step with a book, and the order-flow imbalance of all of them.

A level is a rank, not a price: when a level appears or goes, those behind it change their rank and contribute, as in
Xu, Gould & Howison 2018 and Cont, Cucuringu & Zhang 2023. A size that changes at a standing level touches one rank.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.book.ladder import best_key, in_window, index_of, next_key
from nowake.book.queries import level_totals
from nowake.book.state import NO_KEY
from nowake.core.jit import inline, kernel
from nowake.features.decay import bring_forward
from nowake.features.state import LEVELS
from nowake.features.touch import contribution

__all__ = ["ANEW", "FAR", "rank_of", "resize", "set_rank", "settle_ranks", "shares_at", "update_level", "walk"]

ANEW, FAR = -1, -2


@inline
def shares_at(b, h, key):
    """Return the shares at a key of half `h`, those that own orders took included."""
    if in_window(b, h, key):
        v = b.level[index_of(b, h, key)]
        return v.quantity + v.taken
    side = 1 - 2 * h
    quantity, taken, _ = level_totals(b, side, side * key)
    return quantity + taken


@inline
def _flow(f, e):
    f.deep[0] += e
    f.deep[1] += e
    f.deep[2] += e


@inline
def set_rank(f, h, j, key, shares):
    """Level `j` of half `h` becomes (key, shares); returns what it contributes, in shares."""
    k = h * LEVELS + j
    before = f.key[k] if j < f.levels[h] else NO_KEY
    flow = contribution(1 - 2 * h, key, shares, before, f.held[k])
    f.key[k], f.held[k] = key, shares
    return flow


@inline
def settle_ranks(f, h, n, total, flow):
    """All levels of half `h` are set: `n` of them, with `total` shares, which have contributed `flow`."""
    f.levels[h] = n
    f.depth_total[h] = total
    if f.started != 0:
        _flow(f, flow)


@inline
def rank_of(f, h, key):
    """Return the index of the level `key` of half `h`; FAR: behind the last of them; ANEW: a new one, or none yet."""
    n, first = f.levels[h], h * LEVELS
    if n == LEVELS and key < f.key[first + LEVELS - 1]:
        return FAR
    for k in range(first, first + n):
        if f.key[k] == key:
            return k
    return ANEW


@inline
def resize(f, h, k, shares, t):
    """The level with index `k` of half `h` has `shares` now."""
    change = shares - f.held[k]
    if change != 0:
        bring_forward(f, t)
        f.held[k] = shares
        f.depth_total[h] += change
        if f.started != 0:
            _flow(f, (1 - 2 * h) * change)


@kernel
def walk(b, f, h, t):
    """Read the five best levels of half `h` anew."""
    bring_forward(f, t)
    key = best_key(b, h)
    n, total, flow = 0, np.int64(0), np.int64(0)
    for j in range(LEVELS):
        shares = np.int64(0)
        if key != NO_KEY:
            shares = shares_at(b, h, key)
            n += 1
        flow += set_rank(f, h, j, key, shares)
        total += shares
        if key != NO_KEY:
            key = next_key(b, h, key)
    settle_ranks(f, h, n, total, flow)


@inline
def update_level(b, f, h, key, t):
    """An event touched `key` of half `h`: one rank changes, or the side is read anew, or nothing is near."""
    k = rank_of(f, h, key)
    if k == FAR:
        return
    if k >= 0:
        shares = shares_at(b, h, key)
        if shares > 0:
            resize(f, h, k, shares, t)
            return
    walk(b, f, h, t)
