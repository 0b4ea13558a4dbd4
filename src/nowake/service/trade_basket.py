"""A basket as a file: orders of one symbol, a line each, that are entered together and may be released together.

The first line names the columns: `side`, `qty`, and `horizon` (a duration) or `end` (a local time) or both columns, one
of them filled in each line; `start` (a local time, or a duration from the start of the trade; at once), `limit` (in
currency; none), `algo` (``ac``, ``pov 0.1``; ac), `client` (given), `account` (fund) may be left out or empty. Nothing
is repaired: what is not understood is refused with its line, its column, what was expected and what came.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nowake.core.errors import InputError, nearest
from nowake.core.times import SECOND, duration, local_midnight, time_of_day
from nowake.core.values import Side, check_quantity
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset
from nowake.market.sessions import session_of
from nowake.service.trade_plan import instrument_of

__all__ = ["MOST", "Line", "read_basket"]

MOST = 50  # orders of a basket
ACCOUNT = "fund"
_COLUMNS = ("side", "qty", "start", "end", "horizon", "limit", "algo", "client", "account")
_ALGOS = {"twap": 0.0, "vwap": 0.0, "pov": 0.0, "ac": 2.0, "ow": 10.0}  # and the usual urgency of each
_NAME = re.compile(r"[\w.:-]{1,64}")
_SHORTEST = 60.0  # s of a window
_DEAREST = 2**40  # ticks


@dataclass(frozen=True, slots=True)
class Line:
    """One order of a basket: `start` s from the start of the trade, `horizon` s, `limit` ticks (0: none).

    `urgency` as of `nowake schedule`, `part` of the volume for pov (None: what finishes it). `client` empty: given.
    """

    side: Side
    quantity: int
    horizon: float
    start: float = 0.0
    limit: int = 0
    strategy: str = "ac"
    urgency: float = 2.0
    part: float | None = None
    client: str = ""
    account: str = ACCOUNT
    number: int = 0  # of the line in its file


def read_basket(path: Path, preset: Preset, warm_up: float) -> tuple[Line, ...]:
    """Return the orders of a basket file; `warm_up` s from the open to the start of a trade. InputError else."""
    if not _NAME.fullmatch(path.stem) or path.stem == "all":
        expected = "a file whose name can name a basket: 1 to 64 letters, digits, or . _ : -"
        raise InputError(f"basket {path}", expected=expected, got=repr(path.stem))
    rows = _rows(path)
    head, lines = _head(path, rows[0] if rows else []), rows[1:]
    if not 1 <= len(lines) <= MOST:
        raise InputError(f"basket {path}", expected=f"1 to {MOST} orders below the line of columns", got=len(lines))
    opened, _ = session_of(preset, FIRST_DAY)
    begin = opened + round(warm_up * SECOND)
    found = [_Reading(path, n, _cells(path, n, head, row), preset, begin).line() for n, row in enumerate(lines, 2)]
    known = dict[str, int]()
    for one in found:
        if one.client and one.client in known:
            raise _wrong(path, one.number, "client", "an id of its own", f"{one.client!r}, as line {known[one.client]}")
        known[one.client] = one.number
    return tuple(found)


def _wrong(path: Path, line: int, column: str, expected: str, got: str, hint: str | None = None) -> InputError:
    return InputError(f"{path}, line {line}, column {column}", expected=expected, got=got, hint=hint)


def _rows(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.reader(file, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"basket {path}", expected="a CSV file in UTF-8", got=error) from error


def _head(path: Path, cells: Sequence[str]) -> list[str]:
    """Return the names of the columns."""
    names = [cell.strip().lower() for cell in cells]
    for name in names:
        if name not in _COLUMNS or names.count(name) > 1:
            expected = f"columns among {', '.join(_COLUMNS)}, each once"
            raise _wrong(path, 1, repr(name), expected, repr(name), nearest(name, _COLUMNS))
    missing = [name for name in ("side", "qty") if name not in names]
    missing += [] if {"end", "horizon"} & set(names) else ["horizon or end"]
    if missing:
        raise InputError(f"{path}, line 1", expected=f"the columns {', '.join(missing)} too",
                         got=", ".join(names) or "none")  # fmt: skip
    return names


def _cells(path: Path, line: int, head: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    if len(row) != len(head):
        raise InputError(f"{path}, line {line}", expected=f"{len(head)} cells, as there are columns", got=len(row))
    return {name: cell.strip() for name, cell in zip(head, row, strict=True)}


class _Reading:
    """One line being read; `begin` when the trade starts on the first day, ns UTC."""

    def __init__(self, path: Path, number: int, cells: dict[str, str], preset: Preset, begin: int) -> None:
        self._path, self._number, self._cells = path, number, cells
        self._preset, self._begin = preset, begin

    def line(self) -> Line:
        """Return the order."""
        start = self._start()
        strategy, urgency, part = self._algo()
        return Line(
            self._side(), self._quantity(), self._horizon(start), start, self._limit(), strategy, urgency, part,
            self._name("client", ""), self._name("account", ACCOUNT), self._number,
        )  # fmt: skip

    def _get(self, column: str) -> str:
        return self._cells.get(column, "")

    def _wrong(self, column: str, expected: str, hint: str | None = None) -> InputError:
        got = repr(self._get(column)) if self._get(column) else "nothing"
        return _wrong(self._path, self._number, column, expected, got, hint)

    def _side(self) -> Side:
        try:
            return Side.parse(self._get("side"))
        except InputError as error:
            raise self._wrong("side", "buy or sell", error.hint) from None

    def _quantity(self) -> int:
        text = self._get("qty")
        try:
            if not (text.isascii() and text.isdecimal()):
                raise self._wrong("qty", "a whole number of shares above 0")
            return check_quantity(int(text[:20]))
        except InputError as error:
            raise self._wrong("qty", str(error.expected or "a whole number of shares above 0")) from None

    def _start(self) -> float:
        text = self._get("start")
        if not text:
            return 0.0
        start = self._clock("start") if ":" in text else self._length("start")
        if start < 0:
            raise self._wrong("start", "a time from the start of the trade on")
        return start

    def _horizon(self, start: float) -> float:
        end, horizon = self._get("end"), self._get("horizon")
        if bool(end) == bool(horizon):
            got = f"{end!r} and {horizon!r}" if end else "neither"
            raise _wrong(self._path, self._number, "horizon or end", "one of them", got)
        seconds = self._length("horizon") if horizon else self._clock("end") - start
        if seconds < _SHORTEST:
            column = "horizon" if horizon else "end"
            raise self._wrong(column, f"{_SHORTEST:g} s from the start of the order or later")
        return seconds

    def _clock(self, column: str) -> float:
        """Return s from the start of the trade to a local time."""
        zone = self._preset.session.timezone
        try:
            at = local_midnight(FIRST_DAY, zone) + time_of_day(self._get(column))
        except InputError:
            raise self._wrong(column, "a local time like 10:30") from None
        return (at - self._begin) / SECOND

    def _length(self, column: str) -> float:
        try:
            return duration(self._get(column)) / SECOND
        except (InputError, OverflowError):
            raise self._wrong(
                column, "a duration like 90s or 4h" + ("" if column == "horizon" else ", or 10:30")
            ) from None

    def _limit(self) -> int:
        text = self._get("limit")
        if not text:
            return 0
        try:
            ticks = instrument_of(self._preset).ticks(text)
        except (InputError, ArithmeticError):
            raise self._wrong("limit", "a price in currency, in whole ticks") from None
        if not 0 < ticks < _DEAREST:
            raise self._wrong("limit", "a price above 0, below 2^40 ticks")
        return ticks

    def _algo(self) -> tuple[str, float, float | None]:
        """Return the strategy, its urgency, and its part of the volume."""
        name, _, rest = (self._get("algo") or "ac").lower().partition(" ")
        if name not in _ALGOS:
            raise self._wrong("algo", f"one of {', '.join(_ALGOS)}", nearest(name, _ALGOS))
        if not rest:
            return name, _ALGOS[name], None
        try:
            number = float(rest)
        except ValueError:
            number = float("nan")
        if name == "pov" and 0 < number < 1:
            return name, 0.0, number
        if name in ("ac", "ow") and 0 < number <= 100:
            return name, number, None
        raise self._wrong("algo", "a number of its own: pov 0.1 (below 1), ac 2, ow 10 (at most 100)")

    def _name(self, column: str, usual: str) -> str:
        text = self._get(column)
        if text and (not _NAME.fullmatch(text) or (column == "client" and text == "all")):
            raise self._wrong(column, "1 to 64 letters, digits, or . _ : -")
        return text or usual
