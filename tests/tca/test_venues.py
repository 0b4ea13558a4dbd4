"""Venues: what was offered and filled, costs that add up over venues, a toxic venue that is told apart."""

from fractions import Fraction

import numpy as np
import pytest

from nowake.core.board import PlaceKind
from nowake.tca.exact import add
from nowake.tca.minimum import TOO_FEW, Minimum
from nowake.tca.order_row import order_rows
from nowake.tca.venues import FILL_PARTS, Flow, VenueRow, flow, venue_rows


@pytest.fixture(scope="module")
def made(desk) -> Flow:
    tables = desk(days=14, orders=4, toxic=8, rejecting=True)
    return flow(tables, order_rows(tables))


@pytest.fixture(scope="module")
def found(made) -> dict[str, VenueRow]:
    return {row.venue: row for row in venue_rows(made)}


def test_venues_are_the_trading_cost_exactly(made, found) -> None:
    whole = add(row.exact.times(row.parent.rate) for row in made.rows)
    for name in FILL_PARTS:
        assert sum((row.parts[name] for row in found.values()), Fraction(0)) == getattr(whole, name)
    total = sum((part for row in found.values() for part in row.parts.values()), Fraction(0))
    assert total + whole.opportunity == whole.total


def test_counts_are_those_of_the_children(made, found) -> None:
    for venue, row in found.items():
        children = [child for child in made.tables.children if child.venue == venue]
        assert row.offered == sum(child.offered for child in children)
        assert row.filled == sum(child.filled for child in children)
        assert row.fill_rate.value == pytest.approx(row.filled / row.offered)
        assert row.children == sum(child.offered > 0 for child in children)
        assert row.rejects == sum(child.rejected for child in children)
    assert sum(row.share for row in found.values()) == pytest.approx(1.0)
    assert found["OPAL"].kind is PlaceKind.DARK
    assert found["DLR0"].rejects > 0


def test_a_quote_that_was_not_taken_offered_nothing(made, found) -> None:
    asked = sum(child.venue == "DLR0" for child in made.tables.children)
    assert 0 < found["DLR0"].children < asked


def test_a_toxic_venue_is_told_apart(found) -> None:
    """After fills at BETA the mid moves 8 ticks of about 5,000 against us for a minute."""
    beta = found["BETA"]
    assert beta.verdict == "dearer"
    assert beta.adverse[3][0] - found["ALPHA"].adverse[3][0] == pytest.approx(16.0, abs=3.0)
    assert beta.markouts[3][0] < found["ALPHA"].markouts[3][0] - 5
    assert beta.all_in.low > found["OPAL"].all_in.value
    assert all(row.verdict != "dearer" for venue, row in found.items() if venue != "BETA")


def test_spreads_are_what_was_planted(desk) -> None:
    """The pool fills at mid; an exchange at the touch, a tick of 50.00 away on either side."""
    tables = desk(days=3)
    found = {row.venue: row for row in venue_rows(flow(tables, order_rows(tables)))}
    assert found["OPAL"].half_spread.value == pytest.approx(0.0, abs=1e-9)
    assert found["ALPHA"].quoted_bps == pytest.approx(2 / 5000 * 1e4, rel=0.02)
    assert found["OPAL"].improvement.value == pytest.approx(1 / 5000 * 1e4, rel=0.02)
    assert found["OPAL"].passive_share == 0
    assert 0 < found["ALPHA"].passive_share < 1
    assert found["ALPHA"].first_fill_s == 1.0


def test_all_in_is_realised_spread_and_fees(made, found) -> None:
    inside = made.facts[made.venue == "ALPHA"]
    both = inside["realised"] + inside["fee"]
    use = np.isfinite(both)
    want = float((both[use] * inside["notional"][use]).sum() / inside["notional"][use].sum())
    assert found["ALPHA"].all_in.value == pytest.approx(want)


def test_kinds_and_minimum(made) -> None:
    dealers = venue_rows(made, kind=PlaceKind.DEALER, least=Minimum(1000, 10))
    assert [row.venue for row in dealers] == ["DLR0", "DLR1"]
    assert {row.verdict for row in dealers} == {TOO_FEW}


def test_sources_name_children_and_fills(made, found) -> None:
    numbers = {n for low, high in found["OPAL"].sources for n in range(low, high + 1)}
    children = [i for i, child in enumerate(made.tables.children) if child.venue == "OPAL"]
    want = {seq for i in children for seq in made.tables.children[i].seqs}
    want |= {int(row["seq"]) for row in made.tables.fills if int(row["child"]) in children}
    assert numbers == want


def test_a_venue_without_fills_has_a_row_and_no_costs(desk) -> None:
    tables = desk(days=1, orders=1, rejecting=True, seed=5)
    rows = {row.venue: row for row in venue_rows(flow(tables, order_rows(tables)))}
    empty = [row for row in rows.values() if not row.fills]
    assert empty
    for row in empty:
        assert (row.filled, row.fee_bps, row.first_fill_s) == (0, None, None)
        assert row.all_in.value != row.all_in.value
        assert row.verdict == TOO_FEW
