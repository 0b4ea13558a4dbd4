"""Runs benchmarks by name and keeps their last results with the machine named by its CPU model only."""

import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

__all__ = ["NAMES", "RESULTS", "Row", "Skip", "keep", "machine", "median_of", "run"]

NAMES = ("book", "parse", "start", "replay", "market", "features", "decisions", "latency", "journal", "kill")
HERE = Path(__file__).parent
RESULTS = HERE / "results"
KEYS = ("name", "value", "unit", "bar", "goal", "pass", "peer", "peer_value", "ratio")


class Skip(Exception):  # noqa: N818 - a reason, not a fault
    """Raised by a benchmark that cannot run here; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. `bar` and `goal` are limits of the value, or of the ratio to the peer if `of` says so.

    `better` says on which side of the bar is good. A row without a bar passes as None.
    """

    name: str
    value: float
    unit: str
    bar: float | None = None
    goal: float | None = None
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None
    better: Literal["lower", "higher"] = "lower"
    of: Literal["value", "ratio"] = "value"

    def as_dict(self) -> dict[str, Any]:
        """Return the row with the keys of the command line contract."""
        measured = self.value if self.of == "value" else self.ratio
        passed = None
        if self.bar is not None and measured is not None:
            passed = measured <= self.bar if self.better == "lower" else measured >= self.bar
        row = {**asdict(self), "pass": passed}
        return {key: row[key] for key in KEYS}


def run(name: str) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return the rows of benchmark `name`, and why it (or a part of it) was skipped."""
    if find_spec(f"benchmarks.{name}") is None:
        return [], [{"name": name, "reason": "this source tree has no such benchmark"}]
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))  # so that each also runs as a script of its own
    rows: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    try:
        for row in import_module(f"benchmarks.{name}").run():
            if isinstance(row, Skip):
                skipped.append({"name": name, "reason": str(row)})
            else:
                rows.append(row.as_dict() if hasattr(row, "as_dict") else {key: row.get(key) for key in KEYS})
    except Skip as reason:
        skipped.append({"name": name, "reason": str(reason)})
    return rows, skipped


def machine() -> str:
    """Return the CPU model."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def keep(name: str, rows: Iterable[dict[str, Any]], folder: Path = RESULTS) -> Path:
    """Write the results of `name`, whole or not at all, and return their path."""
    folder.mkdir(parents=True, exist_ok=True)
    body = {"schema": "nowake.bench/1", "name": name, "machine": machine(), "results": list(rows)}
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(json.dumps(body, indent=2) + "\n")
    target = folder / f"{name}.json"
    Path(temporary).chmod(0o644)
    Path(temporary).replace(target)
    return target


def median_of(measure: Callable[[], float], times: int = 5) -> float:
    """Return the median of `times` measurements."""
    return statistics.median(measure() for _ in range(times))
