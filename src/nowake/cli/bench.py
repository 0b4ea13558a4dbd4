"""`nowake bench`: speed against the bars of the project, from the benchmarks of the source tree."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

import nowake
from nowake.cli.options import Json, named
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress
from nowake.core.errors import MissingError

__all__ = ["bench"]


def bench(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One benchmark: book, replay, parse, start, … Default: all.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep/--no-keep", help="Write the results into benchmarks/results/.")] = True,
    json: Json = False,
) -> int:
    """Run the benchmarks of the source tree and compare with bars, goals and peers."""
    out = Envelope("bench", {"name": name})
    runner = _runner()
    names = list(runner.NAMES) if name is None else [named(name, runner.NAMES, "benchmark")]
    results: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    with Progress("bench", patience=0.0) as bar:
        for done, one in enumerate(names):
            bar(done, len(names), one)
            rows, reasons = runner.run(one)
            results += rows
            skipped += reasons
            if keep and rows:
                runner.keep(one, rows)
    body = {"name": name or "all", "machine": runner.machine(), "results": results, "skipped": skipped}
    if json:
        out.write(body)
    else:
        _print(body)
    return 0


def _runner() -> Any:
    """Return the module benchmarks.runner of the repository; MissingError if nowake is installed without it."""
    root = Path(nowake.__file__).parents[2]
    if not (root / "benchmarks" / "runner.py").is_file():
        raise MissingError(
            "benchmarks are not installed (expected a clone of the repository: they run from its source tree)"
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return import_module("benchmarks.runner")


def _print(body: dict[str, Any]) -> None:
    columns = ["name", "value", "unit", "bar", "goal", "pass", "peer", "peer_value", "ratio"]
    table(f"benchmarks on {body['machine']}", columns, [[row[c] for c in columns] for row in body["results"]])
    for one in body["skipped"]:
        say(f"skipped {one['name']}: {one['reason']}")
