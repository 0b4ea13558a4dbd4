"""What readers of message-by-message formats share: rows collected into chunks, findings, exact decimals."""

from decimal import Decimal
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError
from nowake.core.events import EVENT
from nowake.data.reader import CHUNK, Chunk, Example, Rule

__all__ = ["Findings", "Rows", "decimals", "fixed", "units"]

Row = tuple[int, int, int, int, int, int, int, int, int]


class Rows:
    """Events of the file at `path` as they are made one by one, in the field order of EVENT, and their lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[Row] = []
        self._where: list[int] = []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def full(self) -> bool:
        """Tell whether a chunk should be taken before much more is added."""
        return len(self._rows) >= CHUNK // 4

    def add(self, row: Row, where: int) -> None:
        """Append (time, order_id, price, quantity, ref, instrument, kind, side, flags), seen at `where`."""
        self._rows.append(row)
        self._where.append(where)

    def flag_last(self, flag: int) -> None:
        """Set `flag` on the row added last."""
        *head, flags = self._rows[-1]
        self._rows[-1] = (*head, flags | flag)  # type: ignore[assignment]

    def take(self) -> list[Chunk]:
        """Return what has been collected as chunks of at most CHUNK rows, and start afresh.

        DataError with the line of a number that is larger than its field.
        """
        try:
            events = np.array(self._rows, EVENT)
        except OverflowError as error:
            at = next(i for i, row in enumerate(self._rows) if max(map(abs, row)) >= 1 << 63)
            raise DataError(
                "number", path=self._path, line=self._where[at], expected="at most 2^63 - 1", got=max(self._rows[at])
            ) from error
        where = np.array(self._where, np.int64)
        self._rows, self._where = [], []
        return [Chunk(events[i : i + CHUNK], where[i : i + CHUNK]) for i in range(0, len(events), CHUNK)]


class Findings:
    """What a reader met by itself, counted by rule with the first five examples."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, str, tuple[Example, ...]]] = {}
        self.gaps: list[tuple[int, int]] = []

    def note(self, rule: str, where: int, text: str, action: str = "reported") -> None:
        """Count one case of `rule` at `where` (line or byte offset)."""
        count, action, examples = self._seen.get(rule, (0, action, ()))
        if len(examples) < 5:
            examples = (*examples, Example(where, text))
        self._seen[rule] = (count + 1, action, examples)

    def gap(self, expected: int, got: int, where: int) -> None:
        """Count a sequence number that did not follow the one before."""
        self.gaps.append((expected, got))
        self.note("sequence_gap", where, f"expected {expected}, got {got}")

    def rules(self) -> tuple[Rule, ...]:
        """Return every rule met so far."""
        return tuple(Rule(name, count, action, examples) for name, (count, action, examples) in self._seen.items())


def decimals(unit: Decimal) -> int:
    """Return how many digits after the point `unit` has: 2 for 0.25, 0 for 5."""
    return max(0, -int(unit.normalize().as_tuple().exponent))


def fixed(text: str, places: int) -> int:
    """Return the decimal number `text` times 10**`places`, exactly; ValueError if it is finer or no number."""
    whole, _, part = text.partition(".")
    extra = part[places:]
    if extra.strip("0") or not (whole.lstrip("-") + part).isdecimal() or not text.isascii():
        raise ValueError(text)
    return int(whole + part[:places].ljust(places, "0"))


def units(text: str, unit: Decimal, path: Path, line: int, what: str) -> int:
    """Return how many `unit` the decimal `text` is; DataError at `line` if that is no whole number."""
    places = decimals(unit)
    try:
        value, rest = divmod(fixed(text, places), int(unit.scaleb(places)))
    except (ValueError, TypeError, AttributeError):
        rest = 1
    if rest:
        raise DataError(what, path=path, line=line, expected=f"a multiple of {unit}", got=repr(text))
    return value
