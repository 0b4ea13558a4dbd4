"""Reads the decision log: by child, by parent, by time; also while it is being written, and with a torn end.

A log has sessions, one per opening by a writer; each has its header. `refresh` takes in what was written since.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from nowake.core.errors import DataError, InputError
from nowake.execution.decision_log import BlockKind, whole_blocks
from nowake.execution.decision_looks import LookBlock, Looks
from nowake.execution.decision_record import SCHEMA, SCHEMAS, Header, under

__all__ = ["DecisionLog", "Kept", "difference", "record_difference"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record with the header of its session (number `session`)."""

    header: Header
    record: np.void
    session: int

    def __getitem__(self, name: str) -> Any:
        """Return a field of the record."""
        return self.record[name]


@dataclass(slots=True)
class _Table:
    """The records of one kind over all sessions, with the columns that are asked for in order of time written."""

    blocks: list[tuple[int, np.ndarray]] = field(default_factory=list)  # session, records
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    order: dict[str, np.ndarray] = field(default_factory=dict)
    first: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int64))  # row at which each block begins

    def add(self, session: int, records: np.ndarray) -> None:
        self.blocks.append((session, records))

    def index(self, names: Sequence[str]) -> None:
        """Build the columns and their orders anew."""
        self.first = np.cumsum([0, *(len(records) for _, records in self.blocks)])
        for name in names:
            parts = [records[name] for _, records in self.blocks]
            self.columns[name] = np.concatenate(parts) if parts else np.zeros(0, np.int64)
            self.order[name] = np.argsort(self.columns[name], kind="stable")

    def rows(self, name: str, low: int, high: int) -> np.ndarray:
        """Return the rows in which low <= `name` < high, by its value, then as written."""
        order = self.order[name]
        values = self.columns[name][order]
        found: np.ndarray = order[np.searchsorted(values, low) : np.searchsorted(values, high)]
        return found

    def at(self, row: int) -> tuple[int, np.void]:
        """Return session and record of a row."""
        block = int(np.searchsorted(self.first, row, side="right")) - 1
        session, records = self.blocks[block]
        return session, records[row - self.first[block]]


class DecisionLog:
    """The log at `path`. `torn`: bytes at its end that are not a whole block, of a writer at work or a crash."""

    def __init__(self, path: Path) -> None:
        self.path, self.sessions, self.torn = Path(path), list[Header](), 0
        self._end = 0
        self._decisions, self._children, self._looks = _Table(), _Table(), Looks(self.path)
        self._deciders: list[tuple[int, dict[str, Any]]] = []
        self._layouts: dict[BlockKind, np.dtype] = {}
        if not self.path.is_file():
            raise InputError(f"decision log {path}", expected="a file", got="nothing there")
        self.refresh()

    def refresh(self) -> int:
        """Take in what was written since the last look; returns how many records that are."""
        with self.path.open("rb") as file:
            file.seek(self._end)
            data = file.read()
        blocks, whole = whole_blocks(self.path, data, self._end)
        before = len(self)
        at = self._end
        for kind, count, payload in blocks:
            if kind is BlockKind.HEADER:
                self._session(bytes(payload), at)
            elif kind is BlockKind.DECIDER:
                self._deciders.append((len(self.sessions) - 1, msgspec.json.decode(bytes(payload))))
            else:
                self._records(kind, count, payload, at)
        self._end, self.torn = self._end + whole, len(data) - whole
        self._children.index(("order_id", "parent_id", "time"))
        self._decisions.index(("parent_id", "time"))
        return len(self) - before

    def _session(self, text: bytes, at: int) -> None:
        try:
            header = msgspec.json.decode(text, type=Header)
            layouts = {BlockKind.DECISION: under(header.decision), BlockKind.CHILD: under(header.child)}
            if header.look:
                layouts[BlockKind.LOOK] = under(header.look)
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            raise DataError(
                "header of a decision log", path=self.path, offset=at, expected=SCHEMA, got=error
            ) from error
        if header.schema not in SCHEMAS:
            raise DataError("decision log", path=self.path, offset=at, expected=SCHEMA, got=header.schema)
        self.sessions.append(header)
        self._layouts = layouts

    def _records(self, kind: BlockKind, count: int, payload: memoryview, at: int) -> None:
        record = self._layouts.get(kind)
        if record is not None and kind is BlockKind.LOOK:
            self._looks.add(LookBlock(len(self.sessions) - 1, count, payload, record, at))
            return
        if record is None or count * record.itemsize != len(payload):
            expected = f"{count} records of {record.itemsize} bytes" if record else "a header first"
            raise DataError("decision log", path=self.path, offset=at, expected=expected, got=f"{len(payload)} bytes")
        table = self._decisions if kind is BlockKind.DECISION else self._children
        table.add(len(self.sessions) - 1, np.frombuffer(payload, record))

    def __len__(self) -> int:
        """Return how many decisions and children there are."""
        return sum(len(records) for table in (self._decisions, self._children) for _, records in table.blocks)

    def _kept(self, table: _Table, rows: np.ndarray) -> list[Kept]:
        found = (table.at(int(row)) for row in rows)
        return [Kept(self.sessions[session], record, session) for session, record in found]

    def child(self, order_id: int) -> Kept | None:
        """Return the record of a child (the last one where it was written twice), None if there is none."""
        rows = self._children.rows("order_id", order_id, order_id + 1)
        return self._kept(self._children, rows[-1:])[0] if len(rows) else None

    def ids(self) -> np.ndarray:
        """Return the ids of all children and parents."""
        columns = (
            self._children.columns["order_id"],
            *(t.columns["parent_id"] for t in (self._children, self._decisions)),
        )
        return np.unique(np.concatenate(columns))

    def children(self, parent: int | None = None, start: int = 0, end: int = 2**62) -> list[Kept]:
        """Return children, of `parent` or of all, with start <= time < end (ns UTC), by time."""
        return self._chosen(self._children, parent, start, end)

    def decisions(self, parent: int | None = None, start: int = 0, end: int = 2**62) -> list[Kept]:
        """Return decisions, of `parent` or of all, with start <= time < end (ns UTC), by time."""
        return self._chosen(self._decisions, parent, start, end)

    def _chosen(self, table: _Table, parent: int | None, start: int, end: int) -> list[Kept]:
        rows = table.rows("time", start, end)
        if parent is not None:
            rows = rows[table.columns["parent_id"][rows] == parent]
        return self._kept(table, rows)

    def looks(self) -> list[Kept]:
        """Return what is kept of looks that have sent something."""
        return [Kept(self.sessions[session], record, session) for session, record in self._looks.all()]

    def look_of(self, child: Kept) -> Kept | None:
        """Return the look in which `child` was sent; None where none is kept: by an older version, or cut off."""
        if "look" not in (child.record.dtype.names or ()):
            return None
        record = self._looks.find(child.session, int(child["look"]))
        return None if record is None else Kept(child.header, record, child.session)

    def decider_of(self, decision: Kept) -> dict[str, Any]:
        """Return what made `decision`, as `deciders.described` tells it; nothing in a log of schema 1."""
        serial, session = int(decision["serial"]), decision.session
        told = [one for number, one in self._deciders if number == session and one["serial"] <= serial]
        return told[-1] if told else {}

    def decision_of(self, child: Kept) -> Kept | None:
        """Return the decision in whose slice `child` was sent, None for one that was sent without."""
        mine = self.decisions(int(child["parent_id"]), end=int(child["time"]) + 1)
        number, serial = int(child["decision"]), int(child["serial"])
        found = [one for one in mine if one.session == child.session and int(one["number"]) == number]
        return next((one for one in reversed(found) if int(one["serial"]) < serial), None)

    def written(self) -> list[tuple[str, Kept]]:
        """Return every record, with its kind, in the order in which they were kept."""
        all_ = [("look", one) for one in self.looks()]
        all_ += [("decision", one) for one in self.decisions()] + [("child", one) for one in self.children()]
        return sorted(all_, key=lambda pair: (pair[1].session, int(pair[1]["serial"])))


def record_difference(a: np.void, b: np.void, name: str = "") -> str | None:
    """Return the first field in which two records differ, None where every bit is the same."""
    if a.dtype != b.dtype:
        return f"{name or 'record'}: another layout"
    if a.tobytes() == b.tobytes():
        return None
    for one in a.dtype.names or ():
        x, y = np.asarray(a[one]), np.asarray(b[one])
        if x.tobytes() == y.tobytes():
            continue
        path = f"{name}.{one}" if name else one
        if x.dtype.names and x.ndim == 0:
            return record_difference(a[one], b[one], path)
        return f"{path}: {a[one]} became {b[one]}"
    return f"{name or 'record'}: bytes between the fields"


def difference(kept: DecisionLog, again: DecisionLog) -> str | None:
    """Return the first thing in which a log and its replay differ, None where every record is the same bit for bit."""
    first, second = kept.written(), again.written()
    for k, ((what, a), (other, b)) in enumerate(zip(first, second, strict=False)):
        if what != other:
            return f"record {k}: a {what} became a {other}"
        found = record_difference(a.record, b.record)
        if found:
            return f"record {k}, {what}: {found}"
    return None if len(first) == len(second) else f"{len(first)} records became {len(second)}"
