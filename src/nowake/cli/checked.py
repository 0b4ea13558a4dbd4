"""What a quality check leaves: refused rows beside the data, counts and rules as JSON, or as a table for people."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nowake.cli.options import home
from nowake.cli.output import say, table
from nowake.core.errors import InputError
from nowake.core.times import SECOND, clock_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nowake.data.quality import QualityReport
    from nowake.data.reader import Chunk, Reader, ReaderMeta, ReaderOptions, Rule

__all__ = ["Refusing", "counts", "folder_of", "rule_body", "show_check", "show_events", "spare"]


class Refusing:
    """A quality check of `source` that writes what it refuses beside the data, or into a folder, or nowhere (none)."""

    def __init__(self, reader: "Reader", source: str, options: "ReaderOptions", quarantine: str = "beside") -> None:
        from nowake.data.quality import Check
        from nowake.data.quarantine import Quarantine

        folder, path = folder_of(quarantine), Path(source)
        self._sink: Quarantine | None = None
        if quarantine != "none" and path.is_file():
            self._sink = Quarantine(path, place=reader.meta.place, elsewhere=spare(), folder=folder)
        self._check = Check(reader, path, options=options, sink=self._sink)

    def __iter__(self) -> "Iterator[Chunk]":
        if self._sink is None:
            yield from self._check
            return
        with self._sink:
            yield from self._check

    def report(self) -> "QualityReport":
        """Return the counts and rules, once the chunks are read."""
        return self._check.report()

    @property
    def path(self) -> Path | None:
        """Return the file of refused rows, None if there is none."""
        return None if self._sink is None else self._sink.path


def spare() -> Path:
    """Return where refused rows go whose own folder cannot be written; made when the first of them comes."""
    return home() / "quarantine"


def folder_of(quarantine: str) -> Path | None:
    """Return the folder that ``--quarantine`` names, None for ``beside`` and ``none``; InputError if it is none."""
    if quarantine in ("beside", "none"):
        return None
    folder = Path(quarantine)
    if not folder.is_dir():
        raise InputError("--quarantine", expected="beside, none, or an existing folder", got=repr(quarantine))
    return folder


def counts(report: Any) -> dict[str, Any]:
    """Return the disjoint counts of a quality report and the time that the book was crossed or locked."""
    names = ("rows_in", "kept", "repaired", "quarantined")
    body: dict[str, Any] = {name: getattr(report, name) for name in names}
    return {**body, "crossed_s": report.crossed_ns / 1e9, "locked_s": report.locked_ns / 1e9}


def rule_body(rule: "Rule", place: str) -> dict[str, Any]:
    """Return one rule as JSON: examples carry their `line` (from 1) or byte `offset`."""
    key = "line" if place == "line" else "offset"
    examples = [{key: example.where, "text": example.text} for example in rule.examples]
    return {"id": rule.id, "count": rule.count, "action": rule.action, "examples": examples}


def show_check(file: str, report: "QualityReport", meta: "ReaderMeta", refused: Path | None) -> None:
    """Print every rule with what it met (those that met nothing in one line), the counts and the reader's notes."""
    met = [rule for rule in report.rules if rule.count]
    rows = [(r.id, r.count, r.action, "; ".join(str(e.where) for e in r.examples[:3])) for r in met]
    if rows:
        table(f"quality of {file}", ["rule", "rows", "action", f"first {meta.place}s"], rows, words=["action"])
    others = ", ".join(rule.id for rule in report.rules if not rule.count)
    say(f"rules that met nothing: {others}" if rows else f"no rule was met: {others}")
    names = [one.symbol for one in meta.instruments]
    of = ", ".join(names[:8]) + (f" and {len(names) - 8:,} more" if len(names) > 8 else "")
    say(f"{meta.format}, {meta.level}" + (f", {of}" if of else "") + (f", {meta.date}" if meta.date else ""))
    for note in meta.notes:
        say(f"note: {note}")
    say(
        f"{report.rows_in:,} rows: {report.kept:,} kept, {report.repaired:,} repaired, "
        f"{report.quarantined:,} quarantined"
    )
    if refused is not None:
        say(f"refused rows: {refused}")


def show_events(title: str, meta: "ReaderMeta", zone: str, events: list[dict[str, Any]]) -> None:
    """Print stored events: local times without their offset, prices with the decimals of the tick."""
    one = meta.instruments[0]
    places = max(0, -int(one.tick_size.normalize().as_tuple().exponent))
    digits = next(n for n in (0, 3, 6, 9) if all(e["time_ns"] % 10 ** (9 - n) == 0 for e in events))
    rows = [
        (
            _stamp(e["time_ns"], zone, digits), e["kind"], e["side"] or None,
            None if e["price"] is None else f"{e['price']:,.{places}f}", e["quantity"] or None,
            str(e["order_id"]) if e["order_id"] else None,
        )
        for e in events
    ]  # fmt: skip
    columns = [f"time, {zone}", "kind", "side", f"price, {one.currency}", "quantity", "order id"]
    table(title, columns, rows, left=3)
    say(f"{meta.level} from {meta.format}; quantities in units of {one.lot:f}; price unit {one.tick_size:f}")


def _stamp(ns: int, zone: str, digits: int) -> str:
    """Return local date and time with so many digits of a second."""
    whole = f"{clock_time(ns, zone):%Y-%m-%d %H:%M:%S}"
    return f"{whole}.{ns % SECOND // 10 ** (9 - digits):0{digits}d}" if digits else whole
