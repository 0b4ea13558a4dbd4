"""The hunt: deterministic, complete, refused where it makes no sense; planted flaws are caught."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.market.hunt import hunt
from nowake.market.hunt.families import FAMILIES
from nowake.market.hunt.flaws import FLAWS
from nowake.market.hunt.table import rows
from nowake.market.preset import Preset
from nowake.market.realism.arbitrage import Trips, estimate, lower_bound


@pytest.fixture(scope="module")
def found(midcap: Preset) -> tuple[list[Trips], list[Trips]]:
    return hunt(midcap, seed=5, trips=24, families=["ignition", "close"], sizes=2, warm_days=0)


def test_trips_come_per_family_and_size(found) -> None:
    trips, planted = found
    assert [(t.family, t.size) for t in trips] == [(f, s) for f in ("ignition", "close") for s in (0.0005, 0.002)]
    assert [t.family for t in planted] == [flaw.family.name for flaw in FLAWS] == ["no decay", "free mid"]
    for t in trips + planted:
        assert len(t.manipulation) == len(t.raw) == 24
        assert t.stream.tolist() == [k // 2 for k in range(24)]
        assert set(t.regime) == {"calm", "volatile", "thin", "switching"}
        assert np.isfinite(t.manipulation).all()
        assert np.isfinite(t.raw).all()


def test_taking_the_spread_twice_costs_it(found) -> None:
    trips, _ = found
    for t in trips:
        assert -4 < t.raw.mean() < -0.5


def test_planted_flaws_are_caught(found) -> None:
    _, planted = found
    for t in planted:
        assert lower_bound(t.manipulation, t.stream, 0.05 / len(planted)) > 0
    assert estimate(*found)["planted"].value > 0


def test_the_same_call_gives_the_same_trips(midcap: Preset) -> None:
    def once(seed: int) -> list[Trips]:
        return hunt(midcap, seed=seed, trips=4, families=["ignition"], sizes=[0.002], warm_days=0)[0]

    (first,), (again,), (other,) = once(5), once(5), once(6)
    assert np.array_equal(first.manipulation, again.manipulation)
    assert np.array_equal(first.raw, again.raw)
    assert not np.array_equal(first.raw, other.raw)


def test_processes_change_nothing(midcap: Preset) -> None:
    one, two = (
        hunt(midcap, seed=5, trips=4, families=["ignition"], sizes=[0.002], warm_days=0, workers=n) for n in (1, 2)
    )
    for a, b in zip(one[0] + one[1], two[0] + two[1], strict=True):
        assert (a.family, a.size, a.regime.tolist()) == (b.family, b.size, b.regime.tolist())
        assert np.array_equal(a.manipulation, b.manipulation)
        assert np.array_equal(a.raw, b.raw)


def test_a_stream_is_the_same_however_many_there_are(midcap: Preset) -> None:
    few, more = (
        hunt(midcap, seed=5, trips=n, families=["ignition"], sizes=[0.002], warm_days=0, regimes=("thin",))[0][0]
        for n in (4, 6)
    )
    unit = more.raw[0] / few.raw[0]  # the spread and the shares of a hunt are those of all its streams
    assert unit == pytest.approx(1, abs=0.5)
    assert more.raw[:4] == pytest.approx(unit * few.raw)
    assert set(more.regime) == {"thin"}


def test_progress_ends_at_one(midcap: Preset) -> None:
    told: list[float] = []
    hunt(midcap, seed=1, trips=4, families=["ignition"], sizes=1, warm_days=0, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


def test_families_without_their_venues_are_left_out(midcap: Preset) -> None:
    lit = midcap.model_copy(update={"dark": (), "dealers": ()})
    with pytest.raises(InputError, match="venues the market has"):
        hunt(lit, seed=1, trips=4, families=["pump-peg", "dealer-pick"])
    assert {f.needs for f in FAMILIES} == {None, "venues", "dark", "dealer"}


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"trips": 2}, "trips"),
        ({"sizes": 9}, "sizes"),
        ({"sizes": [0.5]}, "fractions"),
        ({"regimes": ()}, "a regime"),
        ({"regimes": ("clam",)}, "clam"),
        ({"warm_days": -1}, "warm days"),
        ({"families": ["pumpp-peg"]}, "pump-peg"),
    ],
)
def test_what_cannot_be_hunted_is_refused(midcap: Preset, arguments, match: str) -> None:
    with pytest.raises(InputError, match=match):
        hunt(midcap, seed=1, **arguments)


def test_rows_say_what_the_judge_sees(found) -> None:
    trips, _ = found
    table = rows(trips)
    assert [(row.family, row.size, row.trips) for row in table] == [(t.family, t.size, 24) for t in trips]
    assert max(row.bound for row in table) == pytest.approx(estimate(trips)["profit"].value)
    for row in table:
        assert row.bound < row.manipulation_ci[0] < row.manipulation < row.manipulation_ci[1]
        assert row.raw_ci[0] < row.raw < row.raw_ci[1]
