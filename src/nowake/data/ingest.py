"""Ingest: market data files into the store, read once, checked, split by day and symbol, written whole.

The rows of a source go through the quality check into one spool file on the store's own disk (staging), grouped by
local day and instrument; when the source is read to its end each group is streamed into its part. Memory holds a few
chunks, whatever the size of the file. What is known only at the end (symbol directory, quality) is in every part.

A part of another source under the same kind, day and symbol is a conflict: refused by default, because adding it would
count rows twice and dropping it would lose them; `existing` may say ``replace`` or ``append`` (no overlap in time).
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nowake.core.errors import DataError, InputError
from nowake.core.values import Instrument
from nowake.data.places import exclusive, staging
from nowake.data.quality import Check, QualityReport
from nowake.data.quarantine import Quarantine
from nowake.data.reader import Chunk, Reader, ReaderMeta, ReaderOptions, Rule, open_reader
from nowake.data.spool import Spool
from nowake.data.store import ParquetStore, Part, PartMeta, Query

if TYPE_CHECKING:
    from datetime import date

__all__ = ["FileReport", "IngestOptions", "IngestReport", "ingest", "source_digest"]

_EXISTING = ("refuse", "replace", "append")
_BLOCK = 1 << 22


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How to read (`reader`, `fmt`), and what to do about a part of another source: refuse, replace or append.

    With `quarantine`, rows that the check refuses are written into `folder`, else beside the source (in `elsewhere`,
    if that cannot be written). `open` puts another reader in place of the usual one.
    """

    reader: ReaderOptions = field(default_factory=ReaderOptions)
    fmt: str | None = None
    existing: str = "refuse"
    open: Callable[..., Reader] = open_reader
    quarantine: bool = False
    elsewhere: Path | None = None
    folder: Path | None = None

    def __post_init__(self) -> None:
        if self.existing not in _EXISTING:
            raise InputError("existing parts", expected=f"one of {', '.join(_EXISTING)}", got=repr(self.existing))


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one source: `written` parts of `parts` (0: all were there), stored `rows`, quality counts."""

    path: str
    digest: str
    rows: int
    parts: tuple[Part, ...]
    written: int
    quality: dict[str, int]
    rules: tuple[Rule, ...] = ()
    quarantine: Path | None = None

    @property
    def already_there(self) -> bool:
        """Tell whether nothing had to be written."""
        return self.written == 0


@dataclass(frozen=True, slots=True)
class IngestReport:
    """One entry per source, in the order given."""

    files: tuple[FileReport, ...]

    @property
    def rows(self) -> int:
        """Return the rows stored of all sources."""
        return sum(f.rows for f in self.files)


def ingest(
    paths: Sequence[str | Path],
    store: ParquetStore,
    options: IngestOptions | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> IngestReport:
    """Write every source in `paths` to `store` and report; what was there already is not read again.

    `on_progress(done_bytes, total_bytes)` counts bytes of the sources as they lie on disk. The first bad source raises
    DataError (or InputError for the store) and leaves nothing of itself; sources before it stay.
    """
    options = options or IngestOptions()
    files = [Path(p) for p in paths]
    if not files:
        raise InputError("sources", expected="at least one file", got="none")
    with staging(store.place):  # refuse a store that cannot be written before reading anything
        total, done, reports = sum(_size(f) for f in files), 0, []
        for path in files:
            size = _size(path)
            tell = _teller(on_progress, done, size, total)
            reports.append(_ingest_one(path, store, options, tell))
            done += size
            tell(1.0)
    return IngestReport(tuple(reports))


def _size(path: Path) -> int:
    if not path.is_file():
        got = "a directory" if path.is_dir() else "nothing"
        raise DataError("not a file", path=path, expected="a market data file", got=got)
    return path.stat().st_size


def _teller(report: Callable[[int, int], None] | None, done: int, size: int, total: int) -> Callable[[float], None]:
    best = 0.0

    def tell(part: float) -> None:
        nonlocal best
        best = max(best, min(part, 1.0))
        if report is not None:
            report(done + round(best * size), total)

    return tell


def source_digest(
    path: Path, meta: ReaderMeta, options: ReaderOptions, tell: Callable[[float], None] | None = None
) -> tuple[str, int]:
    """Return 16 hex digits that identify what is read, and the number of lines of the file as it lies.

    They cover the file's bytes, the options that change what is read, and format, date and symbols as `meta` has them
    before the first row (a file's name may tell them).
    """
    settings = {k: v for k, v in asdict(options).items() if k != "block_bytes"}
    known = {"format": meta.format, "day": meta.date, "symbols": [i.symbol for i in meta.instruments]}
    text = json.dumps({**known, **settings}, default=str, sort_keys=True)
    digest, lines, done, size = hashlib.blake2b(text.encode(), digest_size=8), 1, 0, max(path.stat().st_size, 1)
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                lines += block.count(b"\n")
                done += len(block)
                if tell:
                    tell(0.1 * done / size)
    except OSError as error:
        raise DataError("cannot read", path=path, expected="a readable file", got=error.strerror or error) from error
    return digest.hexdigest(), lines


def _ingest_one(path: Path, store: ParquetStore, options: IngestOptions, tell: Callable[[float], None]) -> FileReport:
    reader = options.open(path, fmt=options.fmt, options=options.reader)
    if reader.meta.format == "curve":
        raise DataError(
            "a volume table is not a feed", path=path, expected="events", got="volumes", hint="use nowake fit volume"
        )
    before, place = _as_it_lies(path), reader.meta.place
    digest, lines = source_digest(path, reader.meta, options.reader, tell)
    refused = Quarantine(path, place=place, elsewhere=options.elsewhere, folder=options.folder)
    there = _stored(store, digest)
    if there is not None:
        refused.tidy()
        return _finished(path, digest, there, store)
    with refused as sink, staging(store.place) as work, Spool(work / "spool") as spool:
        check = Check(reader, path, options=options.reader, sink=sink if options.quarantine else None)
        for chunk in check:
            _spooled(spool, chunk, reader, store)
            last = int(chunk.where[-1]) if len(chunk.where) else 0
            tell(0.1 + 0.6 * last / (lines if place == "line" else path.stat().st_size))
        if _as_it_lies(path) != before:
            raise DataError("the file changed while it was read", path=path, expected=before, got=_as_it_lies(path))
        source = _Source(path, digest, reader.meta, check.report(), sink)
        with exclusive(store.place):  # another ingest into the same partition waits, and then sees the conflict
            return _commit(source, spool, store, options, tell)


def _as_it_lies(path: Path) -> str:
    """Return size and time of change of the file."""
    try:
        stat = path.stat()
    except OSError as error:
        return str(error.strerror or error)
    return f"{stat.st_size} bytes of {stat.st_mtime_ns}"


def _finished(path: Path, digest: str, there: tuple[Part, ...], store: ParquetStore) -> FileReport:
    """Return the report of a source whose parts are all stored; finishes a replacement that was cut off."""
    metas = [store.meta(p) for p in there]
    for part, meta in zip(there, metas, strict=True):
        store.write(part, meta, ())
    return FileReport(str(path), digest, sum(m.rows for m in metas), there, 0, metas[0].quality)


def _spooled(spool: Spool, chunk: Chunk, reader: Reader, store: ParquetStore) -> None:
    try:
        spool.add(chunk.events, reader.meta)
    except OSError as error:
        got = error.strerror or error
        raise InputError(f"store {store}", expected="a folder with room", got=got) from error


def _stored(store: ParquetStore, digest: str) -> tuple[Part, ...] | None:
    """Return the parts of the source if all of them are live."""
    parts = tuple(p for p in store.parts(Query()) if p.digest == digest)
    return parts if parts and len(parts) == store.meta(parts[0]).of else None


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    digest: str
    meta: ReaderMeta
    report: QualityReport
    sink: Quarantine

    @property
    def quality(self) -> dict[str, int]:
        return {k: int(getattr(self.report, k)) for k in ("rows_in", "kept", "repaired", "quarantined")}

    def instrument(self, index: int) -> Instrument:
        if index >= len(self.meta.instruments):
            known = len(self.meta.instruments)
            raise DataError("unknown instrument", path=self.path, expected=f"an index below {known}", got=index)
        return self.meta.instruments[index]


def _commit(
    source: _Source, spool: Spool, store: ParquetStore, options: IngestOptions, tell: Callable[[float], None]
) -> FileReport:
    """Settle every conflict first, then write part by part."""
    plan: list[tuple[tuple[date, int], Part, PartMeta]] = []
    for key in spool.groups():
        instrument = source.instrument(key[1])
        part = Part(key[0], instrument.symbol, source.meta.level, source.digest)
        rows, first, last = spool.extent(key)
        meta = PartMeta(
            instrument, source.path.name, source.meta.format, rows, first, last,
            of=len(spool.groups()), notes=source.meta.notes, quality=source.quality,
        )  # fmt: skip
        others = _settle(store, part, meta, options.existing)
        if others:
            generation = 1 + max(store.meta(p).generation for p in others)
            meta = replace(meta, replaces=tuple(p.name for p in others), generation=generation)
        plan.append((key, part, meta))
    if not plan:
        raise DataError("no events", path=source.path, expected="rows that pass the quality check", got=source.quality)
    written, done = 0, 0
    for key, part, meta in plan:
        written += store.write(part, meta, spool.chunks(key))
        done += meta.rows
        tell(0.7 + 0.3 * done / spool.rows)
    parts = tuple(part for _, part, _ in plan)
    return FileReport(
        str(source.path),
        source.digest,
        spool.rows,
        parts,
        written,
        source.quality,
        source.report.rules,
        source.sink.path,
    )


def _settle(store: ParquetStore, part: Part, meta: PartMeta, existing: str) -> tuple[Part, ...]:
    """Return the parts that `part` replaces; InputError where another source holds its place."""
    others = [p for p in store.parts(Query(part.symbol, part.date, part.date, part.kind)) if p.digest != part.digest]
    if not others or existing == "replace":
        return tuple(others)
    if existing == "refuse":
        raise InputError(
            f"{part.kind} of {part.symbol} on {part.date} is stored from another source",
            expected=f"the same content as {store.meta(others[0]).source}",
            got=meta.source,
            hint="--existing replace or append (a source of another time of the day), or another --symbol",
        )
    for other in others:
        there = store.meta(other)
        if there.first <= meta.last and meta.first <= there.last:
            raise InputError(
                f"{part.kind} of {part.symbol} on {part.date}: sources overlap in time",
                expected=f"no time between those of {there.source}",
                got=meta.source,
            )
    return ()
