"""From a journal to the tables of analysis: every share and fee, what is missing said, what is damaged refused."""

import shutil
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.core.board import PlaceKind
from nowake.core.errors import DataError, InputError
from nowake.core.records import QUOTE_PATH
from nowake.core.times import SECOND
from nowake.core.values import Side
from nowake.oms.errors import DamagedError
from nowake.oms.events import ChildAdopted, ChildNew, Control, Expected, ParentNew, ParentSaid, VenueSaid, decode
from nowake.oms.identifiers import text
from nowake.oms.journal.protocol import open_journal
from nowake.oms.keeper import Keeper, open_keeper
from nowake.oms.states import Act
from nowake.service.journal_tables import beside, read_journal, tables_of
from nowake.service.journal_tables_read import account_of
from nowake.service.tape_file import TALK, TAPE_PRINT, BlockKind, Header, Said, TapeWriter
from nowake.service.trader import Work
from nowake.tca.command import asked_for, compute_tca, shown
from nowake.tca.study import analyse_tables
from nowake.tca.tables import Estimate, Liquidity

from .journal_world import Served, pass_time, trade, traded

NOON = 1_768_496_400 * SECOND  # 12:00 in New York, 15 January 2026
PLACES = (("ALPHA", "lit"), ("OPAL", "dark"), ("NORTH", "dealer"), ("WEST", "dealer"))


@dataclass
class Made:
    """A journal written by hand, and a tape with a quote a second: 99.98 bid, 100.00 + offer."""

    folder: Path
    number: int = 0
    keeper: Keeper = field(init=False)

    def __post_init__(self) -> None:
        self.keeper = open_keeper(self.folder / "journal.db", 3, block=64, clock=lambda: NOON)

    def parent(self, quantity: int = 1_000, *, start: int = 0, end: int = 100, side: int = 1, **more: Any) -> int:
        number = self.keeper.ids.next()
        terms = {"algo": "twap", "tick_size": "0.01", "client": f"c{number}", **more}
        self.keeper.enter(
            ParentNew(NOON, number, "fund", "MIDC", side, quantity, NOON + start * SECOND, NOON + end * SECOND, **terms)
        )
        self.keeper.record(ParentSaid(NOON, number, Act.ACKED))
        return number

    def child(self, parent: int, quantity: int, at: float, venue: str = "ALPHA", kind: int = 1) -> int:
        number = self.keeper.ids.next(parent)
        when = NOON + round(at * SECOND)
        self.keeper.place(ChildNew(when, number, parent, venue, 1, quantity, 10_002, kind))
        return number

    def say(self, act: Act, child: int, at: float, quantity: int = 0, price2: int = 0, **more: Any) -> str:
        self.number += 1
        when = NOON + round(at * SECOND)
        terms = {"fill": str(self.number), "heard": when, **more}
        self.keeper.record(VenueSaid(when + 1_000, child, act, quantity, price2, **terms))
        return str(terms["fill"])

    def done(self, *, tape: bool = True, talk: np.ndarray | None = None) -> Path:
        """Close the journal, and write the tape."""
        self.keeper.close()
        if tape:
            quotes = np.zeros(120, QUOTE_PATH)
            quotes["time"] = NOON + np.arange(120) * SECOND
            quotes["bid"], quotes["ask"] = 9_998, 10_000 + 2 * (np.arange(120) // 10)
            quotes["bid_size"] = quotes["ask_size"] = 100
            writer = TapeWriter(self.folder / "journal.tape", Header("MIDC", "0.01", "America/New_York", PLACES, NOON))
            writer.put(BlockKind.QUOTES, quotes)
            writer.put(BlockKind.PRINTS, self.prints())
            if talk is not None:
                writer.put(BlockKind.TALK, talk)
            writer.close()
        return self.folder / "journal.db"

    def prints(self) -> np.ndarray:
        rows = np.zeros(4, TAPE_PRINT)
        rows["time"] = NOON + np.array([5, 20, 20, 30]) * SECOND
        rows["price2"], rows["quantity"] = 20_004, [50, 60, 60, 70]
        return rows


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


# a real journal


def test_the_sums_of_the_tables_are_those_of_the_journal() -> None:
    found = read_journal(traded().journal)
    tables, oms = found.tables, found.account.oms
    assert found.conserved
    assert len(tables.parents) == 3
    for row, kept in zip(tables.parents, oms.parents.values(), strict=True):
        mine = [k for k, child in enumerate(tables.children) if child.parent_id == row.order_id]
        fills = tables.fills[np.isin(tables.fills["child"], mine)]
        assert int(fills["quantity"].sum()) == kept.filled == sum(tables.children[k].filled for k in mine)
        assert int((fills["quantity"] * fills["price2"]).sum()) == kept.money2
        assert fills["fee"].sum() == pytest.approx(kept.fee * 1e-9, abs=1e-9)
    assert {child.kind for child in tables.children} == {PlaceKind.LIT, PlaceKind.DARK, PlaceKind.DEALER}
    assert len({seq for row in tables.fills["seq"] for seq in [int(row)]}) == len(tables.fills)


def test_the_shortfall_is_that_of_plain_arithmetic_on_the_journal() -> None:
    journal = traded().journal
    done = compute_tca(tables_of(journal), asked_for())
    tape = read_journal(journal).market.tape
    assert tape is not None
    mids = [(int(q["time"]), int(q["bid"] + q["ask"])) for q in tape.quotes if q["bid"] > 0 and q["ask"] > 0]
    parents: dict[int, dict[str, Any]] = {}
    reader, of = open_journal(journal), {}
    for record in reader.replay():
        event = decode(record.payload)
        if isinstance(event, ParentNew):
            parents[event.id] = {"new": event, "bought": 0, "paid2": 0, "fee": 0.0}
        elif isinstance(event, (ChildNew, ChildAdopted)):
            of[event.id] = event.parent
        elif isinstance(event, VenueSaid) and event.act == Act.FILL_PART:
            one = parents[of[event.order]]
            one["bought"] += event.quantity
            one["paid2"] += event.quantity * event.price2
            one["fee"] += event.fee / 1e9
    reader.close()
    for number, row in parents.items():
        new, tick = row["new"], 0.01
        decided = next((m for t, m in reversed(mids) if t <= new.time), mids[0][1])
        end = next(m for t, m in reversed(mids) if t <= new.end)
        left = new.quantity - row["bought"]
        paper_less_real = new.side * (row["paid2"] + left * end - new.quantity * decided) * tick / 2 + row["fee"]
        expected = paper_less_real / (new.quantity * decided * tick / 2) * 1e4
        got = next(one for one in done.body["orders"] if one["order_id"] == text(number))
        assert got["numbers"]["shortfall_bps"] == pytest.approx(expected, abs=1e-9)
        assert got["filled"] == row["bought"]
    assert done.body["adds_up"]


def test_every_share_of_ours_is_ours_among_the_prints_and_every_fill_has_its_mid() -> None:
    found = read_journal(traded().journal)
    (tape,) = found.tables.tapes.values()
    assert int(tape.prints["own"].sum()) == int(found.tables.fills["quantity"].sum())
    assert (tape.prints["own"] <= tape.prints["quantity"]).all()
    done = compute_tca(found.tables)
    assert [(row["unprinted"], row["fills_without_mid"]) for row in done.body["orders"]] == [(0, 0)] * 3
    assert (found.tables.fills["estimated"] == 1).all()


def test_requests_for_quotes_have_a_line_per_dealer_with_quote_hold_and_answer() -> None:
    tables = tables_of(traded().journal)
    lines = [child for child in tables.children if child.rfq_id]
    assert len({line.rfq_id for line in lines}) * 3 == len(lines) >= 9
    won = [line for line in lines if line.filled]
    assert won
    for line in won:
        assert line.accepted
        fills = tables.fills[tables.fills["child"] == tables.children.index(line)]
        assert set(fills["price2"].tolist()) == {line.quoted2}
        assert line.held is not None
        assert line.held > 0
    assert {line.accepted for line in lines if line.rejected} <= {True}
    dealers = compute_tca(tables, asked_for("dealer")).body["dealers"]
    assert sum(row["accepted"] for row in dealers) == sum(line.accepted for line in lines)
    assert all(row["answered"] for row in dealers)


def test_the_schedule_is_what_the_slices_wanted() -> None:
    found = read_journal(traded().journal)
    path = found.tables.parents[0].schedule
    assert path is not None
    assert path.times[0] == pytest.approx(found.tables.parents[0].start, abs=SECOND)
    assert found.market.log is not None
    slices = [one["slice"] for one in found.market.log.decisions(next(iter(found.account.oms.parents)))]
    assert path.target[::2].tolist() == [float(s["filled_before"]) for s in slices]
    assert path.target[-1] == float(slices[-1]["filled_before"] + slices[-1]["quota"])
    assert (path.target <= found.tables.parents[0].quantity).all()
    assert found.tables.parents[0].model == "ScriptedPolicy"
    numbers = compute_tca(found.tables).body["orders"][0]["numbers"]
    assert 0 < numbers["schedule_deviation_mean_pct"] < 20


def test_without_a_tape_the_log_gives_prices_and_the_rest_is_missing_with_words(tmp_path: Path) -> None:
    whole, journal = read_journal(traded().journal), traded().copy(tmp_path)
    journal.with_suffix(".tape").unlink()
    found = read_journal(journal)
    assert found.notes[0].startswith("no tape: mids at fills, VWAP")
    assert found.conserved
    assert found.tables.tapes == {}
    for row, full in zip(found.tables.parents, whole.tables.parents, strict=True):
        assert abs(row.arrival2 - full.arrival2) <= 4
    one = compute_tca(found.tables).body["orders"][0]
    assert one["fills_without_mid"] == one["fills"]
    assert {one["numbers"][name] for name in ("vwap_slippage_bps", "participation", "markout_1s_bps")} == {None}
    with_name = read_journal(journal, tape=traded().journal.with_suffix(".tape"))
    assert with_name.tables.parents == whole.tables.parents


def test_without_a_log_there_is_no_schedule_and_nothing_else_lacks(tmp_path: Path) -> None:
    journal = traded().copy(tmp_path)
    journal.with_suffix(".decisions").unlink()
    found = read_journal(journal)
    assert "no decision log: the schedule is not known" in found.notes
    assert [parent.schedule for parent in found.tables.parents] == [None] * 3
    assert (found.tables.fills == tables_of(traded().journal).fills).all()


def test_without_both_nothing_can_be_said_and_that_is_said(tmp_path: Path) -> None:
    journal = traded().copy(tmp_path)
    for suffix in (".decisions", ".tape"):
        journal.with_suffix(suffix).unlink()
    assert beside(journal, ".tape") is None
    with pytest.raises(InputError, match="no market of MIDC is known"):
        read_journal(journal)
    assert beside("postgresql://u@h/d", ".tape") is None


def test_a_damaged_journal_is_refused_with_the_event_and_never_written(tmp_path: Path) -> None:
    journal = traded().copy(tmp_path)
    with sqlite3.connect(journal) as db:
        db.execute("UPDATE event SET payload = X'00' WHERE sequence = 200")
    before = journal.read_bytes()
    with pytest.raises(DamagedError) as told:
        read_journal(journal)
    assert told.value.sequence == 200
    assert journal.read_bytes() == before
    with sqlite3.connect(journal) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="99"):
        read_journal(journal)


def test_a_damaged_tape_or_log_is_refused_with_its_place(tmp_path: Path) -> None:
    for suffix in (".tape", ".decisions"):
        journal = traded().copy(tmp_path / suffix[1:])
        data = bytearray(journal.with_suffix(suffix).read_bytes())
        data[len(data) // 2] ^= 255
        journal.with_suffix(suffix).write_bytes(data)
        with pytest.raises(DataError):
            read_journal(journal)


def test_a_torn_end_is_said_and_the_rest_read(tmp_path: Path) -> None:
    journal = traded().copy(tmp_path)
    for suffix in (".tape", ".decisions"):
        path = journal.with_suffix(suffix)
        path.write_bytes(path.read_bytes()[:-7])
    notes = " ".join(read_journal(journal).notes)
    assert "the tape's last" in notes
    assert "the decision log's last" in notes


def test_a_trader_that_stops_and_comes_back_has_one_tape_with_a_gap_and_nothing_lost(tmp_path: Path) -> None:
    work = (Work("first", Side.BUY, 3_000, 0.0, 120.0),)
    served = Served(tmp_path)
    try:
        trade(tmp_path, 40.0, work)
        pass_time(tmp_path, 15.0)
        trade(tmp_path, 100.0, work)
    finally:
        served.close()
    found = read_journal(tmp_path / "journal.db")
    tape, (row,) = found.market.tape, found.tables.parents
    assert tape is not None
    assert len(tape.sessions) == 2
    (gap,) = tape.gaps
    assert 15 * SECOND <= gap[1] - gap[0] < 20 * SECOND
    assert any("gap of 1" in note for note in found.notes)
    assert found.conserved
    assert sum(child.filled for child in found.tables.children) == 3_000 == row.quantity
    (day,) = found.tables.tapes.values()
    assert int(day.prints["own"].sum()) == 3_000
    assert compute_tca(found.tables).body["adds_up"]
    assert found.account.oms.epoch == 2


# journals written by hand


def test_busted_fills_are_left_out_and_corrected_ones_have_their_last_terms(made: Made) -> None:
    parent = made.parent()
    child = made.child(parent, 600, 4)
    made.say(Act.ACKED, child, 4.1)
    kept = made.say(Act.FILL_PART, child, 5, 100, 20_004, fee=300_000_000)
    taken = made.say(Act.FILL_PART, child, 20, 200, 20_006, fee=600_000_000)
    other = made.say(Act.FILL_PART, child, 30, 50, 20_008, fee=-100_000_000, maker=True)
    made.say(Act.BUSTED, child, 31, 200, 20_006, fill=taken)
    made.say(Act.CORRECTED, child, 32, 40, 20_002, fill=other, fee=-80_000_000, maker=True)
    found = read_journal(made.done())
    fills = found.tables.fills
    assert found.conserved
    assert fills["quantity"].tolist() == [100, 40]
    assert fills["price2"].tolist() == [20_004, 20_002]
    assert fills["fee"].tolist() == pytest.approx([0.3, -0.08])
    assert fills["liquidity"].tolist() == [Liquidity.TAKER, Liquidity.MAKER]
    assert fills["mid2"].tolist() == [19_998, 20_002]
    account = found.account
    assert [account.fill_seq["ALPHA", one] for one in (kept, other)] == fills["seq"].tolist()
    assert found.tables.children[0].filled == 140


def test_what_the_tape_does_not_show_as_ours_is_found_by_venue_time_and_price(made: Made) -> None:
    parent = made.parent()
    child = made.child(parent, 600, 4)
    made.say(Act.FILL_PART, child, 5, 30, 20_004)
    made.say(Act.FILL_PART, child, 20, 100, 20_004)
    made.say(Act.FILL_PART, child, 30, 10, 20_006)  # another price than the print
    (tape,) = tables_of(made.done()).tapes.values()
    assert tape.prints["own"].tolist() == [30, 60, 40, 0]


def test_a_request_that_only_the_journal_knows_has_the_line_of_who_filled_it(made: Made) -> None:
    parent = made.parent()
    for at, venue in ((5, "NORTH"), (8, "WEST")):
        child = made.child(parent, 100, at, venue, kind=7)
        if venue == "NORTH":
            made.say(Act.FILL_REST, child, at + 0.1, 100, 20_003, venue="NORTH")
        else:
            made.say(Act.EXPIRED, child, at + 1)
    found = read_journal(made.done())
    won, lost = found.tables.children
    assert (won.venue, won.accepted, won.quoted2, won.filled, won.held) == ("NORTH", True, 20_003, 100, None)
    assert (lost.venue, lost.accepted, lost.quoted2, lost.offered) == ("WEST", False, None, 0)
    assert any("2 requests" in note for note in found.notes)
    assert compute_tca(found.tables, asked_for("dealer")).body["dealers"]


def test_last_look_is_counted_from_acceptance_and_a_rejection_is_the_one_after_it(made: Made) -> None:
    parent = made.parent()
    child = made.child(parent, 100, 5, "NORTH", kind=7)
    made.say(Act.EXPIRED, child, 9)
    steps = [
        (5.0, 2, Said.ASKED, 0), (5.0, 3, Said.ASKED, 0), (5.1, 2, Said.QUOTED, 20_003), (5.2, 3, Said.QUOTED, 20_005),
        (6.0, 2, Said.ACCEPTED, 20_003), (6.05, 2, Said.REJECTED, 0),
    ]  # fmt: skip
    talk = np.zeros(len(steps), TALK)
    for row, (at, venue, said, price2) in zip(talk, steps, strict=True):
        row["time"], row["venue"], row["said"], row["price2"] = NOON + round(at * SECOND), venue, int(said), price2
        row["order_id"], row["quote"], row["quantity"] = child, 5 + venue, 100
    north, west = tables_of(made.done(talk=talk)).children
    assert (north.venue, north.accepted, north.rejected, north.quoted2) == ("NORTH", True, True, 20_003)
    assert (north.held, north.answered) == (50_000_000, NOON + round(6.05 * SECOND))
    assert (west.accepted, west.rejected, west.quoted2, west.held) == (False, False, 20_005, None)


def test_rejected_adopted_and_overfilled_children_are_told_apart(made: Made) -> None:
    parent = made.parent(end=50)
    refused = made.child(parent, 100, 5)
    made.say(Act.REJECTED, refused, 5.2, fill="")
    found_after = made.keeper.ids.next(parent)
    made.keeper.record(ChildAdopted(NOON + 40 * SECOND, found_after, parent, "ALPHA", 1, 50))
    made.say(Act.FILL_REST, found_after, 30, 50, 20_004)
    over = made.child(parent, 60, 41)
    made.say(Act.OVERFILL, over, 42, 70, 20_004)
    found = read_journal(made.done())
    by_name = {child.child_id: child for child in found.tables.children}
    assert by_name[text(refused)].rejected
    assert by_name[text(refused)].answered == NOON + round(5.2 * SECOND) + 1_000
    assert by_name[text(found_after)].sent == NOON + 30 * SECOND
    assert (by_name[text(over)].quantity, by_name[text(over)].filled) == (70, 70)
    notes = " ".join(found.notes)
    assert "found at its venue after a crash" in notes
    assert "10 shares more than it had" in notes
    assert compute_tca(found.tables).body["adds_up"]


def test_an_order_is_over_when_it_is_closed_and_valued_then(made: Made) -> None:
    closed, open_, late = made.parent(end=100), made.parent(end=1_000), made.parent(start=500, end=600)
    made.keeper.record(ParentSaid(NOON + 50 * SECOND, closed, Act.CANCELED))
    found = read_journal(made.done())
    first, second = found.tables.parents
    assert (first.order_id, first.end, first.end2) == (text(closed), NOON + 50 * SECOND, 20_008)
    assert (second.order_id, second.end) == (text(open_), NOON + 119 * SECOND)
    notes = " ".join(found.notes)
    assert f"{text(open_)} is still open" in notes
    assert f"{text(late)} is left out: it had not begun" in notes


def test_what_was_changed_by_hand_counts_and_is_said(made: Made) -> None:
    parent = made.parent(end=50, limit=10_010)
    name = text(parent)
    for what, value in (("end", str(NOON + 90 * SECOND)), ("strategy", "pov 10%"), ("limit", "100.02"), ("pause", "")):
        made.keeper.record(Control(NOON + 5 * SECOND, "ann", "why not", what, name, value))
    made.keeper.record(Control(NOON + 6 * SECOND, "ann", "too late", "refused end", name, str(NOON + 10 * SECOND)))
    made.keeper.record(Control(NOON + 7 * SECOND, "ladder", "stale", "rung", "POV", ""))
    made.keeper.record(ParentSaid(NOON + 95 * SECOND, parent, Act.EXPIRED))
    other = made.parent(end=50, limit=10_010)
    made.keeper.record(ParentSaid(NOON + 60 * SECOND, other, Act.EXPIRED))
    found = read_journal(made.done())
    first, second = found.tables.parents
    assert (first.end, first.algo, first.limit) == (NOON + 90 * SECOND, "twap, then pov", None)
    assert (second.end, second.algo, second.limit) == (NOON + 50 * SECOND, "twap", 10_010)
    assert f"{name} was changed by hand: end, strategy, limit, pause" in found.notes
    assert len(first.seqs) == len(second.seqs) + 4


EXPECTED = Expected(20.0, -30.0, 20.0, 70.0, 0.02, 2_000_000.0, 300_000_000.0, 0.01)


def worked(made: Made, count: int, **more: Any) -> list[int]:
    """Enter orders of 100 shares that take 40 at 10 s and 60 at 70 s at the offer."""
    parents = [made.parent(100, end=100, desk="program", **more) for _ in range(count)]
    for parent in parents:
        for at, quantity in ((10, 40), (70, 60)):
            child = made.child(parent, quantity, at)
            made.say(Act.FILL_PART, child, at + 0.5, quantity, 2 * (10_002 + 2 * (at // 10)))
    return parents


def test_own_impact_is_a_models_where_the_market_was_described_and_everything_adds_up(made: Made) -> None:
    worked(made, 1, expected=EXPECTED)
    worked(made, 1)
    found = read_journal(made.done())
    study = analyse_tables(found.tables)
    told, blind = study.rows
    assert study.adds_up
    assert (told.parent.desk, told.parent.estimate) == ("program", Estimate(20.0, -30.0, 20.0, 70.0))
    assert blind.values["impact_bps"] == 0
    assert told.values["impact_bps"] + told.values["timing_bps"] == pytest.approx(blind.values["timing_bps"])
    assert told.exact.spread == blind.exact.spread
    assert told.exact.total == blind.exact.total
    fills = found.tables.fills[found.tables.fills["estimated"] == 1]
    assert len(fills) == 4
    lasting = 0.314 * 0.02 * 40 / 2e6 * 150**0.25
    recent = 40 * np.exp(-60 / 600) / (2e6 * 600 * 0.01 / 100)
    part = lasting + 0.142 * 0.02 * recent**0.6
    late = fills[(fills["time"] > NOON + 60 * SECOND) & (fills["untouched2"] != fills["mid2"])]
    assert late["untouched2"].tolist() == pytest.approx((late["mid2"] * (1 - part)).tolist())
    notes = " ".join(found.notes)
    assert "own impact is a model's (Almgren et al. 2005, estimated), timing is the rest" in notes
    assert f"{blind.parent.order_id}: nobody knows" in notes


def test_what_the_tape_holds_of_a_day_is_said(made: Made) -> None:
    made.parent()
    (note,) = [note for note in read_journal(made.done()).notes if note.startswith("the tape of")]
    assert note == "the tape of 2026-01-15 is from 12:00:00 to 12:01:59: VWAP of the day and close are of that"


def test_a_seller_has_pushed_the_price_down(made: Made) -> None:
    number = made.parent(100, side=-1, expected=EXPECTED)
    for at in (10, 70):
        child = made.keeper.ids.next(number)
        made.keeper.place(ChildNew(NOON + at * SECOND, child, number, "ALPHA", -1, 50, 9_998, 1))
        made.say(Act.FILL_PART, child, at + 0.5, 50, 2 * 9_998)
    (row,) = (study := analyse_tables(tables_of(made.done()))).rows
    assert row.values["impact_bps"] > 0
    assert study.tables.fills["untouched2"][1] > study.tables.fills["mid2"][1]


@pytest.mark.parametrize("count", [19, 20])
def test_estimates_are_judged_from_the_least_number_of_orders_on(made: Made, count: int) -> None:
    worked(made, count, expected=EXPECTED)
    worked(made, 3)
    done = compute_tca(tables_of(made.done()), asked_for("desk"))
    found = done.body["calibration"]
    assert found["n"] == count
    zs = [order["numbers"]["estimate_z"] for order in done.body["orders"]]
    assert sum(z is not None for z in zs) == count
    assert [group["name"] for group in done.body["groups"]] == ["program"]
    said = " ".join(str(item.value) for row in shown(done)["calibration"].rows for item in row)
    if count < 20:
        assert (found["verdict"], found["mean_z"], found["coverage"], found["p"]) == ("too few", None, None, None)
        assert "too few: 20 orders with an estimate are needed" in said
    else:
        assert found["verdict"] != "too few"
        assert found["mean_z"] == pytest.approx(np.mean([z for z in zs if z is not None]))
        assert found["verdict"] in said


def test_an_estimate_of_another_quantity_is_none(made: Made) -> None:
    number = made.parent(100, expected=EXPECTED)
    made.keeper.record(ParentSaid(NOON + SECOND, number, Act.REPLACE_ASKED, 200))
    made.keeper.record(ParentSaid(NOON + SECOND, number, Act.REPLACED))
    (row,) = tables_of(made.done()).parents
    assert (row.quantity, row.estimate) == (200, None)


def test_a_venue_that_nobody_names_is_refused_with_the_nearest(made: Made) -> None:
    made.child(made.parent(), 100, 5, "ALPHB")
    with pytest.raises(InputError, match="ALPHB") as told:
        read_journal(made.done())
    assert told.value.hint == "did you mean 'ALPHA'?"


def test_a_decision_before_the_market_was_heard_counts_as_at_the_start(made: Made, tmp_path: Path) -> None:
    number = made.keeper.ids.next()
    early = ParentNew(NOON - 500 * SECOND, number, "fund", "MIDC", 1, 100, NOON, NOON + 50 * SECOND, tick_size="0.01")
    made.keeper.enter(early)
    made.keeper.record(ParentSaid(NOON, number, Act.ACKED))
    found = read_journal(made.done())
    (row,) = found.tables.parents
    assert (row.decided, row.start, row.decision2) == (NOON, NOON, row.arrival2)
    assert any("counts as decided at its start" in note for note in found.notes)


def test_marks_are_the_hashes_at_their_events(made: Made) -> None:
    made.parent()
    journal = made.done()
    account = account_of(journal, [1, 2, 999])
    reader = open_journal(journal)
    hashes = {record.sequence: record.hash for record in reader.replay()}
    reader.close()
    assert account.marks == {1: hashes[1], 2: hashes[2]}
    assert account.hash == hashes[account.events]


def test_a_journal_of_two_symbols_says_whose_market_is_not_known(made: Made) -> None:
    made.parent()
    number = made.keeper.ids.next()
    made.keeper.enter(ParentNew(NOON, number, "fund", "LARG", 1, 100, NOON, NOON + 50 * SECOND))
    found = read_journal(made.done())
    assert [row.symbol for row in found.tables.parents] == ["MIDC"]
    assert f"{text(number)} is left out: no market of LARG is known" in found.notes
    shutil.rmtree(made.folder)


def test_an_order_that_nobody_has_released_is_left_out_and_a_released_one_starts_at_its_release(made: Made) -> None:
    numbers = [made.keeper.ids.next() for _ in range(3)]
    for number in numbers:
        made.keeper.enter(
            ParentNew(NOON, number, "fund", "MIDC", 1, 100, NOON, NOON + 50 * SECOND, tick_size="0.01", staged=True)
        )
    released = NOON + 20 * SECOND
    made.keeper.record(ParentSaid(released, numbers[0], Act.RELEASED, who="ann"))
    made.keeper.record(ParentSaid(released, numbers[0], Act.ACKED))
    made.keeper.record(ParentSaid(NOON + 50 * SECOND, numbers[1], Act.EXPIRED))
    found = read_journal(made.done())
    (row,) = found.tables.parents
    assert (row.decided, row.start, row.end) == (NOON, released, NOON + 50 * SECOND)
    assert row.arrival2 > row.decision2
    for number in numbers[1:]:
        assert f"{text(number)} is left out: it was staged, and nobody has released it" in found.notes
