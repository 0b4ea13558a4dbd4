"""An ingest that is killed or interrupted, and two at once: real processes, stopped at chosen points."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Stops for good at the point named by the first argument, having said so.
CHILD = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
import nowake.data.places, nowake.data.spool, nowake.data.store
from nowake.cli.main import main

def stop():
    print("here", flush=True)
    time.sleep(600)

def at_reading(self, events, meta, add=nowake.data.spool.Spool.add):
    add(self, events, meta)
    stop()

def at_writing(chunks, path, meta, sink=nowake.data.store._sink):
    sink(chunks, path, meta)
    stop()

def at_commit(self, ready, name, commit=nowake.data.places.Disk.commit):
    commit(self, ready, name)
    stop()

point = sys.argv[1]
if point == "reading":
    nowake.data.spool.Spool.add = at_reading
elif point == "writing":
    nowake.data.store._sink = at_writing
elif point == "committed":
    nowake.data.places.Disk.commit = at_commit
sys.exit(main(sys.argv[2:]))
"""

ROWS = """\
34200.0,1,11,100,1000000,1
34201.0,1,12,200,1000200,-1
34202.0,3,99,5,1000200,-1
34230.0,4,12,50,1000200,-1
"""


class Commands:
    """Runs the command line in processes of its own, with a state folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, folder / "store"
        self.env = {**os.environ, "NOWAKE_HOME": str(folder / "home")}
        self.source = folder / "data" / "TST_2012-06-21_34200000_57600000_message_1.csv"
        self.source.parent.mkdir()
        self.source.write_text(ROWS, encoding="ascii")
        self.started: list[subprocess.Popen[str]] = []

    def start(self, point: str, *argv: object) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, point, *map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=self.env,
        )  # fmt: skip
        self.started.append(child)
        return child

    def ingest(self, point: str = "nowhere", source: Path | None = None) -> "subprocess.Popen[str]":
        return self.start(point, "data", "ingest", source or self.source, "--store", self.store, "--json")

    def report(self) -> dict[str, object]:
        out, err = (done := self.ingest()).communicate(timeout=120)
        assert done.returncode == 0, err
        file = json.loads(out)["files"][0]
        assert isinstance(file, dict)
        return file

    def parts(self) -> list[Path]:
        return sorted(self.store.glob("kind=*/**/*.parquet"))


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    made = Commands(tmp_path)
    yield made
    for child in made.started:
        child.kill()
        child.communicate()


def stopped(child: "subprocess.Popen[str]", by: signal.Signals) -> str:
    """Wait until the child stands at its point, stop it, and return what it said on standard error."""
    assert child.stdout is not None
    assert child.stdout.readline() == "here\n"
    child.send_signal(by)
    return child.communicate(timeout=60)[1]


@pytest.mark.parametrize(("point", "there"), [("reading", 0), ("writing", 0), ("committed", 1)])
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL], ids=lambda s: s.name)
def test_a_stopped_ingest_leaves_whole_parts_only_and_runs_again(
    commands: Commands, point: str, there: int, by: signal.Signals
) -> None:
    child = commands.ingest(point)
    said = stopped(child, by)
    assert len(commands.parts()) == there
    if by is signal.SIGINT:
        assert (child.returncode, said) == (130, "interrupted\n")
        assert there or not commands.store.exists()
        assert list(commands.source.parent.iterdir()) == [commands.source]
    again = commands.report()
    assert (again["rows"], again["written"]) == (3, 1 - there)
    assert commands.report()["already_there"] is True
    assert len(commands.parts()) == 1
    assert not (commands.store / "_staging").exists()
    beside = {p.name for p in commands.source.parent.iterdir()} - {commands.source.name}
    assert beside <= {f"{commands.source.name}.quarantine.csv"}


def test_two_ingests_of_one_file_at_once_store_it_once(commands: Commands) -> None:
    children = [commands.ingest() for _ in range(2)]
    for child in children:
        _, err = child.communicate(timeout=120)
        assert child.returncode == 0, err
    assert len(commands.parts()) == 1
    assert not (commands.store / "_staging").exists()


def test_two_sources_of_one_day_at_once_are_a_conflict_for_one_of_them(commands: Commands) -> None:
    other = commands.folder / "other" / commands.source.name
    other.parent.mkdir()
    other.write_text(ROWS.replace("1000200", "1000300"), encoding="ascii")
    first = commands.ingest("committed")
    assert first.stdout is not None
    assert first.stdout.readline() == "here\n"  # holds the store, its part is there
    second = commands.ingest("nowhere", other)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=0.5)
    first.kill()
    _, err = second.communicate(timeout=120)
    assert second.returncode == 2
    assert "stored from another source" in err
    assert len(commands.parts()) == 1
