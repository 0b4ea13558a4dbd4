"""Says why a child left, from the decision log: why this venue, this size, this price, this moment.

`child` and `parent` return what a program reads, `explain_words` what people read; every number of the words comes from
the records. What a log of another version does not hold is left out by name, not guessed.
"""

from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from nowake.core.errors import InputError
from nowake.core.intent import KIND_WORDS, OrderKind, Origin, Tactic
from nowake.core.times import show_time
from nowake.core.values import Side
from nowake.execution.decision_reader import DecisionLog, Kept
from nowake.execution.explain_words import price_text, why
from nowake.execution.look_again import features_at
from nowake.features.vector import NAMES
from nowake.risk.projection import told
from nowake.routing.reasons import words as route_words

__all__ = ["Namer", "child", "explained", "nearest_id", "parent", "refuse_unknown"]

Namer = Callable[[int], str]


def explained(log: DecisionLog, order_id: int, name: Namer = str) -> dict[str, Any]:
    """Return why `order_id`, a child or a parent, was worked as it was; `name` writes ids as people do.

    InputError for an id of which the log knows nothing.
    """
    kept = log.child(order_id)
    if kept is not None:
        return child(log, kept, name)
    refuse_unknown(log, order_id, name)
    return parent(log, order_id, name)


def refuse_unknown(log: DecisionLog, order_id: int, name: Namer = str) -> None:
    """Refuse the id of a parent of which the log knows nothing; InputError names the nearest."""
    if log.children(order_id) or log.decisions(order_id):
        return
    hint = nearest_id(log, order_id)
    raise InputError(
        f"order {name(order_id)}", expected=f"a child or parent in {log.path}", got="an id it does not know",
        hint=None if hint is None else f"the nearest id there is {name(hint)}",
    )  # fmt: skip


def nearest_id(log: DecisionLog, order_id: int) -> int | None:
    """Return the id of the log that is nearest to `order_id`, None of an empty log."""
    ids = log.ids()
    return min((int(one) for one in ids), key=lambda one: abs(one - order_id)) if len(ids) else None


def child(log: DecisionLog, kept: Kept, name: Namer = str) -> dict[str, Any]:
    """Return a child's features, forecast, policy, guard, route, versions, and `why` in words.

    `features` are those that the policy saw at `features_time`, `now` has those of the moment of the child.
    """
    decision = log.decision_of(kept)
    return {
        **_head(kept, name),
        "features_time": None if decision is None else int(decision["time"]),
        "features": _features(decision),
        "not_ready": _not_ready(decision),
        "now": _now(log, kept),
        "order_state": _observed(decision, first=True),
        "forecast": _observed(decision, first=False),
        "policy": _policy(kept, decision),
        "guard": _guard(kept),
        "route": _route(kept),
        "versions": _versions(kept),
        "why": why(kept, decision),
    }


def parent(log: DecisionLog, order_id: int, name: Namer = str) -> dict[str, Any]:
    """Return the decisions and children of a parent in brief."""
    children, decisions = log.children(order_id), log.decisions(order_id)
    newest = (children or decisions)[-1]
    told_decisions = [
        {
            "number": int(one["number"]), "time": int(one["time"]), "at": _at(one), "tactic": _tactic(one["tactic"]),
            "rate": float(one["rate"]), "urgency": float(one["urgency"]), "quota": int(one["slice"]["quota"]),
            "filled": int(one["order"]["filled"]),
        }
        for one in decisions
    ]  # fmt: skip
    return {
        "order_id": name(order_id),
        "parent_id": None,
        "side": str(Side(int(newest["order"]["side"]))),
        "quantity": int(newest["order"]["quantity"]),
        "decisions": told_decisions,
        "children": [{**_head(one, name), "reason": route_words(int(one["reason"]))} for one in children],
        "versions": _versions(newest),
    }


def _at(kept: Kept) -> str:
    return show_time(int(kept["time"]), kept.header.timezone)


def _tactic(number: int) -> str:
    return Tactic(int(number)).name.lower()


def _head(kept: Kept, name: Namer) -> dict[str, Any]:
    kind, price = OrderKind(int(kept["kind"])), int(kept["price"])
    return {
        "order_id": name(int(kept["order_id"])),
        "parent_id": name(int(kept["parent_id"])),
        "time": int(kept["time"]),
        "at": _at(kept),
        "symbol": kept.header.symbol,
        "side": str(Side(int(kept["side"]))),
        "quantity": int(kept["quantity"]),
        "price": float(price * Decimal(kept.header.tick)) if price else None,
        "price_ticks": price or None,
        "kind": KIND_WORDS[kind],
        "minimum": int(kept["minimum"]),
        "venue": kept.header.places[int(kept["venue"])][0],
        "origin": Origin(int(kept["origin"])).name.lower(),
    }


def _features(decision: Kept | None) -> dict[str, float] | None:
    if decision is None:
        return None
    h = decision.header
    values = decision["observation"][h.own : len(h.observed) - h.classes]
    return {one: float(value) for one, value in zip(h.observed[h.own :], values, strict=False)}


def _not_ready(decision: Kept | None) -> list[str] | None:
    if decision is None:
        return None
    names = decision.header.observed[decision.header.own :]
    return [one for one, ready in zip(names, decision["ready"], strict=False) if not ready]


def _observed(decision: Kept | None, *, first: bool) -> dict[str, float] | None:
    """Return the order's state (`first`), or the forecast at the end of an observation."""
    if decision is None:
        return None
    h = decision.header
    rows = slice(0, h.own) if first else slice(len(h.observed) - h.classes, None)
    return {
        one.removeprefix("p_"): float(value)
        for one, value in zip(h.observed[rows], decision["observation"][rows], strict=True)
    }


def _now(log: DecisionLog, kept: Kept) -> dict[str, Any] | None:
    """Return the features of the child's own moment; None where its look is not kept, or by another version."""
    look = log.look_of(kept)
    row = None if look is None else features_at(look, kept)
    if row is None:
        return None
    values = dict(zip(NAMES, row["value"].tolist(), strict=True))
    waiting = [one for one, ready in zip(NAMES, row["ready"], strict=True) if not ready]
    return {"features_time": int(row["time"]), "features": values, "not_ready": waiting}


def _policy(kept: Kept, decision: Kept | None) -> dict[str, Any]:
    s = kept["slice"]
    slice_ = {one: int(s[one]) for one in ("begun", "until", "quota", "filled_before")}
    if decision is None:
        return {"decision": int(kept["decision"]), "slice": slice_}
    return {
        "decision": int(decision["number"]), "time": int(decision["time"]), "at": _at(decision),
        "rate": float(decision["rate"]), "urgency": float(decision["urgency"]),
        "tactic": _tactic(decision["tactic"]), "slice": slice_,
    }  # fmt: skip


def _guard(kept: Kept) -> dict[str, Any] | None:
    if not kept["guarded"]:
        return None
    names = [place for place, _ in kept.header.places]
    return {key: value for key, value in asdict(told(kept["guard"], names)).items() if key not in ("parent", "venue")}


def _route(kept: Kept) -> dict[str, Any]:
    b, header = kept["board"], kept.header
    venues = [
        {
            "venue": place, "kind": kind, "bid": int(p["bid"]) or None, "bid_size": int(p["bid_size"]),
            "ask": int(p["ask"]) or None, "ask_size": int(p["ask_size"]), "maker_fee": float(p["maker_fee"]),
            "taker_fee": float(p["taker_fee"]), "up": int(p["state"]) == 0,
        }
        for (place, kind), p in zip(header.places, b["place"], strict=True)
    ]  # fmt: skip
    return {
        "venue": header.places[int(kept["venue"])][0], "reason": route_words(int(kept["reason"])),
        "score_ticks": float(kept["score"]), "tactic": _tactic(kept["tactic"]), "best_bid": price_text(kept, b["bid"]),
        "best_ask": price_text(kept, b["ask"]), "target": int(kept["target"]),
        "filled": int(kept["order"]["filled"]), "working": int(kept["order"]["working"]), "venues": venues,
    }  # fmt: skip


def _versions(kept: Kept) -> dict[str, Any]:
    h = kept.header
    return {"nowake": h.version, "schema": h.schema, "seed": h.seed, "log": h.fingerprint, **h.hashes}
