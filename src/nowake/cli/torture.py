"""`nowake torture`: kill a trader at random moments, and look whether anything was lost."""

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from nowake.cli.options import Json, ModeOption, named
from nowake.cli.output import Envelope, say, show
from nowake.cli.progress import Progress

__all__ = ["torture"]

_WRONG = ("lost", "reissued", "duplicated", "unknown_at_venue", "unconserved")


def torture(
    kills: Annotated[int, typer.Option("--kills", help="How often the trader is killed.")] = 100,
    folder: Annotated[
        str | None,
        typer.Option(
            "--folder", metavar="FOLDER", help="Where it happens; one that was cut off goes on. Default: a new one."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the market and of the moments of the kills.")] = 0,
    mode: ModeOption = "reserved",
    json: Json = False,
) -> int:
    """Kill a trader again and again; exit code 1 if anything was lost, sent twice or left unknown."""
    from nowake.oms.keeper import Mode
    from nowake.service.torture import torture as run

    chosen = Mode(named(mode, tuple(one.value for one in Mode), "mode"))
    out = Envelope("torture", {"kills": kills, "mode": chosen.value}, seed=seed)
    place = nullcontext(folder) if folder is not None else tempfile.TemporaryDirectory(prefix="nowake-")
    with place as where, Progress("kills") as step:
        found = run(kills, Path(str(where)), seed, step, chosen)
    if json:
        out.write(found)
    else:
        for name, value in found.items():
            say(f"{name.replace('_', ' ')}: {show(value)}")
    return 1 if any(found[name] for name in _WRONG) else 0
