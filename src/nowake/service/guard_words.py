"""The guard's words: every projection and every refusal goes into the journal, once, with the limit that decided.

A `GuardWords` listens to the live desk after each of its turns, before the next can overwrite what the guard said. It
costs a comparison of two counters per parent where nothing was changed or refused. A limit that binds again and again
is told to people.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.intent import Origin
from nowake.core.times import MINUTE
from nowake.execution.decision_record import fields_of
from nowake.execution.path import DecisionPath
from nowake.execution.placing import ROUTED
from nowake.oms.events import Event, Projection
from nowake.risk.reasons import POLICY_REASONS, WORDS, Reason, Verdict, reasons_of
from nowake.risk.usage import USAGE
from nowake.service.supervise_alerts import Alerts

__all__ = ["BLAMED", "GuardWords", "Persistence", "rule_of"]

BLAMED = POLICY_REASONS - {Reason.KILLED, Reason.PHASE, Reason.REDUCE_ONLY, Reason.LOSS}
"""Reasons that tell of a decider that leaves its envelope: limits, not the state of data, market, account or switch."""
_PASSED = int(Verdict.PASSED)


@dataclass(frozen=True, slots=True)
class Persistence:
    """A limit binds persistently: `times` within `window` ns for one parent; told again after `again` ns at most."""

    times: int = 20
    window: int = MINUTE
    again: int = 10 * MINUTE

    def __post_init__(self) -> None:
        if self.times < 2 or self.window <= 0 or self.again < 0:
            raise InputError("persistence of a limit", expected="2 or more times, in more than 0 ns", got=self)


def rule_of(row: np.void) -> Reason:
    """Return the reason of a PROJECTION that decided; the first of all where none bound the quantity alone."""
    binding = Reason(int(row["binding"]))
    return binding or next(iter(reasons_of(int(row["reasons"]))), Reason.NONE)


class GuardWords:
    """Journals what the guard of `path` says; `parents`: ids by row of the desk, `record` writes an event down.

    `said` counts projections and refusals by reason; `blamed` those that tell of the decider (`BLAMED`, no person's).
    """

    def __init__(
        self, path: DecisionPath, parents: Sequence[int], record: Callable[[Event], object], alerts: Alerts,
        rules: Persistence | None = None,
    ) -> None:  # fmt: skip
        self.path, self.parents = path, parents
        self.said: Counter[Reason] = Counter()
        self.blamed = 0
        self._record, self._alerts, self._rules = record, alerts, rules or Persistence()
        self._counters = _counters(path.usages)
        self._before = self._counters.tobytes()
        self._times: dict[tuple[int, Reason], deque[int]] = {}
        self._told: dict[tuple[int, Reason], int] = {}

    def __call__(self, now: int) -> None:
        """Look at what the turn of `now` has left."""
        after = self._counters.tobytes()
        if after == self._before:
            return
        before = np.frombuffer(self._before, np.int64).reshape(self._counters.shape)
        changed = np.flatnonzero((self._counters != before).any(axis=1))
        self._before = after
        for i in changed.tolist():
            self._of_parent(i, now)

    def _of_parent(self, i: int, now: int) -> None:
        count = int(self.path.desk["guarded"][i])
        for row in self.path.projections[i * ROUTED : i * ROUTED + count]:
            if row["time"] == now and row["parent"] == i and row["verdict"] != _PASSED:
                self.tell(row, now)

    def tell(self, row: np.void, now: int) -> None:
        """Write one row of PROJECTION down (of a child that a person sent, too)."""
        i, rule = int(row["parent"]), rule_of(row)
        self._record(Projection(now, self.parents[i], int(rule), int(row["quantity_before"]), int(row["quantity"])))
        self.said[rule] += 1
        self.blamed += rule in BLAMED and row["origin"] != Origin.HUMAN
        self._watch(i, rule, now)

    def _watch(self, i: int, rule: Reason, now: int) -> None:
        rules = self._rules
        times = self._times.setdefault((i, rule), deque(maxlen=rules.times))
        times.append(now)
        last = self._told.get((i, rule))
        often = len(times) == rules.times and now - times[0] <= rules.window
        if often and (last is None or now - last >= rules.again):
            self._told[i, rule] = now
            seconds = (now - times[0]) / 1e9
            words = f"order {self.parents[i]}: {WORDS[rule]} ({rules.times} times in {seconds:.0f} s)"
            self._alerts(now, "warning", "guard", words)


def _counters(usages: np.ndarray) -> np.ndarray:
    """Return the counters `projected` and `refused` of USAGE[n] as a view i8[n, 2]."""
    first, second = (fields_of(USAGE)[name][1] for name in ("projected", "refused"))
    if second != first + 8:
        raise InputError("counters of USAGE", expected="`projected` and `refused` side by side", got=(first, second))
    raw = usages.view(np.ndarray).view(np.uint8).reshape(len(usages), USAGE.itemsize)
    return raw[:, first : first + 16].view(np.int64)
