"""Policies: read from TOML, checked for contradictions, identified by a hash.

What Pydantic cannot see is checked here: that the firm sets every limit, that every name is known, and that no scope
leaves nothing to trade with. Errors carry the key's path and the nearest valid name.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nowake.core.config import config_hash, naming, parse
from nowake.core.errors import ConfigError, nearest
from nowake.core.shipped import Shipped
from nowake.risk.document import LISTS, Limits, Policy

__all__ = ["Policy", "check", "from_table", "load", "policy_hash", "policy_names", "policy_text", "scopes_of"]

_SHIPPED = Shipped(Path(__file__).parent / "policies", Policy, "policy")
SCOPES = ("firm", "desk", "strategy", "symbol", "order")


def policy_names() -> tuple[str, ...]:
    """Return the names of the policies that come with nowake, sorted."""
    return _SHIPPED.names()


def policy_text(name: str) -> str:
    """Return the file of a policy, comments included, for users to copy; InputError for an unknown name."""
    return _SHIPPED.text(name)


def load(name_or_path: str | Path) -> Policy:
    """Return the policy of that name, or in that TOML file; InputError or ConfigError where it is refused."""
    policy = _SHIPPED.load(name_or_path)
    with naming(name_or_path):
        return check(policy)


def from_table(table: dict[str, Any]) -> Policy:
    """Return the policy in a table of tables, checked."""
    return check(parse(table, Policy))


def policy_hash(policy: Policy) -> str:
    """Return 16 hex digits that identify every limit; the title does not count."""
    return config_hash(policy.model_dump(mode="json", exclude={"title"}))


def scopes_of(policy: Policy) -> Iterator[tuple[str, Limits]]:
    """Yield (key path, limits) of every scope, the firm first."""
    yield "firm", policy.firm
    for kind in SCOPES[1:]:
        for name, limits in getattr(policy, kind).items():
            yield f"{kind}.{name}", limits


def check(policy: Policy) -> Policy:
    """Return `policy` if it is complete and free of contradictions; ConfigError names the first key that is not."""
    _check_firm(policy)
    if len(policy.approvers) < 2:
        expected = "at least 2 people: whom one of them has stopped, another lets go on"
        raise ConfigError("too few", key="approvers", expected=expected, got=list(policy.approvers))
    twice = sorted({name for name in policy.approvers if policy.approvers.count(name) > 1})
    if twice:
        raise ConfigError("an approver is named twice", key="approvers", expected="two or more people", got=twice[0])
    for path, limits in scopes_of(policy):
        _check_names(policy, path, limits)
        _check_means(policy, path, limits)
        _check_sizes(policy, path, limits)
    return policy


def _check_firm(policy: Policy) -> None:
    for name in Limits.model_fields:
        if getattr(policy.firm, name) is None:
            raise ConfigError("the firm's limit is missing", key=f"firm.{name}", expected="a value", got="nothing")


def _check_known(key: str, names: Iterable[str], known: Iterable[str], what: str) -> None:
    known = tuple(known)
    for name in names:
        if name not in known:
            raise ConfigError(
                f"unknown {what} '{name}'",
                key=key,
                expected=f"one of {', '.join(known) or 'none'}",
                got=repr(name),
                hint=nearest(name, known),
            )


def _check_names(policy: Policy, path: str, limits: Limits) -> None:
    dealers = [name for name, kind in policy.venues.items() if kind == "dealer"]
    others = [name for name in policy.venues if name not in dealers]
    _check_known(f"{path}.venues", limits.venues or (), others, "venue")
    _check_known(f"{path}.dealers", limits.dealers or (), dealers, "dealer")
    for name in LISTS:
        words = getattr(limits, name) or ()
        if len(set(words)) < len(words):
            raise ConfigError("a name is repeated", key=f"{path}.{name}", expected="each once", got=words)


def _kept(policy: Policy, limits: Limits, name: str) -> list[str]:
    """Return what `limits` leave of the firm's list `name`."""
    allowed: tuple[str, ...] = getattr(policy.firm, name)
    own: tuple[str, ...] | None = getattr(limits, name)
    return [word for word in allowed if own is None or word in own]


def _check_means(policy: Policy, path: str, limits: Limits) -> None:
    """Refuse a scope that leaves no order type, class, side, phase or venue to trade with."""
    for name in ("order_types", "venue_classes", "sides", "phases"):
        if getattr(limits, name) is not None and not _kept(policy, limits, name):
            firm = ", ".join(getattr(policy.firm, name))
            got = getattr(limits, name)
            raise ConfigError("contradicts the firm: nothing is left", key=f"{path}.{name}", expected=firm, got=got)
    beside = limits.venue_classes
    for name in limits.venues or ():
        if beside is not None and policy.venues[name] not in beside:
            wanted = f"venues of class {', '.join(beside)}"
            got = f"{name}, a {policy.venues[name]} one"
            raise ConfigError("contradicts venue_classes beside it", key=f"{path}.venues", expected=wanted, got=got)
    classes = _kept(policy, limits, "venue_classes")
    named = [*_kept(policy, limits, "venues"), *_kept(policy, limits, "dealers")]
    if not any(policy.venues[name] in classes for name in named):
        wanted = f"a venue or dealer of class {', '.join(classes)}"
        raise ConfigError("contradiction: no venue is left", key=f"{path}.venues", expected=wanted, got=named or "none")


def _check_sizes(policy: Policy, path: str, limits: Limits) -> None:
    """Refuse sizes that no dark order could have."""
    if "dark" not in _kept(policy, limits, "venue_classes"):
        return
    most = min(_values(policy, limits, "max_child_shares"))
    least = max(_values(policy, limits, "dark_minimum_shares"))
    if least > most:
        key = "dark_minimum_shares" if limits.dark_minimum_shares is not None else "max_child_shares"
        raise ConfigError(
            "contradiction: no dark order is both large and small enough",
            key=f"{path}.{key}",
            expected="dark_minimum_shares of at most max_child_shares",
            got=f"{least} and {most}",
            hint="leave `dark` out of venue_classes if that is meant",
        )


def _values(policy: Policy, limits: Limits, name: str) -> list[int]:
    return [value for scope in (policy.firm, limits) if (value := getattr(scope, name)) is not None]
