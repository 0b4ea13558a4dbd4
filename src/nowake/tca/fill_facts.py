"""What each fill was worth: spreads, price improvement, mark-outs, adverse selection; one row a fill, for any grouping.

bp of the mid just before the fill (mark-outs: of the mid without our orders, as in `markouts`); NaN where a price is
missing or lies beyond the data. Positive is a **cost** for `half_spread`, `adverse`, `fee`, `realised`; it is **good**
for `improvement` and `markout`.

    half_spread s (p - m)      adverse(h) -s (mid(t+h) - m)      markout(h) s (mid(t+h) - p)
    realised s (p - mid(t+60s)) = half_spread + adverse(60 s), in prices      improvement s (touch - p), not for makers
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from nowake.core.records import FILL
from nowake.core.times import SECOND
from nowake.tca import quotes as path
from nowake.tca.exact import carried_mids
from nowake.tca.markouts import HORIZONS
from nowake.tca.tables import Liquidity, Parent, Tables, Tape, trading_day

__all__ = ["FILL_FACTS", "HORIZON_WORDS", "REALISED", "OwnFills", "fill_facts", "own_fills", "seen_quotes"]

HORIZON_WORDS = tuple(f"{h // 10**6}ms" if h < SECOND else f"{h // SECOND}s" for h in HORIZONS)
REALISED = HORIZONS.index(60 * SECOND)  # which horizon the realised spread looks at

# `order`: row of Tables.parents; `notional`: at the fill price, in the currency of the report.
FILL_FACTS = np.dtype(
    [
        ("seq", "i8"),
        ("order", "i8"),
        ("child", "i8"),
        ("time", "i8"),
        ("quantity", "i8"),
        ("notional", "f8"),
        ("half_spread", "f8"),
        ("quoted", "f8"),
        ("improvement", "f8"),
        ("realised", "f8"),
        ("fee", "f8"),
        ("estimated", "u1"),
        ("liquidity", "u1"),
        ("markout", "f8", (len(HORIZONS),)),
        ("adverse", "f8", (len(HORIZONS),)),
    ],
    align=True,
)


@dataclass(frozen=True, slots=True, eq=False)
class OwnFills:
    """The fills of one order: FILLS, the same as FILL with gaps of mids carried, and until when data reach for each."""

    rows: np.ndarray
    fill: np.ndarray
    until: np.ndarray
    gaps: int


def _until(tables: Tables, parent: Parent, times: np.ndarray) -> np.ndarray:
    """Return until when (ns) the tape of each fill's day reaches; before the fill where it does not."""
    instrument, ends = tables.instruments[parent.symbol], {}
    out = np.empty(len(times), np.int64)
    for i, time in enumerate(times.tolist()):
        day = trading_day(instrument, time)
        if day not in ends:
            tape = tables.tapes.get((parent.symbol, day))
            ends[day] = None if tape is None or tape.snapshots else tape.last
        end = ends[day]
        out[i] = time - 1 if end is None else end
    return out


def own_fills(tables: Tables, parent: Parent, rows: np.ndarray) -> OwnFills:
    """Return `rows` (FILLS of `parent`, in time order) in the form that mark-outs, spreads and benchmarks take."""
    fill = np.zeros(len(rows), FILL)
    mids, untouched, gaps = carried_mids(rows, parent.arrival2)
    for name in ("time", "price2", "quantity", "fee"):
        fill[name] = rows[name]
    fill["order_id"], fill["side"] = rows["child"], int(parent.side)
    fill["mid"] = [float(mid) / 2 for mid in mids]
    fill["mid_untouched"] = [float(mid) / 2 for mid in untouched]
    fill["passive"] = rows["liquidity"] == Liquidity.MAKER
    return OwnFills(rows, fill, _until(tables, parent, rows["time"]), gaps)


def seen_quotes(tape: Tape, times: np.ndarray) -> np.ndarray:
    """Return the quotes to look up strictly before fills at `times` (ns).

    Those of the tape; of snapshots the ones taken at the fills themselves, put a nanosecond before them.
    """
    if not tape.snapshots:
        return tape.quotes
    taken: np.ndarray = tape.quotes[np.isin(tape.quotes["time"], times)].copy()
    taken["time"] -= 1
    return taken


def _touch(side: int, quotes: np.ndarray, times: np.ndarray, quoted: np.ndarray) -> np.ndarray:
    """Return the price at which one could have taken just before `times`, in ticks."""
    mid: np.ndarray = path.mid_at(quotes, times, before=True) + side * quoted / 2
    return mid


def fill_facts(tables: Tables, parent: Parent, own: OwnFills, tape: Tape, order: int) -> np.ndarray:
    """Return FILL_FACTS of the fills of one order, `order` being its row; `tape` is its market."""
    fill, side, quotes = own.fill, int(parent.side), tape.quotes
    price, mid, clean = fill["price2"] / 2.0, fill["mid"], fill["mid_untouched"]
    before = seen_quotes(tape, fill["time"])
    quoted = path.spread_at(before, fill["time"])
    out = np.zeros(len(fill), FILL_FACTS)
    for name in ("seq", "child", "time", "quantity", "estimated", "liquidity"):
        out[name] = own.rows[name]
    out["order"] = order
    worth = float(tables.unit(parent) * Fraction(parent.rate))
    out["notional"] = fill["quantity"] * (fill["price2"] * worth)
    out["half_spread"] = side * (price - mid) / mid * 1e4
    out["quoted"] = quoted / mid * 1e4
    touch = _touch(side, before, fill["time"], quoted)
    out["improvement"] = np.where(fill["passive"] == 0, side * (touch - price) / mid * 1e4, np.nan)
    out["fee"] = fill["fee"] * parent.rate / out["notional"] * 1e4
    for k, horizon in enumerate(HORIZONS):
        when = fill["time"] + horizon
        later = np.where(when <= own.until, path.mid_at(quotes, when), np.nan)
        out["markout"][:, k] = side * (later - price) / clean * 1e4
        out["adverse"][:, k] = side * (mid - later) / mid * 1e4
        if k == REALISED:
            out["realised"] = side * (price - later) / mid * 1e4
    return out
