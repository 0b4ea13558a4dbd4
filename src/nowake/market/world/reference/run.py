"""The order of events, like `loop`: the open, and whatever is due first."""

from nowake.market.preset_model import Preset
from nowake.market.world import causes as c
from nowake.market.world.reference.auction import cross_close, cross_open
from nowake.market.world.reference.book import Resting
from nowake.market.world.reference.desks import serve, unwind
from nowake.market.world.reference.makers import act, breathe, jump, move, place
from nowake.market.world.reference.offbook import retry
from nowake.market.world.reference.own import carry_out, post
from nowake.market.world.reference.state import Command, World
from nowake.market.world.reference.streams import mix
from nowake.market.world.reference.takers import draw, follow, informed, invest, new_parent, take
from nowake.market.world.reference.touch import pick_venue, rest
from nowake.market.world.state import REACH

__all__ = ["advance", "new_world", "send"]

_LEVELS, _EACH = 20, 3


def new_world(preset: Preset, seed: int, regime: str, open_ns: int, close_ns: int) -> World:
    """Return a market at its open, its books filled."""
    w = World(preset, seed, regime, open_ns, close_ns)
    p, causes = w.p, w.causes
    w.calm_mid = w.fair = w.value
    for x in range(2 * REACH):
        away, share = abs(x - REACH), 1.0
        if p.investor_used > 0.0:
            far = (away / p.investor_used) * (away / p.investor_used)
            far = far * far
            share = far * far / (1.0 + far * far)
        (w.sellers if x > REACH else w.buyers)[x] = p.slope * away * share
    for k in range(p.parents):
        new_parent(w, k)
    cross_open(w)
    _first_book(w)
    rates = {c.LIMITS: p.limit_rate, c.TAKERS: p.taker_rate, c.VALUE: p.value_rate, c.JUMPS: p.jump_rate}
    for cause, rate in (rates | {c.SELLERS: c.RARE, c.BUYERS: c.RARE, c.FOLLOWERS: p.follow_rate}).items():
        causes.rate[cause] = rate
        causes.rekey(cause, -1)
        causes.again(cause, w.now)
    causes.due[c.ACTIVITY], causes.due[c.OFFBOOK] = w.now, w.close
    return w


def _first_book(w: World) -> None:
    w.bid, w.ask = w.value - 1, w.value + 1
    w.note_quote()
    draws = w.causes.rekey(c.START, c.CLOCKS + c.OWN)
    for away in range(1, _LEVELS + 1):
        for k in range(2 * _EACH):
            side = 1 if k % 2 == 0 else -1
            venue = pick_venue(w, draws.uniform())
            due = w.now + int(draws.exponential() * w.p.life)
            shares = draw(w.p.quantity, draws.uniform())
            birth = mix(c.START, (_LEVELS + away) * 8 + k)
            rest(w, Resting(0, venue, side, w.value - side * away, shares, birth), due)


def send(w: World, command: Command) -> None:
    """Send an own command."""
    post(w, command)


def _happen(w: World, cause: int) -> None:
    plain = {c.LIMITS: place, c.TAKERS: take, c.VALUE: move, c.INFORMED: informed, c.JUMPS: jump, c.FOLLOWERS: follow}
    if cause in plain:
        plain[cause](w)
    elif cause in (c.SELLERS, c.BUYERS):
        invest(w, cause)
    elif cause == c.ACTIVITY:
        breathe(w)
        unwind(w)
    elif cause == c.OFFBOOK:
        w.causes.due[c.OFFBOOK] = c.NEVER if w.crossed or w.now >= w.close else w.close
        if not w.crossed and w.now >= w.close:
            cross_close(w)
        retry(w)
        serve(w)
    else:
        carry_out(w)


def advance(w: World, until: int) -> None:
    """Let the market run up to `until` (ns, included); of a resting order and a clock the order acts first."""
    while True:
        cause, order = w.causes.first(), w.agenda.first()
        bound = min(w.causes.due[cause], until)
        if order is not None and order.due <= bound:
            w.now = max(order.due, w.now)
            act(w, order)
        elif w.causes.due[cause] <= until:
            w.now = max(w.causes.due[cause], w.now)
            _happen(w, cause)
        else:
            w.now = max(until, w.now)
            return
