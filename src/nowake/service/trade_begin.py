"""How a trade begins: what the journal holds already, whether the order can fill, and what is kept of it.

An order that is not over comes first: it goes on where it stood, or is cancelled, and where neither can be the journal
is left alone. Market days that no order of the journal names, of trades that were cut off before they began, are
removed. A new order is checked against the execution policy before anything is started.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nowake.core.errors import InputError
from nowake.core.values import Side
from nowake.features.context import MicroTable
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset, load, parameter_hash
from nowake.market.sessions import next_weekday
from nowake.oms.identifiers import text as id_text
from nowake.oms.journal.address import base_of, on_server, shown
from nowake.oms.journal.protocol import refuse_second
from nowake.oms.keeper import Mode
from nowake.oms.orders import Parent
from nowake.oms.states import State
from nowake.risk.kill_file import Held, read_pressed
from nowake.risk.policy import load as load_policy
from nowake.risk.scopes import Scope, resolve
from nowake.service import trade_files as files
from nowake.service.control_wire import socket_of
from nowake.service.journal_folder import vouch
from nowake.service.limiting import scope_of, stops
from nowake.service.trade_basket import Line
from nowake.service.trade_files import Kept, MarketDay, OrderKept
from nowake.service.trade_plan import Question, check_fill, expected_volumes, venues_of, window_of

__all__ = ["UNFINISHED", "WARM_UP", "Wanted", "begin"]

UNFINISHED = ("ask", "resume", "cancel")
WARM_UP = 1800.0  # s from the open to the start of an order
_SOCKET_PATH = 107  # bytes that the system has for the path of a Unix socket


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order as it is wanted; `horizon` s, `limit` in ticks (0: none), `participation` for pov (None: what it takes).

    `speed`: times real time, 0: as fast as both can. `unfinished`: what becomes of an order that was cut off. `after`:
    s of the market that are kept after the last fill. `micro`: a fitted microprice table. `folder`: where
    the files of a journal on a server are, None: where they were, or its own. Of a `basket` (its name) the
    `lines` are its orders, and those that are said of one order say nothing.
    """

    preset: str
    side: Side
    quantity: int
    horizon: float
    seed: int
    journal: str | Path
    regime: str = "calm"
    strategy: str = "ac"
    urgency: float = 2.0
    participation: float | None = None
    limit: int = 0
    policy: str = "default"
    mode: Mode = Mode.RESERVED
    speed: float = 60.0
    unfinished: str = "ask"
    after: float = 0.0
    staged: bool = False
    micro: MicroTable | None = None
    folder: Path | None = None
    basket: str = ""
    lines: tuple[Line, ...] = ()

    @property
    def orders(self) -> tuple[Line, ...]:
        """Every order: those of the basket, or the one."""
        one = Line(self.side, self.quantity, self.horizon, 0.0, self.limit, self.strategy, self.urgency,
                   self.participation)  # fmt: skip
        return self.lines or (one,)


def begin(wanted: Wanted, tell: Callable[[str], None], cancel: Callable[[Path, Kept], None]) -> tuple[Path, Kept, bool]:
    """Return the folder of the trade, what it is, and whether it was begun before.

    `cancel` ends an unfinished order for good where that is wanted. InputError, OrderError for what cannot be begun.
    """
    if (length := len(os.fsencode(socket_of(wanted.journal)))) > _SOCKET_PATH:
        expected = f"a path of at most {_SOCKET_PATH} bytes with its ending .control, a socket's most"
        hint = "--folder names another folder" if on_server(wanted.journal) else None
        raise InputError(f"--journal {shown(wanted.journal)}", expected=expected, got=f"{length} bytes", hint=hint)
    state = files.look_into(wanted.journal)
    vouch(wanted.journal, state)
    if state is not None:
        refuse_second(wanted.journal)  # LeaseError where another trader works on it
    files.forget_unnamed(wanted.journal, state.oms.clients if state else ())
    left = files.unfinished(state.oms) if state else []
    last = files.last_kept(wanted.journal)
    if left:
        folder, kept = _revive(left, last, wanted.journal)
        preset = load(kept.market.preset)
        _check_kill(wanted, kept.order.policy, [_scope(preset, one) for one in kept.orders], preset, tell)
        if wanted.unfinished == "resume" or (wanted.unfinished == "ask" and _same(kept, wanted)):
            _check_speed(wanted, staged=any(one.state == State.STAGED for one in left))
            tell(f"goes on with {_words(left[0])}{_more(left)}")
            return folder, kept, True
        if wanted.unfinished == "ask":
            raise InputError(
                f"journal {shown(wanted.journal)} has an order that is not over: {_words(left[0])}{_more(left)}",
                expected="the same order again, to go on with it",
                got=f"basket {wanted.basket}" if wanted.basket else f"{wanted.side} {wanted.quantity:,}",
                hint="--unfinished resume goes on with it, --unfinished cancel ends it first, "
                "--journal names another journal",
            )
        tell(f"cancels {_words(left[0])}{_more(left)}")
        cancel(folder, kept)
        state = files.look_into(wanted.journal)
    elif wanted.unfinished == "resume":
        raise InputError("--unfinished resume", expected="an order that is not over", got="none in the journal")
    return _new(wanted, state, last, tell)


def _more(left: Sequence[Parent]) -> str:
    return f" and {len(left) - 1} more" if len(left) > 1 else ""


def _check_speed(wanted: Wanted, *, staged: bool) -> None:
    """Refuse a time that flies where an order waits for people."""
    if staged and not wanted.speed:
        raise InputError("a staged order", expected="a time in which it can be released", got="--speed max",
                         hint="people release it at a running trader: choose a speed like 60x")  # fmt: skip


def _words(parent: Parent) -> str:
    side = str(Side(parent.side))
    return (
        f"order {id_text(parent.id)}: {side} {parent.quantity:,} {parent.symbol}, {parent.filled:,} filled, "
        f"{State(parent.state)}"
    )


def _revive(left: list[Parent], last: tuple[Path, Kept] | None, journal: str | Path) -> tuple[Path, Kept]:
    """Return the trade whose order is unfinished; InputError where its venue cannot be started again."""
    known = last is not None and (last[0] / "venue.log").exists()
    if last is not None and known and {one.client for one in left} <= {one.client for one in last[1].orders}:
        preset = load(last[1].market.preset)
        if parameter_hash(preset) == last[1].market.parameters:
            return last
    raise InputError(
        f"journal {shown(journal)} has an order that is not over, and its venue cannot be started again: "
        f"{_words(left[0])}{_more(left)}",
        expected=f"the memory of its venue in {files.market_folder(journal)}, and the preset as it was",
        got="nothing there" if last is None or not known else f"that of order {last[1].order.client!r}",
        hint="--journal names another journal; `nowake oms orders` shows what is in this one",
    )


def _same(kept: Kept, wanted: Wanted) -> bool:
    """Tell whether an order is the one that was begun; the part of the volume follows from the rest if not given."""
    market, lines = kept.market, wanted.orders
    was = (market.preset, market.seed, market.regime, kept.order.policy, kept.order.staged, bool(kept.basket))
    now = (wanted.preset, wanted.seed, wanted.regime, wanted.policy, wanted.staged, bool(wanted.basket))
    same = all(_same_order(one, line) for one, line in zip(kept.orders, lines, strict=False))
    return was == now and len(kept.orders) == len(lines) and same


def _same_order(order: OrderKept, line: Line) -> bool:
    was = (order.side, order.quantity, order.horizon, order.start, order.limit, order.strategy, order.urgency,
           order.account)  # fmt: skip
    now = (int(line.side), line.quantity, line.horizon, line.start, line.limit, line.strategy, line.urgency,
           line.account)  # fmt: skip
    return was == now and line.part in (None, order.part) and line.client in ("", order.client)


def _new(
    wanted: Wanted, state: files.State | None, last: tuple[Path, Kept] | None, tell: Callable[[str], None]
) -> tuple[Path, Kept, bool]:
    """Check new orders, and keep what they are."""
    preset = load(wanted.preset)
    _check_speed(wanted, staged=wanted.staged)
    day = FIRST_DAY if last is None else next_weekday(files.day_of(last[1]))
    number = 1 + max((int(one.name) for one in files.folders(wanted.journal)), default=0)
    made = _Making(wanted, preset, day, number, state)
    _check_kill(wanted, wanted.policy, [made.scope(k, line) for k, line in enumerate(wanted.orders, 1)], preset, tell)
    orders = tuple(made.order(k, line) for k, line in enumerate(wanted.orders, 1))
    market = MarketDay(
        wanted.preset, parameter_hash(preset), wanted.seed, wanted.regime, WARM_UP, day.isoformat(),
        state.last if state else 0,
    )  # fmt: skip
    folder = files.market_folder(wanted.journal) / f"{number:04}"
    kept = Kept(market, orders[0], basket=made.basket({one.client for one in orders}), others=orders[1:])
    files.write_kept(folder, kept)
    return folder, kept, False


@dataclass(frozen=True, slots=True)
class _Making:
    """The orders of trade `number` as they are kept, each checked against the execution policy."""

    wanted: Wanted
    preset: Preset
    day: date
    number: int
    state: files.State | None

    def order(self, k: int, line: Line) -> OrderKept:
        """Return order `k`, from 1; what is wrong with one of a basket names its line."""
        with self._named(line):
            return self._order(k, line)

    def scope(self, k: int, line: Line) -> Scope:
        """Return whose order `k` is."""
        with self._named(line):
            return scope_of(self.preset.instrument.symbol, line.strategy, self._client(k, line))

    @contextlib.contextmanager
    def _named(self, line: Line) -> Iterator[None]:
        try:
            yield
        except InputError as error:
            if line.number:
                error.args = (f"basket {self.wanted.basket}, line {line.number}: {error}",)
            raise

    def _order(self, k: int, line: Line) -> OrderKept:
        wanted, preset = self.wanted, self.preset
        window = window_of(preset, self.day, WARM_UP + line.start, line.horizon)
        others = float(expected_volumes(preset, window).sum())
        part = line.part or line.quantity / (line.quantity + others)
        held = self.state.oms.positions.get((line.account, preset.instrument.symbol)) if self.state else None
        client = self._client(k, line)
        check_fill(
            wanted.policy, scope_of(preset.instrument.symbol, line.strategy, client), preset, window,
            Question(line.side, line.quantity, line.limit, line.part or 0.0, held.shares if held else 0),
        )  # fmt: skip
        return OrderKept(
            client, int(line.side), line.quantity, line.horizon, line.limit, line.strategy,
            line.urgency, part, wanted.policy, line.start, line.account, wanted.staged,
        )  # fmt: skip

    def _client(self, k: int, line: Line) -> str:
        taken = self.state.oms.clients if self.state is not None else {}
        if line.client in taken:
            raise InputError(
                f"client id {line.client!r}", expected="one that the journal does not have", got="a repeat"
            )
        client = line.client or f"trade-{self.number}" + (f"-{k}" if self.wanted.basket else "")
        if client in taken and self.state is not None:  # its folder was thrown away
            client = f"{client}-{self.state.oms.sequence}"
        return client

    def basket(self, clients: set[str]) -> str:
        """Return the name of the basket, one that nothing else in the journal has; empty if there is none."""
        wanted, oms = self.wanted.basket, self.state.oms if self.state is not None else None
        names = {one.name for one in oms.baskets.values()} | set(oms.clients) if oms is not None else set()
        if wanted in clients:
            raise InputError(f"basket {wanted}", expected="a name that is no client id of its orders", got=repr(wanted))
        return f"{wanted}-{self.number}" if wanted and wanted in names else wanted


def _scope(preset: Preset, order: OrderKept) -> Scope:
    return scope_of(preset.instrument.symbol, order.strategy, order.client)


def _check_kill(
    wanted: Wanted, policy: str, scopes: Sequence[Scope], preset: Preset, tell: Callable[[str], None]
) -> None:
    """Tell of a kill switch that stops an order of `scopes`; refuse where nobody could release it in time.

    It is released at a running trader, so a trade may begin under it, unless its time flies.
    """
    file = base_of(wanted.journal).parent / "kill.json"
    if not file.exists():
        return
    held, document, pressed = read_pressed(file), load_policy(policy), list[Held]()
    for scope in scopes:
        rules = resolve(document, scope)
        allowed = [name for name in venues_of(preset) if name in (*rules["venues"], *rules["dealers"])]
        pressed += [one for one in stops(held or [], scope, allowed) if one not in pressed]
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
