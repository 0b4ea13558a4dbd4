"""A trader that is killed at random moments loses, repeats and forgets nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from nowake.core.errors import InputError
from nowake.core.values import Side
from nowake.core.venue import OrderStatus, VenueEvent
from nowake.oms.events import ChildNew, ParentNew, ParentSaid, VenueSaid
from nowake.oms.keeper import Mode, open_keeper
from nowake.oms.states import Act
from nowake.service.torture import Tally, _Judge, torture
from nowake.service.wire import Clock, SendNew, frame

WELL = {"lost": 0, "reissued": 0, "duplicated": 0, "unknown_at_venue": 0, "unconserved": 0, "conserved": True}


def check(found: dict[str, int | bool], kills: int) -> None:
    assert {name: found[name] for name in WELL} == WELL
    assert found["kills"] == kills
    assert found["children"] > 20


@pytest.mark.parametrize("mode", list(Mode))
def test_a_few_kills_lose_nothing(tmp_path: Path, mode: Mode) -> None:
    told: list[tuple[int, int]] = []
    check(torture(3, tmp_path, 5, lambda done, of: told.append((done, of)), mode), 3)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_torture_that_was_cut_off_goes_on_and_another_ones_folder_is_refused(tmp_path: Path) -> None:
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        torture(2, tmp_path, 6, stop)
    assert json.loads((tmp_path / "torture.json").read_text())["tally"]["kills"] == 1
    told: list[int] = []
    check(torture(2, tmp_path, 6, lambda *now: told.append(now[0])), 2)
    assert told == [2]
    with pytest.raises(InputError, match="seed 6"):
        torture(2, tmp_path, 7)
    with pytest.raises(InputError, match="kills"):
        torture(0, tmp_path, 6)


@pytest.mark.parametrize(
    "mode", [pytest.param(Mode.RESERVED, marks=pytest.mark.slow), pytest.param(Mode.STRICT, marks=pytest.mark.nightly)]
)
def test_sixty_kills_lose_nothing(tmp_path: Path, mode: Mode) -> None:
    check(torture(60, tmp_path, 9, mode=mode), 60)


class Drop:
    """A drop session with one word, and one order alive."""

    def __init__(self, events: list[VenueEvent], alive: list[int]) -> None:
        self._events, self._alive = events, alive

    def events(self) -> list[VenueEvent]:
        new, self._events = self._events, []
        return new

    def statuses(self) -> tuple[list[OrderStatus], int]:
        return [OrderStatus(oid, Side.BUY, 100, "ALPHA", 0, 100, "working") for oid in self._alive], 0


def test_the_judge_sees_each_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    keeper = open_keeper(tmp_path / "journal.db", 1, block=16)
    parent, child = keeper.ids.next(), keeper.ids.next()
    keeper.enter(ParentNew(1, parent, "fund", "MIDC", 1, 1_000, 0, 10**18))
    keeper.record(ParentSaid(1, parent, Act.ACKED))
    keeper.place(ChildNew(2, child, parent, "ALPHA", 1, 100))
    keeper.record(VenueSaid(3, child, Act.FILL_PART, 60, 10_000, fill="1"))
    keeper.close()
    notes = ["id 5", "id 6", "id 5", "acked 1 0000000000000000", "clean 2", "acked 2 00"]
    (tmp_path / "notes.txt").write_text("\n".join(notes))  # the last line was cut off by a kill
    fill = VenueEvent(3, "fill", child, "ALPHA", 5_000.0, 61, 39, event_id=1)
    sent = [SendNew(oid, 1, 100, 5_000, "ALPHA", "limit", 0) for oid in (child, 99, child)]
    (tmp_path / "venue.log").write_bytes(b"{}\n" + b"".join(map(frame, [Clock(1), *sent])))
    tally = Tally()
    drop: Any = Drop([fill], [child, 99])
    judge = _Judge(tmp_path, drop, tally)
    judge.compare()
    wrong = {"lost": 1, "reissued": 1, "duplicated": 1, "unknown_at_venue": 1, "unconserved": 1}
    assert {name: getattr(tally, name) for name in wrong} == wrong
    assert (tally.conserved, tally.children, tally.adopted) == (False, 1, 2)
