"""`nowake fit`: models from data."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from nowake.cli.data import Date, Format, Symbol, Tick, Tolerance, Zone
from nowake.cli.features import recorded
from nowake.cli.options import Json, StoreAt, span
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress
from nowake.cli.sources import as_query, is_generated, reader_options
from nowake.core.errors import InputError
from nowake.core.times import time_of_day

__all__ = ["microprice", "ofi", "volume"]

Recorded = Annotated[
    str, typer.Argument(metavar="FILE|QUERY", help="Level-3, level-2 or quote data: a file, or STORE?symbol=….")
]


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


def microprice(
    source: Recorded,
    spreads: Annotated[
        int | None,
        typer.Option("--spreads", help="Largest spread of the table, steps. Default: covers 95 % of quotes."),
    ] = None,
    store: StoreAt = None,
    date: Date = None,
    symbol: Symbol = None,
    tick: Tick = None,
    fmt: Format = None,
    timezone: Zone = None,
    clock_tolerance: Tolerance = "1s",
    json: Json = False,
) -> int:
    """Fit the microprice (Stoikov 2018): the mid that is expected in the end, by imbalance and spread."""
    asked = {"date": date, "symbol": symbol, "tick": tick, "format": fmt, "timezone": timezone}
    out = Envelope("fit.microprice", {
        "source": source, "spreads": spreads, "store": store, "clock_tolerance": clock_tolerance, **asked
    })  # fmt: skip
    options = reader_options(date=date, symbol=symbol, tick=tick, timezone=timezone, clock_tolerance=clock_tolerance)
    what = _recorded(source, store, asked)
    from nowake.features.microprice import fit_microprice

    with Progress("fit microprice"):
        body = fit_microprice(what, spreads=spreads, options=options, fmt=fmt)
    if json:
        out.write(body)
    else:
        _print_microprice(source, body)
    return 0


def ofi(
    source: Recorded,
    bucket: Annotated[str, typer.Option("--bucket", help="Width of a bucket, up to 30m.")] = "10s",
    store: StoreAt = None,
    date: Date = None,
    symbol: Symbol = None,
    tick: Tick = None,
    fmt: Format = None,
    timezone: Zone = None,
    clock_tolerance: Tolerance = "1s",
    json: Json = False,
) -> int:
    """Fit price moves on order-flow imbalance (Cont, Kukanov & Stoikov 2014)."""
    asked = {"date": date, "symbol": symbol, "tick": tick, "format": fmt, "timezone": timezone}
    out = Envelope("fit.ofi", {
        "source": source, "bucket": bucket, "store": store, "clock_tolerance": clock_tolerance, **asked
    })  # fmt: skip
    width = span(bucket, "--bucket")
    options = reader_options(date=date, symbol=symbol, tick=tick, timezone=timezone, clock_tolerance=clock_tolerance)
    what = _recorded(source, store, asked)
    from nowake.features.ofi import fit_ofi

    with Progress("fit ofi"):
        body = fit_ofi(what, bucket=width, options=options, fmt=fmt)
    if json:
        out.write(body)
    else:
        _print_ofi(source, bucket, body)
    return 0


def _recorded(source: str, store: str | None, asked: Mapping[str, str | None]) -> str:
    if is_generated(source):
        raise InputError("quotes", expected="a file or a store query", got=repr(source))
    return recorded(source, store, {f"--{name}": value for name, value in asked.items()})


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


def _print_microprice(source: str, body: dict[str, Any]) -> None:
    edges = ["0", *(f"{edge:.2f}" for edge in body["edges"])]
    table(
        f"microprice less mid of {source}, {body['days']} days, in steps, by spread and (from) imbalance",
        ["spread", *edges],
        [(spread, *row) for spread, row in enumerate(body["table"], 1)],
    )
    say(f"{body['n']:,} transitions, {body['states']} states; {body['coverage']:.1%} of the quotes covered")
    if body["r2"] is None:
        say("r2: the mid did not move in the last 30 % of the days")
    else:
        say(f"r2 out of sample {body['r2']:.3f} (weighted mid {body['r2_weighted_mid']:.3f}), {body['r2_n']:,} looks")


def _print_ofi(source: str, bucket: str, body: dict[str, Any]) -> None:
    low, high = body["beta_ci"]
    coefficients = {
        "beta, steps a share": body["beta"], "95 % low": low, "95 % high": high, "alpha, steps": body["alpha"],
    }  # fmt: skip
    rows = [
        *((name, f"{value:.4g}") for name, value in coefficients.items()),
        ("r2", body["r2"]), ("r2, mean of half hours", body["r2_windows"]), ("depth, shares", body["depth"]),
        ("2 x beta x depth", body["depth_slope"]), ("buckets", body["n"]),
    ]  # fmt: skip
    table(f"moves of the mid on order-flow imbalance of {source}, {bucket}, {body['days']} days", ["", "value"], rows)


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
