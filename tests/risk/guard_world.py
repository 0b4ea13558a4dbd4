"""A made market, account and policy around the guard: a mid of 50.005 USD, ticks of a cent, six venues."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from nowake.core.board import BOARD, Phase, PlaceKind
from nowake.core.intent import INTENT, OrderKind
from nowake.core.times import SECOND
from nowake.core.values import Instrument
from nowake.data.reader import kernel_view
from nowake.risk.guard import check
from nowake.risk.limits import Traded, compile_limits, new_limits
from nowake.risk.policy import from_table
from nowake.risk.projection import new_projections
from nowake.risk.scopes import Effective, Scope, resolve
from nowake.risk.switches import new_switches
from nowake.risk.usage import new_usages

NOW = 1_000_000 * SECOND
PLACES = ("ALPHA", "BETA", "OPAL", "NORTH", "GAMMA", "WEST")
KINDS = (PlaceKind.LIT, PlaceKind.LIT, PlaceKind.DARK, PlaceKind.DEALER, PlaceKind.LIT, PlaceKind.DEALER)
ALPHA, BETA, OPAL, NORTH, GAMMA, WEST = range(6)
BID, ASK = 5_000, 5_001
INSTRUMENT = Instrument("MIDC", tick_size=Decimal("0.01"), step=1)

FIRM: dict[str, Any] = {
    "order_types": ["limit", "market", "ioc", "post_only", "mid_peg", "on_close", "quote"],
    "venue_classes": ["lit", "dark", "dealer"],
    "venues": ["ALPHA", "BETA", "GAMMA", "OPAL"],
    "dealers": ["NORTH", "WEST"],
    "restricted": [],
    "sides": ["buy", "sell"],
    "short": "yes",
    "phases": ["auction", "continuous"],
    "max_child_shares": 5_000,
    "max_child_notional": 1_000_000.0,
    "max_share_of_displayed": 0.5,
    "dark_minimum_shares": 100,
    "max_order_notional": 50_000_000.0,
    "max_venue_notional": 80_000_000.0,
    "max_participation": 0.25,
    "participation_grace_shares": 2_000,
    "max_deviation": 0.1,
    "max_open_orders": 20,
    "max_messages_per_second": 10,
    "message_burst": 8,
    "collar_arrival_bp": 200.0,
    "collar_last_bp": 100.0,
    "collar_quote_bp": 20.0,
    "max_position": 200_000,
    "max_daily_loss": 50_000.0,
    "stale_after": "2s",
    "venue_silence": "30s",
    "clock_step": "1m",
}


def table(**more: Any) -> dict[str, Any]:
    """Return the table of a policy whose firm is FIRM."""
    venues = dict(zip(PLACES, ("lit", "lit", "dark", "dealer", "lit", "dealer"), strict=True))
    base = {"title": "test", "currency": "USD", "approvers": ["ann", "bob", "cy"], "venues": venues, "firm": dict(FIRM)}
    return base | more


def effective(**firm: Any) -> Effective:
    """Return FIRM with these limits instead, in force; classes of venues are narrowed for the symbol.

    `located`: shares of MIDC that may be sold short.
    """
    located = {"MIDC": firm.pop("located", 0)}
    classes = {"venue_classes": firm.pop("venue_classes")} if "venue_classes" in firm else {}
    return resolve(from_table(table(firm=FIRM | firm, symbol={"MIDC": classes}, located=located)), Scope(symbol="MIDC"))


def for_kernels(records: np.ndarray) -> np.ndarray:
    """Return records as kernels want them."""
    return kernel_view(records)


def new_board() -> np.ndarray:
    """Return BOARD[1] in continuous trading, just heard."""
    boards = np.zeros(1, BOARD)
    b = boards[0]
    b["time"] = b["heard"] = NOW - SECOND // 10
    b["bid"], b["ask"], b["bid_size"], b["ask_size"] = BID, ASK, 3_000, 4_000
    b["last2"], b["volume"], b["trades"], b["phase"], b["places"] = 2 * BID, 100_000, 500, Phase.CONTINUOUS, 6
    for row, kind in enumerate(KINDS):
        p = b["place"][row]
        p["kind"], p["time"] = kind, NOW - SECOND
        if kind == PlaceKind.LIT:
            p["bid"], p["ask"], p["bid_size"], p["ask_size"] = BID, ASK, 1_000, 1_200
    return for_kernels(boards)


@dataclass
class World:
    """All that the guard reads, with one parent in row 0."""

    rules: Effective
    limits: np.ndarray
    usages: np.ndarray
    switches: np.ndarray
    boards: np.ndarray

    def check(self, *intents: dict[str, Any], now: int = NOW) -> tuple[np.ndarray, np.ndarray]:
        """Return (what passed, PROJECTION of each)."""
        records = as_intents(intents)
        n = len(records)
        out, projections = for_kernels(np.zeros(n, INTENT)), new_projections(n)
        args = (self.limits, self.usages, self.switches, self.boards, for_kernels(records))
        passed = check(*args, 0, n, now, out, projections)
        return out[:passed], projections

    def one(self, now: int = NOW, **intent: Any) -> Any:
        """Return the PROJECTION of one intent."""
        return self.check(intent, now=now)[1][0]

    def __post_init__(self) -> None:
        self.usages[0]["switch"] = [0, 1, 2, 3, 4, 0]
        self.usages[0]["venue_switch"][:6] = range(5, 11)


INTENDED = {
    "parent": 0, "price": ASK, "quantity": 100, "minimum": 0, "time": NOW, "score": 0.0, "venue": ALPHA, "side": 1,
    "kind": OrderKind.LIMIT, "tactic": 3, "origin": 0, "reason": 0,
}  # fmt: skip


def as_intents(intents: Sequence[dict[str, Any]]) -> np.ndarray:
    """Return INTENT records: what is not said is a buy of 100 at the ask of ALPHA."""
    records = np.zeros(len(intents), INTENT)
    for record, intent in zip(records, intents, strict=True):
        for name, value in (INTENDED | intent).items():
            record[name] = value
    return records


def world(**firm: Any) -> World:
    """Return a world under FIRM with these limits instead: a buy of 100,000, a tenth done, the schedule at 20,000."""
    rules = effective(**firm)
    limits, usages = new_limits(1), new_usages(1)
    compile_limits(rules, Traded(INSTRUMENT, PLACES), limits, 0)
    u = usages[0]
    u["side"], u["quantity"], u["filled"], u["target"] = 1, 100_000, 10_000, 20_000
    u["arrival2"], u["position"], u["money"] = BID + ASK, 10_000, 10_000 * 50_000_000
    return World(rules, limits, usages, new_switches(16), new_board())
