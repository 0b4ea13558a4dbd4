"""Tables that cannot be are refused, and the message says which row, what was expected, what came."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nowake.core.board import PlaceKind
from nowake.core.errors import InputError
from nowake.tca.check import check_tables
from nowake.tca.tables import Estimate, Tables, Tape


@pytest.fixture(scope="module")
def good(desk) -> Tables:
    return desk(days=2, rejecting=True)


def test_good_tables_pass_as_they_are(good) -> None:
    assert check_tables(good) is good


def parent(**changes: Any) -> Callable[[Tables], Tables]:
    return lambda tables: replace(tables, parents=(replace(tables.parents[0], **changes), *tables.parents[1:]))


def child(which: Callable[[Any], bool], **changes: Any) -> Callable[[Tables], Tables]:
    def change(tables: Tables) -> Tables:
        i = next(i for i, one in enumerate(tables.children) if which(one))
        children = list(tables.children)
        children[i] = replace(children[i], **changes)
        return replace(tables, children=tuple(children))

    return change


def fill(**changes: Any) -> Callable[[Tables], Tables]:
    def change(tables: Tables) -> Tables:
        rows = tables.fills.copy()
        for name, value in changes.items():
            rows[name][3] = value
        return replace(tables, fills=rows)

    return change


def tape(table: str, **changes: Any) -> Callable[[Tables], Tables]:
    def change(tables: Tables) -> Tables:
        key = next(iter(tables.tapes))
        old = tables.tapes[key]
        rows = getattr(old, table).copy()
        for name, value in changes.items():
            rows[name][5] = value
        return replace(tables, tapes={**tables.tapes, key: replace(old, **{table: rows})})

    return change


def any_child(one: Any) -> bool:
    return not one.rfq_id and one.filled > 0


def line(one: Any) -> bool:
    return bool(one.rfq_id) and not one.accepted


def taken(one: Any) -> bool:
    return one.accepted


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: replace(t, parents=()), "at least one parent"),
        (lambda t: replace(t, parents=(*t.parents, t.parents[0])), "expected a name that is not empty, and once"),
        (parent(quantity=-5), "quantity .expected 1 to"),
        (parent(quantity=1), "at most the 1 ordered"),
        (parent(symbol="XYY"), "symbol .expected one of the instruments"),
        (parent(decided=2**62), "decided <= start < end"),
        (parent(decision2=0), "decision, arrival, end price"),
        (parent(limit=0), "limit .expected above 0"),
        (parent(rate=float("nan")), "rate into USD"),
        (lambda t: replace(t, currency="EUR"), "the value of one USD in EUR"),
        (parent(estimate=Estimate(1.0, 3.0, 2.0, 4.0)), "10 % < 50 % < 90 %"),
        (child(any_child, parent_id="0302-9"), "parent .expected a known order, got '0302-9'"),
        (child(any_child, venue=""), "venue .expected a name"),
        (child(any_child, quantity=-1), "0 <= filled <= quantity"),
        (child(any_child, sent=0), "not before its parent's start"),
        (child(any_child, answered=1), "answered .expected not before it was sent"),
        (child(any_child, held=-1), "from 0 ns"),
        (child(any_child, rejected=True), "as it was rejected"),
        (child(any_child, price=0), "price price .expected above 0"),
        (child(any_child, quoted2=10_000), "an rfq_id, as it has a quote"),
        (child(any_child, filled=1), "the sum of its fills"),
        (child(line, kind=PlaceKind.LIT), "DEALER, got LIT"),
        (child(line, accepted=True, quoted2=None), "a price, as it was accepted"),
        (child(taken, accepted=False), "the quote was not accepted|the sum of its fills"),
        (lambda t: replace(t, fills=np.zeros(1)), "fills: columns"),
        (fill(time=0), "ascending after row 2"),
        (fill(child=10**6), "a child row from 0"),
        (fill(quantity=-100), "a quantity above 0, got quantity -100"),
        (fill(price2=0), "prices above 0"),
        (fill(fee=float("inf")), "a finite fee"),
        (fill(untouched2=-1.0), "a mid above 0, or NaN"),
        (fill(untouched2=10_000.5), "whole half ticks, as it is not estimated"),
        (fill(liquidity=9), "1 maker or 2 taker"),
        (tape("quotes", time=0), "quotes XYZ 2026-03-02: times"),
        (tape("quotes", bid=-1), "prices from 0"),
        (tape("prints", quantity=-1), "quantity from 0"),
        (tape("prints", own=10**6), "own shares from 0 to its quantity"),
        (lambda t: replace(t, tapes={("ABC", "2026-03-02"): Tape()}), "tape ABC 2026-03-02: symbol"),
    ],
)
def test_what_cannot_be_is_refused(good, change, words) -> None:
    with pytest.raises(InputError, match=words):
        check_tables(change(good))


def test_a_fill_before_its_child_was_sent_is_refused(good) -> None:
    late = tuple(replace(one, sent=one.sent + 10**12, answered=None) for one in good.children)
    with pytest.raises(InputError, match="a time not before its child was sent"):
        check_tables(replace(good, children=late))


def test_an_order_that_is_not_complete_needs_an_end_price(good) -> None:
    done = {one.parent_id: 0 for one in good.children}
    for one in good.children:
        done[one.parent_id] += one.filled
    i = next(i for i, one in enumerate(good.parents) if done[one.order_id] < one.quantity)
    parents = tuple(replace(one, end2=0) if k == i else one for k, one in enumerate(good.parents))
    with pytest.raises(InputError, match="a price, as it is not complete"):
        check_tables(replace(good, parents=parents))


def test_an_estimated_mid_may_lie_between_half_ticks(good) -> None:
    assert check_tables(fill(untouched2=10_000.25, estimated=1)(good))


def test_the_hint_names_the_nearest_order(good) -> None:
    with pytest.raises(InputError) as refused:
        check_tables(child(any_child, parent_id="0302-1x")(good))
    assert refused.value.hint == "did you mean '0302-1'?"
