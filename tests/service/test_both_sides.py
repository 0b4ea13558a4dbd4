"""Orders of one trader on both sides of a symbol: the guard lets no own order meet another, and both are filled."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nowake.core.values import Side
from nowake.core.venue import New
from nowake.oms.conserve import differences
from nowake.oms.states import State
from nowake.risk.reasons import Reason
from nowake.service.trader import Work

from .control_world import World, worlds


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    with worlds(tmp_path, monkeypatch) as one:
        yield one


def test_own_orders_on_both_sides_never_meet_and_both_are_filled(make: Callable[..., World]) -> None:
    both = (
        Work("buys", Side.BUY, 6_000, 0.0, 600.0, account="red"),
        Work("sells", Side.SELL, 6_000, 0.0, 600.0, account="blue"),
    )
    world = make(*both, seconds=0.5)

    def look() -> None:
        resting = {one.order_id for one in world.floor.venue.status() if one.state == "working"}
        out = [one for one in world.floor.sent if isinstance(one, New) and one.order_id in resting and one.price]
        bids, asks = ([one.price or 0 for one in out if one.side == side] for side in (1, -1))
        assert max(bids, default=0) < min(asks, default=2**62)

    world.run(640.0, look=look)
    sides = {one.order_id: int(one.side) for one in world.floor.sent if isinstance(one, New)}
    fills = [one for one in world.floor.said if one.kind == "fill"]
    assert {sides[one.order_id] for one in fills if one.order_id in sides} == {1, -1}
    bought, sold = (
        {(one.time, one.venue, one.price, one.quantity) for one in fills if sides.get(one.order_id) == side}
        for side in (1, -1)
    )
    assert not bought & sold
    refused = world.trader.path.usages["by_reason"][:, Reason.SELF_TRADE]
    assert (refused > 0).all()  # it was the guard who kept them apart
    oms = world.trader.keeper.oms
    assert [one.state for one in world.trader.parents] == [State.FILLED, State.FILLED]
    assert (oms.position("red", "MIDC"), oms.position("blue", "MIDC")) == (6_000, -6_000)
    assert differences(oms) == []


def test_a_persons_child_that_could_meet_an_own_order_is_refused(make: Callable[..., World]) -> None:
    both = (Work("buys", Side.BUY, 6_000, 0.0, 600.0), Work("sells", Side.SELL, 6_000, 0.0, 600.0))
    world = make(*both)
    usage = world.trader.path.usages[0]
    for _ in range(200):
        if usage["own_bid"]:
            break
        world.run(0.25)
    own = int(usage["own_bid"])
    assert own > 0
    world.done("take-over", "sells", "keep")
    said = world.refused("send", "sells", f"100 limit {own / 100:.2f} {world.names[0]}")
    assert "it could trade with an own resting order" in said
