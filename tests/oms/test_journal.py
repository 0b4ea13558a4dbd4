"""The journal in a file: the contract, the chain, schemas old and new, damage and what is saved of it."""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from nowake.core.errors import InputError
from nowake.oms.errors import DamagedError, JournalError
from nowake.oms.journal import chain, migrations
from nowake.oms.journal.conformance import check_journal
from nowake.oms.journal.protocol import Record, Snapshot, open_journal
from nowake.oms.journal.salvage import salvage
from nowake.oms.journal.sqlite import SqliteJournal

EVENTS = [b"event %d" % n for n in range(1, 201)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of 200 events."""
    journal = open_journal(tmp_path / "j", write=True)
    for n in range(0, 200, 40):
        journal.append(EVENTS[n : n + 40])
    journal.close()
    return tmp_path / "j"


def spoil(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def test_the_engine_keeps_the_contract(tmp_path: Path) -> None:
    check_journal(lambda write: open_journal(tmp_path / "j", write=write))


class Forgetful:
    """A journal in memory that breaks one promise; the checker must find it out."""

    def __init__(self, shared: list[Record], fault: str, write: bool) -> None:
        self.records, self.fault, self.epoch = shared, fault, int(write)

    def append(self, payloads: Sequence[bytes]) -> int:
        for payload in payloads:
            before = self.records[-1].hash if self.records else chain.START
            number = len(self.records) + 1
            body = payload.strip() if self.fault == "strips" else payload
            self.records.append(Record(number, body, chain.link(before, number, payload)))
        return len(self.records) - (self.fault == "miscounts")

    def replay(self, after: int = 0, *, hash: bytes | None = None) -> Iterator[Record]:  # noqa: A002, ARG002
        yield from self.records[after:]

    def snapshot(self, new: Snapshot | None = None) -> Snapshot | None:
        return new

    def close(self) -> None:
        self.epoch = 0


@pytest.mark.parametrize("fault", ["miscounts", "strips", "lets everybody in"])
def test_the_checker_finds_a_journal_that_breaks_a_promise(fault: str) -> None:
    shared: list[Record] = []
    with pytest.raises(AssertionError):
        check_journal(lambda write: Forgetful(shared, fault, write))


def test_the_chain_is_what_the_page_says() -> None:
    one = hashlib.blake2b(bytes(32) + (1).to_bytes(8, "big") + b"a", digest_size=32).digest()
    two = hashlib.blake2b(one + (2).to_bytes(8, "big") + b"b", digest_size=32).digest()
    assert chain.links(chain.START, 0, [b"a", b"b"]) == [(1, b"a", one), (2, b"b", two)]
    assert chain.link(one, 2, b"b") == two


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE event SET payload = x'00' WHERE sequence = 77", 77),
        ("DELETE FROM event WHERE sequence = 77", 77),
        ("UPDATE event SET hash = zeroblob(32) WHERE sequence = 77", 77),
        ("UPDATE event SET payload = 'text' WHERE sequence = 77", 77),
        ("UPDATE event SET sequence = -sequence WHERE sequence = 200", None),
    ],
)
def test_damage_is_found_at_its_event_and_what_is_intact_is_saved(
    path: Path, statement: str, broken: int | None
) -> None:
    spoil(path, statement)
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    found = salvage(path, path.with_name("saved"))
    intact = broken - 1 if broken else 199
    assert (found.intact, found.broken_at) == (intact, broken)
    assert found.readable_after == (200 - broken if broken else 0)
    assert {name: (path.parent / name).read_bytes() for name in before} == before, "the damaged one is not touched"
    saved = open_journal(path.with_name("saved"), write=True)
    assert [record.payload for record in saved.replay()] == EVENTS[:intact]
    assert saved.append([b"on"]) == intact + 1
    saved.close()
    if broken:
        reader = open_journal(path)
        with pytest.raises(DamagedError) as error:
            list(reader.replay())
        assert error.value.sequence == broken
        assert "nowake oms recover --journal" in str(error.value.hint)
        reader.close()


@pytest.mark.parametrize(("statement", "after"), [("", 3), ("DROP TABLE holder", 2**19)])
def test_a_saved_journal_goes_on_with_later_epochs_than_the_damaged_one(path: Path, statement: str, after: int) -> None:
    for _ in range(2):
        open_journal(path, write=True).close()
    spoil(path, "UPDATE event SET payload = x'00' WHERE sequence = 5")
    if statement:
        spoil(path, statement)
    assert salvage(path, path.with_name("saved")).intact == 4
    saved = open_journal(path.with_name("saved"), write=True)
    assert saved.epoch == after + 2
    saved.close()


def test_what_never_was_a_journal_is_not_saved(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello, this is no journal at all")
    with pytest.raises(InputError, match="text is no journal"):
        salvage(tmp_path / "text", tmp_path / "saved")
    assert not (tmp_path / "saved").exists()
    (tmp_path / "text.lock").touch()
    found = salvage(tmp_path / "text", tmp_path / "saved")
    assert (found.intact, found.broken_at) == (0, 1)
    assert f"{tmp_path / 'text'}" in found.why
    assert not list(tmp_path.glob("saved*")), "no empty journal that looks sound"


def test_a_journal_that_was_cut_off_is_saved_up_to_the_cut(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j", write=True)
    journal.append([b"x" * 1000] * 400)
    journal.close()
    whole = (tmp_path / "j").read_bytes()
    (tmp_path / "j").write_bytes(whole[: len(whole) // 2])
    found = salvage(tmp_path / "j", tmp_path / "saved")
    assert 100 < found.intact < 300
    assert found.broken_at == found.intact + 1
    saved = open_journal(tmp_path / "saved")
    assert sum(1 for _ in saved.replay()) == found.intact
    saved.close()


def test_a_journal_of_a_newer_schema_is_told_by_its_own_name(tmp_path: Path) -> None:
    open_journal(tmp_path / "j", write=True).close()
    db = sqlite3.connect(tmp_path / "j")
    db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(InputError, match=f"the schema of journal {tmp_path / 'j'} .*version 9"):
        salvage(tmp_path / "j", tmp_path / "saved")
    assert not list(tmp_path.glob("saved*"))


def test_pages_that_cannot_be_read_end_what_is_saved(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j", write=True)
    journal.append([b"x" * 1000] * 400)
    journal.close()
    with (tmp_path / "j").open("r+b") as out:
        out.seek(4096 * 40)
        out.write(b"\xff" * 4096 * 3)
    before = (tmp_path / "j").read_bytes()
    found = salvage(tmp_path / "j", tmp_path / "saved")
    assert 0 < found.intact < 400
    assert found.broken_at == found.intact + 1
    assert (tmp_path / "j").read_bytes() == before
    saved = open_journal(tmp_path / "saved")
    assert sum(1 for _ in saved.replay()) == found.intact
    saved.close()


def test_a_journal_whose_last_event_is_damaged_is_not_opened_for_writing(path: Path) -> None:
    spoil(path, "UPDATE event SET payload = x'00' WHERE sequence = 200")
    before = path.read_bytes()
    with pytest.raises(DamagedError, match="event 200"):
        open_journal(path, write=True)
    assert path.read_bytes() == before


def test_nothing_is_saved_over_something(path: Path) -> None:
    with pytest.raises(InputError, match="a new file"):
        salvage(path, path)
    with pytest.raises(InputError, match="a file"):
        salvage(path.with_name("none"), path.with_name("saved"))


def test_an_old_schema_is_brought_up_to_date_with_its_events(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "old")
    for statement in migrations.SQLITE[0]:
        db.execute(statement)
    db.executemany("INSERT INTO event VALUES (?, ?, ?)", chain.links(chain.START, 0, EVENTS))
    db.execute("PRAGMA user_version = 1")
    db.execute(f"PRAGMA application_id = {0x6E6F776B}")
    db.commit()
    db.close()
    journal = SqliteJournal(tmp_path / "old", write=True)
    assert (journal.epoch, journal.append([b"new"])) == (1, 201)
    assert [record.payload for record in journal.replay()] == [*EVENTS, b"new"]
    journal.close()


@pytest.mark.parametrize("write", [False, True])
def test_a_newer_schema_is_refused_and_left_alone(path: Path, write: bool) -> None:
    spoil(path, "PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(InputError, match="expected version 2 or older, got version 99"):
        open_journal(path, write=write)
    assert path.read_bytes() == before


def test_the_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "other")
    db.execute("CREATE TABLE t (x)")
    for version in (0, 1):
        db.execute(f"PRAGMA user_version = {version}")
        db.commit()
        before = (tmp_path / "other").read_bytes()
        for write in (False, True):
            with pytest.raises(InputError, match="a journal of nowake"):
                open_journal(tmp_path / "other", write=write)
        assert (tmp_path / "other").read_bytes() == before
    db.close()


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a path, or postgresql://USER@HOST"):
        open_journal("mysql://host/db")
    with pytest.raises(InputError, match="a file"):
        open_journal(tmp_path / "none")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(InputError, match="an empty file"):
        open_journal(tmp_path / "empty")


def test_a_snapshot_that_is_not_whole_is_passed_over(path: Path) -> None:
    journal = open_journal(path)
    records = list(journal.replay())
    for n in (50, 100):
        journal.snapshot(Snapshot(n, records[n - 1].hash, b"state %d" % n))
    youngest = max((path.parent / "j.snapshots").glob("*.snapshot"))
    youngest.write_bytes(youngest.read_bytes()[:-1])
    found = journal.snapshot()
    assert found is not None
    assert (found.sequence, found.body) == (50, b"state 50")
    journal.close()


def test_a_reader_sees_what_a_writer_adds(path: Path) -> None:
    reader, writer = open_journal(path), open_journal(path, write=True)
    assert sum(1 for _ in reader.replay()) == 200
    writer.append([b"more"])
    assert [record.payload for record in reader.replay(200)] == [b"more"]
    with pytest.raises(JournalError, match="not open for writing"):
        reader.append([b"no"])
    writer.close()
    reader.close()
