"""`nowake warm`: every kernel compiled once, so that nothing waits for the compiler later."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from nowake.cli.options import Json
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress

__all__ = ["steps", "warm"]

PACKAGES = ("nowake.book", "nowake.data", "nowake.data.replay", "nowake.market", "nowake.execution")
Step = tuple[str, Callable[[], object]]


def steps() -> Iterator[Step]:
    """Yield what is to be compiled: what each package names itself, then whole paths through several of them."""
    for package in PACKAGES:
        if find_spec(package) is None:
            continue
        yield from _own(package)
    yield from _paths()


def _own(package: str) -> Iterable[Step]:
    """Return the steps of a package: its function `warm`, or that of its module `warm`."""
    if find_spec(f"{package}.warm") is not None:
        named: Any = import_module(f"{package}.warm").warm
    else:
        named = getattr(import_module(package), "warm", None)
    return [] if named is None else list(named())


def _paths() -> list[Step]:
    return [("quality check", _check), ("LOBSTER file", _lobster), ("replay", _replay)]


def _check() -> None:
    from nowake.data.quality import Check
    from nowake.market.reader import GeneratedReader

    for _ in Check(GeneratedReader(1), "generated:1"):
        break


def _lobster() -> None:
    from nowake.data.quality import check

    rows = (
        "34200.1,1,1,100,1000000,1\n34200.2,1,2,100,1000100,-1\n34200.3,4,2,50,1000100,-1\n34200.4,3,1,100,1000000,1\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "WARM_2026-01-15_message.csv"
        file.write_text(rows, encoding="ascii")
        for _ in check(file):
            pass


def _replay() -> None:
    from nowake.core.times import HOUR, MINUTE
    from nowake.core.values import Side
    from nowake.execution.replay import replay_order
    from nowake.execution.request import ReplayRequest
    from nowake.market.reader import GeneratedReader

    start = 9 * HOUR + 30 * MINUTE
    reader = GeneratedReader(1)
    replay_order(ReplayRequest(reader, "generated:1", "twap", Side.BUY, 100, start=start, end=start + 2 * MINUTE))


def warm(
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
) -> int:
    """Compile every kernel once (minutes at first, then seconds); the cache is keyed by the sources."""
    out = Envelope("warm", {})
    from nowake.core.jit import cache_dir

    made, rows = list(steps()), []
    with Progress("compiling") as bar:
        for done, (name, call) in enumerate(made):
            bar(done, len(made), name)
            begun = time.perf_counter()
            call()
            rows.append({"name": name, "seconds": time.perf_counter() - begun})
    if json:
        out.write({"kernels": rows, "cache": cache_dir()})
    elif not quiet:
        table("compiled kernels", ["what", "seconds"], [(r["name"], r["seconds"]) for r in rows])
        say(f"{len(rows)} steps in {out.elapsed:.1f} s, kept in {cache_dir()}")
    return 0
