"""The three tables of a journal as frames: orders, fills, decisions; `training_rows` says what they are for.

A row of `orders` is a parent (`parent_id` 0) or a child, as the journal leaves it; of a child the decision log adds
what the guard made of it (`guard_*`), and why it went there. A row of `decisions` is what the policy saw (`own_*`, the
features by name, `p_*` of the forecast; bit k of `ready`: feature k), its action, its slice, and what the guard made
of the slice's children together (`projected_*`).
"""

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from nowake.core.intent import KIND_WORDS, OrderKind, Origin, Tactic
from nowake.core.values import Instrument
from nowake.data.store import polars as _polars
from nowake.execution.decision_reader import Kept
from nowake.oms.identifiers import text
from nowake.oms.orders import Child, Parent
from nowake.oms.states import State
from nowake.risk.reasons import Reason, Verdict
from nowake.routing.reasons import words as route_words
from nowake.service.journal_tables_market import Market
from nowake.service.journal_tables_read import Account
from nowake.tca.tables import trading_day

if TYPE_CHECKING:
    import polars as pl

__all__ = ["frames_of"]

Row = dict[str, Any]
_GUARD: Row = {
    "guard_verdict": None, "guard_binding": None, "guard_reasons": None, "guard_quantity_before": None,
    "guard_price_before": None, "tactic": None, "origin": None, "route_reason": None, "score": None, "target": None,
}  # fmt: skip
_WORDS = ("order", "status", "account", "algo", "client", "venue", "venue_kind", "order_kind", "guard_verdict",
          "guard_binding", "tactic", "origin", "route_reason", "fill_id", "day", "symbol", "journal")  # fmt: skip


class _Making:
    """Rows as they are made; `journal` names their source in every row."""

    def __init__(self, account: Account, market: Market, journal: str) -> None:
        self.account, self.market, self.journal = account, market, journal
        self._days: dict[tuple[str, int], str] = {}

    def day(self, symbol: str, time: int) -> str:
        """Return the trading day of a time."""
        quarter = time // (900 * 10**9) * (900 * 10**9)
        if (symbol, quarter) not in self._days:
            self._days[symbol, quarter] = trading_day(Instrument(symbol), quarter)
        return self._days[symbol, quarter]

    def orders(self) -> list[Row]:
        """Return parents and children, each parent before its children."""
        rows, log = [], self.market.log
        for parent in self.account.oms.parents.values():
            rows.append(self._order(parent, parent, 0) | _parent(parent) | _GUARD)
            for number in parent.children:
                child = self.account.oms.children[number]
                kept = None if log is None else log.child(number)
                rows.append(self._order(child, parent, parent.id) | self._child(child) | _guard(kept))
        return rows

    def _order(self, order: Parent | Child, parent: Parent, of: int) -> Row:
        return {
            "journal": self.journal, "seq": self.account.seqs[order.id][0], "day": self.day(parent.symbol, order.time),
            "symbol": parent.symbol, "knowledge_time": self.account.last[order.id], "time": order.time,
            "order_id": order.id, "order": text(order.id), "parent_id": of, "account": parent.account,
            "algo": parent.algo, "client": parent.client, "side": order.side, "quantity": order.quantity,
            "price": order.price, "filled": order.filled, "money2": order.money2, "fee": order.fee,
            "status": str(State(order.state)),
        }  # fmt: skip

    def _child(self, child: Child) -> Row:
        return {
            "venue": child.venue, "venue_kind": self._kind(child.venue),
            "order_kind": KIND_WORDS[OrderKind(child.kind)], "decision": child.decision,
            "route": child.route, "start": None, "end": None,
        }  # fmt: skip

    def _kind(self, venue: str) -> str | None:
        kind = self.market.kinds.get(venue)
        return None if kind is None else kind.name.lower()

    def fills(self) -> list[Row]:
        """Return the executions that stand, busted ones left out, corrected ones with their last terms."""
        found = self.account.fills()
        mids = self.market.mids2_before(np.array([fill.time for _, fill in found], np.int64))
        rows = []
        for (venue, fill), mid2 in zip(found, mids.tolist(), strict=True):
            child = self.account.oms.children[fill.child]
            parent = self.account.oms.parents[child.parent]
            rows.append({
                "journal": self.journal, "seq": self.account.fill_seq[venue, fill.id],
                "day": self.day(parent.symbol, fill.time), "symbol": parent.symbol,
                "knowledge_time": self.account.fill_known[venue, fill.id], "time": fill.time, "order_id": child.id,
                "parent_id": parent.id, "fill_id": fill.id, "venue": venue, "venue_kind": self._kind(venue),
                "side": child.side, "price2": fill.price2, "quantity": fill.quantity, "fee": fill.fee,
                "maker": fill.maker, "decision": child.decision, "mid2": mid2,
            })  # fmt: skip
        return rows

    def decisions(self) -> list[Row]:
        """Return the decisions of the log whose parents the journal knows."""
        log = self.market.log
        if log is None:
            return []
        children: dict[tuple[int, int, int], list[Kept]] = defaultdict(list)
        for one in log.children():
            children[one.session, int(one["parent_id"]), int(one["decision"])].append(one)
        rows = []
        for kept in log.decisions():
            parent = self.account.oms.parents.get(int(kept["parent_id"]))
            if parent is not None:
                own = children[kept.session, parent.id, int(kept["number"])]
                rows.append(self._decision(kept, parent, own))
        return rows

    def _decision(self, kept: Kept, parent: Parent, children: list[Kept]) -> Row:
        header, time = kept.header, int(kept["time"])
        known = max([time, *(int(one["time"]) for one in children)])
        head = {
            "journal": self.journal, "session": kept.session, "day": self.day(parent.symbol, time),
            "symbol": parent.symbol, "knowledge_time": known, "time": time, "parent_id": parent.id,
            "decision": int(kept["number"]), "side": parent.side, "quantity": int(kept["order"]["quantity"]),
        }  # fmt: skip
        values = dict(zip(header.observed, kept["observation"].tolist(), strict=True))
        seen = {(f"own_{name}" if k < header.own else name): v for k, (name, v) in enumerate(values.items())}
        ready = sum(1 << k for k, flag in enumerate(kept["ready"].tolist()) if flag)
        hashes = {
            f"{name}_hash": header.hashes.get(name, "") for name in ("policy", "model", "router", "limits", "code")
        }
        return {**head, **seen, "ready": ready, **_action(kept), **_projected(children), **hashes}


def _parent(parent: Parent) -> Row:
    return {
        "venue": None, "venue_kind": None, "order_kind": "parent", "decision": 0, "route": 0, "start": parent.start,
        "end": parent.end,
    }  # fmt: skip


def _guard(kept: Kept | None) -> Row:
    """Return what the log adds to a child."""
    if kept is None:
        return _GUARD
    found = {
        "tactic": Tactic(int(kept["tactic"])).name.lower(), "origin": Origin(int(kept["origin"])).name.lower(),
        "route_reason": route_words(int(kept["reason"])), "score": float(kept["score"]), "target": int(kept["target"]),
    }  # fmt: skip
    if not kept["guarded"]:
        return _GUARD | found
    guard = kept["guard"]
    return {
        "guard_verdict": Verdict(int(guard["verdict"])).name.lower(),
        "guard_binding": Reason(int(guard["binding"])).name.lower(), "guard_reasons": int(guard["reasons"]),
        "guard_quantity_before": int(guard["quantity_before"]), "guard_price_before": int(guard["price_before"]),
        **found,
    }  # fmt: skip


def _action(kept: Kept) -> Row:
    s, b = kept["slice"], kept["board"]
    return {
        "action_rate": float(kept["rate"]), "action_urgency": float(kept["urgency"]),
        "action_tactic": Tactic(int(kept["tactic"])).name.lower(), "slice_begun": int(s["begun"]),
        "slice_until": int(s["until"]), "slice_quota": int(s["quota"]), "filled_before": int(s["filled_before"]),
        **{name: int(b[name]) for name in ("bid", "ask", "bid_size", "ask_size", "last2", "volume")},
    }  # fmt: skip


def _projected(children: list[Kept]) -> Row:
    """Return what the guard made of the children of a decision: those that left."""
    judged = [one["guard"] for one in children if one["guarded"]]
    reasons = 0
    for guard in judged:
        reasons |= int(guard["reasons"])
    return {
        "children": len(children), "children_shares": sum(int(one["quantity"]) for one in children),
        "projected_judged": len(judged),
        "projected_changed": sum(int(guard["verdict"]) == Verdict.PROJECTED for guard in judged),
        "projected_before": sum(int(guard["quantity_before"]) for guard in judged),
        "projected_after": sum(int(guard["quantity"]) for guard in judged), "projected_reasons": reasons,
    }  # fmt: skip


def _typed(rows: list[Row]) -> "pl.DataFrame":
    """Return rows as a frame: words as strings, flags, floats, the rest 64-bit integers."""
    polars = _polars()
    columns: dict[str, None] = {}
    for row in rows:
        columns |= dict.fromkeys(row)
    made = []
    for name in columns:
        values = [row.get(name) for row in rows]
        word = name in _WORDS or name.endswith("_hash") or name == "action_tactic"
        kind = (
            polars.String if word
            else polars.Boolean if name == "maker"
            else polars.UInt64 if name == "ready"
            else polars.Float64 if any(isinstance(v, float) for v in values) or name == "score"
            else polars.Int64
        )  # fmt: skip
        made.append(polars.Series(name, values, dtype=kind))
    return polars.DataFrame(made)  # type: ignore[no-any-return]


def frames_of(account: Account, market: Market, journal: str) -> "dict[str, pl.DataFrame]":
    """Return the frames by table, those without rows left out; each has `day` and `symbol`, by which it is split."""
    making = _Making(account, market, journal)
    rows = {"orders": making.orders(), "fills": making.fills(), "decisions": making.decisions()}
    return {table: _typed(found) for table, found in rows.items() if found}
