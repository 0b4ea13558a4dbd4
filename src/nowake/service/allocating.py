"""Allocations: what an order has bought or sold goes to the accounts that it was for, at its average price.

Said to the trader that holds the journal (the word `allocate` of a control), or written into a journal that nobody
holds. One event, with who and why, moves everything; what cannot be is refused, and nothing is moved.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from nowake.core.errors import InputError, MissingError, OrderError, nearest
from nowake.oms.apply import Oms
from nowake.oms.booking import wrong_allocation
from nowake.oms.events import Allocated
from nowake.oms.identifiers import text
from nowake.oms.journal.address import shown
from nowake.oms.journal.protocol import refuse_second
from nowake.oms.keeper import Keeper, open_keeper
from nowake.service.control_client import ask
from nowake.service.control_wire import Answer, Asked, check_signed
from nowake.service.trade_files import look_into

__all__ = [
    "ALLOCATE", "allocate", "allocate_in", "allocation_of", "largest_remainder", "shares_of", "value_of", "weights_of",
]  # fmt: skip

ALLOCATE = "allocate"
_PRO_RATA = "pro-rata "
Rows = tuple[tuple[str, int], ...]


def shares_of(words: Sequence[str]) -> Rows:
    """Return the accounts and shares of words like ``red=40``; InputError for what is none, or an account twice."""
    return tuple((account, _whole(account, number)) for account, number in _pairs(words, "ACCOUNT=SHARES"))


def weights_of(words: Sequence[str]) -> tuple[tuple[str, Fraction], ...]:
    """Return the accounts and weights of words like ``red=2`` or ``blue=0.5``; InputError as `shares_of`."""
    return tuple((account, _weight(account, number)) for account, number in _pairs(words, "ACCOUNT=WEIGHT"))


def _pairs(words: Sequence[str], shape: str) -> list[tuple[str, str]]:
    """Return the two sides of each word, every account once."""
    if not words:
        raise InputError("allocation", expected=f"one {shape} or more", got="none")
    found = list[tuple[str, str]]()
    for word in words:
        account, equals, number = (part.strip() for part in word.rpartition("="))
        if not equals or not account or "," in account or "=" in account:
            raise InputError("allocation", expected=shape, got=repr(word))
        if account in dict(found):
            raise InputError("allocation", expected="every account once", got=f"{account!r} twice")
        found.append((account, number))
    return found


def _whole(account: str, number: str) -> int:
    if not (number.isascii() and number.isdecimal() and int(number[:20]) > 0):
        raise OrderError(f"shares of account {account!r}", expected="a whole number above 0", got=repr(number))
    return int(number[:20])


def _weight(account: str, number: str) -> Fraction:
    try:
        weight = Fraction(number)
    except (ValueError, ZeroDivisionError):
        weight = Fraction(0)
    if weight <= 0:
        raise InputError(f"weight of account {account!r}", expected="a number above 0", got=repr(number))
    return weight


def largest_remainder(total: int, weights: Sequence[tuple[str, Fraction]]) -> Rows:
    """Share `total` out by `weights`: each its quota cut to whole shares, what is left to the largest remainders.

    Of equal remainders the one that is named first comes first. OrderError where an account would get nothing.
    """
    whole = sum((weight for _, weight in weights), Fraction(0))
    quotas = [total * weight / whole for _, weight in weights]
    shares = [int(quota) for quota in quotas]
    order = sorted(range(len(quotas)), key=lambda k: (shares[k] - quotas[k], k))
    for k in order[: total - sum(shares)]:
        shares[k] += 1
    rows = tuple((account, n) for (account, _), n in zip(weights, shares, strict=True))
    none = [account for account, n in rows if n == 0]
    if none:
        raise OrderError(f"{total} shares pro rata", expected="a share or more for every account",
                         got=f"none for {', '.join(none)}")  # fmt: skip
    return rows


def value_of(words: Sequence[str], *, pro_rata: bool) -> str:
    """Return how a control says an allocation, checked: ``red=40,blue=60``, or ``pro-rata red=2,blue=3``."""
    (weights_of if pro_rata else shares_of)(words)
    return f"{_PRO_RATA if pro_rata else ''}{','.join(words)}"


def _rows(value: str, filled: int) -> Rows:
    if value.startswith(_PRO_RATA):
        return largest_remainder(filled, weights_of(_split(value[len(_PRO_RATA) :])))
    return shares_of(_split(value))


def _split(value: str) -> list[str]:
    return [word for word in value.split(",") if word.strip()]


def _parent(oms: Oms, target: str) -> int:
    """Return the parent that `target` names; InputError with the nearest if there is none."""
    names = {name: one.id for one in oms.parents.values() for name in (one.client, text(one.id), str(one.id)) if name}
    if target not in names:
        shown = ", ".join(one.client or text(one.id) for one in list(oms.parents.values())[-8:]) or "none"
        raise InputError(
            f"unknown order '{target}'", expected=f"a parent of this journal, like {shown}", got=repr(target),
            hint=nearest(target, names),
        )  # fmt: skip
    return names[target]


def allocation_of(oms: Oms, now: int, asked: Asked) -> Allocated:
    """Return the event that `asked` says; InputError, OrderError for what cannot be."""
    parent = oms.parents[_parent(oms, asked.target)]
    event = Allocated(now, parent.id, _rows(asked.value, parent.filled), asked.who, asked.why)
    wrong = wrong_allocation(oms, event)
    if wrong:
        expected = f"the {parent.filled} shares of an order that is over, shared out once, each account named once"
        raise OrderError(f"allocation of order {text(parent.id)}", expected=expected, got=f"one {wrong}")
    return event


def allocate(keeper: Keeper, now: int, asked: Asked) -> Answer:
    """Write the allocation that `asked` says into the journal; it is on disk when this returns.

    InputError, OrderError for what cannot be, and nothing is written.
    """
    event = allocation_of(keeper.oms, now, asked)
    keeper.record(event)[1].wait()
    name = text(event.parent)
    return Answer(True, f"order {name} is allocated: {', '.join(f'{n:,} to {a}' for a, n in event.rows)}", (name,))


def allocate_in(journal: str | Path, asked: Asked) -> Answer:
    """Let the trader of `journal` carry out an allocation, or do it here where none runs.

    LeaseError where somebody else writes the journal and hears no controls.
    """
    check_signed(asked, "allocation")
    try:
        answer = ask(journal, asked)
    except MissingError:
        return _alone(journal, asked)
    if not answer.done:
        raise InputError(answer.words)
    return answer


def _alone(journal: str | Path, asked: Asked) -> Answer:
    """Take the journal for as long as it takes, at the time of its last event; one that cannot be does not touch it."""
    refuse_second(journal)  # LeaseError where somebody works on it
    state = look_into(journal)
    if state is None:
        raise InputError(f"journal {shown(journal)}", expected="one with orders", got="one that was never begun")
    oms = state.oms
    allocation_of(oms, oms.time, asked)
    keeper = open_keeper(journal, max(oms.instance, 1), clock=lambda: oms.time)
    try:
        return allocate(keeper, oms.time, asked)
    finally:
        keeper.close()
