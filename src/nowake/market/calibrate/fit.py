"""A calibration from data to a preset: what the data says, the start, the search, the run-off, and the judgement.

Among the best points of the search some were lucky on its seeds. The best few run off on seeds of their own; base and
winner are then judged on seeds that neither search nor run-off has used.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nowake import __version__
from nowake.core.config import parse
from nowake.core.errors import InputError
from nowake.core.fingerprint import config_hash
from nowake.market.calibrate import direct
from nowake.market.calibrate.judge import Distance, Row, distance_of, profile_rows, rows, show
from nowake.market.calibrate.objective import FAILED, Unusable, days_of, evaluate, plan_of, seeds_of
from nowake.market.calibrate.progress import ProgressFile
from nowake.market.calibrate.search import Search, strategy
from nowake.market.calibrate.space import FREE, Space, read, table_of
from nowake.market.calibrate.targets import Target, Unmeasured, compare, measure_all, with_errors
from nowake.market.preset import check
from nowake.market.preset_model import Preset
from nowake.market.realism.distance import distance

__all__ = ["Job", "Limits", "Verdict"]

_FINALISTS = 6
_SAVE = 5.0  # s between two writes of the progress
_JUDGE = 5  # times the search's days
Note = Callable[[str, float, float | None], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop: evaluations in all, and seconds of this search; None: no limit."""

    evaluations: int | None = None
    seconds: float | None = None
    workers: int = 2

    def __post_init__(self) -> None:
        if self.evaluations is not None and not 1 <= self.evaluations <= 1_000_000:
            raise InputError("--evaluations", expected="1 to 1000000", got=self.evaluations)
        if self.seconds is not None and not self.seconds > 0:
            raise InputError("--budget", expected="a time above 0", got=self.seconds)
        if not 1 <= self.workers <= 64:
            raise InputError("--workers", expected="1 to 64", got=self.workers)
        if self.evaluations is None and self.seconds is None:
            raise InputError("calibration", expected="a budget or a number of evaluations", got="neither")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Base and fitted preset against the data (and days not seen, None without any), on seeds of their own.

    `holdout_data` is the distance of the fitted days themselves from those not seen: what a perfect market would show.
    `days` of the fitted preset were measured; `failed` of its paths could not be.
    """

    facts: list[Row]
    profile: list[Row]
    before: Distance
    after: Distance
    holdout_before: Distance | None
    holdout_after: Distance | None
    holdout_data: float | None
    days: int
    failed: int


class Job:
    """A calibration of `base` to `target`; `progress` is the file that it can be continued from.

    `note(label, done, total)` tells how far it is.
    """

    def __init__(self, base: Preset, target: Target, *, seed: int, progress: Path, note: Note) -> None:
        if not 0 <= seed < 2**40:
            raise InputError("--seed", expected="a whole number from 0 to 2^40 - 1", got=seed)
        strategy()  # refuse before the work begins
        self.base, self.seed, self.plan, self._note = base, seed, plan_of(target), note
        self.target = target
        self._seeds = seeds_of(seed, "search", self.plan.paths)
        self._file = ProgressFile(progress, self._identity())
        self.start, self.elapsed = base, 0.0
        self.search = Search(np.zeros((0, 2)), seed, [])
        self.space = Space(base)

    def _identity(self) -> str:
        """Return the hash of what decides the losses."""
        parts = {name: [e.value, e.low, e.high] for name, e in self.target.parts.items()}
        return config_hash({
            "version": __version__, "base": table_of(self.base), "target": parts, "seed": self.seed,
            "plan": [self.plan.paths, self.plan.days, self.plan.most], "free": [repr(free) for free in FREE],
        })  # fmt: skip

    def begin(self, *, resume: bool) -> None:
        """Find the start, or take it and the losses from the progress file."""
        losses: list[float] = []
        if resume:
            table, losses, self.elapsed = self._file.load()
            self.start = check(parse(table, Preset))
        else:
            tell = lambda k, _: self._note("calibrate: scales", k + 1, direct.ROUNDS)  # noqa: E731
            self.start = direct.start(self.base, self._seeds, self.plan, self.target, tell)
        self.target = self._with_errors(self.target)
        self.space = Space(self.start)
        self.search = Search(self.space.bounds, self.seed, losses)

    def _with_errors(self, target: Target) -> Target:
        """Return `target`; of one day with the errors that days of the start have."""
        if len(target.dates) > 1:
            return target
        try:
            days = [d for seed in self._seeds for d in days_of(self.start, seed, self.plan.days, self.plan.most)]
        except Unusable as error:
            raise InputError("one day of data", expected="a base preset that can be scaled to it", got=error) from error
        return with_errors(target, [measure_all([day], draws=2) for day in days])

    def run(self, limits: Limits) -> None:
        """Search until a limit is met; what is known is saved, also when it is interrupted."""
        begun, saved, before = time.monotonic(), time.monotonic(), self.elapsed

        def go_on(number: int) -> bool:
            enough = limits.evaluations is not None and number >= limits.evaluations
            late = limits.seconds is not None and time.monotonic() - begun >= limits.seconds
            return number == 0 or not (enough or late)

        def note() -> None:
            nonlocal saved
            number, now = len(self.search.losses), time.monotonic()
            self.elapsed = before + now - begun
            if now - saved > _SAVE:
                self.save()
                saved = now
            label = f"calibrate: {number} evaluations, loss {min(self.search.losses):.2f}"
            done = number / limits.evaluations if limits.evaluations else (now - begun) / (limits.seconds or 1.0)
            self._note(label, min(done, 1.0), 1.0)

        try:
            self.search.run(self._loss, go_on, workers=limits.workers, note=note)
        finally:
            self.save()

    def save(self) -> None:
        """Write the progress file."""
        self._file.save(table_of(self.start), self.search.losses, self.elapsed)

    def _loss(self, x: np.ndarray) -> float:
        return self._loss_on(x, self._seeds)

    def _loss_on(self, x: np.ndarray, seeds: Sequence[int]) -> float:
        try:
            preset = self.space.preset(x)
        except InputError:  # values that contradict each other
            return FAILED
        return evaluate(preset, seeds, self.plan, self.target)[0]

    @property
    def failed(self) -> int:
        """Return how many points could not be measured."""
        return sum(loss >= FAILED for loss in self.search.losses)

    def best(self) -> Preset:
        """Return the best preset of the search so far, the start before any."""
        return self.space.preset(self.search.points[self.search.best]) if self.search.losses else self.start

    def winner(self) -> Preset:
        """Return the best of the finalists on the seeds of the run-off."""
        order = np.argsort(self.search.losses, kind="stable")[:_FINALISTS]
        seeds, losses = seeds_of(self.seed, "runoff", plan_of(self.target, factor=_JUDGE).paths), []
        for k, number in enumerate(order.tolist()):
            losses.append(self._loss_on(self.search.points[number], seeds))
            self._note("calibrate: run-off", k + 1, len(order))
        return self.space.preset(self.search.points[int(order[int(np.argmin(losses))])])

    def moved(self, fitted: Preset) -> list[dict[str, float | str]]:
        """Return every free parameter: its key, the base's value, that of the start, and the fitted one."""
        tables = [table_of(preset) for preset in (self.base, self.start, fitted)]
        return [
            {"key": key, "base": read(tables[0], key), "start": read(tables[1], key), "fitted": read(tables[2], key)}
            for key in self.space.names
        ]

    def marks(self) -> dict[str, str]:
        """Return the source of every value that this calibration set, by key of the file."""
        table = table_of(self.start)
        found = dict.fromkeys((f"instrument.{name}" for name in table["instrument"] if name != "lot"), "data")
        fitted = {".".join(key.split(".")[:2]) for key in self.space.names if not key.startswith("value.")}
        found |= dict.fromkeys(fitted | {"lit.sigma", "lit.jump_size"}, "calibrated")
        return found | {"lit.deepest": "scaled with the spread of the data"}

    def judge(self, fitted: Preset, holdout: Target | None) -> Verdict:
        """Return base and `fitted` against data and holdout on seeds that were not used before."""
        plan = plan_of(self.target, factor=_JUDGE)
        seeds, shown = seeds_of(self.seed, "judge", plan.paths), []
        for k, preset in enumerate((self.base, fitted)):
            busy = replace(plan, most=plan.most if k else 50_000_000)  # the base may be a busier market than the data
            shown.append(show(preset, seeds, busy))
            self._note("calibrate: judging", k + 1, 2)
        before, after = shown
        kept = replace(self._with_errors(holdout), unmeasured=_union(self.target, holdout)) if holdout else None
        return Verdict(
            rows(self.target, before, after), profile_rows(self.target, before, after),
            distance_of(self.target, before), distance_of(self.target, after),
            distance_of(kept, before) if kept else None, distance_of(kept, after) if kept else None,
            distance(compare(kept, self.target.parts)[0]) if kept else None, sum(map(len, after.paths)), after.failed,
        )  # fmt: skip


def _union(target: Target, holdout: Target) -> tuple[Unmeasured, ...]:
    """Return what either side cannot tell: the holdout counts no fact that was not fitted."""
    known = target.left_out
    return (*target.unmeasured, *(fact for fact in holdout.unmeasured if fact.id not in known))
