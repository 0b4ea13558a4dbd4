"""The public checker that every `Journal` engine passes; use it on your own before orders depend on it."""

from collections.abc import Callable

from nowake.core.errors import InputError
from nowake.oms.errors import DamagedError, JournalError, LeaseError
from nowake.oms.journal.chain import START, link
from nowake.oms.journal.protocol import Journal, Record, Snapshot

__all__ = ["check_journal"]


def check_journal(open_it: Callable[[bool], Journal]) -> None:
    """Raise AssertionError unless the engine keeps the contract; `open_it(write)` opens the same empty journal."""
    first = open_it(True)
    assert first.epoch > 0, "a journal that is open for writing has an epoch"
    assert list(first.replay()) == [], "a new journal holds events"
    assert first.snapshot() is None, "a new journal holds a snapshot"
    records = _appends(first)
    _refuses_a_second_writer(open_it)
    _readers(open_it, records)
    _snapshots(open_it, first, records)
    epoch = first.epoch
    first.close()
    _again(open_it, records, epoch)


def _expected(payloads: list[bytes]) -> list[Record]:
    records, previous = [], START
    for number, payload in enumerate(payloads, 1):
        previous = link(previous, number, payload)
        records.append(Record(number, payload, previous))
    return records


def _appends(journal: Journal) -> list[Record]:
    payloads = [b"one", b"", bytes(range(256)) * 40, b"\x00", *(b"%d" % n for n in range(500))]
    assert journal.append(payloads[:1]) == 1, "append returns the last sequence"
    assert journal.append([]) == 1, "an empty batch adds nothing"
    assert journal.append(payloads[1:]) == len(payloads)
    records = _expected(payloads)
    assert list(journal.replay()) == records, "what was appended is replayed, chained by hashes"
    return records


def _refuses_a_second_writer(open_it: Callable[[bool], Journal]) -> None:
    try:
        open_it(True).close()
    except LeaseError:
        return
    raise AssertionError("a second writer was let in")


def _readers(open_it: Callable[[bool], Journal], records: list[Record]) -> None:
    reader = open_it(False)
    assert reader.epoch == 0, "a reader has no epoch"
    assert list(reader.replay(after=3, hash=records[2].hash)) == records[3:], "replay from the middle"
    assert list(reader.replay(after=len(records))) == []
    for wrong, error in ((lambda: list(reader.replay(3, hash=START)), DamagedError),
                         (lambda: list(reader.replay(len(records) + 1)), InputError),
                         (lambda: reader.append([b"x"]), JournalError)):  # fmt: skip
        try:
            wrong()
        except error:
            continue
        raise AssertionError(f"expected {error.__name__}")
    reader.close()


def _snapshots(open_it: Callable[[bool], Journal], journal: Journal, records: list[Record]) -> None:
    made = [Snapshot(n, records[n - 1].hash, b"state" * n) for n in (2, 5, 9)]
    for snapshot in made:
        assert journal.snapshot(snapshot) == snapshot, "a snapshot on the chain is kept"
    strange = Snapshot(20, START, b"of another chain")
    assert journal.snapshot(strange) == made[-1], "a snapshot that is not on the chain is passed over"
    reader = open_it(False)
    assert reader.snapshot() == made[-1], "another opening sees it"
    reader.close()


def _again(open_it: Callable[[bool], Journal], records: list[Record], epoch: int) -> None:
    journal = open_it(True)
    assert journal.epoch > epoch, "every opening for writing has a later epoch"
    assert journal.append([b"after"]) == len(records) + 1, "the sequence goes on"
    assert list(journal.replay()) == _expected([*(record.payload for record in records), b"after"])
    journal.close()
    try:
        journal.append([b"late"])
    except JournalError:
        return
    raise AssertionError("a closed journal took an event")
