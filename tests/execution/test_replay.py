"""Parent orders worked through recorded flow: conservation, the ledger at every instant, determinism, refusals."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError, OrderError
from nowake.core.times import HOUR, MINUTE, MS, SECOND
from nowake.core.values import Side
from nowake.execution.feed import Feed, window
from nowake.execution.replay import Replay, replay_order
from nowake.execution.request import Fees, Latency, QueueChoice, ReplayRequest, ReplayResult
from nowake.execution.state import Placement, Stage

from .conftest import ArrayReader, market

TAPES = {(seed, halts): market(seed, halts=halts) for seed in range(4) for halts in (False, True)}


def request(events: np.ndarray, **changed: Any) -> ReplayRequest:
    values: dict[str, Any] = {"algo": "twap", "side": Side.BUY, "quantity": 1000, "slice_ns": 60 * SECOND}
    return ReplayRequest(reader=ArrayReader(events), source="a tape", **{**values, **changed})


def check_ledger(replay: Replay) -> None:
    p = replay.parents[0]
    rows = p["child"]
    working = sum(int(row["leaves"]) for row in rows if row["stage"] != int(Stage.FREE))
    assert int(p["working"]) == working
    unplaced = int(p["quantity"]) - int(p["filled"]) - working
    assert 0 <= unplaced <= int(p["quantity"])
    assert int(p["refused"].sum()) == int(p["rejects"])
    assert int(replay.venues[0]["live"]) <= len(rows)  # no order at the venue that the ledger does not know
    ids = {int(row["id"]) for row in rows if row["stage"] != int(Stage.FREE)}
    resting = replay.venues[0]["own"][: int(replay.venues[0]["live"])]
    assert {int(own["id"]) for own in resting} <= ids
    assert all(int(row["leaves"]) > 0 for row in rows if row["stage"] != int(Stage.FREE))


def stepped(ask: ReplayRequest, every: int = 7 * SECOND) -> tuple[Replay, ReplayResult]:
    """Run a replay in small steps of time and look at the ledger after each."""
    feed = Feed(ask)
    span = feed.span()
    replay = Replay(ask, feed, span, window(ask, feed.instrument, feed, span), feed.instrument)
    whole = replay._advance

    def advance(until: int) -> None:
        now = int(replay.venues[0]["now"]) or span.first
        for mark in range(now + every, min(until, span.last + MINUTE), every):
            whole(mark)
            check_ledger(replay)
        whole(until)
        check_ledger(replay)

    replay._advance = advance  # type: ignore[method-assign]
    return replay, replay.run()


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 3), halts=st.booleans(), quantity=st.one_of(st.integers(1, 12), st.integers(13, 5000)),
    side=st.sampled_from(Side), algo=st.sampled_from(("twap", "vwap", "pov", "ac", "ow")),
    latency=st.sampled_from((0, 3 * MS, 2 * SECOND)), improve=st.integers(0, 1), cross=st.sampled_from((0, 5, 60)),
    max_child=st.sampled_from((0, 37)), limit=st.sampled_from((None, "99.90", "100.00", "100.10")),
    patience=st.sampled_from((0, 1, 20)), depth=st.integers(0, 2), every=st.sampled_from((7 * SECOND, 900 * MS)),
)  # fmt: skip
def test_no_share_is_made_or_lost(
    seed: int, halts: bool, quantity: int, side: Side, algo: str, latency: int, improve: int, cross: int,
    max_child: int, limit: str | None, patience: int, depth: int, every: int,
) -> None:  # fmt: skip
    replay, result = stepped(request(
        TAPES[seed, halts], algo=algo, side=side, quantity=quantity,
        latency=Latency(latency, latency, latency, 0.5), limit=None if limit is None else Decimal(limit),
        placement=Placement(
            cross_before=cross * SECOND, improve=improve, max_child=max_child, patience=patience * SECOND, depth=depth
        ),
    ), every)  # fmt: skip
    filled = int(result.fills["quantity"].sum())
    assert result.conserved
    assert result.working_left == 0
    assert filled == int(replay.parents[0]["filled"]) <= quantity
    if result.order.limit is not None and len(result.fills):
        assert (side * result.fills["price2"] <= side * 2 * result.order.limit).all()
    assert (result.fills["side"] == int(side)).all()
    times = result.fills["time"]
    assert ((times >= result.order.start) & (times <= result.order.end + 4 * latency + SECOND)).all()
    assert (np.diff(result.targets) >= 0).all() or algo == "pov"
    assert result.targets[-1] <= quantity
    assert sum(result.rejected.values()) == result.rejects
    assert set(result.rejected) <= {"halted"}


def test_the_order_completes_where_there_is_liquidity_and_follows_its_schedule(tape: np.ndarray) -> None:
    result = replay_order(request(tape, quantity=1000))
    assert int(result.fills["quantity"].sum()) == 1000
    assert result.targets.tolist() == [0, *range(100, 1001, 100)]
    done = [int(result.fills["quantity"][result.fills["time"] < edge].sum()) for edge in result.slice_times[1:-1]]
    assert np.abs(np.array(done) - result.targets[1:-1]).max() <= 100


def test_fewer_shares_than_slices(tape: np.ndarray) -> None:
    result = replay_order(request(tape, quantity=3))
    assert int(result.fills["quantity"].sum()) == 3
    assert result.targets[-1] == 3


def test_same_input_same_configuration_same_digest(tape: np.ndarray) -> None:
    ask = request(tape, latency=Latency(MS, 2 * MS, 2 * MS, 0.8))
    assert replay_order(ask).digest == replay_order(ask).digest
    assert (
        replay_order(ask).digest != replay_order(request(tape, latency=Latency(MS, 2 * MS, 2 * MS, 0.8), seed=8)).digest
    )
    assert replay_order(request(tape)).digest == "2b6976d1f4648838"  # golden


def test_the_size_of_the_chunks_changes_nothing(tape: np.ndarray) -> None:
    digests = set()
    for chunk in (1, 7, 10_000):
        reader = ArrayReader(tape, chunk=chunk)
        digests.add(replay_order(ReplayRequest(reader, "a tape", "twap", Side.BUY, 1000, slice_ns=60 * SECOND)).digest)
    assert len(digests) == 1


def test_children_that_arrive_in_a_halt_are_rejected_and_come_back() -> None:
    placement = Placement(patience=0, cross_before=60 * SECOND)
    result = replay_order(
        request(TAPES[0, True], quantity=5000, latency=Latency(0, 900 * MS, 900 * MS), placement=placement)
    )
    assert result.rejected["halted"] == result.rejects > 0
    assert result.conserved


def test_nothing_trades_during_a_halt() -> None:
    tape = TAPES[0, True]
    halted = [int(tape["time"][tape["kind"] == kind][0]) for kind in (7, 8)]
    result = replay_order(request(tape, quantity=2000))
    times = result.fills["time"]
    assert len(times) > 0
    assert not ((times > halted[0]) & (times < halted[1])).any()


def test_fees_are_charged_by_liquidity(tape: np.ndarray) -> None:
    result = replay_order(request(tape, fees=Fees(maker=-0.002, taker=0.003)))
    fills = result.fills
    expected = np.where(fills["passive"] == 1, -0.002, 0.003) * fills["quantity"]
    assert np.allclose(fills["fee"], expected, rtol=0, atol=1e-12)
    assert {0, 1} == set(fills["passive"].tolist())


def test_pov_stays_near_its_share(tape: np.ndarray) -> None:
    result = replay_order(request(tape, algo="pov", participation=0.2, quantity=100_000, slice_ns=20 * SECOND))
    own = int(result.fills["quantity"].sum())
    taken = int(result.fills["quantity"][result.fills["passive"] == 0].sum())
    share = own / (int(result.prints["quantity"].sum()) + taken)
    assert 0.1 < share <= 0.21


def test_other_data_than_level_three_needs_a_declared_queue_model(tape: np.ndarray) -> None:
    reader = ArrayReader(tape, level="quotes")
    with pytest.raises(InputError, match="does not show the queue"):
        replay_order(ReplayRequest(reader, "a tape", "twap", Side.BUY, 1000))
    with pytest.raises(InputError, match="shows the queue exactly"):
        replay_order(request(tape, queue=QueueChoice.parse("pessimistic")))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"algo": "vwop"}, "unknown algorithm 'vwop'"),
        ({"quantity": 0}, "whole number"),
        ({"quantity": None}, "both or neither"),
        ({"start": 11 * HOUR, "end": 10 * HOUR}, "start before end"),
        ({"end": 15 * HOUR}, "end of the order lies outside the data"),
        ({"start": 8 * HOUR, "end": 9 * HOUR + 35 * MINUTE}, "start of the order lies outside the data"),
        ({"decided": 9 * HOUR + 35 * MINUTE, "start": 9 * HOUR + 33 * MINUTE}, "decision time"),
        ({"limit": Decimal("99.995")}, "a multiple of"),
        ({"participation": 1.0}, "participation"),
        ({"slice_ns": 5}, "at least 1 s"),
    ],
)
def test_impossible_requests_are_refused(tape: np.ndarray, changed: dict[str, Any], message: str) -> None:
    with pytest.raises((InputError, OrderError), match=message):
        replay_order(request(tape, **changed))


@pytest.mark.parametrize("text", ["power", "power:0", "optimistic", "pessimistic:2", "power:x"])
def test_unknown_queue_models_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="pessimistic or power:n"):
        QueueChoice.parse(text)


def test_a_share_of_the_daily_volume(tape: np.ndarray) -> None:
    printed = int(tape["quantity"][np.isin(tape["kind"], (4, 5))].sum())
    assert replay_order(request(tape, quantity=None, of_adv=0.05)).order.quantity == round(0.05 * printed)
