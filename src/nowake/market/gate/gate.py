"""One run of the gate: every part that the asked facts need, judged together."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from nowake.core.errors import CapacityError
from nowake.core.times import SECOND
from nowake.market.gate.alpha import null_alpha
from nowake.market.gate.assets import FACTORS, SEEDS, across
from nowake.market.gate.days import reduced_days
from nowake.market.gate.impact import ImpactPlan, impact_rows
from nowake.market.gate.plan import IDS, GatePlan
from nowake.market.hunt import hunt
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset
from nowake.market.realism import arbitrage
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.facts import Fact, Verdict, judge, verdict
from nowake.market.realism.impact import ImpactRow
from nowake.market.realism.measure import measure, resampler_of
from nowake.market.realism.profile import profile
from nowake.market.realism.reduced import Reduced
from nowake.market.realism.table import REGIMES
from nowake.market.sessions import session_of

__all__ = ["Outcome", "Progress", "run_gate"]

Progress = Callable[[float, float, str], None]
Parts = dict[str, Estimate]
_BY_DAYS = frozenset(range(1, 6)) | frozenset(range(11, 25))
_BY_IMPACT = frozenset(range(6, 11))


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a run found: judged facts, the verdict (None where not every fact was run), and what a page draws.

    `parts`: every estimate by name; `shown`: spread, volume, volatility, events and trades of a day; `days`, `rows`:
    reduced days and impact rows, empty where no fact asked for them; `seconds`: run time of each part.
    """

    plan: GatePlan
    facts: tuple[Fact, ...]
    verdict: Verdict | None
    parts: Mapping[str, Estimate]
    shown: Mapping[str, Estimate]
    days: tuple[Reduced, ...]
    rows: tuple[ImpactRow, ...]
    seconds: Mapping[str, float]


class _Run:
    """A run under way: parts found so far, notes by fact, and the clock."""

    def __init__(self, preset: Preset, plan: GatePlan, progress: Progress, workers: int) -> None:
        self.preset, self.plan, self.progress, self.workers = preset, plan, progress, workers
        self.parts: Parts = {}
        self.notes: dict[int, str] = {}
        self.days: list[Reduced] = []
        self.rows: list[ImpactRow] = []
        self.seconds: dict[str, float] = {}

    def all(self) -> None:
        """Run what the facts of the plan need, the cheap parts first."""
        asked = self.plan.facts
        jobs: list[tuple[str, frozenset[int], Callable[[Callable[[float], None]], Parts]]] = [
            ("days", _BY_DAYS, self._days),
            ("impact", _BY_IMPACT, self._impact),
            ("assets", frozenset({11}), self._assets),
            ("alpha", frozenset({26}), self._alpha),
            ("round trips", frozenset({25}), self._hunt),
        ]
        needed = [job for job in jobs if job[1] & asked]
        for k, (name, ids, job) in enumerate(needed):
            begun = time.perf_counter()

            def tell(part: float, k: int = k, name: str = name) -> None:
                self.progress(k + min(part, 1.0), len(needed), name)

            tell(0.0)
            try:
                self.parts |= job(tell)
            except (CapacityError, IndexError) as error:
                if isinstance(error, IndexError) and "raise `" not in str(error):  # not a kernel's own
                    raise
                self.notes |= dict.fromkeys(ids & asked, str(error))
            self.seconds[name] = time.perf_counter() - begun

    def _counted(self, total: int, tell: Callable[[float], None]) -> Callable[[int], None]:
        done = [0]

        def count(n: int) -> None:
            done[0] += n
            tell(done[0] / total)

        return count

    def _days(self, tell: Callable[[float], None]) -> Parts:
        p = self.plan
        count = self._counted(p.seeds * (p.days + p.warm), tell)
        self.days = reduced_days(
            self.preset, seed=p.seed, seeds=p.seeds, days=p.days, regime=p.regime, warm=p.warm, tell=count
        )
        return measure(self.days, seed=p.seed)

    def _impact(self, tell: Callable[[float], None]) -> Parts:
        opened, closed = session_of(self.preset, FIRST_DAY)
        warm_up = self.plan.warm * (closed - opened) / SECOND
        plan = ImpactPlan(
            seed=self.plan.seed, batch=min(32, self.plan.pairs), most=self.plan.pairs,
            half_width=self.plan.half_width, regime=self.plan.regime,
            warm_up=warm_up,
        )  # fmt: skip
        self.rows, parts = impact_rows(self.preset, plan, tell)
        return parts

    def _assets(self, tell: Callable[[float], None]) -> Parts:
        p = self.plan
        count = self._counted(len(FACTORS) * (p.asset_days + SEEDS * p.warm), tell)
        return across(self.preset, seed=p.seed, days=p.asset_days, regime=p.regime, warm=p.warm, tell=count)

    def _alpha(self, tell: Callable[[float], None]) -> Parts:
        p = self.plan
        count = self._counted(len(REGIMES) * p.alpha_seeds * (p.alpha_days + p.warm), tell)
        return null_alpha(self.preset, seed=p.seed, seeds=p.alpha_seeds, days=p.alpha_days, warm=p.warm, tell=count)

    def _hunt(self, tell: Callable[[float], None]) -> Parts:
        p = self.plan
        trips, planted = hunt(self.preset, seed=p.seed, trips=p.trips, workers=self.workers, progress=tell)
        return arbitrage.estimate(trips, planted)


def run_gate(preset: Preset, plan: GatePlan, progress: Progress = lambda *_: None, workers: int = 1) -> Outcome:
    """Return the judged facts of `preset`; the same plan gives the same numbers, whatever the number of threads.

    `workers`: processes for the round trips, the only part that is Python's; a script that asks for more than one needs
    the usual `if __name__ == "__main__"`.
    """
    run = _Run(preset, plan, progress, workers)
    run.all()
    facts = tuple(
        replace(fact, note=run.notes.get(fact.id, fact.note)) for fact in judge(run.parts) if fact.id in plan.facts
    )
    whole = verdict(facts) if plan.facts == IDS else None
    about = profile(run.days, resampler_of(run.days, seed=plan.seed)) if run.days else {}
    return Outcome(plan, facts, whole, run.parts, about, tuple(run.days), tuple(run.rows), run.seconds)
