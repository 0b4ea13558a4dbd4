"""The tables of a told order: what is shown of long lists, the cells of a slice, a child with its reasons."""

from nowake.execution.outcome import Step
from nowake.tca.scenario_log import DASH, DECISION_HEADS, QUESTIONS, decision_cells, shown, step_row

STEP = Step(
    order_id=7, time=1_768_489_588_500_000_000, venue="OPAL", place="dark", kind="mid_peg", price=50.31, quantity=900,
    filled=0, average=None, liquidity=None, mid=50.185, twin_mid=50.18, fee=0.0, why="a pool", end="withdrawn",
    answers={"venue": "OPAL (dark): a pool", "guard": "passed"},
)  # fmt: skip


def test_short_lists_are_shown_whole() -> None:
    assert shown([1, 2, 3], 4, "slices") == ([1, 2, 3], "All 3 slices.")


def test_of_long_lists_both_ends_are_shown_and_said() -> None:
    rows, said = shown(list(range(10)), 4, "children")
    assert list(rows) == [0, 1, 8, 9]
    assert said == "The first 2 and the last 2 of 10 children; the JSON report has all of them."


def test_a_slice_has_a_cell_for_each_head() -> None:
    one = {
        "number": 3, "at": "10:02:00.000", "tactic": "dark", "rate": 1.0, "quota": 2_084, "filled": 4_168,
        "children": 5, "filled_lit": 424, "filled_dark": 1_200, "filled_dealer": 0,
    }  # fmt: skip
    cells = decision_cells(one)
    assert cells == ("3", "10:02:00", "dark", "1", "2,084", "4,168", "5", "424", "1,200", "0")
    assert len(cells) == len(DECISION_HEADS)


def test_a_child_is_told_with_its_reasons_and_without_what_it_has_not() -> None:
    row = step_row(STEP, "America/New_York")
    assert (row["time"], row["kind"], row["price"], row["average"]) == ("10:06:28.500", "mid peg", "50.310", DASH)
    assert row["liquidity"] == DASH
    assert row["answers"] == [(QUESTIONS["venue"], "OPAL (dark): a pool"), (QUESTIONS["guard"], "passed")]
