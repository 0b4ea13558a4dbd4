"""Makers: how they see the public value, how they follow it, and what they do after they have sold."""

import math

import numpy as np
import pytest

from nowake.core.events import EVENT, Kind
from nowake.data.reader import kernel_view
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset, load
from nowake.market.sessions import session_of
from nowake.market.world.causes import LIMITS
from nowake.market.world.makers import place
from nowake.market.world.state import ORDERS
from nowake.market.world.tables import make_parameters
from nowake.market.world.touch import displayed
from nowake.market.world.words import Action, OrderKind
from nowake.market.world.worlds import Worlds, new_worlds

SECOND = 10**9
SKEW, SKEW_TIME = 0.3, 25.0


def quiet(**lit: float | tuple[float, ...]) -> Preset:
    """Return midcap with makers, waiting investors and a public value that stays; `lit` changes more."""
    p = load("midcap")
    still = {"taker_rate": 0.0, "sigma": 0.0, "jump_rate": 0.0, "investor_rate": 0.0, "fade": 0.0}
    return p.model_copy(
        update={
            "lit": p.lit.model_copy(update=still | lit),
            "hidden": p.hidden.model_copy(update={"share": 0.0}),
            "followers": p.followers.model_copy(update={"rate": 0.0}),
            "dark": (),
            "dealers": (),
        }
    )


def opened(preset: Preset, seeds: range) -> tuple[Worlds, int]:
    start, close = session_of(preset, FIRST_DAY)
    return new_worlds(preset, seeds, "calm", start, close), start


def buy(markets: Worlds, i: int, time: int, side: int, shares: int) -> None:
    markets.send(i, (time, int(Action.NEW), 1, side, 0, shares, -1, int(OrderKind.MARKET)))


def follow(orders: dict[int, list[int]], told: list[np.ndarray]) -> None:
    """Bring the book of a feed up to date; `told` is empty afterwards."""
    for event in (e for events in told for e in events):
        order = int(event["order_id"])
        if event["kind"] == Kind.ADD:
            orders[order] = [int(event["side"]), int(event["price"]), int(event["quantity"])]
        elif event["kind"] == Kind.EXECUTE and orders[order][2] > event["quantity"]:
            orders[order][2] -= int(event["quantity"])
        elif event["kind"] in (Kind.EXECUTE, Kind.DELETE):
            del orders[order]
    told.clear()


@pytest.mark.parametrize("side", [1, -1])
def test_makers_quote_by_what_they_have_just_sold(side: int) -> None:
    """fair - value = round(skew * lots * exp(-age / skew_time)), looked at once an epoch of ten seconds at least."""
    markets, start = opened(quiet(skew=SKEW, skew_time=SKEW_TIME), range(4))
    for i in range(4):
        lots = 5 + 7 * i
        buy(markets, i, start + 20 * SECOND, side, 100 * lots)
        markets.run(i, start + 20 * SECOND - 1)
        w, value = markets.worlds[i], int(markets.worlds["value"][i])
        assert w["fair"] == value
        markets.run(i, start + 21 * SECOND)
        sent = int(w["sold_time"])
        assert w["fair"] - value == math.floor(SKEW * side * lots + 0.5)
        for second in (30, 40, 60, 90, 150, 400):
            markets.run(i, start + second * SECOND + 1)
            left = SKEW * side * lots * math.exp(-(start + second * SECOND - sent) / SECOND / SKEW_TIME)
            assert w["fair"] - value == math.floor(left + 0.5), second
        assert w["fair"] == value


def test_makers_leave_at_once_after_a_trade() -> None:
    """Each order at a touch of which the part x was taken leaves with `fade` x; every trade is a draw of its own."""
    start, close = session_of(preset := quiet(skew=0.0, fade=0.7, investor_slope=1e-9), FIRST_DAY)
    expected = variance = left = 0.0
    orders: dict[int, list[int]] = {}  # side, price, quantity
    told: list[np.ndarray] = []
    markets = new_worlds(preset, range(7, 8), "calm", start, close, told.append)
    for k in range(600):  # three in a row: who has stayed after the first may leave after the second
        at, side = start + 30 * SECOND + k // 3 * 5 * SECOND + k % 3 * 2_000_000, 1 if k // 3 % 2 else -1
        while not markets.step(0, at - 1, told.append):
            pass
        follow(orders, told)
        buy(markets, 0, at, side, 100)
        while not markets.step(0, at + 1, told.append):
            pass
        markets.worlds["own_events"][0] = 0  # heard
        events = np.concatenate(told)
        told.clear()
        gone = {int(order) for order in events["order_id"][events["kind"] == Kind.DELETE]}
        follow(orders, [events[events["kind"] != Kind.DELETE]])
        touch = max(-side * price for of, price, _ in orders.values() if of == -side)
        there = {i: quantity for i, (of, price, quantity) in orders.items() if (of, -side * price) == (-side, touch)}
        chance = min(0.7 * 100 / (100 + sum(there.values())), 1.0)
        expected, variance = expected + chance * len(there), variance + chance * (1 - chance) * len(there)
        left += len(gone & set(there))
        assert gone <= set(there)
        follow(orders, [events[events["kind"] == Kind.DELETE]])
    assert left > 150
    assert left == pytest.approx(expected, abs=4 * math.sqrt(variance))


def test_the_touch_goes_with_them_and_comes_back() -> None:
    def moved(skew: float, second: int) -> np.ndarray:
        preset = quiet(skew=skew, skew_time=SKEW_TIME)
        (markets, start), (twins, _) = opened(preset, range(24)), opened(preset, range(24))
        for i in range(24):
            buy(markets, i, start + 300 * SECOND, 1, 800)
            for one in (markets, twins):
                one.run(i, start + second * SECOND)
        w, t = markets.worlds, twins.worlds
        return np.asarray((w["bid"] + w["ask"] - t["bid"] - t["ask"]) / 2)

    soon, late = moved(0.5, 305) - moved(0.0, 305), moved(0.5, 500) - moved(0.0, 500)
    assert 3.0 < soon.mean() < 4.5  # .5 * 8 lots * exp(-5 / 25) = 3.3, rounded, once all have followed
    assert abs(late.mean()) < 3 * late.std(ddof=1) / math.sqrt(24) + 0.2


def test_the_mid_follows_the_public_value_and_does_not_overshoot_it() -> None:
    """Slope of a minute's change of the mid on that of the value: 1 less what is still on its way; never above 1."""
    markets, start = opened(quiet(sigma=100.0), range(16))
    slopes = []
    for i in range(16):
        w, mid, value = markets.worlds[i], [], []
        for minute in range(5, 395):
            markets.run(i, start + minute * 59 * SECOND)
            mid.append((int(w["bid"]) + int(w["ask"])) / 2)
            value.append(int(w["value"]))
        slopes.append(np.polyfit(np.diff(value), np.diff(mid), 1)[0])
    error = float(np.std(slopes, ddof=1)) / math.sqrt(len(slopes))
    assert error < 0.02
    assert 0.8 < np.mean(slopes) < 1.0


def test_a_long_queue_keeps_makers_away_and_those_in_it_stay() -> None:
    """It joins a queue of q lots with probability 1 / (1 + q / long_queue), and stays 1 + q / long_queue as long."""
    start, close = session_of(preset := quiet(skew=0.0, placement_tail=3.0), FIRST_DAY)
    shy = make_parameters(preset.model_copy(update={"lit": preset.lit.model_copy(update={"long_queue": 4.0})}))
    markets = new_worlds(preset, range(7, 8), "calm", start, close)
    away = expected = variance = 0.0
    lives, shy_lives = list[float](), list[float]()
    for k in range(60):
        markets.run(0, start + (60 + 5 * k) * SECOND)
        for draw in range(40):
            (price, life, touch, queue), (shy_price, shy_life, *_) = (
                placed(markets.copy(), parameters, draw) for parameters in (markets.params, kernel_view(shy))
            )
            if price != touch:
                assert (shy_price, shy_life) == (price, life)
                continue
            chance = queue / (queue + 4.0)
            away, expected, variance = away + (shy_price != touch), expected + chance, variance + chance * (1 - chance)
            lives.append(life)
            if shy_price == touch:
                shy_lives.append(shy_life / (1 + queue / 4.0))
            assert abs(shy_price - touch) <= 1
    assert min(expected, len(shy_lives)) > 100
    assert np.mean(shy_lives) == pytest.approx(np.mean(lives), rel=4 / math.sqrt(len(shy_lives)))
    assert away == pytest.approx(expected, abs=4 * math.sqrt(variance))


def placed(markets: Worlds, parameters: np.ndarray, draw: int) -> tuple[int, int, int, float]:
    """Place maker number `draw` from now; return its price and life (ns), the touch, and the lots that stood there."""
    w = markets.worlds[0]
    w["number"][LIMITS] += 1000 * (draw + 1)
    told = np.zeros(64, EVENT)
    touches = {1: int(w["bid"]), -1: int(w["ask"])}
    queues = {side: int(displayed(w, markets.books, side, touches[side])) for side in touches}
    place(w, parameters[0], markets.books, kernel_view(told))
    side, price, venue = int(told[0]["side"]), int(told[0]["price"]), int(told[0]["instrument"])
    book = markets.books[venue]
    (slot,) = np.flatnonzero(book["order"]["id"] == w["next_id"])
    life = int(w["agent"][venue * ORDERS + slot]["due"]) - int(w["now"])
    return price, life, touches[side], queues[side] / 100


def test_orders_have_the_sizes_of_the_preset_as_often_as_it_says() -> None:
    markets, start = opened(quiet(order_sizes=(2, 7, 40), order_weights=(3.0, 0.0, 1.0)), range(1))
    told: list[np.ndarray] = []
    while not markets.step(0, start + 900 * SECOND, told.append):
        pass
    added = np.concatenate(told)
    added = added[(added["kind"] == Kind.ADD) & (added["time"] > start)]
    large = added["quantity"] == 4000
    assert np.all(large | (added["quantity"] == 200))
    assert abs(large.mean() - 0.25) < 4 * math.sqrt(0.25 * 0.75 / len(added))
    assert len(added) > 5000
