"""A trip as it happens: without orders it is its twin; own quotes are no prices; what fills is priced and counted."""

import numpy as np
import pytest

from nowake.core.errors import NowakeError
from nowake.market.hunt.desk import Desk
from nowake.market.hunt.scene import Scene


def seconds(desk: Desk, n: int) -> None:
    for _ in range(n):
        desk.begin()
        desk.end()


def test_without_orders_a_trip_is_its_twin(midday: Scene) -> None:
    desk, moved = Desk(midday, 1000, 1), []
    for _ in range(120):
        desk.begin()
        moved.append(desk.now.moved)
        desk.end()
    assert moved == [0.0] * 120
    assert len(np.unique(midday.touch[:240], axis=0)) > 10  # while the market moved


def test_the_twin_is_left_alone(midday: Scene) -> None:
    before = midday.worlds.digest(0)
    desk = Desk(midday, 1000, 1)
    desk.send(1, 5000)
    seconds(desk, 5)
    assert midday.worlds.digest(0) == before != desk.worlds.digest(0)


def test_a_quote_of_ours_is_not_a_price_that_has_moved(midday: Scene) -> None:
    desk = Desk(midday, 1000, 1)
    while desk.touch(-1) - desk.touch(1) < 2:  # until there is room inside the spread
        seconds(desk, 1)
    best = desk.touch(1)
    desk.begin()
    desk.send(1, 100, best + 1, "post_only")
    desk._run(desk.start + desk.second * 10**9 + midday.settle)
    assert int(desk.worlds.worlds[0]["bid"]) == best + 1
    assert desk.touch(1) == best


def test_a_market_order_is_priced_at_the_touch_of_the_twin(midday: Scene) -> None:
    desk = Desk(midday, 1000, 1)
    desk.begin()
    ask = midday.touch[0, 1]
    desk.send(1, 3000)
    desk.end()
    assert desk.position == 3000 == sum(fill.quantity for fill in desk.fills)
    assert {fill.without for fill in desk.fills} == {ask}
    assert min(fill.price for fill in desk.fills) == ask < max(fill.price for fill in desk.fills)
    assert all(fill.fee != 0 for fill in desk.fills)


def test_a_passive_fill_keeps_its_distance_to_the_mid(midday: Scene) -> None:
    desk = Desk(midday, 1000, 1)
    desk.begin()
    desk.send(-1, 200, desk.touch(-1), "post_only")
    seconds(desk, 400)
    assert desk.position == -200
    assert all(abs(fill.price - fill.without) < 8 for fill in desk.fills)


def test_withdrawn_orders_are_gone(midday: Scene) -> None:
    desk = Desk(midday, 1000, 1)
    desk.begin()
    desk.send(1, 100, desk.touch(1) - 5, "post_only", phase="far")
    desk.end()
    assert [order.price for order in desk.resting("far", 1)] == [midday.touch[0, 0] - 5]
    with pytest.raises(NowakeError, match="1 live orders"):
        desk.check_flat()
    desk.begin()
    desk.withdraw("far")
    desk.end()
    desk.check_flat()
    assert desk.position == 0


def test_a_position_that_is_left_is_an_error(midday: Scene) -> None:
    desk = Desk(midday, 1000, 1)
    desk.begin()
    desk.book(1, 300, 100.0)
    with pytest.raises(NowakeError, match="300 shares"):
        desk.check_flat()
