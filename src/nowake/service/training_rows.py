"""Orders, fills and decisions of a journal as rows of the store, beside the market data: what training reads.

Where they lie, and how one reads them, says `training_store`; what their columns are, `training_frames`. A part is
named by the digest of the journal's chain and of the files beside it, so ingesting twice adds nothing. A journal that
has grown replaces what was stored of it, known by the hash of its chain at the event up to which it was ingested.
Every row has `knowledge_time` (ns UTC), when all of it was known here: join by it and nothing is seen early. Times are
ns UTC, `price` ticks, `price2` half ticks, `fee` billionths of the currency, ids integers as venues see them (0: none).
Provenance stands in the metadata under the key ``nowake``: journal, events, hash of the chain, hashes of the log.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nowake.core.errors import DataError, InputError
from nowake.core.values import Instrument
from nowake.data.parts import Part, PartMeta
from nowake.data.places import exclusive, staging
from nowake.data.store import polars
from nowake.oms.journal.address import on_server, shown
from nowake.service.journal_tables import beside
from nowake.service.journal_tables_market import Market, market_of
from nowake.service.journal_tables_read import Account, account_of
from nowake.service.training_frames import frames_of
from nowake.service.training_store import WholeStore

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SCHEMA", "Ingested", "ingest_journal"]

SCHEMA = "nowake.training/1"
_ROW_GROUP = 65_536
_POWERS = tuple(2**k for k in range(40))


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a journal of `events` events: rows by table, parts `written` and `replaced` (0, 0: all there)."""

    journal: str
    digest: str
    events: int
    rows: dict[str, int]
    parts: tuple[Part, ...]
    written: int
    replaced: int
    notes: tuple[str, ...] = ()

    @property
    def already_there(self) -> bool:
        """Tell whether nothing had to be changed."""
        return not self.written and not self.replaced


@dataclass(frozen=True, slots=True)
class _Source:
    """A journal and what lies beside it."""

    name: str
    account: Account
    market: Market
    digest: str
    hashes: dict[str, str] = field(default_factory=dict)

    def provenance(self) -> dict[str, Any]:
        """Return what stands in the metadata of every part."""
        marks = {str(n): h.hex() for n, h in self.account.marks.items() if n in _POWERS}
        return {
            "journal": self.name, "events": self.account.events, "chain": self.account.hash.hex(), "marks": marks,
            "files": self.hashes, "schema": SCHEMA,
        }  # fmt: skip


def _file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _source(journal: str, marks: Sequence[int], decisions: Path | None, tape: Path | None) -> _Source:
    account = account_of(journal, [*marks, *_POWERS])
    hashes = {what: _file_hash(p) for what, p in (("decisions", decisions), ("tape", tape)) if p is not None}
    text = json.dumps([SCHEMA, account.hash.hex(), hashes], sort_keys=True)
    digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    name = shown(journal) if on_server(journal) else Path(journal).name
    return _Source(name, account, market_of(decisions, tape), digest, hashes)


def ingest_journal(
    journal: str | Path, store: WholeStore, decisions: str | Path | None = None, tape: str | Path | None = None
) -> Ingested:
    """Write the tables of `journal` to `store`, each part whole or not at all; twice is once.

    DamagedError at the event where the journal breaks, DataError for a damaged log or tape, InputError for an older
    state of a journal that is stored already, or a store that cannot be written. Nothing is written then.
    """
    text = str(journal)
    log = Path(decisions) if decisions is not None else beside(text, ".decisions")
    told = Path(tape) if tape is not None else beside(text, ".tape")
    there = {part: _provenance(store, part) for part in store.every_table()}
    source = _source(text, [int(one["events"]) for one in there.values()], log, told)
    same = [part for part, one in there.items() if _continues(source, one)]
    frames = frames_of(source.account, source.market, source.digest)
    if not any(frame.height for frame in frames.values()):
        raise InputError(f"journal {shown(text)}", expected="orders", got=f"none in {source.account.events} events")
    wanted = _split(frames, source)
    with staging(store.place) as work, exclusive(store.place):
        written = 0
        for part, rows in wanted.items():
            written += _write(store, work, part, rows, source, [p for p in same if p.folder == part.folder])
        gone = [part for part in same if part.digest != source.digest]
        for part in gone:
            store.place.remove(part.name)
    counts = {table: frame.height for table, frame in frames.items()}
    return Ingested(
        source.name, source.digest, source.account.events, counts, tuple(wanted), written, len(gone), _said(source)
    )


def _said(source: _Source) -> tuple[str, ...]:
    market, notes = source.market, []
    if market.log is None:
        notes.append("no decision log: no decisions, and no projections of the guard")
    elif market.log.torn:
        notes.append(f"the decision log's last {market.log.torn} bytes are no whole block")
    if market.tape is None:
        notes.append("no tape: mids at fills are not known")
    return tuple(notes)


def _provenance(store: WholeStore, part: Part) -> dict[str, Any]:
    path = store.paths([part])[0]
    try:
        about: dict[str, Any] = json.loads(polars().read_parquet_metadata(path)["nowake"])["provenance"]
    except (OSError, KeyError, ValueError, polars().exceptions.PolarsError) as error:
        raise DataError("not a table of a journal", path=path, expected=SCHEMA, got=error) from error
    return about


def _continues(source: _Source, stored: dict[str, Any]) -> bool:
    """Tell whether `source` is the journal that was stored, at that event or grown; InputError if it is an older state.

    Older: the stored one has more events, and both agree at the largest power of two that this one reaches.
    """
    events = int(stored["events"])
    if events <= source.account.events:
        return bool(source.account.marks[events].hex() == stored["chain"])
    common = max((n for n in source.account.marks if n in _POWERS), default=0)
    if common and stored["marks"].get(str(common)) == source.account.marks[common].hex():
        raise InputError(
            f"journal {source.name}", expected=f"at least the {events} events that the store has of it",
            got=f"{source.account.events}, an older state",
        )  # fmt: skip
    return False


def _split(frames: "dict[str, pl.DataFrame]", source: _Source) -> "dict[Part, pl.DataFrame]":
    """Return the rows by table, day and symbol."""
    found = {}
    for table, frame in frames.items():
        for (day, symbol), rows in frame.partition_by("day", "symbol", as_dict=True, maintain_order=True).items():
            part = Part(date.fromisoformat(str(day)), str(symbol), table, source.digest)
            found[part] = rows.drop("day", "symbol").sort("knowledge_time", maintain_order=True)
    return found


def _write(
    store: WholeStore, work: Path, part: Part, rows: "pl.DataFrame", source: _Source, same: Sequence[Part]
) -> int:
    """Write a part that is not there yet; it hides those of `same` from the moment in which it appears."""
    if part in same:
        return 0
    ticks = {p.tick_size for p in source.account.oms.parents.values() if p.symbol == part.symbol}
    first, last = int(rows["time"].min()), int(rows["time"].max())  # type: ignore[arg-type]
    age = max((store.meta(old).generation for old in same), default=-1) + 1
    meta = PartMeta(
        Instrument(part.symbol, Decimal(ticks.pop()), 1), source.name, "journal", rows.height, first, last,
        replaces=tuple(old.name for old in same), generation=age,
    )  # fmt: skip
    about = {**asdict(meta), "provenance": source.provenance()}
    ready = work / "part.parquet"
    try:
        rows.write_parquet(
            ready, compression="zstd", row_group_size=_ROW_GROUP,
            metadata={"nowake": json.dumps(about, default=str, sort_keys=True)},
        )  # fmt: skip
        store.place.commit(ready, part.name)
    except (OSError, polars().exceptions.PolarsError) as error:
        raise InputError(f"store {store}", expected="a folder that can be written", got=error) from error
    return 1
