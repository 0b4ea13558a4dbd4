"""What a person may do to a live order: pure changes of one row of the desk, and children of his own.

Every change takes a row `d` of DESK (one may try it on a copy) and refuses what cannot be with an OrderError or
InputError, in which case the row is as it was; it holds from the next turn on. A child of a person passes the same
guard as those of the algorithm (`send_child`); nothing here sends: SEND rows are for the shell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from nowake.core.errors import CapacityError, InputError, OrderError, nearest
from nowake.core.intent import KIND_WORDS, OrderKind, Origin, Tactic
from nowake.core.times import DAY, SECOND, duration
from nowake.core.values import Instrument
from nowake.execution.desk_state import CHILDREN, Hands, Placing, Stage
from nowake.execution.hearing import row_of
from nowake.execution.path import DecisionPath
from nowake.execution.placing import ROUTED, place_by_hand
from nowake.execution.replanning import Plan, anew
from nowake.execution.replanning import switch as plan_by
from nowake.execution.withdrawing import withdraw_one
from nowake.risk.marking import mark
from nowake.risk.projection import Projected, told

__all__ = [
    "Wanted", "allow", "bar", "cancel", "check_child", "check_withdrawal", "finish", "hand_back", "interval_of",
    "pause", "resume", "send_child", "set_cap", "set_end", "set_limit", "set_parameter", "set_urgency", "switch",
    "take_over", "withdraw_child",
]  # fmt: skip

_KINDS = (OrderKind.LIMIT, OrderKind.MARKET, OrderKind.IOC, OrderKind.POST_ONLY, OrderKind.MID_PEG, OrderKind.QUOTE)
_PRICED = (OrderKind.LIMIT, OrderKind.IOC, OrderKind.POST_ONLY)
_RESTING = (OrderKind.LIMIT, OrderKind.POST_ONLY, OrderKind.MID_PEG)
_MOST_SLACK = 1e6  # slices
_WORDS = {
    Hands.ALGORITHM: "the algorithm works it", Hands.PAUSED: "it is paused", Hands.HUMAN: "a person has taken it over",
    Hands.CANCEL: "all of it is withdrawn", Hands.FINISH: "it is being finished",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """A child that a person wants: `venue` the row of the board, `price` ticks (0: none), `minimum` execution."""

    quantity: int
    kind: OrderKind
    venue: int
    price: int = 0
    minimum: int = 0


def interval_of(start: int, end: int) -> int:
    """Return the length (ns) of a slice of an order from `start` to `end`: a sixtieth, 10 s at least."""
    return max(10 * SECOND, (end - start) // 60)


def _check(d: np.void, *allowed: Hands) -> None:
    """Refuse a change of an order that is over, or not in one of the `allowed` hands."""
    if d["done"]:
        raise OrderError("control of an order", expected="one that is still live", got="one that is over")
    hands = Hands(int(d["hands"]))
    if allowed and hands not in allowed:
        expected = " or ".join(_WORDS[one] for one in allowed)
        raise OrderError("control of an order", expected=expected, got=_WORDS[hands])


def _give(d: np.void, hands: Hands) -> None:
    d["hands"], d["next_wake"] = int(hands), 0


def pause(d: np.void) -> None:
    """Send nothing new; what rests goes on resting."""
    _check(d, Hands.ALGORITHM, Hands.FINISH)
    _give(d, Hands.PAUSED)


def resume(d: np.void, now: int, volume: int) -> None:
    """Let the algorithm go on; what was not done meanwhile is spread over the rest."""
    _check(d, Hands.PAUSED)
    anew(d, now, volume)
    _give(d, Hands.ALGORITHM)


def cancel(d: np.void) -> None:
    """Withdraw everything, for good."""
    _check(d)
    _give(d, Hands.CANCEL)


def finish(d: np.void) -> None:
    """Take the rest now, at any price that limit and guard allow."""
    _check(d, Hands.ALGORITHM, Hands.PAUSED)
    _give(d, Hands.FINISH)


def take_over(d: np.void, *, keep: bool = False) -> None:
    """Stop the algorithm: from now on a person sends the children; `keep`: what the algorithm has out stays."""
    _check(d, Hands.ALGORITHM, Hands.PAUSED, Hands.FINISH)
    d["keep"] = int(keep)
    _give(d, Hands.HUMAN)


def hand_back(d: np.void, now: int, volume: int) -> None:
    """Give the rest back to the algorithm, planned anew; it also looks after what the person has left resting."""
    _check(d, Hands.HUMAN)
    anew(d, now, volume)
    _give(d, Hands.ALGORITHM)


def set_urgency(d: np.void, urgency: float | None) -> None:
    """Give the router an urgency of 0 to 1 in place of the policy's; None gives it back."""
    _check(d)
    if urgency is not None and not 0 <= urgency <= 1:
        raise InputError("urgency", expected="0 to 1", got=urgency)
    d["urge"], d["next_wake"] = -1.0 if urgency is None else urgency, 0


def set_cap(d: np.void, cap: float) -> None:
    """Bound the part of all volume since the start that is ours, working shares included; 1: no bound."""
    _check(d)
    if not 0 < cap <= 1:
        raise InputError("participation cap", expected="above 0 to 1", got=cap)
    d["cap"], d["next_wake"] = cap, 0


def set_limit(d: np.void, limit: int | None, bid: int, ask: int) -> str:
    """Never pay more (or sell for less) than `limit` ticks, None: any price; says if the market is beyond it now."""
    _check(d)
    if limit is not None and (limit <= 0 or limit % int(d["step"])):
        raise OrderError("limit", expected=f"a multiple of {int(d['step'])} ticks above 0", got=limit)
    d["limit"], d["next_wake"] = limit or 0, 0
    side = int(d["side"])
    near, name = (bid, "bid") if side > 0 else (ask, "ask")
    if limit is None or near <= 0 or side * (limit - near) >= 0:
        return ""
    return f"the market is beyond it (the {name} is {near} ticks): nothing trades until it comes back"


def set_end(d: np.void, end: int, now: int, volume: int) -> None:
    """Be done by `end` (ns UTC); the rest of the plan is stretched to it."""
    _check(d)
    first = max(now, int(d["start"]))
    if end <= first:
        raise OrderError("end of an order", expected=f"after {first} ns UTC", got=end)
    anew(d, now, volume, end)
    d["interval"] = max(interval_of(int(d["start"]), end), int(d["reaction"]))


def switch(d: np.void, plan: Plan, now: int, volume: int, instrument: Instrument) -> None:
    """Work what is left by another strategy from now on."""
    _check(d)
    plan_by(d, plan, now, volume, instrument)


def _bits(names: Sequence[str], wanted: Sequence[str]) -> int:
    if not wanted:
        raise InputError("venues", expected=f"one or more of {', '.join(names)}", got="none")
    for one in wanted:
        if one not in names:
            hint = nearest(one, names)
            raise InputError(f"unknown venue '{one}'", expected=f"one of {', '.join(names)}", got=repr(one), hint=hint)
    return sum(1 << names.index(one) for one in set(wanted))


def bar(d: np.void, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Leave the `wanted` venues out, and withdraw what rests there; `names` are the venues by row of the board."""
    _check(d)
    after = int(d["barred"]) | _bits(names, wanted)
    if after == (1 << len(names)) - 1:
        raise OrderError("venues", expected="one that is left", got=f"every one of {', '.join(names)} left out")
    d["barred"], d["next_wake"] = after, 0


def allow(d: np.void, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Use the `wanted` venues again; OrderError for one that is not left out."""
    _check(d)
    bits, barred = _bits(names, wanted), int(d["barred"])
    if bits & ~barred:
        out = [name for k, name in enumerate(names) if barred >> k & 1]
        raise OrderError("venues", expected=f"some that are left out ({', '.join(out) or 'none'})", got=list(wanted))
    d["barred"], d["next_wake"] = barred & ~bits, 0


def set_parameter(d: np.void, name: str, text: str) -> None:
    """Give a field of `Placing` another value: a duration (``5s``), or a number (`slack`)."""
    _check(d)
    known = {one.name: one.type for one in fields(Placing)}
    if name not in known:
        hint = nearest(name, known)
        raise InputError(f"unknown parameter '{name}'", expected=", ".join(known), got=repr(name), hint=hint)
    value = _number(name, text) if name == "slack" else _span(name, text)
    now = Placing(**{one: d[one].item() for one in known})
    after = replace(now, **{name: value})  # type: ignore[arg-type]
    if after.reaction > int(d["interval"]):
        raise InputError("reaction", expected=f"at most the interval, {int(d['interval'])} ns", got=after.reaction)
    d[name], d["next_wake"] = value, 0


def _span(name: str, text: str) -> int:
    try:
        length = duration(text)
    except OverflowError:
        length = -1
    if not 0 <= length <= DAY:
        raise InputError(name, expected="a duration of a day at most", got=repr(text))
    return length


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= _MOST_SLACK:
        raise InputError(name, expected=f"a number from 0 to {_MOST_SLACK:,.0f}", got=repr(text))
    return value


def send_child(path: DecisionPath, i: int, wanted: Wanted, now: int) -> tuple[int, Projected]:
    """Put a person's child of row `i` through the guard; returns (rows of `path.sends` to carry out, its verdict).

    The guard holds it against `hand_limits`: what the order may, and what a person may send by hand beside.
    OrderError for what is no child of this order: taken over by nobody, more than is left, a kind or price that cannot
    be. What the guard refuses or changes, it says.
    """
    check_child(path, i, wanted, now)
    d, o = path.desk[i], path.intents[0]
    o["parent"], o["side"], o["venue"], o["kind"] = i, d["side"], wanted.venue, int(wanted.kind)
    o["price"], o["quantity"], o["minimum"], o["time"] = wanted.price, wanted.quantity, wanted.minimum, now
    o["tactic"] = int(Tactic.JOIN if wanted.kind in _RESTING else Tactic.CROSS)
    o["origin"], o["reason"], o["score"] = int(Origin.HUMAN), 0, 0.0
    mark(path.limits, path.usages, path.boards, 0, path.n)
    count: int = place_by_hand(
        path.desk, path.kids, path.working, path.usages, path.hand_limits, path.switches, path.boards, path.stats,
        path.params, path.draws, path.intents, path.passed, path.projections, path.traces, i, now, path.sends,
    )  # fmt: skip
    return count, told(path.projections[i * ROUTED], [place.name for place in path.places])


def check_child(path: DecisionPath, i: int, wanted: Wanted, now: int) -> None:
    """Refuse a child of row `i` that no guard needs to see."""
    _check(path.desk[i], Hands.HUMAN)
    d, kinds = path.desk[i], [KIND_WORDS[kind] for kind in _KINDS]
    if wanted.kind not in _KINDS:
        raise OrderError("kind of a child", expected=", ".join(kinds), got=KIND_WORDS[wanted.kind])
    if not 0 <= wanted.venue < len(path.places):
        raise OrderError("venue of a child", expected=f"a row from 0 to {len(path.places) - 1}", got=wanted.venue)
    left = int(d["quantity"]) - int(d["filled"]) - int(d["working"])
    if not 0 < wanted.quantity <= left:
        raise OrderError("quantity of a child", expected=f"1 to {left}, what is left", got=wanted.quantity)
    if not 0 <= wanted.minimum <= wanted.quantity:
        raise OrderError("least execution", expected=f"0 to {wanted.quantity}", got=wanted.minimum)
    if (wanted.kind in _PRICED and wanted.price <= 0) or (wanted.kind is OrderKind.MARKET and wanted.price):
        expected = "a price above 0" if wanted.kind in _PRICED else "none"
        raise OrderError(f"price of a {KIND_WORDS[wanted.kind]} child", expected=expected, got=wanted.price)
    if not int(d["start"]) <= now < int(d["end"]):
        raise OrderError("time of a child", expected="within the window of its order", got=now)
    if wanted.kind is OrderKind.QUOTE and d["asking"]:
        raise OrderError("request for quotes", expected="one at a time", got="a second one")
    stages = path.kids["stage"][i * CHILDREN : (i + 1) * CHILDREN]
    if (stages != int(Stage.FREE)).all():
        raise CapacityError(f"{CHILDREN} children are out: withdraw one, or raise `CHILDREN`")
    if int(d["next_id"]) > int(d["last_id"]):
        raise CapacityError("the ids of this order are used up until its next block")


def withdraw_child(path: DecisionPath, i: int, oid: int) -> int:
    """Ask for the withdrawal of child `oid` of row `i` while a person has the order; returns rows of `sends`."""
    row = check_withdrawal(path, i, oid)
    count: int = withdraw_one(path.desk, path.kids, path.working, path.usages, i, row, path.sends)
    return count


def check_withdrawal(path: DecisionPath, i: int, oid: int) -> int:
    """Return the row of child `oid`, which can be withdrawn by hand; OrderError for one that cannot."""
    _check(path.desk[i], Hands.HUMAN)
    row = int(row_of(path.kids, path.working, i, oid))
    if row < 0 or int(path.working[row]["kind"]) not in _RESTING:
        raise OrderError("child", expected="one of this order that rests at a venue", got=oid)
    if path.kids[row]["stage"] == int(Stage.CANCELLING):
        raise OrderError("child", expected="one that is not being withdrawn already", got=oid)
    return row
