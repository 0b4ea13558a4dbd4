"""CMA-ES over the coordinates of a space: seeded, in parallel, and resumable from the losses alone.

What the strategy asks depends on its seed and on the losses it was told, so a search is continued by telling it the
recorded losses again: no state of the optimiser is stored, and a resumed search is the search in one go. Hansen &
Ostermeier 2001; population and rates by default of the package `cmaes`.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nowake.core.errors import MissingError
from nowake.core.streams import stream_key

__all__ = ["Search", "strategy"]

_FIRST = 0.7  # deviation of the first generation, in coordinates
_AGAIN = 0.5  # of a restart around the best
Loss = Callable[[np.ndarray], float]


def strategy() -> Any:
    """Return the class of the evolution strategy; MissingError where the extra is not installed."""
    try:
        from cmaes import CMA
    except ModuleNotFoundError as error:
        raise MissingError(
            "cmaes is not installed (expected the extra 'calibrate'): pip install 'nowake[calibrate]'"
        ) from error
    return CMA


@dataclass(slots=True)
class Search:
    """Losses so far and the points that they belong to; point 0 is the start (coordinates 0)."""

    bounds: np.ndarray
    seed: int
    losses: list[float]
    points: list[np.ndarray] = field(default_factory=list)

    @property
    def best(self) -> int:
        """Return the number of the best point evaluated so far."""
        return int(np.argmin(self.losses))

    def run(self, loss: Loss, go_on: Callable[[int], bool], *, workers: int, note: Callable[[], None]) -> None:
        """Evaluate points in order until `go_on(evaluations)` says no; `note` is called after every one.

        `loss` runs in `workers` threads, ahead of the order by as many; results do not depend on their number.
        """
        known = len(self.losses)
        with ThreadPoolExecutor(workers) as pool:
            for generation in self._generations():
                start = len(self.points)
                self.points += generation
                missing = self.points[max(known, start) :]
                if missing and not self._evaluate(pool, missing, loss, go_on, workers, note):
                    del self.points[len(self.losses) :]
                    return

    def _evaluate(
        self, pool: ThreadPoolExecutor, points: list[np.ndarray], loss: Loss, go_on: Callable[[int], bool],
        workers: int, note: Callable[[], None],
    ) -> bool:  # fmt: skip
        """Evaluate `points`; False if it was stopped before the last one."""
        ahead: list[Future[float]] = []
        rest = iter(points)
        while True:
            while len(ahead) < workers and go_on(len(self.losses) + len(ahead)):
                point = next(rest, None)
                if point is None:
                    break
                ahead.append(pool.submit(loss, point))
            if not ahead:
                return next(rest, None) is None
            self.losses.append(ahead.pop(0).result())
            note()

    def _generations(self) -> Iterator[list[np.ndarray]]:
        """Yield the points of one generation after the other; their losses must be known when the next is asked."""
        dim = len(self.bounds)
        yield [np.zeros(dim)]
        centre, spread, restart = np.zeros(dim), _FIRST, 0
        while True:
            key = stream_key(self.seed, f"calibrate/{restart}") % 2**32
            cma = strategy()(mean=centre, sigma=spread, bounds=self.bounds, seed=key)
            while not cma.should_stop():
                asked = [cma.ask() for _ in range(cma.population_size)]
                first = len(self.points)
                yield asked
                told = self.losses[first : first + len(asked)]
                cma.tell(list(zip(asked, told, strict=True)))
            centre, spread, restart = self.points[self.best].copy(), _AGAIN, restart + 1
