"""Who decides, told in a form that the decision log keeps, and made anew from it.

A policy of nowake that is a dataclass of plain values is told by its module, name and fields; one that wraps others
tells of them by a method `described`. Of what else decides the name is kept: such decisions are in the log, and are not
made again.
"""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from importlib import import_module
from typing import Any

import numpy as np

from nowake.core.intent import Tactic
from nowake.execution.policy import FixedPolicy, Forecaster, Policy, ScriptedPolicy, UniformForecaster
from nowake.execution.rungs import AdaptiveRung, PovRung, StopRung

__all__ = ["described", "described_policy", "forecaster_again", "policy_again"]

_POLICIES: dict[str, type[Any]] = {
    one.__name__: one for one in (FixedPolicy, ScriptedPolicy, AdaptiveRung, PovRung, StopRung)
}
_UNIFORM = UniformForecaster.__name__
_PACKAGE = __name__.partition(".")[0] + "."


def described_policy(policy: Policy) -> dict[str, Any]:
    """Return name and parameters of a policy, as JSON can hold them; the name alone of one that is not known."""
    name, tell = type(policy).__name__, getattr(policy, "described", None)
    if tell is not None:
        told: dict[str, Any] = tell()
        return told
    if isinstance(policy, AdaptiveRung):
        return {"policy": name, "given": {"urgency": policy.urgency, "normal": policy.normal}}
    if name not in _POLICIES:
        return _by_fields(policy)
    if isinstance(policy, ScriptedPolicy):
        return {"policy": name, "given": {"script": [[rate, int(tactic)] for rate, tactic in policy.script]}}
    given = asdict(policy) if isinstance(policy, FixedPolicy | PovRung) else {}
    return {"policy": name, "given": given}


def _by_fields(policy: Policy) -> dict[str, Any]:
    """Return module, name and fields of a dataclass of plain values, the name alone of anything else."""
    kind = type(policy)
    if is_dataclass(policy) and kind.__module__.startswith(_PACKAGE):
        given = asdict(policy)
        if all(isinstance(value, bool | int | float | str) for value in given.values()):
            return {"policy": f"{kind.__module__}:{kind.__qualname__}", "given": given}
    return {"policy": kind.__name__}


def _kind_of(name: str) -> type[Any] | None:
    """Return the class that a log names; None where there is none any more, or it is none that decides."""
    module, _, kind = name.partition(":")
    if not kind or not module.startswith(_PACKAGE):
        return _POLICIES.get(name)
    try:
        found = getattr(import_module(module), kind, None)
    except ImportError:
        return None
    return found if isinstance(found, type) and is_dataclass(found) and hasattr(found, "decide") else None


def described(policy: Policy, forecaster: Forecaster) -> dict[str, Any]:
    """Return what a decision log keeps of who decides."""
    inner = getattr(forecaster, "forecaster", forecaster)  # one that is watched
    return {**described_policy(policy), "forecaster": type(inner).__name__}


def policy_again(told: Mapping[str, Any], rung: int, desk: np.ndarray) -> Policy | None:
    """Return the policy that decided on `rung` of what `told` tells of; None where it cannot be made anew.

    `desk`: the rows (DESK) that it decides for, for those who look at them.
    """
    one = told if rung == 0 else told.get("rungs", {}).get(str(rung), {})
    kind, given = _kind_of(str(one.get("policy"))), dict(one.get("given", {}))
    if kind is None or "given" not in one:
        return None
    if kind is AdaptiveRung:
        return AdaptiveRung(desk, **given)
    if kind is ScriptedPolicy:
        return ScriptedPolicy(tuple((rate, Tactic(tactic)) for rate, tactic in given["script"]))
    if kind is FixedPolicy:
        given["tactic"] = Tactic(given["tactic"])
    made: Policy = kind(**given)
    return made


def forecaster_again(told: Mapping[str, Any]) -> Forecaster | None:
    """Return the forecaster that `told` tells of; None where it cannot be made anew."""
    return UniformForecaster() if told.get("forecaster") == _UNIFORM else None
