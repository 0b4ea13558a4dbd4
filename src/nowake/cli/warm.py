"""`nowake warm`: every kernel compiled once, so that nothing waits for the compiler later."""

import time
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer

from nowake.cli.options import Json
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress
from nowake.cli.warm_paths import Step, paths

__all__ = ["steps", "warm"]

PACKAGES = ("nowake.book", "nowake.data", "nowake.data.replay", "nowake.market", "nowake.execution")


def steps() -> Iterator[Step]:
    """Yield what is to be compiled: what each package names itself, then whole paths through several of them."""
    for package in PACKAGES:
        if find_spec(package) is None:
            continue
        yield from _own(package)
    yield from paths()


def _own(package: str) -> Iterable[Step]:
    """Return the steps of a package: its function `warm`, or that of its module `warm`."""
    if find_spec(f"{package}.warm") is not None:
        named: Any = import_module(f"{package}.warm").warm
    else:
        named = getattr(import_module(package), "warm", None)
    return [] if named is None else list(named())


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
