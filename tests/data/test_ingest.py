"""Ingest: idempotent, atomic, exact; nothing counted twice, nothing lost."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from nowake.core.errors import DataError, InputError
from nowake.core.events import Kind, empty_events
from nowake.core.times import HOUR, SECOND, local_midnight
from nowake.core.values import Instrument
from nowake.data.ingest import IngestOptions, ingest
from nowake.data.places import STAGING
from nowake.data.reader import Chunk, Reader, ReaderMeta, ReaderOptions, Rule, open_reader
from nowake.data.store import COLUMNS, ParquetStore, Query, open_store, records

NOON = local_midnight(date(2003, 1, 15), "America/New_York") + 12 * HOUR
ROW = "34200.{:09d},1,{},100,885000,1\n"


class FakeReader:
    """Prints of two symbols over two days, two chunks; the text of the file is the seed of the quantities."""

    def __init__(self, path: Path, start: int = NOON) -> None:
        self.path, self.start = path, start
        self.meta = ReaderMeta("fake", "trades", (Instrument("AAA"), Instrument("B/B")), None, "line", ("a note",))

    def chunks(self) -> Iterator[Chunk]:
        seed = int(self.path.read_text())
        for k in range(2):
            events = empty_events(60)
            events["time"] = self.start + k * 24 * HOUR + np.arange(60) * SECOND
            events["price"], events["kind"] = 885_000, Kind.TRADE
            events["quantity"] = np.random.default_rng(seed).integers(1, 1000, 60)
            events["instrument"] = np.arange(60) % 2
            yield Chunk(events, np.arange(60) + 60 * k + 1)

    def findings(self) -> tuple[Rule, ...]:
        return ()


def fake(path: Path, *, fmt: str | None = None, options: ReaderOptions | None = None) -> Reader:
    return FakeReader(path)


FAKE = IngestOptions(open=fake)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "two.txt"
    path.parent.mkdir()
    path.write_text("7")
    return path


@pytest.fixture(params=["disk", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ParquetStore:
    return open_store(tmp_path / "store" if request.param == "disk" else f"memory://{uuid4()}")


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_a_source_is_split_by_day_and_symbol_and_every_row_is_there(store: ParquetStore, source: Path) -> None:
    report = ingest([source], store, FAKE)
    parts = store.parts(Query())
    assert [(p.date.day, p.symbol, p.kind) for p in parts] == [
        (d, s, "trades") for d in (15, 16) for s in ("AAA", "B/B")
    ]
    assert report.rows == sum(store.meta(p).rows for p in parts) == 120
    assert report.files[0].quality == {"rows_in": 120, "kept": 120, "repaired": 0, "quarantined": 0}
    given = np.concatenate([c.events for c in FakeReader(source).chunks()])
    for part in parts:
        mine = given[(given["instrument"] == (part.symbol == "B/B"))]
        mine = mine[(mine["time"] < NOON + 12 * HOUR) == (part.date.day == 15)]
        rows = records(store.scan(Query(part.symbol, part.date, part.date)).select(COLUMNS).collect())
        assert (rows["quantity"] == mine["quantity"]).all()
        assert (rows["time"] == mine["time"]).all()
        meta = store.meta(part)
        assert (meta.of, meta.source, meta.notes, meta.first, meta.last) == (
            4, "two.txt", ("a note",), mine["time"][0], mine["time"][-1],
        )  # fmt: skip


def test_ingesting_twice_changes_nothing(tmp_path: Path, source: Path) -> None:
    store = open_store(tmp_path / "store")
    first = ingest([source], store, FAKE)
    before = files(tmp_path / "store")
    again = ingest([source], open_store(tmp_path / "store"), FAKE)
    assert files(tmp_path / "store") == before
    assert again.files[0].already_there
    assert not first.files[0].already_there
    assert (again.rows, again.files[0].quality) == (first.rows, first.files[0].quality)


def test_a_changed_source_is_refused_unless_it_replaces(store: ParquetStore, source: Path) -> None:
    ingest([source], store, FAKE)
    old = store.scan(Query()).collect()
    source.write_text("8")
    with pytest.raises(InputError, match="trades of AAA on 2003-01-15 is stored from another source"):
        ingest([source], store, FAKE)
    assert store.scan(Query()).collect().equals(old)
    ingest([source], store, replace(FAKE, existing="replace"))
    new = store.scan(Query()).collect()
    assert (new.height, new.equals(old)) == (old.height, False)
    source.write_text("7")
    ingest([source], store, replace(FAKE, existing="replace"))
    assert store.scan(Query()).collect().equals(old)
    assert len(list(store.place.names(""))) == 4


def test_appending_needs_another_time_of_the_day(store: ParquetStore, source: Path) -> None:
    append = replace(FAKE, existing="append")
    ingest([source], store, append)
    later = source.with_name("later.txt")
    later.write_text("9")
    with pytest.raises(InputError, match="sources overlap in time"):
        ingest([later], store, append)
    ingest([later], store, replace(append, open=lambda path, **_: FakeReader(path, NOON - HOUR)))
    times = store.scan(Query("AAA", date(2003, 1, 15), date(2003, 1, 15))).collect()["time"]
    assert (len(times), times.is_sorted()) == (60, True)


def test_the_options_that_change_what_is_read_make_another_source(store: ParquetStore, source: Path) -> None:
    one = ingest([source], store, FAKE).files[0].digest
    other = ingest([source], store, replace(FAKE, reader=ReaderOptions(symbol="X"), existing="replace")).files[0].digest
    assert one != other


def test_progress_rises_to_the_size_of_the_sources(tmp_path: Path, source: Path) -> None:
    seen: list[tuple[int, int]] = []
    ingest([source], open_store(tmp_path / "store"), FAKE, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (1, 1)


def lobster(folder: Path, rows: list[str], name: str = "IBM_2003-01-15_message.csv") -> Path:
    path = folder / name
    path.write_text("".join(rows))
    return path


def good(n: int) -> list[str]:
    return [ROW.format(k, k + 1) for k in range(n)]


@pytest.mark.parametrize("bad", ["34201.0,1,99,1x0,885000,1\n", "34201.0,1,99\n", "100.0,1,99,100,885000,1\n"])
def test_a_bad_source_leaves_nothing_of_itself(tmp_path: Path, bad: str) -> None:
    fine = lobster(tmp_path, good(5), "IBM_2003-01-14_message.csv")
    path = lobster(tmp_path, [*good(5), bad])
    store = open_store(tmp_path / "store")
    with pytest.raises(DataError, match=r"IBM_2003-01-15_message.csv:6"):
        ingest([fine, path], store)
    assert [p.date.day for p in store.parts(Query())] == [14]
    assert not (tmp_path / "store" / STAGING).exists()


def test_bad_sources_and_options_are_named_and_make_no_store(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    (tmp_path / "empty").touch()
    (tmp_path / "curve.csv").write_text("bin,2019-01-02\n09:30,5\n")
    for path, message in (("no", "got nothing"), ("", "a directory"), ("empty", "empty"), ("curve.csv", "not a feed")):
        with pytest.raises(DataError, match=message):
            ingest([tmp_path / path], store)
    with pytest.raises(InputError, match="at least one file"):
        ingest([], store)
    with pytest.raises(InputError, match="refuse, replace, append"):
        IngestOptions(existing="merge")
    assert not (tmp_path / "store").exists()


def test_a_store_that_cannot_be_written_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    path = lobster(tmp_path, good(5))
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="expected a folder that can be written"):
        ingest([path], open_store(tmp_path / "file" / "store"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["IBM_2003-01-15_message.csv", "file"]


def test_refused_rows_are_written_beside_the_source_if_asked_for(tmp_path: Path) -> None:
    path = lobster(tmp_path, [*good(5), "34201.0,1,99,0,885000,1\n"])
    report = ingest([path], open_store(tmp_path / "store"), IngestOptions(quarantine=True)).files[0]
    assert report.quality == {"rows_in": 6, "kept": 5, "repaired": 0, "quarantined": 1}
    assert report.rows == 5
    assert report.quarantine is not None
    assert report.quarantine.read_text().count("\n") == 2


KILLED = """
import os, signal, sys
from pathlib import Path
from nowake.data import ingest as module
from nowake.data.ingest import IngestOptions, ingest
from nowake.data.spool import Spool
from nowake.data.store import open_store
sys.path.insert(0, sys.argv[4])
from test_ingest import FakeReader
count, at, where = 0, int(sys.argv[3]), sys.argv[5]
def tick(place):
    global count
    count += place == where
    if count == at and place == where:
        os.kill(os.getpid(), signal.SIGKILL)
class Dying(FakeReader):
    def chunks(self):
        for chunk in super().chunks():
            yield chunk
            tick("read")
chunks = Spool.chunks
def slow(self, group):
    tick("write")
    yield from chunks(self, group)
Spool.chunks = slow
ingest([Path(sys.argv[1])], open_store(sys.argv[2]), IngestOptions(open=lambda path, **_: Dying(path)))
"""


@pytest.mark.parametrize(("where", "at", "left"), [("read", 1, 0), ("read", 2, 0), ("write", 1, 0), ("write", 3, 2)])
def test_a_killed_ingest_leaves_whole_parts_only_and_the_next_one_completes_it(
    tmp_path: Path, source: Path, where: str, at: int, left: int
) -> None:
    root = tmp_path / "store"
    arguments = [str(source), str(root), str(at), str(Path(__file__).parent), where]
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    store = open_store(root)
    assert len(store.parts(Query())) == left
    assert len(list(root.glob("kind=*/**/*.parquet"))) == left
    assert all(store.scan(Query(p.symbol, p.date, p.date)).collect().height == 30 for p in store.parts(Query()))
    report = ingest([source], store, FAKE)
    assert (report.rows, report.files[0].written) == (120, 4 - left)
    clean = open_store(tmp_path / "clean")
    ingest([source], clean, FAKE)
    assert files(root) == files(tmp_path / "clean")


def test_a_file_of_many_chunks_needs_only_a_few_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nowake.data import spool

    monkeypatch.setattr(spool, "CHUNK", 64)
    path = lobster(tmp_path, good(5000))
    store = open_store(tmp_path / "store")
    longest = 0
    packed = spool._packed

    def watched(runs: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        nonlocal longest
        for chunk in packed(runs):
            longest = max(longest, len(chunk))
            yield chunk

    monkeypatch.setattr(spool, "_packed", watched)
    ingest([path], store, IngestOptions(reader=ReaderOptions(block_bytes=1024)))
    assert 0 < longest < 200
    assert store.scan(Query()).collect()["order_id"].to_list() == list(range(1, 5001))


def test_a_file_that_changes_while_it_is_read_is_refused(store: ParquetStore, tmp_path: Path) -> None:
    source = tmp_path / "IBM_2003-01-15_message.csv"
    source.write_text("34200.0,1,11,100,1000000,1\n" + "34201.0,1,12,100,1000000,1\n")

    def shrinking(path: Path, **how: object) -> object:
        reader = open_reader(path, **how)  # type: ignore[arg-type]
        chunks = reader.chunks

        def then_cut():  # type: ignore[no-untyped-def]
            yield from chunks()
            path.write_text("34200.0,1,11,100,1000000,1\n")

        reader.chunks = then_cut  # type: ignore[method-assign]
        return reader

    with pytest.raises(DataError, match="changed while it was read"):
        ingest([source], store, IngestOptions(open=shrinking))  # type: ignore[arg-type]
    assert store.parts(Query()) == ()
