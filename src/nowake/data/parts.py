"""What a store holds: its parts, what stands beside their rows, and how one asks for them."""

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

from nowake.core.errors import InputError, nearest
from nowake.core.values import Instrument, Session

__all__ = ["LEVELS", "Part", "PartMeta", "Query"]

LEVELS = ("l3", "l2", "quotes", "trades", "bars")  # most detailed first


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One file of the store; `digest` (16 hex digits) identifies its source and the options it was read with."""

    date: date
    symbol: str
    kind: str
    digest: str

    @property
    def folder(self) -> str:
        """Return the partition, relative to the store."""
        return f"kind={self.kind}/date={self.date.isoformat()}/symbol={quote(self.symbol, safe='')}"

    @property
    def name(self) -> str:
        """Return the file's name, relative to the store."""
        return f"{self.folder}/part-{self.digest}.parquet"

    @classmethod
    def parse(cls, name: str) -> "Part | None":
        """Return the part whose file has this name; None if it is not one of the store's."""
        folders, _, file = name.rpartition("/")
        keys = dict(piece.partition("=")[::2] for piece in folders.split("/"))
        if set(keys) != {"kind", "date", "symbol"} or keys["kind"] not in LEVELS:
            return None
        if not (file.startswith("part-") and file.endswith(".parquet")):
            return None
        try:
            day = date.fromisoformat(keys["date"])
        except ValueError:
            return None
        return cls(day, unquote(keys["symbol"]), keys["kind"], file[5:-8])


@dataclass(frozen=True, slots=True)
class PartMeta:
    """What stands beside the rows of a part.

    `of` is the number of parts its source was split into, `quality` the counts of the whole source (rows_in, kept,
    repaired, quarantined). `replaces` names the parts of the same partition that this one supersedes; it counts only
    for parts of a lower `generation`.
    """

    instrument: Instrument
    source: str
    format: str
    rows: int
    first: int
    last: int
    of: int = 1
    notes: tuple[str, ...] = ()
    quality: dict[str, int] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()
    generation: int = 0

    def to_json(self) -> str:
        """Return the metadata as JSON; decimals become strings."""
        return json.dumps(asdict(self), default=str, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "PartMeta":
        """Return the metadata written by `to_json`; keys of a later version are left aside."""
        table = json.loads(text)
        of = table["instrument"]
        instrument = Instrument(
            of["symbol"], Decimal(of["tick_size"]), of["step"], Decimal(of["lot"]), of["round_lot"], of["currency"],
            of["venue"], tuple(Session(**s) for s in of["sessions"]),
        )  # fmt: skip
        known = {f.name for f in fields(cls)}
        rest: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items() if k in known}
        return cls(**{**rest, "instrument": instrument})


@dataclass(frozen=True, slots=True)
class Query:
    """Which parts: None means any; `start` and `end` are dates, both included."""

    symbol: str | None = None
    start: date | None = None
    end: date | None = None
    kind: str | None = None

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in LEVELS:
            hint = nearest(self.kind, LEVELS)
            raise InputError("kind of data", expected=f"one of {', '.join(LEVELS)}", got=repr(self.kind), hint=hint)
        if self.start and self.end and self.end < self.start:
            raise InputError("date range", expected="start not after end", got=f"{self.start}..{self.end}")

    def takes(self, part: Part) -> bool:
        """Tell whether `part` belongs to the query."""
        return (
            self.symbol in (None, part.symbol)
            and self.kind in (None, part.kind)
            and (self.start is None or self.start <= part.date)
            and (self.end is None or part.date <= self.end)
        )

    def __str__(self) -> str:
        days = "any day" if not (self.start or self.end) else f"{self.start or ''}..{self.end or ''}"
        return f"{self.kind or 'any kind'} of {self.symbol or 'any symbol'}, {days}"
