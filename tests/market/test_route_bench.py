"""The bench of routers: what each may use, sums and sides of its numbers, its statistics, and its command."""

import json
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.core.board import PlaceKind
from nowake.core.errors import InputError
from nowake.core.values import Side
from nowake.execution.path import Place
from nowake.market.preset import load
from nowake.market.route_bench import LESSONS_FROM, Parcel, RouteBench, learn, run_pairs
from nowake.market.route_bench_desk import ROUTERS, Offered, _Desk, _masks, _parts, _walk, last_print, offer
from nowake.market.route_bench_results import compare, holm
from nowake.routing.reasons import Reason
from nowake.routing.regret_curves import LEARNERS, regret_curves
from nowake.routing.trial import trials

WHAT = RouteBench(load("midcap"), pairs=2, seed=31, window=20.0, interval=10.0, warm_up=60.0, lessons=1)
PLACES = [
    Place("A", PlaceKind.LIT), Place("B", PlaceKind.LIT), Place("C", PlaceKind.DARK), Place("D", PlaceKind.DEALER),
]  # fmt: skip


@cache
def offered(router: str, k: int = 0) -> Offered:
    return offer(WHAT.market(k), WHAT.parcel(k), router, None)


@cache
def pairs() -> list[list[Parcel]]:
    return run_pairs(WHAT, [])


def parcel(router: str, cost: float, filled: int = 50, markout: float = 1.0) -> Parcel:
    return Parcel(router, 1, 100, cost, 0.1, filled, 0, markout, float("nan"), 0.2, 0.3, 4)


def test_naive_routers_may_use_only_what_their_name_says() -> None:
    assert _masks("lit only", PLACES) == [0b1100]
    assert _masks("equal split", PLACES) == [0b1110, 0b1101, 0b1011]  # one parent for each, none for the dealer
    assert _masks("best price only", PLACES) == [0b1111]  # until a price is seen
    assert _masks("learning", PLACES) == [0]
    with pytest.raises(InputError, match="equal split"):
        _masks("fastest", PLACES)


def test_equal_parts_are_whole_lots_and_sum_to_the_parcel() -> None:
    assert _parts(2_000, 5, 100) == [400] * 5
    assert _parts(1_250, 5, 100) == [300, 300, 200, 200, 250]
    assert _parts(50, 3, 100) == [0, 0, 50]


@pytest.mark.parametrize("router", ROUTERS)
def test_every_share_is_filled_or_taken_at_the_end(router: str) -> None:
    one = offered(router)
    assert one.filled + one.rest == WHAT.quantity
    assert one.fills["quantity"].sum() == one.filled
    assert one.paid / WHAT.quantity == pytest.approx(one.mids[0], rel=0.01)
    assert one.children >= 1


def test_only_routers_that_may_hide_fill_unseen() -> None:
    for k in (0, 1):
        assert not offered("lit only", k).fills["hidden"].any()
        assert not offered("best price only", k).fills["hidden"].any()


def test_the_desk_knows_the_last_print_and_so_begins_at_once() -> None:
    market = WHAT.market(0)
    last2 = last_print(market)
    assert abs(last2 / 2 - (market.quote().bid or 0)) < 20
    assert last_print(market) == 0  # told once
    for known, begins in ((last2, True), (0, False)):
        desk = _Desk(market.twin(), WHAT.parcel(0), "best price only", None, known)
        assert (int(desk.path.desk["children"].sum()) > 0) is begins


def test_the_learning_router_asks_pools_before_it_rests_and_no_other_does() -> None:
    market = WHAT.market(0)
    last2 = last_print(market)
    for router in ROUTERS:
        path = _Desk(market.twin(), WHAT.parcel(0), router, None, last2).path
        asked = path.kids["reason"][path.kids["stage"] > 0] == int(Reason.DARK_FIRST)
        assert asked.any() == (router == "learning")
        assert asked.all() == (router == "learning")


def test_the_same_parcel_comes_to_the_same_again() -> None:
    again = offer(WHAT.market(0), WHAT.parcel(0), "learning", None)
    assert (again.paid, again.fees, again.filled) == tuple(
        getattr(offered("learning"), name) for name in ("paid", "fees", "filled")
    )
    assert np.array_equal(again.mids, offered("learning").mids, equal_nan=True)


def test_the_rest_walks_through_the_books_best_price_first() -> None:
    market = WHAT.market(0)
    asks = [(price, venue.taker_fee, size) for venue in market.preset.venues
            for price, size in market.book(venue.name, 50)[1]]  # fmt: skip
    price, fee, size = min(asks)
    paid, fees = _walk(market, 1, size + 1)
    assert paid == size * price + sorted(asks)[1][0]
    assert fees == pytest.approx((size * fee + sorted(asks)[1][1]) / market.preset.instrument.tick)
    sold, _ = _walk(market, -1, 1)
    assert sold == market.quote().bid
    with pytest.raises(InputError, match="shares more"):
        _walk(market, 1, 10**9)


def test_sides_alternate_and_lessons_are_other_markets() -> None:
    assert [WHAT.parcel(k).side for k in range(3)] == [Side.BUY, Side.SELL, Side.BUY]
    assert WHAT.pairs < LESSONS_FROM
    with pytest.raises(InputError, match="pairs"):
        replace(WHAT, pairs=LESSONS_FROM)
    first, second = learn(WHAT)  # no more schools than pairs
    assert first["venue"]["children"].sum() > 0
    assert first.tobytes() != second.tobytes()
    assert learn(replace(WHAT, lessons=0)) == []


def test_luck_in_learning_widens_the_interval() -> None:
    """All pairs of one of two schools won: whole schools are drawn, so nothing is certain."""
    one = pairs()[0][0]
    rows = [
        [replace(one, router="naive", cost=5.0), replace(one, router="learning", cost=5.0 - (k % 2))] for k in range(40)
    ]
    apart, together = compare(rows, 1).improvement[0], compare(rows, 1, 2).improvement[0]
    assert apart.bps == together.bps == 0.5
    assert apart.bps_ci[0] > 0.3
    assert together.bps_ci == (0.0, 1.0)
    with pytest.raises(InputError, match="schools"):
        compare(rows, 1, 41)


def test_costs_are_of_the_shares_offered_against_the_mid_at_the_start() -> None:
    for k, pair in enumerate(pairs()):
        assert [one.router for one in pair] == list(ROUTERS)
        for one in pair:
            run, side = offered(one.router, k), 1 if k == 0 else -1
            arrival = run.mids[0]
            cost = (side * (run.paid - WHAT.quantity * arrival) + run.fees) / (WHAT.quantity * arrival) * 1e4
            assert one.cost == pytest.approx(cost)
            assert (one.filled, one.quantity) == (run.filled, WHAT.quantity)


def test_holm_multiplies_the_smallest_most_and_keeps_the_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.9]) == [1.0, 1.0]


def test_gains_are_paired_and_significant_only_where_they_are_sure() -> None:
    rng = np.random.default_rng(5)
    market, luck = rng.normal(0, 20, 60), rng.normal(0, 1, 60)
    rows = [[parcel("a", m + 2 + e), parcel("b", m + 5 * e), parcel("c", m)] for m, e in zip(market, luck, strict=True)]
    found = compare(rows, seed=1)
    sure, unsure = found.improvement
    assert (sure.of, sure.over, unsure.over) == ("c", "a", "b")
    assert sure.bps == pytest.approx(2 + luck.mean())
    assert 0 < sure.bps_ci[0] < sure.bps < sure.bps_ci[1]
    assert sure.p_holm < 0.001
    assert unsure.bps_ci[0] < 0 < unsure.bps_ci[1]
    assert unsure.p_holm >= unsure.p > 0.05


def test_fill_rates_and_mark_outs_are_weighted_by_shares() -> None:
    rows = [
        [parcel("a", 1, filled=100, markout=1.0), parcel("b", 1, filled=0, markout=float("nan"))],
        [parcel("a", 1, filled=50, markout=4.0), parcel("b", 1, filled=0, markout=float("nan"))],
    ]
    a, b = compare(rows, seed=1).routers
    assert (a.fill_rate, a.markout_bps) == (0.75, 2.0)
    assert b.fill_rate == 0
    assert np.isnan(b.markout_bps)
    with pytest.raises(InputError, match="two or more"):
        compare(rows[:1], seed=1)


@pytest.mark.parametrize(
    ("name", "value"), [("pairs", 1), ("seed", -1), ("quantity", 50), ("window", 5.0), ("interval", 30.0),
                        ("lessons", 1.5)],
)  # fmt: skip
def test_what_cannot_be_run_is_refused(name: str, value: float) -> None:
    change: dict[str, Any] = {name: value}
    with pytest.raises(InputError, match=name):
        replace(WHAT, **change)


def test_the_command_prints_the_keys_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    from nowake.cli.route_bench import route_bench

    assert route_bench(pairs=2, lessons=0, qty=500, json=True) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["schema"] == "nowake.route-bench/1"
    assert [row["name"] for row in body["routers"]] == list(ROUTERS)
    keys = {"name", "cost_bps_offered", "cost_bps_offered_ci", "fill_rate", "markout_bps", "leak_bps"}
    assert all(keys <= set(row) for row in body["routers"])
    assert [gain["over"] for gain in body["improvement"]] == list(ROUTERS[:3])
    assert all({"over", "bps", "bps_ci", "p_holm"} <= set(gain) for gain in body["improvement"])


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nowake.routing.regret_curves.regret_curves", partial(regret_curves, rounds=300, seeds=2))
    monkeypatch.setattr("nowake.routing.trial.trials", partial(trials, seeds=6, sound=6))


@pytest.mark.usefixtures("few")
def test_the_report_is_one_page_with_every_number_and_the_regret(tmp_path: Path) -> None:
    from nowake.cli.route_bench import route_bench

    target = tmp_path / "routers.html"
    assert route_bench(pairs=2, lessons=0, qty=500, report=str(target)) == 0
    text = target.read_text(encoding="utf-8")
    assert text.count("<svg") == 3
    assert all(f'<th scope="row">{name}</th>' in text for name in (*ROUTERS, *LEARNERS))
    assert "http" not in text
    assert text.count("asked, then a part hidden") == 4
    assert text.rstrip().endswith("</html>")


@pytest.mark.usefixtures("few")
def test_the_whole_object_has_every_parcel_and_what_was_learnt_with_intervals(tmp_path: Path) -> None:
    from nowake.cli.route_bench import route_bench

    target = tmp_path / "routers.json"
    assert route_bench(pairs=2, lessons=0, qty=500, report=str(target)) == 0
    body = json.loads(target.read_text(encoding="utf-8"))
    assert len(body["parcels"]) == 2
    assert [row["name"] for row in body["regret"]] == list(LEARNERS)
    for row in body["regret"]:
        assert row["slope_ci"][0] <= row["slope"] <= row["slope_ci"][1]
        assert len(row["rounds"]) == len(row["cumulated"])
    assert [(row["tactic"], row["turns_toxic"]) for row in body["toxic"]] == [
        *[("dark", True)] * 3, *[("join", True)] * 3, ("dark", False), ("join", False),
    ]  # fmt: skip
    assert all(row["left_ci"][0] <= row["left"] <= row["left_ci"][1] for row in body["toxic"])


def test_the_command_refuses_processes_below_zero() -> None:
    from nowake.cli.route_bench import route_bench

    with pytest.raises(InputError, match="--processes"):
        route_bench(processes=-1)
