"""A bound kernel does what its dispatcher does, and refuses what is not of its types as far as it can see."""

from typing import Any

import numpy as np

from nowake.core.bound import bound
from nowake.core.jit import kernel

PAIR = np.dtype([("x", "i8"), ("y", "f8")], align=True)


@kernel
def _scaled(records: Any, i: Any, factor: Any) -> Any:
    records[i]["y"] = records[i]["x"] * factor
    return records[i]["y"]


def test_a_bound_kernel_does_what_the_kernel_does() -> None:
    records = np.zeros(3, PAIR)
    records["x"] = 2, 3, 5
    call = bound(_scaled, records, 0, 0.0)
    assert [call(records, i, 1.5) for i in range(3)] == [3.0, 4.5, 7.5]
    assert call(records[1:], 1, 2.0) == _scaled(records, 2, 2.0) == 10.0
    assert records["y"].tolist() == [3.0, 4.5, 10.0]


def test_a_kernel_is_bound_without_being_called() -> None:
    records = np.zeros(1, PAIR)
    records["x"] = 7
    bound(_scaled, records, 0, 2.0)
    assert records["y"].tolist() == [0.0]


def test_a_plain_function_stays_what_it_is() -> None:
    def plain(value: int) -> int:
        return value

    assert bound(plain, 1) is plain
