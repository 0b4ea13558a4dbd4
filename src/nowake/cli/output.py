"""What goes to standard output: one JSON object for programs, or tables for people."""

import json
import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any

from nowake import __version__
from nowake.core.fingerprint import config_hash

__all__ = ["Envelope", "plain", "say", "show_json", "table"]


class Envelope:
    """Starts the watch; `write` prints the result of command `name` with schema, version, hash and elapsed time.

    `config` holds what was asked, as it was written: its hash identifies the run's configuration.
    """

    def __init__(self, name: str, config: Mapping[str, Any], *, seed: int | None = None) -> None:
        self.name, self.config, self.seed = name, dict(config), seed
        self._started = time.perf_counter()

    @property
    def elapsed(self) -> float:
        """Return seconds since the command began."""
        return time.perf_counter() - self._started

    def body(self, result: Any) -> dict[str, Any]:
        """Return the whole object for `result`, a mapping or a dataclass."""
        head: dict[str, Any] = {"schema": f"nowake.{self.name}/1", "version": __version__}
        if self.seed is not None:
            head["seed"] = self.seed
        head["config_hash"] = config_hash({"command": self.name, "seed": self.seed, **plain(self.config)})
        return {**head, "elapsed_s": round(self.elapsed, 6), **plain(result)}

    def write(self, result: Any) -> None:
        """Print the object."""
        show_json(self.body(result))


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: NaN and infinities are null, dates ISO, enumerations lower-case names."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (float, Decimal)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        return plain(value.tolist())
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


def show_json(body: Mapping[str, Any]) -> None:
    """Print one JSON object."""
    sys.stdout.write(json.dumps(plain(body), allow_nan=False, ensure_ascii=False) + "\n")


def say(text: str) -> None:
    """Print a line for people."""
    sys.stdout.write(text + "\n")


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, left: int = 1, words: Sequence[str] = ()
) -> None:
    """Print a table; the first `left` columns and those in `words` are aligned left; None and NaN show as a dash."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table()
    for i, column in enumerate(columns):
        made.add_column(Text(str(column)), justify="left" if i < left or column in words else "right", overflow="fold")
    for row in rows:
        made.add_row(*(Text(show(cell)) for cell in row))
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = 160
    if title:
        console.print(Text(title, style="bold"), soft_wrap=True)
    console.print(made)


def show(cell: Any) -> str:
    """Return how people read a value: thousands separated, floats with four significant digits at least."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        if abs(cell) >= 1e15:
            return f"{cell:.6g}"
        digits = 2 if abs(cell) >= 100 else 4 if abs(cell) < 1 else 3
        return f"{cell:,.{digits}f}" if cell == 0 or abs(cell) >= 1e-4 else f"{cell:.3g}"
    return str(cell)
