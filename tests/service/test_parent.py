"""Processes that must not outlive the one that started them: whatever they are doing, they end with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nowake.service import trade_files as files

from .trade_world import wanted

BUSY = """
import sys, time
from nowake.service.parent import end_with_parent
over = end_with_parent(0, lambda: print("last", flush=True))
if sys.argv[1] == "over":
    over()
print("watches", flush=True)
while time.time() < float(sys.argv[2]):
    sum(range(1000))
print("did not end", flush=True)
"""
TRADE = """
import sys
from pathlib import Path
from tests.service.trade_world import wanted
from nowake.service.trade import trade
try:
    trade(wanted(Path(sys.argv[1])), tell=lambda line: print(line, flush=True))
except KeyboardInterrupt:
    sys.exit(130)
"""
TORTURE = """
import sys
from pathlib import Path
from nowake.service.torture import torture
torture(50, Path(sys.argv[1]), progress=lambda done, of: print(done, flush=True))
"""
ROOT = Path(__file__).parents[2]


def begin(code: str, *words: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )


def alive(name: str) -> list[int]:
    """Return the processes whose command line names `name`."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            command = (place / "cmdline").read_bytes() if place.name.isdecimal() else b""
        except OSError:
            continue
        if name.encode() in command and b"-c" not in command.split(b"\0")[1:2]:
            found.append(int(place.name))
    return found


def wait_for(what: "object", seconds: float = 120.0) -> None:
    assert callable(what)
    limit = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.05)


@pytest.mark.parametrize(("how", "said"), [("watch", b"watches\nlast\n"), ("over", b"watches\ndid not end\n")])
def test_it_ends_with_the_other_end_of_its_pipe_unless_that_is_its_own_business(how: str, said: bytes) -> None:
    seconds = 120.0 if how == "watch" else 3.0
    process = begin(BUSY, how, repr(time.time() + seconds))
    assert process.stdout is not None
    first = process.stdout.readline()
    out, _ = process.communicate(timeout=100)  # closes its standard input
    assert first + out == said
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_trade_that_is_cut_off_while_its_venue_starts_leaves_nothing_behind(tmp_path: Path, number: int) -> None:
    journal = tmp_path / "j.db"
    trade = begin(TRADE, str(journal))
    folder = files.market_folder(journal)
    wait_for(lambda: alive(str(folder)))
    trade.send_signal(number)
    trade.communicate(timeout=60)
    assert trade.returncode == (-number if number == signal.SIGKILL else 130)
    wait_for(lambda: not alive(str(folder)))
    if number != signal.SIGKILL:
        assert list(tmp_path.iterdir()) == []
    with files.held_market(journal):
        files.forget_unnamed(journal, ())
    assert list(tmp_path.iterdir()) == []
    assert wanted(journal).journal == journal


def test_a_torture_that_is_killed_takes_its_exchange_and_its_trader_with_it(tmp_path: Path) -> None:
    torture = begin(TORTURE, str(tmp_path))
    assert torture.stdout is not None
    assert torture.stdout.readline() == b"1\n"
    pids = [int(line) for line in children(torture.pid)]
    assert len(pids) >= 2  # the exchange, and the nursery with its trader
    torture.kill()
    torture.communicate(timeout=60)
    wait_for(lambda: not any(running(pid) for pid in pids))
    assert alive(str(tmp_path)) == []


def children(pid: int) -> list[str]:
    """Return the processes that a process has started, and those that they have started."""
    found: list[str] = []
    for place in Path(f"/proc/{pid}/task").iterdir():
        for child in (place / "children").read_text().split():
            found += [child, *children(int(child))]
    return found


def running(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and was not asked for its end does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
