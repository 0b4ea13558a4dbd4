"""What is pressed, on disk: a small JSON file that survives a crash at any instant, and that nobody can misread.

It is written beside itself, synced, renamed, and the folder synced. A file that is missing, damaged or of another
schema does not say that nothing is pressed: `read_pressed` returns None, and the kill switch then holds the whole firm.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nowake.risk.switches import SCOPES, Level

__all__ = ["Held", "read_pressed", "write_pressed"]

_SCHEMA = "nowake.kill/1"


@dataclass(frozen=True, slots=True)
class Held:
    """A switch that is pressed: whom it stops and how far, who has pressed it, since when (ns UTC), and why."""

    scope: str
    name: str
    level: Level
    by: tuple[str, ...]
    since: int
    reason: str


def _digest(rows: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def write_pressed(path: Path, held: list[Held]) -> None:
    """Write `held` so that a crash leaves the old file or the new one, never a torn one; OSError if it cannot."""
    rows = [asdict(one) | {"level": one.level.name.lower(), "by": list(one.by)} for one in held]
    text = json.dumps({"schema": _SCHEMA, "pressed": rows, "sha256": _digest(rows)}, indent=1)
    beside = path.with_name(f"{path.name}.new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_pressed(path: Path) -> list[Held] | None:
    """Return what is pressed, None if the file does not say so beyond doubt."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        rows = table["pressed"]
        if table["schema"] != _SCHEMA or table["sha256"] != _digest(rows):
            return None
        return [_held(row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _held(row: dict[str, Any]) -> Held:
    level = Level[str(row["level"]).upper()]
    if row["scope"] not in SCOPES or not isinstance(row["since"], int) or level == Level.RUN:
        raise ValueError(f"not a pressed switch: {row}")
    return Held(row["scope"], str(row["name"]), level, tuple(map(str, row["by"])), row["since"], str(row["reason"]))
