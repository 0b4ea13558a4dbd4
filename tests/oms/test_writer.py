"""The writer's thread: tickets, batches, callbacks, event loops; and that it fails closed."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from nowake.oms.errors import JournalError
from nowake.oms.journal.protocol import Record, Snapshot, open_journal
from nowake.oms.journal.writer import Ticket, Writer


class Slow:
    """A journal that writes when it is let."""

    epoch = 1

    def __init__(self) -> None:
        self.go, self.batches, self.failure = threading.Semaphore(0), [], None
        self.begun, self.closed = threading.Event(), False

    def append(self, payloads: Sequence[bytes]) -> int:
        self.begun.set()
        self.go.acquire()
        if self.failure:
            raise self.failure
        self.batches.append(list(payloads))
        return sum(map(len, self.batches))

    def replay(self, after: int = 0, *, hash: bytes | None = None) -> Iterator[Record]:  # noqa: A002, ARG002
        return iter(())

    def snapshot(self, new: Snapshot | None = None) -> Snapshot | None:
        return new

    def close(self) -> None:
        self.closed = True


def test_what_waits_is_written_together_in_order() -> None:
    slow = Slow()
    writer = Writer(slow)
    tickets = [writer.put(b"0")]
    assert slow.begun.wait(10), "the first is on its way"
    tickets += [writer.put(b"%d" % n) for n in range(1, 50)]
    assert not tickets[0].done
    slow.go.release(3)
    assert [ticket.wait(10) for ticket in tickets] == list(range(1, 51))
    assert [payload for batch in slow.batches for payload in batch] == [b"%d" % n for n in range(50)]
    assert len(slow.batches) <= 3
    writer.close()
    assert slow.closed


def test_a_ticket_that_takes_too_long_says_so_and_can_be_waited_for_again() -> None:
    slow = Slow()
    writer = Writer(slow)
    ticket = writer.put(b"x")
    with pytest.raises(TimeoutError):
        ticket.wait(0.01)
    slow.go.release()
    assert ticket.wait(10) == 1
    writer.close()


def test_a_failure_reaches_everybody_who_waits_and_nothing_is_taken_afterwards() -> None:
    slow = Slow()
    writer = Writer(slow)
    tickets = [writer.put(b"%d" % n) for n in range(5)]
    called: list[Ticket] = []
    tickets.append(writer.put(b"x", called.append))
    slow.failure = OSError("the disk is gone")
    slow.go.release(10)
    for ticket in tickets:
        with pytest.raises(JournalError, match="the disk is gone"):
            ticket.wait(10)
    assert called == tickets[-1:]
    with pytest.raises(JournalError, match="takes nothing more"):
        writer.put(b"y")
    slow.failure = None
    with pytest.raises(JournalError, match="takes nothing more"):
        writer.put(b"z")
    writer.close()
    assert slow.batches == []


def test_callbacks_come_from_the_writer_with_the_sequence(tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []
    with Writer(open_journal(tmp_path / "j", write=True)) as writer:
        for n in range(10):
            ticket = writer.put(b"%d" % n, lambda t: told.append((t.sequence, threading.current_thread().name)))
        assert ticket.wait(10) == 10, "waiting leaves the callback as it is"
    assert told == [(n, "journal") for n in range(1, 11)]


def test_many_threads_each_see_their_own_events(tmp_path: Path) -> None:
    sequences: list[int] = []
    writer = Writer(open_journal(tmp_path / "j", write=True))

    def caller(name: int) -> None:
        mine = [writer.put(b"%d/%d" % (name, n)).wait(20) for n in range(20)]
        assert mine == sorted(mine)
        sequences.extend(mine)

    threads = [threading.Thread(target=caller, args=(name,)) for name in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert sorted(sequences) == list(range(1, 641))
    journal = open_journal(tmp_path / "j")
    assert len({record.payload for record in journal.replay()}) == 640
    journal.close()


def test_tasks_of_an_event_loop_await_their_tickets(tmp_path: Path) -> None:
    writer = Writer(open_journal(tmp_path / "j", write=True))

    async def caller() -> list[int]:
        return [await writer.put(b"x") for _ in range(10)]

    async def everybody() -> list[list[int]]:
        return await asyncio.gather(*(caller() for _ in range(64)))

    found = asyncio.run(everybody())
    writer.close()
    assert sorted(number for mine in found for number in mine) == list(range(1, 641))
    assert writer.batches < 640


def test_a_task_hears_of_a_failure() -> None:
    slow = Slow()
    slow.failure = OSError("full")
    writer = Writer(slow)

    async def caller() -> None:
        ticket = writer.put(b"x")
        asyncio.get_running_loop().call_soon(slow.go.release)
        await ticket

    with pytest.raises(JournalError, match="full"):
        asyncio.run(caller())
    writer.close()


def test_a_closed_writer_takes_nothing(tmp_path: Path) -> None:
    writer = Writer(open_journal(tmp_path / "j", write=True))
    ticket = writer.put(b"last")
    writer.close()
    assert ticket.wait(0) == 1, "what was handed over before is written"
    with pytest.raises(JournalError, match="closed"):
        writer.put(b"late")
