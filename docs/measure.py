"""Measure what docs/limits.md states, on the days under $NOWAKE_DATA, and write the tables into the page.

    python docs/measure.py [TABLE ...]

A table stands between `<!-- NAME -->` and `<!-- end -->`. Everything is deterministic: tests/docs compares.
"""

import os
import re
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np

from nowake.book.feed import apply, best_ask, best_bid
from nowake.book.queries import level_totals
from nowake.book.state import REPLAY, new_books
from nowake.core.events import Kind
from nowake.core.jit import kernel
from nowake.core.records import Cause
from nowake.core.times import HOUR, MINUTE, MS, SECOND
from nowake.core.values import Side
from nowake.data.quality import check
from nowake.data.reader import Reader, ReaderOptions, open_reader
from nowake.execution.replay import replay_order
from nowake.execution.request import Latency, QueueChoice, ReplayRequest, ReplayResult
from nowake.execution.state import Placement
from nowake.schedule.pretrade import SquareRoot
from nowake.tca.schedule_path import SchedulePath
from nowake.tca.summary import Analysis, OrderFacts, analyse

PAGE = Path(__file__).with_name("limits.md")
INET = "inet_l3_2003/{}_2003-01-{:02}_message.csv.zst"
DAYS = (13, 14, 15, 16, 17, 21, 22, 23, 24, 27, 28, 29, 30, 31)
Table = list[list[str]]


def data(name: str) -> Path:
    """Return the path of a file of market data; KeyError without $NOWAKE_DATA."""
    return Path(os.environ["NOWAKE_DATA"]) / name


def work(source: Reader | Path, **changed: Any) -> tuple[ReplayResult, Analysis]:
    """Return result and analysis of one order: by default VWAP, buy 20,000."""
    reader = open_reader(source, options=ReaderOptions()) if isinstance(source, Path) else source
    asked: dict[str, Any] = {"algo": "vwap", "side": Side.BUY, "quantity": 20_000, **changed}
    result = replay_order(ReplayRequest(reader=reader, source=str(source), **asked))
    facts = OrderFacts(result.order, result.decision_mid, result.arrival_mid, result.end_mid, result.children)
    path = SchedulePath(result.slice_times, result.targets.astype(float))
    return result, analyse(facts, result.fills, result.prints, result.quotes, path)


def shares(analysis: Analysis, *causes: Cause) -> float:
    """Return the share of the filled quantity that came by `causes`."""
    return sum(row.quantity for row in analysis.causes if row.cause in causes) / max(analysis.filled, 1)


def slip(analysis: Analysis) -> float:
    """Return the slippage against the interval VWAP in bp."""
    price, benchmark = analysis.average, analysis.benchmarks.vwap
    assert price is not None
    assert benchmark is not None
    return int(analysis.facts.order.side) * (price / benchmark - 1) * 1e4


def participation() -> Table:
    """The same order at rising shares of the day's volume."""
    rows = [["asked", "filled", "against VWAP", "spread", "own impact", "square-root law", "ghosts", "ghost shares / filled"]]
    for percent in (1, 6, 15, 30):
        result, analysis = work(data(INET.format("IBM", 15)), quantity=None, of_adv=percent / 100)
        parts, volume = analysis.decomposition, int(result.prints["quantity"].sum())
        law = SquareRoot(result.order.quantity, volume, 0.0255, 1.0, 0.0).mean_bps
        rows.append([
            f"{percent} %: {result.order.quantity:,}", f"{analysis.conduct.completion:.1%}", f"{slip(analysis):+.1f} bp",
            f"{parts.spread_bps:+.1f} bp", f"{parts.impact_bps:+.1f} bp", f"{law:.0f} bp",
            f"{result.ghosts}", f"{result.ghost_shares / analysis.filled:.0%}",
        ])  # fmt: skip
    return rows


def causes() -> Table:
    """How the shares of the passive part came."""
    rows = [["of the volume", *(c.name.lower().replace("_", " ") for c in Cause if c != Cause.MODEL), "spared shares"]]
    for percent in (1, 6, 15, 30):
        _, analysis = work(data(INET.format("IBM", 15)), quantity=None, of_adv=percent / 100)
        named = (Cause.QUEUE, Cause.THROUGH)
        spared = sum(row.quantity for row in analysis.causes if row.cause in named)
        cells = [f"{shares(analysis, cause):.1%}" for cause in Cause if cause != Cause.MODEL]
        rows.append([f"{percent} %", *cells, f"{spared:,}"])
    return rows


INSIDE, AT, BEYOND, BLIND = range(4)


@kernel
def place_hidden(books: np.ndarray, events: np.ndarray, where: np.ndarray, ahead: np.ndarray) -> None:
    """Apply `events` to books[0]; for each hidden execution tell where it lies and what is displayed at its price."""
    b = books[0]
    for k in range(events.shape[0]):
        e = events[k]
        if e.kind == HIDDEN and e.side != 0:
            best = best_bid(b) if e.side > 0 else best_ask(b)
            other = best_ask(b) if e.side > 0 else best_bid(b)
            ahead[k] = level_totals(b, e.side, e.price)[0]
            if abs(best) >= FAR or abs(other) >= FAR:
                where[k] = BLIND
            elif e.price == best:
                where[k] = AT
            else:
                where[k] = INSIDE if e.side * (e.price - best) > 0 else BEYOND
        apply(b, e)


HIDDEN, FAR = int(Kind.HIDDEN), 2**59


def hidden_day(path: Path) -> np.ndarray:
    """Return [volume, prints, hidden volume, hidden prints, inside, at, beyond, at a price with displayed shares]."""
    books, total = new_books(1, REPLAY), np.zeros(8, np.int64)
    for chunk in check(path):
        events = chunk.events
        where, ahead = np.full(len(events), -1), np.zeros(len(events), np.int64)
        place_hidden(books, events, where, ahead)
        printed = np.isin(events["kind"], (int(Kind.EXECUTE), HIDDEN, int(Kind.TRADE)))
        own = events["kind"] == HIDDEN
        size = events["quantity"]
        masks = (printed, own)
        for k, mask in enumerate(masks):
            total[2 * k] += size[mask].sum()
            total[2 * k + 1] += mask.sum()
        for k, place in enumerate((INSIDE, AT, BEYOND)):
            total[4 + k] += ((where == place) & own).sum()
        total[7] += ((ahead > 0) & own).sum()
    return total


def hidden() -> Table:
    """Hidden executions of the INET days and where they lie against the displayed book."""
    rows = [["", "share of volume", "share of prints", "better than the best displayed price", "at it", "beyond it",
             "displayed shares at its price"]]  # fmt: skip
    for symbol in ("IBM", "YHOO"):
        days = np.array([hidden_day(data(INET.format(symbol, day))) for day in DAYS])
        sums, each = days.sum(axis=0), days[:, 2] / days[:, 0]
        rows.append([
            f"{symbol}, {len(days)} days", f"{sums[2] / sums[0]:.1%} ({each.min():.1%} to {each.max():.1%})",
            f"{sums[3] / sums[1]:.1%}", *(f"{n / sums[3]:.1%}" for n in sums[4:7]), f"{sums[7] / sums[3]:.2%}",
        ])  # fmt: skip
    return rows


def latency() -> Table:
    """The same order with every leg (feed, entry, response) delayed."""
    rows = [["each of three legs", "against VWAP", "spread", "own impact", "passive", "fills"]]
    for delay in (0, MS, 10 * MS, 100 * MS, SECOND):
        _, analysis = work(data(INET.format("IBM", 15)), latency=Latency(delay, delay, delay))
        parts = analysis.decomposition
        rows.append([
            f"{delay / MS:g} ms", f"{slip(analysis):+.2f} bp", f"{parts.spread_bps:+.2f} bp",
            f"{parts.impact_bps:+.2f} bp", f"{analysis.conduct.passive_share:.1%}", f"{len(analysis.fills)}",
        ])  # fmt: skip
    return rows


def queues() -> Table:
    """The declared queue models on trades and quotes; resting only, nothing crosses the spread."""
    from nowake.data.formats.lean import open_pair

    rows = [["queue model", "BAC filled", "BAC spread", "AIG filled", "AIG spread"]]
    for name in ("pessimistic", "power:1", "power:2", "power:3"):
        cells = []
        for symbol, quantity in (("bac", 20_000), ("aig", 5_000)):
            folder = data(f"lean_us_equity_2013/tick/{symbol}")
            pair = open_pair(folder / "20131007_trade.zip", folder / "20131007_quote.zip")
            _, analysis = work(
                pair, algo="twap", quantity=quantity, queue=QueueChoice.parse(name), start=10 * HOUR, end=12 * HOUR,
                slice_ns=MINUTE, placement=Placement(cross_before=0),
            )  # fmt: skip
            cells += [f"{analysis.conduct.completion:.1%}", f"{analysis.decomposition.spread_bps:+.2f} bp"]
        rows.append([name, *cells])
    return rows


def days() -> Table:
    """VWAP, 6 % of each day's volume, on every IBM day, both sides: one day proves nothing."""
    rows = [["IBM, 14 days, 6 % of volume", "mean", "standard deviation", "lowest", "highest"]]
    for side in (Side.BUY, Side.SELL):
        runs = [work(data(INET.format("IBM", day)), side=side, quantity=None, of_adv=0.06)[1] for day in DAYS]
        for name, values in (
            ("against VWAP", [slip(a) for a in runs]),
            ("shortfall", [a.decomposition.total_bps for a in runs]),
        ):
            cells = [f"{x:+.1f} bp" for x in (fmean(values), stdev(values), min(values), max(values))]
            cells[1] = cells[1].removeprefix("+")
            rows.append([f"{side}, {name}", *cells])
    return rows


def close() -> Table:
    """What is displayed on the offer of IBM near the end, and what the last block of ow gets of it."""
    path = data(INET.format("IBM", 15))
    rows = [["algorithm", "filled", "against VWAP", "opportunity", "total"]]
    for algo in ("vwap", "twap", "ac", "ow"):
        _, analysis = work(path, algo=algo)
        parts = analysis.decomposition
        rows.append([
            algo, f"{analysis.conduct.completion:.1%}", f"{slip(analysis):+.1f} bp", f"{parts.opportunity_bps:+.1f} bp",
            f"{parts.total_bps:+.1f} bp",
        ])  # fmt: skip
    return rows


TABLES: dict[str, Callable[[], Table]] = {
    "participation": participation, "causes": causes, "hidden": hidden, "latency": latency, "queues": queues,
    "days": days, "close": close,
}  # fmt: skip


def markdown(table: Table) -> str:
    """Return `table`, its first row the head, as Markdown."""
    head, *rows = ["| " + " | ".join(row) + " |" for row in table]
    return "\n".join([head, "|" + "---|" * len(table[0]), *rows])


def stated(name: str, page: str) -> str:
    """Return the table `name` as it stands in `page`; KeyError if it does not."""
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", page, re.DOTALL)
    if found is None:
        raise KeyError(name)
    return found[1]


def main(names: list[str]) -> None:
    """Measure the tables `names` (all by default) and write them into the page where it has a place for them."""
    for name in names or TABLES:
        table = markdown(TABLES[name]())
        print(f"{name}\n{table}\n", flush=True)
        page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        if f"<!-- {name} -->" in page:
            new = re.sub(
                rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, t=table: f"{m[1]}{t}\n{m[2]}", page, flags=re.DOTALL
            )
            PAGE.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
