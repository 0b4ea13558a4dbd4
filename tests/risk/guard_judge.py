"""An independent judge: what left the guard, held against the policy as it is written, in exact fractions.

It reads the document's own values (not LIMITS), keeps its own books, and shares no code with the guard.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from guard_world import KINDS, PLACES, World

from nowake.core.board import Phase, PlaceKind
from nowake.core.intent import OrderKind
from nowake.core.times import SECOND, duration

TICK = Fraction(1, 100)


def exact(value: float) -> Fraction:
    """Return a number of the document exactly as it is written there."""
    return Fraction(str(value))


@dataclass
class Judge:
    """The books of one parent in a `World`, taken before the guard is asked."""

    world: World
    messages: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        u, self.board = self.world.usages[0].copy(), self.world.boards[0].copy()
        self.parent = u
        self.used = int(u["filled"] + u["working"])
        self.working = {1: int(u["working_buy"]), -1: int(u["working_sell"])}
        self.open = int(u["open_orders"])
        self.money = Fraction(int(u["money"]), 10**6)
        self.at_venue = [Fraction(int(x), 10**6) for x in u["venue_money"]]
        self.own = {1: int(u["own_bid"]), -1: int(u["own_ask"])}
        self.level = {row: int(switch["level"]) for row, switch in enumerate(self.world.switches)}

    def rule(self, name: str) -> Any:
        """Return a limit as the document says it."""
        return self.world.rules[name]

    def complaints(self, child: np.void, now: int) -> list[str]:
        """Return every limit that `child` violates, and book it."""
        side, quantity, price, kind = (int(child[name]) for name in ("side", "quantity", "price", "kind"))
        found = [
            *self.about_means(child, now),
            *self.about_price(side, price, kind),
            *self.about_size(child, side, quantity, price, kind),
            *self.about_messages(int(child["venue"]), now),
        ]
        worth = quantity * TICK * (price if side > 0 else max(price, int(self.board["ask"])))
        self.used += quantity
        self.working[side] += quantity
        self.open += 1
        self.money += worth
        self.at_venue[int(child["venue"])] += worth
        if kind in (OrderKind.LIMIT, OrderKind.POST_ONLY):
            best = self.own[side]
            self.own[side] = price if best == 0 else max(best * side, price * side) * side
        if self.money > exact(self.rule("max_order_notional")):
            found.append("order notional")
        if self.at_venue[int(child["venue"])] > exact(self.rule("max_venue_notional")):
            found.append("venue notional")
        if worth > exact(self.rule("max_child_notional")):
            found.append("child notional")
        return found

    def about_means(self, child: np.void, now: int) -> list[str]:
        """Order type, venue, side, phase, switches, age of the data."""
        b, venue, side = self.board, int(child["venue"]), int(child["side"])
        word = OrderKind(int(child["kind"])).name.lower()
        kind = KINDS[venue].name.lower() if venue < len(KINDS) else "none"
        named = self.rule("dealers") if kind == "dealer" else self.rule("venues")
        place = b["place"][venue]
        age = now - int(b["heard"])
        rows = [0, *self.parent["switch"], self.parent["venue_switch"][venue]]
        checks = {
            "order type": word in self.rule("order_types") and (word == "quote") == (kind == "dealer"),
            "class": kind in self.rule("venue_classes"),
            "venue": venue < len(PLACES) and PLACES[venue] in named,
            "venue up": int(place["state"]) == 0,
            "venue heard": kind != "lit" or 0 <= now - int(place["time"]) <= duration(self.rule("venue_silence")),
            "side": side == int(self.parent["side"]) and ("buy" if side > 0 else "sell") in self.rule("sides"),
            "restricted": "MIDC" not in self.rule("restricted"),
            "phase": Phase(int(b["phase"])).name.lower() in self.rule("phases"),
            "fresh": 0 <= age <= duration(self.rule("stale_after")),
            "clock": now >= int(self.parent["clock"]) and (now > 0),
            "killed": all(self.level.get(int(row), 9) <= 1 for row in rows),
            "open orders": self.open < self.rule("max_open_orders"),
            "a number": bool(np.isfinite(child["score"])) and bool(np.isfinite(self.parent["pnl"])),
        }
        return [name for name, holds in checks.items() if not holds]

    def about_price(self, side: int, price: int, kind: int) -> list[str]:
        """Collars, the parent's limit, own resting orders."""
        b, found = self.board, []
        if price <= 0:
            return ["no price"]
        references = {"arrival": Fraction(int(self.parent["arrival2"]), 2), "last": Fraction(int(b["last2"]), 2)}
        if b["phase"] == Phase.CONTINUOUS:
            references["quote"] = Fraction(int(b["ask"] if side > 0 else b["bid"]))
        for name, reference in references.items():
            beyond = side * (price - reference) / reference if reference else Fraction(10**9)
            if beyond > exact(self.rule(f"collar_{name}_bp")) / 10_000:
                found.append(f"collar {name}")
        limit = int(self.parent["limit"])
        if limit and side * price > side * limit:
            found.append("limit")
        other = self.own[-side]
        takes = kind in (OrderKind.LIMIT, OrderKind.IOC, OrderKind.POST_ONLY)
        if takes and other and side * price >= side * other:
            found.append("self trade")
        return found

    def about_size(self, child: np.void, side: int, quantity: int, price: int, kind: int) -> list[str]:
        """Every limit on shares."""
        b, u, venue = self.board, self.parent, int(child["venue"])
        used, position = self.used + quantity, int(u["position"])
        others = max(0, int(b["volume"]) - int(u["volume_start"]) - int(u["filled"]))
        after = side * position + self.working[side] + quantity
        reducing = any(self.level.get(int(row), 9) == 1 for row in [0, *u["switch"], u["venue_switch"][venue]])
        losing = Fraction(float(u["pnl"])) <= -exact(self.rule("max_daily_loss"))
        located = self.world.rules.policy.located.get("MIDC", 0)
        lowest = {"no": 0, "locate": -located, "yes": -(10**12)}[self.rule("short")]
        checks = {
            "whole": 0 < quantity <= self.rule("max_child_shares"),
            "least": 0 <= int(child["minimum"]) <= quantity,
            "overfill": used <= int(u["quantity"]),
            "deviation": used - int(u["target"]) <= exact(self.rule("max_deviation")) * int(u["quantity"]),
            "participation": used <= self.rule("participation_grace_shares")
            or Fraction(used, used + others) <= exact(self.rule("max_participation")),
            "position": after <= self.rule("max_position"),
            "short": side > 0 or position - self.working[-1] - quantity >= lowest,
            "reduce": not (reducing or losing) or after <= 0,
            "dark": KINDS[venue] != PlaceKind.DARK or int(child["minimum"]) >= self.rule("dark_minimum_shares"),
        }
        displayed = kind in (OrderKind.LIMIT, OrderKind.IOC, OrderKind.POST_ONLY) and KINDS[venue] == PlaceKind.LIT
        if displayed and b["phase"] == Phase.CONTINUOUS:
            checks["displayed"] = quantity <= exact(self.rule("max_share_of_displayed")) * self.shown(
                venue, side, price
            )
        return [name for name, holds in checks.items() if not holds]

    def shown(self, venue: int, side: int, price: int) -> int:
        """Return what the child takes from at its venue, else what it joins."""
        place = self.board["place"][venue]
        far, near = ("ask", "bid") if side > 0 else ("bid", "ask")
        if place[far] and side * price >= side * int(place[far]):
            return int(place[f"{far}_size"])
        return int(self.board[f"{near}_size"])

    def about_messages(self, venue: int, now: int) -> list[str]:
        """In no stretch of T seconds more than burst + rate T."""
        sent = self.messages.setdefault(venue, [])
        sent.append(now)
        rate, burst = self.rule("max_messages_per_second"), self.rule("message_burst")
        for k, first in enumerate(sent):
            if len(sent) - k > burst + Fraction(rate * (now - first), SECOND):
                return ["messages"]
        return []
