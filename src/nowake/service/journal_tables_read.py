"""A journal gone through once, from zero and checked: the tree, and which of its records each number comes from.

`first` and `last` are when the journal first and last spoke of an order (`time` of its records: when it was known
here). A journal that is not what was written is refused with the event at which its chain breaks (DamagedError).
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from nowake.core.errors import InputError
from nowake.oms.apply import Oms
from nowake.oms.errors import DamagedError
from nowake.oms.events import (
    Asked,
    ChildAdopted,
    ChildNew,
    Control,
    Event,
    Expected,
    ParentNew,
    ParentSaid,
    VenueSaid,
    decode,
)
from nowake.oms.identifiers import parse
from nowake.oms.journal.chain import START
from nowake.oms.journal.protocol import Journal, open_journal
from nowake.oms.orders import Fill
from nowake.oms.states import CLOSED, Act

__all__ = ["Account", "account_of"]

_NEW = (ParentNew, ChildNew, ChildAdopted)
_OURS = (ParentSaid, Asked, VenueSaid)
_EXECUTIONS = (Act.FILL_PART, Act.FILL_REST, Act.OVERFILL, Act.BUSTED, Act.CORRECTED)


@dataclass(slots=True)
class Account:
    """What a journal says after its last event, whose hash is `hash`; `marks`: hashes of the events asked for."""

    oms: Oms = field(default_factory=Oms)
    hash: bytes = START
    seqs: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))  # by order, fills left out
    fill_seq: dict[tuple[str, str], int] = field(default_factory=dict)  # by venue and the venue's id
    fill_known: dict[tuple[str, str], int] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    over: dict[int, int] = field(default_factory=dict)  # when a parent was closed
    marks: dict[int, bytes] = field(default_factory=dict)
    entered: dict[int, ParentNew] = field(default_factory=dict)  # parents as they came in
    controls: dict[int, list[Control]] = field(default_factory=lambda: defaultdict(list))  # of a parent, carried out

    @property
    def events(self) -> int:
        """How many events there are."""
        return self.oms.sequence

    def fills(self) -> list[tuple[str, Fill]]:
        """Return the executions that stand, with their venues, in the order of their records."""
        found = [
            (venue, fill) for venue, fills in self.oms.fills.items() for fill in fills.values() if fill.quantity > 0
        ]
        return sorted(found, key=lambda pair: self.fill_seq[pair[0], pair[1].id])

    def expected(self, number: int) -> Expected | None:
        """Return what a parent was expected to cost; None where nobody knew, or it has another quantity since."""
        came = self.entered[number]
        return came.expected if came.quantity == self.oms.parents[number].quantity else None

    def note(self, event: Event) -> None:
        """Apply an event, and note what it was about."""
        oms = self.oms
        unheard = oms.repeats, oms.quarantined
        oms.apply(event)
        if isinstance(event, Control):
            self._control(event)
        number = event.id if isinstance(event, _NEW) else event.order if isinstance(event, _OURS) else 0
        if not number or unheard != (oms.repeats, oms.quarantined):
            return
        if isinstance(event, ParentNew):
            self.entered[number] = event
        self.first.setdefault(number, event.time)
        self.last[number] = event.time
        child = oms.children.get(number)
        if isinstance(event, VenueSaid) and event.act in _EXECUTIONS and child is not None:
            key = (event.venue or child.venue, event.fill)
            self.fill_seq[key], self.fill_known[key] = oms.sequence, event.time
        else:
            self.seqs[number].append(oms.sequence)
        self._over(number if child is None else child.parent, event)

    def _control(self, event: Control) -> None:
        """Keep what somebody changed of a parent; what was refused changed nothing."""
        number = _id(event.target)
        if number in self.oms.parents and not event.what.startswith("refused"):
            self.controls[number].append(event)
            self.seqs[number].append(self.oms.sequence)
            self.last[number] = event.time

    def _over(self, number: int, event: Event) -> None:
        parent = self.oms.parents.get(number)
        if parent is None:
            return
        self.last[number] = event.time
        if not CLOSED[parent.state]:
            self.over.pop(number, None)
        elif number not in self.over:
            self.over[number] = getattr(event, "heard", 0) or event.time


def _id(text: str) -> int:
    """Return the order id that `text` is, 0 for any other name."""
    try:
        return int(text) if text.isdecimal() else parse(text)
    except InputError:
        return 0


def account_of(address: str | Path, marks: Collection[int] = ()) -> Account:
    """Return the account of the journal at a path or URL; `marks`: sequence numbers whose hashes are kept.

    DamagedError at the event where it breaks, InputError for no journal or one of a newer schema.
    """
    journal = open_journal(address)
    try:
        return _account(journal, frozenset(marks))
    finally:
        journal.close()


def _account(journal: Journal, marks: frozenset[int]) -> Account:
    account = Account()
    for record in journal.replay():
        try:
            event = decode(record.payload)
        except InputError as error:
            raise DamagedError("not an event", sequence=record.sequence, got=error.got) from error
        account.note(event)
        account.hash = record.hash
        if record.sequence in marks:
            account.marks[record.sequence] = record.hash
    return account
