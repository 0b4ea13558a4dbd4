"""The router against its plain twin; and what holds whatever it is asked: protection, conservation, the limit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.board import PLACES, Phase, PlaceKind, PlaceState, new_boards
from nowake.core.draws import Draws
from nowake.core.errors import InputError, OrderError
from nowake.core.intent import OrderKind, Tactic, new_intents
from nowake.core.jit import jit_disabled
from nowake.data.reader import kernel_view
from nowake.routing import reference
from nowake.routing.dark import AGAIN
from nowake.routing.parameters import Routing, new_params
from nowake.routing.reasons import WORDS, Reason, words
from nowake.routing.router import better_elsewhere, route
from nowake.routing.venues import CLASSES, EXTRA, SIZES, new_draws, new_stats
from nowake.routing.want import check_want, new_wants

STEP = 100
NOW = 10**18  # ns
EXAMPLES = 60 if jit_disabled() else 400


def viewed(records: np.ndarray) -> np.ndarray:
    return kernel_view(records)


def plain(records: np.ndarray) -> Any:
    return records.view(np.ndarray)[0]


PLACE = st.fixed_dictionaries(
    {
        "kind": st.sampled_from((1, 1, 1, 2, 2, 3)),
        "state": st.sampled_from((0, 0, 0, 0, 1, 2, 3)),
        "back": st.integers(0, 3),  # steps behind the best bid
        "ahead": st.integers(0, 3),
        "bid_size": st.sampled_from((0, 1, 99, 100, 700, 2500)),
        "ask_size": st.sampled_from((0, 1, 99, 100, 700, 2500)),
        "maker_fee": st.sampled_from((-30.0, -20.0, 0.0, 5.0)),
        "taker_fee": st.sampled_from((-10.0, 0.0, 30.0)),
        "latency": st.sampled_from((0, 200_000, 5_000_000)),
    }
)
WANTED = st.fixed_dictionaries(
    {
        "side": st.sampled_from((1, -1)),
        "tactic": st.sampled_from(tuple(int(t) for t in Tactic)),
        "due": st.sampled_from((0, 1, 350, 1000, 9000)),
        "passive": st.sampled_from((0, 50, 400, 3000, 40_000)),
        "rest": st.sampled_from((0, 100_000)),
        "deal_least": st.sampled_from((0, 300, 2_000, 2**62)),
        "urgency": st.sampled_from((0.0, 0.3, 1.0)),
        "limit": st.sampled_from((0, 0, 10_000, 10_100, 10_300)),
        "time": st.sampled_from((0, NOW)),  # 0: every pool has told what it holds
    }
)
PARAMS = st.builds(
    Routing,
    dark_share=st.sampled_from((0.0, 0.5, 1.0)),
    pool_cap=st.sampled_from((0.3, 0.5, 1.0)),
    explore=st.sampled_from((0.0, 1.0)),
    latency_cost=st.sampled_from((0.0, 3.0)),
    reach=st.sampled_from((0, 2)),
    quote_depth=st.sampled_from((0.0, 3.0)),
)


def board_of(places: list[dict[str, Any]], spread: int) -> np.ndarray:
    """A board whose best prices are those of its lit places that are up."""
    boards = new_boards(1)
    b = boards[0]
    b["phase"], b["places"] = int(Phase.CONTINUOUS), len(places)
    for k, given_ in enumerate(places):
        q = b["place"][k]
        for name in ("kind", "state", "bid_size", "ask_size", "maker_fee", "taker_fee", "latency"):
            q[name] = given_[name]
        if q["kind"] == PlaceKind.LIT:
            q["bid"], q["ask"] = 10_000 - STEP * given_["back"], 10_000 + STEP * (spread + given_["ahead"])
    lit = [q for q in b["place"][: len(places)] if q["kind"] == PlaceKind.LIT and q["state"] == PlaceState.UP]
    bids = [q for q in lit if q["bid_size"] > 0]
    asks = [q for q in lit if q["ask_size"] > 0]
    b["bid"] = max((q["bid"] for q in bids), default=0)
    b["ask"] = min((q["ask"] for q in asks), default=0)
    b["bid_size"] = sum(q["bid_size"] for q in bids if q["bid"] == b["bid"])
    b["ask_size"] = sum(q["ask_size"] for q in asks if q["ask"] == b["ask"])
    return viewed(boards)


def learnt_stats(seed: int) -> np.ndarray:
    """Statistics as if learnt from something; seed 0: nothing."""
    stats = new_stats(1)
    if seed == 0:
        return stats
    random = np.random.default_rng(seed)
    s = plain(stats)
    s["noise"], s["moves"], s["residual"], s["drifts"] = random.uniform(100, 90_000), 50, 400.0, 60
    s["beta"], s["cov"] = random.normal(0, 3, EXTRA), np.eye(EXTRA) * 0.01
    v = s["venue"]
    v["risk"] = np.sort(random.uniform(0, 60, (PLACES, SIZES)))[:, ::-1]
    v["ended"] = v["risk"] * random.uniform(0, 0.7, (PLACES, SIZES))
    v["marks"], v["mark"] = random.uniform(0, 80, PLACES), random.normal(-20, 60, PLACES)
    v["nears"], v["near"] = random.uniform(0, 30, (PLACES, CLASSES)), random.normal(-20, 60, (PLACES, CLASSES))
    v["short"] = random.choice((0, NOW - AGAIN, NOW - 1, NOW + 1), PLACES)
    v["outflow"], v["outflows"] = random.uniform(50, 9000, PLACES), random.uniform(0, 60, PLACES)
    v["asked"] = random.uniform(0, 40, PLACES)
    v["answered"] = v["asked"] * random.uniform(0, 1, PLACES)
    v["offset"] = random.normal(80, 30, PLACES)
    v["offset_square"] = v["offset"] ** 2 + random.uniform(0, 900, PLACES)
    v["held"] = random.uniform(0, 40, PLACES)
    v["refused"], v["refused_move"] = v["held"] * random.uniform(0, 1, PLACES), random.normal(20, 40, PLACES)
    return stats


class Scene:
    """One want before one board."""

    def __init__(
        self,
        places: list[dict[str, Any]],
        want: dict[str, Any],
        routing: Routing | None = None,
        *,
        spread: int = 1,
        learnt: int = 0,
        own: dict[int, tuple[int, int]] | None = None,
    ) -> None:
        self.boards, self.stats, self.params = board_of(places, spread), learnt_stats(learnt), new_params(routing)
        self.wants, self.intents = new_wants(1), viewed(new_intents(64))
        w = plain(self.wants)
        w["step"] = STEP
        for name, value in want.items():
            w[name] = value
        for k, (shares, ahead) in (own or {}).items():
            w["own"][k], w["ahead"][k] = shares, ahead
        self.draws = new_draws([77])
        check_want(w)

    def twin(self) -> reference.Routed:
        rows = (plain(self.boards), plain(self.stats), plain(self.params), plain(self.wants))
        return reference.route(*rows, Draws(77))

    def leaves(self) -> list[int]:
        better_elsewhere(self.boards, self.stats, self.params, self.wants, 0)
        return [int(k) for k in np.flatnonzero(self.want["leave"])]

    def twin_leaves(self) -> list[int]:
        rows = (plain(self.boards), plain(self.stats), plain(self.params), plain(self.wants))
        return reference.better_elsewhere(*rows, Draws(77))

    def route(self) -> list[Any]:
        n = route(self.boards, self.stats, self.params, self.wants, 0, self.draws, self.intents)
        return list(self.intents.view(np.ndarray)[:n])

    @property
    def want(self) -> Any:
        return plain(self.wants)


SCENES = st.builds(
    Scene,
    st.lists(PLACE, min_size=1, max_size=7),
    WANTED,
    PARAMS,
    spread=st.integers(-1, 3),
    learnt=st.integers(0, 5),
    own=st.dictionaries(
        st.integers(0, 6), st.tuples(st.sampled_from((100, 700)), st.sampled_from((-1, 0, 500, 6000))), max_size=3
    ),
)


def told(rows: list[Any]) -> list[tuple[int, ...]]:
    fields = ("venue", "kind", "price", "quantity", "reason", "minimum")
    return [tuple(int(row[name]) for name in fields) for row in rows]


@settings(max_examples=EXAMPLES, deadline=None)
@given(scene=SCENES)
def test_the_kernel_does_what_its_plain_twin_does(scene: Scene) -> None:
    twin = scene.twin()
    rows = scene.route()
    expected = [(c.place, int(c.kind), c.price, c.quantity, int(c.reason), c.minimum) for c in twin.children]
    assert told(rows) == expected
    assert [row["score"] for row in rows] == pytest.approx([c.score for c in twin.children], rel=1e-9, abs=1e-9)
    assert scene.want["left"] == twin.left
    assert scene.leaves() == scene.twin_leaves()


@settings(max_examples=EXAMPLES, deadline=None)
@given(scene=SCENES)
def test_no_child_trades_through_a_better_displayed_quote(scene: Scene) -> None:
    rows, side = scene.route(), int(scene.want["side"])
    lit = [k for k, q in enumerate(plain(scene.boards)["place"]) if q["kind"] == PlaceKind.LIT]
    takers = [row for row in rows if row["kind"] == OrderKind.IOC and row["venue"] in lit]
    price, size = ("ask", "ask_size") if side > 0 else ("bid", "bid_size")
    for row in takers:
        for k, q in enumerate(plain(scene.boards)["place"]):
            shown = q["kind"] == PlaceKind.LIT and q["state"] == PlaceState.UP and q[price] > 0 and q[size] > 0
            if k == row["venue"] or not shown or side * q[price] >= side * row["price"]:
                continue
            at_once = [one for one in takers if one["venue"] == k]
            assert len(at_once) == 1, f"nothing to place {k}, which shows {q[price]}, beside {row}"
            assert at_once[0]["quantity"] >= q[size]
            assert side * at_once[0]["price"] >= side * q[price]
    for row in rows:
        if row["kind"] == OrderKind.POST_ONLY:  # rests: never at or through the other side
            assert side * row["price"] < side * plain(scene.boards)["ask" if side > 0 else "bid"]


@settings(max_examples=EXAMPLES, deadline=None)
@given(scene=SCENES)
def test_shares_are_neither_made_nor_lost_and_the_limit_holds(scene: Scene) -> None:
    rows, w = scene.route(), scene.want
    firm = sum(int(row["quantity"]) for row in rows if row["kind"] != OrderKind.QUOTE)
    asked = {int(row["quantity"]) for row in rows if row["kind"] == OrderKind.QUOTE}
    assert len(asked) <= 1
    assert firm + sum(asked) + w["left"] == w["due"] + w["passive"]
    assert w["left"] >= 0
    for row in rows:
        q = plain(scene.boards)["place"][row["venue"]]
        assert row["quantity"] > 0
        assert 0 <= row["minimum"] <= row["quantity"]
        assert q["state"] == PlaceState.UP
        kinds = {1: (OrderKind.IOC, OrderKind.POST_ONLY), 2: (OrderKind.MID_PEG, OrderKind.IOC), 3: (OrderKind.QUOTE,)}
        assert row["kind"] in kinds[int(q["kind"])]
        assert w["limit"] == 0 or w["side"] * row["price"] <= w["side"] * w["limit"]
        assert Reason(int(row["reason"])) is not Reason.NONE
        assert np.isfinite(row["score"])
    if w["tactic"] == Tactic.DARK:
        assert all(row["kind"] in (OrderKind.MID_PEG, OrderKind.QUOTE) for row in rows)


def place(kind: int = 1, **other: Any) -> dict[str, Any]:
    usual = {"state": 0, "back": 0, "ahead": 0, "bid_size": 500, "ask_size": 500, "maker_fee": 0.0, "taker_fee": 0.0}
    return {"kind": kind, "latency": 0, **usual, **other}


def test_a_sweep_goes_to_all_better_venues_at_once_cheapest_fee_first() -> None:
    places = [place(taker_fee=30.0), place(ahead=1, taker_fee=-90.0), place(taker_fee=-10.0, ask_size=200)]
    scene = Scene(places, {"side": 1, "due": 1000, "tactic": 3})
    rows = scene.route()
    assert [(int(r["venue"]), int(r["price"]), int(r["quantity"])) for r in rows] == [
        (2, 10_100, 200),
        (0, 10_100, 500),
        (1, 10_200, 300),
    ]
    assert [Reason(int(r["reason"])) for r in rows] == [Reason.SWEEP_BEST] * 2 + [Reason.SWEEP_PROTECTED]
    assert [float(r["score"]) for r in rows] == [0.0, -40.0, -20.0]
    assert scene.want["left"] == 0


def test_latency_decides_between_equal_prices_where_it_costs() -> None:
    places = [place(latency=4_000_000), place(taker_fee=5.0)]
    want = {"side": -1, "due": 100, "tactic": 3}
    assert Scene(places, want).route()[0]["venue"] == 0
    assert Scene(places, want, Routing(latency_cost=2.0)).route()[0]["venue"] == 1


def test_what_is_not_displayed_is_left_unless_the_sweep_is_urgent_and_may_reach() -> None:
    places, want = [place(), place(ahead=1)], {"side": 1, "due": 1500, "tactic": 3}
    patient = Scene(places, want, Routing(reach=2))
    assert (len(patient.route()), patient.want["left"]) == (2, 500)
    urgent = Scene(places, {**want, "urgency": 1.0}, Routing(reach=2))
    rows = urgent.route()
    assert (int(rows[1]["price"]), int(rows[1]["quantity"]), int(urgent.want["left"])) == (10_400, 1000, 0)
    capped = Scene(places, {**want, "urgency": 1.0, "limit": 10_300}, Routing(reach=2))
    assert int(capped.route()[1]["price"]) == 10_300


def test_the_short_queue_and_the_better_rebate_get_more() -> None:
    places = [place(bid_size=6000), place(bid_size=200), place(bid_size=200, maker_fee=-60.0)]
    rows = Scene(places, {"side": 1, "passive": 3000, "tactic": 1}, Routing(dark_share=0.0)).route()
    given_ = {int(r["venue"]): int(r["quantity"]) for r in rows}
    assert given_[2] > given_[1] > given_.get(0, 0)
    assert sum(given_.values()) == 3000


def test_what_is_dear_to_wait_for_is_taken() -> None:
    places, routing = [place(bid_size=50_000, ask_size=900)], Routing(dark_share=0.0)
    for urgency, kind in ((0.0, OrderKind.POST_ONLY), (1.0, OrderKind.IOC)):
        rows = Scene(places, {"side": 1, "passive": 400, "tactic": 1, "urgency": urgency}, routing).route()
        assert [(int(r["kind"]), int(r["quantity"])) for r in rows] == [(int(kind), 400)]


def test_improving_rests_inside_the_spread_and_at_the_mid_where_there_is_no_room() -> None:
    places = [place(), place(kind=2)]
    want, routing = {"side": -1, "passive": 400, "tactic": 2}, Routing(dark_share=0.0)
    (wide,) = Scene(places, want, routing, spread=3).route()
    assert (int(wide["price"]), Reason(int(wide["reason"]))) == (10_200, Reason.IMPROVE_STEP)
    (tight,) = Scene(places, want, routing, spread=1).route()
    assert (int(tight["kind"]), Reason(int(tight["reason"]))) == (int(OrderKind.MID_PEG), Reason.DARK_AT_MID)


def test_an_order_leaves_a_hopeless_queue_and_a_lost_price_but_not_a_good_place() -> None:
    places = [place(bid_size=9000), place(bid_size=100)]
    for ahead, leaves in ((8000, [0]), (-1, [0]), (0, [])):
        scene = Scene(places, {"side": 1, "passive": 100, "tactic": 1}, own={0: (100, ahead)})
        assert scene.leaves() == leaves


def test_dealers_are_asked_for_what_is_large() -> None:
    places = [place(ask_size=100), place(kind=3), place(kind=3), place(kind=3)]
    small = Scene(places, {"side": 1, "due": 200, "tactic": 3}).route()
    assert [int(r["kind"]) for r in small] == [int(OrderKind.IOC)]
    large = Scene(places, {"side": 1, "due": 5000, "tactic": 3}).route()
    asked = [r for r in large if r["kind"] == OrderKind.QUOTE]
    assert 1 <= len(asked) <= 3
    assert {int(r["quantity"]) for r in asked} == {4900}


def asked(scene: Scene) -> list[tuple[int, int, int]]:
    rows = scene.route()
    assert all(row["kind"] == OrderKind.IOC for row in rows if row["reason"] == Reason.DARK_FIRST)
    return [(int(r["venue"]), int(r["price"]), int(r["quantity"])) for r in rows if r["reason"] == Reason.DARK_FIRST]


def test_pools_are_asked_for_all_that_may_wait_before_it_waits_in_sight() -> None:
    places, want = [place(), place(kind=2), place(kind=2)], {"side": 1, "passive": 1000, "tactic": 1, "time": NOW}
    assert asked(Scene(places, want)) == [(1, 10_100, 500), (2, 10_100, 500)]
    assert asked(Scene(places, {**want, "side": -1})) == [(1, 10_000, 500), (2, 10_000, 500)]
    assert asked(Scene(places, {**want, "limit": 10_000})) == [(1, 10_000, 500), (2, 10_000, 500)]
    for other in ({"tactic": 0}, {"tactic": 3}, {"time": 0}):
        assert asked(Scene(places, {**want, **other})) == []
    for share in (0.0, 1.0):  # not used at all, and a place to wait in just as well
        assert asked(Scene(places, want, Routing(dark_share=share))) == []


def test_a_pool_that_came_back_short_is_not_asked_again_for_a_while() -> None:
    places, want = [place(), place(kind=2), place(kind=2)], {"side": 1, "passive": 1000, "tactic": 1, "time": NOW}
    for since, venues in ((0, [2]), (AGAIN - 1, [2]), (AGAIN, [1, 2])):
        scene = Scene(places, want)
        plain(scene.stats)["venue"]["short"][1] = NOW - since
        assert [venue for venue, _, _ in asked(scene)] == venues
    both = Scene(places, want)
    plain(both.stats)["venue"]["short"][:] = NOW - 1
    rows = both.route()
    assert sum(int(r["quantity"]) for r in rows if r["kind"] == OrderKind.MID_PEG) <= 500
    assert {int(r["kind"]) for r in rows} == {int(OrderKind.MID_PEG), int(OrderKind.POST_ONLY)}


def test_a_pool_whose_fills_lose_more_than_the_half_spread_is_not_asked() -> None:
    places, want = [place(), place(kind=2), place(kind=2)], {"side": 1, "passive": 1000, "tactic": 1, "time": NOW}
    scene = Scene(places, want)
    v = plain(scene.stats)["venue"]
    v["marks"][1], v["mark"][1] = 200.0, -80.0
    assert asked(scene) == [(2, 10_100, 1000)]
    v["marks"][2], v["mark"][2] = 200.0, -80.0
    again = Scene(places, want)
    plain(again.stats)["venue"][:] = v
    assert asked(again) == []


def test_no_pool_gets_more_than_its_cap() -> None:
    places = [place(), place(kind=2), place(kind=2)]
    rows = Scene(places, {"side": 1, "passive": 4000, "tactic": 0}, Routing(pool_cap=0.5)).route()
    assert {int(r["venue"]) for r in rows} == {1, 2}
    assert max(int(r["quantity"]) for r in rows) <= 2000


@pytest.mark.parametrize("phase", [Phase.CLOSED, Phase.AUCTION, Phase.HALTED])
def test_nothing_is_routed_while_there_is_no_continuous_trading(phase: Phase) -> None:
    scene = Scene([place()], {"side": 1, "due": 300, "tactic": 3})
    plain(scene.boards)["phase"] = int(phase)
    assert scene.route() == []
    assert scene.want["left"] == 300


def test_the_same_counter_gives_the_same_route_and_another_one_another() -> None:
    places = [place(), place(kind=2), place(kind=2)]
    want = {"side": 1, "passive": 4000, "tactic": 0}
    first = [told(Scene(places, want, learnt=2).route()) for _ in range(2)]
    assert first[0] == first[1]
    others = set()
    for key in range(8):
        scene = Scene(places, want, learnt=2)
        scene.draws = new_draws([key])
        others.add(tuple(told(scene.route())))
    assert len(others) > 1


def test_too_few_rows_for_intents_is_an_error() -> None:
    scene = Scene([place(), place(ahead=1)], {"side": 1, "due": 900, "tactic": 3})
    scene.intents = viewed(new_intents(1))
    with pytest.raises(IndexError, match="raise its length"):
        scene.route()


def test_impossible_wants_and_parameters_are_refused() -> None:
    for wrong in ({"side": 0}, {"due": -1}, {"urgency": 1.5}, {"tactic": 9}, {"limit": 10_050}, {"urgency": np.nan}):
        with pytest.raises(OrderError, match="expected"):
            Scene([place()], {"side": 1, "due": 100, **wrong})
    with pytest.raises(InputError, match="pool_cap"):
        Routing(pool_cap=0.0)
    with pytest.raises(InputError, match="whole number"):
        Routing(lot=1.5)  # type: ignore[arg-type]


def test_every_reason_has_words() -> None:
    assert set(WORDS) == set(Reason)
    assert "better displayed quote" in words(int(Reason.SWEEP_PROTECTED))
    with pytest.raises(ValueError, match="99"):
        words(99)
