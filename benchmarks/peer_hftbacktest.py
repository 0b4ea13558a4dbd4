"""The peer's side of benchmarks/replay.py: runs in the virtual environment that `make bench-peers` installs.

    .venv-peers/bin/python benchmarks/peer_hftbacktest.py STREAM.npy ROWS

STREAM.npy holds rows in the peer's own format (converted beforehand, not timed). A buy order rests at the best bid and
is cancelled and sent anew every 100 ms: level-3 FIFO queue model, constant latency, compiled strategy. Prints JSON:
CPU seconds of the replay alone, rows, orders sent, own fills.
"""

import json
import sys
import time

import numpy as np
from hftbacktest import GTX, LIMIT, BacktestAsset, ROIVectorMarketDepthBacktest
from numba import njit

INTERVAL = 100_000_000


@njit
def requote(hbt):
    orders, oid, live = 0, 0, False
    while hbt.elapse(INTERVAL) == 0:
        hbt.clear_inactive_orders(0)
        if live:
            order = hbt.orders(0).get(oid)
            if order is not None and order.cancellable:
                hbt.cancel(0, oid, False)
        depth = hbt.depth(0)
        if depth.best_bid_tick > 0 and depth.best_bid_tick < depth.best_ask_tick:
            oid += 1
            hbt.submit_buy_order(0, oid, depth.best_bid, 100.0, GTX, LIMIT, False)
            live = True
            orders += 1
    return orders


def backtest(rows: np.ndarray) -> ROIVectorMarketDepthBacktest:
    prices = rows["px"][rows["px"] > 0]
    asset = (
        BacktestAsset()
        .data([rows])
        .linear_asset(1.0)
        .constant_order_latency(1_000_000, 1_000_000)
        .l3_fifo_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(0.01)
        .lot_size(1.0)
        .roi_lb(float(prices.min()))
        .roi_ub(float(prices.max()))
    )
    return ROIVectorMarketDepthBacktest([asset])


def main() -> None:
    rows = np.load(sys.argv[1])[: int(sys.argv[2])]
    warm = backtest(rows[:2000])
    requote(warm)
    warm.close()
    hbt = backtest(rows)
    start = time.process_time()
    orders = requote(hbt)
    seconds = time.process_time() - start
    state = hbt.state_values(0)
    print(json.dumps({"seconds": seconds, "rows": len(rows), "orders": int(orders), "fills": int(state.num_trades)}))
    hbt.close()


if __name__ == "__main__":
    main()
