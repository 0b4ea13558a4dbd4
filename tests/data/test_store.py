"""Every Store and every Place keeps the same promises, wherever its files lie."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from nowake.core.errors import DataError, InputError, MissingError
from nowake.core.events import EVENT, empty_events
from nowake.core.values import Instrument, Session
from nowake.data.parts import LEVELS, Part, PartMeta, Query
from nowake.data.places import STAGING, Place, exclusive, open_place, staging
from nowake.data.store import COLUMNS, ParquetStore, Store, open_store, records

DAY = date(2003, 1, 15)


def some_events(n: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    events = empty_events(n)
    for name in EVENT.names or ():
        info = np.iinfo(EVENT[name])
        events[name] = rng.integers(info.min, info.max, n, dtype=EVENT[name], endpoint=True)
    events["instrument"] = 0
    return events


def some_meta(n: int, **changes: object) -> PartMeta:
    instrument = Instrument("IBM", Decimal("0.01"), 1, Decimal("1e-8"), 1, "EUR", "X", (Session(0, 10, "UTC"),))
    values = {"notes": ("a", "b"), "quality": {"rows_in": n, "kept": n, "repaired": 0, "quarantined": 0}}
    return PartMeta(instrument, "x.csv", "lobster", n, 0, n, **{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture(params=["disk", "file url", "memory"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    places = {
        "disk": str(tmp_path / "store"),
        "file url": f"file://{tmp_path}/store",
        "memory": f"memory://{uuid4()}/s",
    }
    return places[request.param]


@pytest.fixture
def store(address: str) -> ParquetStore:
    return open_store(address)


def check_store(store: Store) -> None:
    """The conformance test of the Store protocol."""
    part, rows = Part(DAY, "BRK/B 1=2*é%", "l3", "aa"), some_events(1000)
    assert store.parts(Query()) == ()
    assert store.write(part, some_meta(1000), iter([rows[:400], rows[400:]])) is True
    assert store.write(part, some_meta(7), iter([rows[:7]])) is False
    assert store.parts(Query()) == (part,)
    assert store.meta(part) == some_meta(1000)
    back = store.scan(Query(part.symbol, DAY, DAY, "l3")).collect()
    assert back.columns == [*COLUMNS, "kind", "date", "symbol"]
    assert back.select("kind", "date", "symbol").unique().rows() == [("l3", DAY, part.symbol)]
    assert (records(back.select(COLUMNS)) == rows).all()
    later = Part(date(2003, 1, 16), "007", "trades", "bb")
    store.write(later, some_meta(5), [rows[:5]])
    assert store.parts(Query()) == (part, later)
    assert store.parts(Query(start=later.date)) == (later,)
    assert store.parts(Query(end=DAY)) == (part,)
    assert store.parts(Query("007")) == store.parts(Query(kind="trades")) == (later,)
    with pytest.raises(InputError, match="expected l2 of 007"):
        store.scan(Query("007", kind="l2"))


def test_every_store_conforms(store: ParquetStore) -> None:
    check_store(store)


def test_every_place_conforms(address: str, tmp_path: Path) -> None:
    place: Place = open_place(address)
    assert list(place.names("")) == []
    for name in ("b/two", "a/one", "_staging/x", ".hidden/y"):
        ready = tmp_path / "ready"
        ready.write_text(name)
        place.commit(ready, name)
        assert not ready.exists()
    assert list(place.names("")) == ["a/one", "b/two"]
    assert list(place.names("b")) == ["b/two"]
    assert place.fetch("b/two").read_text() == "b/two"
    place.remove("b/two")
    place.remove("b/two")
    assert list(place.names("")) == ["a/one"]


def test_another_process_object_sees_the_same_store(address: str) -> None:
    part = Part(DAY, "IBM", "l3", "aa")
    open_store(address).write(part, some_meta(3), [some_events(3)])
    fresh = open_store(address)
    assert fresh.parts(Query()) == (part,)
    assert fresh.meta(part).instrument == some_meta(3).instrument


class BoomError(Exception):
    pass


def breaking(error: BaseException, good: int) -> Iterator[np.ndarray]:
    for seed in range(good):
        yield some_events(10_000, seed)
    raise error


@pytest.mark.parametrize("error", [BoomError("x"), KeyboardInterrupt(), OSError(28, "No space left on device")])
@pytest.mark.parametrize("good", [0, 3])
def test_a_write_that_fails_leaves_nothing(
    store: ParquetStore, tmp_path: Path, error: BaseException, good: int
) -> None:
    expected = InputError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        store.write(Part(DAY, "IBM", "l3", "aa"), some_meta(1), breaking(error, good))
    assert store.parts(Query()) == ()
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    assert store.write(Part(DAY, "IBM", "l3", "aa"), some_meta(3), [some_events(3)])


def test_what_a_part_replaces_is_out_of_sight_at_once_and_gone_after_the_next_write(store: ParquetStore) -> None:
    old, new = Part(DAY, "IBM", "l3", "aa"), Part(DAY, "IBM", "l3", "bb")
    store.write(old, some_meta(3), [some_events(3)])
    put_back = store.place.fetch(old.name).read_bytes()
    store.write(new, some_meta(4, replaces=(old.name,), generation=1), [some_events(4)])
    assert list(store.place.names("")) == [new.name]
    # As after a crash between the commit and the removal: the old file is still there.
    with staging(store.place) as work:
        (work / "old").write_bytes(put_back)
        store.place.commit(work / "old", old.name)
    assert store.parts(Query()) == (new,)
    assert store.scan(Query()).collect().height == 4
    assert store.write(new, some_meta(4), ()) is False
    assert list(store.place.names("")) == [new.name]


KILLED = """
import os, signal, sys
import numpy as np
from datetime import date
from nowake.core.events import empty_events
from nowake.core.values import Instrument
from nowake.data.parts import Part, PartMeta
from nowake.data.store import open_store
def chunks():
    for k in range(3):
        yield empty_events(100_000)
    os.kill(os.getpid(), signal.SIGKILL)
store = open_store(sys.argv[1])
meta = PartMeta(Instrument("IBM"), "x", "fake", 1, 0, 1)
store.write(Part(date(2003, 1, 14), "IBM", "l3", "aa"), meta, [empty_events(5)])
store.write(Part(date(2003, 1, 15), "IBM", "l3", "aa"), meta, chunks())
"""


def test_a_killed_writer_leaves_no_readable_half_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    root = tmp_path / "store"
    done = subprocess.run([sys.executable, "-c", KILLED, str(root)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    store = open_store(root)
    assert [p.date.day for p in store.parts(Query())] == [14]
    assert any((root / STAGING).rglob("part.parquet"))
    assert store.scan(Query()).collect().height == 5
    assert store.write(Part(DAY, "IBM", "l3", "aa"), some_meta(9), [some_events(9)])
    assert not (root / STAGING).exists()
    assert store.scan(Query(start=DAY)).collect().height == 9


def test_work_in_progress_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    place = open_place(tmp_path)
    with staging(place) as mine:
        (mine / "spool").write_text("x")
        with staging(place) as other:
            assert other != mine
        assert (mine / "spool").read_text() == "x"
    assert not (tmp_path / STAGING).exists()


def test_a_store_that_cannot_be_written_is_bad_input_and_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    store = open_store(tmp_path / "file" / "store")
    with pytest.raises(InputError, match="expected a folder that can be written"):
        store.write(Part(DAY, "IBM", "l3", "aa"), some_meta(1), [some_events(1)])
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208


def test_a_foreign_parquet_file_and_garbage_are_named(tmp_path: Path) -> None:
    import polars as pl

    store = open_store(tmp_path)
    for digest, write in (
        ("aa", lambda p: pl.DataFrame({"x": [1]}).write_parquet(p)),
        ("bb", lambda p: p.write_text("x")),
    ):
        part = Part(DAY, "IBM", "l3", digest)
        path = tmp_path / part.name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
        with pytest.raises(DataError, match=f"part-{digest}.parquet: not a part of a store"):
            store.meta(part)


@pytest.mark.parametrize(
    "name",
    [
        "x.parquet",
        "kind=l9/date=2003-01-15/symbol=A/part-1.parquet",
        "kind=l3/date=x/symbol=A/part-1.parquet",
        "kind=l3/date=2003-01-15/symbol=A/other.parquet",
    ],
)
def test_files_that_are_not_parts_are_not_parts(name: str) -> None:
    assert Part.parse(name) is None


def test_a_part_is_named_and_found_by_its_name() -> None:
    for kind in LEVELS:
        part = Part(DAY, "a/b=c%2F é", kind, "0123")
        assert Part.parse(part.name) == part


def test_impossible_queries_are_refused() -> None:
    with pytest.raises(InputError, match="start not after end"):
        Query("IBM", DAY, date(2003, 1, 14))
    with pytest.raises(InputError, match="expected one of l3") as refused:
        Query(kind="trade")
    assert refused.value.hint == "did you mean 'trades'?"


@pytest.mark.parametrize("bad", ["", "nosuchprotocol://x/y"])
def test_an_impossible_address_is_refused(bad: str) -> None:
    with pytest.raises((InputError, MissingError)):
        open_store(bad)


def test_without_polars_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingError, match=r"nowake\[data\]"):
        open_store(tmp_path).scan(Query())


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingError, match=r"nowake\[data\]"):
        open_store("memory://x")


def test_a_remote_file_system_that_does_not_answer_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = open_place(f"memory://{uuid4()}")

    def fail(*_: object, **__: object) -> None:
        raise PermissionError("access denied")

    ready = tmp_path / "part"
    ready.write_bytes(b"x")
    for method in ("find", "put_file", "get_file", "rm_file"):
        monkeypatch.setattr(place.fs, method, fail)  # type: ignore[union-attr]
    for call in (
        lambda: list(place.names("")),
        lambda: place.commit(ready, "a/b"),
        lambda: place.fetch("a/b"),
        lambda: place.remove("a/b"),
    ):
        with pytest.raises(InputError, match="a store that answers, got access denied"):
            call()


def test_one_writer_of_a_folder_at_a_time(tmp_path: Path) -> None:
    import fcntl

    with exclusive(open_place(tmp_path)):
        handle = os.open(tmp_path, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)
    with exclusive(open_place("memory://x")):
        pass
