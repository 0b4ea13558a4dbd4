"""Makes what a decision log holds again, from its records alone, and says whether every bit is the same.

A decision: forecast from the features, action from the observation, slice from plan and action. A child: the route from
want, board, statistics and draws, the verdicts of the guard from limits, usage and switches. By the same functions that
made them; how they came to be asked (what is due, what waits) is not asked again: `replay_shell` does that from what a
session has heard. Who wrote the log by other code is told so; what the log does not hold is counted, not guessed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from nowake.execution.deciders import forecaster_again, policy_again
from nowake.execution.decision_reader import DecisionLog, Kept
from nowake.execution.decision_record import code_hash, part
from nowake.execution.desk_state import DESK
from nowake.execution.look_again import look_again, whole_board
from nowake.execution.policy import ACTION
from nowake.execution.slicing import begin
from nowake.features.vector import ROW

__all__ = ["Checked", "check_log", "check_one"]

_, _BEGUN = part(DESK, "begun", "origin")


@dataclass(slots=True)
class Checked:
    """How much was made again, and what differs; `left_out`: why how many records could not be made again.

    `same_code`: the log was written by the sources that check it. `first`: the first difference, by serial number.
    """

    decisions: int = 0
    routes: int = 0
    verdicts: int = 0
    children: int = 0
    same_code: bool = True
    left_out: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    @property
    def first(self) -> str | None:
        """The first difference."""
        return self.differences[0] if self.differences else None

    def differs(self, what: str) -> None:
        """Note a difference."""
        self.differences.append(what)


def check_log(log: DecisionLog, name: Callable[[int], str] = str, parent: int | None = None) -> Checked:
    """Make everything of `log`, or of one parent, again; `name` writes ids as people do."""
    return _check(log, log.decisions(parent), log.children(parent), name)


def check_one(log: DecisionLog, child: Kept, name: Callable[[int], str] = str) -> Checked:
    """Make again what led to `child`: its decision, and the look in which it was sent, siblings included."""
    look, decision = log.look_of(child), log.decision_of(child)
    same = [child]
    if look is not None:
        mine = log.children(int(child["parent_id"]), int(child["time"]), int(child["time"]) + 1)
        same = [one for one in mine if one.session == child.session and int(one["look"]) == int(child["look"])]
    return _check(log, [] if decision is None else [decision], same, name)


def _check(
    log: DecisionLog, decisions: Sequence[Kept], children: Sequence[Kept], name: Callable[[int], str]
) -> Checked:
    found = Checked()
    for decision in sorted(decisions, key=_when):
        _check_decision(log, decision, found, name)
    for (_, number), group in groupby(sorted(children, key=_when), lambda one: (one.session, _look_number(one))):
        siblings = list(group)
        look = log.look_of(siblings[0])
        if look is not None:
            _check_look(look, siblings, found, name)
        else:
            why = "children of an older version" if number is None else "children whose look is not kept"
            found.left_out[why] += len(siblings)
    used = {kept.session for kept in (*decisions, *children)}
    found.same_code = all(log.sessions[one].hashes.get("code") == code_hash() for one in used)
    return found


def _look_number(child: Kept) -> int | None:
    """Return the number of the look that a child is of, None in a log that knows no looks."""
    return int(child["look"]) if "look" in (child.record.dtype.names or ()) else None


def _when(kept: Kept) -> tuple[int, int]:
    return kept.session, int(kept["serial"])


def _check_decision(log: DecisionLog, kept: Kept, found: Checked, name: Callable[[int], str]) -> None:
    """Make forecast, action and slice of a decision again."""
    if "plan" not in (kept.record.dtype.names or ()):
        found.left_out["decisions of an older version"] += 1
        return
    told, desk = log.decider_of(kept), _desk_of(kept)
    desk["follow"] = kept["follow"]
    policy, forecaster = policy_again(told, int(kept["rung"]), desk), forecaster_again(told)
    if policy is None or forecaster is None:
        who = told.get("policy") if policy is None else told.get("forecaster")
        found.left_out[f"decisions of {who}, which cannot be asked again"] += 1
        return
    found.decisions += 1
    where = f"decision {int(kept['number'])} of {name(int(kept['parent_id']))}"
    seen = np.array(kept["observation"])[None].copy()
    forecast = np.zeros((1, kept.header.classes))
    forecaster.predict(_row_of(kept), forecast)
    was = seen[0, -kept.header.classes :]
    if np.isnan(was).all() and int(kept["rung"]) > 0:  # a forecaster that fails says nothing, and no model decides
        found.left_out["forecasts that failed; what was decided without them is made again"] += 1
    elif forecast[0].tobytes() != was.tobytes():
        found.differs(f"{where}: forecast {was.tolist()} became {forecast[0].tolist()}")
    actions = np.zeros(1, ACTION)
    policy.decide(seen, actions)
    for one in ("rate", "urgency", "tactic"):
        if actions[one][0].tobytes() != np.asarray(kept[one], ACTION[one]).tobytes():
            found.differs(f"{where}: {one} {kept[one]} became {actions[one][0]}")
            return
    _check_slice(kept, found, where)


def _check_slice(kept: Kept, found: Checked, where: str) -> None:
    """Begin the slice of a decision again."""
    desk, slice_ = _desk_of(kept), kept["slice"]
    desk["board"], desk["decisions"] = 0, int(slice_["decisions"]) - 1
    begin(
        desk, whole_board(kept), 0, int(kept["time"]), float(kept["rate"]), int(kept["tactic"]), float(kept["urgency"]),
        int(slice_["origin"]),
    )  # fmt: skip
    for one in _BEGUN.names or ():
        if np.asarray(desk[one][0]).tobytes() != np.asarray(slice_[one]).tobytes():
            found.differs(f"{where}: slice {one} {slice_[one]} became {desk[one][0]}")
            return


def _desk_of(kept: Kept) -> np.ndarray:
    """Return DESK[1] with what a decision has kept of its parent."""
    desk = np.zeros(1, DESK)
    for piece in ("order", "plan", "slice"):
        for one in kept[piece].dtype.names or ():
            desk[one] = kept[piece][one]
    return desk


def _row_of(kept: Kept) -> np.ndarray:
    """Return the feature ROW[1] that a decision stood on."""
    row = np.zeros(1, ROW)
    row["time"], row["bid"], row["ask"] = kept["time"], kept["touch"]["bid"], kept["touch"]["ask"]
    row["value"], row["ready"] = kept["observation"][kept.header.own : -kept.header.classes], kept["ready"]
    return row


def _check_look(look: Kept, siblings: Sequence[Kept], found: Checked, name: Callable[[int], str]) -> None:
    """Make route and verdicts of a look again, and compare those of its children that are kept."""
    again = look_again(look, siblings[0])
    found.routes += 0 if look["trace"]["by_hand"] else 1
    found.verdicts += int(look["guarded"])
    found.children += len(siblings)
    where, first = f"look of {name(int(siblings[0]['order_id']))}", int(look["trace"]["first_id"])
    before = len(found.differences)
    for child in siblings:
        wrong = again.differs(child, int(child["order_id"]) - first)
        if wrong:
            found.differs(f"child {name(int(child['order_id']))}: {wrong}")
    if len(found.differences) == before and (again.guarded, again.verdicts) != (look["guarded"], look["verdicts"]):
        found.differs(f"{where}: what the guard saw or said of others differs ({int(look['guarded'])} verdicts)")
