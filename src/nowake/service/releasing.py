"""The release of a recovery that stays unclean: two people accept differences of journal and venue as they are.

It is written into a journal that nobody holds, since no trader runs that has come back unclean. Who asks says why; the
second is an approver whom the execution policy of that start names, as for the kill switch. What is released are the
differences that the last start has journalled, by name: the name is a digest, so a difference that comes up later, or
has become another one meanwhile, is refused by the next start as before.
"""

from collections.abc import Sequence
from pathlib import Path

from nowake.core.errors import InputError, nearest
from nowake.oms.apply import Oms
from nowake.oms.events import UncleanReleased
from nowake.oms.journal.address import shown
from nowake.oms.journal.protocol import refuse_second
from nowake.oms.keeper import open_keeper
from nowake.risk.policy import load
from nowake.service.control_wire import Answer
from nowake.service.trade_files import look_into

__all__ = ["release_recovery"]

_ALL = "all"
_POLICY = "execution policy"  # as a trader journals it


def release_recovery(journal: str | Path, names: Sequence[str], who: str, second: str, why: str) -> Answer:
    """Accept the differences `names` (or `all`); they are released, on disk, when this returns.

    InputError, and nothing is written, for names that are not open, no reason, and people who may not. LeaseError where
    somebody writes the journal.
    """
    if not who.strip() or not why.strip():
        raise InputError("release of a recovery", expected="who asks for it, and why", got=repr((who, why)))
    refuse_second(journal)
    state = look_into(journal)
    if state is None:
        raise InputError(f"journal {shown(journal)}", expected="one that was begun", got="nothing there")
    wanted = _wanted(state.oms, names)
    _check_second(state.oms, who, second)
    oms = state.oms
    keeper = open_keeper(journal, max(oms.instance, 1), clock=lambda: oms.time)
    try:
        alert, ticket = keeper.record(UncleanReleased(oms.time, wanted, who, second, why))
        ticket.wait()
    finally:
        keeper.close()
    if alert is not None:  # somebody else was faster
        raise InputError("release of a recovery", expected="differences that are open", got=alert.text)
    return Answer(True, f"released by {who} and {second}: {', '.join(wanted)}; the next start goes on", wanted)


def _wanted(oms: Oms, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of what is to be released, each once."""
    known = ", ".join(oms.unclean) or "none: the last start came back clean, or what it refused is released"
    if not names:
        raise InputError(
            "release of a recovery", expected=f"differences that are open ({known}), or all", got="nothing"
        )
    if list(names) == [_ALL] and oms.unclean:
        return tuple(oms.unclean)
    for name in names:
        if name not in oms.unclean:
            hint = nearest(name, oms.unclean)
            if name in oms.accepted:
                hint = f"it was released by {oms.accepted[name].who} and {oms.accepted[name].second}"
            raise InputError(f"unknown difference '{name}'", expected=f"one of {known}, or all", got=name, hint=hint)
    return tuple(dict.fromkeys(names))


def _check_second(oms: Oms, who: str, second: str) -> None:
    """Refuse a second person whom the policy does not name, or who is the first."""
    name, _ = oms.policies.get(_POLICY, ("default", ""))
    approvers = load(name).approvers
    free = ", ".join(one for one in approvers if one != who) or "nobody is left"
    if second not in approvers or second == who:
        raise InputError(
            "a second person must approve", expected=f"somebody else of the policy's approvers ({free})",
            got=second or "nobody", hint=nearest(second, approvers) if second != who else None,
        )  # fmt: skip
