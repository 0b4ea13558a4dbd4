"""The four answers in words: why this venue, this size, this price, this moment, and what the guard did."""

from decimal import Decimal

from nowake.core.intent import OrderKind, Origin, Tactic
from nowake.core.times import SECOND, show_time
from nowake.execution.decision_reader import Kept
from nowake.execution.desk_state import Hands
from nowake.risk.projection import told
from nowake.risk.reasons import words_of
from nowake.routing.reasons import Reason
from nowake.routing.reasons import words as route_words

__all__ = ["price_text", "why"]

_SWEEPS = (Reason.SWEEP_BEST, Reason.SWEEP_PROTECTED, Reason.SWEEP_BEYOND)
_TACTICS = {
    Tactic.DARK: "waits in dark pools and with dealers",
    Tactic.JOIN: "rests at the touch",
    Tactic.IMPROVE: "rests inside the spread or at the mid",
    Tactic.CROSS: "takes",
}


def why(kept: Kept, decision: Kept | None) -> dict[str, str]:
    """Return the answers about a child, `decision` being that of its slice."""
    return {
        "venue": _venue(kept),
        "size": _size(kept),
        "price": _price(kept),
        "moment": _moment(kept, decision),
        "guard": _guard(kept),
    }


def price_text(kept: Kept, ticks: float) -> str | None:
    """Return a price in currency, None for a side that is empty (0)."""
    if not ticks:
        return None
    exact = Decimal(int(ticks)) if ticks == int(ticks) else Decimal(str(float(ticks)))
    return f"{exact * Decimal(kept.header.tick):f}"


def _side(kept: Kept) -> int:
    return int(kept["side"])


def _venue(kept: Kept) -> str:
    name, kind = kept.header.places[int(kept["venue"])]
    if int(kept["origin"]) == Origin.HUMAN:
        return f"{name} ({kind}): a person chose it"
    place, text = kept["board"]["place"][int(kept["venue"])], f"{name} ({kind}): {route_words(int(kept['reason']))}"
    text += f"; the router expects {float(kept['score']):+.3g} ticks a share against crossing the touch"
    bid, ask = price_text(kept, int(place["bid"])), price_text(kept, int(place["ask"]))
    if kind == "lit":
        text += f"; it showed {int(place['bid_size']):,} at {bid or 'no bid'}, {int(place['ask_size']):,} at "
        text += f"{ask or 'no ask'}{_others(kept)}"
    return text


def _others(kept: Kept) -> str:
    """Return where else the best price was of the side that the child takes from, or joins."""
    b, own, takes = kept["board"], int(kept["venue"]), int(kept["reason"]) in _SWEEPS
    name = "ask" if takes == (_side(kept) > 0) else "bid"
    best = int(b[name])
    at = [
        k
        for k, (_, kind) in enumerate(kept.header.places)
        if kind == "lit" and best and int(b["place"][k][name]) == best and not b["place"][k]["state"]
    ]
    others = ", ".join(kept.header.places[k][0] for k in at if k != own)
    if own in at:
        return f"; the best {name} was also at {others}" if others else f"; no other venue had the best {name}"
    return f"; the best {name} was at {others}" if others else f"; no venue had a {name}"


def _size(kept: Kept) -> str:
    order, slice_ = kept["order"], kept["slice"]
    done = int(order["filled"]) - int(slice_["filled_before"])
    text = (
        f"{int(kept['quantity']):,} shares: the slice is {int(slice_['quota']):,} of {int(order['quantity']):,}, "
        f"{done:,} of it were filled; of the order {int(order['filled']):,} were "
        f"filled and {int(order['working']):,} out, with this look's children"
    )
    if kept["minimum"]:
        text += f"; at least {int(kept['minimum']):,} in one execution"
    before = int(kept["guard"]["quantity_before"]) if kept["guarded"] else int(kept["quantity"])
    return text if before == kept["quantity"] else f"{text}; the router wanted {before:,}, the guard cut it"


def _price(kept: Kept) -> str:
    kind, price, side, b = OrderKind(int(kept["kind"])), int(kept["price"]), _side(kept), kept["board"]
    near, far = (int(b["bid"]), int(b["ask"])) if side > 0 else (int(b["ask"]), int(b["bid"]))
    near_word, far_word = ("bid", "ask") if side > 0 else ("ask", "bid")
    text, limit = price_text(kept, price), int(kept["order"]["limit"])
    bound = f"; the order's limit is {price_text(kept, limit)}" if limit else ""
    if kind is OrderKind.QUOTE:
        return f"the best quote that is not beyond {text or 'the touch'}{bound}"
    if kind is OrderKind.MID_PEG or kept.header.places[int(kept["venue"])][1] == "dark":
        mid = price_text(kept, (near + far) / 2) if near and far else None
        then = ", wherever it goes" if kind is OrderKind.MID_PEG else ", at once or not at all"
        return f"at the mid, {mid or 'unknown then'}{then}{f', not beyond {text}' if text else ''}{bound}"
    if not price:
        return f"none: whatever the venue gives{bound}"
    if far and side * price >= side * far:
        beyond = side * (price - far)
        return f"{text}: takes at the best {far_word}{f', and up to {beyond} ticks beyond' if beyond else ''}{bound}"
    ahead = side * (price - near) if near else 0
    place = f"at the best {near_word}" if not ahead else (
        f"{ahead} ticks inside the spread" if ahead > 0 else f"{-ahead} ticks behind the best {near_word}"
    )  # fmt: skip
    return f"{text}: {place if near else 'no other price on its side'}{bound}"


def _moment(kept: Kept, decision: Kept | None) -> str:
    return "; ".join([_decided(kept, decision), _plan(kept), *_hurry(kept), *_market(kept, decision)])


def _decided(kept: Kept, decision: Kept | None) -> str:
    zone, slice_ = kept.header.timezone, kept["slice"]
    if int(slice_["hands"]) == Hands.HUMAN or int(kept["origin"]) == Origin.HUMAN:
        return "a person worked the order"
    if decision is None and int(slice_["begun"]) and int(kept["decision"]):
        until = show_time(int(slice_["until"]), zone)
        return f"after a restart, in the rest of a slice, until {until}, that the plan gave it: no policy was asked"
    if decision is None:
        return "before the first decision of the policy"
    tactic = Tactic(int(decision["tactic"]))
    return (
        f"decision {int(decision['number'])} at {show_time(int(decision['time']), zone)}: {tactic.name.lower()} "
        f"({_TACTICS[tactic]}), rate {float(decision['rate']):g}, urgency {float(decision['urgency']):g}, until "
        f"{show_time(int(slice_['until']), zone)}"
    )


def _plan(kept: Kept) -> str:
    target, filled = int(kept["target"]), int(kept["order"]["filled"])
    if not 0 <= target <= int(kept["order"]["quantity"]):
        return "no plan was known"
    gap = filled - target
    state = "on plan" if gap == 0 else f"{abs(gap):,} {'ahead of' if gap > 0 else 'behind'} plan"
    return f"{target:,} shares were wanted by then and {filled:,} filled: {state}"


def _hurry(kept: Kept) -> list[str]:
    """Return why what rests by its tactic crosses all the same."""
    s, now, end = kept["slice"], int(kept["time"]), int(kept["order"]["end"])
    if int(s["hands"]) == Hands.FINISH:
        return ["finish was asked for: the rest is taken"]
    if now >= end - int(s["sweep_before"]):
        return [f"the order ends in {max(end - now, 0) / SECOND:.1f} s: everything crosses"]
    if int(kept["reason"]) not in _SWEEPS or int(s["tactic"]) == Tactic.CROSS:
        return []
    if int(s["tactic"]) == Tactic.DARK:
        return [f"further behind plan than {float(s['slack']):g} slices: the excess crosses"]
    return [f"the slice ends in {max(int(s['until']) - now, 0) / SECOND:.1f} s: what is missing of it crosses"]


def _market(kept: Kept, decision: Kept | None) -> list[str]:
    b = kept["board"]
    bid, ask, shown = int(b["bid"]), int(b["ask"]), int(b["bid_size"]) + int(b["ask_size"])
    if not 0 < bid < ask:
        return ["now: the touch is one-sided or crossed"]
    now = f"now: spread {ask - bid} ticks"
    if shown:
        part = (int(b["bid_size"]) - int(b["ask_size"])) / shown
        whose = "for" if part * _side(kept) > 0 else "against"
        now += f", imbalance {part:+.2f} ({whose} us)" if part else ", imbalance 0"
    text = [now]
    if decision is not None:
        h = decision.header
        names, values = h.observed[-h.classes :], decision["observation"][-h.classes :]
        seen = ", ".join(f"{name.removeprefix('p_')} {value:.0%}" for name, value in zip(names, values, strict=True))
        text.append(f"forecast of the mid when it was decided: {seen}")
    return text


def _guard(kept: Kept) -> str:
    if not kept["guarded"]:
        return "passed; its projection was overwritten by a later look of the same turn"
    projected = told(kept["guard"])
    limits = words_of(int(kept["guard"]["reasons"]))
    if projected.verdict == "passed":
        return f"passed: {limits}"
    changes = [
        f"{what} {before:,} became {after:,}"
        for what, before, after in (
            ("quantity", projected.quantity_before, projected.quantity),
            ("price (ticks)", projected.price_before, projected.price),
            ("least execution", int(kept["guard"]["minimum_before"]), projected.minimum),
        )
        if before != after
    ]
    return f"{projected.verdict}: {', '.join(changes)}: {limits}"
