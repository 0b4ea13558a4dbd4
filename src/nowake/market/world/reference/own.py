"""Own commands, like `own`."""

from nowake.core.events import Kind
from nowake.market.dark_state import NEVER as NO_EXPIRY
from nowake.market.dark_state import NO_LIMIT
from nowake.market.world.causes import NEVER, OWN
from nowake.market.world.feed import ACK, CANCELLED, REJECTED, REPLACED
from nowake.market.world.reference.book import Own, Resting
from nowake.market.world.reference.desks import ask, take_quote
from nowake.market.world.reference.offbook import cross_pool, pool_of
from nowake.market.world.reference.state import Command, World
from nowake.market.world.reference.takers import sweep
from nowake.market.world.reference.touch import improve, lift
from nowake.market.world.state import MINE, OWN_IDS
from nowake.market.world.words import Action, OrderKind, Reason

__all__ = ["carry_out", "post"]

_SECOND = 1_000_000_000
_WORD = {Action.NEW: ACK, Action.REPLACE: REPLACED}


def post(w: World, c: Command) -> None:
    """Send a command: it arrives at its time, not before now nor before the one sent to its venue before it."""
    at = max(c.venue, 0)
    time = w.last_sent[at] = max(c.time, w.now, w.last_sent.get(at, 0))
    w.inbox.append(Command(time, c.action, c.oid, c.side, c.price, c.quantity, c.venue, c.kind, c.minimum))
    w.inbox.sort(key=lambda command: command.time)
    w.causes.due[OWN] = w.inbox[0].time


def carry_out(w: World) -> None:
    """Carry out the next command at its arrival."""
    c = w.inbox.pop(0)
    w.causes.due[OWN] = w.inbox[0].time if w.inbox else NEVER
    why = _refused(w, c)
    dealer = c.venue - w.venues - w.darks
    if why:
        _reject(w, c, why)
    elif c.action == Action.NEW:
        _enter(w, c)
    elif c.action == Action.ASK:
        ask(w, dealer, c.oid, c.side, c.quantity)
    elif c.action == Action.ACCEPT:
        take_quote(w, dealer, c.oid)
    elif c.action == Action.MASS_CANCEL:
        for _, m in sorted(w.mine.items()):
            if m.live and c.venue in (-1, m.venue):
                _cancel(w, m)
    elif (own := w.own(c.oid)) is None:
        _reject(w, c, Reason.UNKNOWN)
    elif c.action == Action.CANCEL:
        _cancel(w, own)
    else:
        _replace(w, own, c)


def _reject(w: World, c: Command, why: Reason) -> None:
    w.tell(REJECTED, c.oid, c.venue, 2 * c.price, c.quantity, why=why)


def _refused(w: World, c: Command) -> Reason:
    """Return why the venue does not even look at a command."""
    own = w.own(c.oid) if c.action in (Action.CANCEL, Action.REPLACE) else None
    at, second = max(own.venue if own else c.venue, 0), w.now // _SECOND
    last, sent = w.sent.get(at, (second, 0))
    sent = sent + 1 if last == second else 1
    w.sent[at] = second, sent
    if 0 < w.p.message_limit[at] < sent:
        return Reason.THROTTLED
    mid, closing = c.kind == OrderKind.MID_PEG, c.kind == OrderKind.ON_CLOSE
    nowhere = (mid and c.venue < 0) or (closing and c.venue > 0) or c.venue >= w.venues + w.darks
    unlit = c.venue >= w.venues and not mid and c.kind != OrderKind.IOC
    return Reason.NOT_HERE if c.action == Action.NEW and (nowhere or unlit) else Reason.NONE


def _enter(w: World, c: Command) -> None:
    """Enter a new order, or what has become of a replaced one."""
    if c.kind == OrderKind.MID_PEG or c.venue >= w.venues:
        _enter_unseen(w, c)
    elif c.kind == OrderKind.ON_CLOSE:
        _enter_closing(w, c)
    else:
        _enter_book(w, c)


def _room(w: World, c: Command) -> Own | None:
    """Return an own order in the first free row; none is free if there are too many."""
    row = next((row for row in range(MINE) if row not in w.mine), None)
    return None if row is None else Own(c.oid, row, c.quantity, c.side, c.price, c.venue)


def _live(w: World, m: Own, waits: str) -> None:
    m.live, m.waits = True, waits
    w.mine[m.row] = m


def _end(w: World, m: Own, venue: int, price: int, why: Reason, passive: int = 0) -> None:
    """Tell that an order is over; nothing is left of it."""
    left, m.leaves = m.leaves, 0
    w.tell(CANCELLED, m, venue, 2 * price, left, passive=passive, why=why)


def _cancel(w: World, m: Own) -> None:
    lift(w, m)
    _end(w, m, m.venue, m.price, Reason.ASKED, 1)


def _enter_book(w: World, c: Command) -> None:
    """Take what the limit allows; the rest of an order that may rest stands in a book, unless it would lock."""
    crosses = c.kind == OrderKind.MARKET or c.side * c.price >= c.side * w.touch(-c.side)
    m = _room(w, c)
    if m is None or (c.kind == OrderKind.POST_ONLY and crosses):
        _reject(w, c, Reason.FULL if m is None else Reason.WOULD_CROSS)
        return
    w.tell(_WORD[Action(c.action)], m, c.venue, 2 * c.price, c.quantity)
    if crosses:
        limit = c.side * NEVER if c.kind == OrderKind.MARKET else c.price
        sweep(w, c.side, c.quantity, limit, c.venue, m)
    rests = c.kind in (OrderKind.LIMIT, OrderKind.POST_ONLY)
    locks = rests and c.side * c.price >= c.side * w.touch(-c.side)
    if m.leaves and rests and not locks:
        _stand(w, m, max(c.venue, 0))
    elif m.leaves:
        _end(w, m, c.venue, c.price, Reason.WOULD_LOCK if locks else Reason.UNFILLED)


def _stand(w: World, m: Own, venue: int) -> None:
    """Rest what is left of an own order."""
    m.venue = venue
    _live(w, m, "book")
    o = Resting(OWN_IDS + m.oid, venue, m.side, m.price, m.leaves, value=w.fair, plan="fixed", own=m)
    w.books[venue].add(o)
    w.publish(venue, Kind.ADD, m.side, o.id, m.price, m.leaves)
    improve(w, m.side, m.price)


def _enter_unseen(w: World, c: Command) -> None:
    """Let an order wait at the mid of a pool; an immediate one is cancelled after what it meets."""
    m = _room(w, c)
    if m is None:
        _reject(w, c, Reason.FULL)
        return
    k = pool_of(w, c.venue)
    limit2 = 2 * c.price if c.price > 0 else c.side * NO_LIMIT
    if w.pools[k].enter(c.oid, 1, c.side, c.quantity, c.minimum, limit2, NO_EXPIRY, m.row, w.now) < 0:
        _reject(w, c, Reason.INVALID)
        return
    _live(w, m, "pool")
    w.tell(_WORD[Action(c.action)], m, c.venue, 2 * c.price, c.quantity)
    cross_pool(w, k)
    if c.kind == OrderKind.IOC and m.live:
        lift(w, m)
        _end(w, m, c.venue, c.price, Reason.UNFILLED)


def _enter_closing(w: World, c: Command) -> None:
    """Keep an order for the closing auction."""
    m = _room(w, c)
    if m is None or w.crossed:
        w.tell(REJECTED, c.oid, 0, 2 * c.price, c.quantity, why=Reason.FULL if m is None else Reason.CLOSED)
        return
    m.venue = 0
    _live(w, m, "auction")
    w.tell(_WORD[Action(c.action)], m, 0, 2 * c.price, c.quantity)


def _replace(w: World, m: Own, c: Command) -> None:
    """Change an order: a smaller quantity at its price keeps its place, anything else is a new order."""
    if c.price != m.price or c.quantity > m.leaves:
        lift(w, m)
        kind = {"book": OrderKind.LIMIT, "pool": OrderKind.MID_PEG, "auction": OrderKind.ON_CLOSE}[m.waits]
        _enter(w, Command(w.now, Action.REPLACE, m.oid, m.side, c.price, c.quantity, m.venue, kind))
        return
    gone = m.leaves - c.quantity
    if gone and m.waits == "pool":
        w.pools[pool_of(w, m.venue)].reduce(m.oid, c.quantity)
    elif gone and m.waits == "book":
        next(o for o in w.books[m.venue].at(m.side, m.price) if o.own is m).quantity -= gone
        w.publish(m.venue, Kind.CANCEL, m.side, OWN_IDS + m.oid, m.price, gone)
    m.leaves = c.quantity
    w.tell(REPLACED, m, m.venue, 2 * m.price, c.quantity, passive=1)
