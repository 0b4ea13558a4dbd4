"""Every parameter of the placer is an option of `nowake replay`, and reaches it."""

from dataclasses import fields, replace
from typing import Any

import pytest

from nowake.cli.request import Asked, make_request
from nowake.core.errors import InputError
from nowake.core.times import MS, SECOND
from nowake.execution.state import Placement

TEXTS: dict[str, tuple[Any, int]] = {
    "cross_before": ("30s", 30 * SECOND),
    "sweep_before": ("5s", 5 * SECOND),
    "patience": ("250ms", 250 * MS),
    "reaction": ("20ms", 20 * MS),
    "improve": (2, 2),
    "depth": (3, 3),
    "max_child": (400, 400),
}


def asked(**changed: Any) -> Asked:
    """Return what the command line hands over when only the order is named."""
    plain: dict[str, Any] = {field.name: None for field in fields(Asked)}
    plain |= {
        "source": "generated:1",
        "algo": "twap",
        "side": "buy",
        "qty": "100",
        "participation": 0.1,
        "urgency": 2.0,
    }
    plain |= {"curve_model": "static", "latency_ms": "0", "fees": "0,0", "clock_tolerance": "1s", "seed": 7}
    plain |= {"cross_before": "10s", "sweep_before": "2s", "patience": "1s", "reaction": "100ms"}
    plain |= {"improve": 0, "depth": 0, "max_child": 0}
    return Asked(**{**plain, **changed})


def test_the_defaults_are_those_of_the_placer() -> None:
    assert make_request(asked()).placement == Placement()
    assert set(TEXTS) == {field.name for field in fields(Placement)}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_each_option_reaches_the_placer(name: str) -> None:
    text, value = TEXTS[name]
    assert make_request(asked(**{name: text})).placement == replace(Placement(), **{name: value})


@pytest.mark.parametrize("changed", [{"sweep_before": "soon"}, {"improve": -1}, {"reaction": "0s"}, {"depth": -2}])
def test_impossible_values_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        make_request(asked(**changed))
