"""Worlds and intents that mostly pass, at the edge of some limit: a seed gives a policy, a state, and batches."""

import random
from typing import Any

from guard_world import ALPHA, ASK, BETA, BID, GAMMA, NORTH, NOW, OPAL, WEST, World, world

from nowake.core.board import Phase, PlaceState
from nowake.core.intent import OrderKind
from nowake.core.times import SECOND

LIMIT, MARKET, IOC, POST_ONLY, MID_PEG, ON_CLOSE, QUOTE = OrderKind
AT = {LIMIT: (ALPHA, BETA, GAMMA, OPAL), MID_PEG: (OPAL, ALPHA), QUOTE: (NORTH, WEST)}

FIRM: dict[str, tuple[Any, ...]] = {
    "order_types": (["limit", "ioc", "mid_peg"], ["limit", "market", "post_only", "quote"]),
    "venue_classes": (["lit"], ["lit", "dark"]),
    "venues": (["ALPHA", "OPAL"], ["BETA", "GAMMA"]),
    "dealers": (["WEST"],),
    "restricted": (["MIDC"], ["OTHR"], ["OTHR"]),
    "short": ("no", "locate"),
    "max_child_shares": (150, 777, 2_000),
    "max_child_notional": (10_000.0, 33_333.33),
    "max_share_of_displayed": (0.05, 0.2, 0.333, 3.0),
    "dark_minimum_shares": (0, 37, 100, 150),
    "max_order_notional": (600_000.0, 1_000_000.0),
    "max_venue_notional": (60_000.0, 200_000.0),
    "max_participation": (0.07, 0.333333, 1.0),
    "participation_grace_shares": (0, 11_001),
    "max_deviation": (0.001, 0.033, 1.0),
    "collar_arrival_bp": (0.0, 3.3),
    "collar_quote_bp": (0.0, 3.3),
    "collar_last_bp": (0.0, 7.77),
    "max_position": (10_050, 15_000),
    "max_open_orders": (1, 5),
    "max_messages_per_second": (1, 3),
    "message_burst": (1, 2),
    "located": (100, 10_000),
}
USAGE: dict[str, tuple[Any, ...]] = {
    "quantity": (12_000, 100_000, 10**6),
    "filled": (0, 5_000, 19_500),
    "working": (0, 300, 5_000),
    "target": (0, 9_000, 50_000),
    "limit": (BID, ASK, 4_990, 5_010),
    "arrival2": (9_999, 10_001, 10_004, 0),
    "volume_start": (0, 50_000, 99_000),
    "money": (0, 10**12 - 10**9),
    "open_orders": (4, 19, 20),
    "position": (-200_000, -300, 300, 14_800, 199_900),
    "working_buy": (100, 3_000),
    "working_sell": (100, 3_000),
    "own_bid": (BID - 5, BID),
    "own_ask": (ASK, ASK + 5),
    "peg_buy": (100,),
    "peg_sell": (100,),
    "close_sell": (100,),
    "pnl": (-49_999.99, -50_000.0, -1e7, float("nan")),
    "clock": (NOW - SECOND, NOW, NOW + SECOND, NOW - 100 * SECOND),
}
BOARD: dict[str, tuple[Any, ...]] = {
    "bid": (BID - 20, ASK + 3, 0),
    "ask": (ASK + 20, 0),
    "bid_size": (0, 37, 400),
    "ask_size": (0, 37, 400),
    "last2": (10_001, 9_990, 10_030, 0),
    "volume": (0, 110_000, 5_000_000),
    "phase": (Phase.AUCTION, Phase.AUCTION, Phase.HALTED, Phase.CLOSED),
    "heard": (NOW, NOW - 3 * SECOND, NOW + 5),
    "places": (3,),
}


def _some(rng: random.Random, table: dict[str, tuple[Any, ...]], share: float) -> dict[str, Any]:
    return {name: rng.choice(values) for name, values in table.items() if rng.random() < share}


def _intent(rng: random.Random, side: int) -> dict[str, Any]:
    kind = rng.choice((LIMIT, LIMIT, IOC, IOC, POST_ONLY, MID_PEG, MARKET, ON_CLOSE, QUOTE))
    free = kind in (MARKET, MID_PEG, ON_CLOSE, QUOTE) and (kind == MARKET or rng.random() < 0.5)
    near, far = (BID, ASK) if side > 0 else (ASK, BID)
    price = 0 if free else (near if kind == POST_ONLY else far) + side * rng.choice((0, 0, 0, 1, 3, 12, 60, -2, -30))
    quantity = rng.choice((1, 50, 100, 100, 150, 250, 600, 4_000))
    intent = {
        "kind": kind, "side": side, "price": price, "quantity": quantity, "origin": rng.randrange(4),
        "venue": rng.choice(AT.get(kind, (ALPHA, BETA, GAMMA))),
        "minimum": min(quantity, rng.choice((0, 0, 0, 100, 200))),
    }  # fmt: skip
    odd: dict[str, tuple[Any, ...]] = {
        "kind": (*OrderKind, 0, 8), "side": (-side, 0), "price": (1, 2**40 - 1, 2**40, -5, 0),
        "quantity": (0, -1, 2**31 - 1, 2**31), "venue": (*range(7), 15, 16, -1), "minimum": (-1, 10**6),
        "score": (float("nan"), float("inf"), -1e300), "parent": (1, -1),
    }  # fmt: skip
    return intent | _some(rng, odd, 0.01)


def fuzzed(seed: int) -> tuple[World, list[tuple[int, list[dict[str, Any]]]]]:
    """Return a world and (time, intents) batches."""
    rng = random.Random(seed)
    firm = _some(rng, FIRM, 0.1)
    if firm.get("dark_minimum_shares", 100) > firm.get("max_child_shares", 5_000):
        firm.pop("dark_minimum_shares")
    w = world(**firm)
    side = rng.choice((1, 1, -1))
    w.usages[0]["side"] = side
    for name, value in _some(rng, USAGE, 0.04).items():
        w.usages[0][name] = value
    for name, value in _some(rng, BOARD, 0.03).items():
        w.boards[0][name] = value
    for place in range(6):
        if rng.random() < 0.05:
            w.boards[0]["place"][place]["state"] = rng.choice(list(PlaceState))
        if rng.random() < 0.03:
            w.boards[0]["place"][place]["time"] = rng.choice((NOW - 31 * SECOND, NOW + 60 * SECOND))
        w.boards[0]["place"][place]["ask_size"] = rng.choice((40, 300, 1_200, 1_200))
    if rng.random() < 0.15:
        w.switches[rng.randrange(11)]["level"] = rng.randrange(4)
    now, batches = NOW, []
    for _ in range(rng.randrange(1, 5)):
        batches.append((now, [_intent(rng, side) for _ in range(rng.randrange(1, 12))]))
        now += rng.choice((0, 1, SECOND // 10, SECOND, SECOND, 90 * SECOND, -SECOND))
    return w, batches
