"""The feature vector of a live desk: whole after an hour, warm from the past, with what the desk itself knows."""

import math

import numpy as np
import pytest

from nowake.core.board import PlaceKind
from nowake.core.intent import OrderKind, Tactic
from nowake.core.times import SECOND
from nowake.core.values import ParentOrder, Side
from nowake.core.venue import New
from nowake.data.reader import kernel_view
from nowake.execution.desk_state import CHILDREN, Placing, Stage
from nowake.execution.hearing import Word, mark_out
from nowake.execution.live import LiveDesk
from nowake.execution.observing import sense
from nowake.execution.opening import warm
from nowake.execution.path import NO_NEWS, Decided, DecisionPath, Place
from nowake.execution.policy import FixedPolicy
from nowake.features.stream import write_board
from nowake.features.vector import INDEX, NAMES, rows_for
from nowake.market.market import Market
from nowake.market.usual import usual_day

from .desk_world import CONFIG, INSTRUMENT, OURS, Notes, Recorded, World, linear, path_of, places_of

LATER = {
    "sign_10000": "10,000 signed orders: most of a day",
    "vpin": "50 buckets of 1/50 of a usual day's volume: a day",
    "news_score": "no news is told to this desk",
    "news_age": "no news is told to this desk",
}
PLACES = [Place("LIT", PlaceKind.LIT), Place("POOL", PlaceKind.DARK), Place("FAR", PlaceKind.LIT)]


class Rows(Notes):
    """Notes the row of the vector that each decision has seen."""

    def __init__(self, path: DecisionPath) -> None:
        super().__init__()
        self.path, self.rows = path, rows_for(0)

    def decided(self, decided: Decided) -> None:
        super().decided(decided)
        self.rows = np.append(self.rows, self.path.rows[decided.row : decided.row + 1])


@pytest.fixture(scope="module")
def hour() -> World:
    waiting = Placing(cross_before=0)  # else nothing rests any more when the next slice is decided on
    policy = FixedPolicy(Tactic.JOIN)
    world = World(policy, quantity=120_000, minutes=61.0, warm_up=900.0, placing=waiting, warmed=True)
    world.desk.keeper = Rows(world.path)
    end = world.market.now + 3600 * SECOND
    while world.market.now < end:
        world.step(1.0)
    return world


def rows_of(world: World) -> np.ndarray:
    keeper = world.desk.keeper
    assert isinstance(keeper, Rows)
    return keeper.rows


def row_now(path: DecisionPath, t: int) -> dict[str, tuple[float, int]]:
    rows = rows_for(1)
    write_board(path.features, path.boards, 0, t, kernel_view(rows), 0, NO_NEWS)
    return dict(zip(NAMES, zip(rows["value"][0].tolist(), rows["ready"][0].tolist(), strict=True), strict=True))


def test_after_an_hour_every_feature_has_been_ready_but_those_that_need_longer(hour: World) -> None:
    rows = rows_of(hour)
    assert len(rows) > 50
    ready = rows["ready"].any(axis=0)
    assert {name for name, k in INDEX.items() if not ready[k]} == set(LATER)
    assert np.isfinite(rows["value"]).all()


def test_what_does_not_depend_on_own_orders_stays_ready(hour: World) -> None:
    last = rows_of(hour)[-5:]
    touch = last["ready"][:, INDEX["imbalance"]] == 1  # one-sided or crossed for a moment
    assert touch.mean() > 0.5
    for name in ("imbalance_depth", "depth_ratio", "depth_share", "ofi_deep_64s", "volatility_relative", "pace_day",
                 "pace_recent", "realised_4096s", "sign_1000", "dark_fill", "dark_markout"):  # fmt: skip
        assert last["ready"][touch][:, INDEX[name]].all(), name


def test_pace_and_relative_volatility_are_those_of_a_usual_day(hour: World) -> None:
    values = row_now(hour.path, hour.market.now)
    assert 0.3 < values["pace_day"][0] < 3
    assert 0.2 < values["volatility_relative"][0] < 5
    assert 0.3 < values["volatility_4096s"][0] / values["realised_4096s"][0] < 3


def test_what_dark_pools_answered_is_in_the_vector(hour: World) -> None:
    dark = {place.name for place in hour.path.places if place.kind is PlaceKind.DARK}
    sent = {c.order_id: c.quantity for c in hour.venue.sent if isinstance(c, New) and c.venue in dark}
    filled, over = dict.fromkeys(sent, 0), {}
    for step in hour.steps:
        for event in step.said:
            if event.order_id in sent and event.kind in ("fill", "cancel", "expire"):
                filled[event.order_id] += event.quantity if event.kind == "fill" else 0
                if event.kind != "fill" or filled[event.order_id] == sent[event.order_id]:
                    over[event.order_id] = step.now
    now = hour.market.now
    weight = {oid: math.exp(-(now - when) / 4096e9) for oid, when in over.items()}
    done, offered = (sum(of[oid] * w for oid, w in weight.items()) for of in (filled, sent))
    assert len(over) > 20
    assert row_now(hour.path, now)["dark_fill"] == (pytest.approx(done / offered), 1)


def test_a_decision_sees_the_queues_that_the_order_rests_in(hour: World) -> None:
    rows = rows_of(hour)
    rests = rows["ready"][:, INDEX["queue_share"]] == 1
    position, share = (rows["value"][:, INDEX[name]] for name in ("queue_position", "queue_share"))
    assert 3 < rests.sum() < len(rows)
    assert (share[rests] > 0).all()
    assert (position + share <= 1).all()
    assert not position[~rests].any()


# warm from the past


def quiet(context_of: Market) -> DecisionPath:
    """Return a path whose order never starts."""
    session = context_of.now, context_of.close
    path = path_of(places_of(context_of), FixedPolicy(), context=usual_day(context_of.preset, session))
    order = ParentOrder("P", INSTRUMENT, Side.BUY, 100, session[1] - SECOND, session[1])
    path.take_on(0, order, linear(), SECOND, Placing())
    return path


def test_a_desk_that_joins_with_the_past_knows_what_one_knows_that_was_there_from_the_open() -> None:
    market = Market.load("midcap", 3)
    there, late = quiet(market), quiet(market)
    first = LiveDesk(there, Recorded(), Notes(), CONFIG, own_from=OURS)
    past = []
    for _ in range(120):
        past.append(market.messages())
        first.market(past[-1], market.now)
        market.advance(1.0)
    past.append(market.messages())
    first.market(past[-1], market.now)
    warm(late, np.concatenate(past), CONFIG, OURS)
    assert not late.boards["volume"][0]
    assert there.features.tobytes() == late.features.tobytes()
    second = LiveDesk(late, Recorded(), Notes(), CONFIG, own_from=OURS)
    second.market(market.books(), market.now)
    for _ in range(30):
        market.advance(1.0)
        news = market.messages()
        first.market(news, market.now)
        second.market(news, market.now)
    one, two = row_now(there, market.now), row_now(late, market.now)
    for name in NAMES:
        assert two[name] == (pytest.approx(one[name][0], rel=1e-9, abs=1e-12), one[name][1]), name
    assert one["imbalance_depth"][1] == one["ofi_deep_64s"][1] == one["flow_64s"][1] == 1


def test_without_a_past_a_desk_starts_cold_and_the_first_books_are_no_news() -> None:
    market = Market.load("midcap", 3)
    path = quiet(market)
    market.advance(600.0)
    market.messages()
    desk = LiveDesk(path, Recorded(), Notes(), CONFIG, own_from=OURS)
    desk.market(market.books(), market.now)
    market.advance(0.5)
    desk.market(market.messages(), market.now)
    values = row_now(path, market.now)
    assert values["imbalance_depth"][1] == values["spread_steps"][1] == 1
    assert [values[name][1] for name in ("volatility_64s", "ofi_1s", "flow_8s", "pace_day")] == [0, 0, 0, 0]
    assert values["volatility_4096s"][0] < 5
    for _ in range(70):
        market.advance(1.0)
        desk.market(market.messages(), market.now)
    values = row_now(path, market.now)
    assert values["pace_day"][1] == 1
    assert 0 < values["pace_day"][0] < 5


# what only the desk knows


def at_rest(n: int = 1) -> DecisionPath:
    """Return a path over PLACES, a quote of 300 at 99 and 101 at LIT, of 200 at 98 and 102 at FAR."""
    path = path_of(PLACES, FixedPolicy(), n=n)
    for i in range(n):
        order = ParentOrder(f"P{i}", INSTRUMENT, Side.BUY, 10_000, 0, 600 * SECOND)
        path.take_on(i, order, linear(), 10 * SECOND, Placing())
    place = path.boards[0]["place"]
    for k, (bid, ask, shares) in {0: (99, 101, 300), 2: (98, 102, 200)}.items():
        place[k]["bid"], place[k]["ask"], place[k]["bid_size"], place[k]["ask_size"] = bid, ask, shares, shares
    return path


def rest(path: DecisionPath, row: int, venue: int, price: int, leaves: int, ahead: int, **more: int) -> None:
    """Put a child of a buy into `row`."""
    k, w = path.kids[row], path.working[row]
    k["stage"], k["ahead"], k["joined"] = more.get("stage", Stage.LIVE), ahead, ahead
    k["quantity"] = w["leaves"] = leaves
    w["id"], w["venue"], w["side"], w["price"] = row + 1, venue, 1, price
    w["kind"] = more.get("kind", OrderKind.POST_ONLY)


def queue_of(path: DecisionPath, i: int = 0) -> tuple[float, float, int]:
    sense(path.desk, path.kids, path.working, path.boards, path.features, i, SECOND, path.rows, NO_NEWS)
    row = path.rows[i]
    position, share = INDEX["queue_position"], INDEX["queue_share"]
    return float(row["value"][position]), float(row["value"][share]), int(row["ready"][share])


def test_a_place_in_the_queue_is_that_of_what_rests_at_the_touch() -> None:
    path = at_rest()
    assert queue_of(path) == (0.0, 0.0, 0)
    rest(path, 0, 0, 99, 100, 100)
    assert queue_of(path) == (100 / 400, 100 / 400, 1)
    rest(path, 1, 2, 98, 100, 250)  # more than is shown: those before it have gone
    assert queue_of(path) == (300 / 700, 200 / 700, 1)
    rest(path, 2, 2, 97, 100, 50)  # behind the touch
    rest(path, 3, 0, 99, 100, 0, stage=Stage.SENT)
    rest(path, 4, 0, 99, 100, 0, stage=Stage.CANCELLING)
    rest(path, 5, 1, 0, 100, 0, kind=OrderKind.MID_PEG)
    assert queue_of(path) == (300 / 700, 200 / 700, 1)


def test_an_order_before_the_touch_of_the_others_is_a_queue_of_its_own() -> None:
    path = at_rest()
    rest(path, 0, 0, 100, 100, 0)
    assert queue_of(path) == (0.0, 1.0, 1)


def test_every_parent_of_an_instrument_sees_its_own_queue() -> None:
    path = at_rest(2)
    rest(path, 0, 0, 99, 100, 0)
    rest(path, CHILDREN, 0, 99, 300, 300)
    assert queue_of(path, 0) == (0.0, 0.25, 1)
    assert queue_of(path, 1) == (0.5, 0.5, 1)
    assert queue_of(path, 0) == (0.0, 0.25, 1)


@pytest.mark.parametrize("quantity", [100, 40])
def test_a_dark_pool_s_answer_counts_when_the_child_is_over(quantity: int) -> None:
    path = at_rest()
    rest(path, 0, 1, 0, 100, -1, kind=OrderKind.MID_PEG)
    path.hear(0, 1, Word.FILL, quantity, 200, SECOND)
    assert row_now(path, SECOND)["dark_fill"][1] == (quantity == 100)
    if quantity < 100:
        path.hear(0, 1, Word.GONE, 0, 0, SECOND)
    assert row_now(path, SECOND)["dark_fill"] == (quantity / 100, 1)


def test_a_lit_venue_and_a_refusal_are_no_answer_of_a_pool() -> None:
    path = at_rest()
    rest(path, 0, 0, 99, 100, 0)
    rest(path, 1, 1, 0, 100, -1, kind=OrderKind.MID_PEG)
    path.hear(0, 1, Word.FILL, 100, 198, SECOND)
    path.hear(0, 2, Word.REFUSED, 0, 0, SECOND)
    assert row_now(path, SECOND)["dark_fill"] == (0.0, 0)


def test_a_fill_of_a_child_that_is_over_is_an_own_fill_all_the_same() -> None:
    path = at_rest()
    assert path.hear(0, 77, Word.FILL, 100, 198, SECOND) == -1
    assert path.features["own"][0] == path.features["own_signed"][0] == 100


def test_the_mark_out_of_a_dark_fill_is_told_after_ten_seconds() -> None:
    path = at_rest()
    board, times = path.boards[0], (SECOND, 5 * SECOND, 11 * SECOND, 70 * SECOND)
    for k, venue in enumerate((1, 0)):
        m = path.marks[k]
        m["time"], m["quantity"], m["mid2"], m["venue"] = SECOND, 100, 200, venue
    told = []
    for now, mid in zip(times, (100, 101, 98, 90), strict=True):
        board["bid"], board["ask"] = mid - 1, mid + 1
        mark_out(path.desk, path.boards, path.features, path.stats, path.params, path.markouts, path.marks, 0, now)
        told.append(row_now(path, now)["dark_markout"])
    assert told[:2] == [(0.0, 0), (0.0, 0)]
    assert told[2] == (pytest.approx(-200.0), 1)  # a buy: from 100 to 98
    assert told[3] == (pytest.approx(-200.0), 1)
