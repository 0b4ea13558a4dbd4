"""The public checker that every `Schedule` passes; use it on your own before you hand it to the engine."""

from collections.abc import Callable, Iterator

from nowake.schedule.protocol import Schedule, ScheduleState

__all__ = ["check_schedule", "states"]

_TOTALS = (1, 2, 7, 99, 1000, 123_457, 2**31 - 1)
_SLICES = (1, 2, 3, 13, 78)
_BIN = 60_000_000_000


def _fill_all(filled: int, target: int) -> int:
    return max(filled, target)


def _fill_half(filled: int, target: int) -> int:
    return max(filled, (filled + target) // 2)


def _fill_none(filled: int, target: int) -> int:
    del target
    return filled


def states(
    schedule: Schedule, total: int, slices: int, fill: Callable[[int, int], int] = _fill_all
) -> Iterator[tuple[ScheduleState, int]]:
    """Yield (state at the start of each slice, target) of an order whose fills follow `fill(filled, target)`.

    Others trade a U-shaped volume of about twice the total.
    """
    filled, volumes = 0, list[int]()
    for index in range(slices):
        state = ScheduleState(
            now=index * _BIN,
            start=0,
            end=slices * _BIN,
            total=total,
            filled=filled,
            filled_before=filled,
            index=index,
            slices=slices,
            market_volume=sum(volumes),
            volumes=tuple(volumes),
        )
        target = schedule.target(state)
        yield state, target
        filled = fill(filled, target)
        volumes.append(total * (2 + abs(2 * index + 1 - slices)) // slices)


def check_schedule(schedule: Schedule, *, completes: bool = True) -> None:
    """Raise AssertionError unless `schedule` keeps the contract of `Schedule.target`.

    Whole numbers (int), never below 0 or above the total, the same answer when asked twice, never falling while the
    fills keep up; and, unless it follows the market (`completes` False), the whole quantity in the last slice however
    the fills lag. Quantities below the number of slices and odd lots are among those tried.
    """
    for total in _TOTALS:
        for slices in _SLICES:
            for fill in (_fill_all, _fill_half, _fill_none):
                _check_path(schedule, total, slices, fill, completes=completes)


def _check_path(
    schedule: Schedule, total: int, slices: int, fill: Callable[[int, int], int], *, completes: bool
) -> None:
    before, target = 0, 0
    for state, target in states(schedule, total, slices, fill):
        where = f"{schedule!r}, slice {state.index + 1} of {slices}, total {total}"
        assert type(target) is int, f"{where}: a whole number (expected int, got {type(target).__name__})"
        assert 0 <= target <= total, f"{where}: target {target} outside 0..{total}"
        assert target == schedule.target(state), f"{where}: another answer to the same state"
        if fill is _fill_all:
            assert target >= before, f"{where}: target fell from {before} to {target}"
        before = target
    assert target == total or not completes, f"{schedule!r}: {target} of {total} at the end of {slices} slices"
