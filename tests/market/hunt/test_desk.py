"""A trip as it happens: without orders it is its twin; own quotes are no prices; what fills is priced and counted."""

import numpy as np
import pytest

from nowake.core.errors import NowakeError
from nowake.market.hunt.desk import Desk, Live
from nowake.market.hunt.pricing import Sample
from nowake.market.hunt.scene import Scene
from nowake.market.market import OwnEvent


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
    desk, distances = Desk(midday, 1000, 1), []
    while not distances and desk.second < 550:
        desk.begin()
        follows = desk.second % 20 == 0
        if follows:  # fills of this second are priced as of the arrival of these
            desk.withdraw("rest")
            desk.send(-1, 200, desk.touch(-1), "post_only", phase="rest")
        ours, twins = (desk.touch(1) + desk.touch(-1)) / 2, midday.touch[2 * desk.second].mean()
        known = len(desk.fills)
        desk.end()
        if not follows:
            distances += [(fill.price - ours, fill.without - twins) for fill in desk.fills[known:]]
    assert distances
    assert [here for here, _ in distances] == [there for _, there in distances]


def test_a_passive_fill_after_we_have_moved_the_mid_is_moved_back_by_as_much(midday: Scene) -> None:
    desk = Desk(midday, 1000, 1)
    desk.now = Sample(103, 105, 99, 101)  # ours is four ticks above the twin's
    desk.live[9] = Live(-1, 105, 200, 0, None, Sample(99, 101, 99, 101))
    desk._hear(OwnEvent(0, "fill", 9, desk.lit[0], 105, 200, 0, 0.0, "maker", None))
    assert [(fill.quantity, fill.price, fill.without) for fill in desk.fills] == [(-200, 105, 101)]
    assert not desk.live


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
