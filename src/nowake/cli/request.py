"""From what was written on the command line to a ReplayRequest."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nowake.cli.options import decimal, existing, named, positive, quantity, span
from nowake.cli.sources import as_query, open_source, reader_options
from nowake.core.errors import InputError, OrderError
from nowake.core.times import MINUTE, MS, time_of_day
from nowake.core.values import Side

if TYPE_CHECKING:
    from nowake.data.reader import Reader
    from nowake.execution.request import Curve, Fees, Latency, ReplayRequest
    from nowake.execution.state import Placement

__all__ = ["ALGORITHMS", "Asked", "make_request"]

ALGORITHMS = ("twap", "vwap", "pov", "ac", "ow")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `nowake replay` as they were written."""

    source: str
    algo: str
    side: str
    qty: str
    decided: str | None
    start: str | None
    end: str | None
    limit: str | None
    participation: float
    urgency: float
    slice: str | None
    curve: str | None
    curve_model: str
    latency_ms: str
    fees: str
    queue_model: str | None
    cross_before: str
    sweep_before: str
    patience: str
    reaction: str
    improve: int
    depth: int
    max_child: int
    date: str | None
    symbol: str | None
    tick: str | None
    step: int | None
    format: str | None
    timezone: str | None
    store: str | None
    clock_tolerance: str
    seed: int


def make_request(asked: Asked, on_progress: Callable[[float], None] | None = None) -> "ReplayRequest":
    """Return the request; cheap mistakes (names, numbers, times) are found before any file is opened."""
    algo, side = named(asked.algo, ALGORITHMS, "algorithm"), Side.parse(asked.side)
    qty = quantity(asked.qty)
    times = [_time(asked.decided, "--decided"), _time(asked.start, "--start"), _time(asked.end, "--end")]
    _ordered(times, asked)
    limit = decimal(asked.limit, "--limit")
    longest = None if asked.slice is None else span(asked.slice, "--slice")
    if not 0 < asked.participation < 1:
        raise OrderError("--participation", expected="above 0 and below 1", got=asked.participation)
    positive(asked.urgency, "--urgency")
    model = named(asked.curve_model, ("static", "dynamic"), "curve model")
    if not 0 <= asked.seed < 2**63:
        raise InputError("--seed", expected="a whole number from 0 to 2^63-1", got=asked.seed)
    options = reader_options(
        date=asked.date, symbol=asked.symbol, tick=asked.tick, step=asked.step, timezone=asked.timezone,
        clock_tolerance=asked.clock_tolerance,
    )  # fmt: skip
    from nowake.execution.request import QueueChoice, ReplayRequest

    latency, fees, placement = _latency(asked.latency_ms), _fees(asked.fees), _placement(asked)
    queue = None if asked.queue_model is None else QueueChoice.parse(asked.queue_model)
    reader = open_source(asked.source, fmt=asked.format, options=options, store=asked.store)
    curve = None if asked.curve is None else volume_curve(asked.curve, model, reader, asked.store)
    return ReplayRequest(
        reader=reader, source=asked.source, algo=algo, side=side, quantity=qty.shares, of_adv=qty.of_adv,
        decided=times[0], start=times[1], end=times[2], limit=limit, participation=asked.participation,
        urgency=asked.urgency, slice_ns=longest, curve=curve, placement=placement, latency=latency, fees=fees,
        queue=queue, symbol=asked.symbol, clock_tolerance_ns=options.clock_tolerance_ns, seed=asked.seed,
        on_progress=on_progress,
    )  # fmt: skip


def _time(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        return time_of_day(text)
    except InputError as error:
        raise InputError(option, expected=error.expected, got=error.got) from None


def _ordered(times: list[int | None], asked: Asked) -> None:
    decided, start, end = times
    if start is not None and end is not None and start >= end:
        raise OrderError("--end", expected=f"a time after --start {asked.start}", got=asked.end)
    first = start if start is not None else end
    if decided is not None and first is not None and decided > first:
        raise OrderError("--decided", expected=f"a time not after {asked.start or asked.end}", got=asked.decided)


def _numbers(text: str, option: str, form: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(option, expected=form, got=repr(text)) from None


def _latency(text: str) -> "Latency":
    """Return the delays written as ``5``, ``1,5,5``, ``1,5,5:0.4`` (lognormal) or ``table:FILE`` (ms, a line each)."""
    from nowake.execution.request import Latency

    form = "ms as 5, or FEED,ENTRY,RESPONSE, with :SIGMA for a lognormal law, or table:FILE"
    if text.startswith("table:"):
        lines = existing(text.removeprefix("table:"), "latency table").read_text(encoding="utf-8").split()
        table = _numbers(",".join(lines), "--latency-ms", "a number of ms per line")
        return Latency(table=tuple(round(delay * MS) for delay in table))
    delays, mark, shape = text.partition(":")
    legs = _numbers(delays, "--latency-ms", form)
    sigma = _numbers(shape, "--latency-ms", form)[0] if mark else 0.0
    if len(legs) not in (1, 3) or not all(0 <= leg < 1e7 for leg in legs):
        raise InputError("--latency-ms", expected=form, got=repr(text))
    feed, entry, response = (round(leg * MS) for leg in (legs if len(legs) == 3 else legs * 3))
    return Latency(feed, entry, response, sigma)


def _fees(text: str) -> "Fees":
    """Return the fees written as ``MAKER,TAKER``: currency per share, or bp of the notional (``-0.2bp,0.5bp``)."""
    from nowake.execution.request import Fees

    form = "MAKER,TAKER per share as -0.002,0.003, or in bp as -0.2bp,0.5bp; negative is a rebate"
    legs = text.strip().lower().split(",")
    values = _numbers(",".join(leg.removesuffix("bp") for leg in legs), "--fees", form)
    if len(legs) != 2 or not all(abs(value) < 1e6 for value in values):
        raise InputError("--fees", expected=form, got=repr(text))
    shares = [0.0 if leg.endswith("bp") else value for leg, value in zip(legs, values, strict=True)]
    bps = [value if leg.endswith("bp") else 0.0 for leg, value in zip(legs, values, strict=True)]
    return Fees(shares[0], shares[1], bps[0], bps[1])


def _placement(asked: Asked) -> "Placement":
    from nowake.execution.state import Placement

    return Placement(
        cross_before=span(asked.cross_before, "--cross-before"),
        sweep_before=span(asked.sweep_before, "--sweep-before"),
        patience=span(asked.patience, "--patience"),
        reaction=span(asked.reaction, "--reaction"),
        improve=asked.improve,
        depth=asked.depth,
        max_child=asked.max_child,
    )


def volume_curve(text: str, model: str, reader: "Reader", store: str | None) -> "Curve":
    """Return the curve in a file (volume CSV, or the JSON of `nowake fit volume`) or of a STORE-QUERY.

    Only days before the replayed one are used where there are any; InputError where the bins cannot be read.
    """
    if text.endswith(".json"):
        return _fitted(existing(text, "curve"))
    from nowake.data.volume import StaticCurve, median_curve
    from nowake.data.volume_fit import volume_table

    query = as_query(text, store)
    table = volume_table(query or existing(text, "curve"))
    day = reader.meta.date
    if day is not None and table.dates[0] < day:
        table = table.before(day)
    if model == "static":
        return _curve(table.bins, StaticCurve(median_curve(table)), False, text)
    from nowake.data.volume_model import fit

    return _curve(table.bins, fit(table).curve(table), True, text)


def _curve(labels: tuple[str, ...], forecast: Any, dynamic: bool, name: str) -> "Curve":
    from nowake.execution.request import Curve

    starts = [time_of_day(label) for label in labels]
    width = starts[1] - starts[0] if len(starts) > 1 else 390 * MINUTE
    return Curve(starts[0], width, len(starts), forecast, dynamic, name)


def _fitted(path: Path) -> "Curve":
    import numpy as np

    from nowake.data.volume import StaticCurve

    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        labels, shares = tuple(map(str, body["bins"])), np.array(body["shares"], float)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"curve {path}", expected="the JSON of nowake fit volume", got=repr(error)) from None
    good = shares.ndim == 1 and len(labels) == len(shares) > 0 and bool(np.isfinite(shares).all())
    if not good or not bool((shares > 0).all()):
        raise InputError(
            f"curve {path}", expected="a share above 0 per bin", got=f"{len(shares)} for {len(labels)} bins"
        )
    return _curve(labels, StaticCurve(shares / shares.sum()), False, str(path))
