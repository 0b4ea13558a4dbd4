"""The children and fills of a journal as rows of the analysis; requests for quotes with a row per dealer.

The journal tells of a request what came of it; who else was asked, and what they quoted, is on the tape alone.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.errors import InputError, nearest
from nowake.core.intent import KIND_WORDS, OrderKind
from nowake.core.times import SECOND
from nowake.oms.identifiers import text
from nowake.oms.orders import Child as Kept
from nowake.oms.orders import Fill, Flag
from nowake.oms.states import State
from nowake.service.journal_tables_market import Market
from nowake.service.journal_tables_read import Account
from nowake.service.tape_file import Said
from nowake.tca.own_impact import ImpactModel, own_impact
from nowake.tca.tables import FILLS, Child, Liquidity

__all__ = ["Rows", "children_of", "impact_model"]

_NANO = 1e-9


@dataclass(slots=True)
class Rows:
    """Children, and FILLS that refer to them in time order; `shares` and `fees` (billionths) of those fills."""

    children: list[Child] = field(default_factory=list)
    fills: np.ndarray = field(default_factory=lambda: np.zeros(0, FILLS))
    own: list[tuple[str, int, int, int]] = field(default_factory=list)  # venue, time, half ticks, shares
    notes: list[str] = field(default_factory=list)
    shares: int = 0
    fees: int = 0


@dataclass(slots=True)
class _Line:
    """What one dealer of a request has said."""

    asked: int = 0
    quoted2: int | None = None
    accepted: int = 0
    answered: int = 0
    rejected: bool = False


def _lines(market: Market) -> dict[int, dict[str, _Line]]:
    """Return by request and dealer what the tape overheard."""
    lines: dict[int, dict[str, _Line]] = defaultdict(dict)
    if market.tape is None:
        return lines
    names = [name for name, _ in market.tape.places]
    for time, order, _, venue, price2, _, said in market.tape.talk.tolist():
        line = lines[order].setdefault(names[venue], _Line(asked=time))
        if said == Said.QUOTED:
            line.quoted2, line.answered = price2, line.answered or time
        elif said == Said.ACCEPTED:
            line.accepted, line.answered = time, 0
        elif said in (Said.FILLED, Said.REJECTED) and not (line.accepted and line.answered):
            line.answered, line.rejected = time, bool(said == Said.REJECTED and line.accepted)
    return lines


class _Making:
    """Rows as they are made."""

    def __init__(self, account: Account, market: Market) -> None:
        self.account, self.market, self.lines = account, market, _lines(market)
        self.rows = Rows()
        self.places: dict[tuple[int, str], int] = {}  # row of a child at a venue
        self.fills: dict[int, list[tuple[str, Fill]]] = defaultdict(list)
        for venue, fill in account.fills():
            self.fills[fill.child].append((venue, fill))
        self._unknown = 0

    def child(self, kept: Kept, start: int) -> None:
        """Add the rows of a child, sent not before `start`."""
        if kept.kind == OrderKind.QUOTE:
            self._request(kept, start)
            return
        fills, filled = self.fills[kept.id], max(kept.filled, 0)
        sent = kept.time
        if kept.flags & Flag.ADOPTED:  # when it was sent was never written down
            sent = min([sent, *(fill.time for _, fill in fills)])
            self.rows.notes.append(
                f"{text(kept.id)} was found at its venue after a crash: when it was sent is not known"
            )
        if filled > kept.quantity:
            self.rows.notes.append(f"{text(kept.id)} filled {filled - kept.quantity} shares more than it had")
        rejected = kept.state == State.REJECTED
        self._add(
            Child(
                text(kept.id), text(kept.parent), kept.venue, self._kind(kept), max(sent, start),
                max(kept.quantity, filled), filled, kept.price or None, _word(kept.kind), rejected,
                answered=max(self.account.last[kept.id], sent) if rejected else None, seqs=self._seqs(kept.id),
            ),
            kept.id, {venue for venue, _ in fills} or {kept.venue},
        )  # fmt: skip

    def _seqs(self, number: int) -> tuple[int, ...]:
        return tuple(self.account.seqs[number])

    def _add(self, child: Child, number: int, venues: set[str]) -> None:
        for venue in venues:
            self.places[number, venue] = len(self.rows.children)
        self.rows.children.append(child)

    def _kind(self, kept: Kept) -> PlaceKind:
        kind = self.market.kinds.get(kept.venue, PlaceKind.NONE)
        if kind is PlaceKind.NONE:
            known = sorted(self.market.kinds)
            raise InputError(
                f"venue '{kept.venue}' of child {text(kept.id)}", expected=f"one of {', '.join(known)}",
                got="a venue that neither tape nor decision log names", hint=nearest(kept.venue, known),
            )  # fmt: skip
        return kind

    def _request(self, kept: Kept, start: int) -> None:
        """Add a row per dealer of a request; of the journal alone only the one who filled, or whom it was sent to."""
        lines = dict(self.lines.get(kept.id, {}))
        filled: dict[str, int] = defaultdict(int)
        for venue, fill in self.fills[kept.id]:
            filled[venue] += fill.quantity
            line = lines.setdefault(venue, _Line(asked=kept.time, accepted=kept.time))
            line.quoted2 = line.quoted2 or fill.price2
        if not lines:
            lines[kept.venue] = _Line(asked=kept.time)
        self._unknown += kept.id not in self.lines
        for dealer, line in lines.items():
            done, sent = filled[dealer], max(min(line.asked, kept.time) if line.asked else kept.time, start)
            known = line.answered > 0
            self._add(
                Child(
                    f"{text(kept.id)}/{dealer}", text(kept.parent), dealer, PlaceKind.DEALER, sent,
                    max(kept.quantity, done), done, kept.price or None, "quote", line.rejected and not done,
                    answered=max(line.answered, sent) if known else None,
                    held=max(line.answered - line.accepted, 0) if known and line.accepted and kept.id in self.lines
                    else None,
                    rfq_id=text(kept.id), quoted2=line.quoted2, accepted=bool(line.accepted or done),
                    seqs=self._seqs(kept.id),
                ),
                kept.id, {dealer},
            )  # fmt: skip

    def finish(self, orders: set[int]) -> Rows:
        """Add the fills of the children of `orders`, and say what was not known."""
        account, found, rows = self.account, self.rows, []
        for venue, fill in account.fills():
            if account.oms.children[fill.child].parent not in orders:
                continue
            liquidity = Liquidity.MAKER if fill.maker else Liquidity.TAKER
            row = (
                account.fill_seq[venue, fill.id], self.places[fill.child, venue], fill.time, fill.price2,
                fill.quantity, 0, np.nan, fill.fee * _NANO, 0, int(liquidity),
            )  # fmt: skip
            rows.append(row)
            found.own.append((venue, fill.time, fill.price2, fill.quantity))
            found.shares += fill.quantity
            found.fees += fill.fee
        found.fills = np.array(sorted(rows, key=lambda row: (row[2], row[0])), FILLS)
        mids = self.market.mids2_before(found.fills["time"])
        known = mids > 0
        found.fills["mid2"][known] = mids[known]
        found.fills["untouched2"][known] = (mids * (1 - self._impact(found.fills)))[known]
        found.fills["estimated"][known] = 1
        if self._unknown:
            found.notes.append(f"who else was asked for quotes is not known of {self._unknown} requests: not on a tape")
        return found

    def _impact(self, fills: np.ndarray) -> np.ndarray:
        """Return by which part of it each fill's order had moved the mid, up positive; 0 where there is no model."""
        moved, oms = np.zeros(len(fills)), self.account.oms
        owner = {row: oms.children[number].parent for (number, _), row in self.places.items()}
        owners = np.array([owner[row] for row in fills["child"].tolist()], np.int64)
        for number in set(owners.tolist()):
            model, mine = impact_model(self.account, number), owners == number
            if model is not None:
                part = own_impact(model, fills["time"][mine], fills["quantity"][mine])
                moved[mine] = oms.parents[number].side * part
        return moved


def impact_model(account: Account, number: int) -> ImpactModel | None:
    """Return what the impact of a parent's own fills is estimated by; None where its market was not described."""
    came = account.entered[number]
    one = came.expected
    if one is None:
        return None
    return ImpactModel(one.sigma, one.adv, one.outstanding, one.days * SECOND / (came.end - came.start))


def _word(kind: int) -> str:
    return KIND_WORDS[OrderKind(kind)]


def children_of(account: Account, market: Market, starts: dict[int, int]) -> Rows:
    """Return the children and fills of the parents in `starts` (by id: when they began, ns).

    The mid of a fill is that of the tape just before it, 0 without one. Nobody knows the mid without our orders: the
    one seen less what a model takes for our impact stands for it (the one seen alone where the journal does not
    describe the market), flagged as estimated. InputError for a venue that neither tape nor log names.
    """
    making = _Making(account, market)
    for number, start in starts.items():
        for child in account.oms.parents[number].children:
            making.child(account.oms.children[child], start)
    return making.finish(set(starts))
