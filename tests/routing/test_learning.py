"""What the venue statistics learn: against the plain twins, and against the truth of simulated fills."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.board import PLACES, PlaceKind
from nowake.core.jit import jit_disabled, kernel
from nowake.core.streams import generator
from nowake.routing import queues, reference_learning
from nowake.routing.dealers import hear_look, hear_quote
from nowake.routing.leak import drifted
from nowake.routing.learning import heard, marked
from nowake.routing.minimum import least_execution
from nowake.routing.parameters import Routing, new_params
from nowake.routing.tails import survives
from nowake.routing.toxicity import toxicity_index
from nowake.routing.venues import EDGES, STATS, VENUE_STATS, new_markouts, new_reports, new_stats
from nowake.routing.want import WANT

PARAMS = Routing(lot=1)


def plain(records: np.ndarray) -> Any:
    return records.view(np.ndarray)[0]


class Ear:
    """Statistics and what is told to them, about place 2."""

    def __init__(self, routing: Routing = PARAMS) -> None:
        self.stats, self.params = new_stats(1), new_params(routing)
        self.reports, self.markouts = new_reports(1), new_markouts(1)

    def heard(self, kind: PlaceKind, sent: int, filled: int, minimum: int = 0, ahead: int = -1, time: int = 0) -> None:
        r = self.reports
        r["venue"], r["kind"], r["sent"], r["filled"], r["minimum"] = 2, int(kind), sent, filled, minimum
        r["ahead"], r["time"] = ahead, time
        heard(self.stats, self.params, r, 0)

    def marked(self, after: tuple[float, float, float], quantity: int = 100) -> None:
        self.markouts["venue"], self.markouts["quantity"], self.markouts["after"] = 2, quantity, after
        marked(self.stats, self.params, self.markouts, 0)

    @property
    def venue(self) -> Any:
        return plain(self.stats)["venue"][2]


@kernel
def tail_of(stats, i, k, j):  # type: ignore[no-untyped-def]
    return survives(stats[i].venue[k], j)


@kernel
def minimum_of(stats, params, k, quantity, gain):  # type: ignore[no-untyped-def]
    return least_execution(stats[0].venue[k], params[0], quantity, gain)


@kernel
def flow_of(stats, params, k):  # type: ignore[no-untyped-def]
    return queues.outflow_of(stats[0].venue[k], params[0])


def test_a_hidden_order_that_comes_back_short_says_when_and_a_whole_fill_that_there_may_be_more() -> None:
    ear = Ear()
    ear.heard(PlaceKind.DARK, 10, 4, time=77)
    assert ear.venue["short"] == 77
    ear.heard(PlaceKind.LIT, 10, 4, time=88)
    assert ear.venue["short"] == 77
    ear.heard(PlaceKind.DARK, 10, 10, time=99)
    assert ear.venue["short"] == 0


ORDERS = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 60), st.sampled_from((0, 0, 1, 4, 12))).map(
        lambda t: (t[0], min(t[0], t[1] if t[1] >= min(t[2], t[0]) else 0), min(t[2], t[0]))
    ),
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(orders=ORDERS, discount=st.sampled_from((1.0, 0.97)))
def test_fills_teach_the_tail_like_the_plain_twin(orders: list[tuple[int, int, int]], discount: float) -> None:
    ear, twin = Ear(Routing(lot=1, discount=discount)), reference_learning.PoolTail(discount)
    for sent, filled, minimum in orders:
        ear.heard(PlaceKind.DARK, sent, filled, minimum)
        twin.heard(sent, filled, minimum)
    assert ear.venue["risk"] == pytest.approx(np.array(twin.risk))
    assert ear.venue["ended"] == pytest.approx(np.array(twin.ended))
    assert ear.venue["total"] == len(orders)


MARKS = st.lists(st.tuples(*(st.floats(-300, 300),) * 3), min_size=1, max_size=60)


@settings(max_examples=100, deadline=None)
@given(marks=MARKS, bias=st.sampled_from((0.0, -250.0, 400.0)))
def test_mark_outs_teach_toxicity_like_the_plain_twin(marks: list[tuple[float, ...]], bias: float) -> None:
    ear, twin = Ear(), reference_learning.Marks()
    for n, mark in enumerate(marks):
        shift = bias if n > 15 else 0.0
        after = (mark[0] + shift, mark[1] + shift, mark[2] + shift)
        ear.marked(after)
        twin.heard(after)
    found = (ear.venue["mark"], ear.venue["marks"], plain(ear.stats)["noise"])
    assert found == pytest.approx((twin.mark, twin.marks, twin.noise), rel=1e-6, abs=1e-6)
    assert ear.venue["alarms"] == twin.alarms


@settings(max_examples=100, deadline=None)
@given(orders=ORDERS, marks=MARKS, quantity=st.integers(0, 300), gain=st.sampled_from((20.0, 100.0)))
def test_the_least_execution_is_the_best_of_all_that_can_be_chosen(
    orders: list[tuple[int, int, int]], marks: list[tuple[float, float, float]], quantity: int, gain: float
) -> None:
    ear = Ear(Routing(lot=1, forget=1.0))
    for order in orders:
        ear.heard(PlaceKind.DARK, *order)
    for n, mark in enumerate(marks):
        ear.marked(mark, quantity=1 + n % 20)
    rows = (ear.venue, plain(ear.params))
    assert minimum_of(ear.stats, ear.params, 2, quantity, gain) == reference_learning.least_execution(
        *rows, quantity, gain
    )


def test_pings_that_hurt_are_kept_out_by_the_least_execution() -> None:
    ear = Ear()
    for n in range(300):
        small = n % 2 == 0
        size = 1 if small else 30
        ear.heard(PlaceKind.DARK, 64, size)
        ear.marked((-150.0, -300.0, -320.0) if small else (5.0, 10.0, 20.0), quantity=size)
        ear.marked((10.0, -20.0, 60.0), quantity=30)
    assert 2 <= minimum_of(ear.stats, ear.params, 2, 64, 100.0) <= 32
    harmless = Ear()
    for n in range(300):
        harmless.heard(PlaceKind.DARK, 64, 1 if n % 2 else 30)
        harmless.marked((5.0, -5.0, 10.0))
    assert minimum_of(harmless.stats, harmless.params, 2, 64, 100.0) == 0


def test_the_tail_is_found_behind_censored_fills_and_least_executions() -> None:
    random, ear = generator(8, "tests/routing/tail"), Ear(Routing(lot=1, discount=1.0))
    for _ in range(3000 if not jit_disabled() else 800):
        size, sent, minimum = int(random.geometric(0.1)) - 1, int(random.integers(1, 40)), int(random.choice((0, 0, 8)))
        least = min(minimum, sent)
        filled = min(size, sent)
        ear.heard(PlaceKind.DARK, sent, filled if filled >= least else 0, least)
    for j, edge in enumerate(EDGES[:9]):
        assert tail_of(ear.stats, 0, 2, j + 1) == pytest.approx(0.9**edge, abs=0.06)


def test_the_outflow_of_a_queue_is_found_behind_fills_that_only_bound_it() -> None:
    random, ear = generator(9, "tests/routing/outflow"), Ear(Routing(discount=0.999))
    for _ in range(4000):
        flow, ahead, sent = float(random.exponential(3000)), int(random.integers(0, 5000)), 500
        ear.heard(PlaceKind.LIT, sent, int(min(max(flow - ahead, 0), sent)), ahead=ahead)
    assert flow_of(ear.stats, ear.params, 2) == pytest.approx(3000, rel=0.1)


def test_a_queue_of_which_nothing_is_known_teaches_nothing_of_its_outflow() -> None:
    ear = Ear()
    ear.heard(PlaceKind.LIT, 500, 500)
    assert ear.venue["outflows"] == 0
    assert (ear.venue["sent"], ear.venue["filled"]) == (500, 500)


def test_leaks_are_found_apart_though_pools_are_used_together() -> None:
    random, stats = generator(10, "tests/routing/leak"), new_stats(1)
    for _ in range(6000 if not jit_disabled() else 300):
        routed = np.zeros(PLACES, np.uint8)
        routed[0] = random.random() < 0.6
        routed[1] = random.random() < (0.8 if routed[0] else 0.3)
        drifted(stats, 0, routed, 2.0 + 5.0 * routed[0] - 0.0 * routed[1] + 20.0 * float(random.standard_normal()))
    beta = plain(stats)["beta"]
    if not jit_disabled():
        assert beta[0] == pytest.approx(5.0, abs=2.0)
        assert beta[1] == pytest.approx(0.0, abs=2.0)
    assert np.allclose(plain(stats)["cov"], plain(stats)["cov"].T)
    assert np.all(np.isfinite(beta))


def test_the_toxicity_index_is_the_minute_against_the_half_spread() -> None:
    ear = Ear()
    for _ in range(50):
        ear.marked((-10.0, -30.0, -50.0))
    assert toxicity_index(ear.venue, 100.0) == pytest.approx(0.5)


def test_last_looks_and_answers_of_dealers_are_counted() -> None:
    stats, params = new_stats(1), new_params(Routing(discount=1.0))
    for offset, won in ((90.0, False), (110.0, True), (float("nan"), False)):
        hear_quote(stats, params, 0, 5, offset, won)
    hear_look(stats, params, 0, 5, True, 40.0, 7.0)
    hear_look(stats, params, 0, 5, False, 60.0, 1.0)
    v = plain(stats)["venue"][5]
    assert [v[n] for n in ("asked", "answered", "won", "held", "refused")] == [3, 2, 1, 2, 1]
    assert [v[n] for n in ("offset", "hold", "refused_move")] == [100, 50, 7]


def test_no_field_hides_behind_an_attribute_of_numpy_records() -> None:
    for dtype in (STATS, VENUE_STATS, WANT, *(m(1).dtype for m in (new_reports, new_markouts, new_params_of))):
        assert set(dtype.names or ()) & set(dir(np.void)) == set()


def new_params_of(n: int) -> np.ndarray:
    return new_params(Routing())
