"""What can go wrong with a journal: leaves of the tree in `core.errors`.

NowakeError
├── JournalError                  the journal cannot be written any more: disk full, read-only, connection lost
└── InputError
    ├── DamagedError              the chain of hashes breaks, or a record cannot be read: at which event
    ├── EmptyError                a place in which no journal was begun, as a crash at the very first start leaves it
    └── LeaseError                another instance writes this journal
"""

from nowake.core.errors import InputError, NowakeError

__all__ = ["DamagedError", "EmptyError", "JournalError", "LeaseError"]


class JournalError(NowakeError):
    """The journal cannot be written; nothing that waits for it was acknowledged, and nothing more is accepted."""


class DamagedError(InputError):
    """A journal is not what was written: `sequence` is the first event that cannot be trusted."""

    def __init__(self, what: str, *, sequence: int, expected: object = None, got: object = None) -> None:
        self.sequence = sequence
        hint = "`nowake oms recover --journal FILE` copies the intact part into a new journal"
        super().__init__(f"event {sequence}: {what}", expected=expected, got=got, hint=hint)


class EmptyError(InputError):
    """There is a file, or a database, and no journal in it yet: it cannot be read, and may be begun."""


class LeaseError(InputError):
    """Another instance holds the journal: two writers would give one history twice."""
