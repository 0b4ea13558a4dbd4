"""Real days: the order of the papers' findings, streaming bit for bit, finite rows."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import DataError
from nowake.core.events import Kind
from nowake.data.reader import ReaderOptions
from nowake.features.context import Context, features_for
from nowake.features.lobster_pair import PairReader, companion
from nowake.features.microprice import fit_microprice
from nowake.features.ofi import fit_ofi
from nowake.features.touches import open_days, touch_days
from nowake.features.vector import NAMES, VECTOR

from .flows import LIVE_ONLY, Feed, Stream

DATA = os.environ.get("NOWAKE_DATA")
ROOT = Path(DATA or ".")
AMZN = ROOT / "lobster/AMZN_2012-06-21_34200000_57600000_message_1.csv.zst"
IBM = ROOT / "inet_l3_2003/IBM_2003-01-15_message.csv.zst"
BAC = ROOT / "lean_us_equity_2013/tick/bac/20131007_quote.zip"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not all(p.exists() for p in (AMZN, IBM, BAC)), reason="needs market data under $NOWAKE_DATA"),
]


@pytest.fixture(scope="module", params=[AMZN, IBM], ids=["AMZN", "IBM"])
def day(request: pytest.FixtureRequest) -> np.ndarray:
    return np.concatenate(list(open_days(request.param)[0].arrays()))


def stream(depth: bool, every: int) -> Stream:
    one = Stream(every=every)
    one.features = features_for(Context(step=100, depth=depth))
    return one


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_streaming_is_batch_for_random_chunks(day: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.integers(0, len(day), 40))
    whole, parts = stream(True, 10**9).feed(day, 4096), stream(True, 10**9)
    for piece in np.split(day, cuts):
        parts.feed(piece, int(rng.integers(1, 3000)))
    assert whole.rows.tobytes() == parts.rows.tobytes()
    assert np.asarray(whole.features).tobytes() == np.asarray(parts.features).tobytes()


def test_live_and_history_give_the_same_vector_bit_for_bit(day: np.ndarray) -> None:
    events = day[:20_000].copy()
    events["instrument"] = 0
    assert not np.isin(events["kind"], (Kind.HALT, Kind.RESUME)).any()
    context = Context(step=100, depth=True, daily_volatility=150.0)
    history, live = Stream(), Feed()
    history.features, live.features = features_for(context), features_for(context)
    one, two = history.feed(events, 4096).rows, live.rows(events)
    for name in set(NAMES) - set(LIVE_ONLY):
        k = NAMES.index(name)
        assert one["value"][:, k].tobytes() == two["value"][:, k].tobytes(), name
        assert one["ready"][:, k].tobytes() == two["ready"][:, k].tobytes(), name


def test_another_future_leaves_the_past_as_it_was(day: np.ndarray) -> None:
    half = len(day) // 2
    changed = day.copy()
    changed["quantity"][half:] = changed["quantity"][half:][::-1] + 1
    changed["price"][half:] += 300
    first, second = (stream(True, 0).feed(d, 8192).rows for d in (day, changed))
    assert first[:half].tobytes() == second[:half].tobytes()
    assert first[half:].tobytes() != second[half:].tobytes()


def test_every_row_is_finite_and_in_its_range(day: np.ndarray) -> None:
    rows = stream(True, 0).feed(day, 8192).rows
    assert len(rows) == len(day)
    assert np.isfinite(rows["value"]).all()
    for k, feature in enumerate(VECTOR):
        column = rows["value"][:, k]
        assert feature.low <= column.min(), feature.name
        assert column.max() <= feature.high, feature.name
    for name in ("imbalance", "volatility_64s", "flow_64s", "sign_100", "intensity_8s", "ofi_8s"):
        assert rows["ready"][:, NAMES.index(name)].mean() > 0.8, name


def test_a_pair_of_lobster_files_is_read_by_either_name_and_is_never_crossed() -> None:
    other = AMZN.with_name(AMZN.name.replace("_message_", "_orderbook_"))
    assert companion(AMZN) == companion(other) == (AMZN, other)
    assert companion(IBM) is None
    (_, path), (_, again) = (next(iter(touch_days(open_days(p)))) for p in (AMZN, other))
    assert path.tobytes() == again.tobytes()
    assert len(path) > 50_000


def test_a_pair_of_unequal_length_is_refused(tmp_path: Path) -> None:
    messages, book = tmp_path / "A_2012-06-21_message_1.csv", tmp_path / "A_2012-06-21_orderbook_1.csv"
    messages.write_text("34200.0,1,1,100,1000000,1\n34201.0,1,2,100,1000100,-1\n")
    for rows in ("9999999999,0,1000000,100\n", "9999999999,0,1000000,100\n" * 3):
        book.write_text(rows)
        with pytest.raises(DataError, match="a row for each message"):
            list(PairReader(messages, book, ReaderOptions()).chunks())


def test_the_microprice_of_amazon_is_odd_covers_its_spreads_and_dies_out() -> None:
    body = fit_microprice(AMZN)
    assert body["coverage"] >= 0.95
    assert body["n"] > 50_000
    assert body["limit"] < 1e-9
    table = np.array([[np.nan if x is None else x for x in row] for row in body["table"]])
    assert np.nanmax(np.abs(table + table[:, ::-1])) < 1e-9
    assert np.nanmean(table[:, 9]) > 0.3  # a heavy bid lifts the price
    assert body["r2"] > body["r2_weighted_mid"]


def test_the_microprice_of_a_large_tick_stock_rises_with_the_imbalance() -> None:
    body = fit_microprice(BAC)
    row = body["table"][0]
    assert (body["largest_spread"], row) == (1, sorted(row))
    assert 0.2 < row[-1] < 0.6


@pytest.mark.parametrize(("path", "low", "high"), [(AMZN, 0.4, 0.65), (BAC, 0.6, 0.8), (IBM, 0.1, 0.25)])
def test_order_flow_explains_moves_as_in_the_paper(path: Path, low: float, high: float) -> None:
    body = fit_ofi(path)
    assert len(body["windows"]) == 13
    assert low < body["r2_windows"] < high
    assert body["beta_ci"][0] > 0
    assert 0.3 < body["depth_slope"] < 2.5
