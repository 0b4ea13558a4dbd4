"""Real market data of every kind: ledgers conserved, digests the same twice, only causes of the data's level."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.records import Cause
from nowake.core.times import MS, SECOND, time_of_day
from nowake.core.values import Side
from nowake.data.formats.lean import open_pair
from nowake.data.reader import Reader, open_reader
from nowake.execution.replay import replay_order
from nowake.execution.request import Latency, QueueChoice, ReplayRequest, ReplayResult
from nowake.execution.state import Placement

pytestmark = pytest.mark.realdata

EXACT = {"QUEUE", "THROUGH", "HIDDEN_AT", "HIDDEN_THROUGH", "CROSSED", "TAKE"}
MODELLED = {"MODEL", "THROUGH", "CROSSED", "TAKE"}


def path(name: str) -> Path:
    root = os.environ.get("NOWAKE_DATA")
    found = Path(root or "") / name
    if not root or not found.exists():
        pytest.skip(f"no {name} under $NOWAKE_DATA")
    return found


def lean() -> Reader:
    folder = path("lean_us_equity_2013/tick")
    trades = sorted(folder.rglob("20131007_trade.zip"), key=lambda p: "bac" not in str(p))
    if not trades:
        pytest.skip("no tick trades of 7 October 2013 under $NOWAKE_DATA")
    return open_pair(trades[0], trades[0].with_name("20131007_quote.zip"))


def worked(reader: Reader, **asked: Any) -> ReplayResult:
    """Work the order twice; returns what both runs gave."""
    values: dict[str, Any] = {
        "algo": "twap", "side": Side.BUY, "slice_ns": 20 * SECOND, "latency": Latency(MS, MS, 2 * MS, 0.5),
        "placement": Placement(cross_before=2 * SECOND, depth=1),
    }  # fmt: skip
    request = ReplayRequest(reader, "real data", **{**values, **asked})
    first, second = replay_order(request), replay_order(request)
    assert first.digest == second.digest
    assert first.conserved
    assert first.working_left == 0
    assert 0 < int(first.fills["quantity"].sum()) <= first.order.quantity
    assert (np.diff(first.fills["time"]) >= 0).all()
    assert np.isfinite(first.fills["fee"]).all()
    return first


def causes(result: ReplayResult) -> set[str]:
    return {Cause(int(cause)).name for cause in set(result.fills["cause"].tolist())}


LEVEL_3: list[tuple[str, dict[str, Any]]] = [
    ("inet_l3_2003/IBM_2003-01-15_message.csv.zst", {"quantity": 5000, "window": ("10:00", "10:40")}),
    ("inet_l3_2003/CSCO_2003-01-15_message.csv.zst", {"quantity": 20_000, "window": ("10:00", "10:10")}),
    ("lobster/AMZN_2012-06-21_34200000_57600000_message_1.csv.zst", {"quantity": 2000, "window": ("10:00", "11:00")}),
    ("databento_dbn/esh4-glbx-mdp3-20231224.mbo.dbn.zst", {"quantity": 40, "latency": Latency()}),  # one instant
    (
        "databento_dbn/orderbooks_mbo_2024-05-08T00-00-00_2024-05-08T00-00-02.dbn.zst",
        {"quantity": 30, "slice_ns": SECOND, "placement": Placement(cross_before=200 * MS, reaction=10 * MS)},
    ),
    ("bitstamp_l3_2015/orders.csv.xz", {"quantity": 500_000_000}),
    ("bitstamp_l3_2015/2015-05-01.log.xz", {"quantity": 500_000_000}),
]


@pytest.mark.parametrize(("name", "asked"), LEVEL_3, ids=[name.split("/")[-1][:20] for name, _ in LEVEL_3])
@pytest.mark.parametrize("side", Side)
def test_level_three(name: str, asked: dict[str, Any], side: Side) -> None:
    start, end = (time_of_day(text) for text in asked["window"]) if "window" in asked else (None, None)
    asked = {key: value for key, value in asked.items() if key != "window"}
    result = worked(open_reader(path(name)), start=start, end=end, side=side, **asked)
    assert causes(result) <= EXACT
    with pytest.raises(InputError, match="shows the queue exactly"):
        replay_order(ReplayRequest(open_reader(path(name)), name, "twap", side, 1, queue=QueueChoice.parse("power:1")))


@pytest.mark.parametrize("model", ["pessimistic", "power:2"])
@pytest.mark.parametrize("name", ["spot_btcusdt_20230405.dat.gz", "usdm_btcusdt_20230404.dat.gz"])
def test_level_two_with_a_declared_model(name: str, model: str) -> None:
    reader = open_reader(path(f"binance_l2/{name}"))
    assert reader.meta.level in ("l2", "quotes")
    with pytest.raises(InputError, match="does not show the queue"):
        replay_order(ReplayRequest(reader, name, "twap", Side.BUY, 1000))
    lot = reader.meta.instruments[0].lot
    result = worked(reader, quantity=int(2 / lot), queue=QueueChoice.parse(model))
    assert causes(result) <= MODELLED
    assert "MODEL" in causes(result)


def test_the_optimistic_model_fills_no_later_than_the_pessimistic() -> None:
    shares = {}
    for model in ("pessimistic", "power:1"):
        reader = open_reader(path("binance_l2/usdm_btcusdt_20230404.dat.gz"))
        lot = reader.meta.instruments[0].lot
        result = worked(reader, quantity=int(20 / lot), queue=QueueChoice.parse(model))
        passive = result.fills["passive"] == 1
        shares[model] = int(result.fills["quantity"][passive].sum()) / int(result.fills["quantity"].sum())
    assert shares["pessimistic"] <= shares["power:1"] + 0.02


def test_trades_and_quotes_with_a_declared_model() -> None:
    result = worked(
        lean(), quantity=20_000, start=time_of_day("10:00"), end=time_of_day("10:30"),
        queue=QueueChoice.parse("pessimistic"), slice_ns=60 * SECOND,
    )  # fmt: skip
    assert causes(result) <= MODELLED
    assert "MODEL" in causes(result)
    with pytest.raises(InputError, match="does not show the queue"):
        replay_order(ReplayRequest(lean(), "lean", "twap", Side.BUY, 1000))


def test_sampled_itch_messages() -> None:
    reader = open_reader(path("itch50_ritch/ex20101224.TEST_ITCH_50.fixedlen.gz"))
    counts: dict[int, int] = {}
    for chunk in reader.chunks():
        for index, n in enumerate(np.bincount(chunk.events["instrument"])):
            counts[index] = counts.get(index, 0) + int(n)
    names = [one.symbol for one in reader.meta.instruments]
    busiest = sorted(counts, key=lambda index: -counts[index])
    assert names
    tried = 0
    for index in [k for k in busiest if k < len(names)][:5]:
        request = ReplayRequest(reader, "itch", "twap", Side.BUY, 100, symbol=names[index], slice_ns=60 * SECOND)
        try:
            first, second = replay_order(request), replay_order(request)
        except InputError as error:  # a sample: few symbols show both sides
            assert "two-sided" in str(error)  # noqa: PT017
            continue
        tried += 1
        assert first.digest == second.digest
        assert first.conserved
    assert tried > 0
