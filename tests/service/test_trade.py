"""A trade from the plan to the last fill: worked to its end, cut off in every way, and going on where it stood."""

import signal
from pathlib import Path
from typing import Any

import pytest

from nowake.core.errors import InputError, MissingError
from nowake.core.values import Side
from nowake.oms.conserve import differences
from nowake.oms.events import ParentNew, ParentSaid
from nowake.oms.journal.lease import FileLease
from nowake.oms.keeper import open_keeper
from nowake.oms.states import Act, State
from nowake.risk.kill_file import Held, write_pressed
from nowake.risk.switches import Level
from nowake.service import trade_files as files
from nowake.service.trade import trade
from nowake.service.trade_process import VenueProcess

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
    assert found["parent"]["children"] == len(parent.children) == sum(row["children"] for row in found["venues"])
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


def test_a_market_that_follows_its_trader_gives_the_same_trade_again(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        found.append(trade(wanted(tmp_path / name / "j.db", horizon=60.0, quantity=500)))
    first, second = ({name: one[name] for name in ("parent", "venues", "events")} for one in found)
    assert first == second
    assert first["parent"]["fills"] > 3


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
