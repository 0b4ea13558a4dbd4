"""`nowake fit`: models from data."""

from typing import Annotated, Any

import typer

from nowake.cli.data import Date, Symbol, Zone
from nowake.cli.options import Json
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress
from nowake.cli.sources import as_query, is_generated, reader_options
from nowake.core.errors import InputError
from nowake.core.times import time_of_day

__all__ = ["volume"]


def volume(
    source: Annotated[str, typer.Argument(metavar="FILE|QUERY", help="Volume CSV, event file, or STORE-QUERY.")],
    store: Annotated[
        str | None,
        typer.Option(
            "--store", help="Store of a query without one: a folder or an fsspec URL. Default: $NOWAKE_HOME/store."
        ),
    ] = None,
    minutes: Annotated[
        int, typer.Option("--minutes", help="Width of a bin, minutes; divides the session. A volume CSV has its own.")
    ] = 15,
    days: Annotated[int, typer.Option("--days", help="Last so many days make the median curve.")] = 20,
    smooth: Annotated[
        int, typer.Option("--smooth", help="Passes of the (1/4, 1/2, 1/4) smoother over the shares; 0: none.")
    ] = 1,
    hours: Annotated[
        str | None,
        typer.Option(
            "--session",
            help="Local hours that are binned, like 09:00-17:30. Default: the instrument's; "
            "without any, the whole day.",
        ),
    ] = None,
    date: Date = None,
    symbol: Symbol = None,
    timezone: Zone = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the bootstrap intervals, from 0.")] = 0,
    json: Json = False,
) -> int:
    """Fit the volume curve (median shares) and the log-volume model; with 40 days, test both out of sample."""
    out = Envelope("fit.volume", {"source": source, "minutes": minutes, "days": days, "smooth": smooth, "date": date,
                                  "session": hours, "symbol": symbol, "timezone": timezone},
                   seed=seed)  # fmt: skip
    from nowake.cli.options import existing
    from nowake.data.volume_fit import fit_volume

    if is_generated(source):
        raise InputError("volume curve", expected="a file or a store query with several days", got=repr(source))
    what = as_query(source, store) or existing(source)
    options, session = reader_options(date=date, symbol=symbol, timezone=timezone), session_of(hours)
    with Progress("fit volume"):
        body = fit_volume(
            what, minutes=minutes, days=days, smooth=smooth, seed=seed, session=session, options=options
        )  # fmt: skip
    if json:
        out.write(body)
    else:
        _print(source, body)
    return 0


def session_of(text: str | None) -> tuple[int, int] | None:
    """Return (open, close) in ns after local midnight of ``09:00-17:30``, None if there is none; InputError else."""
    if text is None:
        return None
    opened, dash, closed = text.partition("-")
    try:
        hours = time_of_day(opened), time_of_day(closed)
    except InputError:
        hours = (1, 0)
    if not dash or hours[0] >= hours[1]:
        raise InputError("--session", expected="open and close like 09:00-17:30", got=repr(text))
    return hours


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
