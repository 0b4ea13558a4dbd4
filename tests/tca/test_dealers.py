"""Dealers: hit ratios, cover prices and last look, by hand."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from nowake.core.board import PlaceKind
from nowake.core.times import MS, SECOND
from nowake.core.values import Instrument, Side
from nowake.tca.check import check_tables
from nowake.tca.dealers import covers, dealer_rows
from nowake.tca.minimum import TOO_FEW, Minimum
from nowake.tca.tables import FILLS, QUOTES, Child, Parent, Tables, Tape

T0 = 1_772_000_000 * SECOND
DAY = "2026-02-25"


def line(rfq: str, dealer: str, quoted2: int | None, **more) -> Child:
    answered = more.pop("held", None)
    if answered is not None:
        more |= {"held": answered * MS, "answered": T0 + SECOND + answered * MS}
    return Child(
        f"{rfq}-{dealer}", "P1", dealer, PlaceKind.DEALER, T0, 100, rfq_id=rfq, quoted2=quoted2,
        order_kind="quote", seqs=(int(rfq[1:]) * 10 + ord(dealer[0]) - 64,), **more,
    )  # fmt: skip


@pytest.fixture
def tables() -> Tables:
    """Two requests of a buyer: A wins the first and fills; A wins the second and rejects after the mid rose."""
    children = (
        line("R1", "A", 20_002, accepted=True, filled=100, held=10),
        line("R1", "B", 20_004),
        line("R1", "C", None),
        line("R2", "A", 20_003, accepted=True, rejected=True, held=200),
        line("R2", "B", 20_005),
    )
    quotes = np.zeros(3, QUOTES)
    for i, (ms, bid) in enumerate([(0, 9_999), (1_100, 10_009), (1_900, 10_019)]):
        quotes[i] = (i + 1, T0 + ms * MS, bid, bid + 2, 1, 1)
    fills = np.zeros(1, FILLS)
    fills[0] = (9, 0, T0 + SECOND + 10 * MS, 20_002, 100, 20_000, 20_000.0, 0.0, 0, 2)
    parent = Parent("P1", "EURUSD", Side.BUY, 200, T0, T0, T0 + 60 * SECOND, 20_000, 20_000, 20_010)
    instrument = Instrument("EURUSD", Decimal("0.0001"), 1, sessions=())
    return check_tables(Tables({"EURUSD": instrument}, (parent,), children, fills, {("EURUSD", DAY): Tape(quotes)}))


def test_lines_answers_and_hits(tables) -> None:
    a, b, c = dealer_rows(tables)
    assert (a.asked, a.answered, a.accepted, a.filled, a.rejected) == (2, 2, 2, 1, 1)
    assert (a.hit_ratio, b.hit_ratio, a.reject_rate) == (1.0, 0.0, 0.5)
    assert (c.answer_rate, c.answered) == (0.0, 0)
    assert c.hit_ratio != c.hit_ratio
    assert a.reject_rate_ci == pytest.approx((0.0945, 0.9055), abs=1e-4)
    assert a.sources == ((11, 11), (21, 21))


def test_cover_is_the_best_of_the_others(tables) -> None:
    found = covers(tables.children, {"P1": 1})
    assert found == {"R1-A": 20_004, "R1-B": 20_002, "R1-C": 20_002, "R2-A": 20_005, "R2-B": 20_003}
    assert covers(tables.children[:3], {"P1": -1})["R1-C"] == 20_004
    a, b, _ = dealer_rows(tables)
    assert a.cover_bps == pytest.approx((2 / 20_002 + 2 / 20_003) / 2 * 1e4)
    assert b.lost_by_bps == pytest.approx((2 / 20_004 + 2 / 20_005) / 2 * 1e4)
    assert (a.lost_by_bps, b.cover_bps) == (None, None)


def test_a_cover_that_was_told_stands(tables) -> None:
    told = replace(tables.children[0], cover2=20_010)
    found = covers((told, *tables.children[1:]), {"P1": 1})
    assert found["R1-A"] == 20_010


def test_last_look_and_what_the_mid_did_meanwhile(tables) -> None:
    a = dealer_rows(tables, least=Minimum(2, 2))[0]
    assert (a.hold_filled_ms, a.hold_rejected_ms) == (10, 200)
    assert a.moved_filled_bps == 0
    assert a.moved_rejected_bps == pytest.approx(10 / 10_000 * 1e4)
    assert a.asymmetry_bps == pytest.approx(10.0)
    assert a.verdict == "measured"


def test_few_holds_say_nothing_about_asymmetry(tables) -> None:
    a = dealer_rows(tables)[0]
    assert (a.verdict, a.asymmetry_bps) == (TOO_FEW, None)


def test_rejections_at_random_show_no_asymmetry(desk) -> None:
    for row in dealer_rows(desk(days=14, orders=4, rejecting=True)):
        assert row.rejected > 10
        assert row.hold_filled_ms == row.hold_rejected_ms == 40
        assert row.asymmetry_bps == pytest.approx(0.0, abs=0.5)


def test_without_requests_there_are_no_dealers(desk) -> None:
    tables = desk(days=1, orders=1)
    lit = tuple(child for child in tables.children if not child.rfq_id)
    assert dealer_rows(replace(tables, children=lit)) == ()
