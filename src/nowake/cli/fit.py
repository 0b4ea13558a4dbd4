"""`nowake fit`: models from data."""

from typing import Annotated, Any

import typer

from nowake.cli.options import Json
from nowake.cli.output import Envelope, say, table
from nowake.cli.sources import as_query, is_generated, reader_options
from nowake.core.errors import InputError

__all__ = ["volume"]


def volume(
    source: Annotated[str, typer.Argument(metavar="FILE|QUERY", help="Volume CSV, event file, or STORE-QUERY.")],
    store: Annotated[str | None, typer.Option("--store", help="Store of a query without one.")] = None,
    minutes: Annotated[int, typer.Option("--minutes", help="Bin width.")] = 15,
    days: Annotated[int, typer.Option("--days", help="Days in the median curve.")] = 20,
    smooth: Annotated[int, typer.Option("--smooth", help="Passes of the smoother; 0: none.")] = 1,
    date: Annotated[str | None, typer.Option("--date", help="Day of the file, where its name does not tell.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the bootstrap intervals.")] = 0,
    json: Json = False,
) -> int:
    """Fit the volume curve (median shares) and the log-volume model; with 40 days, test both out of sample."""
    out = Envelope("fit.volume", {"source": source, "minutes": minutes, "days": days, "smooth": smooth, "date": date},
                   seed=seed)  # fmt: skip
    from nowake.cli.options import existing
    from nowake.data.volume_fit import fit_volume

    if is_generated(source):
        raise InputError("volume curve", expected="a file or a store query with several days", got=repr(source))
    what = as_query(source, store) or existing(source)
    body = fit_volume(what, minutes=minutes, days=days, smooth=smooth, seed=seed, options=reader_options(date=date))
    if json:
        out.write(body)
    else:
        _print(source, body)
    return 0


def _print(source: str, body: dict[str, Any]) -> None:
    table(
        f"volume curve of {source}, {body['days']} days",
        ["bin", "share"],
        zip(body["bins"], body["shares"], strict=True),
    )
    model, test = body["model"], body["evaluation"]
    if model is None:
        say(f"log-volume model {body['conventions']['model']}")
    else:
        say(f"log-volume model: rho {model['rho']:.3f}, phi {model['phi']:.3f}, r2 {body['r2']:.3f}, {body['n']} bins")
    if test is not None:
        rows = [
            (name, test[name]["static"], test[name]["dynamic"], test[name]["gain"], *test[name]["gain_ci"])
            for name in ("misplaced", "tracking", "mape")
        ]
        columns = ["measure", "static", "dynamic", "gain", "95 % low", "high"]
        table(f"out of sample, {test['days']} days", columns, rows)
