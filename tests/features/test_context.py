"""What is known before the day: volume curve, daily volatility, microprice table."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.core.jit import kernel
from nowake.core.records import QUOTE_PATH
from nowake.features.context import Context, Curve, MicroTable, features_for
from nowake.features.microprice import offsets_at
from nowake.features.vector import index_of
from nowake.features.write import micro_offset

from .flows import START, Stream, events_of

S = 10**9


@kernel
def offset_of(features, imbalance, spread):  # type: ignore[no-untyped-def]
    return micro_offset(features[0], imbalance, spread)


def day(**gaps: int) -> list[dict[str, int]]:
    return [
        {"kind": 12, "gap": 0, "side": 1, "price": 999, "quantity": 10},
        {"kind": 12, "gap": 0, "side": -1, "price": 1001, "quantity": 10},
        {"kind": 13, "gap": 100 * S, "price": 1001, "quantity": 300},
        {"kind": 13, "gap": 100 * S, "price": 1001, "quantity": 500},
        {"kind": 6, "gap": 0, "price": 1000, "quantity": 200},
    ]


def stream_with(context: Context) -> Stream:
    stream = Stream()
    stream.features = features_for(context)
    return stream


def test_pace_is_volume_over_what_the_curve_expects() -> None:
    curve = Curve(START, 100 * S, (0.5, 0.3, 0.2), 1000.0)
    stream = stream_with(Context(curve=curve)).feed(events_of(day()))
    assert stream.column("pace_day")[-1] == pytest.approx(1000 / 800)
    traded = 300 * math.exp(-100 / 512) + 700
    expected = 1000 * 0.2 / 100 * 512 * (1 - math.exp(-200 / 512))
    assert stream.column("pace_recent")[-1] == pytest.approx(traded / expected)
    assert stream.ready("pace_day").tolist() == [0, 0, 1, 1, 1]


def test_after_the_curve_the_day_is_over() -> None:
    stream = stream_with(Context(curve=Curve(START, 50 * S, (0.4, 0.6), 500.0))).feed(events_of(day()))
    assert stream.column("pace_day")[-1] == pytest.approx(1000 / 500)
    assert stream.ready("pace_recent")[-1] == 0


def test_without_a_curve_pace_and_vpin_are_absent() -> None:
    stream = stream_with(Context()).feed(events_of(day()))
    for name in ("pace_day", "pace_recent", "vpin", "volatility_relative"):
        assert not stream.column(name).any()
        assert not stream.ready(name).any()


def test_relative_volatility_scales_to_the_session() -> None:
    moves = [{"kind": 12, "gap": 10 * S, "side": -1, "price": 1001 + k % 2, "quantity": 10} for k in range(80)]
    stream = stream_with(Context(daily_volatility=150.0, session_ns=5120 * S)).feed(events_of([*day(), *moves]))
    expected = stream.column("volatility_512s") * math.sqrt(10) / 150.0
    assert stream.column("volatility_relative") == pytest.approx(expected)
    assert stream.ready("volatility_relative")[-1] == 1


TABLE = MicroTable(
    (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    (
        (-0.4, -0.3, -0.2, -0.1, -0.05, 0.05, 0.1, 0.2, 0.3, 0.4),
        (math.nan, -0.6, -0.4, -0.2, -0.1, 0.1, 0.2, 0.4, 0.6, math.nan),
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 7), st.integers(1, 3))
def test_the_kernel_reads_the_table_as_its_plain_twin_does(bid: int, ask: int, spread: int, step: int) -> None:
    path = np.zeros(1, QUOTE_PATH)
    path["bid"], path["ask"], path["bid_size"], path["ask_size"] = 100, 100 + spread, bid, ask
    imbalance = (bid - ask) / (bid + ask)
    got = offset_of(features_for(Context(step=step, micro=TABLE)), imbalance, spread)
    edge = any(abs(bid / (bid + ask) - e) < 1e-12 for e in TABLE.edges)
    if not edge:  # there the last bit decides
        assert got * spread / step == pytest.approx(offsets_at(TABLE, path, step)[0], abs=1e-12)


def test_an_even_touch_has_its_microprice_at_the_mid() -> None:
    features = features_for(Context(micro=TABLE))
    assert offset_of(features, 0.0, 1) == 0.0
    assert offset_of(features, 0.9, 1) == pytest.approx(0.4)
    assert offset_of(features, -0.9, 1) == pytest.approx(-0.4)
    assert offset_of(features, 0.9, 2) == pytest.approx(0.45)  # not covered: weighted mid
    assert offset_of(features, 0.3, 3) == pytest.approx(0.15)


def test_the_weighted_mid_of_the_reference() -> None:
    # 14.33 x 20 against 14.34 x 471
    imbalance = (20 - 471) / (20 + 471)
    offset = offset_of(features_for(Context(step=100)), imbalance, 100)
    assert round(14.335 + 0.01 * offset, 6) == 14.330407


@pytest.mark.parametrize(
    "make",
    [
        lambda: Curve(0, 1, (0.5, 0.6), 1.0),
        lambda: Curve(0, 1, (), 1.0),
        lambda: Curve(0, 1, (1.0,) * 129, 1.0),
        lambda: Curve(0, 0, (1.0,), 1.0),
        lambda: Curve(0, 1, (1.0,), 0.0),
        lambda: Context(step=0),
        lambda: Context(daily_volatility=-1.0),
        lambda: MicroTable((0.1,), ((0.0,) * 10,)),
        lambda: MicroTable((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.95), ((0.0,) * 10,)),
        lambda: MicroTable(TABLE.edges, ()),
        lambda: MicroTable(TABLE.edges, ((math.inf,) * 10,)),
    ],
)
def test_an_impossible_context_is_refused(make: object) -> None:
    with pytest.raises(InputError, match="expected"):
        make()  # type: ignore[operator]


def test_an_unknown_feature_has_a_hint() -> None:
    assert index_of("imbalance") == 1
    with pytest.raises(InputError) as caught:
        index_of("imbalances")
    assert caught.value.hint == "did you mean 'imbalance'?"
