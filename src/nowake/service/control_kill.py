"""The kill switch of a running trader: a press stops at once, a release needs a second person.

A press sets the flag that the guard reads, hands one `KillPressed` to the journal, sends the cancels, and only then
waits for a disk; neither a full disk nor a journal that has failed keeps it from stopping. A press on the firm or on a
venue takes one mass cancel for all that rests at a venue; every order has its own answer, and one that has none after
MASS_PATIENCE is cancelled alone. What a venue will not cancel is asked for again. After a restart what either file or
journal says is pressed is pressed.
"""

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from nowake.core.errors import InputError, nearest
from nowake.core.intent import OrderKind
from nowake.core.times import SECOND
from nowake.core.venue import Cancel, MassCancel
from nowake.execution.desk_state import Hands, Stage
from nowake.execution.replanning import anew
from nowake.oms.errors import JournalError
from nowake.oms.events import KillPressed, KillReleased
from nowake.risk.kill import Pressed, Stop, withdrawals
from nowake.risk.switches import SCOPES, Level
from nowake.service.control_wire import Answer, Asked

if TYPE_CHECKING:
    from nowake.oms.journal.writer import Ticket
    from nowake.service.trader import Trader

__all__ = ["press", "press_again", "release", "stop_firm", "withdraw_pressed"]

_LEVELS = {level.name.lower().replace("_", "-"): level for level in Level if level is not Level.RUN}
_RESTING = [int(kind) for kind in (OrderKind.LIMIT, OrderKind.POST_ONLY, OrderKind.MID_PEG, OrderKind.ON_CLOSE)]
_PROGRAM = "nowake"
MASS_PATIENCE = SECOND  # of market time


def scope_of(target: str) -> tuple[str, str]:
    """Return scope and name of ``firm`` (or nothing, or ``all``), ``desk:…``, ``symbol:…``, and so on."""
    if target.lower() in ("", "all", "firm"):
        return "firm", ""
    scope, colon, name = target.partition(":")
    if scope not in SCOPES or not colon:
        wanted = "firm, or one of " + ", ".join(f"{one}:NAME" for one in SCOPES[1:])
        raise InputError(f"scope '{target}'", expected=wanted, got=repr(target), hint=nearest(scope, SCOPES))
    return scope, name


def _text(scope: str, name: str) -> str:
    return f"{scope}:{name}" if name else scope


def press(trader: "Trader", asked: Asked) -> Answer:
    """Press the switch that `asked` names, as far as its value says (``cancel-all`` if nothing)."""
    word = (asked.value or "cancel-all").lower().replace("_", "-")
    if word not in _LEVELS:
        known = ", ".join(_LEVELS)
        hint = nearest(word, _LEVELS)
        raise InputError(f"unknown level '{asked.value}'", expected=f"one of {known}", got=repr(word), hint=hint)
    scope, name = scope_of(asked.target)
    stop = Stop(scope, name, _LEVELS[word], asked.who, trader.now(), asked.why)
    written: list[Ticket] = []
    cancels = 0

    def withdraw(pressed: Pressed) -> None:
        nonlocal cancels
        level = pressed.level.name.lower()
        with contextlib.suppress(JournalError):
            said = KillPressed(stop.time, _text(scope, name), level, stop.by, stop.reason)
            written.append(trader.books.record(said))
        cancels = _withdraw(trader, pressed)

    pressed = trader.kill.press(stop, withdraw)
    return Answer(True, _told(trader, pressed, cancels, written))


def _told(trader: "Trader", pressed: Pressed, cancels: int, written: "list[Ticket]") -> str:
    """Wait until the press is on disk, and return what there is to say of it; what failed raises an alarm."""
    kept = False
    with contextlib.suppress(JournalError):
        for ticket in written:
            ticket.wait()
            kept = True
    stop = pressed.stop
    words = f"{_text(stop.scope, stop.name)} is stopped ({pressed.level.name.lower()}), {cancels} orders withdrawn"
    trader.alarm(f"kill switch, pressed by {stop.by}: {words}: {stop.reason}")
    for what, done in (("its file", pressed.durable), ("the journal", kept)):
        if not done:
            words += f"; {what} could not be written"
            trader.alarm(f"the kill switch is pressed, but {what} could not be written: press again after a restart")
    return words


def _withdraw(trader: "Trader", pressed: Pressed) -> int:
    """Send the cancels of a press, then write down which orders were to be withdrawn; returns how many."""
    path, desk = trader.path, trader.desk
    names = [place.name for place in path.places]
    open_ = np.isin(path.working["kind"], _RESTING) & (path.kids["stage"] != Stage.CANCELLING)
    open_ &= path.kids["stage"] != Stage.FREE
    rows = path.working[open_]
    for command in withdrawals(pressed, path.usages, rows, mass=names):
        desk.venue.send(command)
        if isinstance(command, MassCancel):
            trader.mass_cancels[names.index(command.venue or "")] = trader.now()
    ids = [one.order_id for one in withdrawals(pressed, path.usages, rows) if isinstance(one, Cancel)]
    path.kids["stage"][open_ & np.isin(path.working["id"], ids)] = int(Stage.CANCELLING)
    for oid in ids:
        with contextlib.suppress(JournalError):
            desk.keeper.asked(oid)
    for i in range(path.n) if pressed.level >= Level.PAUSE else ():
        if _hits(trader, pressed, i):
            desk.let_go(i)
    return len(ids)


def _ask_singly(trader: "Trader") -> None:
    """Cancel alone what a mass cancel should have taken away by now and has not."""
    path, now = trader.path, trader.now()
    for place, since in list(trader.mass_cancels.items()):
        if now - since < MASS_PATIENCE:
            continue
        del trader.mass_cancels[place]
        left = (path.kids["stage"] == Stage.CANCELLING) & (path.working["venue"] == place)
        for oid in path.working["id"][left & (path.working["leaves"] > 0)]:
            trader.desk.venue.send(Cancel(int(oid)))


def _hits(trader: "Trader", pressed: Pressed, i: int) -> bool:
    u = trader.path.usages[i]
    return pressed.stop.scope in ("firm", "venue") or pressed.row in u["switch"]


def withdraw_pressed(trader: "Trader") -> None:
    """Ask again for what still rests although its switch says that all is to be cancelled."""
    _ask_singly(trader)
    for held in trader.kill.held:
        if held.level is Level.CANCEL_ALL:
            stop = Stop(held.scope, held.name, held.level, held.by[0] if held.by else _PROGRAM, held.since, held.reason)
            _withdraw(trader, Pressed(stop, trader.kill.row(held.scope, held.name), held.level, durable=True))


def press_again(trader: "Trader") -> None:
    """Press what the journal says is pressed and the file of the switch does not: a crash came between them."""
    held = {_text(one.scope, one.name) for one in trader.kill.held}
    for kill in list(trader.keeper.oms.kills.values()):
        if kill.scope in held:
            continue
        scope, name = scope_of(kill.scope)
        trader.kill.row(scope, name)
        trader.kill.press(Stop(scope, name, Level[kill.level.upper()], kill.who, trader.now(), kill.why))
        trader.alarm(f"the kill switch of {kill.scope} is pressed again: the journal says so, its file did not")


def stop_firm(trader: "Trader", why: str) -> None:
    """Stop everything, because of what the program itself has found; pressed once."""
    if trader.kill.level("firm") < Level.CANCEL_ALL:
        press(trader, Asked("kill", "firm", "cancel-all", _PROGRAM, why))


def release(trader: "Trader", asked: Asked) -> Answer:
    """Release a switch: `asked.who` asks, its value names the approver. That it was asked is on disk already."""
    scope, name = scope_of(asked.target)
    stop = Stop(scope, name, Level.RUN, asked.who, trader.now(), asked.why)
    if not asked.value:
        raise InputError("release of a kill switch", expected="the second person, who approves it", got="nobody")
    resumed = trader.kill.resume(stop, asked.value, trader.policy.approvers)
    text = _text(scope, name)
    if text not in trader.keeper.oms.kills:  # stopped by a file that could not be read: the journal knows nothing
        trader.books.record(KillPressed(stop.time, text, resumed.held.level.name.lower(), "file", resumed.held.reason))
    trader.books.record(KillReleased(stop.time, text, asked.who, asked.value, asked.why)).wait()
    _go_on(trader)
    return Answer(True, f"{text} is released by {asked.who} and {asked.value}")


def _go_on(trader: "Trader") -> None:
    """Spread what was not done meanwhile over the rest of every order that the algorithm works."""
    now, volume = trader.now(), int(trader.path.boards[0]["volume"])
    for d in trader.path.desk:
        if not d["done"] and d["hands"] == Hands.ALGORITHM and int(d["start"]) < now < int(d["end"]):
            anew(d, now, volume)
