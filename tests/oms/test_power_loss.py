"""Power loss: at hundreds of random points nothing acknowledged is lost, the chain holds, and no id comes twice.

Two builds that break the promise must fail the same checks: one that does not wait for the disk (synchronous OFF), one
that acknowledges before it writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from oms_disk import Op, RecordingDisk, Tape, after_power_loss

from nowake.core.errors import NowakeError
from nowake.oms.conserve import differences
from nowake.oms.events import Asked, ChildNew, ParentNew, ParentSaid, Started, VenueSaid, encode
from nowake.oms.journal.sqlite import SqliteJournal
from nowake.oms.journal.writer import Ticket
from nowake.oms.keeper import Keeper, open_keeper
from nowake.oms.snapshot import recover
from nowake.oms.states import Act

POINTS = 240


@dataclass
class Told:
    """What the outside knows, and when: operations on the disk before, and what was acknowledged or issued by then."""

    acknowledged: list[tuple[int, int]] = field(default_factory=list)  # (operations, events on disk)
    issued: list[tuple[int, int]] = field(default_factory=list)  # (operations, id)


class StepWriter:
    """A writer without a thread: `flush` commits what was handed over, so that the tape has one order."""

    def __init__(self, journal: Any, tape: Tape, told: Told) -> None:
        self.journal, self.tape, self.told = journal, tape, told
        self.waiting: list[tuple[bytes, Ticket]] = []

    def put(self, payload: bytes) -> Ticket:
        ticket = _Eager(self)
        self.waiting.append((payload, ticket))
        return ticket

    def flush(self) -> None:
        if self.waiting:
            last = self.journal.append([payload for payload, _ in self.waiting])
            self.told.acknowledged.append((len(self.tape.ops), last))
            for number, (_, ticket) in enumerate(reversed(self.waiting)):
                ticket.told(last - number, None)
            self.waiting = []

    def close(self) -> None:
        self.flush()
        self.journal.close()


class _Eager(Ticket):
    """A ticket whose waiting has the writer commit."""

    __slots__ = ("writer",)

    def __init__(self, writer: StepWriter) -> None:
        super().__init__()
        self.writer = writer

    def wait(self, timeout: float | None = None) -> int:
        self.writer.flush()
        return super().wait(timeout)


class Hasty(SqliteJournal):
    """Acknowledges a batch when the next one comes."""

    def append(self, payloads: Sequence[bytes]) -> int:
        owed = getattr(self, "owed", [])
        last = super().append(owed)
        self.owed = list(payloads)
        return last + len(self.owed)


def sloppy(disk: RecordingDisk) -> Any:
    """A connection on which FULL means OFF."""

    class Deaf:
        def __init__(self, path: Path, write: bool) -> None:
            self.db = disk.connect(path, write)
            self.executemany, self.close = self.db.executemany, self.db.close

        def execute(self, statement: str, *more: Any) -> Any:
            return self.db.execute(statement.replace("synchronous = FULL", "synchronous = OFF"), *more)

    return Deaf


def trade(journal: Any, tape: Tape, told: Told, random: Random, orders: int) -> None:
    """Work a parent with an honest venue; batches of random size go to the disk."""
    oms = recover(journal).oms
    started = Started(1, 1, journal.epoch)
    oms.apply(started)
    last = journal.append([encode(started)])
    told.acknowledged.append((len(tape.ops), last))
    writer = StepWriter(journal, tape, told)
    keeper = Keeper(oms, writer, block=8)  # type: ignore[arg-type]
    parent = keeper.ids.next()
    keeper.enter(ParentNew(1, parent, "fund", "MIDC", 1, 10**6, 0, 9))
    keeper.record(ParentSaid(1, parent, Act.ACKED))
    for number in range(orders):
        child = keeper.ids.next()
        told.issued.append((len(tape.ops), child))
        keeper.place(ChildNew(1, child, parent, "ALPHA", 1, 100, 500_000))
        keeper.record(VenueSaid(1, child, Act.ACKED))
        keeper.record(VenueSaid(1, child, Act.FILL_PART, random.randint(1, 60), 10**6, 1, f"{child}"))
        keeper.record(Asked(1, child, Act.CANCEL_ASKED))
        keeper.record(VenueSaid(1, child, Act.CANCELED, reason="x" * random.randint(0, 300)))
        if random.random() < 0.4:
            writer.flush()
        if number % 40 == 39:
            list(journal._db.execute("PRAGMA wal_checkpoint(PASSIVE)"))
    writer.flush()


def recorded(folder: Path, seed: int, build: str) -> tuple[list[Op], Told]:
    """Run a day on a disk that keeps a record; two starts, the first of which just ends, as a killed process does."""
    tape, told, random = Tape(), Told(), Random(seed)
    disk = RecordingDisk(tape)
    connection = sloppy(disk) if build == "synchronous off" else disk.connect
    kind = Hasty if build == "acknowledges first" else SqliteJournal
    starts = []
    for orders in (60, 60):
        starts.append(kind(folder / "journal", write=True, connection=connection))
        trade(starts[-1], tape, told, random, orders)
        starts[-1]._lease.release()  # killed: the file is left as it is
    ops = list(tape.ops)
    for journal in starts:
        journal.close()
    return ops, told


def faults(ops: list[Op], told: Told, point: int, random: Random, folder: Path) -> list[str]:
    """What is wrong after a loss of power before operation `point`."""
    after_power_loss(ops[:point], random, folder)
    acknowledged = max((last for at, last in told.acknowledged if at <= point), default=0)
    issued = {order for at, order in told.issued if at <= point}
    if not (folder / "journal").is_file():
        return ["lost"] if acknowledged else []
    try:
        keeper = open_keeper(folder / "journal", 1, block=8)
    except NowakeError as error:
        return [f"damaged: {error}"]
    found = keeper.oms
    wrong = ["lost"] if found.sequence - 1 < acknowledged else []  # the event of this start is one more
    wrong += ["not conserved"] if differences(found) else []
    possible = {i for block in found.unused() for i in range(block.first, block.last + 1)}
    wrong += [] if issued <= possible | found.children.keys() else ["sent and unknown"]
    wrong += ["reissued"] if issued & {keeper.ids.next() for _ in range(12)} else []
    keeper.close()
    return wrong


def losses(tmp_path: Path, build: str, points: int, seed: int = 1) -> list[str]:
    """The faults of `points` random losses of power."""
    ops, told = recorded(tmp_path, seed, build)
    assert sum(op.kind == "sync" for op in ops) > (5 if build != "synchronous off" else -1)
    random, wrong = Random(seed), []
    for number in range(points):
        point = random.randrange(len(ops) + 1)
        wrong += faults(ops, told, point, random, tmp_path / f"loss{number}")
    return wrong


def test_nothing_acknowledged_is_lost_and_no_id_comes_twice(tmp_path: Path) -> None:
    assert losses(tmp_path, "as built", POINTS) == []


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2, 10))
def test_nothing_acknowledged_is_lost_at_two_thousand_points(tmp_path: Path, seed: int) -> None:
    assert losses(tmp_path, "as built", POINTS, seed) == []


@pytest.mark.parametrize("build", ["synchronous off", "acknowledges first"])
def test_a_build_that_does_not_wait_for_the_disk_is_found_out(tmp_path: Path, build: str) -> None:
    wrong = losses(tmp_path, build, 60)
    assert wrong.count("lost") > 5
