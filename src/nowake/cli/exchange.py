"""`nowake exchange`: a simulated market as a process of its own, behind a Unix socket."""

from pathlib import Path
from typing import Annotated

import typer

from nowake.cli.output import say
from nowake.core.errors import InputError

__all__ = ["exchange"]


def exchange(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Gets venue.sock and venue.log, the venue's memory.")],
    preset: Annotated[
        str, typer.Option("--preset", help="Name of a preset, or a TOML file.", metavar="NAME|FILE")
    ] = "midcap",
    seed: Annotated[int, typer.Option("--seed", help="Seed of every random stream, from 0.")] = 7,
    regime: Annotated[
        str, typer.Option("--regime", help="One of calm, trending, volatile, thin, news, switching.")
    ] = "calm",
    speed: Annotated[
        str, typer.Option("--speed", help="Times real time, like 60x; 0x: the clock follows its client.")
    ] = "1x",
    warm_up: Annotated[float, typer.Option("--warm-up", help="Seconds that the market has run before.")] = 300.0,
) -> int:
    """Serve one market until interrupted; started again in the same folder it goes on where it was."""
    import asyncio

    from nowake.market.preset import load, parameter_hash
    from nowake.service.exchange import serve
    from nowake.service.ledger_file import Made

    made = Made("EXCHANGE", preset, parameter_hash(load(preset)), seed, regime, warm_up)
    asyncio.run(serve(made, Path(folder), _speed(speed), lambda: say(f"listening {Path(folder) / 'venue.sock'}")))
    return 0


def _speed(text: str) -> float:
    number = text.removesuffix("x")
    try:
        speed = float(number)
    except ValueError:
        speed = -1.0
    if not 0 <= speed <= 10_000:
        raise InputError("--speed", expected="0x to 10000x", got=repr(text))
    return speed
