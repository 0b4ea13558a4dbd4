"""What a trade has come to so far: plan, fills, costs, venues, as numbers that people and programs read.

`Watch` looks in at every step: it counts what the market prints between the order's start and its end (own shares
included), and keeps it beside the journal, so that a trader that was cut off knows arrival and volume again. Costs are
basis points of the arrival mid's notional, positive = cost, fees included; what is not filled counts at the mid now.
"""

import math
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nowake.core.events import Flag, Kind
from nowake.core.intent import OrderKind
from nowake.oms.states import CLOSED, State
from nowake.routing.toxicity import toxicity_index
from nowake.service.control import Controls
from nowake.service.supervise_alerts import Alerts
from nowake.service.tape_file import Said
from nowake.service.tape_reader import read_tape
from nowake.service.trade_files import read_seen, write_seen

if TYPE_CHECKING:
    from nowake.oms.orders import Parent
    from nowake.service.trader import Trader

__all__ = ["Watch", "printed"]

_PRINTS = [int(kind) for kind in (Kind.EXECUTE, Kind.HIDDEN, Kind.CROSS, Kind.TRADE)]
_NO_VOLUME = int(Flag.UNPRINTED | Flag.BROKEN | Flag.SNAPSHOT)
_KEEP_EVERY = 1.0  # s of real time
_NANO = 1e-9


def printed(news: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """Return (shares, half ticks times shares) that the EVENT rows `news` print from `start` to `end`, ns UTC."""
    rows = news[np.isin(news["kind"], _PRINTS) & (news["flags"] & _NO_VOLUME == 0)]
    rows = rows[(rows["quantity"] > 0) & (rows["price"] > 0) & (rows["time"] >= start) & (rows["time"] <= end)]
    price2 = 2 * rows["price"] + (rows["flags"] & int(Flag.HALF) != 0)
    return int(rows["quantity"].sum()), int((price2 * rows["quantity"]).sum())


class Watch:
    """An attendant for parent `i` of a trader; `folder` is that of its market day.

    `alerts` are what people should see, `controls` what they may do; both, and `together`, the watches of every order
    of a trade, are those of the first order's watch.
    """

    def __init__(
        self, trader: "Trader", folder: Path, alerts: Alerts, i: int = 0, first: "Watch | None" = None
    ) -> None:
        self.trader, self.folder, self.alerts, self.i, self.seen = trader, folder, alerts, i, read_seen(folder, i)
        self.controls: Controls = first.controls if first else Controls(trader)
        self.mid, self.half = math.nan, math.nan  # mid and half-spread, ticks
        self.together: list[Watch] = first.together if first else []
        self.together.append(self)
        self._kept = 0.0
        if self.seen.arrival2:
            self._remember()

    def _remember(self) -> None:
        """Let the desk go on with the arrival and the volume of the market that it had."""
        path, board = self.trader.path, self.trader.path.boards[0]
        more = max(self.seen.volume - int(board["volume"]), 0)  # so that no row starts below 0
        path.desk["volume_start"] += more
        path.desk["plan_volume"] += more
        path.usages["volume_start"][: path.n] += more
        volume = int(board["volume"]) + more
        for row in (self.row, path.usages[self.i]):
            row["arrival2"], row["volume_start"] = self.seen.arrival2, volume - self.seen.volume
        self.row["filled_start"], self.row["plan_volume"] = 0, volume
        board["volume"] = volume

    @property
    def parent(self) -> "Parent":
        """The order."""
        return self.trader.parents[self.i]

    @property
    def row(self) -> np.void:
        """The row of the desk that it is worked by."""
        row: np.void = self.trader.path.desk[self.i]
        return row

    @property
    def staged(self) -> bool:
        """It waits for its release."""
        return self.parent.state == State.STAGED

    @property
    def tick(self) -> float:
        """Currency of a tick."""
        return float(self.trader.setup.instrument.tick_size)

    @property
    def end_of_window(self) -> int:
        """When the order's time is over, ns UTC; a person may have changed it."""
        return int(self.row["end"])

    def files(self) -> Sequence[int]:
        """Return none: nothing wakes it."""
        return ()

    def attend(self, news: np.ndarray, now: int) -> None:  # noqa: ARG002
        """Count what has been printed."""
        if len(news) and not self.staged:
            shares, money2 = printed(news, self.parent.start, self.end_of_window)
            self.seen.volume += shares
            self.seen.money2 += money2
        mid = self.trader.desk.mid()
        if not (math.isnan(mid) or CLOSED[self.parent.state]):  # what is left is priced at the end
            self.mid, self.half = mid, mid - float(self.trader.desk.board["bid"])
        self.seen.arrival2 = self.seen.arrival2 or int(self.row["arrival2"])
        if time.monotonic() - self._kept > _KEEP_EVERY:
            self._keep()

    def _keep(self) -> None:
        write_seen(self.folder, self.seen, self.i)
        self._kept = time.monotonic()

    def end(self) -> None:
        """Keep what was seen."""
        self._keep()

    def planned(self, now: int) -> float:
        """Return the part of the order that its plan wants done by `now`."""
        d, board = self.row, self.trader.desk.board
        if self.staged:
            return 0.0
        if now >= int(d["end"]):
            return 1.0
        if int(d["follow"]):
            own = int(d["filled"]) - int(d["plan_filled"])
            others = max(int(board["volume"]) - int(d["plan_volume"]) - own, 0)
            return min((int(d["plan_filled"]) + float(d["part"] / (1 - d["part"])) * others) / int(d["quantity"]), 1.0)
        gone = (now - int(d["start"])) / (int(d["end"]) - int(d["start"]))
        return float(np.interp(gone, np.linspace(0, 1, len(d["curve"])), d["curve"]))

    def costs(self) -> dict[str, float]:
        """Return prices in currency and costs in bp of the order so far; nan where there is nothing to tell."""
        parent, seen, tick = self.parent, self.seen, self.tick
        arrival2, filled = seen.arrival2, parent.filled
        vwap2 = seen.money2 / seen.volume if seen.volume else math.nan
        average2 = parent.money2 / filled if filled else math.nan
        fees = parent.fee * _NANO
        found = {"avg_price": average2 / 2 * tick, "vwap": vwap2 / 2 * tick, "fees": fees}
        found["arrival_price"] = arrival2 / 2 * tick if arrival2 else math.nan
        basis = parent.quantity * found["arrival_price"]
        paid = parent.side * (parent.money2 - filled * arrival2) / 2 * tick if filled else 0.0
        rest = parent.quantity - filled
        missed = parent.side * rest * (self.mid * tick - found["arrival_price"]) if rest else 0.0
        found["shortfall_bps"] = 1e4 * (paid + missed + fees) / basis
        done = filled * found["arrival_price"] if filled else math.nan
        found["paid_bps"] = 1e4 * (paid + fees) / done
        found["vwap_slippage_bps"] = 1e4 * parent.side * (average2 - vwap2) / vwap2
        return found

    def fills(self) -> list[dict[str, Any]]:
        """Return the fills of the order that stand, as they were booked at each venue."""
        oms = self.trader.keeper.oms
        mine = set(self.parent.children)
        return [
            {"venue": venue, "child": fill.child, "quantity": fill.quantity, "price": fill.price2 / 2 * self.tick,
             "fee": fill.fee * _NANO, "time": fill.time, "maker": fill.maker}
            for venue, known in oms.fills.items()
            for fill in known.values()
            if fill.child in mine and fill.quantity
        ]  # fmt: skip

    def venues(self, fills: list[dict[str, Any]], lapsed: Collection[int] = ()) -> list[dict[str, Any]]:
        """Return a row per venue: children and shares sent, shares filled, fees in currency, mark-outs in bp.

        Children that `lapsed`, requests for quotes that came to nothing, count nowhere.

        A request for quotes counts at the dealer who filled it, else at the first who was asked. `markouts`: bp at 1,
        10 and 60 s after our fills there, positive is good for us; None where no fill is that old. `toxicity`: what the
        60 s take back of the half-spread that is quoted now; 1 is all of it.
        """
        trader, oms = self.trader, self.trader.keeper.oms
        at = {fill["child"]: fill["venue"] for fill in fills}
        rows: list[dict[str, Any]] = [
            {"name": name, "kind": kind, "children": 0, "sent": 0, "filled": 0, "fees": 0.0,
             "markouts": self._markouts(k), "toxicity": self._toxicity(k)}
            for k, (name, kind, *_) in enumerate(trader.orders.welcome.venues)
        ]  # fmt: skip
        named = {row["name"]: row for row in rows}
        for number in self.parent.children:
            child = oms.children[number]
            row = named.get(at.get(number, child.venue))
            if row is not None and number not in lapsed:
                row["children"] += 1
                row["sent"] += child.quantity
        for fill in fills:
            if (row := named.get(fill["venue"])) is not None:
                row["filled"] += fill["quantity"]
                row["fees"] += fill["fee"]
        for row in rows:
            row["fill_rate"] = row["filled"] / row["sent"] if row["sent"] else None
        return rows

    def lapsed(self, tape: Path) -> frozenset[int]:
        """Return the requests for quotes of the order of which no quote was taken, by `tape`; by the fills without one.

        A quote that was taken and then rejected by its dealer is no lapse, as in `journal_tables_children`.
        """
        oms = self.trader.keeper.oms
        asked = {n for n in self.parent.children if oms.children[n].kind == OrderKind.QUOTE}
        taken = {n for n in asked if oms.children[n].filled}
        if asked - taken and tape.is_file():
            talk = read_tape(tape).talk
            taken |= set(talk["order_id"][talk["said"] == int(Said.ACCEPTED)].tolist())
        return frozenset(asked - taken)

    def _markouts(self, place: int) -> list[float] | None:
        one = self.trader.path.stats[0]["venue"][place]
        if not one["marks"] > 0 or math.isnan(self.mid):
            return None
        return [1e4 * float(ticks) / self.mid for ticks in one["raw"]]

    def _toxicity(self, place: int) -> float | None:
        one = self.trader.path.stats[0]["venue"][place]
        return toxicity_index(one, self.half) if one["marks"] > 0 and self.half > 0 else None
