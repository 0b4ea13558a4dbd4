"""Keeps why: each decision and each child of a path as one record of the decision log, in a few microseconds.

A `Recorder` copies bytes of the path's records at the moment in which a shell tells its keeper: with the first child
of a look also what router, guard and features stood on, so that all of it can be worked out again (`decision_check`).
`Recording` stands before another keeper. What is kept before it leaves may not have left: the journal says.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from zlib import crc32

import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.errors import InputError
from nowake.core.fingerprint import config_hash
from nowake.core.values import Instrument
from nowake.core.venue import VenueEvent
from nowake.execution.deciders import described
from nowake.execution.decision_log import DecisionWriter
from nowake.execution.decision_record import (
    Header,
    check_hashes,
    code_hash,
    fields_of,
    head_of_board,
    layout,
    part,
    told,
)
from nowake.execution.desk_state import DESK
from nowake.execution.keeping import Bookkeeper, Child
from nowake.execution.path import Decided, DecisionPath
from nowake.execution.placing import ROUTED
from nowake.execution.policy import CLASSES, OBSERVED, OWN
from nowake.execution.traces import TRACE, new_traces
from nowake.features.state import FEATURES as STATE
from nowake.features.vector import NAMES as FEATURES
from nowake.features.vector import ROW
from nowake.risk.projection import PROJECTION
from nowake.risk.reasons import Verdict
from nowake.risk.usage import USAGE
from nowake.routing.want import WANT

__all__ = ["Recorder", "Recording", "header_of"]

_ORDER, _ORDER_DTYPE = part(DESK, "side", "end")
_PLAN, _PLAN_DTYPE = part(DESK, "follow", "curve")
_SLICE, _SLICE_DTYPE = part(DESK, "interval", "slack")
_WANT, _WANT_DTYPE = part(WANT, "parent", "origin")
_TOUCH, _TOUCH_DTYPE = part(ROW, "bid", "ask")
_READY = fields_of(ROW)["ready"][1]
_TARGET = fields_of(USAGE)["target"][1]
_WHOLE, _TARGETS = struct.Struct(f"<{len(PROJECTION.names or ())}q"), struct.Struct("<q")
_AT = {name: k for k, name in enumerate(PROJECTION.names or ())}
_TIME, _PARENT, _VERDICT = _AT["time"], _AT["parent"], _AT["verdict"]
_LEFT = slice(_AT["quantity"], _AT["side"] + 1)  # quantity, price, minimum, kind, venue, side
_REFUSED = int(Verdict.REFUSED)

_NO_PROJECTION = bytes(PROJECTION.itemsize)
_FIRST, _COUNT = struct.Struct("<2q"), struct.Struct("<q")
_GUARDED = fields_of(DESK)["guarded"][1]

_DECISION = [(name, "<i8") for name in ("serial", "time", "parent_id", "row", "number", "rung", "follow", "tactic")] + [
    ("rate", "<f8"), ("urgency", "<f8"),
]  # fmt: skip
_CHILD = [(name, "<i8") for name in (
    "serial", "time", "order_id", "parent_id", "row", "decision", "venue", "side", "kind", "quantity", "price",
    "minimum", "tactic", "origin", "reason", "target", "look", "guarded",
)] + [("score", "<f8")]  # fmt: skip
_LOOK = [(name, "<i8") for name in ("serial", "time", "parent_id", "row", "guarded", "verdicts")]
_DECISION_HEAD, _CHILD_HEAD, _LOOK_HEAD = struct.Struct("<8q2d"), struct.Struct("<18qd"), struct.Struct("<6q")
_LOOK_LAYOUT = layout([*_LOOK, ("want", _WANT_DTYPE), ("trace", TRACE), ("features", STATE)])


def _layouts(places: int) -> tuple[np.dtype, np.dtype]:
    _, board = head_of_board(places)
    desk = [("order", _ORDER_DTYPE), ("slice", _SLICE_DTYPE), ("board", board)]
    seen = [("observation", ("<f8", (len(OBSERVED),))), ("touch", _TOUCH_DTYPE), ("ready", ("u1", (len(FEATURES),)))]
    return layout([*_DECISION, *desk, *seen, ("plan", _PLAN_DTYPE)]), layout([*_CHILD, *desk, ("guard", PROJECTION)])


def header_of(path: DecisionPath, instrument: Instrument, hashes: Mapping[str, str], started: int) -> Header:
    """Return the header of a log of `path`, whose limits are compiled; `hashes` of policy, model, preset and more.

    Router parameters, compiled limits and code are hashed here; a hash that is given wins.
    """
    check_hashes(hashes)
    decision, child = _layouts(len(path.places))
    own = {
        "router": config_hash(asdict(path.routing)),
        "limits": config_hash({"limits": np.asarray(path.limits).tobytes().hex()}),
        "code": code_hash(),
    }
    places = tuple((place.name, PlaceKind(place.kind).name.lower()) for place in path.places)
    return Header(
        instrument.symbol, str(instrument.tick_size), instrument.sessions[0].timezone, places, OBSERVED, len(OWN),
        len(CLASSES), path.seed, started, {**own, **hashes}, told(decision), told(child), told(_LOOK_LAYOUT),
    )  # fmt: skip


def _bytes(records: np.ndarray) -> memoryview:
    return records.view(np.ndarray).view(np.uint8).reshape(-1).data


class _Source:
    """Where the bytes of a row of the desk are; `look`: the number of its last look, `first` the first id of that."""

    __slots__ = ("first", "guarded", "look", "order", "plan", "projections", "slice", "trace", "want")

    def __init__(self, path: DecisionPath, row: int) -> None:
        desk, want, trace = (
            _bytes(records[row : row + 1]) for records in (path.desk, path.wants, path.traces)
        )  # fmt: skip
        self.order, self.slice, self.plan = desk[_ORDER], desk[_SLICE], desk[_PLAN]
        self.guarded, self.want, self.trace = desk[_GUARDED : _GUARDED + 8], want[_WANT], trace
        self.projections = _bytes(path.projections[row * ROUTED : (row + 1) * ROUTED])
        self.first, self.look = -1, -1


class Recorder:
    """Keeps decisions and children of `path` in `log`; `parents`: ids of the parents by row of the desk.

    From now on the path keeps the traces that this needs.
    """

    def __init__(self, path: DecisionPath, log: DecisionWriter, parents: Sequence[int]) -> None:
        decision, child = _layouts(len(path.places))
        if (told(decision), told(child), told(_LOOK_LAYOUT)) != (
            log.header.decision,
            log.header.child,
            log.header.look,
        ):
            raise InputError("decision log", expected="the layout of this path", got="another one")
        if len(parents) != path.n or (path.separate and path.n > 1):
            raise InputError("parents of a recorder", expected=f"{path.n} ids, one board", got=len(parents))
        self.path, self.log, self.serial, self._parents = path, log, 0, list(parents)
        path.traces = new_traces(path.n)
        self._decider: object = None
        self._venues = {place.name: k for k, place in enumerate(path.places)}
        self._rows, self._usages = _bytes(path.rows), _bytes(path.usages)
        self._board = _bytes(path.boards)[head_of_board(len(path.places))[0]]
        self._projections = _bytes(path.projections)
        self._features = _bytes(path.features)[: STATE.itemsize]
        self._sources = [_Source(path, row) for row in range(path.n)]
        self._of_decision = _places_of(decision, ("order", "slice", "board", "observation", "touch", "ready", "plan"))
        self._of_child = _places_of(child, ("order", "slice", "board", "guard"))
        self._of_look = _places_of(_LOOK_LAYOUT, ("want", "trace", "features"))
        self._look, self._next = (0, -1), 0  # the last look (time, row), and the projection that comes next

    def parent(self, row: int, parent_id: int) -> None:
        """Say whose order is on `row` from now on."""
        self._parents[row] = parent_id

    def decided(self, decided: Decided) -> None:
        """Keep a decision."""
        log = self.log
        if log.failed is not None:
            raise log.failed
        if self.path.policy is not self._decider:
            self._decider = self.path.policy
            log.decider({"serial": self.serial, **described(self.path.policy, self.path.forecaster)})
        block, row = log.decisions, decided.row
        data, at = block.data, block.at
        _DECISION_HEAD.pack_into(
            data, at, self.serial, decided.time, self._parents[row], row, decided.number,
            getattr(self._decider, "answered", 0), decided.follow, decided.tactic, decided.rate, decided.urgency,
        )  # fmt: skip
        order, slice_, board, seen, touch, ready, plan = self._of_decision
        source = self._sources[row]
        data[at + order.start : at + order.stop] = source.order
        data[at + slice_.start : at + slice_.stop] = source.slice
        data[at + plan.start : at + plan.stop] = source.plan
        data[at + board.start : at + board.stop] = self._board
        data[at + seen.start : at + seen.stop] = decided.observation.data.cast("B")
        base = row * ROW.itemsize
        data[at + touch.start : at + touch.stop] = self._rows[base + _TOUCH.start : base + _TOUCH.stop]
        data[at + ready.start : at + ready.stop] = self._rows[base + _READY : base + _READY + len(FEATURES)]
        self.serial += 1
        block.at = at = at + block.size
        if at == block.end:
            log.turn(block)

    def child(self, child: Child) -> None:
        """Keep a child."""
        log = self.log
        if log.failed is not None:
            raise log.failed
        row, venue = child.row, self._venues[child.venue]
        source, oid = self._sources[row], child.order_id
        first, time = _FIRST.unpack_from(source.trace)
        if first != source.first and time == child.time and oid >= first:
            source.first, source.look = first, self.serial
            self._keep_look(row, time, source)
        look = source.look if source.first == first and oid >= first else -1  # -1: another look has overwritten it
        block = log.children
        data, at = block.data, block.at
        order, slice_, board, guard = self._of_child
        found = self._projection(child, venue)
        target = _TARGETS.unpack_from(self._usages, row * USAGE.itemsize + _TARGET)[0]
        _CHILD_HEAD.pack_into(
            data, at, self.serial, child.time, oid, self._parents[row], row, child.decision, venue,
            child.side, child.kind, child.quantity, child.price, child.minimum, child.tactic, child.origin,
            child.reason, target, look, found >= 0, child.score,
        )  # fmt: skip
        data[at + order.start : at + order.stop] = source.order
        data[at + slice_.start : at + slice_.stop] = source.slice
        data[at + board.start : at + board.stop] = self._board
        if found >= 0:
            base = found * PROJECTION.itemsize
            data[at + guard.start : at + guard.stop] = self._projections[base : base + PROJECTION.itemsize]
        else:
            data[at + guard.start : at + guard.stop] = _NO_PROJECTION
        self.serial += 1
        block.at = at = at + block.size
        if at == block.end:
            log.turn(block)

    def _keep_look(self, row: int, time: int, source: "_Source") -> None:
        block, (want, trace, features) = self.log.looks, self._of_look
        data, at = block.data, block.at
        (guarded,) = _COUNT.unpack_from(source.guarded)
        verdicts = crc32(source.projections[: guarded * PROJECTION.itemsize])
        _LOOK_HEAD.pack_into(data, at, self.serial, time, self._parents[row], row, guarded, verdicts)
        data[at + want.start : at + want.stop] = source.want
        data[at + trace.start : at + trace.stop] = source.trace
        data[at + features.start : at + features.stop] = self._features
        self.serial += 1
        block.at = at = at + block.size
        if at == block.end:
            self.log.turn(block)

    def _projection(self, child: Child, venue: int) -> int:
        """Return the row of the guard's projection of `child`, -1 where another look has overwritten it."""
        look = (child.time, child.row)
        first = self._next if look == self._look else 0
        self._look = look
        wanted = (child.quantity, child.price, child.minimum, child.kind, venue, child.side)
        base = child.row * ROUTED
        found = self._search(wanted, look, base, first)
        if found < 0 < first:  # the same parent has looked twice at the same time
            found = self._search(wanted, look, base, 0)
        self._next = max(found + 1 - base, 0)
        return found

    def _search(self, wanted: tuple[int, ...], look: tuple[int, int], base: int, first: int) -> int:
        view, size = self._projections, PROJECTION.itemsize
        for k in range(base + first, base + ROUTED):
            row = _WHOLE.unpack_from(view, k * size)
            if row[_TIME] != look[0] or row[_PARENT] != look[1]:
                return -1
            if row[_LEFT] == wanted and row[_VERDICT] != _REFUSED:
                return k
        return -1


def _places_of(record: np.dtype, names: Sequence[str]) -> list[slice]:
    where = fields_of(record)
    return [slice(where[name][1], where[name][1] + where[name][0].itemsize) for name in names]


class Recording:
    """A keeper that keeps why before another keeper keeps what."""

    def __init__(self, keeper: Bookkeeper, recorder: Recorder) -> None:
        self.keeper, self.recorder = keeper, recorder

    def child(self, child: Child) -> None:
        """Keep a child in both."""
        self.recorder.child(child)
        self.keeper.child(child)

    def asked(self, order_id: int) -> None:
        """Tell the keeper."""
        self.keeper.asked(order_id)

    def event(self, event: VenueEvent) -> bool:
        """Ask the keeper."""
        return self.keeper.event(event)

    def decided(self, decided: Decided) -> None:
        """Keep a decision in both."""
        self.recorder.decided(decided)
        self.keeper.decided(decided)
