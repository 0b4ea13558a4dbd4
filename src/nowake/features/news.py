"""Scored news from a CSV file, and what of it a feature row may see.

Columns are found by name: a time of publication, a symbol, and the probabilities of negative, neutral and positive
sentiment (see `COLUMNS`); others are left aside. The score is positive less negative, -1 to 1. An item is known from
its `known_at` on if the file has that column, else `delay` after publication. Exact repeats are dropped and counted.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from nowake.core.errors import DataError, InputError, nearest
from nowake.core.times import SECOND
from nowake.data.source import iter_lines
from nowake.features.join import newest_known
from nowake.features.state import NEWS

__all__ = ["COLUMNS", "NewsItem", "NewsTable", "read_news", "visible"]

COLUMNS = {
    "time": ("date_publish", "published", "time", "timestamp"),
    "symbol": ("company", "symbol", "ticker"),
    "negative": ("negative_sentiment", "negative"),
    "neutral": ("neutral_sentiment", "neutral"),
    "positive": ("positive_sentiment", "positive"),
}
"""What is needed, and the names that a file may have for it."""

_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f")
_SLACK = 1e-3  # probabilities add up to 1 but for rounding


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One scored item: published `time`, known from `known_at` on (ns UTC), score in -1..1; `line` from 1."""

    time: int
    known_at: int
    symbol: str
    score: float
    line: int


@dataclass(frozen=True, slots=True)
class NewsTable:
    """The items of a file in its order; `rows` were read, `repeats` of them dropped; `notes` tell of assumptions."""

    items: tuple[NewsItem, ...]
    rows: int
    repeats: int
    notes: tuple[str, ...]

    def symbols(self) -> list[str]:
        """Return the symbols, sorted."""
        return sorted({item.symbol for item in self.items})


def read_news(path: str | Path, *, timezone: str | None = None, delay: int = 0) -> NewsTable:
    """Return the items of the CSV file; DataError with the line of the first that is none.

    `timezone`: of times without an offset; None: UTC, with a note. `delay`: ns from publication to knowledge.
    """
    if delay < 0:
        raise InputError("delay of news", expected="0 or more ns", got=delay)
    zone, path = _zone(timezone), Path(path)
    lines = _rows(path)
    columns = _header(path, next(lines, (1, []))[1])
    items: list[NewsItem] = []
    seen: set[tuple[str, ...]] = set()
    rows = 0
    for line, cells in lines:
        rows += 1
        if tuple(cells) in seen:
            continue
        seen.add(tuple(cells))
        items.append(_item(path, line, cells, columns, zone, delay))
    if not rows:
        raise DataError("no news", path=path, line=2, expected="a scored item", got="the end of the file")
    notes = [] if timezone else ["no time zone given: times without an offset are taken as UTC"]
    if "known_at" not in columns:
        notes.append(f"an item is known {delay / SECOND:g} s after its publication")
    return NewsTable(tuple(items), rows, rows - len(items), tuple(notes))


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError("time zone", expected="an IANA name such as America/New_York", got=repr(name)) from error


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of every line that is not empty."""
    for line, raw in iter_lines(path):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError("text", path=path, line=line, expected="UTF-8", got=error.reason) from error
        if text.strip():
            yield line, next(csv.reader(io.StringIO(text)))


def _header(path: Path, cells: Sequence[str]) -> dict[str, int]:
    """Return the place of each needed column, and of `known_at` where there is one."""
    names = [cell.strip().lower() for cell in cells]
    found = {"known_at": names.index("known_at")} if "known_at" in names else {}
    for what, accepted in COLUMNS.items():
        here = [name for name in accepted if name in names]
        if not here:
            raise DataError(f"column for {what}", path=path, line=1, expected=" or ".join(accepted),
                            got=", ".join(names) or "nothing", hint=nearest(accepted[0], names))  # fmt: skip
        found[what] = names.index(here[0])
    return {**found, "": len(names)}


def _item(
    path: Path, line: int, cells: Sequence[str], columns: dict[str, int], zone: ZoneInfo, delay: int
) -> NewsItem:  # fmt: skip
    if len(cells) != columns[""]:
        raise DataError("wrong number of columns", path=path, line=line, expected=columns[""], got=len(cells))
    time = _time(path, line, cells[columns["time"]], zone)
    known = _time(path, line, cells[columns["known_at"]], zone) if "known_at" in columns else time + delay
    if known < time:
        raise DataError("known_at", path=path, line=line, expected="not before the publication", got="an earlier time")
    symbol = cells[columns["symbol"]].strip()
    if not symbol:
        raise DataError("symbol", path=path, line=line, expected="a name", got="nothing")
    shares = [_probability(path, line, what, cells[columns[what]]) for what in ("negative", "neutral", "positive")]
    if abs(sum(shares) - 1) > _SLACK:
        raise DataError("probabilities", path=path, line=line, expected="a sum of 1", got=f"{sum(shares):.6g}")
    return NewsItem(time, known, symbol, shares[2] - shares[0], line)


def _time(path: Path, line: int, text: str, zone: ZoneInfo) -> int:
    """Return ns UTC of a time with or without an offset."""
    text = text.strip()
    for form in _FORMS:
        for ending in ("", "%z"):
            try:
                when = datetime.strptime(text, form + ending)  # noqa: DTZ007 - the zone follows
            except ValueError:
                continue
            when = when if when.tzinfo else when.replace(tzinfo=zone)
            return int(when.replace(microsecond=0).timestamp()) * SECOND + when.microsecond * 1000
    raise DataError("time", path=path, line=line, expected="YYYY-MM-DD HH:MM:SS", got=repr(text[:40]))


def _probability(path: Path, line: int, what: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise DataError(f"{what} sentiment", path=path, line=line, expected="0 to 1", got=repr(text[:40]))
    return value


def visible(items: Iterable[NewsItem], symbol: str) -> np.ndarray:
    """Return NEWS of one symbol: each score that is ever the newest known, by the time it became known.

    Of several published at one time the one that became known last counts, then the later line. InputError with the
    nearest name if the symbol has no item.
    """
    everything = list(items)
    own = [item for item in everything if item.symbol == symbol]
    if not own:
        known = sorted({item.symbol for item in everything})
        raise InputError(f"no news about '{symbol}'", expected=f"one of {', '.join(known[:20])}", got=repr(symbol),
                         hint=nearest(symbol, known))  # fmt: skip
    times, knowns = (np.array([getattr(item, name) for item in own], np.int64) for name in ("time", "known_at"))
    rows, when = newest_known(times, knowns)
    found = np.zeros(len(rows), NEWS)
    found["known_at"], found["score"] = when, [own[k].score for k in rows]
    return found
