"""`nowake simulate`: whole days of a simulated market."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from nowake.cli.options import Json, PresetOption, RegimeOption, SeedOption
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import numpy as np

    from nowake.market.preset import Preset

__all__ = ["simulate"]


def simulate(
    preset: PresetOption = "midcap",
    seed: SeedOption = 7,
    regime: RegimeOption = "switching",
    days: Annotated[int, typer.Option("--days", help="Trading days, 1 to 10,000.")] = 1,
    out: Annotated[
        str | None, typer.Option("--out", help="Store that gets the days: a folder or an fsspec URL.")
    ] = None,
    json: Json = False,
) -> int:
    """Run days of a simulated market and say what happened; with --out keep its messages, trades and quotes."""
    result = Envelope("simulate", {"preset": preset, "regime": regime, "days": days, "out": out}, seed=seed)
    from nowake.market.preset import load, parameter_hash
    from nowake.market.simulate import simulate as run

    market = load(preset)
    with Progress("simulate") as bar:
        sink = _keeper(out, market, seed, regime) if out else None
        found = run(market, seed, regime=regime, days=days, sink=sink, progress=lambda part: bar(part, 1.0))
    body = {"preset": market.name, "regime": regime, "parameters": parameter_hash(market), **asdict(found)}
    if out:
        body["store"] = out
    if json:
        result.write(body)
        return 0
    rows = [(name.replace("_", " "), value) for name, value in asdict(found).items()]
    table(f"{market.title}: {days} days of {regime}, seed {seed}", ["", "value"], rows)
    if out:
        say(f"kept in {out}: kinds l3, trades, quotes of {market.instrument.symbol}")
    return 0


def _keeper(address: str, preset: "Preset", seed: int, regime: str) -> "Callable[[date, list[np.ndarray]], None]":
    from nowake.core.fingerprint import config_hash
    from nowake.data.store import open_store
    from nowake.market.keep import keep_day
    from nowake.market.preset import parameter_hash

    store, parameters = open_store(address), parameter_hash(preset)

    def keep(day: "date", blocks: "list[np.ndarray]") -> None:
        identity = config_hash({"parameters": parameters, "seed": seed, "regime": regime, "day": day.isoformat()})[:16]
        keep_day(store, preset, identity, day, blocks)

    return keep
