"""How a trade begins: what the journal holds already, whether the order can fill, and what is kept of it.

An order that is not over comes first: it goes on where it stood, or is cancelled, and where neither can be the journal
is left alone. A new order is checked against the execution policy before anything is started.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nowake.core.errors import InputError
from nowake.core.values import Side
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset, load, parameter_hash
from nowake.market.sessions import next_weekday
from nowake.oms.identifiers import text as id_text
from nowake.oms.journal.lease import FileLease
from nowake.oms.keeper import Mode
from nowake.oms.orders import Parent
from nowake.oms.states import State
from nowake.risk.kill_file import Held, read_pressed
from nowake.risk.policy import load as load_policy
from nowake.risk.scopes import Scope, resolve
from nowake.service import trade_files as files
from nowake.service.control_wire import socket_of
from nowake.service.limiting import scope_of, stops
from nowake.service.trade_files import Kept, MarketDay, OrderKept
from nowake.service.trade_plan import Question, check_fill, expected_volumes, venues_of, window_of

__all__ = ["UNFINISHED", "WARM_UP", "Wanted", "begin"]

UNFINISHED = ("ask", "resume", "cancel")
WARM_UP = 1800.0  # s from the open to the start of an order
_SOCKET_PATH = 107  # bytes that the system has for the path of a Unix socket
_ACCOUNT = "fund"  # whose orders a trader works


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order as it is wanted; `horizon` s, `limit` in ticks (0: none), `participation` for pov (None: what it takes).

    `speed`: times real time, 0: as fast as both can. `unfinished`: what becomes of an order that was cut off.
    """

    preset: str
    side: Side
    quantity: int
    horizon: float
    seed: int
    journal: Path
    regime: str = "calm"
    strategy: str = "ac"
    urgency: float = 2.0
    participation: float | None = None
    limit: int = 0
    policy: str = "default"
    mode: Mode = Mode.RESERVED
    speed: float = 60.0
    unfinished: str = "ask"


def begin(wanted: Wanted, tell: Callable[[str], None], cancel: Callable[[Path, Kept], None]) -> tuple[Path, Kept, bool]:
    """Return the folder of the trade, what it is, and whether it was begun before.

    `cancel` ends an unfinished order for good where that is wanted. InputError, OrderError for what cannot be begun.
    """
    if (length := len(os.fsencode(socket_of(wanted.journal)))) > _SOCKET_PATH:
        expected = f"a path of at most {_SOCKET_PATH} bytes with its ending .control, a socket's most"
        raise InputError(f"--journal {wanted.journal}", expected=expected, got=f"{length} bytes")
    state = files.look_into(wanted.journal)
    if state is not None:
        FileLease(wanted.journal).release()  # LeaseError where another trader works on it
    left = files.unfinished(state.oms) if state else []
    last = files.last_kept(wanted.journal)
    if left:
        folder, kept = _revive(left, last, wanted.journal)
        preset, order = load(kept.market.preset), kept.order
        scope = scope_of(preset.instrument.symbol, order.strategy, order.client)
        _check_kill(wanted, order.policy, scope, preset, tell)
        if wanted.unfinished == "resume" or (wanted.unfinished == "ask" and _same(kept, wanted)):
            tell(f"goes on with {_words(left[0])}")
            return folder, kept, True
        if wanted.unfinished == "ask":
            raise InputError(
                f"journal {wanted.journal} has an order that is not over: {_words(left[0])}",
                expected="the same order again, to go on with it",
                got=f"{wanted.side} {wanted.quantity:,}",
                hint="--unfinished resume goes on with it, --unfinished cancel ends it first, "
                "--journal names another journal",
            )
        tell(f"cancels {_words(left[0])}")
        cancel(folder, kept)
        state = files.look_into(wanted.journal)
    elif wanted.unfinished == "resume":
        raise InputError("--unfinished resume", expected="an order that is not over", got="none in the journal")
    return _new(wanted, state, last, tell)


def _words(parent: Parent) -> str:
    side = str(Side(parent.side))
    return (
        f"order {id_text(parent.id)}: {side} {parent.quantity:,} {parent.symbol}, {parent.filled:,} filled, "
        f"{State(parent.state)}"
    )


def _revive(left: list[Parent], last: tuple[Path, Kept] | None, journal: Path) -> tuple[Path, Kept]:
    """Return the trade whose order is unfinished; InputError where its venue cannot be started again."""
    more = f" and {len(left) - 1} more" if len(left) > 1 else ""
    known = last is not None and (last[0] / "venue.log").exists()
    if len(left) == 1 and last is not None and known and last[1].order.client == left[0].client:
        preset = load(last[1].market.preset)
        if parameter_hash(preset) == last[1].market.parameters:
            return last
    raise InputError(
        f"journal {journal} has an order that is not over, and its venue cannot be started again: "
        f"{_words(left[0])}{more}",
        expected=f"the memory of its venue in {files.market_folder(journal)}, and the preset as it was",
        got="nothing there" if last is None or not known else f"that of order {last[1].order.client!r}",
        hint="--journal names another journal; `nowake oms orders` shows what is in this one",
    )


def _same(kept: Kept, wanted: Wanted) -> bool:
    """Tell whether an order is the one that was begun; the part of the volume follows from the rest if not given."""
    market, order = kept.market, kept.order
    was = (market.preset, market.seed, market.regime, order.side, order.quantity, order.horizon, order.limit,
           order.strategy, order.urgency, order.policy)  # fmt: skip
    now = (wanted.preset, wanted.seed, wanted.regime, int(wanted.side), wanted.quantity, wanted.horizon, wanted.limit,
           wanted.strategy, wanted.urgency, wanted.policy)  # fmt: skip
    return was == now and wanted.participation in (None, order.part)


def _new(
    wanted: Wanted, state: files.State | None, last: tuple[Path, Kept] | None, tell: Callable[[str], None]
) -> tuple[Path, Kept, bool]:
    """Check a new order, and keep what it is."""
    preset = load(wanted.preset)
    number = 1 + max((int(one.name) for one in files.folders(wanted.journal)), default=0)
    client = f"trade-{number}"
    if state is not None and client in state.oms.clients:  # its folder was thrown away
        client = f"trade-{number}-{state.oms.sequence}"
    scope = scope_of(preset.instrument.symbol, wanted.strategy, client)
    _check_kill(wanted, wanted.policy, scope, preset, tell)
    day = FIRST_DAY if last is None else next_weekday(files.day_of(last[1]))
    window = window_of(preset, day, WARM_UP, wanted.horizon)
    others = float(expected_volumes(preset, window).sum())
    part = wanted.participation or wanted.quantity / (wanted.quantity + others)
    held = state.oms.positions.get((_ACCOUNT, preset.instrument.symbol)) if state else None
    check_fill(
        wanted.policy, scope, preset, window,
        Question(wanted.side, wanted.quantity, wanted.limit, wanted.participation or 0.0, held.shares if held else 0),
    )  # fmt: skip
    market = MarketDay(
        wanted.preset, parameter_hash(preset), wanted.seed, wanted.regime, WARM_UP, day.isoformat(),
        state.last if state else 0,
    )  # fmt: skip
    order = OrderKept(
        client, int(wanted.side), wanted.quantity, wanted.horizon, wanted.limit, wanted.strategy, wanted.urgency,
        part, wanted.policy,
    )  # fmt: skip
    folder = files.market_folder(wanted.journal) / f"{number:04}"
    kept = Kept(market, order)
    files.write_kept(folder, kept)
    return folder, kept, False


def _check_kill(wanted: Wanted, policy: str, scope: Scope, preset: Preset, tell: Callable[[str], None]) -> None:
    """Tell of a kill switch that stops an order of `scope`; refuse where nobody could release it in time.

    It is released at a running trader, so a trade may begin under it, unless its time flies.
    """
    file = wanted.journal.parent / "kill.json"
    if not file.exists():
        return
    held, rules = read_pressed(file), resolve(load_policy(policy), scope)
    allowed = [name for name in venues_of(preset) if name in (*rules["venues"], *rules["dealers"])]
    pressed = stops(held or [], scope, allowed)
    if held is not None and not pressed:
        return
    words = _pressed(pressed) if held is not None else "its file cannot be read, which stops everything"
    if wanted.speed:
        tell(f"the kill switch {file} is pressed: {words}; nothing leaves until two people have released it")
        return
    raise InputError(
        f"the kill switch {file} is pressed: {words}",
        expected="nothing that stops the order",
        got="--speed max",
        hint="a running trader releases it: choose a speed like 60x",
    )


def _pressed(held: Sequence[Held]) -> str:
    return "; ".join(f"{f'{one.scope} {one.name}'.strip()} by {', '.join(one.by)}: {one.reason}" for one in held)
