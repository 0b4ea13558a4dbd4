"""A trader's parents go on the desk as the journal has them: fills done, money used, controls in force.

The rest of an order that had begun is planned anew from now on, in the shape that its plan has: what nobody traded
meanwhile is spread over it. A person's controls (`control_words`) stay in force; one that can no longer be carried out
leaves its order paused. A staged order has a row that is done: nothing looks at it until it is taken up anew, released.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import clock_time, local_midnight
from nowake.core.values import Instrument, ParentOrder, Side
from nowake.execution.by_hand import interval_of
from nowake.execution.desk_state import CURVE, Follow, Hands, Placing
from nowake.execution.path import DecisionPath
from nowake.oms.apply import Oms
from nowake.oms.events import Control
from nowake.oms.orders import Parent
from nowake.oms.states import CLOSED, State
from nowake.risk.limits import MICRO, PPM
from nowake.service.control_words import Around, restore
from nowake.service.staging import since_release
from nowake.service.trader_setup import Work

__all__ = ["controls_in", "count_day", "count_money", "go_on", "take_up", "volume_before"]


def controls_in(oms: Oms) -> dict[str, list[Control]]:
    """Return the controls that a journal holds, in their order, by what they were said of."""
    found: dict[str, list[Control]] = {}
    for event in oms.controls:
        found.setdefault(event.target, []).append(event)
    return found


def volume_before(filled: int, participation: int) -> int:
    """Return the least volume of the market in which the guard lets `filled` shares through at `participation` (ppm).

    What was traded before a restart nobody has written down; the guard has seen to it then. So the part of the volume
    counts from the restart, as of an order for the rest.
    """
    if not 0 < participation < PPM:
        return filled
    return filled - (-filled * (PPM - participation) // participation)


def take_up(
    path: DecisionPath, i: int, parent: Parent, work: Work, said: Sequence[Control], around: Around
) -> InputError | None:
    """Put `parent` on row `i`; returns why a control of it can no longer be carried out, if one cannot."""
    order = ParentOrder(
        parent.client, around.instrument, Side(parent.side), parent.quantity, parent.start, parent.end,
        parent.price or None,
    )  # fmt: skip
    curve = np.array(work.curve) if work.curve else np.linspace(0, 1, CURVE + 1)
    interval = interval_of(parent.start, parent.end)
    usual = Placing()
    placing = replace(usual, cross_before=min(usual.cross_before, interval // 3))  # a short slice may rest, too
    path.take_on(i, order, curve, interval, placing)
    d, u = path.desk[i], path.usages[i]
    for name in ("filled", "filled_start", "plan_filled"):
        d[name] = parent.filled
    u["filled"] = parent.filled
    if CLOSED[parent.state]:
        d["done"] = 1
        return None
    if work.part:
        d["follow"], d["part"] = int(Follow.VOLUME), work.part
    wrong = None
    try:
        restore(d, said if parent.state == State.STAGED else since_release(said), around)
    except InputError as error:
        wrong, d["hands"] = error, int(Hands.PAUSED)
    u["limit"] = d["limit"]
    d["done"] = int(parent.state == State.STAGED)
    return wrong


def go_on(path: DecisionPath, parents: Sequence[Parent]) -> dict[int, int]:
    """Let parents go on from the arrival price that the journal has, and from the volume of now.

    Returns the rows of those that have none yet, and what their fills are taken to have been part of: so many shares
    of volume are to be counted before the one at which they first look.
    """
    open_ = {i: parent for i, parent in enumerate(parents) if not CLOSED[parent.state]}
    limits, usages = path.limits, path.usages
    before = {i: volume_before(int(usages[i]["filled"]), int(limits[i]["participation"])) for i in open_}
    board = path.boards[0]
    board["volume"] += max(before.values(), default=0)  # so that no row starts below 0
    for i, parent in open_.items():
        if parent.arrival2:
            d, u, volume = path.desk[i], path.usages[i], int(board["volume"])
            d["arrival2"] = u["arrival2"] = parent.arrival2
            d["volume_start"] = d["plan_volume"] = volume
            u["volume_start"] = volume - before.pop(i)
    return before


def count_money(path: DecisionPath, oms: Oms, parents: Sequence[Parent], instrument: Instrument, now: int) -> None:
    """Count what fills have used of the limits on money, the position of the account, and what its day has brought.

    A day is one of the instrument's own time; money in micro-units of currency.
    """
    tick = float(instrument.tick_size * instrument.lot) * MICRO
    rows = {parent.id: i for i, parent in enumerate(parents)}
    names = {place.name: k for k, place in enumerate(path.places)}
    for parent, i in rows.items():
        path.usages[i]["money"] = round(oms.parents[parent].money2 / 2 * tick)
    account, midnight = path.usages[0]["account"], _midnight(instrument, now)
    for venue, fills in oms.fills.items():
        if venue in names:
            used = sum(fill.quantity * fill.price2 for fill in fills.values() if fill.time >= midnight)
            path.usages[account]["venue_money"][names[venue]] = round(used / 2 * tick)
    count_day(path, oms, parents, instrument, now)


def _midnight(instrument: Instrument, now: int) -> int:
    zone = instrument.sessions[0].timezone
    return local_midnight(clock_time(now, zone).date(), zone)


def count_day(path: DecisionPath, oms: Oms, parents: Sequence[Parent], instrument: Instrument, now: int) -> None:
    """Count position, cash and fees of the account's day; busted fills, and what was allocated, count nothing.

    What was held before counts from the arrival price of the day's first order, or, before that, from the first mid.
    """
    s, midnight = path.usages[path.usages[0]["symbol"]], _midnight(instrument, now)
    held = {(parent.account, parent.symbol) for parent in parents}
    shares = cash2 = fees = 0
    for fill in (one for fills in oms.fills.values() for one in fills.values() if one.time >= midnight):
        child = oms.children[fill.child]
        parent = oms.parents[child.parent]
        if (parent.account, parent.symbol) in held and not parent.allocated:
            shares += child.side * fill.quantity
            cash2 -= child.side * fill.quantity * fill.price2
            fees += fill.fee
    position = sum(oms.position(*one) for one in held)
    today = [one for one in oms.parents.values() if one.start >= midnight and one.arrival2]
    s["position"], s["carried"], s["cash2"], s["fees"] = position, position - shares, cash2, fees
    s["open2"] = min(today, key=lambda one: one.start).arrival2 if today else 0
