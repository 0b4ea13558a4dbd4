"""Garbage is collected while nothing waits, and before it matters; never by itself."""

import gc
import os
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from nowake.service.collecting import Collector

from .control_world import World, buy


class Knot:
    """A cycle that only the collector frees."""

    def __init__(self) -> None:
        self.other, self.more = self, [[self] for _ in range(50)]


class Waiting:
    """An attendant with something to hear (`say`), which makes garbage at every step and counts what is left of it."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe()
        self.left: list[weakref.ref[Knot]] = []

    def say(self) -> None:
        os.write(self._in, b".")

    def hear(self) -> None:
        os.read(self._out, 100)

    def files(self) -> Sequence[int]:
        return (self._out,)

    def attend(self, *_: object) -> None:
        self.left += [weakref.ref(Knot()) for _ in range(5)]

    def alive(self) -> int:
        return sum(one() is not None for one in self.left)

    def end(self) -> None:
        os.close(self._out)
        os.close(self._in)


@pytest.fixture
def runs() -> Iterator[list[int]]:
    """The generations that are collected, as they are."""
    found: list[int] = []

    def note(phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            found.append(info["generation"])

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


def test_nothing_is_collected_while_something_waits_and_everything_once_nothing_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: list[int]
) -> None:
    world, waiting = World(tmp_path, [buy()], monkeypatch), Waiting()
    world.trader.collector = Collector(some=500)
    world.trader.add(waiting)
    with world.trader.collector as collector:
        waiting.say()
        runs.clear()
        world.run(10.0)
        assert runs == []
        assert waiting.alive() == len(waiting.left) == 200
        waiting.hear()
        waiting.attend()  # what was made before the next quiet moment
        world.run(0.25)
        assert runs == [1]
        assert waiting.alive() <= 5
        assert (collector.quiet, collector.forced) == (1, 0)
    assert gc.isenabled()
    world.stop()


def test_a_trader_that_never_has_a_quiet_moment_collects_before_it_matters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: list[int]
) -> None:
    world, waiting = World(tmp_path, [buy()], monkeypatch), Waiting()
    world.trader.collector = Collector(most=5_000)
    world.trader.add(waiting)
    waiting.say()
    with world.trader.collector as collector:
        runs.clear()
        world.run(20.0)
        assert len(runs) == collector.forced >= 3
        assert collector.quiet == 0
        assert waiting.alive() < 150
    world.stop()


def test_now_and_then_everything_since_the_start_is_gone_through(runs: list[int]) -> None:
    with Collector(some=100, whole=4) as collector:
        kept: list[list[int]] = []
        runs.clear()
        for _ in range(8):
            kept += [[] for _ in range(200)]
            collector.nothing_waits()
            collector.nothing_waits()  # nothing is new
    assert runs == [1, 1, 1, 2, 1, 1, 1, 2]


def test_what_there_was_before_is_left_alone_and_python_goes_on_afterwards(runs: list[int]) -> None:
    gc.collect()
    old = weakref.ref(Knot())
    with Collector(some=20, whole=1) as collector:
        new = weakref.ref(Knot())
        collector.nothing_waits()
        assert old() is not None
        assert new() is None
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    runs.clear()
    collector.nothing_waits()
    collector.look()
    assert runs == []
    gc.disable()
    try:
        with Collector():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
