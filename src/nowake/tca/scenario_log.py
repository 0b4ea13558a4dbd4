"""The tables of a told order: what was decided for each slice, and every child with its reasons in words."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from nowake.core.times import show_time
from nowake.execution.outcome import Step

__all__ = ["DASH", "DECISION_HEADS", "MOST_DECISIONS", "MOST_STEPS", "QUESTIONS", "decision_cells", "shown", "step_row"]

MOST_STEPS = 120  # children in the table: the first and the last half of them
MOST_DECISIONS = 60
DASH = "–"
QUESTIONS = {
    "venue": "This venue", "size": "This size", "price": "This price", "moment": "This moment", "guard": "The guard",
}  # fmt: skip
DECISION_HEADS = (
    "Slice", "Decided", "Tactic", "Rate", "Quota", "Done before", "Children", "Lit", "Dark", "Dealers",
)  # fmt: skip

T = TypeVar("T")


def shown(rows: Sequence[T], most: int, what: str) -> tuple[Sequence[T], str]:
    """Return the first and last `most` / 2 of `rows`, all if they are no more, and a sentence that says which."""
    half = most // 2
    if len(rows) <= most:
        return rows, f"All {len(rows):,} {what}."
    return (
        (*rows[:half], *rows[-half:]),
        f"The first {half} and the last {half} of {len(rows):,} {what}; the JSON report has all of them.",
    )


def decision_cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the cells of a decision, in the order of DECISION_HEADS."""
    shares = (one["quota"], one["filled"], one["children"], *(one[f"filled_{k}"] for k in ("lit", "dark", "dealer")))
    return (f"{one['number']}", one["at"][:8], one["tactic"], f"{one['rate']:g}", *(f"{n:,}" for n in shares))


def step_row(step: Step, zone: str) -> dict[str, Any]:
    """Return a child as the page shows it."""

    def price(value: float | None) -> str:
        return DASH if value is None else f"{value:,.3f}"

    return {
        "number": step.order_id, "time": show_time(step.time, zone), "venue": step.venue, "place": step.place,
        "kind": step.kind.replace("_", " "), "price": price(step.price), "quantity": f"{step.quantity:,}",
        "filled": f"{step.filled:,}", "average": price(step.average), "liquidity": step.liquidity or DASH,
        "mid": price(step.mid), "twin_mid": price(step.twin_mid), "why": step.why, "end": step.end,
        "answers": [(QUESTIONS[name], text) for name, text in step.answers.items()],
    }  # fmt: skip
