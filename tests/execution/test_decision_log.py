"""The decision log: nothing of a path is lost, torn ends are told, a replay is the same bit for bit, words say why."""

import os
from dataclasses import dataclass
from decimal import Decimal
from json import loads
from pathlib import Path as File

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nowake.cli.explain import explain as command
from nowake.core.board import BOARD
from nowake.core.errors import DataError, InputError
from nowake.core.intent import OrderKind, Origin, Tactic
from nowake.core.values import Side
from nowake.execution.decision_log import BLOCK, BlockKind, DecisionWriter, frame
from nowake.execution.decision_reader import DecisionLog, difference, record_difference
from nowake.execution.decision_record import head_of_board, part, told, under
from nowake.execution.decision_recorder import Recorder, Recording, header_of
from nowake.execution.desk_state import DESK, Hands
from nowake.execution.explain import explained
from nowake.execution.live import Child, LiveDesk
from nowake.execution.path import Decided, DecisionPath
from nowake.execution.placing import ROUTED
from nowake.execution.policy import OBSERVED, OWN, FixedPolicy, ScriptedPolicy
from nowake.features.vector import NAMES as FEATURES
from nowake.oms.identifiers import number, text
from nowake.risk.projection import PROJECTION
from nowake.risk.reasons import Reason, Verdict, bit
from nowake.routing.reasons import WORDS as ROUTES
from nowake.routing.reasons import Reason as Route

from .desk_world import CONFIG, INSTRUMENT, OURS, Notes, Recorded, World, linear, path_of, places_of

HASHES = {"policy": "p" * 16, "model": "m" * 16, "preset": "s" * 16}
FIRST = number(1, 3, 1)  # of the children
PARENT = number(1, 3, 2**29)


class Watching(Recording):
    """A recording that also notes what the path's records held at each hook, to compare with what was kept."""

    def __init__(self, notes: Notes, recorder: Recorder, path: DecisionPath) -> None:
        super().__init__(notes, recorder)
        self.path = path
        self.boards: list[bytes] = []
        self.filled: list[int] = []

    def child(self, child: Child) -> None:
        super().child(child)
        self.boards.append(self.path.boards[:1].view(np.ndarray).view(np.uint8).tobytes())
        self.filled.append(int(self.path.desk[child.row]["filled"]))


class Logged(World):
    """A world whose desk is recorded in `file` from its first look on."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.watching: Watching | None = None
        super().__init__(ScriptedPolicy(), quantity=9_000, minutes=10.0, regime="volatile")

    def _act(self, messages: np.ndarray) -> None:
        if self.watching is None:
            self.path.ids(0, FIRST, FIRST + 10**6)
            self.log = writer_of(self.path, self.file, records=32, every=0.05)
            self.watching = Watching(self.notes, Recorder(self.path, self.log, [PARENT]), self.path)
            self.desk.keeper = self.watching
        super()._act(messages)


@dataclass
class Run:
    """One order worked in a market, and the log of it."""

    world: World
    file: File
    notes: Notes
    watching: Watching

    def log(self) -> DecisionLog:
        return DecisionLog(self.file)


def writer_of(path: DecisionPath, file: File, **more: float | None) -> DecisionWriter:
    return DecisionWriter(file, header_of(path, INSTRUMENT, HASHES, 5), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    file = tmp_path_factory.mktemp("log") / "journal.decisions"
    world = Logged(file)
    world.run()
    world.log.close()
    assert int(world.row["filled"]) == 9_000
    assert world.watching is not None
    return Run(world, file, world.notes, world.watching)


def fresh(world: World, first: int = FIRST) -> DecisionPath:
    path = path_of(places_of(world.market), ScriptedPolicy())
    path.take_on(0, world.order, linear(), world.interval, world.placing)
    path.ids(0, first, first + 10**6)
    return path


def test_every_decision_is_kept_with_what_the_policy_saw_and_its_action(run: Run) -> None:
    kept = run.log().decisions()
    made = run.notes.decisions
    assert len(made) > 20
    assert [(int(k["time"]), int(k["number"]), float(k["rate"]), int(k["tactic"])) for k in kept] == [
        (d.time, d.number, d.rate, d.tactic) for d in made
    ]
    assert [k["observation"].tobytes() for k in kept] == [d.observation.tobytes() for d in made]
    assert all(k.header.observed == OBSERVED and int(k["parent_id"]) == PARENT for k in kept)
    assert kept[-1]["ready"].any()


def test_every_child_is_kept_as_it_left(run: Run) -> None:
    log, made = run.log(), run.notes.children
    assert len(made) > 100
    for child in made:
        kept = log.child(child.order_id)
        assert kept is not None
        assert {name: kept[name].item() for name in ("time", "quantity", "price", "minimum", "decision", "tactic",
                                                     "origin", "reason", "score", "side", "kind")} == {
            name: getattr(child, name) for name in ("time", "quantity", "price", "minimum", "decision", "tactic",
                                                    "origin", "reason", "score", "side", "kind")}  # fmt: skip
        assert kept.header.places[int(kept["venue"])][0] == child.venue


def test_a_child_is_kept_with_the_board_and_the_ledger_of_its_moment(run: Run) -> None:
    log = run.log()
    where, _ = head_of_board(len(run.world.path.places))
    for child, board, filled in zip(run.notes.children, run.watching.boards, run.watching.filled, strict=True):
        kept = log.child(child.order_id)
        assert kept is not None
        assert kept["board"].tobytes() == board[where]
        assert int(kept["order"]["filled"]) == filled


def test_a_child_is_kept_with_the_guards_projection_of_it(run: Run) -> None:
    for kept in run.log().children():
        guard = kept["guard"]
        assert kept["guarded"] == 1
        assert int(guard["verdict"]) != Verdict.REFUSED
        for name in ("time", "quantity", "price", "minimum", "kind", "venue", "side"):
            assert int(guard[name]) == int(kept[name])
        assert int(guard["quantity_before"]) >= int(guard["quantity"]) > 0


def test_children_that_look_alike_have_projections_of_their_own(run: Run, tmp_path: File) -> None:
    path, child = fresh(run.world), run.notes.children[0]
    venue = [place.name for place in path.places].index(child.venue)
    for j, (before, verdict) in zip(path.projections, ((90, 2), (300, 1), (200, 1)), strict=False):
        j["time"], j["parent"], j["venue"], j["side"], j["kind"] = child.time, 0, venue, child.side, child.kind
        j["quantity"], j["price"], j["minimum"] = child.quantity, child.price, child.minimum
        j["quantity_before"], j["verdict"] = before, verdict
    log = writer_of(path, tmp_path / "log", every=None)
    recorder = Recorder(path, log, [PARENT])
    for k in range(3):  # the third is of another look at the same time, which has left the same rows
        recorder.child(msgspec.structs.replace(child, order_id=FIRST + k))
    path.projections["parent"] = 1  # another order's look has overwritten them
    recorder.child(msgspec.structs.replace(child, order_id=FIRST + 3))
    log.close()
    kept = DecisionLog(tmp_path / "log").children()
    assert [int(one["guard"]["quantity_before"]) for one in kept] == [300, 200, 300, 0]
    assert [int(one["guarded"]) for one in kept] == [1, 1, 1, 0]


def test_a_replay_of_what_was_heard_writes_the_same_log_bit_for_bit(run: Run, tmp_path: File) -> None:
    path = fresh(run.world)
    with_log = writer_of(path, tmp_path / "again", every=None)
    venue = Recorded()
    desk = LiveDesk(path, venue, Recording(Notes(), Recorder(path, with_log, [PARENT])), CONFIG, own_from=OURS)
    for step in run.world.steps:
        desk.market(step.messages, step.now)
        venue.waiting = list(step.said)
        desk.tick(step.now)
    with_log.close()
    again = DecisionLog(tmp_path / "again")
    assert difference(run.log(), again) is None
    assert len(again) == len(run.notes.children) + len(run.notes.decisions)
    assert again.sessions[0].fingerprint == run.log().sessions[0].fingerprint


def test_a_replay_with_other_parameters_is_told_apart_by_its_first_difference(run: Run, tmp_path: File) -> None:
    path = fresh(run.world)
    path.policy = FixedPolicy(Tactic.CROSS)
    log = writer_of(path, tmp_path / "other", every=None)
    venue = Recorded()
    desk = LiveDesk(path, venue, Recording(Notes(), Recorder(path, log, [PARENT])), CONFIG, own_from=OURS)
    for step in run.world.steps[:50]:
        desk.market(step.messages, step.now)
        desk.tick(step.now)
    log.close()
    assert difference(run.log(), DecisionLog(tmp_path / "other")) == "record 0, decision: tactic: 0 became 3"


def test_the_record_of_a_log_is_found_by_parent_and_by_time(run: Run) -> None:
    log, made = run.log(), run.notes.children
    times = sorted(child.time for child in made)
    low, high = times[20], times[60]
    found = log.children(PARENT, low, high)
    assert [int(k["order_id"]) for k in found] == [c.order_id for c in made if low <= c.time < high]
    assert log.children(PARENT + 1) == []
    assert [int(k["number"]) for k in log.decisions(PARENT)] == [d.number for d in run.notes.decisions]
    assert log.child(FIRST + 10**5) is None


def test_the_decision_of_a_child_is_that_of_its_slice(run: Run) -> None:
    log = run.log()
    for kept in log.children():
        decision = log.decision_of(kept)
        assert decision is not None
        assert int(decision["number"]) == int(kept["decision"])
        assert int(decision["slice"]["begun"]) == int(kept["slice"]["begun"])


def copied(run: Run, to: File, size: int | None = None) -> File:
    to.write_bytes(run.file.read_bytes()[:size])
    return to


def ends_of_blocks(data: bytes) -> list[int]:
    ends, at = [], 0
    while at < len(data):
        at += BLOCK.size + BLOCK.unpack_from(data, at)[3]
        ends.append(at)
    return ends


@pytest.mark.parametrize("missing", [1, 17, 500])
def test_a_torn_end_costs_the_last_block_and_is_told(run: Run, tmp_path: File, missing: int) -> None:
    data = run.file.read_bytes()
    ends = ends_of_blocks(data)
    log = DecisionLog(copied(run, tmp_path / "torn", len(data) - missing))
    assert log.torn == len(data) - missing - ends[-2]
    whole = run.log()
    assert 0 < len(log) < len(whole)
    for kept in log.children():
        other = whole.child(int(kept["order_id"]))
        assert other is not None
        assert record_difference(kept.record, other.record) is None


@given(st.floats(0, 1))
def test_a_log_cut_anywhere_is_the_beginning_of_the_whole(run: Run, part_: float) -> None:
    data, whole = run.file.read_bytes(), run.log()
    size = round(part_ * len(data))
    log = DecisionLog(copied(run, run.file.with_name("cut"), size))
    ends = [0, *ends_of_blocks(data)]
    assert log.torn == size - max(end for end in ends if end <= size)
    ids = [int(kept["order_id"]) for kept in log.children()]
    assert ids == [child.order_id for child in run.notes.children][: len(ids)]
    assert [k["observation"].tobytes() for k in log.decisions()] == [
        k["observation"].tobytes() for k in whole.decisions()[: len(log.decisions())]
    ]


def test_a_writer_goes_on_behind_a_torn_end_and_says_what_it_cut(run: Run, tmp_path: File) -> None:
    data = run.file.read_bytes()
    file = copied(run, tmp_path / "torn", len(data) - 5)
    before = DecisionLog(file)
    path = fresh(run.world)
    log = writer_of(path, file, every=None)
    assert log.header.cut == before.torn > 0
    later = msgspec.structs.replace(run.notes.children[0], order_id=FIRST + 10**6)
    Recorder(path, log, [PARENT]).child(later)
    log.close()
    after = DecisionLog(file)
    assert after.torn == 0
    assert len(after) == len(before) + 1
    kept = after.child(later.order_id)
    assert kept is not None
    assert kept.session == 1
    assert after.decision_of(kept) is None, "the decision is of another session"


def test_a_changed_byte_is_damage_with_its_offset(run: Run, tmp_path: File) -> None:
    data = bytearray(run.file.read_bytes())
    first = ends_of_blocks(bytes(data))[0]
    data[first + BLOCK.size + 40] ^= 1
    (tmp_path / "damaged").write_bytes(data)
    with pytest.raises(DataError, match=f"at byte {first}: a damaged block"):
        DecisionLog(tmp_path / "damaged")
    with pytest.raises(DataError, match="damaged block"):
        writer_of(run.world.path, tmp_path / "damaged", every=None)
    assert (tmp_path / "damaged").read_bytes() == data, "a damaged log is left as it is"


def test_what_is_no_log_is_refused(tmp_path: File) -> None:
    (tmp_path / "text").write_text("time,price\n1,2\n" * 10, encoding="utf-8")
    with pytest.raises(DataError, match="not a block of a decision log"):
        DecisionLog(tmp_path / "text")
    with pytest.raises(InputError, match="nothing there"):
        DecisionLog(tmp_path / "missing")
    (tmp_path / "headless").write_bytes(frame(BlockKind.CHILD, 1, bytes(64)))
    with pytest.raises(DataError, match="a header first"):
        DecisionLog(tmp_path / "headless")
    (tmp_path / "header").write_bytes(frame(BlockKind.HEADER, 1, b'{"schema": 7}'))
    with pytest.raises(DataError, match="header of a decision log"):
        DecisionLog(tmp_path / "header")


def test_a_log_is_read_while_it_is_written(run: Run, tmp_path: File) -> None:
    path = fresh(run.world)
    writer = writer_of(path, tmp_path / "log", records=4, every=None)
    recorder, made = Recorder(path, writer, [PARENT]), run.notes.children
    reader = DecisionLog(tmp_path / "log")
    assert len(reader) == 0
    for child in made[:3]:
        recorder.child(child)
    assert reader.refresh() == 0, "nothing is written before it is flushed"
    writer.flush()
    assert reader.refresh() == 3
    for child in made[3:10]:
        recorder.child(child)
    writer.flush()
    assert reader.refresh() == 7
    assert [int(k["order_id"]) for k in reader.children()] == [c.order_id for c in made[:10]]
    assert [int(k["serial"]) for _, k in reader.written()] == list(range(10))
    writer.flush()
    assert reader.refresh() == 0, "what is written is not written again"
    writer.close()


def test_one_writer_at_a_time(run: Run, tmp_path: File) -> None:
    first = writer_of(run.world.path, tmp_path / "log", every=None)
    with pytest.raises(InputError, match="one writer"):
        writer_of(run.world.path, tmp_path / "log", every=None)
    first.close()
    writer_of(run.world.path, tmp_path / "log", every=None).close()
    assert len(DecisionLog(tmp_path / "log").sessions) == 2


def test_what_cannot_be_written_does_not_leave(run: Run, tmp_path: File, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fresh(run.world)
    writer = writer_of(path, tmp_path / "log", every=0.01)
    notes = Notes()
    recording = Recording(notes, Recorder(path, writer, [PARENT]))

    def full(*_: object) -> int:
        raise OSError(28, "no space left on device")

    whole = (tmp_path / "log").read_bytes()
    monkeypatch.setattr(os, "write", full)
    recording.child(run.notes.children[0])
    assert writer._thread is not None
    writer._thread.join(10)
    assert not writer._thread.is_alive()
    with pytest.raises(OSError, match="no space"):
        recording.child(run.notes.children[1])
    with pytest.raises(OSError, match="no space"):
        recording.decided(run.notes.decisions[0])
    assert [c.order_id for c in notes.children] == [run.notes.children[0].order_id]
    monkeypatch.undo()
    writer.close()
    assert (tmp_path / "log").read_bytes()[: len(whole)] == whole
    assert len(DecisionLog(tmp_path / "log")) == 1, "written once there is room again"


def test_hashes_that_only_the_caller_knows_must_be_given(run: Run) -> None:
    with pytest.raises(InputError, match="no model"):
        header_of(run.world.path, INSTRUMENT, {"policy": "p", "preset": "s"}, 0)
    header = header_of(run.world.path, INSTRUMENT, HASHES, 0)
    assert set(header.hashes) == {"policy", "model", "preset", "router", "limits", "code"}
    stricter = fresh(run.world)
    stricter.limits["max_child"] = 1
    assert header_of(stricter, INSTRUMENT, HASHES, 0).hashes["limits"] != header.hashes["limits"]


def test_a_recorder_refuses_a_path_of_another_shape(run: Run, tmp_path: File) -> None:
    log = writer_of(run.world.path, tmp_path / "log", every=None)
    fewer = path_of(places_of(run.world.market)[:2], ScriptedPolicy())
    with pytest.raises(InputError, match="layout of this path"):
        Recorder(fewer, log, [PARENT])
    with pytest.raises(InputError, match="1 ids"):
        Recorder(run.world.path, log, [PARENT, PARENT])
    log.close()


def test_a_layout_survives_its_description() -> None:
    for kind in (BOARD, DESK, PROJECTION, part(DESK, "interval", "slack")[1], head_of_board(3)[1]):
        assert under(told(kind)) == kind
    assert part(DESK, "side", "end")[1].names == ("side", "quantity", "filled", "working", "limit", "start", "end")


def lone(run: Run, tmp_path: File, change: dict[str, object], guard: dict[str, int] | None = None,
         hands: Hands = Hands.ALGORITHM, target: int = 0) -> dict[str, str]:  # fmt: skip
    """Return the words about one child on a board 9 at 500.00, 11 at 500.02 of the first venue."""
    path = fresh(run.world)
    board = path.boards[0]
    for row in (board, board["place"][0]):
        row["bid"], row["ask"], row["bid_size"], row["ask_size"] = 50_000, 50_002, 900, 1_100
    path.desk[0]["hands"], path.usages[0]["target"] = int(hands), target
    path.desk[0]["sweep_before"] = path.desk[0]["cross_before"] = 0
    now = run.world.order.start + 10**9
    path.desk[0]["until"] = now + 15 * 10**9
    child = Child(FIRST, 0, path.places[0].name, Side.BUY, 100, 50_000, OrderKind.POST_ONLY, 0, 0, int(Tactic.JOIN),
                  int(Origin.MODEL), 4, 0.5, now)  # fmt: skip
    child = msgspec.structs.replace(child, **change)  # type: ignore[arg-type]
    if guard is not None:
        j = path.projections[0]
        told_ = {"time": now, "parent": 0, "venue": 0, "side": 1, "kind": int(child.kind),
                 "kind_before": int(child.kind), "quantity": child.quantity, "price": child.price,
                 "minimum": child.minimum}  # fmt: skip
        for name, value in {**told_, **guard}.items():
            j[name] = value
    file = tmp_path / "lone"
    file.unlink(missing_ok=True)
    log = writer_of(path, file, every=None)
    Recorder(path, log, [PARENT]).child(child)
    log.close()
    words: dict[str, str] = explained(DecisionLog(file), FIRST)["why"]
    return words


def test_words_say_where_a_price_stands(run: Run, tmp_path: File) -> None:
    assert lone(run, tmp_path, {})["price"] == "500.00: at the best bid"
    assert lone(run, tmp_path, {"price": 50_001})["price"] == "500.01: 1 ticks inside the spread"
    assert lone(run, tmp_path, {"price": 49_997})["price"] == "499.97: 3 ticks behind the best bid"
    assert lone(run, tmp_path, {"price": 50_002})["price"] == "500.02: takes at the best ask"
    assert lone(run, tmp_path, {"price": 50_005})["price"] == "500.05: takes at the best ask, and up to 3 ticks beyond"
    peg = lone(run, tmp_path, {"kind": OrderKind.MID_PEG, "price": 0})["price"]
    assert peg == "at the mid, 500.01, wherever it goes"
    assert lone(run, tmp_path, {"kind": OrderKind.MARKET, "price": 0})["price"] == "none: whatever the venue gives"


def test_words_say_where_else_the_best_price_was(run: Run, tmp_path: File) -> None:
    first, second = (place.name for place in fresh(run.world).places[:2])
    assert lone(run, tmp_path, {})["venue"].endswith(
        "it showed 900 at 500.00, 1,100 at 500.02; no other venue had the best bid"
    )
    assert lone(run, tmp_path, {"reason": 1})["venue"].endswith("no other venue had the best ask")
    assert lone(run, tmp_path, {"venue": second})["venue"].endswith(f"no ask; the best bid was at {first}")


def test_words_say_why_this_moment(run: Run, tmp_path: File) -> None:
    resting = lone(run, tmp_path, {})["moment"]
    assert resting == ("before the first decision of the policy; 0 shares were wanted by then and 0 filled: on plan; "
                       "now: spread 2 ticks, imbalance -0.10 (against us)")  # fmt: skip
    assert (
        "700 shares were wanted by then and 0 filled: 700 behind plan" in lone(run, tmp_path, {}, target=700)["moment"]
    )
    assert "no plan was known" in lone(run, tmp_path, {}, target=2**62)["moment"]
    assert "the slice ends in 15.0 s: what is missing of it crosses" in lone(run, tmp_path, {"reason": 1})["moment"]
    assert "finish was asked for" in lone(run, tmp_path, {"reason": 1}, hands=Hands.FINISH)["moment"]
    person = lone(run, tmp_path, {"origin": int(Origin.HUMAN)}, hands=Hands.HUMAN)
    assert person["moment"].startswith("a person worked the order")
    assert person["venue"].endswith("a person chose it")


def test_words_say_what_the_guard_changed(run: Run, tmp_path: File) -> None:
    assert "overwritten" in lone(run, tmp_path, {})["guard"]
    passed = lone(run, tmp_path, {}, {"quantity_before": 100, "price_before": 50_000})
    assert passed["guard"] == "passed: within every limit"
    cut = lone(run, tmp_path, {}, {
        "quantity_before": 400, "price_before": 50_009, "verdict": int(Verdict.PROJECTED), "binding": int(Reason.CHILD),
        "reasons": bit(Reason.CHILD) | bit(Reason.COLLAR_QUOTE),
    })  # fmt: skip
    assert cut["guard"] == ("projected: quantity 400 became 100, price (ticks) 50,009 became 50,000: "
                            "the price was beyond collar_quote_bp; more than max_child_shares")  # fmt: skip
    assert cut["size"].endswith("; the router wanted 400, the guard cut it")


def test_words_of_real_children_name_their_route_their_venue_and_their_decision(run: Run) -> None:
    log = run.log()
    for kept in log.children():
        body = explained(log, int(kept["order_id"]), text)
        assert body["venue"] in body["why"]["venue"]
        assert ROUTES[Route(int(kept["reason"]))] in body["why"]["venue"]
        assert f"decision {int(kept['decision'])} at " in body["why"]["moment"]
        assert body["why"]["size"].startswith(f"{int(kept['quantity']):,} shares")
        if body["price_ticks"] and body["kind"] != "quote":
            assert f"{Decimal(body['price_ticks']) * Decimal('0.01')}" in body["why"]["price"]


def test_a_program_reads_features_forecast_policy_guard_route_and_versions(run: Run) -> None:
    log, child = run.log(), run.notes.children[30]
    body = explained(log, child.order_id, text)
    assert body["order_id"] == text(child.order_id)
    assert body["parent_id"] == "1-3-536870912"
    made: Decided = next(d for d in run.notes.decisions if d.number == child.decision)
    seen = dict(zip(OBSERVED, made.observation.tolist(), strict=True))
    assert body["features"] == {name: seen[name] for name in FEATURES}
    assert body["order_state"] == {name: seen[name] for name in OWN}
    assert body["forecast"] == {name: seen[f"p_{name}"] for name in ("down", "same", "up")}
    assert body["policy"]["rate"] == made.rate
    assert body["guard"]["verdict"] in ("passed", "projected")
    assert body["route"]["score_ticks"] == child.score
    assert body["versions"]["model"] == "m" * 16
    assert len(body["route"]["venues"]) == len(run.world.path.places)


def test_a_parent_is_explained_by_its_decisions_and_children(run: Run) -> None:
    body = explained(run.log(), PARENT, text)
    assert [row["number"] for row in body["decisions"]] == [d.number for d in run.notes.decisions]
    assert [row["order_id"] for row in body["children"]] == [text(c.order_id) for c in run.notes.children]


def test_the_command_takes_ids_as_people_write_them(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    journal, child = str(run.file.with_suffix(".db")), run.notes.children[7]
    assert command(text(child.order_id), journal=journal, json=True) == 0
    body = loads(capsys.readouterr().out)
    assert body["schema"] == "nowake.explain/1"
    assert {"features", "forecast", "policy", "guard", "route", "versions", "why"} <= set(body)
    assert body["order_id"] == text(child.order_id)
    assert command(str(child.order_id), log=str(run.file)) == 0
    out = capsys.readouterr().out
    for question in (
        "venue: ",
        "size: ",
        "price: ",
        "moment: ",
        "guard: ",
        "features",
        "when decided, ",
        "now, ",
        "versions",
    ):
        assert question in out
    assert command(text(PARENT), log=str(run.file)) == 0
    assert text(child.order_id) in capsys.readouterr().out


@pytest.mark.parametrize("wrong", ["1-3", "abc", "1-3-999999"])
def test_an_unknown_id_is_bad_input(run: Run, wrong: str) -> None:
    with pytest.raises(InputError, match="order") as refused:
        command(wrong, log=str(run.file))
    if wrong == "1-3-999999":
        assert refused.value.hint == f"the nearest id there is {text(run.notes.children[-1].order_id)}"


def test_a_missing_log_is_bad_input(tmp_path: File) -> None:
    with pytest.raises(InputError, match="an existing file"):
        command("1-3-1", journal=str(tmp_path / "journal.db"))
    with pytest.raises(InputError, match="an existing file"):
        command("1-3-1", journal="postgresql://host/db")


def test_two_parents_that_look_at_the_same_time_keep_their_own_projections(run: Run, tmp_path: File) -> None:
    path = path_of(places_of(run.world.market), ScriptedPolicy(), n=2)
    child = run.notes.children[0]
    venue = [place.name for place in path.places].index(child.venue)
    for row, before in ((0, 300), (1, 500)):
        j = path.projections[row * ROUTED]
        j["time"], j["parent"], j["venue"], j["side"], j["kind"] = child.time, row, venue, child.side, child.kind
        j["quantity"], j["price"], j["minimum"] = child.quantity, child.price, child.minimum
        j["quantity_before"], j["verdict"] = before, 1
    log = writer_of(path, tmp_path / "log", every=None)
    recorder = Recorder(path, log, [PARENT, PARENT + 1])
    for row, number_ in ((1, FIRST), (0, FIRST + 1), (1, FIRST + 2)):
        recorder.child(msgspec.structs.replace(child, row=row, order_id=number_))
    log.close()
    kept = DecisionLog(tmp_path / "log").children()
    assert [int(one["guard"]["quantity_before"]) for one in kept] == [500, 300, 500]
