"""Work shared among threads: every row once, results in order, errors at once."""

import pytest

from nowake.market.workers import in_order, in_parts


@pytest.mark.parametrize("workers", [1, 2, 3, 9])
def test_every_row_is_worked_once(workers: int) -> None:
    seen = [0] * 7

    def part(lo: int, hi: int) -> None:
        for k in range(lo, hi):
            seen[k] += 1

    in_parts(7, part, workers)
    assert seen == [1] * 7


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_calls(workers: int) -> None:
    assert in_order([lambda k=k: k * k for k in range(5)], workers) == [0, 1, 4, 9, 16]  # type: ignore[misc]
    assert in_order([], workers) == []


def test_after_an_error_nothing_more_begins() -> None:
    begun: list[int] = []

    def call(k: int) -> int:
        begun.append(k)
        if k == 0:
            raise ValueError("first")
        return k

    with pytest.raises(ValueError, match="first"):
        in_order([lambda k=k: call(k) for k in range(1000)], 1)  # type: ignore[misc]
    assert len(begun) < 1000
