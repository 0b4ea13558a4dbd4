"""How large a run of the gate is: the sizes of its parts."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from nowake.core.errors import InputError
from nowake.market.regimes_state import regime_named

__all__ = ["IDS", "LEAST_DAYS", "LEAST_SEEDS", "GatePlan", "plan_of"]

IDS = frozenset(range(1, 27))
LEAST_SEEDS, LEAST_DAYS = 10, 25
"""Smaller runs say what they see, but give no verdict that is kept."""


@dataclass(frozen=True, slots=True)
class GatePlan:
    """The sizes.

    `seeds` x `days` in `regime`; `pairs`: streams of impact at most, fewer if the exponent is known to ± `half_width`;
    `asset_days` of each perturbed preset; `alpha_seeds` x `alpha_days` in each regime of fact 26; `trips` per family x
    size of the hunt; `warm` days (sessions, before orders) that every market runs before it is measured; `facts` to be
    judged.
    """

    name: str = "nightly"
    seed: int = 7
    seeds: int = LEAST_SEEDS
    days: int = LEAST_DAYS
    regime: str = "switching"
    pairs: int = 512
    half_width: float = 0.025
    asset_days: int = 24
    alpha_seeds: int = 10
    alpha_days: int = 25
    trips: int = 800
    warm: int = 1
    facts: frozenset[int] = IDS

    def __post_init__(self) -> None:
        if not 1 <= self.seeds <= 1000:
            raise InputError("--seeds", expected="1 to 1,000", got=self.seeds)
        if not 1 <= self.days <= 10_000:
            raise InputError("--days", expected="1 to 10,000", got=self.days)
        if not 0 <= self.seed < 2**30:
            raise InputError("--seed", expected="a whole number from 0 to 2^30-1", got=self.seed)
        if not self.facts or not self.facts <= IDS:
            raise InputError("--facts", expected="ids from 1 to 26", got=sorted(self.facts - IDS) or "none")
        regime_named(self.regime)

    @property
    def decides(self) -> bool:
        """Tell whether the run is a verdict: every fact, at least 10 x 25 days, regime `switching`."""
        large = self.seeds >= LEAST_SEEDS and self.days >= LEAST_DAYS
        return large and self.facts == IDS and self.regime == "switching"

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON can hold it."""
        return {**asdict(self), "facts": sorted(self.facts)}


def plan_of(*, quick: bool = False, **changed: Any) -> GatePlan:
    """Return the plan of that size with what is `changed`; fewer days than the gate asks for shrink the other parts."""
    plan = GatePlan()
    if quick:
        plan = replace(plan, name="quick", pairs=256, alpha_days=10)
    plan = replace(plan, **changed)
    share = min(plan.seeds * plan.days / (LEAST_SEEDS * LEAST_DAYS), 1.0)
    if share == 1:
        return plan
    seeds = min(plan.alpha_seeds, plan.seeds)
    return replace(
        plan,
        name="small",
        pairs=max(round(plan.pairs * share), 4),
        asset_days=max(round(plan.asset_days * share), 2),
        alpha_seeds=seeds,
        alpha_days=max(min(plan.alpha_days, plan.days), -(-5 // seeds)),
        trips=max(round(plan.trips * share), 6),
    )
