"""Recorded days under the same facts: what data shows, beside the ranges, without a verdict."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from nowake.data.reader import Reader
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.events import from_reader
from nowake.market.realism.facts import Fact, judge
from nowake.market.realism.measure import measure, reduce_day, resampler_of, unmeasured_of
from nowake.market.realism.profile import profile
from nowake.market.realism.reduced import Reduced

__all__ = ["Recorded", "Source", "measure_recorded"]

_NO_REGIMES = frozenset({26})  # judged in regimes that are told apart


@dataclass(frozen=True, slots=True)
class Source:
    """One recorded day: its reader, a name for errors, and the order-book file of a LOBSTER pair."""

    reader: Reader
    name: str
    orderbook: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """What the days show; `unmeasured`: facts that this data cannot tell, `notes` why."""

    facts: tuple[Fact, ...]
    parts: dict[str, Estimate]
    shown: dict[str, Estimate]
    days: tuple[Reduced, ...]
    unmeasured: frozenset[int]
    notes: tuple[str, ...]


def measure_recorded(
    sources: Iterable[Source], *, seed: int = 0, tell: Callable[[int], None] = lambda _: None
) -> Recorded:
    """Return the facts of recorded days (at least one), days of one symbol in a series; DataError as `from_reader`."""
    days: list[Reduced] = []
    symbols: dict[str, int] = {}
    notes: dict[str, None] = {}
    for source in sources:
        symbol = source.reader.meta.instruments[0].symbol
        series = symbols.setdefault(symbol, len(symbols))
        record = from_reader(source.reader, source.name, orderbook=source.orderbook, series=series)
        notes |= dict.fromkeys(record.notes)
        days.append(reduce_day(record))
        tell(1)
    parts, unmeasured = measure(days, seed=seed), unmeasured_of(days) | _NO_REGIMES
    facts = tuple(judge(parts, sorted(unmeasured)))
    about = profile(days, resampler_of(days, seed=seed))
    return Recorded(facts, parts, about, tuple(days), unmeasured, tuple(notes))
