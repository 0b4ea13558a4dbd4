"""The view of a trade in a terminal: what it shows, what its keys do, and that it gives the terminal back."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nowake.cli.trade_screen import Keys
from nowake.service.control_wire import Answer
from nowake.service.trade_files import look_into, unfinished

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
BEGIN, END = "\x1b[?1049h", "\x1b[?1049l"  # of the alternate screen
PATIENCE = 120.0  # s


class Terminal:
    """A terminal of 140 columns with `nowake ARGV` in it."""

    def __init__(self, argv: list[str], rows: int = 48, columns: int = 140) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            plain = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
            os.execve(sys.executable, [sys.executable, "-m", "nowake", *argv], plain)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.raw, self.code = "", None

    def wait(self, words: str, since: int = 0) -> int:
        """Wait until the raw output has `words` behind `since`; returns where it ends then."""
        limit = time.monotonic() + PATIENCE
        while words not in ESCAPES.sub("", self.raw[since:]) and words not in self.raw[since:]:
            assert time.monotonic() < limit, f"no {words!r} in {ESCAPES.sub('', self.raw)[-3000:]}"
            if not self._read():
                pytest.fail(f"ended without {words!r}: {ESCAPES.sub('', self.raw)[-3000:]}")
        return len(self.raw)

    def _read(self) -> bool:
        if not select.select([self.fd], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self.fd, 65_536)
        except OSError:
            return False
        self.raw += data.decode(errors="replace")
        return bool(data)

    def press(self, key: str) -> int:
        """Press a key; returns where the output ended before."""
        os.write(self.fd, key.encode())
        return len(self.raw)

    def end(self) -> int:
        """Wait for the end of the program; returns its exit code."""
        while self._read():
            pass
        return self.reap()

    def reap(self) -> int:
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self.fd)
        return self.code


@pytest.fixture(params=[(48, 140)])
def terminal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    argv = ["trade", "--qty", "20000", "--horizon", "3h", "--speed", "60x", "--journal", str(tmp_path / "j.db")]
    one = Terminal(argv, *request.param)
    yield one
    if one.code is None:
        os.kill(one.pid, signal.SIGKILL)
        one.reap()


def test_the_view_shows_the_trade_obeys_keys_and_gives_the_terminal_back(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wait("starts market and trader")
    begun = terminal.wait(BEGIN)
    for words in ("BUY 20,000 MIDC", "ac, midcap calm, 60x", "rung: model", "kill switch: not pressed", "last fills (",
                  "ALPHA", "OPAL", "NORTH", " out, ", "p pause"):  # fmt: skip
        terminal.wait(words, begun)
    at = terminal.press("p")
    terminal.wait("pause: order 1-1-1", at)
    terminal.wait("paused", at)
    at = terminal.press("p")
    terminal.wait("not done, pause: control of an order", at)
    at = terminal.press("r")
    terminal.wait("resume: order 1-1-1", at)
    at = terminal.press("k")
    terminal.wait("press the kill switch of the firm", at)
    at = terminal.press("y")
    terminal.wait("sure? only two people", at)
    at = terminal.press("n")
    terminal.wait("kill: not done", at)
    at = terminal.press("q")
    left = terminal.wait(END, at)
    terminal.wait("% done, plan ", left)
    at = terminal.press("\x03")
    terminal.wait("everything withdrawn", at)
    assert terminal.end() == 130
    assert terminal.raw.count(BEGIN) == terminal.raw.count(END) == 1
    assert ESCAPES.sub("", terminal.raw).rstrip().endswith("interrupted")
    state = look_into(tmp_path / "j.db")
    assert state is not None
    assert not state.oms.open
    assert len(unfinished(state.oms)) == 1
    assert state.oms.counts["Control"] >= 3


@pytest.mark.parametrize("terminal", [(24, 80)], indirect=True)
def test_a_small_terminal_holds_the_venues_and_an_interruption_gives_it_back(terminal: Terminal) -> None:
    begun = terminal.wait(BEGIN)
    for words in ("last fills (", "WEST", "Ctrl-C stop", "cost bp against arrival"):
        terminal.wait(words, begun)
    terminal.press("\x03")
    assert terminal.end() == 130
    assert terminal.raw.index(END) > terminal.raw.index(BEGIN)
    assert "everything withdrawn" in terminal.raw


def test_the_view_says_until_when_the_market_of_an_order_that_is_over_is_kept(tmp_path: Path) -> None:
    options = ("--qty", "300", "--horizon", "60s", "--speed", "60x", "--after", "5h", "--strategy", "twap")
    terminal = Terminal(["trade", *options, "--journal", str(tmp_path / "j.db")], 48, 140)
    try:
        begun = terminal.wait(BEGIN)
        at = terminal.wait("its market is kept until 15:0", begun)
        terminal.press("\x03")
        assert terminal.end() == 0
        assert "buy 300 MIDC: " in terminal.raw[at:]
        assert terminal.raw.count(BEGIN) == terminal.raw.count(END) == 1
    finally:
        if terminal.code is None:
            os.kill(terminal.pid, signal.SIGKILL)
            terminal.reap()


class Page:
    """As much of a view as keys ask for."""

    def __init__(self) -> None:
        self.question, self.notes = "", list[str]()

    def note(self, words: str, *_: str) -> None:
        self.notes.append(words)

    def turn(self) -> None:
        self.notes.append("the next order")


def keys(page: Page, done: list[str]) -> Keys:
    def apply(what: str) -> Answer:
        done.append(what)
        return Answer(what != "finish", f"{what} from the next event on")

    return Keys(apply, page, lambda: done.append("left"))  # type: ignore[arg-type]


def test_keys_carry_out_what_they_say() -> None:
    page, done = Page(), list[str]()
    one = keys(page, done)
    for key in "prfqx?n":
        one.press(key)
    assert done == ["pause", "resume", "finish", "left"]
    assert page.notes.pop() == "the next order"
    assert page.notes == [
        "pause from the next event on", "resume from the next event on",
        "not done, finish: finish from the next event on",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pressed", "done"),
    [
        ("cy", ["cancel"]), ("cn", []), ("cc", []), ("ky", []), ("kyy", ["kill"]), ("kyn", []), ("kn", []), ("kk", []),
        ("kq", []), ("knp", ["pause"]), ("cpy", []), ("gy", ["release-order"]), ("gn", []),
    ],
)  # fmt: skip
def test_cancel_asks_once_and_the_kill_switch_twice(pressed: str, done: list[str]) -> None:
    page, found = Page(), list[str]()
    one = keys(page, found)
    for key in pressed:
        one.press(key)
    assert found == done
    assert bool(page.question) == (pressed == "ky")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Open terminals with a trade of the given options in it."""
    made: list[Terminal] = []

    def one(*options: str) -> Terminal:
        made.append(Terminal(["trade", *options, "--speed", "60x", "--journal", str(tmp_path / "j.db")]))
        return made[-1]

    yield one
    for each in made:
        if each.code is None:
            os.kill(each.pid, signal.SIGKILL)
            each.reap()


def test_a_staged_order_is_shown_as_one_and_released_by_a_key(opened: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = opened("--staged", "--side", "sell", "--qty", "500", "--horizon", "1h")
    begun = terminal.wait(BEGIN)
    for words in ("SELL 500 MIDC", "staged", "g release  p pause", "orders out (0)"):
        terminal.wait(words, begun)
    at = terminal.press("g")
    terminal.wait("release what is staged", at)
    at = terminal.press("y")
    terminal.wait("release-order: order 1-1-1, until", at)
    terminal.wait("works", at)
    terminal.press("\x03")
    assert terminal.end() == 130
    state = look_into(tmp_path / "j.db")
    assert state is not None
    (parent,) = state.oms.parents.values()
    assert parent.start > parent.time
    assert state.oms.counts["Control"] >= 1


def test_the_view_turns_to_the_next_order_of_a_basket(opened: Callable[..., Terminal], tmp_path: Path) -> None:
    file = tmp_path / "pair.csv"
    file.write_text("side,qty,horizon,client\nbuy,500,1h,first\nsell,400,80m,second\n")
    terminal = opened("--basket", str(file))
    begun = terminal.wait(BEGIN)
    for words in ("BUY 500 MIDC", "first (1 of 2)", "n next order", "basket pair"):
        terminal.wait(words, begun)
    at = terminal.press("n")
    for words in ("SELL 400 MIDC", "second (2 of 2)"):
        terminal.wait(words, at)
    at = terminal.press("n")
    terminal.wait("BUY 500 MIDC", at)
    terminal.press("\x03")
    assert terminal.end() == 130
