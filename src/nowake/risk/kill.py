"""The kill switch: anyone may stop, only two may start again.

`press` first sets the flag that the guard reads (SWITCH), then lets the caller send his cancels, then makes it durable:
nothing waits for the disk, which takes longer than a thousand cancels. `resume` first makes it durable, then clears the
flag, and needs an approver of the policy who has not pressed. After a restart what was pressed is pressed; where the
file cannot say, the firm is.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nowake.core.errors import CapacityError, InputError, nearest
from nowake.core.venue import Cancel, MassCancel
from nowake.risk.kill_file import Held, read_pressed, write_pressed
from nowake.risk.scopes import Scope, kind_of
from nowake.risk.switches import FIRM_ROW, SCOPES, Level

__all__ = ["KillSwitch", "Pressed", "Resumed", "Stop", "withdrawals"]

_UNREADABLE = "the file of the kill switch could not be read"


@dataclass(frozen=True, slots=True)
class Stop:
    """Who (`by`) stops whom how far, when (ns UTC) and why; `name` is empty for the firm."""

    scope: str
    name: str
    level: Level
    by: str
    time: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """The one journal event of a press: `level` is what holds now, `durable` whether it is on disk."""

    stop: Stop
    row: int
    level: Level
    durable: bool


@dataclass(frozen=True, slots=True)
class Resumed:
    """The journal event of a release: who asked, and who approved."""

    scope: str
    name: str
    by: str
    approver: str
    time: int
    held: Held


class KillSwitch:
    """The switches of one process over SWITCH records; use `create` once, `open` at every start."""

    def __init__(self, path: Path, switches: np.ndarray, held: list[Held] | None) -> None:
        self._path, self._switches, self._lock = path, switches, threading.Lock()
        self._rows: dict[tuple[str, str], int] = {("firm", ""): FIRM_ROW}
        self._held: dict[tuple[str, str], Held] = {}
        if held is None:
            held = [Held("firm", "", Level.CANCEL_ALL, (), 0, _UNREADABLE)]
        for one in held:
            self._set(one, self.row(one.scope, one.name))

    @classmethod
    def create(cls, path: Path, switches: np.ndarray) -> "KillSwitch":
        """Return a new kill switch, nothing pressed, its file written; InputError if there is a file already."""
        if path.exists():
            raise InputError(f"kill switch {path}", expected="no file yet: open it instead", got="a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_pressed(path, [])
        return cls(path, switches, [])

    @classmethod
    def open(cls, path: Path, switches: np.ndarray) -> "KillSwitch":
        """Return the kill switch as it was left; the whole firm is stopped where its file is missing or damaged."""
        return cls(path, switches, read_pressed(path))

    @property
    def held(self) -> tuple[Held, ...]:
        """What is pressed now."""
        return tuple(self._held.values())

    def level(self, scope: str, name: str = "") -> Level:
        """Return how far a switch is pressed."""
        one = self._held.get((scope, name))
        return one.level if one else Level.RUN

    def row(self, scope: str, name: str = "") -> int:
        """Return the SWITCH row of a target, a new one if need be; CapacityError if there is none left."""
        _check_scope(scope, name)
        key = (scope, name)
        if key not in self._rows:
            if len(self._rows) >= len(self._switches):
                raise CapacityError(f"{len(self._switches)} switches are all in use: raise the rows of `new_switches`")
            self._rows[key] = len(self._rows)
        return self._rows[key]

    def attach(self, usages: np.ndarray, i: int, scope: Scope, places: Sequence[str]) -> None:
        """Hang parent `i` of USAGE, of `scope` and trading at `places`, on its switches; on that of its kind, too."""
        kinds = ("desk", "strategy", "symbol", "order")
        names = [(kind, name) for kind in kinds if (name := getattr(scope, kind)) is not None]
        if scope.strategy is not None:
            names.append(("strategy", kind_of(scope.strategy)))
        usages[i]["switch"][:] = FIRM_ROW
        for k, (kind, name) in enumerate(names, start=1):
            usages[i]["switch"][k] = self.row(kind, name)
        for k, name in enumerate(places):
            usages[i]["venue_switch"][k] = self.row("venue", name)

    def press(self, stop: Stop, withdraw: Callable[[Pressed], None] | None = None) -> Pressed:
        """Stop; the guard refuses from the moment the flag is set, before anything is sent or written.

        `withdraw` is called with the event in between, to send what `withdrawals` says; whatever it raises is raised
        once the press is on disk.
        A press never loosens what holds. InputError for an unknown scope or target (the nearest is named), or without
        a name of who presses. A full disk leaves it pressed, and `durable` False.
        """
        self._check_target(stop)
        with self._lock:
            key = (stop.scope, stop.name)
            row, old = self._rows[key], self._held.get(key)
            by = (*(old.by if old else ()), *(() if old and stop.by in old.by else (stop.by,)))
            level = max(stop.level, old.level) if old else stop.level
            self._set(Held(stop.scope, stop.name, level, by, old.since if old else stop.time, stop.reason), row)
            event = Pressed(stop, row, level, durable=False)
            try:
                if withdraw is not None:
                    withdraw(event)
            finally:
                event = replace(event, durable=self._write())
            return event

    def resume(self, stop: Stop, approver: str, approvers: Iterable[str]) -> Resumed:
        """Release what `stop` names, as `stop.by` asks and `approver` approves; `approvers` are those of the policy.

        InputError unless it is pressed and the approver is one of the policy's, is not who asks, and has not pressed
        it. OSError if it cannot be made durable: then it stays pressed.
        """
        key, known = (stop.scope, stop.name), tuple(approvers)
        with self._lock:
            held = self._held.get(key)
            if held is None:
                got = ", ".join(f"{one.scope} {one.name}".strip() for one in self.held) or "nothing"
                raise InputError("nothing to resume", expected=f"a pressed switch ({got})", got=" ".join(key).strip())
            _check_approver(approver, known, stop.by, held)
            write_pressed(self._path, [one for one in self.held if one is not held])
            del self._held[key]
            switch = self._switches[self._rows[key]]
            switch["level"], switch["since"] = Level.RUN, stop.time
        return Resumed(stop.scope, stop.name, stop.by, approver, stop.time, held)

    def _set(self, held: Held, row: int) -> None:
        self._switches[row]["level"] = held.level
        self._switches[row]["since"] = held.since
        self._held[held.scope, held.name] = held

    def _write(self) -> bool:
        try:
            write_pressed(self._path, list(self.held))
        except OSError:
            return False
        return True

    def _check_target(self, stop: Stop) -> None:
        _check_scope(stop.scope, stop.name)
        if not stop.by or stop.level == Level.RUN:
            raise InputError("press of the kill switch", expected="who presses, and a level above RUN", got=stop)
        if (stop.scope, stop.name) not in self._rows:
            known = [name for scope, name in self._rows if scope == stop.scope]
            raise InputError(
                f"unknown {stop.scope} '{stop.name}': nothing was stopped",
                expected=f"one of {', '.join(known) or 'none'}, or the firm",
                got=repr(stop.name),
                hint=nearest(stop.name, known),
            )


def _check_scope(scope: str, name: str) -> None:
    if scope not in SCOPES:
        known = ", ".join(SCOPES)
        raise InputError(
            f"unknown scope '{scope}'", expected=f"one of {known}", got=repr(scope), hint=nearest(scope, SCOPES)
        )
    if (scope == "firm") != (name == ""):
        raise InputError(f"name of the {scope}", expected="none" if scope == "firm" else "a name", got=repr(name))


def _check_approver(approver: str, known: tuple[str, ...], asked: str, held: Held) -> None:
    if approver not in known:
        raise InputError(
            f"unknown approver '{approver}'",
            expected=f"one of {', '.join(known)}",
            got=repr(approver),
            hint=nearest(approver, known),
        )
    if approver == asked or approver in held.by:
        free = [name for name in known if name != asked and name not in held.by]
        wanted = f"somebody else of the policy's approvers ({', '.join(free) or 'nobody is left'})"
        raise InputError("a second person must approve", expected=wanted, got=approver)


def withdrawals(
    pressed: Pressed, usages: np.ndarray, working: np.ndarray, *, mass: Sequence[str] = ()
) -> list[Cancel | MassCancel]:
    """Return the commands that take away what may no longer work after a press.

    `working` WORKING: rows with leaves above 0 are at a venue. PAUSE cancels nothing, REDUCE_ONLY what would increase a
    position, CANCEL_ALL all of the scope. `mass`: venues by row, where they know a mass cancel: one of them replaces
    the single ones of a venue where there are two or more, if the scope is the firm or a venue.
    """
    if pressed.level in (Level.RUN, Level.PAUSE):
        return []
    scope, parents = pressed.stop.scope, working["parent"]
    hit = working["leaves"] > 0
    if scope == "venue":
        hit &= usages["venue_switch"][parents, working["venue"]] == pressed.row
    elif scope != "firm":
        hit &= (usages["switch"][parents] == pressed.row).any(axis=1)
    if pressed.level == Level.REDUCE_ONLY:
        hit &= working["side"] * usages["position"][usages["symbol"][parents]] >= 0
    many: list[Cancel | MassCancel] = []
    if mass and pressed.level == Level.CANCEL_ALL and scope in ("firm", "venue"):
        several = np.bincount(working["venue"][hit], minlength=len(mass)) > 1
        many += [MassCancel(mass[place]) for place in np.flatnonzero(several).tolist()]
        hit &= ~several[working["venue"]]
    return many + [Cancel(int(number)) for number in working["id"][hit]]
