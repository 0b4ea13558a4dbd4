"""What a decision log holds can be made again from its records, bit for bit; a record that was changed is named."""

import struct
import zlib
from collections.abc import Callable
from json import loads
from pathlib import Path as File
from typing import Any

import numpy as np
import pytest

from nowake.cli.explain import explain as command
from nowake.core.errors import DataError, InputError
from nowake.core.intent import OrderKind, Origin, Tactic
from nowake.execution import by_hand
from nowake.execution.deciders import described, policy_again
from nowake.execution.decision_check import check_log, check_one
from nowake.execution.decision_log import BLOCK, MAGIC, BlockKind, DecisionWriter, frame, packed, unpacked
from nowake.execution.decision_reader import DecisionLog
from nowake.execution.decision_record import under
from nowake.execution.decision_recorder import Recorder, Recording, header_of
from nowake.execution.explain import explained
from nowake.execution.policy import Policy, ScriptedPolicy, UniformForecaster
from nowake.execution.rungs import AdaptiveRung, PovRung, StopRung
from nowake.market.policies import HiddenFirst
from nowake.oms.identifiers import number, text

from .desk_world import INSTRUMENT, World

HASHES = {"policy": "p" * 16, "model": "m" * 16, "preset": "s" * 16}
FIRST, PARENT = number(1, 3, 1), number(1, 3, 2**29)


class Logged(World):
    """A world of one parent, recorded in `file` from its first look on."""

    def __init__(self, file: File, policy: Policy, **more: Any) -> None:
        self.file, self.log = file, None
        super().__init__(policy, regime="volatile", **more)

    def _act(self, messages: np.ndarray) -> None:
        if self.log is None:
            self.path.ids(0, FIRST, FIRST + 10**6)
            self.log = DecisionWriter(self.file, header_of(self.path, INSTRUMENT, HASHES, 5), every=None)
            self.desk.keeper = Recording(self.notes, Recorder(self.path, self.log, [PARENT]))
        super()._act(messages)

    def close(self) -> DecisionLog:
        assert self.log is not None
        self.log.close()
        return DecisionLog(self.file)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> File:
    made = tmp_path_factory.mktemp("log") / "journal.decisions"
    world = Logged(made, ScriptedPolicy(), quantity=20_000, minutes=10.0)
    world.run(150.0)
    world.row["barred"] = 1  # a venue that a person leaves out
    world.run(150.0)
    world.row["barred"] = 0
    by_hand.take_over(world.row)
    world.run(5.0)
    venue = next(k for k, place in enumerate(world.path.places) if place.kind == 1)
    wanted = by_hand.Wanted(300, OrderKind.IOC, venue, int(world.desk.board["place"]["ask"][venue]))
    count, _ = by_hand.send_child(world.path, 0, wanted, world.market.now)
    world.desk.carry_out(count, world.market.now)
    by_hand.hand_back(world.row, world.market.now, int(world.desk.board["volume"]))
    world.run()
    world.close()
    return made


def test_every_decision_route_and_verdict_is_the_same_again(file: File) -> None:
    log = DecisionLog(file)
    found = check_log(log)
    assert found.differences == []
    assert not found.left_out
    assert found.same_code
    assert found.decisions == len(log.decisions()) > 20
    assert found.children == len(log.children()) > 100
    hands = [one for one in log.looks() if one["trace"]["by_hand"]]
    assert len(hands) == 1
    assert found.routes == len(log.looks()) - 1 > 50
    assert found.verdicts == sum(int(one["guarded"]) for one in log.looks()) > found.children


def test_one_child_is_made_again_with_its_siblings_and_its_decision(file: File) -> None:
    log = DecisionLog(file)
    looks = {int(one["look"]) for one in log.children()}
    for child in log.children()[::25]:
        found = check_one(log, child, text)
        same = [one for one in log.children() if int(one["look"]) == int(child["look"])]
        person = int(child["origin"]) == Origin.HUMAN
        assert (found.decisions, found.routes, found.children) == (1, int(not person), len(same))
        assert found.first is None
    assert len(looks) == len(log.looks())


def rewritten(file: File, to: File, change: Callable[[BlockKind, np.ndarray], None]) -> File:
    """Write the log anew with `change` applied to the records of each block, every checksum right."""
    data, at, out = file.read_bytes(), 0, b""
    layouts: dict[int, np.dtype] = {}
    while at < len(data):
        _, kind, count, size, _, _ = BLOCK.unpack_from(data, at)
        payload = data[at + BLOCK.size : at + BLOCK.size + size]
        if kind == BlockKind.HEADER:
            told = loads(payload)
            layouts = {one: under(told[name]) for one, name in ((2, "decision"), (3, "child"), (4, "look"))}
        elif kind in layouts:
            layout = layouts[kind]
            whole = unpacked(payload, layout.itemsize) if kind == BlockKind.LOOK else payload
            records = np.frombuffer(bytearray(whole), layout)
            change(BlockKind(kind), records)
            payload = packed(records.tobytes(), layout.itemsize) if kind == BlockKind.LOOK else records.tobytes()
        out += frame(BlockKind(kind), count, payload)
        at += BLOCK.size + size
    to.write_bytes(out)
    return to


def spoil(kind: BlockKind, name: str, change: Callable[[np.ndarray], None]) -> Callable[[BlockKind, np.ndarray], None]:
    """Return a change of field `name` of the fifth record of the first block of `kind` that has so many."""
    done: list[bool] = []

    def do(block: BlockKind, records: np.ndarray) -> None:
        if block is kind and len(records) > 4 and not done:
            done.append(True)
            field = records
            for part in name.split("."):
                field = field[part]
            change(field)

    return do


def add(k: int, what: float) -> Callable[[np.ndarray], None]:
    def do(field: np.ndarray) -> None:
        field[k] += what

    return do


@pytest.mark.parametrize(
    ("kind", "name", "what", "said"),
    [
        (BlockKind.DECISION, "rate", 0.5, " of 1-3-536870912: rate "),
        (BlockKind.DECISION, "slice.quota", 100, " of 1-3-536870912: slice quota "),
        (BlockKind.CHILD, "quantity", 100, "quantity"),
        (BlockKind.CHILD, "score", 1e-9, "score"),
        (BlockKind.CHILD, "price", 1, "price"),
        (BlockKind.CHILD, "guard.reasons", 64, "guard.reasons"),
        (BlockKind.LOOK, "trace.limits.max_child", -10**9, ""),
        (BlockKind.LOOK, "verdicts", 1, "what the guard saw or said of others"),
    ],
)  # fmt: skip
def test_a_changed_field_behind_a_right_checksum_is_named_and_ends_the_command(
    file: File, tmp_path: File, kind: BlockKind, name: str, what: float, said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    other = rewritten(file, tmp_path / "other", spoil(kind, name, add(4, what)))
    assert command(log=str(other), check=True, json=True) == 1
    body = loads(capsys.readouterr().out)
    assert body["differences"] >= 1
    assert said in body["first"]
    if kind is BlockKind.CHILD:
        assert body["first"].startswith("child 1-3-")


def test_a_changed_input_of_the_router_changes_what_it_says(file: File, tmp_path: File) -> None:
    def more(field: np.ndarray) -> None:
        field[:] += 50_000

    other = rewritten(file, tmp_path / "other", spoil(BlockKind.LOOK, "want.passive", more))
    found = check_log(DecisionLog(other), text)
    assert len(found.differences) >= 5
    assert any(one.startswith("child 1-3-") for one in found.differences)


def test_a_log_that_was_only_rewritten_is_the_same(file: File, tmp_path: File) -> None:
    other = rewritten(file, tmp_path / "other", lambda *_: None)
    assert other.read_bytes() == file.read_bytes()


def test_the_command_says_how_much_was_made_again(file: File, capsys: pytest.CaptureFixture[str]) -> None:
    log = DecisionLog(file)
    assert command(journal=str(file.with_suffix(".db")), check=True) == 0
    out = capsys.readouterr().out
    assert f"made again: {len(log.decisions())} decisions, {len(log.looks()) - 1} routes, " in out
    assert "; 0 differ" in out
    child = text(int(log.children()[40]["order_id"]))
    assert command(child, log=str(file), check=True, json=True) == 0
    body = loads(capsys.readouterr().out)
    assert (body["order_id"], body["decisions"], body["routes"], body["differences"]) == (child, 1, 1, 0)
    assert command(text(PARENT), log=str(file), check=True, json=True) == 0
    assert loads(capsys.readouterr().out)["decisions"] == len(log.decisions())
    with pytest.raises(InputError, match="--check"):
        command(log=str(file))
    with pytest.raises(InputError, match="an id it does not know"):
        command("1-3-999999", log=str(file), check=True)


def test_the_features_of_the_childs_own_moment_are_told(file: File) -> None:
    log, moved, same = DecisionLog(file), 0, 0
    for kept in log.children():
        body, decision = explained(log, int(kept["order_id"]), text), log.decision_of(kept)
        assert decision is not None
        now = body["now"]
        assert now["features_time"] == body["time"]
        assert body["features_time"] == int(decision["time"]) <= body["time"]
        b = kept["board"]
        if now["features"]["imbalance"] and 0 < b["bid"] < b["ask"]:
            said = f"now: spread {int(b['ask']) - int(b['bid'])} ticks, imbalance {now['features']['imbalance']:+.2f} ("
            same += said in body["why"]["moment"]
        if now["features_time"] == body["features_time"]:
            assert now["features"] == body["features"]
        else:
            moved += now["features"] != body["features"]
    assert moved > 50
    assert same > 50


def test_a_log_of_the_first_format_is_still_read(file: File, tmp_path: File) -> None:
    """Format 1 had neither looks nor deciders, and children without the number of their look."""
    data, at, out, layouts = file.read_bytes(), 0, b"", dict[int, np.dtype]()
    new: dict[int, np.dtype] = {}
    while at < len(data):
        _, kind, count, size, _, _ = BLOCK.unpack_from(data, at)
        payload = data[at + BLOCK.size : at + BLOCK.size + size]
        at += BLOCK.size + size
        if kind == BlockKind.HEADER:
            told = loads(payload)
            layouts = {one: under(told[name]) for one, name in ((2, "decision"), (3, "child"))}
            gone = {"look", "plan", "rung", "follow"}
            for name in ("decision", "child"):
                told[name]["fields"] = [field for field in told[name]["fields"] if field[0] not in gone]
            told["schema"] = "nowake.decisions/1"
            del told["look"]
            new = {one: under(told[name]) for one, name in ((2, "decision"), (3, "child"))}
            payload = as_json(told)
        elif kind in layouts:
            assert new[kind].itemsize == layouts[kind].itemsize
        else:
            continue
        out += BLOCK.pack(MAGIC, kind, count, len(payload), zlib.crc32(payload), 1) + payload
    (tmp_path / "old").write_bytes(out)
    log = DecisionLog(tmp_path / "old")
    assert len(log.children()) == len(DecisionLog(file).children())
    found = check_log(log)
    assert (found.decisions, found.routes, found.verdicts, found.differences) == (0, 0, 0, [])
    assert found.left_out == {
        "decisions of an older version": len(log.decisions()), "children of an older version": len(log.children()),
    }  # fmt: skip
    assert explained(log, int(log.children()[3]["order_id"]), text)["now"] is None


def as_json(told: Any) -> bytes:
    from json import dumps

    return dumps(told, separators=(",", ":")).encode()


def test_looks_that_are_not_whole_are_damage(file: File, tmp_path: File) -> None:
    data, at, out = file.read_bytes(), 0, b""
    while at < len(data):
        _, kind, count, size, _, _ = BLOCK.unpack_from(data, at)
        payload = data[at + BLOCK.size : at + BLOCK.size + size]
        if kind == BlockKind.LOOK:
            payload = payload[:16] + zlib.compress(b"none of it")
        out += frame(BlockKind(kind), count, payload)
        at += BLOCK.size + size
    (tmp_path / "spoilt").write_bytes(out)
    with pytest.raises(DataError, match="looks of a decision log"):
        check_log(DecisionLog(tmp_path / "spoilt"))


def test_packed_looks_come_back() -> None:
    rows = np.random.default_rng(1).integers(0, 256, (5, 48), np.uint8)
    rows[:, :8] = np.frombuffer(struct.pack("<5q", 3, 5, 8, 9, 12), np.uint8).reshape(5, 8)
    held = packed(rows.tobytes(), 48)
    assert struct.unpack_from("<2q", held) == (3, 12)
    assert unpacked(held, 48) == rows.tobytes()


@pytest.mark.parametrize("policy", [AdaptiveRung(np.zeros(0), 2.0, 30.0), PovRung(0.5), StopRung(), ScriptedPolicy()])
def test_policies_are_told_and_made_again(policy: Any) -> None:
    told = loads(as_json(described(policy, UniformForecaster())))
    again = policy_again(told, 0, np.zeros(0))
    assert type(again) is type(policy)
    if not isinstance(policy, StopRung | AdaptiveRung):
        assert again == policy
    if isinstance(policy, AdaptiveRung):
        assert (again.urgency, again.normal) == (2.0, 30.0)


def test_a_policy_of_nowake_is_made_again_by_its_name_and_nothing_else_is() -> None:
    told = loads(as_json(described(HiddenFirst(0.03), UniformForecaster())))
    assert told["policy"] == "nowake.market.policies:HiddenFirst"
    assert policy_again(told, 0, np.zeros(0)) == HiddenFirst(0.03)
    for wrong in ("nowake.market.policies:Strategies", "nowake.missing:One", "os:system", "nowake.core.values:Side"):
        assert policy_again({"policy": wrong, "given": {}}, 0, np.zeros(0)) is None


class Strange:
    """A policy of which nowake knows nothing."""

    def decide(self, observations: np.ndarray, actions: np.ndarray) -> None:  # noqa: ARG002
        actions["rate"], actions["urgency"], actions["tactic"] = 1.0, 0.0, int(Tactic.CROSS)


def test_decisions_of_an_unknown_policy_are_counted_as_left_out_and_their_routes_are_made_again(tmp_path: File) -> None:
    world = Logged(tmp_path / "log", Strange(), quantity=3_000, minutes=3.0)
    world.run()
    found = check_log(world.close())
    assert found.differences == []
    assert found.left_out == {"decisions of Strange, which cannot be asked again": len(world.notes.decisions)}
    assert found.routes > 5


def test_a_re_planned_order_decides_the_same_again(tmp_path: File) -> None:
    world = Logged(tmp_path / "log", ScriptedPolicy(), quantity=6_000, minutes=5.0)
    world.path.policy = AdaptiveRung(world.path.desk, 2.0, 30.0)
    world.run()
    log = world.close()
    found = check_log(log)
    assert found.differences == []
    assert not found.left_out
    assert len({float(one["rate"]) for one in log.decisions()}) > 5
    assert log.decider_of(log.decisions()[-1])["given"] == {"urgency": 2.0, "normal": 30.0}
