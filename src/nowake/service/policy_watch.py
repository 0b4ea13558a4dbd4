"""The execution policy of a running trader: its file is watched, and a changed one that is valid holds at once.

Limits are compiled anew for every order, each in its own scope, the change is journalled, and what works already and is
no longer allowed is withdrawn; what the plan still wants is sent again inside the new limits. A file that cannot be
read, contradicts itself, or leaves nothing to trade with changes nothing: the old policy stays, people are told why.

`refuse_hopeless` asks the same policy, before a trader starts, whether its new orders can ever fill.
"""

import os
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.core.values import Instrument
from nowake.execution.live import LiveDesk
from nowake.execution.opening import compile_rows
from nowake.oms.events import Control, Event, PolicyLoaded
from nowake.risk.feasible import Feasibility, Plan, refuse_impossible
from nowake.risk.limits import Traded
from nowake.risk.policy import Policy, policy_hash, policy_names
from nowake.risk.reload import PolicyFile
from nowake.risk.scopes import Scope, resolve
from nowake.risk.tighten import Change
from nowake.service.limiting import idle_words, put_in_force, scope_of
from nowake.service.supervise_alerts import Alerts

if TYPE_CHECKING:
    import numpy as np

    from nowake.service.trader import Setup

__all__ = ["PolicyWatch", "Ruled", "refuse_hopeless", "watched_file"]

_KIND = "execution policy"
_SETTLED = 2 * SECOND  # a file that was changed less long ago may change again within one tick of its clock


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a policy is compiled for: the desk that works under it, its instrument, and whose its orders are, by row."""

    desk: LiveDesk
    instrument: Instrument
    scopes: Sequence[Scope]


def watched_file(name: str) -> Path | None:
    """Return the file of a policy; None for one that comes with nowake, which does not change while it runs."""
    return None if name in policy_names() else Path(name)


class PolicyWatch:
    """An attendant that looks at `file` every `every` s; `held` is the hash in force.

    `record` writes an event down, `taken` is told of each policy that holds from then on.
    """

    def __init__(
        self, file: Path, ruled: Ruled, record: Callable[[Event], object], alerts: Alerts, held: str,
        every: float = 0.5, taken: Callable[[Policy], object] = lambda _: None,
    ) -> None:  # fmt: skip
        self.file, self.version, self._told = file, held, taken
        self.withdrawn: list[Change] = []
        self._ruled, self._record, self._alerts, self._every = ruled, record, alerts, every
        self._policy = PolicyFile(file)
        self._next, self._stamp = 0.0, (0, 0, 0)

    def files(self) -> Sequence[int]:
        """Nothing wakes a trader for its sake."""
        return ()

    def attend(self, news: "np.ndarray", now: int) -> None:  # noqa: ARG002
        """Take a changed file up, if it is time to look."""
        wall = time.monotonic()
        if wall >= self._next:
            self._next = wall + self._every
            self.look(now)

    def end(self) -> None:
        """Nothing is held."""

    def look(self, now: int) -> None:
        """Take the file's policy up if it is another one than holds."""
        if self._policy.version != self.version:  # changed between the trader's start and ours
            self._take(self._policy.policy, now)
        if not self._changed():
            return
        found = self._policy.poll()
        if found is None:
            return
        if found.error is not None:
            self._refused(found.error, now)
        else:
            self._take(self._policy.policy, now)

    def _changed(self) -> bool:
        """Tell whether the file's stamp is another one, or so young that its text may be."""
        try:
            told = os.stat(self.file)  # noqa: PTH116 - one call, often
            stamp = (told.st_mtime_ns, told.st_size, told.st_ino)
        except OSError:
            stamp = (-1, -1, -1)
        young = stamp[0] > time.time_ns() - _SETTLED
        changed, self._stamp = stamp != self._stamp, stamp
        return changed or young

    def _take(self, policy: Policy, now: int) -> None:
        """Let `policy` hold; an error in compiling it changes nothing."""
        ruled, version = self._ruled, policy_hash(policy)
        if version == self.version:
            return
        self.version = version  # told once, taken or not
        try:
            new = compile_rows(policy, ruled.scopes, Traded(ruled.instrument, ruled.desk.names))
        except InputError as error:
            self._refused(error, now)
            return
        gone = put_in_force(ruled.desk, *new, now)
        self._told(policy)
        self._record(PolicyLoaded(now, _KIND, str(self.file), version))
        self._tell(gone, idle_words(policy), now)

    def _tell(self, gone: Sequence[Change], idle: str, now: int) -> None:
        self.withdrawn += gone
        why = "; ".join(sorted({change.words for change in gone}))
        more = f"; {len(gone)} working orders are withdrawn: {why}" if gone else ""
        self._alerts(now, "info", "policy", f"{self.file.name}: version {self.version} holds{more}")
        if idle:
            self._alerts(now, "info", "policy", f"{self.file.name}: {idle}")

    def _refused(self, error: InputError, now: int) -> None:
        self._record(Control(now, "policy watch", str(error), "policy refused", str(self.file)))
        self._alerts(now, "error", "policy", f"{self.file.name} is refused, the old policy stays: {error}")


def refuse_hopeless(
    setup: "Setup", policy: Policy, places: Sequence[str], *, known: Container[str] = (), mid: float = 0.0,
    position: int = 0,
) -> list[Feasibility]:  # fmt: skip
    """Return how much of each new order of `setup` can fill under `policy`; OrderError with the limit if one cannot.

    `places`: the venues that are there. `known`: clients whose orders have begun and go on. `mid` in ticks, 0 where
    nothing has been heard: money then counts at the order's limit, or at one tick. `position` of the account now.
    """
    found = []
    for work in setup.work:
        if work.client in known:
            continue
        price = max(float(work.limit or 0), mid, 1.0)
        length = round((work.end - work.start) * SECOND)
        plan = Plan(setup.instrument, work.side, work.quantity, price, length, places, position=position)
        scope = scope_of(setup.instrument.symbol, work.algo, work.client)
        found.append(refuse_impossible(resolve(policy, scope), plan))
        resolve(policy, replace(scope, by_hand=True))
    return found
