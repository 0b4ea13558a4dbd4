"""What venues have taught survives a restart; what pools tell the market is learnt from where the mid went."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.core.board import Phase
from nowake.core.errors import InputError
from nowake.core.intent import OrderKind
from nowake.core.jit import jit_disabled
from nowake.core.streams import generator
from nowake.core.times import MS, SECOND
from nowake.execution.desk_state import CHILDREN, Stage
from nowake.execution.policy import FixedPolicy
from nowake.routing.leak import ENOUGH
from nowake.routing.memory import load_stats
from nowake.service.supervise_alerts import Alert, Alerts
from nowake.service.supervise_venues import DriftWatch, VenueMemory

from ..execution.desk_world import path_of, places
from .supervise_world import Desk

VENUES = [("ALPHA", "lit", 0.0, 0.0), ("OPAL", "dark", 0.0, 0.0), ("ONYX", "dark", 0.0, 0.0), ("NORTH", "dealer", 0, 0)]
LIT, OPAL, ONYX, NORTH = range(4)
START = 10**18
Told = list[tuple[list[int], float]]


class Slices:
    """Two orders on a desk whose slices, children, fills and mids the test says."""

    def __init__(self) -> None:
        self.path = path_of(places(VENUES, 0.01), FixedPolicy(), n=2)
        self.path.desk["side"], self.path.desk["done"] = (1, -1), 0
        self.board = self.path.boards[0]
        self.board["phase"] = int(Phase.CONTINUOUS)
        self.now = START
        self.mid(1000)
        self.watch = DriftWatch(self.path)

    def mid(self, mid: int) -> None:
        self.board["bid"], self.board["ask"] = mid - 1, mid + 1

    def begin(self, i: int) -> None:
        self.path.desk["begun"][i] = self.now

    def send(self, i: int, venue: int, kind: OrderKind = OrderKind.MID_PEG, asked: int = 0) -> None:
        row = i * CHILDREN + int(np.flatnonzero(self.path.kids["stage"][i * CHILDREN :] == Stage.FREE)[0])
        self.path.kids["since"][row], self.path.kids["asked"][row] = self.now, asked
        self.path.kids["stage"][row] = int(Stage.SENT)
        self.path.desk["children"][i] += 1
        self.path.working["venue"][row], self.path.working["kind"][row] = venue, int(kind)

    def free(self, i: int) -> None:
        """Everything that is out has ended."""
        self.path.kids["stage"][i * CHILDREN : (i + 1) * CHILDREN] = int(Stage.FREE)

    def look(self, after: float = 0.0) -> None:
        self.watch.look(self.now)
        self.now += round(after * SECOND)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the regression is taught: places that were sent shares, and the drift."""
    found: Told = []

    def hear(stats: Any, i: int, routed: np.ndarray, drift: float) -> None:
        found.append((np.flatnonzero(routed).tolist(), drift))

    monkeypatch.setattr("nowake.service.supervise_venues.drifted", hear)
    return found


@pytest.fixture
def slices(told: Told) -> Slices:
    made = Slices()
    told.clear()  # the call that compiles
    return made


def test_a_slice_teaches_where_it_was_and_how_far_the_mid_went_against_it(slices: Slices, told: Told) -> None:
    slices.begin(0)
    slices.begin(1)
    slices.send(0, OPAL)
    slices.send(0, LIT)
    slices.look(5)
    slices.send(1, NORTH, OrderKind.QUOTE, asked=1 << NORTH)
    slices.mid(1003)
    slices.look(5)
    slices.begin(0)
    slices.begin(1)
    slices.free(0)
    slices.free(1)
    slices.send(0, ONYX)  # of the next slice
    slices.look(5)
    assert told == [([OPAL], 3.0), ([NORTH], -3.0)]
    slices.begin(0)
    slices.look(5)
    slices.begin(0)
    slices.look()
    assert told[2:] == [([ONYX], 0.0), ([ONYX], 0.0)]  # it rests there still
    assert slices.watch.learnt == 4


def test_an_own_fill_ends_a_spell_with_the_mid_before_it_and_begins_another(slices: Slices, told: Told) -> None:
    slices.begin(0)
    slices.send(0, OPAL)
    slices.look(2)
    slices.mid(1002)
    slices.look(2)
    slices.mid(1020)
    slices.path.desk["filled"][0] = 100
    slices.free(0)
    slices.send(0, ONYX)
    slices.look(2)
    assert told == [([OPAL], 2.0)]
    slices.mid(1030)
    slices.look(9)
    slices.path.desk["filled"][0] = 200
    slices.path.desk["done"][0] = 1
    slices.look(9)
    assert told[1:] == [([ONYX], 10.0)]
    slices.path.desk["filled"][0] = 300
    slices.look(9)
    assert len(told) == 2


def test_five_minutes_are_the_longest_and_a_second_the_shortest(slices: Slices, told: Told) -> None:
    slices.begin(0)
    slices.look(0.5)
    slices.begin(0)
    slices.look(0.5)
    slices.path.desk["filled"][0] = 100
    slices.look(1)
    assert told == []
    slices.path.desk["done"][0] = 1
    slices.begin(1)
    slices.look(299)
    slices.mid(990)
    slices.look(2)
    slices.look()
    assert told == [([], -10.0), ([], 10.0)]


def test_without_a_price_nothing_is_learnt(slices: Slices, told: Told) -> None:
    slices.board["bid"] = 0
    slices.begin(0)
    slices.look(5)
    slices.mid(1000)
    slices.look(5)
    slices.begin(0)
    slices.look()
    assert told == []


@pytest.mark.skipif(jit_disabled(), reason="thousands of decisions")
def test_a_pool_that_leaks_is_found_out_and_one_that_does_not_is_not() -> None:
    random, slices = generator(3, "tests/service/leak"), Slices()
    mid = 100_000
    slices.mid(mid)
    for _ in range(1500):
        slices.begin(0)
        slices.free(0)
        slices.look(0.1)
        leak = 0
        if random.random() < 0.5:
            slices.send(0, OPAL)
            leak = 8
        if random.random() < 0.5:
            slices.send(0, ONYX)
        slices.look(20)
        mid += leak + round(5 * float(random.standard_normal()))
        slices.mid(mid)
    stats = slices.path.stats[0]
    assert stats["drifts"] > ENOUGH
    assert stats["beta"][OPAL] == pytest.approx(8.0, abs=1.5)
    assert stats["beta"][ONYX] == pytest.approx(0.0, abs=1.5)


def test_a_trader_learns_saves_and_takes_up_what_it_knew(tmp_path: Path) -> None:
    first = Desk(tmp_path, quantity=60_000, seconds=3_600.0)
    file = tmp_path / "journal.venues"
    assert not file.exists()
    first.run(150)
    known = first.trader.path.stats[:1].copy()
    learnt = first.supervised.venues.drifts.learnt
    first.close()
    assert learnt >= 3
    assert known["drifts"][0] == learnt
    assert known["venue"]["total"].sum() > 0
    second = Desk(tmp_path, quantity=60_000, seconds=3_600.0)
    try:
        again = second.trader.path.stats[:1]
        assert all(np.array_equal(again[name], known[name]) for name in ("venue", "beta", "cov", "drifts", "move"))
        file.write_bytes(b"no statistics")
        with pytest.raises(InputError, match="damaged"):
            VenueMemory(second.trader.path, "MIDC", file, Alerts(lambda _: None))
        file.unlink()
    finally:
        second.close()
    names = [place.name for place in second.trader.path.places]
    assert load_stats(file, ["MIDC"], names)["drifts"][0] >= learnt


def waited(done: Callable[[], bool]) -> bool:
    for _ in range(2000):
        if done():
            return True
        time.sleep(0.005)
    return False


def test_it_is_saved_meanwhile_and_a_disk_that_fails_is_told(tmp_path: Path) -> None:
    path = path_of(places(VENUES, 0.01), FixedPolicy())
    heard: list[Alert] = []
    none = np.zeros(0)
    memory = VenueMemory(path, "MIDC", tmp_path / "j.venues", Alerts(heard.append), every=0.001)
    path.stats["drifts"] = 7
    time.sleep(0.002)
    memory.attend(none, START)
    assert waited((tmp_path / "j.venues").exists)
    assert load_stats(tmp_path / "j.venues", ["MIDC"], [name for name, *_ in VENUES])["drifts"][0] == 7
    (tmp_path / "wall").write_text("a file where a folder should be")
    memory.file = tmp_path / "wall" / "j.venues"
    assert waited(lambda: bool(memory.attend(none, START + MS) or heard))
    assert "not saved" in heard[0].words
    memory.file = tmp_path / "j.venues"
    memory.end()
    assert list(memory.files()) == []
