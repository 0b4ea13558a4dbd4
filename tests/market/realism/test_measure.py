"""From days to a verdict: a market without intelligence is not safe; curves agree with the parts; days are small."""

import datetime
import os
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import DataError
from nowake.core.times import local_midnight
from nowake.market.day import generate_day
from nowake.market.parameters import ZeroIntelligence
from nowake.market.realism import alpha
from nowake.market.realism.curves import curves
from nowake.market.realism.events import SHALLOW, SINGLE_VENUE, from_events, from_file
from nowake.market.realism.facts import judge, verdict
from nowake.market.realism.measure import measure, reduce_day, resampler_of, unmeasured_of
from nowake.market.realism.profile import profile
from nowake.market.realism.reduced import Reduced
from nowake.market.realism.view import view_of

DATA = os.environ.get("NOWAKE_DATA")
real = pytest.mark.skipif(not DATA, reason="NOWAKE_DATA is not set: no real market data")


@pytest.fixture(scope="module")
def generated() -> list[Reduced]:
    days, chosen = [], ZeroIntelligence()
    instrument = chosen.instrument()
    for seed in range(5):
        date = datetime.date(2026, 1, 15)
        session = instrument.sessions[0]
        midnight = local_midnight(date, session.timezone)
        record = from_events(
            generate_day(seed, date, chosen), open_ns=midnight + session.open, close_ns=midnight + session.close,
            tick_size=float(instrument.tick_size), step=instrument.step, series=seed,
        )  # fmt: skip
        days.append(reduce_day(record))
    return days


def test_a_market_without_intelligence_is_not_safe(generated: list[Reduced]) -> None:
    values = measure(generated)
    values |= alpha.estimate(generated, resampler_of(generated), regime="calm")
    facts = {fact.id: fact for fact in judge(values, sorted(unmeasured_of(generated)))}
    outcome = verdict(list(facts.values()))
    assert (outcome.safe, outcome.realistic) == (False, False)
    assert abs(values["sign_acf_1"].value) < 0.1  # no order splitting
    assert values["planted_linear_r2_calm"].value > values["linear_r2_calm"].value + 0.01
    assert unmeasured_of(generated) == SINGLE_VENUE
    assert not any(facts[k].passed for k in SINGLE_VENUE)


def test_the_same_days_and_seed_give_the_same_estimates(generated: list[Reduced]) -> None:
    first, again, other = (measure(generated, seed=seed) for seed in (1, 1, 2))
    known = [name for name, e in first.items() if np.isfinite(e.low)]
    assert [first[name] for name in known] == [again[name] for name in known]
    assert any(first[name].low != other[name].low for name in known)
    assert all(first[name].value == other[name].value for name in known)


def test_curves_pass_through_the_parts(generated: list[Reduced]) -> None:
    r = resampler_of(generated)
    values, drawn = measure(generated), curves(generated, r)
    assert drawn[1].y[0] == pytest.approx(values["acf_5min_1"].value)
    assert drawn[1].low[0] == pytest.approx(values["acf_5min_1"].low)
    assert drawn[4].y[0] == pytest.approx(values["sign_acf_1"].value)
    assert drawn[5].y[0] == pytest.approx(1.0)
    assert drawn[16].y.sum() == pytest.approx(1.0)
    assert drawn[21].y[:6].sum() == pytest.approx(values["volume_first"].value, abs=1e-6)
    assert all(len(c.x) == len(c.y) == len(c.low) == len(c.high) for c in drawn.values())


def test_a_reduced_day_is_small(generated: list[Reduced]) -> None:
    assert sum(values.nbytes for values in generated[0].values()) < 1_000_000


@real
@pytest.mark.realdata
def test_a_level_1_day_takes_its_quotes_from_the_order_book_file() -> None:
    folder = Path(DATA or "") / "lobster"
    messages = folder / "AMZN_2012-06-21_34200000_57600000_message_1.csv.zst"
    orderbook = folder / "AMZN_2012-06-21_34200000_57600000_orderbook_1.csv.zst"
    record = from_file(messages, orderbook=orderbook)
    assert record.unmeasured == SINGLE_VENUE | SHALLOW
    assert np.all(record.quotes["bid"] < record.quotes["ask"])
    view, day = view_of(record), reduce_day(record)
    values = measure([day]) | profile([day], resampler_of([day]))
    rows = view.rows_at(view.trades["time"], before=True)
    middle = (view.bid[rows] + view.ask[rows]) / 2
    agree = np.sign(view.trades["price"] - middle) == view.trades["sign"]
    assert agree.mean() > 0.7  # a buyer trades above the mid: quotes and trades belong together
    assert values["spread"].value == pytest.approx(0.13, abs=0.01)
    assert values["ofi_r2"].value == pytest.approx(0.31, abs=0.02)
    assert np.isnan(values["ofi_r2"].low)
    with pytest.raises(DataError, match="quotes crossed"):
        from_file(messages)
    with pytest.raises(DataError, match="one a message"):
        from_file(messages, orderbook=folder / "MSFT_2012-06-21_sample1000rows_orderbook_50.csv.zst")
