"""The table of states: complete, told by FIX codes, and the same as its page."""

from pathlib import Path

import pytest

from nowake.oms.diagram import graph, matrix, svg
from nowake.oms.states import CHILD_TABLE, CLOSED, CODES, OPEN, PARENT_TABLE, SHUT, STAY, Act, State, Verdict

PAGE = Path(__file__).parents[2] / "docs/algorithms/oms-states.md"
FILLS = (Act.FILL_PART, Act.FILL_REST, Act.OVERFILL)


@pytest.mark.parametrize("table", [CHILD_TABLE, PARENT_TABLE], ids=["children", "parents"])
def test_every_pair_of_state_and_act_is_decided(table: tuple) -> None:
    assert [len(row) for row in table] == [len(Act)] * len(State)
    for row in table:
        for decision in row:
            assert isinstance(decision.verdict, Verdict)
            assert decision.to in (*State, STAY, OPEN, SHUT)
            if decision.verdict in (Verdict.IGNORE, Verdict.QUARANTINE):
                assert decision.to == STAY, "what is not applied moves nothing"


def test_states_have_the_codes_of_the_field_39() -> None:
    assert {state.name: code for state, code in CODES.items()} == {
        "STAGED": "S", "PENDING_NEW": "A", "NEW": "0", "PARTIALLY_FILLED": "1", "REPLACED": "5", "PENDING_CANCEL": "6",
        "PENDING_REPLACE": "E", "SUSPENDED": "9", "FILLED": "2", "DONE_FOR_DAY": "3", "CANCELED": "4", "REJECTED": "8",
        "EXPIRED": "C", "CALCULATED": "B",
    }  # fmt: skip


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", FILLS)
def test_a_fill_is_booked_wherever_the_order_may_have_been_alive(state: State, act: Act) -> None:
    verdict = CHILD_TABLE[state][act].verdict
    never_there = state in (State.STAGED, State.REJECTED)
    not_by_arithmetic = state == State.FILLED and act != Act.OVERFILL
    if never_there or not_by_arithmetic:
        assert verdict == Verdict.QUARANTINE
    elif act == Act.OVERFILL or CLOSED[state]:
        assert verdict == Verdict.ALERT, "booked, and somebody is told"
    else:
        assert verdict in (Verdict.APPLY, Verdict.ALERT)


def test_a_contradiction_is_never_applied() -> None:
    for table in (CHILD_TABLE, PARENT_TABLE):
        assert {row[Act.CONTRADICTED].verdict for row in table} == {Verdict.QUARANTINE}


def test_only_a_staged_order_is_released() -> None:
    allowed = [state for state in State if CHILD_TABLE[state][Act.RELEASED].verdict != Verdict.QUARANTINE]
    assert allowed == [State.STAGED]
    assert CHILD_TABLE[State.STAGED][Act.RELEASED].to == State.PENDING_NEW


def test_what_is_over_comes_alive_again_only_through_terms_that_were_accepted_late() -> None:
    revived = {
        (state, act)
        for state in State
        if CLOSED[state]
        for act in Act
        if (to := CHILD_TABLE[state][act].to) == OPEN or (to >= 0 and not CLOSED[to])
    }
    assert revived == {(State.FILLED, Act.REPLACED)}
    parents = {(s, a) for s in State for a in Act if CLOSED[s] and PARENT_TABLE[s][a].to == OPEN}
    assert parents == revived | {(State.FILLED, Act.BUSTED), (State.FILLED, Act.CORRECTED)}


def test_parents_differ_from_children_where_the_page_says() -> None:
    differ = {(s.name, a.name) for s in State for a in Act if CHILD_TABLE[s][a] != PARENT_TABLE[s][a]}
    assert differ == {
        ("FILLED", "BUSTED"),
        ("FILLED", "CORRECTED"),
        ("SUSPENDED", "FILL_PART"),
        ("SUSPENDED", "FILL_REST"),
    }


def test_every_state_is_reached_from_the_first() -> None:
    moves = graph(CHILD_TABLE)
    reached: set[int] = {State.STAGED}
    again = {State.PENDING_NEW, State.NEW, State.PARTIALLY_FILLED, State.REPLACED, State.FILLED}
    while more := {to for begin, to, _ in moves if begin in reached} - reached:
        reached |= more | (again if OPEN in more else set())
    assert reached >= set(State)


def test_the_page_shows_the_table_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert matrix() in page, "python -m nowake.oms.diagram writes it anew"


def test_the_drawing_is_that_of_the_code() -> None:
    assert PAGE.with_suffix(".svg").read_text(encoding="utf-8") == svg(), "python -m nowake.oms.diagram writes it anew"
