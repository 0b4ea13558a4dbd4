"""Orders come and go, and the consolidated touch with them, like `orders` and `touch`."""

import math

from nowake.core.events import Kind
from nowake.market.keyed import decayed
from nowake.market.world.causes import FADES, LATENT, WAKE
from nowake.market.world.reference.book import Own, Resting
from nowake.market.world.reference.offbook import fill_own
from nowake.market.world.reference.state import World
from nowake.market.world.reference.streams import mix
from nowake.market.world.state import REACH

__all__ = [
    "at_touch", "displayed", "fade", "hit", "improve", "leave", "lift", "pick_venue", "regard", "rest", "settle",
    "stale", "wake",
]  # fmt: skip

_FAR = 4 * REACH  # ticks from the last touch at which a side counts as empty


def pick_venue(w: World, u: float) -> int:
    """Return the venue of a draw, by shares of flow."""
    return next((j for j in range(w.venues - 1) if u < w.p.share[j]), w.venues - 1)


def rest(w: World, o: Resting, due: int) -> Resting:
    """Rest a background order that acts at `due`."""
    w.next_id += 1
    o.id, o.value, o.due = w.next_id, w.fair, max(due, w.now)
    w.books[o.venue].add(o)
    w.agenda.put(o)
    w.publish(o.venue, Kind.ADD, o.side, o.id, o.price, o.quantity)
    return o


def leave(w: World, o: Resting) -> None:
    """Withdraw an order."""
    o.ticket = 0
    w.publish(o.venue, Kind.DELETE, o.side, o.id, o.price, o.quantity)
    w.books[o.venue].remove(o)


def lift(w: World, m: Own) -> None:
    """Take an own order out of its book, pool or auction."""
    del w.mine[m.row]
    m.live = False
    if m.waits == "pool":
        w.pools[m.venue - w.venues if m.venue >= w.venues else w.darks + m.venue].cancel(m.oid)
    elif m.waits == "book":
        book = w.books[m.venue]
        leave(w, next(o for o in book.at(m.side, m.price) if o.own is m))
        if m.price == w.touch(m.side):
            settle(w, m.side)


def hit(w: World, o: Resting, quantity: int) -> None:
    """Trade part or all of a displayed order."""
    w.matches += 1
    w.publish(o.venue, Kind.EXECUTE, o.side, o.id, o.price, quantity, w.matches)
    o.quantity -= quantity
    if o.own:
        fill_own(w, o.own, o.venue, 2 * o.price, quantity, w.p.maker_fee[o.venue], 1)
    if o.quantity == 0:
        o.ticket = 0
        w.books[o.venue].remove(o)


def at_touch(w: World, side: int) -> list[Resting]:
    """Return the orders at the best price of `side` where it is the best of their venue, by venue, then by time."""
    price = w.touch(side)
    return [o for book in w.books if book.best(side) == price for o in book.at(side, price)]


def displayed(w: World, side: int, price: int) -> int:
    """Return what others display at a price that is not behind the touch."""
    shown = [o for book in w.books if side * book.best(side) >= side * price for o in book.at(side, price)]
    return sum(o.quantity for o in shown if not o.own)


def wake(w: World, side: int) -> None:
    """Let the orders at the touch plan to follow the public value."""
    for o in at_touch(w, side):
        gone = w.fair - o.value
        if o.plan != "stays" or gone == 0 or o.own:
            continue
        draws = w.causes.rekey(WAKE, mix(o.birth, w.fair * 64 + o.moves))
        due = w.now + int(draws.exponential() * (w.p.reprice_delay if gone * side < 0 else w.p.chase_delay))
        if due < o.due:
            o.due, o.plan = due, "follows"
            w.agenda.put(o)


def regard(w: World) -> None:
    """Let makers look again at the public value and at what they have sold of late."""
    sold = w.sold * decayed((w.now - w.sold_time) / w.p.skew_time)
    fair = w.value + math.floor(w.p.skew * sold + 0.5)
    if fair != w.fair:
        w.fair = fair
        wake(w, 1)
        wake(w, -1)


def fade(w: World, side: int, taken: int) -> None:
    """Let orders at the touch leave after a trade there."""
    chance = w.p.fade * taken / (taken + displayed(w, side, w.touch(side)))
    for o in at_touch(w, side):
        if o.plan != "stays" or o.own:
            continue
        o.trades = (o.trades + 1) % 256
        draws = w.causes.rekey(WAKE, mix(o.birth, FADES + o.trades * 64 + o.moves))
        if draws.uniform() < chance:
            leave(w, o)
    settle(w, side)


def improve(w: World, side: int, price: int) -> None:
    """Take note of an order that has come to rest."""
    if side * price > side * w.touch(side):
        w.set_touch(side, price)
        wake(w, side)


def stale(w: World, side: int) -> int:
    """Return how far the public value has moved since the least stale of the orders at the touch was priced."""
    return min((w.fair - order.value for order in at_touch(w, side) if not order.own), key=abs, default=0)


def _show(w: World, side: int, price: int) -> bool:
    """Let an investor who waits at a price show some shares; tells whether one did."""
    x, waiting = price - w.value - w.shift + REACH, w.buyers if side > 0 else w.sellers
    if not 0 <= x < 2 * REACH or waiting[x] < w.p.lot:
        return False
    shares = min(int(waiting[x]) // w.p.lot * w.p.lot, w.p.investor_show)
    waiting[x] -= shares
    draws = w.causes.turn(LATENT)
    venue = pick_venue(w, draws.uniform())
    due = w.now + int(draws.exponential() * w.p.investor_life)
    birth = mix(LATENT, w.causes.number[LATENT])
    rest(w, Resting(0, venue, side, price, shares, birth, plan="fixed"), due)
    return True


def settle(w: World, side: int) -> None:
    """Find the touch again after orders have left it: investors show themselves before it moves on."""
    old = price = w.touch(side)
    best = side * max(side * book.best(side) for book in w.books)
    while price != best and not _show(w, side, price):
        price -= side
        if abs(price - old) > _FAR:
            raise IndexError("a side of the market is empty")
    if price != old:
        w.set_touch(side, price)
        wake(w, side)
