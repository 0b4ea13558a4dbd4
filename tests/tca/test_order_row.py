"""Every number of an order: by hand where that is short, else the same as the analysis of one replayed order."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from nowake.core.board import PlaceKind
from nowake.core.errors import InputError
from nowake.core.times import MINUTE, SECOND
from nowake.core.values import Instrument, Session, Side
from nowake.tca.benchmarks import slippage
from nowake.tca.check import check_tables
from nowake.tca.kpis import KPIS, kpi
from nowake.tca.order_row import OrderRow, order_rows
from nowake.tca.schedule_path import SchedulePath
from nowake.tca.statistics import weighted_mean
from nowake.tca.tables import FILLS, PRINTS, QUOTES, Child, Estimate, Liquidity, Parent, Tables, Tape

T0 = 1_042_642_800_000_000_000  # 2003-01-15 10:00 New York
DAY = "2003-01-15"
XYZ = Instrument("XYZ", Decimal("0.01"), 1, sessions=(Session(34_200 * SECOND, 57_600 * SECOND),))


@pytest.fixture(scope="module")
def tables(story) -> Tables:
    """The story of `conftest` as tables: its own fills are not among the prints."""
    own = np.zeros(len(story.fills), FILLS)
    for name in ("time", "price2", "quantity", "fee"):
        own[name] = story.fills[name]
    own["seq"], own["child"] = [21, 22, 23, 24], [0, 0, 1, 1]
    own["mid2"], own["untouched2"] = story.fills["mid"] * 2, story.fills["mid_untouched"] * 2
    own["liquidity"] = np.where(story.fills["passive"] != 0, Liquidity.MAKER, Liquidity.TAKER)
    tape = Tape(np.zeros(len(story.quotes), QUOTES), np.zeros(len(story.prints), PRINTS))
    for rows, old, first in ((tape.quotes, story.quotes, 100), (tape.prints, story.prints, 200)):
        for name in old.dtype.names:
            rows[name] = old[name]
        rows["seq"] = first + np.arange(len(rows))
    path = SchedulePath(T0 + np.array([0, 300, 600]) * SECOND, np.array([0.0, 500.0, 1000.0]))
    one = Parent(
        "P1", "XYZ", Side.BUY, 1000, T0 - MINUTE, T0, T0 + 10 * MINUTE, 1998, 2000, 2016, limit=1004, algo="vwap",
        schedule=path, estimate=Estimate(40.0, 10.0, 40.0, 70.0), seqs=(1, 2),
    )  # fmt: skip
    children = (
        Child("C1", "P1", "ALPHA", PlaceKind.LIT, T0, 500, 400, price=999, seqs=(3, 4)),
        Child("C2", "P1", "BETA", PlaceKind.LIT, T0 + 100 * SECOND, 300, 300, seqs=(5,)),
        Child("C3", "P1", "BETA", PlaceKind.LIT, T0 + 100 * SECOND, 200, rejected=True, seqs=(6,)),
    )
    return Tables({"XYZ": XYZ}, (one,), children, own, {("XYZ", DAY): tape})


@pytest.fixture(scope="module")
def row(tables) -> OrderRow:
    return order_rows(tables)[0]


def test_costs_are_those_of_the_replayed_order(row, story) -> None:
    want = story.decomposition.bps()
    for name in ("delay", "spread", "impact", "timing", "opportunity", "fees"):
        assert row.values[f"{name}_bps"] == pytest.approx(want[f"{name}_bps"], abs=1e-9)
    assert row.values["shortfall_bps"] == pytest.approx(want["total_bps"], abs=1e-9)
    assert row.exact.adds_up


def test_benchmarks_are_those_of_the_replayed_order(row, story) -> None:
    marks, average = story.benchmarks, story.average
    for name in ("arrival", "vwap", "twap", "day_vwap", "close"):
        want = slippage(Side.BUY, average, getattr(marks, name))
        assert row.values[f"{name}_slippage_bps"] == pytest.approx(want, abs=1e-9), name
    pwp = {round(one.rate * 100): one for one in marks.pwp}
    for rate, one in pwp.items():
        want = slippage(Side.BUY, average, one.price) if one.complete else None
        assert row.values[f"pwp{rate}_slippage_bps"] == (None if want is None else pytest.approx(want, abs=1e-9))


def test_what_came_after_is_that_of_the_replayed_order(row, story) -> None:
    for name, one in zip(("100ms", "1s", "10s", "60s", "300s"), story.mark_outs, strict=True):
        assert row.values[f"markout_{name}_bps"] == pytest.approx(one.bps, abs=1e-9)
    for one in story.reversions:
        assert row.values[f"reversion_{one.minutes:g}m_bps"] == pytest.approx(one.bps, abs=1e-9)
    for name in ("effective", "realised", "quoted"):
        want = getattr(story.spreads, f"{name}_bps")
        assert row.values[f"{name}_spread_bps"] == pytest.approx(want, abs=1e-9)
    assert row.values["spread_capture"] == pytest.approx(story.spreads.capture, abs=1e-9)
    assert row.values["passive_share"] == story.conduct.passive_share
    assert row.values["schedule_deviation_mean_pct"] == pytest.approx(story.deviation.mean_pct)


def test_means_over_fills_are_the_numbers_of_the_order(row) -> None:
    facts, weight = row.facts, row.facts["quantity"].astype(float)
    assert 2 * weighted_mean(facts["half_spread"], weight) == pytest.approx(row.values["effective_spread_bps"])
    assert weighted_mean(facts["quoted"], weight) == pytest.approx(row.values["quoted_spread_bps"])
    assert weighted_mean(facts["markout"][:, 2], weight) == pytest.approx(row.values["markout_10s_bps"])
    assert 2 * weighted_mean(facts["realised"], weight) == pytest.approx(row.values["realised_spread_bps"])


def test_realised_is_half_the_spread_and_the_move_after_it(row) -> None:
    facts = row.facts
    assert facts["realised"] == pytest.approx(facts["half_spread"] + facts["adverse"][:, 3], abs=1e-9)


def test_permanent_and_temporary_by_hand(row) -> None:
    """Half an hour after the last fill the mid is 1008, arrival 1000, average 1001 + 3/7."""
    paid = (1001 + 3 / 7 - 1000) / 1000 * 1e4
    assert row.values["permanent_bps"] == pytest.approx(80.0)
    assert row.values["temporary_bps"] == pytest.approx(paid - 40.0)


def test_price_improvement_counts_what_was_taken(row) -> None:
    """Taken at 1004 and 1005 with the offer at 1004: half a cent worse for a third of the shares."""
    assert row.values["price_improvement_bps"] == pytest.approx((0 + -1 / 1004 * 1e4) / 3)


def test_children_limits_and_estimates(row) -> None:
    assert (row.values["children"], row.values["fill_rate"], row.values["reject_rate"]) == (3, 0.7, 1 / 3)
    assert row.beyond_limit == 100
    cost = row.values["shortfall_bps"]
    assert row.values["estimate_error_bps"] == pytest.approx(cost - 40)
    assert row.values["estimate_z"] == pytest.approx((cost - 40) / (60 / (2 * 1.2815515655446004)))
    assert row.values["spread_normalised_slippage"] == pytest.approx(
        row.values["arrival_slippage_bps"] / row.values["quoted_spread_bps"]
    )


def test_every_number_is_explained_and_linked(row) -> None:
    assert set(row.values) == {one.name for one in KPIS}
    assert row.sources_of("delay_bps") == ((1, 2), (21, 24))
    assert row.sources_of("children") == ((3, 6),)
    assert row.sources_of("vwap_slippage_bps") == ((1, 2), (21, 24), (201, 203))
    assert row.sources_of("close_slippage_bps") == ((1, 2), (21, 24), (200, 205))
    assert row.sources_of("markout_10s_bps") == ((21, 24), (101, 105))
    assert all(row.sources_of(name) for name, value in row.values.items() if value is not None)


def test_an_unknown_number_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="number of an order") as refused:
        kpi("shortfal_bps")
    assert refused.value.hint == "did you mean 'shortfall_bps'?"


def test_own_prints_leave_the_vwap_without_own_volume(tables) -> None:
    key = ("XYZ", DAY)
    prints = tables.tapes[key].prints.copy()
    prints["own"][3] = 500  # all of the print at 1006
    got = order_rows(replace(tables, tapes={key: replace(tables.tapes[key], prints=prints)}))[0]
    inside = prints[1:4]
    whole = (inside["price2"] * inside["quantity"]).sum() / inside["quantity"].sum() / 2
    without = (inside["price2"][:2] * inside["quantity"][:2]).sum() / inside["quantity"][:2].sum() / 2
    average = got.average2 / 2
    assert got.values["vwap_slippage_bps"] == pytest.approx((average - whole) / whole * 1e4)
    assert got.values["vwap_ex_own_slippage_bps"] == pytest.approx((average - without) / without * 1e4)
    assert got.values["participation"] == 700 / (1000 + 200)
    assert got.unprinted == 200


def test_nothing_filled_leaves_the_opportunity_and_no_more(tables) -> None:
    children = tuple(replace(one, filled=0) for one in tables.children)
    got = order_rows(replace(tables, children=children, fills=np.zeros(0, FILLS)))[0]
    assert got.values["opportunity_bps"] == got.values["shortfall_bps"] == pytest.approx(9 / 999 * 1e4)
    assert got.average2 is None
    nothing = ("arrival_slippage_bps", "markout_10s_bps", "first_fill_s", "effective_spread_bps", "permanent_bps")
    assert [got.values[name] for name in nothing] == [None] * 5
    assert (got.values["completion"], got.values["participation"]) == (0, 0)


def test_snapshots_say_nothing_about_the_time_between(tables) -> None:
    """Only the quote at a fill itself counts: two ticks wide here, four of 998 to 1002 a nanosecond before."""
    key = ("XYZ", DAY)
    taken = np.zeros(6, QUOTES)
    for i, time in enumerate(np.unique(tables.fills["time"])):
        taken[2 * i] = (0, time - 1, 998, 1002, 1, 1)
        taken[2 * i + 1] = (0, time, 999, 1001, 1, 1)
    shots = replace(tables, tapes={key: replace(tables.tapes[key], quotes=taken, snapshots=True)})
    got = order_rows(check_tables(shots))[0]
    unknown = ("markout_100ms_bps", "markout_300s_bps", "reversion_5m_bps", "twap_slippage_bps", "permanent_bps")
    assert [got.values[name] for name in unknown] == [None] * 5
    quoted = (got.facts["quoted"] * tables.fills["mid2"] / 2e4).tolist()
    assert quoted == pytest.approx([2.0] * 4)
    late = taken.copy()
    late["time"][5] += 1
    with pytest.raises(InputError, match="a snapshot of the quotes at its time"):
        check_tables(replace(shots, tapes={key: Tape(late, snapshots=True)}))


def test_an_order_over_two_days_reads_both_tapes(tables) -> None:
    """A mark-out never looks past the end of its own day's tape."""
    night = 20 * 3600 * SECOND
    late = tables.tapes["XYZ", DAY]
    next_day = Tape(late.quotes.copy(), late.prints.copy())
    for rows in (next_day.quotes, next_day.prints):
        rows["time"] += night + 4 * 3600 * SECOND
    parents = (replace(tables.parents[0], end=T0 + night + 5 * 3600 * SECOND, schedule=None),)
    tapes = {("XYZ", DAY): late, ("XYZ", "2003-01-16"): next_day}
    got = order_rows(replace(tables, parents=parents, tapes=tapes))[0]
    assert got.values["participation"] == pytest.approx(700 / (2100 + 2100 + 700))
    alone = order_rows(tables)[0]
    assert got.values["markout_300s_bps"] == alone.values["markout_300s_bps"]
    assert got.values["reversion_30m_bps"] == alone.values["reversion_30m_bps"]


def test_without_a_tape_only_own_numbers_remain(tables) -> None:
    got = order_rows(replace(tables, tapes={}))[0]
    assert got.values["shortfall_bps"] is not None
    assert got.values["participation"] is None
    assert got.values["vwap_slippage_bps"] is None
    assert got.values["quoted_spread_bps"] is None
