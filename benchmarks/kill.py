"""The kill switch with 1,000 children resting: from the press to the flag that stops orders, and to the last cancel.

A press on a symbol cancels them one by one, a press on the firm with a mass cancel of their venue. The cancels are
written to a Unix socket as those of a trader; another process reads at its other end.
"""

import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.runner import Row

__all__ = ["run"]

PARENTS, EACH, ROUNDS = 25, 40, 15
_READ = """
import socket, sys
one = socket.socket(fileno=int(sys.argv[1]))
print("ready", flush=True)
while one.recv(2**18):
    pass
"""


class _Out:
    """A venue at the other end of a socket; `last` is when the last command was handed to the system, ns."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.last, self.sent = 0, 0
        self._reader = subprocess.Popen(
            [sys.executable, "-c", _READ, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdout=subprocess.PIPE
        )
        theirs.close()
        assert self._reader.stdout is not None
        self._reader.stdout.readline()  # it reads

    def send(self, command: Any) -> None:
        """Write a command as `SocketVenue` does."""
        from nowake.service.wire import frame, message_of

        self._ours.sendall(frame(message_of(command)))
        self.last, self.sent = time.perf_counter_ns(), self.sent + 1

    def close(self) -> None:
        """Hang up."""
        self._ours.close()
        self._reader.communicate()


def _desk(folder: Path) -> Any:
    """Return what a press needs of a trader: 1,000 children of 25 parents rest at one venue."""
    from nowake.book.state import Preset as BookPreset
    from nowake.core.board import PlaceKind
    from nowake.core.intent import OrderKind
    from nowake.execution.desk_state import CHILDREN, Stage
    from nowake.execution.live import LiveDesk
    from nowake.execution.path import DecisionPath, Place
    from nowake.execution.policy import FixedPolicy, UniformForecaster
    from nowake.oms.events import ChildNew, ParentNew, ParentSaid
    from nowake.oms.keeper import open_keeper
    from nowake.oms.states import Act
    from nowake.risk.kill import KillSwitch
    from nowake.risk.scopes import Scope
    from nowake.service.bookkeeping import Books

    keeper = open_keeper(folder / "journal.db", 1, clock=lambda: 1)
    path = DecisionPath(PARENTS, [Place("ALPHA", PlaceKind.LIT)], FixedPolicy(), UniformForecaster())
    books = Books(keeper, [], lambda: 1)
    for i in range(PARENTS):
        parent = keeper.ids.next()
        keeper.enter(ParentNew(1, parent, "fund", "MIDC", 1, 100_000, 0, 10**18))
        keeper.record(ParentSaid(1, parent, Act.ACKED))
        for row in range(i * CHILDREN, i * CHILDREN + EACH):
            oid = keeper.ids.next(parent)
            keeper.place(ChildNew(1, oid, parent, "ALPHA", 1, 100, 5_000))
            w = path.working[row]
            w["id"], w["parent"], w["side"], w["kind"], w["leaves"] = oid, i, 1, int(OrderKind.LIMIT), 100
            path.kids["stage"][row] = int(Stage.LIVE)
    kill, out = KillSwitch.create(folder / "kill.json", path.switches), _Out()
    for i in range(PARENTS):
        kill.attach(path.usages, i, Scope(symbol="MIDC", order=str(i)), ["ALPHA"])
    venue: Any = out
    desk = LiveDesk(path, venue, books, BookPreset(levels=1024, orders=2048, trades=256))
    return SimpleNamespace(
        path=path, desk=desk, books=books, kill=kill, keeper=keeper, out=out, now=lambda: 1, alarm=lambda _: None,
        mass_cancels={},
    )  # fmt: skip


def _once(folder: Path, target: str, cancels: int) -> tuple[float, float, float]:
    """Return us to the flag, ms to the last of the `cancels`, ms until all of it is on disk."""
    from nowake.service.control_kill import press
    from nowake.service.control_wire import Asked

    folder.mkdir()
    trader, flag = _desk(folder), []
    pressing = trader.kill.press

    def stamped(stop: Any, withdraw: Callable[[Any], None]) -> Any:
        def first(pressed: Any) -> None:
            flag.append(time.perf_counter_ns())
            withdraw(pressed)

        return pressing(stop, first)

    trader.kill.press = stamped
    asked = Asked("kill", target, "cancel-all", "risk.officer", "a benchmark")
    begun = time.perf_counter_ns()
    press(trader, asked)
    over = time.perf_counter_ns()
    if trader.out.sent != cancels:
        raise AssertionError(f"{trader.out.sent} cancels of {cancels}")
    trader.out.close()
    trader.keeper.close()
    return (flag[0] - begun) / 1e3, (trader.out.last - begun) / 1e6, (over - begun) / 1e6


def run() -> Iterator[Row]:
    """Yield the rows."""
    with tempfile.TemporaryDirectory(prefix="nowake-bench-") as name:
        found = np.array([_once(Path(name) / str(n), "symbol:MIDC", PARENTS * EACH) for n in range(ROUNDS)])
        mass = np.array([_once(Path(name) / f"mass-{n}", "firm", 1) for n in range(ROUNDS)])
    flag, last, disk = (statistics.median(column) for column in found.T.tolist())
    yield Row("press_to_flag", round(flag, 1), "us", bar=100)
    yield Row("press_to_last_of_1000_cancels", round(last, 2), "ms", bar=15)
    yield Row("press_to_last_cancel_worst", round(float(found[:, 1].max()), 2), "ms")
    yield Row("press_until_on_disk", round(disk, 2), "ms")
    yield Row("press_to_mass_cancel_of_1000", round(statistics.median(mass[:, 1].tolist()), 2), "ms", bar=15)
    yield Row("press_to_mass_cancel_worst", round(float(mass[:, 1].max()), 2), "ms")


if __name__ == "__main__":
    for row in run():
        print(row)
