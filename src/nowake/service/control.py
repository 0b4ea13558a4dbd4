"""A person's controls of a running trader: written down with who and why, then carried out at the next event.

`Controls.apply` tries a control on a copy of the order's row, journals it, waits for the disk, and puts the row in
place. What is refused is journalled too, as ``refused …``. A child of a person goes through the guard. The kill switch
does not wait for the disk (`control_kill`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nowake.core.errors import CapacityError, InputError, OrderError, nearest
from nowake.execution import by_hand
from nowake.execution.replanning import Plan
from nowake.oms.errors import JournalError
from nowake.oms.events import Control, ParentSaid
from nowake.oms.identifiers import parse, text
from nowake.oms.orders import Flag
from nowake.oms.states import CLOSED, Act, State
from nowake.service.allocating import ALLOCATE, allocate
from nowake.service.control_kill import press, release
from nowake.service.control_wire import Answer, Asked, check_signed
from nowake.service.control_words import WORDS, Trial, change, child_of, known
from nowake.service.limiting import check_strategy, work_by
from nowake.service.staging import RELEASE, STAGED, check_staged, release_orders, rows_of_baskets
from nowake.service.taking_up import count_day

if TYPE_CHECKING:
    import numpy as np

    from nowake.service.trader import Trader

__all__ = ["Answer", "Asked", "Controls"]

_NO_CHILD = 2**62  # above every id
Handler = Callable[[Asked], str]
"""Carries out a control of its own kind and returns what there is to say; InputError if it cannot."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """A control that could be carried out on row `i`: the row after it, and the value as the journal has it."""

    i: int
    row: "np.void"
    value: str
    note: str


class Controls:
    """Hears the controls of one trader; `add` lets it hear others (a policy that is to be loaded anew, …)."""

    def __init__(self, trader: "Trader") -> None:
        self.trader = trader
        self._handlers: dict[str, Handler] = {}

    def add(self, what: str, handler: Handler) -> None:
        """Let `handler` carry out controls of the word `what`; they are on disk when it is called."""
        if what in self.words:
            raise InputError(f"word of a control '{what}'", expected="a new one", got="one that is known")
        self._handlers[what] = handler

    @property
    def words(self) -> tuple[str, ...]:
        """Every word that may be said."""
        return (*WORDS, "send", "withdraw", RELEASE, ALLOCATE, "kill", "release", *self._handlers)

    def apply(self, asked: Asked) -> Answer:
        """Carry out a control, or say why not; either way the journal tells. JournalError if it cannot."""
        try:
            check_signed(asked, "control")
            what = known(asked.what, self.words)
            if self.trader.stopping and what != "kill":
                raise InputError("control", expected="a trader that runs", got="one that is stopping")
            return self._apply(what, asked)
        except JournalError:
            raise
        except (InputError, CapacityError) as error:
            return self._refused(asked, error)

    def _apply(self, what: str, asked: Asked) -> Answer:
        if what == "kill":
            return press(self.trader, asked)
        if what in ("send", "withdraw"):
            return (self._send if what == "send" else self._withdraw)(asked)
        if what in WORDS:
            return self._change(what, asked)
        if what == RELEASE:
            return release_orders(self.trader, self._rows(asked.target), asked)
        if what == ALLOCATE:
            answer, trader = allocate(self.trader.keeper, self.trader.now(), asked), self.trader
            count_day(trader.path, trader.keeper.oms, trader.parents, trader.setup.instrument, trader.now())
            return answer
        self._write(what, asked)
        if what == "release":
            return release(self.trader, asked)
        return Answer(True, self._handlers[what](asked))

    def _write(self, what: str, asked: Asked, target: str = "", value: str | None = None) -> None:
        """Write a control down; it is on disk when this returns."""
        value = asked.value if value is None else value
        said = Control(self.trader.now(), asked.who, asked.why, what, target or asked.target, value)
        self.trader.books.record(said).wait()
        self.trader.controls.setdefault(said.target, []).append(said)

    def _refused(self, asked: Asked, error: Exception) -> Answer:
        hint = getattr(error, "hint", None) or ""
        why = f"{asked.why}; refused: {error}{f'; {hint}' if hint else ''}"
        said = Control(self.trader.now(), asked.who, why, f"refused {asked.what}", asked.target, asked.value)
        self.trader.books.record(said).wait()
        return Answer(False, str(error), hint=hint)

    def _rows(self, target: str) -> list[int]:
        """Return the rows that `target` means: a client id, an order id, a basket's name, or all that are live."""
        parents = self.trader.parents
        if target == "all":
            live = [i for i, parent in enumerate(parents) if not CLOSED[parent.state]]
            if not live:
                raise OrderError("orders", expected="one that is live", got="none: all are over")
            return live
        baskets = rows_of_baskets(self.trader)
        names = dict(baskets)
        for i, one in enumerate(parents):
            names |= {name: [i] for name in (one.client, text(one.id), str(one.id)) if name}
        if target not in names:
            shown = [*baskets, *(one.client or text(one.id) for one in parents)]
            hint = nearest(target, names)
            raise InputError(
                f"unknown order '{target}'", expected=f"one of {', '.join(shown)}, or all", got=repr(target), hint=hint
            )
        return names[target]

    def _one(self, asked: Asked) -> int:
        rows = self._rows(asked.target)
        if len(rows) > 1:
            raise InputError(f"{asked.what} for {len(rows)} orders", expected="one of them by name", got=asked.target)
        check_staged(self.trader.parents[rows[0]], asked.what)
        return rows[0]

    def _try(self, what: str, i: int, value: str) -> _Tried:
        parent = self.trader.parents[i]
        if CLOSED[parent.state]:
            raise OrderError("control of an order", expected="one that is still live", got="one that is over")
        if parent.flags & Flag.CANCEL_PENDING:
            raise OrderError("control of an order", expected="one that goes on", got="one that is being cancelled")
        check_staged(parent, what)
        copy = self.trader.path.desk[i : i + 1].copy()
        waits, copy["done"] = copy["done"], 0
        trial = Trial(copy[0])
        kept = change(what, trial, value, self.trader.around())
        copy["done"] = waits
        if what == "strategy":
            check_strategy(self.trader, i, Plan.parse(kept).name)
        return _Tried(i, copy[0], kept, trial.note)

    def _change(self, what: str, asked: Asked) -> Answer:
        """Change the orders that can be; refused if none can."""
        tried: list[_Tried] = []
        wrong: list[tuple[str, InputError]] = []
        for i in self._rows(asked.target):
            name = text(self.trader.parents[i].id)
            try:
                tried.append(self._try(what, i, asked.value))
            except InputError as error:
                wrong.append((name, error))
        if not tried:
            raise wrong[0][1]
        for one in tried:
            self._write(what, asked, text(self.trader.parents[one.i].id), one.value)
            self._say(what, one, asked)
            self._put(what, one)
        names = tuple(text(self.trader.parents[one.i].id) for one in tried)
        notes = [f"{what}{f' {one.value}' if one.value else ''}: order {name}{_note(one)}"
                 for one, name in zip(tried, names, strict=True)]  # fmt: skip
        return Answer(True, "; ".join([*notes, *(f"not order {name}: {error}" for name, error in wrong)]), names)

    def _say(self, what: str, one: _Tried, asked: Asked) -> None:
        """Tell the order's own state in the journal, where it has one for this."""
        parent, now = self.trader.parents[one.i], self.trader.now()
        paused = bool(parent.flags & Flag.PAUSED)
        acts: list[Act] = []
        if parent.state == State.STAGED:
            acts = [act for act in (STAGED[what],) if act is not None]
        elif what == "cancel":
            acts = [Act.CANCEL_ASKED]
        elif what == "pause":
            acts = [Act.SUSPENDED]
        elif paused and what in ("resume", "finish", "take-over"):
            acts = [Act.RESUMED]
        elif what == "limit":
            acts = [Act.REPLACE_ASKED, Act.REPLACED]
        terms = (parent.quantity, int(one.row["limit"])) if what == "limit" else (0, 0)
        for act in acts:
            self.trader.books.record(ParentSaid(now, parent.id, act, *terms, asked.who, asked.why))

    def _put(self, what: str, one: _Tried) -> None:
        path = self.trader.path
        path.desk[one.i] = one.row
        path.usages[one.i]["limit"] = one.row["limit"]
        if what == "strategy":
            work_by(self.trader, one.i, Plan.parse(one.value).name)
        if what in ("pause", "take-over", "cancel"):
            self.trader.desk.let_go(one.i)

    def _send(self, asked: Asked) -> Answer:
        """Send a person's child through the guard."""
        trader, i = self.trader, self._one(asked)
        wanted, name = child_of(asked.value, trader.around()), text(trader.parents[i].id)
        by_hand.check_child(trader.path, i, wanted, trader.now())
        self._write("send", asked, name)
        count, verdict = by_hand.send_child(trader.path, i, wanted, trader.now())
        if not count:
            trader.desk.carry_out(0, trader.now())  # those who listen hear of the refusal
            raise OrderError(f"the guard refuses: {verdict.words}", got=", ".join(verdict.limits))
        oid = text(int(trader.path.sends[0]["id"]))
        trader.desk.carry_out(count, trader.now())
        changed = f", changed by the guard: {verdict.words}" if verdict.verdict == "projected" else ""
        price = f" at {verdict.price} ticks" if verdict.price else ""
        words = f"child {oid}: {verdict.quantity} {verdict.kind}{price} at {trader.names[wanted.venue]}{changed}"
        return Answer(True, words, (name,))

    def _withdraw(self, asked: Asked) -> Answer:
        """Withdraw a child while a person has its order."""
        trader, i = self.trader, self._one(asked)
        oid = parse(asked.value) if "-" in asked.value else _number(asked.value)
        name = text(trader.parents[i].id)
        by_hand.check_withdrawal(trader.path, i, oid)
        self._write("withdraw", asked, name)
        trader.desk.carry_out(by_hand.withdraw_child(trader.path, i, oid), trader.now())
        return Answer(True, f"the withdrawal of child {text(oid)} is asked for", (name,))


def _note(one: _Tried) -> str:
    return f" ({one.note})" if one.note else ""


def _number(value: str) -> int:
    if not (value.isascii() and value.isdecimal()):
        raise InputError("child", expected="an order id like 1-1-7", got=repr(value))
    return min(int(value[:20]), _NO_CHILD)
