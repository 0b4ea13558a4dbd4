"""Dealers: who answers, who wins, how far from the next best, and what last look does to us.

A *line* is one dealer asked in one request for quotes. Hit ratio: lines accepted over lines answered. Cover: the best
of the other quotes; the winner's distance to it says what he could have charged more. Last look: the dealer holds an
accepted quote for `held` and then fills or rejects. Where the mid moved further against him before rejections than
before fills, he keeps the option for himself (`asymmetry_bps`; Global Foreign Exchange Committee 2021 on last look).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.times import MS
from nowake.tca import quotes as path
from nowake.tca.estimates import wilson
from nowake.tca.minimum import TOO_FEW, Minimum
from nowake.tca.sources import Ranges, ranges
from nowake.tca.tables import Child, Parent, Tables

__all__ = ["DealerRow", "covers", "dealer_rows"]

Rate = tuple[float, float]
Pair = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class DealerRow:
    """One dealer; rates with Wilson intervals, distances in bp of his quote, hold times in ms.

    `cover_bps`: by how much his winning quotes beat the next best; `lost_by_bps`: how far his losing quotes were from
    the best. `hold_*`: median and 95 % quantile of last look. `moved_*_bps`: how the mid moved against the dealer (with
    us) while he held, before fills and before rejections; `asymmetry_bps` their difference. `verdict`: 'too few' below
    the least number of accepted lines with a hold time.
    """

    dealer: str
    asked: int
    answered: int
    accepted: int
    filled: int
    rejected: int
    answer_rate: float
    hit_ratio: float
    hit_ratio_ci: Rate
    reject_rate: float
    reject_rate_ci: Rate
    cover_bps: float | None
    lost_by_bps: float | None
    hold_filled_ms: float | None
    hold_filled_p95_ms: float | None
    hold_rejected_ms: float | None
    hold_rejected_p95_ms: float | None
    moved_filled_bps: float | None
    moved_rejected_bps: float | None
    asymmetry_bps: float | None
    verdict: str
    sources: Ranges


def covers(children: Sequence[Child], sides: dict[str, int]) -> dict[str, int]:
    """Return by child id the best quote (half ticks) of the other dealers of its request, where one quoted."""
    lines: dict[str, list[Child]] = defaultdict(list)
    for child in children:
        if child.rfq_id:
            lines[child.rfq_id].append(child)
    out = {}
    for asked in lines.values():
        for child in asked:
            others = [c.quoted2 for c in asked if c is not child and c.quoted2 is not None]
            if child.cover2 is not None:
                out[child.child_id] = child.cover2
            elif others:
                out[child.child_id] = min(others) if sides[child.parent_id] > 0 else max(others)
    return out


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _rate(hits: int, n: int) -> float:
    return hits / n if n else float("nan")


def _distances(lines: Sequence[Child], cover: dict[str, int], side: dict[str, int]) -> Pair:
    """Return the mean distance of winning quotes to their cover, and of losing ones to the best, bp."""
    won: list[float] = []
    lost: list[float] = []
    for child in lines:
        if child.quoted2 is None or child.child_id not in cover:
            continue
        ahead = side[child.parent_id] * (cover[child.child_id] - child.quoted2) / child.quoted2 * 1e4
        (won if child.accepted else lost).append(ahead if child.accepted else -ahead)
    return _mean(won), _mean(lost)


def _moved(tables: Tables, parent: Parent, child: Child) -> float | None:
    """Return how far the mid moved our way (bp) between acceptance and answer; None where that is unknown."""
    if child.held is None or child.answered is None:
        return None
    tape = tables.tape(parent, child.answered)
    if tape.snapshots:
        return None
    before, after = path.mid_at(tape.quotes, np.array([child.answered - child.held, child.answered]))
    return float(int(parent.side) * (after - before) / before * 1e4) if np.isfinite(before + after) else None


def _holds(lines: Sequence[Child]) -> Pair:
    """Return median and 95 % quantile of last look, ms."""
    held = [child.held / MS for child in lines if child.held is not None]
    return (float(np.median(held)), float(np.quantile(held, 0.95))) if held else (None, None)


def _row(tables: Tables, dealer: str, lines: list[Child], cover: dict[str, int], least: Minimum) -> DealerRow:
    parents = {parent.order_id: parent for parent in tables.parents}
    sides = {name: int(parent.side) for name, parent in parents.items()}
    accepted = [child for child in lines if child.accepted]
    filled, rejected = [c for c in accepted if c.filled], [c for c in accepted if c.rejected]
    answered = sum(child.quoted2 is not None for child in lines)
    won, lost = _distances(lines, cover, sides)
    good, bad = (
        _mean([m for c in side if (m := _moved(tables, parents[c.parent_id], c)) is not None])
        for side in (filled, rejected)
    )
    held, late = _holds(filled), _holds(rejected)
    known = sum(child.held is not None for child in accepted)
    uneven = bad - good if bad is not None and good is not None and known >= least.rows else None
    return DealerRow(
        dealer=dealer, asked=len(lines), answered=answered, accepted=len(accepted), filled=len(filled),
        rejected=len(rejected), answer_rate=_rate(answered, len(lines)), hit_ratio=_rate(len(accepted), answered),
        hit_ratio_ci=wilson(len(accepted), answered), reject_rate=_rate(len(rejected), len(accepted)),
        reject_rate_ci=wilson(len(rejected), len(accepted)), cover_bps=won, lost_by_bps=lost, hold_filled_ms=held[0],
        hold_filled_p95_ms=held[1], hold_rejected_ms=late[0], hold_rejected_p95_ms=late[1], moved_filled_bps=good,
        moved_rejected_bps=bad, asymmetry_bps=uneven, verdict=TOO_FEW if known < least.rows else "measured",
        sources=ranges(seq for child in lines for seq in child.seqs),
    )  # fmt: skip


def dealer_rows(tables: Tables, *, least: Minimum | None = None) -> tuple[DealerRow, ...]:
    """Return one row a dealer that was asked for a quote, by name."""
    sides = {parent.order_id: int(parent.side) for parent in tables.parents}
    cover, lines = covers(tables.children, sides), defaultdict(list)
    for child in tables.children:
        if child.kind is PlaceKind.DEALER and child.rfq_id:
            lines[child.venue].append(child)
    return tuple(_row(tables, dealer, lines[dealer], cover, least or Minimum()) for dealer in sorted(lines))
