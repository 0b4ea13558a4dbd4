"""Orders that wait: how parents come in, staged or not, alone or as a basket, and how staged ones are released.

A staged parent stands in the journal and on the desk, and sends nothing. Its release is journalled with who and why;
its window begins then, if it has begun already, and ends where it would have ended: at its end as it came in, or as a
control has moved it. After its end it is over, and cannot be released.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nowake.core.errors import InputError, OrderError
from nowake.core.times import SECOND, show_time
from nowake.oms.events import BasketNew, Control, ParentNew, ParentSaid
from nowake.oms.identifiers import text
from nowake.oms.keeper import Keeper
from nowake.oms.orders import Parent
from nowake.oms.states import Act, State
from nowake.service.control_wire import Answer, Asked
from nowake.service.trader_setup import Setup, Work

if TYPE_CHECKING:
    from nowake.service.trader import Trader

__all__ = ["RELEASE", "STAGED", "check_staged", "enter", "release_orders", "rows_of_baskets", "since_release"]

RELEASE = "release-order"  # not "release": that is the kill switch's
STAGED: dict[str, Act | None] = {
    "cancel": Act.CANCELED, "limit": Act.REPLACED, "end": None, "cap": None, "urgency": None, "strategy": None,
    "venue-out": None, "venue-in": None, "parameter": None,
}  # fmt: skip
"""What may be said of an order that is staged, and what it is to its state in the journal."""


def enter(keeper: Keeper, setup: Setup, work: Work, desk: str, now: int) -> int:
    """Enter the parent of `work` and, before the first of them, the basket of `setup`, for `desk`; returns its id."""
    basket = _basket(keeper, setup.basket, now) if setup.basket else 0
    number = keeper.ids.next()
    times = (now + round(work.start * SECOND), now + round(work.end * SECOND))
    new = ParentNew(
        now, number, work.account, setup.instrument.symbol, int(work.side), work.quantity, *times, work.limit or 0,
        work.algo, str(setup.instrument.tick_size), work.client, basket, work.staged, desk=desk, expected=work.expected,
    )  # fmt: skip
    keeper.enter(new)
    return number


def _basket(keeper: Keeper, name: str, now: int) -> int:
    """Return the id of the basket of that name, made if it is new."""
    baskets = keeper.oms.baskets
    found = next((one.id for one in baskets.values() if one.name == name), 0)
    if not found:
        found = max(baskets, default=0) + 1
        keeper.record(BasketNew(now, found, name))
    return found


def rows_of_baskets(trader: "Trader") -> dict[str, list[int]]:
    """Return the rows of the trader's orders by the names of their baskets."""
    baskets, found = trader.keeper.oms.baskets, dict[str, list[int]]()
    for i, parent in enumerate(trader.parents):
        if parent.basket:
            found.setdefault(baskets[parent.basket].name, []).append(i)
    return found


def check_staged(parent: Parent, what: str) -> None:
    """Refuse a control that only an order which works can be given."""
    if parent.state == State.STAGED and what not in STAGED:
        raise OrderError(
            f"{what} of an order", expected="one that is released", got="one that is staged",
            hint=f"{RELEASE} releases it",
        )  # fmt: skip


def release_orders(trader: "Trader", rows: Sequence[int], asked: Asked) -> Answer:
    """Release the staged orders of `rows` together; refused if none of them can be."""
    if asked.value:
        raise InputError(f"value of {RELEASE}", expected="none", got=repr(asked.value))
    now, ready, wrong = trader.now(), list[int](), list[tuple[int, OrderError]]()
    for i in rows:
        error = _unready(trader, i, now)
        if error is None:
            ready.append(i)
        else:
            wrong.append((i, error))
    if not ready:
        raise wrong[0][1]
    tickets = [trader.books.record(event) for i in ready for event in _said(trader, i, asked, now)]
    tickets[-1].wait()
    for i in ready:
        trader.take_up(i)
    names = tuple(text(trader.parents[i].id) for i in ready)
    words = [f"{RELEASE}: order {name}, until {_clock(trader, i)}" for name, i in zip(names, ready, strict=True)]
    words += [f"not order {text(trader.parents[i].id)}: {error}" for i, error in wrong]
    return Answer(True, "; ".join(words), names)


def _unready(trader: "Trader", i: int, now: int) -> OrderError | None:
    """Return why an order cannot be released."""
    parent = trader.parents[i]
    if parent.state != State.STAGED:
        got = f"one that is {str(State(parent.state)).replace('_', ' ')}"
        return OrderError("release of an order", expected="one that is staged", got=got)
    if now >= int(trader.path.desk[i]["end"]):
        return OrderError("release of an order", expected=f"before its end, {_clock(trader, i)}", got="after it")
    return None


def _clock(trader: "Trader", i: int) -> str:
    return show_time(int(trader.path.desk[i]["end"]), trader.setup.instrument.sessions[0].timezone)


def _said(trader: "Trader", i: int, asked: Asked, now: int) -> tuple[Control, ParentSaid, ParentSaid]:
    """Return what the journal is told of a release: the control, the release, and that the order is accepted."""
    number = trader.parents[i].id
    control = Control(now, asked.who, asked.why, RELEASE, text(number))
    trader.controls.setdefault(control.target, []).append(control)
    end = int(trader.path.desk[i]["end"])
    released = ParentSaid(now, number, Act.RELEASED, who=asked.who, reason=asked.why, end=end)
    return control, released, ParentSaid(now, number, Act.ACKED)


def since_release(said: Sequence[Control]) -> list[Control]:
    """Return the controls of a released order that are in force: its release has settled the end."""
    last = max((k for k, one in enumerate(said) if one.what == RELEASE), default=-1)
    return [one for k, one in enumerate(said) if k > last or one.what != "end"]
