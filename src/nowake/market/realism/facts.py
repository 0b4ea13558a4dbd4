"""The 26 facts of the realism gate with their accepted ranges, and the judge of measured values.

A part passes if its value lies in the range and its 95 % interval is known and narrower than the range: noise cannot
pass. A fact passes if all parts do. Where a range has a natural end (a share is not below 0), that end is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite

from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.table import FACTS, Must, PartRange

__all__ = ["Fact", "Part", "Verdict", "judge", "report_row", "verdict"]

_NEEDED = 23


@dataclass(frozen=True, slots=True)
class Part:
    """One judged number: value and interval (None where unknown), range (None where open)."""

    name: str
    value: float | None
    ci: tuple[float, float] | None
    low: float | None
    high: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """One judged fact; `note` says why it has no value, where it has none."""

    id: int
    name: str
    must: Must
    source: str
    passed: bool
    parts: tuple[Part, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`safe` unlocks training; `realistic` is needed to call a preset realistic; `passed` facts of 26."""

    safe: bool
    realistic: bool
    passed: int


def judge_part(accepted: PartRange, estimate: Estimate | None) -> Part:
    """Return the judged part: in the range, and with an interval narrower than it (and than `widest`)."""
    low, high = accepted.low, accepted.high
    if estimate is None or not isfinite(estimate.value):
        return Part(accepted.name, None, None, low, high, passed=False)
    known = isfinite(estimate.low) and isfinite(estimate.high)
    width = estimate.high - estimate.low if known else inf
    room = inf if low is None or high is None else high - low
    inside = (low is None or estimate.value >= low) and (high is None or estimate.value <= high)
    narrow = known and width < room and (accepted.widest is None or width <= accepted.widest)
    interval = (estimate.low, estimate.high) if known else None
    return Part(accepted.name, estimate.value, interval, low, high, passed=bool(inside and narrow))


def judge(values: Mapping[str, Estimate], unmeasured: Sequence[int] = ()) -> list[Fact]:
    """Return all 26 facts judged on `values` by part name; what is missing, or `unmeasured`, does not pass."""
    facts = []
    for spec in FACTS:
        parts = tuple(judge_part(p, None if spec.id in unmeasured else values.get(p.name)) for p in spec.parts)
        missing = [p.name for p in parts if p.value is None]
        note = (
            "this data cannot tell" if spec.id in unmeasured else f"no value: {', '.join(missing)}" if missing else ""
        )
        passed = all(p.passed for p in parts)
        facts.append(Fact(spec.id, spec.name, spec.must, spec.source, passed, parts, note))
    return facts


def verdict(facts: Sequence[Fact]) -> Verdict:
    """Return the two verdicts: safe = all `safe` facts; realistic = safe, all `realistic` ones, and 23 of 26."""
    passed = sum(fact.passed for fact in facts)
    safe = all(fact.passed for fact in facts if fact.must == "safe")
    needed = all(fact.passed for fact in facts if fact.must == "realistic")
    return Verdict(safe, safe and needed and passed >= _NEEDED, passed)


def report_row(facts: Sequence[Fact]) -> dict[str, object]:
    """Return `safe, realistic, facts[], passed` of the command's JSON object; unknown numbers are None."""
    outcome = verdict(facts)
    rows = [
        {
            "id": fact.id,
            "name": fact.name,
            "must": fact.must,
            "pass": fact.passed,
            "source": fact.source,
            "note": fact.note,
            "parts": [_part_row(part) for part in fact.parts],
        }
        for fact in facts
    ]
    return {"safe": outcome.safe, "realistic": outcome.realistic, "facts": rows, "passed": outcome.passed}


def _part_row(part: Part) -> dict[str, object]:
    ci = list(part.ci) if part.ci else None
    return {
        "name": part.name, "value": part.value, "ci": ci, "low": part.low, "high": part.high, "pass": part.passed
    }  # fmt: skip
