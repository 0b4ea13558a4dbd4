"""Allocations: shared out exactly, refused where they cannot be, by a trader that runs or in a journal that rests."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nowake.core.errors import InputError, OrderError
from nowake.oms.conserve import differences
from nowake.oms.errors import LeaseError
from nowake.oms.events import Allocated, ChildNew, Event, ParentNew, ParentSaid, VenueSaid, decode
from nowake.oms.journal.protocol import open_journal
from nowake.oms.keeper import Keeper, open_keeper
from nowake.oms.states import Act
from nowake.service import allocating
from nowake.service.allocating import allocate_in, largest_remainder, shares_of, value_of, weights_of
from nowake.service.control_wire import Answer, Asked
from nowake.service.trade_files import look_into


def begun(path: Path, *, filled: int = 100, over: bool = True) -> Keeper:
    """A keeper of a journal whose order P has `filled` of 100 shares at 50.005 each, and fees."""
    keeper = open_keeper(path, instance=3, clock=lambda: 1)
    parent = keeper.ids.next()
    keeper.enter(ParentNew(1, parent, "fund", "MIDC", side=1, quantity=100, start=0, end=10, client="P"))
    keeper.record(ParentSaid(2, parent, Act.ACKED))
    child = keeper.ids.next()
    keeper.place(ChildNew(3, child, parent, "ALPHA", side=1, quantity=100, price=500_000))
    if filled:
        keeper.record(VenueSaid(4, child, Act.FILL_PART, filled, price2=1_000_100, fee=7, fill="a"))
    keeper.record(VenueSaid(5, child, Act.CANCELED))
    if over and filled < 100:
        keeper.record(ParentSaid(6, parent, Act.CANCELED))
    return keeper


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    begun(tmp_path / "j.db").close()
    return tmp_path / "j.db"


def said(value: str, order: str = "P", who: str = "ann", why: str = "as ordered") -> Asked:
    return Asked("allocate", order, value, who, why)


def events(journal: Path) -> list[Event]:
    reader = open_journal(journal)
    try:
        return [decode(record.payload) for record in reader.replay()]
    finally:
        reader.close()


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, "red=1,blue=1,green=1", (34, 33, 33)),
        (100, "red=1,blue=2", (33, 67)),
        (7, "red=0.5,blue=0.5", (4, 3)),
        (10, "red=1/3,blue=2/3", (3, 7)),
        (100, "red=21,blue=22.5,green=56.5", (21, 23, 56)),  # the first of two remainders of a half
        (3, "red=5", (3,)),
    ],
)  # fmt: skip
def test_the_largest_remainders_get_what_is_left(total: int, weights: str, shares: tuple[int, ...]) -> None:
    rows = largest_remainder(total, weights_of(weights.split(",")))
    assert tuple(n for _, n in rows) == shares


@given(st.integers(1, 10**9), st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_shares_pro_rata_add_up_and_are_within_one_of_their_quota(total: int, weights: list[int]) -> None:
    named = [(str(k), Fraction(weight)) for k, weight in enumerate(weights)]
    try:
        rows = largest_remainder(total, named)
    except OrderError:
        assert any(total * weight < sum(weights) for weight in weights)
        return
    assert sum(n for _, n in rows) == total
    for (_, n), weight in zip(rows, weights, strict=True):
        assert abs(n - Fraction(total * weight, sum(weights))) < 1


def test_an_account_that_would_get_nothing_is_told() -> None:
    with pytest.raises(OrderError, match=r"3 shares pro rata .*none for blue"):
        largest_remainder(3, weights_of(["red=99", "blue=1"]))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "one ACCOUNT=SHARES or more, got none"), (["red"], "expected ACCOUNT=SHARES, got 'red'"),
        (["=4"], "got '=4'"), (["a,b=4"], "got 'a,b=4'"), (["a=b=4"], "got 'a=b=4'"),
        (["red=1", "red=2"], "every account once, got 'red' twice"), (["red=0"], "whole number above 0, got '0'"),
        (["red=-1"], "got '-1'"), (["red=1.5"], "got '1.5'"), (["red=many"], "got 'many'"), (["red="], "got ''"),
    ],
)  # fmt: skip
def test_words_that_are_no_allocation_are_refused(words: list[str], text: str) -> None:
    with pytest.raises(InputError) as refused:
        shares_of(words)
    assert text in str(refused.value)


@pytest.mark.parametrize("number", ["0", "-1", "x", "1/0", ""])
def test_a_weight_is_a_number_above_nothing(number: str) -> None:
    with pytest.raises(InputError, match=r"weight of account 'red' .*a number above 0"):
        weights_of([f"red={number}"])


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ("red=41,blue=59", (("red", 41), ("blue", 59))),
        (value_of(["red=1", "blue=2"], pro_rata=True), (("red", 33), ("blue", 67))),
    ],
)
def test_a_journal_that_rests_is_taken_and_given_back(
    journal: Path, value: str, rows: tuple[tuple[str, int], ...]
) -> None:
    answer = allocate_in(journal, said(value))
    assert answer.words == f"order 3-1-1 is allocated: {rows[0][1]} to red, {rows[1][1]} to blue"
    last = events(journal)[-1]
    assert last == Allocated(5, last.parent, rows, "ann", "as ordered")  # type: ignore[attr-defined]
    state = look_into(journal)
    assert state is not None
    oms = state.oms
    assert differences(oms) == []
    assert [oms.position(name, "MIDC") for name in ("fund", "red", "blue")] == [0, rows[0][1], rows[1][1]]
    assert oms.cash("fund") == 0
    with pytest.raises(OrderError, match="a second time"):
        allocate_in(journal, said(value))


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (said("red=41,blue=58"), "of 99 shares, 100 are filled"), (said("red=100", "Q"), "unknown order 'Q'"),
        (said("red=100", who=""), "who asks for it, and why"), (said("red=100", why=" "), "who asks for it, and why"),
        (said("red=50,red=50"), "'red' twice"), (said(""), "got none"), (said("pro-rata red=0"), "above 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_the_journal_is_left_alone(journal: Path, asked: Asked, text: str) -> None:
    before = journal.read_bytes()
    with pytest.raises(InputError) as refused:
        allocate_in(journal, asked)
    assert text in str(refused.value)
    assert journal.read_bytes() == before


@pytest.mark.parametrize(("filled", "over", "text"), [(40, False, "before the parent is over"), (0, True, "0 are")])
def test_an_order_that_is_open_or_has_nothing_is_refused(tmp_path: Path, filled: int, over: bool, text: str) -> None:
    begun(tmp_path / "j.db", filled=filled, over=over).close()
    with pytest.raises(OrderError, match=text):
        allocate_in(tmp_path / "j.db", said(f"red={filled or 100}"))


def test_an_order_that_was_cancelled_is_allocated_as_far_as_it_is_filled(tmp_path: Path) -> None:
    begun(tmp_path / "j.db", filled=40).close()
    assert "40 to red" in allocate_in(tmp_path / "j.db", said("red=40")).words


def test_a_journal_that_somebody_else_writes_is_refused(tmp_path: Path) -> None:
    keeper = begun(tmp_path / "j.db")
    try:
        with pytest.raises(LeaseError):
            allocate_in(tmp_path / "j.db", said("red=100"))
    finally:
        keeper.close()


def test_a_trader_that_runs_carries_it_out(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Asked] = []

    def answering(answer: Answer) -> Callable[[Path, Asked], Answer]:
        def ask(_: Path, one: Asked) -> Answer:
            asked.append(one)
            return answer

        return ask

    before = journal.read_bytes()
    monkeypatch.setattr(allocating, "ask", answering(Answer(True, "done")))
    assert allocate_in(journal, said("red=100")).words == "done"
    assert asked == [said("red=100")]
    monkeypatch.setattr(allocating, "ask", answering(Answer(False, "it is open")))
    with pytest.raises(InputError, match="it is open"):
        allocate_in(journal, said("red=100"))
    assert journal.read_bytes() == before
