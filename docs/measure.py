"""Measure what the pages state about real data, on the days under $NOWAKE_DATA, and write it into them.

    python docs/measure.py [TABLE ...]

A table stands between `<!-- NAME -->` and `<!-- end -->`. Everything is deterministic: tests/docs compares.
"""

import itertools
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from blocks import refresh, restate

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
from nowake.execution.request import Latency, QueueChoice, ReplayRequest
from nowake.execution.state import Placement
from nowake.schedule.pretrade import SquareRoot, square_root
from nowake.tca.schedule_path import SchedulePath
from nowake.tca.summary import Analysis, OrderFacts, analyse

DOCS = Path(__file__).parent
INET = "inet_l3_2003/{}_2003-01-{:02}_message.csv.zst"
DAYS = (13, 14, 15, 16, 17, 21, 22, 23, 24, 27, 28, 29, 30, 31)
T_13 = 2.1604  # 97.5 % quantile of Student's t with 13 degrees of freedom: one value per day
SIZES = (1, 6, 15, 30)  # % of the day's printed volume
CAUSES = {
    Cause.CROSSED: "an arriving order crossed ours",
    Cause.THROUGH: "a displayed trade through our price",
    Cause.QUEUE: "a displayed trade at our price",
    Cause.HIDDEN_THROUGH: "a hidden print through our price",
    Cause.HIDDEN_AT: "a hidden print at our price",
    Cause.TAKE: "we took",
}
Table = list[list[str]]


def data(name: str) -> Path:
    """Return the path of a file of market data; KeyError without $NOWAKE_DATA."""
    return Path(os.environ["NOWAKE_DATA"]) / name


@dataclass(frozen=True)
class Run:
    """One order worked through one day: what the tables need of it. Costs in bp."""

    quantity: int
    filled: int
    volume: int
    children: int
    fills: int
    ghost_shares: int
    slip: float  # against the interval VWAP
    shortfall: float
    spread: float
    impact: float
    opportunity: float
    passive: float
    causes: dict[Cause, int]


def work(source: Reader | Path, **changed: Any) -> Run:
    """Work one order: by default VWAP, buy 20,000, from open to close."""
    reader = open_reader(source, options=ReaderOptions()) if isinstance(source, Path) else source
    asked: dict[str, Any] = {"algo": "vwap", "side": Side.BUY, "quantity": 20_000, **changed}
    result = replay_order(ReplayRequest(reader=reader, source=str(source), **asked))
    facts = OrderFacts(result.order, result.decision_mid, result.arrival_mid, result.end_mid, result.children)
    path = SchedulePath.of_slices(result.slice_times, result.targets)
    told = analyse(facts, result.fills, result.prints, result.quotes, path)
    parts = told.decomposition
    return Run(
        result.order.quantity, told.filled, int(result.prints["quantity"].sum()), result.children, len(told.fills),
        result.ghost_shares, slip(told), parts.total_bps, parts.spread_bps, parts.impact_bps, parts.opportunity_bps,
        told.conduct.passive_share or 0.0, {row.cause: row.quantity for row in told.causes},
    )  # fmt: skip


def slip(told: Analysis) -> float:
    """Return the slippage against the interval VWAP in bp."""
    price, benchmark = told.average, told.benchmarks.vwap
    assert price is not None
    assert benchmark is not None
    return int(told.facts.order.side) * (price / benchmark - 1) * 1e4


@cache
def inet(day: int, side: Side, percent: int) -> Run:
    """Work VWAP of `percent` of the volume through IBM on `day` of January 2003."""
    return work(data(INET.format("IBM", day)), side=side, quantity=None, of_adv=percent / 100)


def sweep(percent: int) -> list[tuple[Run, Run]]:
    """Return buy and sell of every IBM day."""
    return [(inet(day, Side.BUY, percent), inet(day, Side.SELL, percent)) for day in DAYS]


def interval(values: Sequence[float], digits: int = 1) -> str:
    """Return mean and 95 % interval of one value per day."""
    half = T_13 * stdev(values) / math.sqrt(len(values))
    mean = fmean(values)
    return f"{mean:+.{digits}f} [{mean - half:+.{digits}f}, {mean + half:+.{digits}f}]"


def participation() -> Table:
    """The same order at rising shares of the day's volume."""
    closes = [hidden_day("IBM", day)[1] for day in DAYS]
    sigma = stdev(math.log(b / a) for a, b in itertools.pairwise(closes))
    law_words = f"square-root law at a daily volatility of {sigma:.2%}, bp"
    rows = [["of the volume", "filled", "against VWAP, bp", "spread, bp", "own impact, bp", law_words]]
    for percent in SIZES:
        pairs = sweep(percent)
        runs = [run for pair in pairs for run in pair]
        law = fmean(square_root(SquareRoot(run.quantity, run.volume, sigma, 1.0)).mean_bps for run in runs)
        each = [
            interval([(getattr(a, name) + getattr(b, name)) / 2 for a, b in pairs])
            for name in ("slip", "spread", "impact")
        ]
        done = sum(run.filled for run in runs) / sum(run.quantity for run in runs)
        rows.append([f"{percent} %", f"{done:.1%}", *each, f"{law:.0f}"])
    return rows


def causes() -> Table:
    """How the shares came, and what history would have had to do differently."""
    rows = [["of the volume", *(f"{percent} %" for percent in SIZES)]]
    every = {percent: [run for pair in sweep(percent) for run in pair] for percent in SIZES}
    total = {percent: sum(run.filled for run in runs) for percent, runs in every.items()}

    def line(words: str, count: Callable[[Run], int]) -> None:
        rows.append([words, *(f"{sum(map(count, every[p])) / total[p]:.1%}" for p in SIZES)])

    for cause, words in CAUSES.items():
        line(words, lambda run, cause=cause: run.causes.get(cause, 0))  # type: ignore[misc]
    line("*spared shares*", lambda run: run.causes.get(Cause.QUEUE, 0) + run.causes.get(Cause.THROUGH, 0))
    line("*ghost shares*", lambda run: run.ghost_shares)
    return rows


INSIDE, AT, BEYOND, BLIND = range(4)
HIDDEN, FAR = int(Kind.HIDDEN), 2**59


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


@cache
def hidden_day(symbol: str, day: int) -> tuple[np.ndarray, int]:
    """Return counts of a day, and the last visible price in ticks.

    Counts: volume, prints, hidden volume, hidden prints, then hidden prints inside, at, beyond, without a two-sided
    book, and those at a price with displayed shares.
    """
    books, total, last = new_books(1, REPLAY), np.zeros(9, np.int64), 0
    for chunk in check(data(INET.format(symbol, day))):
        events = chunk.events
        where, ahead = np.full(len(events), -1), np.zeros(len(events), np.int64)
        place_hidden(books, events, where, ahead)
        seen = np.isin(events["kind"], (int(Kind.EXECUTE), int(Kind.TRADE)))
        own = events["kind"] == HIDDEN
        for k, mask in enumerate((seen | own, own)):
            total[2 * k] += events["quantity"][mask].sum()
            total[2 * k + 1] += mask.sum()
        for k in range(4):
            total[4 + k] += ((where == k) & own).sum()
        total[8] += ((ahead > 0) & own).sum()
        if seen.any():
            last = int(events["price"][seen][-1])
    return total, last


def hidden() -> Table:
    """Hidden executions of the INET days and where they lie against the displayed book."""
    rows = [["", *(f"{symbol}, {len(DAYS)} days" for symbol in ("IBM", "YHOO"))]]
    both = [np.array([hidden_day(symbol, day)[0] for day in DAYS]) for symbol in ("IBM", "YHOO")]
    sums = [days.sum(axis=0) for days in both]
    rows.append(["of the volume", *(f"{s[2] / s[0]:.1%}" for s in sums)])
    shares = [days[:, 2] / days[:, 0] for days in both]
    rows.append(["of the volume, lowest and highest day", *(f"{x.min():.1%}, {x.max():.1%}" for x in shares)])
    rows.append(["of the prints", *(f"{s[3] / s[1]:.1%}" for s in sums)])
    words = ("better than the best displayed price", "at it", "beyond it", "while one side of the book is empty")
    for k, name in enumerate(words):
        rows.append([f"hidden prints {name}", *(f"{s[4 + k] / s[3]:.1%}" for s in sums)])
    rows.append(["hidden prints at a price with displayed shares", *(f"{s[8] / s[3]:.2%}" for s in sums)])
    return rows


def latency() -> Table:
    """The same order with every leg (feed, entry, response) delayed: means over days, and the pairs against none."""
    rows = [["each of three legs", "against VWAP, bp", "more than without", "passive", "fills per day"]]
    none: list[float] = []
    for delay in (0, MS, 10 * MS, 100 * MS, SECOND):
        runs = [work(data(INET.format("IBM", day)), latency=Latency(delay, delay, delay)) for day in DAYS]
        slips = [run.slip for run in runs]
        none = none or slips
        more = interval([a - b for a, b in zip(slips, none, strict=True)], 2) if delay else ""
        passive, fills = fmean(run.passive for run in runs), fmean(run.fills for run in runs)
        rows.append([f"{delay / MS:g} ms", f"{fmean(slips):+.2f}", more, f"{passive:.1%}", f"{fills:.0f}"])
    return rows


@cache
def quoted(symbol: str, day: int, quantity: int, model: str) -> Run:
    """Work TWAP from 10:00 to 11:00 through trades and quotes: what did not trade in 9 s crosses in the tenth."""
    from nowake.data.formats.lean import open_pair

    stem = f"lean_us_equity_2013/tick/{symbol}/201310{day:02}"
    pair = open_pair(data(f"{stem}_trade.zip"), data(f"{stem}_quote.zip"))
    return work(
        pair, algo="twap", quantity=quantity, queue=QueueChoice.parse(model), start=10 * HOUR, end=11 * HOUR,
        slice_ns=10 * SECOND, placement=Placement(cross_before=SECOND),
    )  # fmt: skip


def queues() -> Table:
    """The declared queue models on trades and quotes, means over three days."""
    rows = [["queue model", "BAC passive", "BAC against VWAP", "AIG passive", "AIG against VWAP"]]
    for model in ("pessimistic", "power:3", "power:2", "power:1"):
        cells = []
        for symbol, quantity in (("bac", 360_000), ("aig", 36_000)):
            runs = [quoted(symbol, day, quantity, model) for day in (7, 8, 9)]
            cells += [f"{fmean(run.passive for run in runs):.1%}", f"{fmean(run.slip for run in runs):+.2f} bp"]
        rows.append([model, *cells])
    return rows


def days() -> Table:
    """One day proves nothing: the 6 % order on every IBM day, by side."""
    rows = [["", "mean [95 %], bp", "standard deviation", "lowest day", "highest day", "days for ±1 bp"]]
    for k, side in enumerate((Side.BUY, Side.SELL)):
        runs = [pair[k] for pair in sweep(6)]
        for name, values in (
            ("against VWAP", [run.slip for run in runs]),
            ("shortfall", [run.shortfall for run in runs]),
        ):
            spread = stdev(values)
            needed = math.ceil((1.96 * spread) ** 2)
            rows.append([
                f"{side}, {name}", interval(values), f"{spread:.1f}", f"{min(values):+.1f}", f"{max(values):+.1f}",
                f"{needed:,}",
            ])  # fmt: skip
    return rows


def close() -> Table:
    """What the end of the day leaves undone: 20,000 shares by algorithm, all days."""
    rows = [["algorithm", "filled", "days complete", "least filled", "opportunity, bp"]]
    for algo in ("vwap", "twap", "ac", "ow"):
        runs = [work(data(INET.format("IBM", day)), algo=algo) for day in DAYS]
        done = [run.filled / run.quantity for run in runs]
        rows.append([
            algo, f"{fmean(done):.1%}", f"{sum(x == 1 for x in done)} of {len(done)}", f"{min(done):.1%}",
            interval([run.opportunity for run in runs]),
        ])  # fmt: skip
    return rows


def placers() -> Table:
    """Ways to place the same order, paired by day against the default."""
    ways = {
        "default": Placement(),
        "never crosses": Placement(cross_before=0, sweep_before=0),
        "crosses in the last minute": Placement(cross_before=MINUTE),
        "improves by a cent": Placement(improve=1),
        "patience 10 s": Placement(patience=10 * SECOND),
        "pays two cents more": Placement(depth=2),
    }
    rows = [["placer", "filled", "passive", "against VWAP, bp", "more than default", "shortfall, more than default"]]
    first: list[Run] = []
    for words, way in ways.items():
        runs = [work(data(INET.format("IBM", day)), quantity=None, of_adv=0.06, placement=way) for day in DAYS]
        first = first or runs
        done = sum(run.filled for run in runs) / sum(run.quantity for run in runs)
        more = ["", ""]
        if runs is not first:
            more = [
                interval([getattr(a, name) - getattr(b, name) for a, b in zip(runs, first, strict=True)])
                for name in ("slip", "shortfall")
            ]
        passive = fmean(run.passive for run in runs)
        rows.append([words, f"{done:.1%}", f"{passive:.1%}", f"{fmean(run.slip for run in runs):+.1f}", *more])
    return rows


QUALITY = {
    "IBM 2003-01-15, INET": INET.format("IBM", 15),
    "YHOO 2003-01-15, INET": INET.format("YHOO", 15),
    "AMZN 2012-06-21, LOBSTER level 1": "lobster/AMZN_2012-06-21_34200000_57600000_message_1.csv.zst",
    "ES futures 2023-12-24, DBN": "databento_dbn/esh4-glbx-mdp3-20231224.mbo.dbn.zst",
    "NASDAQ ITCH sample": "itch50_ritch/ex20101224.TEST_ITCH_50.fixedlen.gz",
}


def quality() -> Table:
    """What the check finds in real files."""
    rows = [["file", "rows", "kept", "repaired", "quarantined", "rules met"]]
    for words, name in QUALITY.items():
        checked = check(data(name))
        for _ in checked:
            pass
        report = checked.report()
        met = ", ".join(f"{rule.id} {rule.count:,}" for rule in report.rules if rule.count)
        counts = (report.rows_in, report.kept, report.repaired, report.quarantined)
        rows.append([words, *(f"{n:,}" for n in counts), met])
    return rows


def verification() -> Table:
    """Our book against the vendor's."""
    from nowake.data.verify import verify

    rows = [["file", "rows", "compared", "equal", "different", "not determined"]]
    for words, stem, levels in (
        ("AMZN 2012-06-21, level 1", "AMZN_2012-06-21_34200000_57600000", 1),
        ("MSFT 2012-06-21, 50 levels", "MSFT_2012-06-21_sample1000rows", 50),
    ):
        files = [data(f"lobster/{stem}_{kind}_{levels}.csv.zst") for kind in ("message", "orderbook")]
        told = verify(*files)
        counts = (told.compared + told.not_determined, told.compared, told.equal, told.different, told.not_determined)
        rows.append([words, *(f"{n:,}" for n in counts)])
    return rows


LIMITS, ALGORITHMS = DOCS / "limits.md", DOCS / "algorithms"
TABLES: dict[str, tuple[Path, Callable[[], Table]]] = {
    "participation": (LIMITS, participation),
    "causes": (LIMITS, causes),
    "hidden": (LIMITS, hidden),
    "latency": (LIMITS, latency),
    "queues": (LIMITS, queues),
    "days": (LIMITS, days),
    "close": (LIMITS, close),
    "placers": (ALGORITHMS / "parent-engine.md", placers),
    "quality": (ALGORITHMS / "quality.md", quality),
    "verification": (ALGORITHMS / "verification.md", verification),
}


def markdown(table: Table) -> str:
    """Return `table`, its first row the head, as Markdown."""
    head, *rows = ["| " + " | ".join(row) + " |" for row in table]
    return "\n".join([head, "|" + "---|" * len(table[0]), *rows])


def main(names: list[str]) -> None:
    """Measure the tables `names` and write them into their pages; without names all, and the shown outputs too."""
    for name in names or TABLES:
        page, measured = TABLES[name]
        table = markdown(measured())
        restate(page, name, table)
        print(f"{name}\n{table}\n", flush=True)
    if not names:
        refresh()


if __name__ == "__main__":
    main(sys.argv[1:])
