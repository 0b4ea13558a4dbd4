"""The parts of a trade: its plan, what it sees of the market, the days of its venue, what it keeps."""

import fcntl
import os
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nowake.core.errors import InputError, MissingError, OrderError
from nowake.core.events import EVENT, Flag, Kind
from nowake.core.intent import Tactic
from nowake.core.times import SECOND
from nowake.core.values import ParentOrder, Side
from nowake.core.venue import New
from nowake.execution.desk_state import CURVE, Follow, Placing, new_desk, take_on
from nowake.execution.policy import ACTION, OBSERVED, FixedPolicy
from nowake.market.market import FIRST_DAY, Market
from nowake.market.preset import load, parameter_hash
from nowake.oms.states import State
from nowake.routing.venues import new_stats
from nowake.service import trade_clock
from nowake.service.exchange import Exchange
from nowake.service.ledger_file import LedgerFile
from nowake.service.limiting import scope_of
from nowake.service.supervise_alerts import Alerts
from nowake.service.trade_files import (
    Kept,
    MarketDay,
    OrderKept,
    Seen,
    alone,
    forget_unnamed,
    held_market,
    last_kept,
    market_folder,
    read_kept,
    read_seen,
    write_kept,
    write_seen,
)
from nowake.service.trade_plan import (
    STRATEGIES,
    AdaptivePolicy,
    Question,
    check_fill,
    expected_volumes,
    instrument_of,
    path_of,
    policy_of,
    window_of,
)
from nowake.service.trade_process import VenueProcess
from nowake.service.trade_venue import made_of
from nowake.service.trade_watch import Watch, printed

MIDCAP = load("midcap")
DAY = MarketDay("midcap", parameter_hash(MIDCAP), 7, "calm", 60.0, "2026-01-16", 3)
ORDER = OrderKept("trade-1", 1, 1_000, 120.0, 0, "twap", 0.0, 0.1, "default")


@given(st.sampled_from(STRATEGIES), st.floats(0.1, 50.0), st.lists(st.floats(0.1, 1e6), min_size=CURVE, max_size=CURVE))
@settings(max_examples=40)
def test_every_path_rises_from_nothing_to_everything(strategy: str, urgency: float, volumes: list[float]) -> None:
    path = path_of(strategy, urgency, np.array(volumes))
    assert path.shape == (CURVE + 1,)
    assert path[0] == 0
    assert path[-1] == 1
    assert (np.diff(path) >= 0).all()


def test_paths_are_those_of_their_formulas() -> None:
    t, flat = np.linspace(0, 1, CURVE + 1), np.ones(CURVE)
    assert np.abs(path_of("twap", 0.0, flat) - t).max() < 2e-6
    assert np.abs(path_of("vwap", 0.0, flat) - t).max() < 2e-6
    assert np.abs(path_of("ac", 2.0, flat) - (1 - np.sinh(2 * (1 - t)) / np.sinh(2))).max() < 2e-6
    blocks = path_of("ow", 10.0, flat)
    assert np.abs(blocks[1:-1] - (1 + 10 * t[1:-1]) / 12).max() < 2e-6
    with pytest.raises(InputError, match="unknown strategy 'twop'") as refused:
        path_of("twop", 0.0, flat)
    assert refused.value.hint is not None
    assert "twap" in refused.value.hint


def test_the_adaptive_policy_trades_faster_where_volatility_is_above_the_presets() -> None:
    policy = policy_of("adaptive", 2.0, MIDCAP)
    assert isinstance(policy, AdaptivePolicy)
    assert policy.normal == pytest.approx(200 * (512 / 23_400) ** 0.5)
    seen, rates = np.zeros((1, len(OBSERVED))), []
    with pytest.raises(InputError, match="a desk to decide for"):
        policy.decide(seen, np.zeros(1, ACTION))
    desk, _, _ = new_desk(1)
    order = ParentOrder("A", instrument_of(MIDCAP), Side.BUY, 1_000, 0, 3_600 * SECOND)
    take_on(desk, 0, order, path_of("adaptive", 2.0, np.ones(CURVE)), 60 * SECOND, Placing())
    policy.take(desk)
    seen[0, [OBSERVED.index("time_left"), OBSERVED.index("inventory_left"), OBSERVED.index("pace_recent")]] = 1.0
    for volatility in (policy.normal / 2, policy.normal, policy.normal * 2):
        actions = np.zeros(1, ACTION)
        seen[0, OBSERVED.index("volatility_512s")] = volatility
        policy.decide(seen, actions)
        rates.append(float(actions["rate"][0]))
    assert rates[0] < rates[1] < rates[2]
    assert rates[1] == pytest.approx(1.0, abs=0.05)
    assert policy_of("ac", 2.0, MIDCAP) == FixedPolicy(Tactic.JOIN)


def test_the_expected_volume_of_a_whole_day_is_the_presets() -> None:
    window = window_of(MIDCAP, FIRST_DAY, 0.0, 6.5 * 3600 - 60)
    whole = expected_volumes(MIDCAP, window).sum()
    assert whole == pytest.approx(MIDCAP.instrument.daily_volume, rel=0.01)
    assert expected_volumes(MIDCAP, window)[0] > 1.5 * expected_volumes(MIDCAP, window)[CURVE // 2]
    with pytest.raises(OrderError, match="the order starts at 09:30:00"):
        window_of(MIDCAP, FIRST_DAY, 0.0, 6.5 * 3600 - 59)


def test_the_founding_order_is_possible_under_the_default_policy_and_one_beyond_a_list_is_not() -> None:
    window = window_of(MIDCAP, FIRST_DAY, 1800.0, 4 * 3600.0)
    scope = scope_of("MIDC", "ac", "trade-1")
    check_fill("default", scope, MIDCAP, window, Question(Side.BUY, 500_000, 0, 0.0))
    with pytest.raises(OrderError, match="max_position of firm"):
        check_fill("default", scope, MIDCAP, window, Question(Side.BUY, 500_000, 0, 0.0, position=1_600_000))
    futures = load("futures")
    with pytest.raises(OrderError, match="none of GLOBE"):
        check_fill(
            "default", scope, futures, window_of(futures, FIRST_DAY, 1800.0, 60.0), Question(Side.BUY, 1, 0, 0.0)
        )


EVENTS = st.tuples(
    st.sampled_from(list(Kind)), st.integers(0, 60), st.integers(-1, 100), st.integers(0, 500),
    st.sampled_from([0, int(Flag.HALF), int(Flag.UNPRINTED), int(Flag.BROKEN), int(Flag.SNAPSHOT), int(Flag.DARK)]),
)  # fmt: skip


@given(st.lists(EVENTS, max_size=40))
@settings(max_examples=100)
def test_prints_are_counted_as_a_loop_counts_them(rows: list[tuple[int, int, int, int, int]]) -> None:
    news, shares, money2 = np.zeros(len(rows), EVENT), 0, 0
    for k, (kind, time, price, quantity, flags) in enumerate(rows):
        news[k]["kind"], news[k]["time"], news[k]["price"] = kind, time, price
        news[k]["quantity"], news[k]["flags"] = quantity, flags
        counts = kind in (Kind.EXECUTE, Kind.HIDDEN, Kind.CROSS, Kind.TRADE)
        counts = counts and not flags & (Flag.UNPRINTED | Flag.BROKEN | Flag.SNAPSHOT)
        if counts and price > 0 and 10 <= time <= 50:
            shares += quantity
            money2 += quantity * (2 * price + bool(flags & Flag.HALF))
    assert printed(news, 10, 50) == (shares, money2)


KEPT = np.dtype([(name, "i8") for name in ("arrival2", "volume_start", "filled_start", "plan_filled", "plan_volume")])


def world(parent: dict[str, int], desk: Any, board: dict[str, int], rows: int = 1) -> Any:
    """Return as much of a trader as a watch asks for."""
    known = {"start": 0, "end": 100 * SECOND, "side": 1, "quantity": 1_000, "fee": 0, "state": State.NEW, **parent}
    parents = [SimpleNamespace(**known) for _ in range(rows)]
    path = SimpleNamespace(n=rows, desk=desk, usages=np.zeros(rows, KEPT), boards=[board])
    setup = SimpleNamespace(instrument=instrument_of(MIDCAP))
    live = SimpleNamespace(board={"bid": 5_000, **board}, mid=lambda: 5_001.0)
    return SimpleNamespace(parents=parents, path=path, setup=setup, desk=live)


def test_costs_are_in_bp_of_the_arrival_and_what_is_open_counts_at_the_mid(tmp_path: Path) -> None:
    write_seen(tmp_path, Seen(arrival2=10_000, volume=2_000, money2=2_000 * 10_004))
    trader = world({"filled": 600, "money2": 600 * 10_006}, np.zeros(1, KEPT), {"volume": 0})
    watch = Watch(trader, tmp_path, Alerts(lambda _: None))
    assert trader.path.desk[0].tolist() == (10_000, 0, 0, 0, 2_000)
    assert trader.path.boards[0]["volume"] == 2_000
    watch.mid = 5_001.0
    trader.parents[0].fee = 3 * 10**9
    found = watch.costs()
    assert found["avg_price"] == pytest.approx(50.03)
    assert found["arrival_price"] == pytest.approx(50.0)
    assert found["vwap"] == pytest.approx(50.02)
    # 600 at 3 ticks, 400 open at 1 tick: 22 currency, and 3 of fees, on 50,000
    assert found["shortfall_bps"] == pytest.approx(1e4 * 25 / 50_000)
    assert found["paid_bps"] == pytest.approx(1e4 * 21 / 30_000)
    assert found["vwap_slippage_bps"] == pytest.approx(1e4 * (50.03 - 50.02) / 50.02)


def test_every_order_goes_on_with_the_volume_that_it_had_seen(tmp_path: Path) -> None:
    for i, volume in enumerate((500, 2_000, 0)):
        write_seen(tmp_path, Seen(arrival2=10_000 + i if volume else 0, volume=volume), i)
    trader = world({"filled": 0, "money2": 0}, np.zeros(3, KEPT), {"volume": 700}, rows=3)
    trader.path.usages["volume_start"] = 600
    alerts = Alerts(lambda _: None)
    first = Watch(trader, tmp_path, alerts)
    watches = [first, *(Watch(trader, tmp_path, alerts, i, first) for i in (1, 2))]
    assert first.together == watches
    assert all(one.controls is first.controls for one in watches)
    assert trader.path.boards[0]["volume"] == 2_000
    assert (2_000 - trader.path.usages["volume_start"]).tolist() == [500, 2_000, 100]  # the third as it was
    assert trader.path.usages["arrival2"].tolist() == [10_000, 10_001, 0]


def test_what_is_printed_while_an_order_is_staged_is_not_counted(tmp_path: Path) -> None:
    trader = world({"filled": 0, "money2": 0}, [{"arrival2": 0, "end": 100 * SECOND}], {"volume": 0, "bid": 5_000})
    trader.alarms = []
    watch = Watch(trader, tmp_path, Alerts(lambda _: None))
    news = np.zeros(1, EVENT)
    news["kind"], news["quantity"], news["price"], news["time"] = int(Kind.TRADE), 100, 5_000, SECOND
    trader.parents[0].state = State.STAGED
    watch.attend(news, SECOND)
    assert (watch.seen.volume, watch.planned(50 * SECOND)) == (0, 0.0)
    trader.parents[0].state = State.NEW
    watch.attend(news, SECOND)
    assert watch.seen.volume == 100


def test_a_venue_is_as_toxic_as_the_minute_takes_back_of_the_half_spread(tmp_path: Path) -> None:
    trader = world({"filled": 0, "money2": 0, "children": []}, np.zeros(1, KEPT), {"bid": 4_901, "volume": 0})
    trader.path.stats = new_stats(1)
    trader.orders = SimpleNamespace(welcome=SimpleNamespace(venues=[("OPAL", "dark"), ("ONYX", "dark")]))
    trader.keeper = SimpleNamespace(oms=SimpleNamespace(children={}, fills={}))
    watch = Watch(trader, tmp_path, Alerts(lambda _: None))
    one = trader.path.stats[0]["venue"][1]
    one["marks"], one["raw"][2] = 4.0, -50.0
    assert [row["toxicity"] for row in watch.venues([])] == [None, None]  # no quote has been seen
    watch.attend(np.zeros(0, EVENT), 1)
    assert [row["toxicity"] for row in watch.venues([])] == [None, pytest.approx(0.5)]


def test_what_is_planned_follows_the_path_or_the_volume(tmp_path: Path) -> None:
    desk = {"start": 0, "end": 100 * SECOND, "follow": int(Follow.CURVE), "curve": np.linspace(0, 1, CURVE + 1) ** 2}
    trader = world({"filled": 0, "money2": 0}, [desk], {})
    watch = Watch(trader, tmp_path, Alerts(lambda _: None))
    assert watch.planned(50 * SECOND) == pytest.approx(0.25, abs=1e-3)
    assert watch.planned(100 * SECOND) == 1.0
    desk |= {"follow": int(Follow.VOLUME), "part": 0.2, "quantity": 1_000}
    desk |= {"plan_volume": 500, "filled": 150, "plan_filled": 50}
    trader.desk.board = {"volume": 1_800}
    assert watch.planned(50 * SECOND) == pytest.approx((50 + 0.25 * 1_200) / 1_000)


def test_a_day_of_a_venue_is_the_market_of_that_day_and_numbers_its_words_on(tmp_path: Path) -> None:
    exchange = Exchange(LedgerFile(tmp_path / "venue.log", made_of(DAY)), date(2026, 1, 16), DAY.told)
    first = Market.load(MIDCAP, 7, "calm")
    assert exchange.market.close - first.close == 24 * 3600 * SECOND
    first.advance(60.0)
    assert exchange.market.quote() == first.quote()
    exchange.venue.send(New(1, Side.BUY, 100, 4_000, MIDCAP.venues[0].name))
    exchange.run(exchange.now + SECOND)
    assert [event.event_id for event in exchange.events] == [1, 2, 3, 4]
    assert [event.kind for event in exchange.events] == ["past", "past", "past", "ack"]
    assert exchange.welcome(0.0).last_event == 4


def test_what_is_kept_of_a_trade_is_read_back_and_anything_else_refused(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    assert last_kept(journal) is None
    folder = market_folder(journal) / "0001"
    kept = Kept(DAY, ORDER)
    write_kept(folder, kept)
    assert last_kept(journal) == (folder, kept)
    assert read_seen(folder) == Seen()
    (folder / "trade.json").write_text("{}")
    with pytest.raises(InputError, match="memory of a trade"):
        read_kept(folder)
    write_kept(folder, Kept(DAY, ORDER, schema="nowake.trade/9"))
    with pytest.raises(InputError, match=r"nowake\.trade/9"):
        read_kept(folder)


def test_a_folder_has_one_venue_at_a_time(tmp_path: Path) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(InputError, match="no other venue serves"):
        alone(tmp_path, 0.1)
    os.close(held)
    alone(tmp_path, 0.0)
    with pytest.raises(InputError, match="no other venue serves"):
        alone(tmp_path, 0.0)


def test_one_trade_at_a_time_holds_the_market_days_of_a_journal(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    with held_market(journal), pytest.raises(InputError, match="is in use"), held_market(journal):
        pass
    assert list(tmp_path.iterdir()) == []
    with held_market(journal):
        write_kept(market_folder(journal) / "0001", Kept(DAY, ORDER))
    assert last_kept(journal) is not None


def test_market_days_that_no_order_names_are_removed_once_nobody_serves_them(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    days = [market_folder(journal) / f"{n:04}" for n in (1, 2, 3)]
    for n, day in enumerate(days[:2], 1):
        write_kept(day, Kept(DAY, replace(ORDER, client=f"trade-{n}")))
    (days[1] / "venue.log").write_text("a market")
    days[2].mkdir()  # cut off before it could say whose it is
    held = alone(days[1], 0.0)
    with pytest.raises(InputError, match="no other venue serves"):
        forget_unnamed(journal, {"trade-1"}, 0.1)
    os.close(held)
    forget_unnamed(journal, {"trade-1"}, 0.1)
    assert [day.exists() for day in days] == [True, False, False]
    forget_unnamed(journal, (), 0.1)
    assert not days[0].exists()


def test_a_venue_that_cannot_start_says_why(tmp_path: Path) -> None:
    write_kept(tmp_path, Kept(MarketDay("midcap", "0" * 16, 7, "calm", 60.0, "2026-01-16", 0), ORDER))
    with pytest.raises(MissingError, match="did not start: error: preset midcap"), VenueProcess(tmp_path, 0.0):
        pass


class Paced:
    """Sessions whose market is where it was told to run to."""

    def __init__(self) -> None:
        self.closed, self.now, self.told, self.done = False, 0, list[int](), False
        self.orders = self.data = self.copy = self

    def run(self, until: int) -> int:
        self.told.append(until)
        self.now = until
        return until

    def wait(self, _: float) -> bool:
        return False


def test_a_clock_that_follows_waits_where_it_would_be_too_fast_and_lets_go_of_what_it_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wall, slept = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        wall[0] += seconds

    monkeypatch.setattr(trade_clock, "time", SimpleNamespace(monotonic=lambda: wall[0], sleep=sleep))
    sessions: Any = Paced()
    clock = trade_clock.Clockwork(sessions, 500.0)
    news = np.zeros(0, EVENT)
    for _ in range(10):
        clock.attend(news, sessions.now)
    assert sessions.told == [k * SECOND for k in range(1, 11)]
    assert sum(slept) == pytest.approx(10 / 500)
    wall[0] += 5.0
    clock.attend(news, sessions.now)
    assert len(slept) == 10
    clock.attend(news, sessions.now)
    assert slept[10:] == [pytest.approx(1 / 500)]
    sessions.closed = True
    clock.attend(news, sessions.now)
    assert len(sessions.told) == 12
    clock.end()


def test_a_venue_that_tells_nothing_of_its_market_is_an_error() -> None:
    sessions: Any = Paced()
    sessions.data = SimpleNamespace(now=0, wait=lambda _: False)
    clock = trade_clock.Clockwork(sessions)
    with pytest.raises(MissingError, match="told nothing"):
        clock.attend(np.zeros(0, EVENT), 0)
    assert list(clock.files())
    clock.end()
