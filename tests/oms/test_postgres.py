"""The journal in a real PostgreSQL server: the contract, the lease, a crash of the server, damage, a newer schema."""

from collections.abc import Iterator
from itertools import count

import psycopg
import pytest
from oms_server import Server, server_or_skip

from nowake.core.errors import InputError
from nowake.oms.errors import DamagedError, JournalError, LeaseError
from nowake.oms.events import Control
from nowake.oms.journal.conformance import check_journal
from nowake.oms.journal.protocol import open_journal
from nowake.oms.journal.writer import Writer
from nowake.oms.keeper import open_keeper
from nowake.oms.snapshot import advance, recover

pytestmark = pytest.mark.postgres
NUMBERS = count(1)


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server_or_skip() as one:
        yield one


@pytest.fixture
def url(running: Server) -> str:
    return running.url(f"j{next(NUMBERS)}")


def sql(running: Server, statement: str) -> None:
    with psycopg.connect(f"postgresql://nowake@127.0.0.1:{running.port}/postgres", autocommit=True) as db:
        db.execute(statement)


def test_the_engine_keeps_the_contract(url: str) -> None:
    check_journal(lambda write: open_journal(url, write=write))


def test_acknowledged_events_survive_a_crash_of_the_server_and_the_writer_fails_closed(
    running: Server, url: str
) -> None:
    writer = Writer(open_journal(url, write=True))
    kept = [writer.put(b"%d" % n).wait() for n in range(50)]
    running.stop("immediate")
    with pytest.raises(JournalError, match="failed"):
        writer.put(b"lost").wait()
    writer.close()
    running.start()
    journal = open_journal(url, write=True)
    assert [record.sequence for record in journal.replay()] == kept
    assert journal.append([b"on"]) == kept[-1] + 1
    journal.close()


def test_a_writer_whose_session_is_ended_has_lost_its_lease_and_writes_no_more(running: Server, url: str) -> None:
    first = open_journal(url, write=True)
    first.append([b"one"])
    with pytest.raises(LeaseError, match="in use"):
        open_journal(url, write=True)
    sql(
        running,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'",
    )
    second = open_journal(url, write=True)
    assert second.append([b"two"]) == 2
    with pytest.raises(JournalError):
        first.append([b"never"])
    assert [record.payload for record in second.replay()] == [b"one", b"two"]
    second.close()


def test_a_writer_of_an_earlier_epoch_is_fenced_off(running: Server, url: str) -> None:
    journal = open_journal(url, write=True)
    name = url.rpartition("=")[2]
    sql(running, f"UPDATE {name}.holder SET epoch = epoch + 1")
    with pytest.raises(LeaseError, match="taken by another writer"):
        journal.append([b"never"])
    assert list(journal.replay()) == []
    journal.close()


def test_a_changed_event_is_found(running: Server, url: str) -> None:
    journal = open_journal(url, write=True)
    journal.append([b"a", b"b", b"c"])
    journal.close()
    sql(running, f"UPDATE {url.rpartition('=')[2]}.event SET payload = 'x' WHERE sequence = 2")
    reader = open_journal(url)
    with pytest.raises(DamagedError, match="event 2"):
        list(reader.replay())
    reader.close()


def test_an_old_schema_is_brought_up_to_date_and_a_newer_one_is_refused(running: Server, url: str) -> None:
    name = url.rpartition("=")[2]
    sql(running, f"CREATE SCHEMA {name}")
    sql(
        running, f"CREATE TABLE {name}.event (sequence bigint PRIMARY KEY, payload bytea NOT NULL, hash bytea NOT NULL)"
    )
    sql(running, f"CREATE TABLE {name}.version (number integer NOT NULL)")
    sql(running, f"INSERT INTO {name}.version VALUES (1)")
    journal = open_journal(url, write=True)
    assert journal.append([b"one"]) == 1
    journal.close()
    sql(running, f"UPDATE {name}.version SET number = 99")
    for write in (False, True):
        with pytest.raises(InputError, match="version 99"):
            open_journal(url, write=write)


def test_a_keeper_works_over_it(url: str) -> None:
    keeper = open_keeper(url, 1)
    first = keeper.ids.next()
    keeper.record(Control(1, "ann", "why", "what"))[1].wait()
    keeper.close()
    keeper = open_keeper(url, 1)
    assert keeper.ids.next() > first
    assert (keeper.oms.epoch, keeper.oms.counts) == (2, {"Control": 1})
    keeper.close()
    reader = open_journal(url)
    assert advance(reader).snapshot == 0
    assert recover(reader).replayed == 0
    reader.close()


@pytest.mark.parametrize("name", ["UPPER", "with-dash", "x" * 61])
def test_a_name_that_cannot_be_a_schema_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="journal"):
        open_journal(f"postgresql://nobody@127.0.0.1/x?journal={name}")


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(JournalError, match="port 1 failed"):
        open_journal("postgresql://nobody@127.0.0.1:1/none")
