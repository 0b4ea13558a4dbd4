"""From scopes to the limits that hold for one order: the narrowest scope that is tighter wins.

Scopes are asked from the firm to the order. A list is what every scope allows (`restricted`: what any names), a number
the tightest of them. A narrower scope never loosens: what it says beyond a wider one has no effect, and `idle` tells.

An algorithm is of the strategy that the policy calls by its name (``twap``); where the policy has no such name, of the
strategy of its kind: ``schedule`` for a plan by formula, ``model`` for everything that was learnt. What a person sends
by hand for an order is held to ``manual`` as well, where the policy has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nowake.core.errors import ConfigError, InputError, nearest
from nowake.core.times import duration
from nowake.risk.document import DURATIONS, LISTS, NUMBERS, RISING, SHORT, Limits, Policy
from nowake.risk.policy import policy_hash, scopes_of

__all__ = ["MANUAL", "Bound", "Effective", "Idle", "Scope", "idle", "kind_of", "resolve", "tighter"]

MANUAL = "manual"
"""The strategy of what a person sends by hand."""
_SCHEDULES = ("schedule", "scripted", "twap", "vwap", "pov", "ac", "ow", "adaptive")


def kind_of(strategy: str) -> str:
    """Return the kind of a strategy: ``schedule`` or ``model`` (``manual`` is its own)."""
    return "schedule" if strategy in _SCHEDULES else MANUAL if strategy == MANUAL else "model"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose order it is; None where that is not known. `by_hand`: what a person sends for it."""

    desk: str | None = None
    strategy: str | None = None
    symbol: str | None = None
    order: str | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit in force and the scope that set it (``firm``, ``desk.us``, ``order.A-1``)."""

    value: Any
    scope: str


@dataclass(frozen=True, slots=True)
class Effective:
    """Every limit that holds for one order; `version` is the policy's hash."""

    policy: Policy
    version: str
    bounds: dict[str, Bound]

    def __getitem__(self, name: str) -> Any:
        return self.bounds[name].value

    def scope(self, name: str) -> str:
        """Return the scope that set limit `name`."""
        return self.bounds[name].scope


@dataclass(frozen=True, slots=True)
class Idle:
    """A limit without effect: `key` says `value`, but the firm is at least as tight with `firm`."""

    key: str
    value: Any
    firm: Any


def tighter(name: str, new: Any, old: Any) -> bool:
    """Tell whether value `new` of number `name` is strictly tighter than `old`."""
    if name == "short":
        return SHORT.index(new) < SHORT.index(old)
    if name in DURATIONS:
        return duration(new) < duration(old)
    return bool(new > old) if name in RISING else bool(new < old)


def resolve(policy: Policy, scope: Scope) -> Effective:
    """Return the limits in force for an order of `scope`.

    InputError for a desk or strategy that the policy does not name while it names others (of a strategy, neither it nor
    its kind): an order must not escape its desk's limits by a slip of the pen. ConfigError where the scopes leave
    nothing to trade with, and for a symbol that the policy spells in other capitals.
    """
    _check_spelling(policy, scope.symbol)
    bounds: dict[str, Bound] = {}
    for path, limits in _chain(policy, scope):
        for name in Limits.model_fields:
            value = getattr(limits, name)
            if value is None:
                continue
            old = bounds.get(name)
            if old is None:
                bounds[name] = Bound(value, path)
            elif name in LISTS:
                bounds[name] = _narrowed(name, value, old, path)
            elif tighter(name, value, old.value):
                bounds[name] = Bound(value, path)
    return Effective(policy, policy_hash(policy), bounds)


def _chain(policy: Policy, scope: Scope) -> Iterator[tuple[str, Limits]]:
    yield "firm", policy.firm
    for kind in ("desk", "strategy", "symbol", "order"):
        name, tables = getattr(scope, kind), getattr(policy, kind)
        if kind == "strategy" and name is not None and name not in tables and kind_of(name) in tables:
            name = kind_of(name)
        if name is None:
            continue
        if name in tables:
            yield f"{kind}.{name}", tables[name]
        elif tables and kind in ("desk", "strategy"):
            raise InputError(
                f"unknown {kind} '{name}'",
                expected=f"one of {', '.join(tables)}",
                got=repr(name),
                hint=nearest(name, tables),
            )
        if kind == "strategy" and scope.by_hand and name != MANUAL and MANUAL in tables:
            yield f"strategy.{MANUAL}", tables[MANUAL]


def _check_spelling(policy: Policy, symbol: str | None) -> None:
    """Refuse a policy that names `symbol` in other capitals only: it would not hold, and nobody would know."""
    if symbol is None:
        return
    named = [(f"{path}.restricted", one) for path, limits in scopes_of(policy) for one in limits.restricted or ()]
    named += [*(("symbol", one) for one in policy.symbol), *(("located", one) for one in policy.located)]
    for key, one in named:
        if one != symbol and one.lower() == symbol.lower() and (key, symbol) not in named:
            raise ConfigError(
                "a symbol in other capitals", key=key, expected=symbol, got=one, hint=f"did you mean '{symbol}'?"
            )


def _narrowed(name: str, value: tuple[str, ...], old: Bound, path: str) -> Bound:
    """Return what is left of a list after scope `path` said `value`."""
    if name == "restricted":
        more = tuple(word for word in value if word not in old.value)
        return Bound((*old.value, *more), path) if more else old
    left = tuple(word for word in old.value if word in value)
    if not left and name not in ("venues", "dealers"):
        raise ConfigError(
            f"contradicts {old.scope}: nothing is left", key=f"{path}.{name}", expected=", ".join(old.value), got=value
        )
    return old if left == old.value else Bound(left, path)


def idle(policy: Policy) -> list[Idle]:
    """Return the limits of narrower scopes that have no effect because the firm is as tight or tighter."""
    found = []
    for path, limits in scopes_of(policy):
        if path == "firm":
            continue
        for name in NUMBERS:
            value, firm = getattr(limits, name), getattr(policy.firm, name)
            if value is not None and not tighter(name, value, firm):
                found.append(Idle(f"{path}.{name}", value, firm))
        for name in LISTS:
            value, firm = getattr(limits, name), getattr(policy.firm, name)
            if value is not None and (set(value) <= set(firm) if name == "restricted" else set(firm) <= set(value)):
                found.append(Idle(f"{path}.{name}", value, firm))
    return found
