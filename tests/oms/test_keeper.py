"""The keeper: ids that come once, both modes, recovery from snapshot and from zero, and what the command line shows."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nowake.core.errors import CapacityError, InputError, OrderError
from nowake.oms import command, identifiers
from nowake.oms.errors import DamagedError, JournalError
from nowake.oms.events import (
    Asked,
    ChildNew,
    Control,
    Expected,
    IdsReserved,
    ParentNew,
    ParentSaid,
    VenueSaid,
    decode,
    encode,
)
from nowake.oms.journal.protocol import Snapshot, open_journal
from nowake.oms.keeper import Keeper, Mode, open_keeper
from nowake.oms.snapshot import advance, freeze, recover, thaw
from nowake.oms.states import Act
from nowake.oms.verify import verify


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    made = open_keeper(tmp_path / "j", 7, block=16)
    yield made
    made.close()


def begin(keeper: Keeper, quantity: int = 1_000) -> int:
    parent = keeper.ids.next()
    keeper.enter(ParentNew(1, parent, "fund", "MIDC", 1, quantity, 0, 10**18, client=f"c{parent}"))
    assert keeper.record(ParentSaid(1, parent, Act.ACKED))[0] is None
    return parent


def trade(keeper: Keeper, children: int = 5) -> int:
    parent = begin(keeper, 100 * children)
    for n in range(children):
        child = keeper.ids.next()
        keeper.place(ChildNew(2, child, parent, "ALPHA", 1, 100, 500_000, decision=n))
        keeper.record(VenueSaid(3, child, Act.ACKED))
        keeper.record(VenueSaid(4, child, Act.FILL_PART, 60, 1_000_001, 12, f"f{child}"))
    keeper.record(Asked(5, child, Act.CANCEL_ASKED))
    return parent


@given(st.integers(1, 4095), st.integers(1, 2**20 - 1), st.integers(1, 2**30 - 1))
def test_an_id_is_one_integer_of_62_bits_and_back(instance: int, epoch: int, sequence: int) -> None:
    number = identifiers.number(instance, epoch, sequence)
    assert 0 < number < 2**62
    assert identifiers.parts(number) == (instance, epoch, sequence)
    assert identifiers.text(number) == f"{instance}-{epoch}-{sequence}"
    assert identifiers.parse(identifiers.text(number)) == number


@pytest.mark.parametrize(
    "text", ["", "1-2", "1-2-3-4", "0-1-1", "4096-1-1", "1-0-1", "1-1-0", "a-1-1", "1--1", "-1-1-1", "1-1-²"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        identifiers.parse(text)


def test_ids_rise_and_lie_in_reserved_blocks(keeper: Keeper) -> None:
    ids = [keeper.ids.next() for _ in range(100)]
    assert ids == list(range(identifiers.number(7, 1, 1), identifiers.number(7, 1, 101)))
    assert all(keeper.ids.durable(order) and keeper.oms.block(order) for order in ids)
    assert not keeper.ids.durable(identifiers.number(7, 1, 5000))


def test_a_parent_may_have_blocks_of_its_own(keeper: Keeper) -> None:
    parent = begin(keeper)
    mine = [keeper.ids.next(parent) for _ in range(40)]
    other = [keeper.ids.next() for _ in range(40)]
    assert len({*mine, *other}) == 80
    assert {keeper.oms.block(order).parent for order in mine} == {parent}
    assert {keeper.oms.block(order).parent for order in other} == {0}


def test_a_later_start_issues_no_id_again(tmp_path: Path) -> None:
    issued: set[int] = set()
    for start in range(1, 5):
        keeper = open_keeper(tmp_path / "j", 7, block=8)
        assert keeper.oms.epoch == start
        new = {keeper.ids.next() for _ in range(20)}
        assert not new & issued
        issued |= new
        keeper.close()


def test_ids_that_are_used_up_are_said(keeper: Keeper) -> None:
    keeper.ids._free = keeper.ids._end - 3
    keeper.ids._ranges.clear()
    with pytest.raises(CapacityError, match="used up"):
        keeper.ids.next()


def test_a_child_outside_a_reserved_block_must_not_leave(keeper: Keeper) -> None:
    parent = begin(keeper)
    events = keeper.oms.sequence
    with pytest.raises(OrderError, match="a block that is on disk"):
        keeper.place(ChildNew(1, identifiers.number(7, 1, 9_999), parent, "ALPHA", 1, 10))
    assert keeper.oms.sequence == events


def test_a_child_that_is_refused_must_not_leave_and_is_on_record(keeper: Keeper) -> None:
    parent = begin(keeper)
    with pytest.raises(OrderError, match="unplaced are 1000"):
        keeper.place(ChildNew(1, keeper.ids.next(), parent, "ALPHA", 1, 1_001))
    assert keeper.oms.quarantined == 1


class Held:
    """A journal whose commits wait for a gate; everything else is the journal's."""

    def __init__(self, journal, gate) -> None:
        self.journal, self.gate, self.shut = journal, gate, False

    def append(self, payloads):
        if self.shut:
            self.gate.wait()
        return self.journal.append(payloads)

    def __getattr__(self, name: str):
        return getattr(self.journal, name)


@pytest.mark.parametrize("mode", Mode)
def test_strict_waits_for_the_disk_and_reserved_does_not(tmp_path: Path, mode: Mode) -> None:
    import threading

    keeper = open_keeper(tmp_path / "j", 1, mode=mode)
    parent, gate = begin(keeper), threading.Event()
    child = keeper.ids.next()
    keeper.record(Control(1, "", "", ""))[1].wait()
    held = keeper.writer.journal = Held(keeper.writer.journal, gate)
    held.shut = True
    sent = threading.Event()

    def order() -> None:
        keeper.place(ChildNew(2, child, parent, "ALPHA", 1, 10))
        sent.set()

    thread = threading.Thread(target=order)
    thread.start()
    assert sent.wait(0.2 if mode is Mode.STRICT else 10) == (mode is Mode.RESERVED)
    gate.set()
    thread.join()
    assert sent.is_set()
    keeper.close()
    reader = open_journal(tmp_path / "j")
    assert child in recover(reader).oms.children
    reader.close()


def test_strict_in_an_event_loop(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j", 1, mode=Mode.STRICT)
    parent = begin(keeper)

    async def orders() -> list[bool]:
        events = [ChildNew(2, keeper.ids.next(), parent, "ALPHA", 1, 10) for _ in range(20)]
        tickets = await asyncio.gather(*(keeper.place_soon(event) for event in events))
        return [ticket.done for ticket in tickets]

    assert asyncio.run(orders()) == [True] * 20
    keeper.close()


@pytest.mark.parametrize(
    "bad",
    [
        {"quantity": 1.5}, {"quantity": "100"}, {"quantity": True}, {"quantity": -100}, {"quantity": None},
        {"quantity": 2**70}, {"limit": 1.5}, {"side": 0}, {"client": 5},
    ],
)  # fmt: skip
def test_a_parent_with_fractional_or_impossible_terms_is_refused_before_it_is_recorded(
    keeper: Keeper, bad: dict
) -> None:
    events = keeper.oms.sequence
    terms = {"account": "a", "symbol": "S", "side": 1, "quantity": 10, "start": 0, "end": 9, **bad}
    with pytest.raises(OrderError, match="parent order"):
        keeper.enter(ParentNew(1, keeper.ids.next(), **terms))
    assert keeper.oms.parents == {}
    assert keeper.oms.sequence - events <= 2, "blocks of ids alone"


def test_a_duplicate_client_id_is_refused(keeper: Keeper) -> None:
    parent = begin(keeper)
    with pytest.raises(OrderError, match="once more"):
        keeper.enter(ParentNew(1, keeper.ids.next(), "a", "S", 1, 10, 0, 9, client=f"c{parent}"))


@pytest.mark.parametrize(
    "bad", [{"quantity": 1.5}, {"quantity": 2**70}, {"price2": "x"}, {"fill": b"\xff"}, {"act": 77}]
)
def test_what_a_venue_garbles_is_recorded_as_text_and_the_journal_stays_readable(tmp_path: Path, bad: dict) -> None:
    keeper = open_keeper(tmp_path / "j", 1)
    terms = {"order": 5, "act": Act.FILL_PART, "quantity": 1, "price2": 2, "fill": "a", **bad}
    alert, _ = keeper.record(VenueSaid(1, **terms))
    assert (alert.rule, alert.applied) == ("garbled", False)
    keeper.close()
    verdict = command.verified(tmp_path / "j")
    assert (verdict["chain_ok"], verdict["quarantined"], verdict["differences"]) == (True, 1, [])


def test_a_failed_journal_takes_no_order_and_nothing_is_applied(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j", 1)
    parent = begin(keeper)
    child = keeper.ids.next()
    keeper.writer.failure = OSError("gone")
    events = keeper.oms.sequence
    with pytest.raises(JournalError, match="gone"):
        keeper.place(ChildNew(1, child, parent, "ALPHA", 1, 10))
    assert (keeper.oms.sequence, keeper.oms.children) == (events, {})
    keeper.writer.failure = None
    keeper.close()


def test_replaying_gives_the_same_tree(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j", 7, block=16)
    trade(keeper)
    keeper.close()
    reader = open_journal(tmp_path / "j")
    found = recover(reader)
    assert freeze(found.oms) == freeze(keeper.oms)
    assert (found.snapshot, found.replayed) == (0, keeper.oms.sequence)
    reader.close()


def test_a_snapshot_shortens_the_way_and_leads_to_the_same_tree(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j", 7)
    trade(keeper)
    keeper.record(Control(1, "", "", ""))[1].wait()
    reader = open_journal(tmp_path / "j")
    at = advance(reader).oms.sequence
    trade(keeper)
    keeper.close()
    short, long = recover(reader), recover(reader, whole=True)
    assert (short.snapshot, short.replayed) == (at, keeper.oms.sequence - at)
    assert freeze(short.oms) == freeze(long.oms) == freeze(keeper.oms)
    assert short.hash == long.hash
    assert command.verified(tmp_path / "j")["differences"] == []
    reader.close()


def test_a_snapshot_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j", 7)
    trade(keeper)
    keeper.close()
    reader = open_journal(tmp_path / "j")
    records = list(reader.replay())
    reader.snapshot(Snapshot(5, records[4].hash, b"of a later version"))
    found = recover(reader)
    assert found.snapshot == 0
    assert freeze(found.oms) == freeze(keeper.oms)
    assert [d["what"] for d in verify(reader)["differences"]] == ["snapshot"]
    with pytest.raises(InputError, match="snapshot"):
        thaw(b"\x91\x05")
    reader.close()


def test_a_damaged_journal_is_not_opened_for_writing(tmp_path: Path) -> None:
    import sqlite3

    keeper = open_keeper(tmp_path / "j", 7)
    trade(keeper)
    keeper.close()
    db = sqlite3.connect(tmp_path / "j")
    db.execute("UPDATE event SET payload = x'90' WHERE sequence = 9")
    db.commit()
    db.close()
    before = (tmp_path / "j").read_bytes()
    with pytest.raises(DamagedError, match="event 9"):
        open_keeper(tmp_path / "j", 7)
    assert (tmp_path / "j").read_bytes() == before
    verdict = command.verified(tmp_path / "j")
    assert (verdict["chain_ok"], verdict["events"], verdict["differences"][0]["which"]) == (False, 8, 9)


def test_an_event_of_a_newer_program_stops_recovery_where_it_stands(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j", write=True)
    journal.append([encode(Control(1, "a", "b", "c")), b"\x92\xa8FromMars\x01"])
    with pytest.raises(DamagedError, match="event 2: not an event"):
        recover(journal)
    verdict = verify(journal)
    assert (verdict["chain_ok"], verdict["events"], verdict["differences"][0]["which"]) == (True, 1, 2)
    journal.close()


def test_events_gain_fields_at_their_end_and_old_ones_still_decode() -> None:
    import msgspec

    old = msgspec.msgpack.encode(["IdsReserved", 5, 10, 20])
    assert decode(old) == IdsReserved(5, 10, 20, 0)
    longer = msgspec.msgpack.encode(["IdsReserved", 5, 10, 20, 3, "a field of a later version"])
    assert decode(longer) == IdsReserved(5, 10, 20, 3)
    cost = Expected(1.0, -2.0, 1.0, 4.0, *[2.0] * 4)
    new = ParentNew(5, 10, "fund", "MIDC", 1, 100, 6, 7, desk="program", expected=cost)
    assert decode(encode(new)) == new
    before = msgspec.msgpack.encode(["ParentNew", 5, 10, "fund", "MIDC", 1, 100, 6, 7])
    assert decode(before) == ParentNew(5, 10, "fund", "MIDC", 1, 100, 6, 7, desk="", expected=None)


def test_verify_notices_a_snapshot_that_is_not_what_the_events_give(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j", 7)
    trade(keeper)
    keeper.close()
    reader = open_journal(tmp_path / "j")
    found = recover(reader)
    found.oms.repeats += 1
    import zstandard

    reader.snapshot(Snapshot(found.oms.sequence, found.hash, zstandard.compress(freeze(found.oms))))
    assert [d["what"] for d in verify(reader)["differences"]] == ["snapshot"]
    reader.close()


def test_what_the_command_line_shows(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j", 7, clock=lambda: 123)
    parent = trade(keeper, 2)
    keeper.close()
    shown = command.orders(tmp_path / "j")
    first, second, third = shown["orders"]
    assert "parent_id" not in first
    assert first["order_id"] == identifiers.text(parent)
    assert (first["symbol"], first["side"], first["quantity"], first["filled"], first["status"]) == (
        "MIDC", "buy", 200, 120, "partially_filled",
    )  # fmt: skip
    assert second["parent_id"] == first["order_id"]
    assert (second["venue"], second["price"], second["avg_price"], second["leaves"]) == ("ALPHA", 50.0, 50.00005, 40)
    assert third["status"] == "pending_cancel"
    verdict = command.verified(tmp_path / "j")
    assert verdict == {
        "schema": "nowake.oms.verify/1", "events": 11, "chain_ok": True, "conserved": True, "orders": 3,
        "quarantined": 0, "unclean": 0, "accepted": 0, "differences": [],
    }  # fmt: skip
    listed = command.events(tmp_path / "j", after=1, limit=2)["events"]
    assert [(event["sequence"], event["kind"]) for event in listed] == [(2, "IdsReserved"), (3, "ParentNew")]
    assert listed[0]["time"] == 123
    fills = [e for e in command.events(tmp_path / "j")["events"] if e["kind"] == "VenueSaid" and e["fill"]]
    assert fills[0]["act"] == "fill_part"
    json.dumps([shown, verdict, listed, fills])
    with pytest.raises(InputError, match="after from 0"):
        command.events(tmp_path / "j", after=-1)
    with pytest.raises(InputError, match="a file"):
        command.orders(tmp_path / "none")
    keeper = open_keeper(tmp_path / "k", 7)
    keeper.close()
    assert command.orders(tmp_path / "k", open_only=True)["orders"] == []


def test_a_file_that_a_crash_left_empty_is_begun(tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / "j").write_bytes(b"")
    db = sqlite3.connect(tmp_path / "k")
    db.execute("PRAGMA journal_mode = WAL")  # the head is written, and no table
    db.close()
    for name in ("j", "k"):
        keeper = open_keeper(tmp_path / name, 7)
        assert keeper.oms.epoch == 1
        keeper.close()
