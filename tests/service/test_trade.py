"""A trade from the plan to the last fill: worked to its end, cut off in every way, and going on where it stood."""

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.core.errors import InputError, MissingError
from nowake.core.times import SECOND
from nowake.core.values import Side
from nowake.execution.decision_reader import DecisionLog
from nowake.features.vector import INDEX
from nowake.oms.conserve import differences
from nowake.oms.events import ParentNew, ParentSaid
from nowake.oms.journal.lease import FileLease
from nowake.oms.keeper import open_keeper
from nowake.oms.states import Act, State
from nowake.risk.kill_file import Held, write_pressed
from nowake.risk.policy import policy_text
from nowake.risk.switches import Level
from nowake.service import trade_files as files
from nowake.service.journal_tables import tables_of
from nowake.service.tape_reader import read_tape
from nowake.service.trade import trade
from nowake.service.trade_process import VenueProcess
from nowake.tca.study import analyse_tables

from .trade_world import At, apart, held, wanted


def check(found: dict[str, Any], journal: Path) -> None:
    """The result is what the journal says, and its shares are conserved."""
    assert found["conserved"]
    oms = held(journal)
    assert differences(oms) == []
    assert not oms.open
    assert oms.quarantined == 0
    parent = oms.parents[oms.clients[found["parent"]["client"]]]
    assert found["parent"]["filled"] == parent.filled == sum(row["filled"] for row in found["venues"])
    sent = found["parent"]["children"]
    assert sent + found["parent"]["requests_lapsed"] == len(parent.children)
    assert sent == sum(row["children"] for row in found["venues"])
    assert found["parent"]["fees"] == pytest.approx(parent.fee * 1e-9)
    assert sum(row["fees"] for row in found["venues"]) == pytest.approx(parent.fee * 1e-9)
    for row in found["venues"]:
        assert (row["toxicity"] is None) == (row["markouts"] is None)
        assert row["toxicity"] is None or row["toxicity"] * row["markouts"][2] <= 0


def test_two_orders_of_one_journal_are_worked_on_two_days_and_ids_and_words_never_repeat(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    first = trade(wanted(journal))
    check(first, journal)
    assert first["parent"]["completion"] == 1.0
    assert first["parent"]["fills"] >= 5
    assert abs(first["parent"]["avg_price"] / first["parent"]["arrival_price"] - 1) < 0.005
    last = files.look_into(journal)
    second = trade(wanted(journal, side=Side.SELL, strategy="pov", quantity=500))
    check(second, journal)
    assert (first["day"], second["day"]) == ("2026-01-15", "2026-01-16")
    assert first["parent"]["order_id"] != second["parent"]["order_id"]
    assert last is not None
    days = [files.read_kept(folder).market for folder in files.folders(journal)]
    assert [day.told for day in days] == [0, last.last]
    assert last.last > 0
    fills = [fill.id for known in held(journal).fills.values() for fill in known.values()]
    assert len(set(fills)) == len(fills)
    assert second["decisions"] == first["decisions"] == str(tmp_path / "j.decisions")
    assert {"j.decisions", "j.tape", "j.venues", "kill.json"} <= {path.name for path in tmp_path.iterdir()}
    last_slice = DecisionLog(tmp_path / "j.decisions").decisions()[-1]  # after a minute and more: it came cold
    ready = last_slice["ready"].astype(bool)
    for name in ("imbalance_depth", "ofi_deep_8s", "pace_day", "pace_recent", "dark_up"):
        assert ready[INDEX[name]], name
    assert not ready[INDEX["volatility_relative"]]


def test_a_market_that_follows_its_trader_gives_the_same_trade_again(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        found.append(trade(wanted(tmp_path / name / "j.db", horizon=60.0, quantity=500)))
    first, second = ({name: one[name] for name in ("parent", "venues", "events")} for one in found)
    assert first == second
    assert first["parent"]["fills"] > 3


def test_after_an_order_its_market_is_kept_nothing_is_sent_and_the_analysis_has_every_row(tmp_path: Path) -> None:
    journal, over = tmp_path / "j.db", list[int]()

    class Over:
        def __init__(self, trader: Any) -> None:
            self.trader = trader

        def files(self) -> tuple[int, ...]:
            return ()

        def attend(self, *_: object) -> None:
            if self.trader.done:
                over.append(self.trader.keeper.oms.sequence)

        def end(self) -> None:
            pass

    found = trade(wanted(journal, horizon=60.0, quantity=500, after=1800.0), lambda trader, _: [Over(trader)])
    check(found, journal)
    assert len(over) > 1000
    assert set(over) == {found["events"]}
    (row,) = analyse_tables(tables_of(journal)).rows
    for name in ("reversion_5m_bps", "reversion_30m_bps", "permanent_bps", "temporary_bps", "markout_300s_bps",
                 "pwp5_slippage_bps", "pwp20_slippage_bps", "estimate_z"):  # fmt: skip
        assert row.values[name] is not None, name
    assert np.isfinite(row.facts["markout"]).all()
    assert row.values["day_vwap_slippage_bps"] != row.values["vwap_slippage_bps"]
    assert row.values["vwap_slippage_bps"] == pytest.approx(found["parent"]["vwap_slippage_bps"])
    assert row.values["shortfall_bps"] == pytest.approx(found["parent"]["shortfall_bps"])
    assert row.values["impact_bps"] > 0
    assert row.exact.adds_up
    assert row.parent.desk == "program"


def test_an_interruption_while_the_market_is_kept_loses_nothing(tmp_path: Path) -> None:
    journal, told = tmp_path / "j.db", list[int]()

    class Stop(At):
        def attend(self, *_: object) -> None:
            if self.trader.done and not told:
                told.append(self.trader.now())
                signal.raise_signal(signal.SIGINT)

    more: dict[str, Any] = {"horizon": 60.0, "quantity": 500, "after": 6 * 3600.0}
    found = trade(wanted(journal, **more), lambda trader, _: [Stop(trader, 0, None)])
    check(found, journal)
    assert found["parent"]["completion"] == 1.0
    tape = read_tape(journal.with_suffix(".tape"))
    assert told[0] <= tape.quotes["time"][-1] + 2 * SECOND < told[0] + 60 * SECOND


def test_a_venue_that_dies_while_the_market_is_kept_takes_nothing_of_the_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, venues, said = tmp_path / "j.db", list[VenueProcess](), list[str]()
    begin = VenueProcess.__enter__
    monkeypatch.setattr(VenueProcess, "__enter__", lambda self: venues.append(self) or begin(self))

    class Kill(At):
        def attend(self, *_: object) -> None:
            if self.trader.done:
                venues[0].process.kill()

    more: dict[str, Any] = {"horizon": 60.0, "quantity": 500, "after": 1800.0}
    check(trade(wanted(journal, **more), lambda trader, _: [Kill(trader, 0, None)], said.append), journal)
    assert "the order is over, the tape ends before the time asked" in said[-1]


def test_a_killed_trade_takes_its_venue_with_it_and_the_same_order_goes_on_where_it_stood(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    done = apart(journal, 2_000, 600.0, 60.0, 300, "os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -signal.SIGKILL, done.stderr
    left = files.unfinished(held(journal))
    assert [parent.filled < 2_000 for parent in left] == [True]
    folder, kept = files.last_kept(journal) or pytest.fail("nothing kept")
    before = files.read_seen(folder)
    told: list[str] = []
    found = trade(wanted(journal, quantity=2_000, horizon=600.0, speed=0.0), tell=told.append)
    check(found, journal)
    assert told[0].startswith("goes on with order 1-1-1: buy 2,000 MIDC")
    assert found["parent"]["client"] == kept.order.client == "trade-1"
    assert found["parent"]["filled"] == 2_000
    assert len(files.folders(journal)) == 1
    after = files.read_seen(folder)
    assert after.arrival2 == before.arrival2 > 0
    assert after.volume > before.volume > 0


def test_an_interruption_withdraws_everything_and_closes_the_journal(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    done = apart(journal, 2_000, 600.0, 60.0, 100, "os.kill(os.getpid(), signal.SIGINT)")
    assert done.returncode == 130, done.stderr
    assert "everything withdrawn" in done.stdout
    oms = held(journal)
    assert not oms.open
    assert differences(oms) == []
    (left,) = files.unfinished(oms)
    assert 100 <= left.filled < 2_000
    FileLease(journal).release()  # nobody holds it


@pytest.mark.parametrize("filled", [None, 100])
def test_a_trade_that_fails_withdraws_what_it_has_sent_and_closes_its_journal(tmp_path: Path, filled: Any) -> None:
    journal = tmp_path / "j.db"

    def fail() -> None:
        raise RuntimeError("no terminal")

    def staff(trader: Any, _: Any) -> list[At]:
        if filled is None:
            fail()
        return [At(trader, filled, fail)]

    with pytest.raises(RuntimeError, match="no terminal"):
        trade(wanted(journal), staff)
    oms = held(journal)
    assert not oms.open
    (left,) = files.unfinished(oms)
    assert left.filled >= (filled or 0)
    FileLease(journal).release()


def test_a_dead_venue_ends_a_trade_with_a_clear_error_and_its_order_can_be_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, venues = tmp_path / "j.db", list[VenueProcess]()
    begin = VenueProcess.__enter__

    def enter(self: VenueProcess) -> VenueProcess:
        venues.append(self)
        return begin(self)

    monkeypatch.setattr(VenueProcess, "__enter__", enter)
    with pytest.raises(MissingError, match=r"ended by signal 9.*the same command again"):
        trade(wanted(journal), lambda trader, _: [At(trader, 100, lambda: venues[0].process.kill())])
    with pytest.raises(InputError, match="an order that is not over: order 1-1-1: buy 1,000 MIDC") as refused:
        trade(wanted(journal, quantity=700))
    assert "--unfinished resume" in (refused.value.hint or "")
    found = trade(wanted(journal, quantity=200, horizon=60.0, unfinished="cancel"))
    check(found, journal)
    oms = held(journal)
    states = [State(parent.state) for parent in oms.parents.values()]
    assert states == [State.CANCELED, State.FILLED]
    with pytest.raises(InputError, match="--unfinished resume"):
        trade(wanted(journal, unfinished="resume"))


def test_an_order_whose_venue_cannot_be_started_again_is_left_alone(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    keeper = open_keeper(journal, 1)
    number = keeper.ids.next()
    keeper.enter(ParentNew(1, number, "fund", "MIDC", 1, 1_000, 0, 10**18, client="elsewhere"))
    keeper.record(ParentSaid(1, number, Act.ACKED))
    keeper.close()
    before = journal.read_bytes()
    for how in ("ask", "resume", "cancel"):
        with pytest.raises(InputError, match="its venue cannot be started again: order 1-1-1: buy 1,000 MIDC"):
            trade(wanted(journal, unfinished=how))
    assert journal.read_bytes() == before


def test_a_journal_at_which_another_trader_works_is_refused(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    keeper = open_keeper(journal, 1)
    with pytest.raises(InputError, match="in use"):
        trade(wanted(journal))
    keeper.close()
    assert files.folders(journal) == []


def test_a_damaged_journal_is_refused_with_the_way_out(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    keeper = open_keeper(journal, 1)
    for _ in range(50):
        keeper.ids.next()
    keeper.close()
    data = bytearray(journal.read_bytes())
    at = data.rindex(b"Started")
    data[at : at + 7] = b"Startex"
    journal.write_bytes(bytes(data))
    with pytest.raises(InputError, match="event 1") as refused:
        trade(wanted(journal))
    assert "nowake oms recover" in (refused.value.hint or "")


def test_under_a_pressed_kill_switch_time_does_not_fly(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    write_pressed(tmp_path / "kill.json", [Held("firm", "", Level.CANCEL_ALL, ("ann",), 1, "a test")])
    with pytest.raises(InputError, match="is pressed: firm by ann: a test"):
        trade(wanted(journal))
    write_pressed(tmp_path / "kill.json", [Held("symbol", "OTHER", Level.CANCEL_ALL, ("ann",), 1, "a test")])
    with pytest.raises(InputError, match=r"at most 5\.983h"):
        trade(wanted(journal, horizon=8 * 3600.0))
    venues = ("ALPHA", "BETA", "GAMMA", "OPAL", "ONYX", "NORTH", "SOUTH", "WEST")
    for one in (("strategy", "twap"), ("strategy", "schedule"), ("order", "trade-1"), ("desk", "program")):
        write_pressed(tmp_path / "kill.json", [Held(*one, Level.PAUSE, ("ann",), 1, "a test")])
        with pytest.raises(InputError, match=f"is pressed: {' '.join(one)} by ann"):
            trade(wanted(journal))
    for count in (7, 8):  # of venues: only all of them stop an order
        held = [Held("venue", name, Level.PAUSE, ("ann",), 1, "a test") for name in venues[:count]]
        write_pressed(tmp_path / "kill.json", [*held, Held("strategy", "ac", Level.PAUSE, ("ann",), 1, "a test")])
        with pytest.raises(InputError, match="at most 5" if count == 7 else "venue ALPHA by ann: a test; venue BETA"):
            trade(wanted(journal, horizon=8 * 3600.0 if count == 7 else 120.0))
    (tmp_path / "kill.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read, which stops everything"):
        trade(wanted(journal))
    assert not journal.exists()
    assert files.folders(journal) == []


def test_an_order_that_can_never_fill_is_refused_with_the_limit_that_binds(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"max_participation of firm lets [\d,]+ of 500,000 shares of MIDC fill"):
        trade(wanted(tmp_path / "j.db", quantity=500_000, horizon=3600.0))
    with pytest.raises(InputError, match="max_participation of the execution policy"):
        trade(wanted(tmp_path / "j.db", strategy="pov", participation=0.5))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[strategy.manual]", '[strategy.twap]\nsides = ["sell"]\n\n[strategy.manual]', "sides of strategy.twap lets"),
        ("[symbol.SMLC]", '[order.trade-1]\nsides = ["sell"]\n\n[symbol.SMLC]', "sides of order.trade-1 lets 0"),
        ('phases = ["auction", "continuous"]', 'phases = ["auction"]', "phases of firm lets 0"),
        ('order_types = ["limit", "market", "ioc", "post_only", "mid_peg", "on_close", "quote"]',
         'order_types = ["limit"]', "order_types of firm lets 0"),
        ('currency = "USD"', 'currency = "EUR"', "MIDC trades in another currency"),
        ("restricted = []", 'restricted = ["midc"]', "a symbol in other capitals"),
    ],
)  # fmt: skip
def test_what_a_policy_forbids_is_told_before_market_and_trader_start(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    policy, told = tmp_path / "p.toml", list[str]()
    policy.write_text(policy_text("default").replace(old, new, 1))
    with pytest.raises(InputError, match=why):
        trade(wanted(tmp_path / "j.db", policy=str(policy)), tell=told.append)
    assert (told, list(tmp_path.iterdir())) == ([], [policy])
