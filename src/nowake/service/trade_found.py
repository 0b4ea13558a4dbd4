"""What became of a trade, as programs read it: the order or the orders of a basket, and the venues."""

from collections.abc import Collection
from typing import Any

from nowake.core.values import Side
from nowake.market.preset import Preset
from nowake.oms.conserve import differences
from nowake.oms.identifiers import text
from nowake.oms.journal.address import shown
from nowake.oms.states import State
from nowake.service.trade_files import Kept, OrderKept
from nowake.service.trade_watch import Watch

__all__ = ["found"]

_COSTS = ("avg_price", "arrival_price", "vwap", "shortfall_bps", "vwap_slippage_bps")


def found(kept: Kept, preset: Preset, first: Watch) -> dict[str, Any]:
    """Return what became of a trade, `first` the watch of its first order: of a basket `orders`, else `parent`."""
    trader = first.trader
    oms, log = trader.keeper.oms, trader.setup.base.with_suffix(".decisions")
    fills = {watch.i: watch.fills() for watch in first.together}
    lapsed = {watch.i: watch.lapsed(trader.setup.base.with_suffix(".tape")) for watch in first.together}
    orders = [_order(watch, fills[watch.i], lapsed[watch.i]) for watch in first.together]
    summed = all(sum(fill["quantity"] for fill in fills[w.i]) == w.parent.filled for w in first.together)
    market = {"preset": preset.name, "regime": kept.market.regime, "day": kept.market.day}
    return {
        **market,
        **(_basket(kept, orders) if kept.basket else {**_plan(kept.order), "parent": orders[0]}),
        "venues": _venues([watch.venues(fills[watch.i], lapsed[watch.i]) for watch in first.together]),
        "journal": shown(trader.setup.address), "decisions": str(log), "events": oms.sequence,
        "conserved": not differences(oms) and summed and oms.open.keys() <= oms.looked_at(),
        "accepted": len(oms.accepted),
    }  # fmt: skip


def _plan(order: OrderKept) -> dict[str, Any]:
    return {"strategy": order.strategy, "horizon_s": order.horizon}


def _basket(kept: Kept, orders: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "basket": kept.basket,
        "orders": [
            {**order, "account": one.account, "start_s": one.start, **_plan(one)}
            for order, one in zip(orders, kept.orders, strict=True)
        ],
    }


def _order(watch: Watch, fills: list[dict[str, Any]], lapsed: Collection[int]) -> dict[str, Any]:
    parent, costs = watch.parent, watch.costs()
    return {
        "order_id": text(parent.id), "client": parent.client, "symbol": parent.symbol,
        "side": str(Side(parent.side)), "qty": parent.quantity, "filled": parent.filled,
        **{name: costs[name] for name in _COSTS}, "completion": parent.filled / parent.quantity,
        "children": len(parent.children) - len(lapsed), "requests_lapsed": len(lapsed),
        "fills": len(fills), "fees": costs["fees"], "status": str(State(parent.state)),
    }  # fmt: skip


def _venues(tables: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the venues' rows of all orders; mark-outs are the router's, for all of them."""
    rows = [dict(row) for row in tables[0]]
    for more in tables[1:]:
        for row, other in zip(rows, more, strict=True):
            for name in ("children", "sent", "filled", "fees"):
                row[name] += other[name]
    for row in rows:
        row["fill_rate"] = row["filled"] / row["sent"] if row["sent"] else None
    return rows
