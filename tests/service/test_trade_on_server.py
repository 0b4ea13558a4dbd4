"""A trade whose journal is on a PostgreSQL server: worked, killed, gone on with, and found by every command."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from tests.commands import Done, ran
from tests.oms.oms_server import Server, server_or_skip

from nowake.core.errors import InputError
from nowake.oms.errors import LeaseError
from nowake.oms.events import RecoveryNote
from nowake.oms.journal.address import base_of, place_of
from nowake.oms.journal.protocol import open_journal, refuse_second
from nowake.oms.keeper import open_keeper
from nowake.oms.snapshot import recover
from nowake.service import trade_files as files
from nowake.service.snapshots import Snapshots
from nowake.service.trade import trade

from .trade_world import apart, held, wanted

pytestmark = pytest.mark.postgres
NUMBERS = count(1)
SMALL = ("--qty", "600", "--horizon", "90s", "--speed", "max", "--strategy", "twap", "--after", "0s", "--json")


Run = Callable[..., Done]


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server_or_skip() as one:
        yield one


@pytest.fixture
def url(running: Server, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("NOWAKE_HOME", str(tmp_path_factory.mktemp("h")))
    return running.url(f"t{next(NUMBERS)}").replace("nowake@", "nowake:hush%40hush@")


@pytest.fixture
def nowake(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*argv: object) -> Done:
        found = ran(capsys, *argv)
        assert "hush" not in found.out + found.err
        return found

    return run


def test_a_trade_is_worked_and_every_command_finds_what_lies_beside_its_journal(
    nowake: Run, url: str, tmp_path: Path
) -> None:
    done = nowake("trade", *SMALL, "--journal", url)
    assert done.code == 0, done.err
    body, name = done.json, url.rpartition("=")[2]
    assert body["conserved"]
    assert body["parent"]["filled"] == 600
    assert body["journal"].startswith("postgresql://127.0.0.1:")
    assert body["journal"].endswith(f"/postgres?journal={name}")
    folder = place_of(url)
    assert folder.name.startswith(f"postgres.{name}-")
    beside = {one.name for one in folder.iterdir()}
    assert beside >= {
        "journal.decisions",
        "journal.tape",
        "journal.venues",
        "journal.market",
        "kill.json",
        "owner.json",
    }
    assert "journal.db" not in beside
    for one in folder.rglob("*"):
        assert one.is_dir() or b"hush" not in one.read_bytes(), one
    assert nowake("oms", "verify", "--journal", url).code == 0
    listed = nowake("oms", "orders", "--journal", url, "--json").json["orders"]
    assert listed[0]["filled"] == 600
    assert b"hush" not in json.dumps(nowake("oms", "events", "--journal", url, "--json").json).encode()
    child = next(row["order_id"] for row in listed if row["filled"] and "parent_id" in row)
    assert nowake("explain", child, "--journal", url, "--json").json["order_id"] == child
    assert nowake("explain", "--check", "--journal", url, "--json").json["differences"] == 0
    study = nowake("tca", url, "--json")
    assert study.code == 0, study.err
    assert study.json["tape"] == str(folder / "journal.tape")
    stored = nowake("data", "ingest", "--journal", url, "--store", tmp_path / "store", "--json")
    assert stored.code == 0, stored.err
    assert stored.json["tables"]["decisions"] > 0
    assert nowake("data", "ingest", "--journal", url, "--store", tmp_path / "store", "--json").json["already_there"]
    moved = nowake("oms", "allocate", "1-1-1", "red=400", "blue=200", "--who", "ann", "--why", "as", "--journal", url)
    assert moved.code == 0, moved.err
    accounts = nowake("oms", "positions", "--journal", url, "--json").json["positions"]
    assert {row["account"]: row["shares"] for row in accounts} == {"fund": 0, "red": 400, "blue": 200}
    second = nowake("trade", *SMALL, "--journal", url).json
    assert second["day"] == "2026-01-16"


def test_a_killed_trade_goes_on_with_the_same_order(nowake: Run, url: str) -> None:
    done = apart(url, 2_000, 600.0, 0.0, 300, "os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [parent.filled < 2_000 for parent in files.unfinished(held(url))] == [True]
    told: list[str] = []
    found = trade(wanted(url, quantity=2_000, horizon=600.0), tell=told.append)
    assert told[0].startswith("goes on with order 1-1-1: buy 2,000 MIDC")
    assert (found["conserved"], found["parent"]["filled"], len(files.folders(url))) == (True, 2_000, 1)
    assert nowake("oms", "verify", "--journal", url).code == 0
    refuse_second(url)  # nobody holds it


def test_a_running_trader_is_found_and_a_second_one_refused(nowake: Run, url: str) -> None:
    command = [sys.executable, "-m", "nowake", "trade", *SMALL, "--journal", url, "--staged", "--speed", "20x"]
    one = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        limit = time.monotonic() + 120
        while not base_of(url).with_suffix(".control").exists():
            assert one.poll() is None, one.communicate()
            assert time.monotonic() < limit
            time.sleep(0.05)
        assert "is in use" in nowake("trade", *SMALL, "--journal", url).err
        with pytest.raises(LeaseError, match="is in use"):
            open_keeper(url, 1)
        signed = ("--who", "ann", "--why", "agreed", "--journal", url)
        assert nowake("oms", "control", "release-order", "all", *signed).code == 0
        assert nowake("oms", "control", "cancel", "all", *signed).code == 0
        out, err = one.communicate(timeout=120)
    finally:
        one.kill()
    assert "hush" not in out + err
    assert json.loads(out)["parent"]["status"] == "canceled", err
    assert nowake("oms", "control", "pause", "all", *signed).code == 3


def test_a_basket_is_worked_and_recovered_as_an_order_is(nowake: Run, url: str, tmp_path: Path) -> None:
    file = tmp_path / "pair.csv"
    file.write_text("side,qty,horizon,client,algo\nbuy,400,90s,first,twap\nsell,300,2m,second,twap\n")
    done = nowake("trade", "--basket", file, "--speed", "max", "--after", "0s", "--journal", url, "--json")
    assert done.code == 0, done.err
    assert [(one["client"], one["completion"]) for one in done.json["orders"]] == [("first", 1.0), ("second", 1.0)]
    assert nowake("oms", "orders", "--journal", url, "--json").json["baskets"][0]["name"] == "pair"


def test_a_snapshot_is_made_beside_the_trader_and_kept_on_the_server(url: str) -> None:
    keeper, alarms = open_keeper(url, 1), list[str]()
    snapshots = Snapshots(keeper, url, alarms.append, 50)
    for n in range(60):
        ticket = keeper.record(RecoveryNote(n, "a note"))[1]
    ticket.wait()
    limit = time.monotonic() + 60
    reader = open_journal(url)
    try:
        while reader.snapshot() is None:
            snapshots.attend(None, 0)  # type: ignore[arg-type]
            assert time.monotonic() < limit, alarms
            time.sleep(0.05)
        assert recover(reader).snapshot == 61
    finally:
        reader.close()
        snapshots.end()
        keeper.close()
    assert alarms == []


def test_the_files_may_be_elsewhere_and_stay_where_they_are(nowake: Run, url: str, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    assert nowake("trade", *SMALL, "--journal", url, "--folder", mine).code == 0
    assert (mine / "journal.decisions").exists()
    assert nowake("explain", "--check", "--journal", url).code == 0
    assert nowake("trade", *SMALL, "--journal", url).json["decisions"] == str(mine / "journal.decisions")
    other.mkdir()
    refused = nowake("trade", *SMALL, "--journal", url, "--folder", other)
    assert refused.code == 2
    assert f"expected {mine}" in refused.err
    shutil.rmtree(other)
    mine.rename(other)
    assert "--folder says where it is now" in nowake("trade", *SMALL, "--journal", url).err
    assert nowake("trade", *SMALL, "--journal", url, "--folder", other).code == 0
    assert len(files.folders(url)) == 3


def test_a_folder_of_another_journal_is_noticed(nowake: Run, url: str, running: Server, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    assert nowake("trade", *SMALL, "--journal", url, "--folder", mine).code == 0
    before = {path: path.read_bytes() for path in mine.rglob("*") if path.is_file()}
    other = nowake("trade", *SMALL, "--journal", f"{url}x", "--folder", mine)
    assert other.code == 2
    assert f"got those of journal postgresql://127.0.0.1:{running.port}/postgres?journal=" in other.err
    trade_files = tmp_path / "files"
    trade_files.mkdir()
    (trade_files / "journal.tape").touch()
    assert "does not say whose" in nowake("trade", *SMALL, "--journal", f"{url}x", "--folder", trade_files).err
    assert nowake("trade", *SMALL, "--journal", url).code == 0  # keeps how far the journal is
    with psycopg.connect(f"postgresql://nowake@127.0.0.1:{running.port}/postgres", autocommit=True) as db:
        db.execute(f"DROP SCHEMA {url.rpartition('=')[2]} CASCADE")
    for _ in range(2):
        gone = nowake("trade", *SMALL, "--journal", url)
        assert gone.code == 2
        assert "got 0 events, and not that one" in gone.err
        assert "owner.json" in gone.err
    assert all(path.read_bytes() == data for path, data in before.items() if "market" in str(path))


def test_what_cannot_be_is_refused_before_anything_begins(
    nowake: Run, url: str, running: Server, tmp_path: Path
) -> None:
    def refused(code: int, words: str, *options: object) -> None:
        done = nowake("trade", *SMALL, *options)
        assert (done.code, done.out) == (code, ""), done.err
        assert words in done.err
        assert "Traceback" not in done.err

    refused(3, "expected a server that answers at postgresql://127.0.0.1:1/db", "--journal",
            "postgresql://me:hush@127.0.0.1:1/db")  # fmt: skip
    refused(2, 'database "nowhere" does not exist', "--journal", url.replace("/postgres?", "/nowhere?"))
    refused(2, 'role "nobody" does not exist', "--journal", url.replace("nowake:", "nobody:"))
    refused(2, "expected an existing folder, got nothing there", "--journal", url, "--folder", tmp_path / "none")
    refused(2, "expected one that can be written", "--journal", url, "--folder", "/proc")
    refused(2, "a journal on a server", "--journal", tmp_path / "j.db", "--folder", tmp_path)
    refused(2, "as %40", "--journal", "postgresql://me:hush@hush@127.0.0.1/db")
    refused(2, "as %40", "--journal", "postgresql://me:hush/x@127.0.0.1/db")
    refused(2, "as %40", "--journal", "postgresql://me:1?hush@127.0.0.1/db")
    assert not (tmp_path / "j.db").exists()
    with pytest.raises(InputError, match="begun"):
        open_journal(url)


def test_without_psycopg_it_is_3(nowake: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    done = nowake("trade", *SMALL, "--journal", url)
    assert done.code == 3
    assert "pip install 'nowake[postgres]'" in done.err


def test_of_a_damaged_journal_the_intact_part_goes_on_in_a_file(nowake: Run, url: str, running: Server) -> None:
    events = nowake("trade", *SMALL, "--journal", url).json["events"]
    at = events * 6 // 10
    with psycopg.connect(f"postgresql://nowake@127.0.0.1:{running.port}/postgres", autocommit=True) as db:
        db.execute(f"UPDATE {url.rpartition('=')[2]}.event SET payload = 'x' WHERE sequence = {at}")
    assert f"event {at}" in nowake("tca", url).err
    saved = nowake("oms", "recover", "--journal", url, "--json").json
    intact = base_of(url).with_name("journal-intact.db")
    assert (saved["into"], saved["intact"], saved["readable_after"]) == (str(intact), at - 1, events - at)
    assert nowake("oms", "verify", "--journal", intact).code == 0
    done = nowake("trade", *SMALL, "--journal", intact, "--unfinished", "resume")
    assert done.code == 0, done.err
    assert done.json["parent"]["filled"] == 600


def test_a_server_that_goes_away_ends_the_trade_and_the_same_command_goes_on(
    nowake: Run, url: str, running: Server
) -> None:
    stopping = f"import subprocess; subprocess.run({running.stopping('immediate')!r}, cwd='/', check=True)"
    done = apart(url, 2_000, 600.0, 0.0, 300, stopping)
    running.start()
    assert done.returncode == 1, done.stdout
    assert "JournalError" in done.stderr
    found = trade(wanted(url, quantity=2_000, horizon=600.0))
    assert (found["conserved"], found["parent"]["filled"]) == (True, 2_000)
    assert nowake("oms", "verify", "--journal", url).code == 0
