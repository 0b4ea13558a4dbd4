"""The torture of a trader: killed at random moments, again and again, it must lose, repeat and forget nothing.

An exchange runs as a process with a clock of its own; a trader works many parents at it, and is killed with SIGKILL at
random, also while it comes back. It writes down beside its journal which events the journal has acknowledged, and which
ids it has used. After every return, journal, exchange and these notes are compared. Exchange and trader end with the
torture's own process, however that ends.
"""

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from nowake.core.errors import InputError, NowakeError
from nowake.core.values import Side
from nowake.oms.apply import Oms
from nowake.oms.conserve import differences
from nowake.oms.events import ChildAdopted, ChildNew, Event, decode, encode
from nowake.oms.journal.protocol import open_journal
from nowake.oms.journal.writer import Ticket
from nowake.oms.keeper import Mode
from nowake.service.bookkeeping import number_of
from nowake.service.parent import end_with_parent
from nowake.service.reconcile import DropCopy, standing
from nowake.service.torture_warm import warm_up
from nowake.service.trader import Setup, Trader, Work, run
from nowake.service.venue_client import SocketVenue
from nowake.service.wire import Clock, Frames, Send, SendNew, SendQuoteRequest

__all__ = ["Tally", "torture"]

_PARENTS, _SHARES = 20, 20_000
_DAY = 20_000.0  # s of a market's day that may be used
_FASTEST, _PER_KILL = 60.0, 3.0  # times real time; s of real time that a kill takes
_EARLY = 0.25  # part of the kills that come while the trader comes back
_PATIENCE = 120.0  # s


@dataclass(slots=True)
class Tally:
    """What was found in `kills` kills; every count but `kills`, `children` and `adopted` must be 0."""

    kills: int = 0
    lost: int = 0  # acknowledged events that the journal does not hold
    reissued: int = 0  # ids that were used in two lives
    duplicated: int = 0  # children that the journal or the venue has twice
    unknown_at_venue: int = 0  # orders alive at the venue that the journal does not know
    unconserved: int = 0  # words and sums in which journal and venue differ
    children: int = 0
    adopted: int = 0

    @property
    def conserved(self) -> bool:
        """Shares are the same in the journal and at the venue."""
        return self.unconserved == 0


def torture(
    kills: int, folder: Path, seed: int = 0, progress: Callable[[int, int], None] | None = None,
    mode: Mode = Mode.RESERVED,
) -> dict[str, int | bool]:  # fmt: skip
    """Kill a trader `kills` times in `folder` and return the tally; a torture that was cut off goes on where it was.

    `progress` is told (kills so far, kills). InputError for a folder of another torture.
    """
    if kills < 1:
        raise InputError("kills", expected="1 or more", got=kills)
    folder.mkdir(parents=True, exist_ok=True)
    tally = _resume(folder, seed, mode)
    speed = min(_FASTEST, _DAY / (_PER_KILL * kills))
    setup = Setup(folder, folder / "venue.sock", _work(), mode)
    with _exchange(folder, seed, speed), _nursery(setup) as lives, contextlib.closing(_watch(setup)) as drop:
        judge = _Judge(folder, drop, tally)
        while tally.kills < kills:
            _one(lives, judge, random.Random(f"{seed}.{tally.kills}"))
            tally.kills += 1
            _keep(folder, seed, mode, tally)
            if progress is not None:
                progress(tally.kills, kills)
        judge.last(lives)
    return {**asdict(tally), "conserved": tally.conserved}


def _work() -> tuple[Work, ...]:
    sides = (Side.SELL, Side.BUY)
    return tuple(Work(f"parent-{k}", sides[k % 2], _SHARES, 0.0, 0.9 * _DAY) for k in range(_PARENTS))


def _one(lives: "_Lives", judge: "_Judge", dice: random.Random) -> None:
    """One life: started, compared once it is clean, killed."""
    judge.begin()
    pid = lives.start()
    if dice.random() < _EARLY:
        time.sleep(dice.uniform(0.0, 0.3))
    else:
        judge.wait_clean(lives)
        judge.compare()
        time.sleep(dice.uniform(0.05, 1.5))
    os.kill(pid, signal.SIGKILL)
    lives.end()


def _resume(folder: Path, seed: int, mode: Mode) -> Tally:
    path = folder / "torture.json"
    if not path.exists():
        return Tally()
    kept = json.loads(path.read_text())
    wanted = {"seed": seed, "mode": mode.value}
    if {name: kept[name] for name in wanted} != wanted:
        raise InputError(f"torture in {folder}", expected=f"seed {kept['seed']}, mode {kept['mode']}", got=wanted)
    return Tally(**kept["tally"])


def _keep(folder: Path, seed: int, mode: Mode, tally: Tally) -> None:
    new = folder / "torture.new"
    new.write_text(json.dumps({"seed": seed, "mode": mode.value, "tally": asdict(tally)}))
    new.replace(folder / "torture.json")


@contextlib.contextmanager
def _exchange(folder: Path, seed: int, speed: float) -> Iterator[None]:
    """Run an exchange in `folder`; one that was there goes on."""
    (folder / "venue.sock").unlink(missing_ok=True)
    command = [sys.executable, "-m", "nowake", "exchange", str(folder), "--seed", str(seed), "--speed", f"{speed:g}x"]
    with (folder / "exchange.txt").open("ab") as log:
        process = subprocess.Popen([*command, "--attached"], stdin=subprocess.PIPE, stdout=log, stderr=log)
    try:
        limit = time.monotonic() + _PATIENCE
        while not (folder / "venue.sock").exists():
            if process.poll() is not None or time.monotonic() > limit:
                raise NowakeError(f"the exchange did not start: see {folder / 'exchange.txt'}")
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


class _Lives:
    """Lives of the trader: forked from a process that has everything loaded, so that a start takes no time."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self.number = pipe, 0

    def start(self) -> int:
        """Begin a life and return its process id."""
        self.number += 1
        self._pipe.send("start")
        return int(self._pipe.recv())

    def over(self) -> bool:
        """Tell whether the life has ended by itself."""
        return self._pipe.poll()

    def end(self) -> int:
        """Wait for the end of the life; returns how it ended, as `os.waitpid` says."""
        return int(self._pipe.recv())


@contextlib.contextmanager
def _nursery(setup: Setup) -> Iterator[_Lives]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_breed, args=(theirs, setup), daemon=True)
    process.start()
    theirs.close()
    lives = _Lives(ours)
    try:
        if ours.recv() != "ready":
            raise NowakeError("the trader's process did not start")
        yield lives
    except EOFError as error:
        raise NowakeError(f"the trader's process has ended: see {setup.folder / 'notes.txt'}") from error
    finally:
        process.kill()
        process.join()


def _breed(pipe: Connection, setup: Setup) -> None:
    """Load everything, then fork a trader for every word that comes; none of them outlives who says the words."""
    end_with_parent(pipe.fileno())
    warm_up(setup)
    pipe.send("ready")
    with contextlib.suppress(EOFError):
        while pipe.recv():
            pid = os.fork()
            if pid == 0:
                end_with_parent(pipe.fileno())  # threads are not forked
                _live(setup)
            pipe.send(pid)
            pipe.send(os.waitpid(pid, 0)[1])


def _live(setup: Setup) -> None:
    """Be a trader until the end of the process."""
    notes, code = _Notes(setup.folder / "notes.txt"), 0
    try:
        run(setup, notes.witness, notes.clean)
    except BaseException:
        notes.write(f"failed {traceback.format_exc()!r}")
        code = 1
    notes.flush()
    notes.write("stopped")
    os._exit(code)


class _Notes:
    """What a trader writes beside its journal; every line is with the system at once, and outlives a kill."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._open: deque[tuple[str, Ticket]] = deque()

    def write(self, line: str) -> None:
        """Write a line."""
        os.write(self._file, f"{line}\n".encode())

    def witness(self, event: Event, ticket: Ticket) -> None:
        """Note ids before they are used, and events once they are acknowledged."""
        if type(event) is ChildNew:
            self.write(f"id {event.id}")
        self._open.append((_digest(encode(event)), ticket))
        self.flush()

    def flush(self) -> None:
        """Write down what has been acknowledged since."""
        while self._open and self._open[0][1].sequence:
            digest, ticket = self._open.popleft()
            self.write(f"acked {ticket.sequence} {digest}")

    def clean(self, trader: Trader) -> None:
        """Note that the trader has come back."""
        self.write(f"clean {len(trader.recovered.adopted)}")


def _digest(payload: bytes) -> str:
    return hashlib.blake2b(payload, digest_size=8).hexdigest()


def _watch(setup: Setup) -> SocketVenue:
    return SocketVenue(setup.socket, "judge", "drop", patience=_PATIENCE)


class _Judge:
    """Compares journal, exchange and notes."""

    def __init__(self, folder: Path, drop: SocketVenue, tally: Tally) -> None:
        self._folder, self._drop, self._tally, self._copy = folder, drop, tally, DropCopy()
        self._at, self._rest = 0, b""
        self._acked: dict[int, str] = {}
        self._ids: Counter[int] = Counter()
        self._clean = self._told = self._adopted = 0
        self._sent: Counter[int] = Counter()  # orders and requests that have reached the venue, by id
        self._log, self._log_at = Frames(Clock | Send), 0

    def begin(self) -> None:
        """A life is about to begin."""
        self._read()
        self._told = self._clean

    def _read(self) -> None:
        """Take in what the notes say since the last look; a line that a kill has cut off is nobody's."""
        path = self._folder / "notes.txt"
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._at)
            data = self._rest + file.read()
            self._at = file.tell()
        *lines, self._rest = data.split(b"\n")
        for line in lines:
            word, *rest = line.decode(errors="replace").split()
            if word == "acked":
                self._acked[int(rest[0])] = rest[1]
            elif word == "id":
                self._ids[int(rest[0])] += 1
            elif word == "clean":
                self._clean += 1
                self._adopted += int(rest[0])
            elif word == "failed":
                raise NowakeError(f"the trader failed: {line.decode(errors='replace')}")

    def _read_log(self) -> None:
        """Count what the exchange has been sent since the last look, from its own memory."""
        with (self._folder / "venue.log").open("rb") as file:
            if not self._log_at:
                file.readline()
            else:
                file.seek(self._log_at)
            data = file.read()
            self._log_at = file.tell()
        for message in self._log.feed(data):
            if isinstance(message, SendNew | SendQuoteRequest):
                self._sent[message.order_id] += 1

    def wait_clean(self, lives: _Lives) -> None:
        """Wait until the trader of this life has come back."""
        limit = time.monotonic() + _PATIENCE
        while self._clean <= self._told:
            if lives.over() or time.monotonic() > limit:
                self._read()
                raise NowakeError(f"the trader did not come back: see {self._folder / 'notes.txt'}")
            time.sleep(0.01)
            self._read()

    def compare(self) -> Oms:
        """Compare everything, and return what the journal says."""
        alive = {row.order_id for row in standing(self._drop.statuses()[0])}
        oms, payloads = self._journal()
        for _ in range(100):  # what has left before it was on disk is there in a moment: its trader lives
            if alive <= oms.children.keys():
                break
            time.sleep(0.05)
            oms, payloads = self._journal()
        tally = self._tally
        tally.unknown_at_venue += len(alive - oms.children.keys())
        self._read()
        for number in [number for number in self._acked if number <= len(payloads)]:
            tally.lost += _digest(payloads[number - 1]) != self._acked.pop(number)
        tally.reissued = sum(count - 1 for count in self._ids.values())
        new = Counter(event.id for event in map(decode, payloads) if isinstance(event, ChildNew | ChildAdopted))
        said = list(self._drop.events())
        self._read_log()
        tally.duplicated = sum(count - 1 for count in (*new.values(), *self._sent.values()))
        tally.children, tally.adopted = len(oms.children), self._adopted
        self._copy.take(said)
        last = max(map(number_of, map(decode, payloads)), default=0)
        tally.unconserved += len(self._copy.compare(oms, last)) + len(differences(oms))
        return oms

    def _journal(self) -> tuple[Oms, list[bytes]]:
        reader, oms = open_journal(self._folder / "journal.db"), Oms()
        try:
            payloads = [record.payload for record in reader.replay()]
        finally:
            reader.close()
        for payload in payloads:
            oms.apply(decode(payload))
        return oms, payloads

    def last(self, lives: _Lives) -> None:
        """Let a last life come back and stop in peace; then every order is the same in journal and exchange."""
        self.begin()
        pid = lives.start()
        self.wait_clean(lives)
        time.sleep(0.5)
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself: its status says how
            os.kill(pid, signal.SIGTERM)
        status, oms, tally = lives.end(), self.compare(), self._tally
        if status:
            raise NowakeError(f"the trader did not stop in peace ({status}): see {self._folder / 'notes.txt'}")
        rows = self._drop.statuses()[0]
        tally.lost += len(self._acked)  # beyond the end of the journal
        tally.unknown_at_venue += len(standing(rows))
        tally.unconserved += sum(event.kind == "fill" for event in self._copy.waiting)
        children = oms.children
        tally.unconserved += sum(
            row.order_id not in children or children[row.order_id].filled != row.filled for row in rows
        )
