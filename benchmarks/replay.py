"""Replay with an own order re-quoted every 100 ms: events per CPU second, against hftbacktest 2.4.4 on the same stream.

Both sides replay the same generated level-3 day; a buy order of 100 rests at the best bid, cancelled and sent anew
every 100 ms with 1 ms latency each way; both strategies are compiled. The peer reads an execution as two rows (the
fill, then the change of the order); its rate counts its own rows, which favours it. Medians of three runs, in turn.
"""

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from streams import l3_stream

from nowake.book.state import REPLAY, new_books
from nowake.core.events import Kind
from nowake.core.jit import kernel
from nowake.core.records import PRINT, QUOTE_PATH
from nowake.data.replay.latency import quantiles
from nowake.data.replay.orders import send
from nowake.data.replay.queue import touched
from nowake.data.replay.session import advance
from nowake.data.replay.state import Action, Terms, new_venues

BAR, GOAL = 4.0, None
INTERVAL = 100_000_000
PEER = "hftbacktest 2.4.4"
PYTHON = Path(__file__).parents[1] / ".venv-peers" / "bin" / "python"
_NEW, _CANCEL, _POST = int(Action.NEW), int(Action.CANCEL), int(Terms.POST_ONLY)
PEER_ROW = np.dtype(
    [
        *(("ev", "u8"), ("exch_ts", "i8"), ("local_ts", "i8"), ("px", "f8"), ("qty", "f8")),
        *(("order_id", "u8"), ("ival", "i8"), ("fval", "f8")),
    ],
    align=True,
)
_ADD, _CANCELLED, _MODIFY, _FILL = 10, 11, 12, 13
_EXCHANGE, _LOCAL, _BUY, _SELL = 1 << 31, 1 << 30, 1 << 29, 1 << 28


@kernel
def requote(books, venues, events, prints, quotes):
    """Replay all events with a buy order of 100 at the best bid, anew every 100 ms; returns the orders sent."""
    b, w = books[0], venues[0]
    k, n, oid = 0, events.shape[0], 0
    now = events[0].time
    while k < n:
        now += INTERVAL
        k = advance(books, venues, 0, events, k, now, False, prints, quotes)
        w.outbox_head, w.outbox_count, w.fills = 0, 0, 0
        bid = touched(b, 1)
        if bid > 0:
            if w.live > 0:
                send(w, now, _CANCEL, oid, 1, 0, 0, 0)
            oid += 1
            send(w, now, _NEW, oid, 1, bid, 100, _POST)
    return oid


def own_run(events: np.ndarray) -> tuple[float, int, int]:
    """Return CPU seconds, orders sent, and shares filled."""
    books, venues = new_books(1, REPLAY), new_venues(1)
    venues["latency"][0] = quantiles(1_000_000)
    nothing = np.zeros(0, PRINT), np.zeros(0, QUOTE_PATH)
    start = time.process_time()
    orders = requote(books, venues, events, *nothing)
    return time.process_time() - start, int(orders), int(venues["filled"][0])


def peer_rows(events: np.ndarray) -> np.ndarray:
    """Return the stream in the peer's format: an execution is a fill, then a change or the end of the order."""
    left: dict[int, list[float]] = {}
    out = np.zeros(len(events) + int((events["kind"] == Kind.EXECUTE).sum()), PEER_ROW)
    n = 0

    def put(code: int, event: np.void, oid: int, price: float, quantity: float, side: int) -> None:
        nonlocal n
        flags = _EXCHANGE | _LOCAL | (_BUY if side > 0 else _SELL)
        out[n] = (code | flags, event["time"], event["time"], price, quantity, oid, 0, 0.0)
        n += 1

    for event in events:
        kind, oid = int(event["kind"]), int(event["order_id"])
        if kind == Kind.ADD:
            price, quantity, side = int(event["price"]) / 10_000, float(event["quantity"]), int(event["side"])
            left[oid] = [price, quantity, side]
            put(_ADD, event, oid, price, quantity, side)
            continue
        order = left[oid]
        quantity = order[1] if kind == Kind.DELETE else float(event["quantity"])
        order[1] -= quantity
        if kind == Kind.EXECUTE:
            put(_FILL, event, oid, order[0], quantity, int(order[2]))
        if order[1] <= 0:
            put(_CANCELLED, event, oid, order[0], 0.0, int(order[2]))
            del left[oid]
        else:
            put(_MODIFY, event, oid, order[0], order[1], int(order[2]))
    return out[:n]


def peer_run(path: Path, rows: int) -> dict[str, Any]:
    """Return what the peer's process printed."""
    script = Path(__file__).with_name("peer_hftbacktest.py")
    done = subprocess.run([PYTHON, script, path, str(rows)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def run(messages: int = 5_000_000, seed: int = 1) -> list[Any]:
    """Return one row: our events per CPU second, the peer's and the ratio; without the peer only ours."""
    from benchmarks.runner import Row, Skip

    events = l3_stream(messages, seed)
    own_run(events[:2000])
    peers: list[float] = []
    owns: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.npy"
        rows = peer_rows(events) if PYTHON.exists() else None
        if rows is not None:
            np.save(path, rows)
        for _ in range(3):
            owns.append(messages / own_run(events)[0])
            if rows is not None:
                peers.append(len(rows) / peer_run(path, len(rows))["seconds"])
    value = statistics.median(owns)
    name, unit = "L3 replay, own order re-quoted every 100 ms", "events/CPU-s"
    if not peers:
        return [Row(name, round(value), unit), Skip(f"{PEER} is not installed: run `make bench-peers`")]
    peer = statistics.median(peers)
    ratio = round(value / peer, 2)
    return [Row(name, round(value), unit, BAR, GOAL, PEER, round(peer), ratio, better="higher", of="ratio")]
