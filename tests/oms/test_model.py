"""The tree against the readable model: random histories with repeats, reordering, and words that cannot be."""

from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from oms_model import APPLIED, IGNORED, REFUSED, Model

from nowake.oms.apply import Oms
from nowake.oms.conserve import differences
from nowake.oms.events import Asked, ChildNew, Event, IdsReserved, ParentNew, ParentSaid, VenueSaid
from nowake.oms.orders import leaves
from nowake.oms.snapshot import freeze, thaw
from nowake.oms.states import Act, State

TOTAL, CHILDREN, PARENT = 300, 4, 99
FILLS = (Act.FILL_PART, Act.FILL_REST, Act.OVERFILL)
UNDOES = (Act.BUSTED, Act.CORRECTED)
OURS = (Act.RELEASED, Act.CANCEL_ASKED, Act.REPLACE_ASKED, Act.CONTRADICTED)
WORDS = [act for act in Act if act not in (*OURS, *FILLS, *UNDOES)]
SIZES = (1, 20, 50, 100, 150)
PRICES = (1000, 1001, 1002)


class Pair:
    """The tree and the model, told the same; every telling compares outcome and state."""

    def __init__(self, side: int) -> None:
        self.oms, self.model, self.side = Oms(), Model(side, TOTAL), side
        self.told: list[VenueSaid] = []
        parent = ParentNew(0, PARENT, "fund", "MIDC", side, TOTAL, 0, 10)
        for event in (IdsReserved(0, 1, 99), parent, ParentSaid(0, PARENT, Act.ACKED)):
            assert self.oms.apply(event) is None

    def _both(self, event: Event, expected: str) -> None:
        quarantined, repeats = self.oms.quarantined, self.oms.repeats
        alert = self.oms.apply(event)
        refused = alert is not None and not alert.applied
        assert refused == (expected == REFUSED), f"{event}: {expected}, {alert}"
        assert self.oms.quarantined == quarantined + refused
        assert expected == IGNORED or self.oms.repeats == repeats, f"{event}: {expected}, but a repeat"
        self.compare(event)

    def compare(self, event: object) -> None:
        """Everything that the model knows is what the tree says."""
        for number, expected in self.model.orders.items():
            child = self.oms.children[number]
            got = (State(child.state), child.filled, child.quantity, child.price, child.exposure)
            wanted = (expected.state, expected.filled, expected.quantity, expected.price, expected.exposure)
            assert got == wanted, f"{event}: child {number}"
        parent = self.oms.parents[PARENT]
        got = (State(parent.state), parent.filled, parent.working)
        assert got == (self.model.state, self.model.filled, self.model.working), f"{event}: parent"
        held = self.oms.positions.get(("fund", "MIDC"))
        money = (held.shares, held.cash2, held.fee) if held else (0, 0, 0)
        assert money == (self.side * self.model.filled, self.model.cash2, self.model.fees)

    def new(self, quantity: int, price: int) -> None:
        number = len(self.oms.children) + 1
        self._both(
            ChildNew(1, number, PARENT, "ALPHA", self.side, quantity, price), self.model.new(number, quantity, price)
        )

    def cancel(self, number: int) -> None:
        self._both(Asked(1, number, Act.CANCEL_ASKED), self.model.ask_cancel(number))

    def replace(self, number: int, quantity: int, price: int) -> None:
        outcome = self.model.ask_replace(number, quantity, price)
        self._both(Asked(1, number, Act.REPLACE_ASKED, quantity, price), outcome)

    def say(self, event: VenueSaid) -> None:
        self.told.append(event)
        terms = (event.quantity, event.price2, event.fee, event.fill)
        self._both(event, self.model.hear(event.order, event.act, *terms))

    def check(self) -> None:
        """Sums that follow from the fills hold, and a snapshot is the tree."""
        assert differences(self.oms) == []
        again = thaw(freeze(self.oms))
        assert freeze(again) == freeze(self.oms)
        assert sorted(again.open) == sorted(self.oms.open)
        for child in self.oms.children.values():
            assert leaves(child) <= child.exposure


def step(pair: Pair, random: Random) -> None:
    """Do something at random: sensible things more often than impossible ones."""
    kind, count = random.random(), len(pair.oms.children)
    number = random.randint(1, count) if count else 0
    size, price = random.choice(SIZES), random.choice(PRICES)
    if not count or (kind < 0.12 and count < CHILDREN):
        pair.new(size, price)
    elif kind < 0.2:
        pair.cancel(number)
    elif kind < 0.28:
        pair.replace(number, size, price)
    elif kind < 0.55:
        pair.say(
            VenueSaid(
                1, number, random.choice(FILLS), size, 2 * price + 1, random.randint(-3, 3), f"f{random.randint(1, 12)}"
            )
        )
    elif kind < 0.66:
        pair.say(VenueSaid(1, number, random.choice(UNDOES), size, 2 * price, 1, f"f{random.randint(1, 12)}"))
    elif kind < 0.76 and pair.told:
        pair.say(random.choice(pair.told))
    else:
        act = random.choice(WORDS)
        terms = (random.choice((0, size)), random.choice((0, 2 * price))) if act == Act.REPLACED else (0, 0)
        pair.say(VenueSaid(1, random.choice((number, number, number, 77)), act, *terms))


def history(seed: int, steps: int = 24) -> None:
    random = Random(seed)
    pair = Pair(random.choice((1, -1)))
    for _ in range(steps):
        step(pair, random)
    pair.check()


def test_random_histories() -> None:
    for seed in range(3_000):
        history(seed)


@pytest.mark.slow
def test_a_hundred_thousand_random_histories() -> None:
    for seed in range(100_000):
        history(seed)


children = st.integers(1, CHILDREN)
sizes, prices = st.sampled_from(SIZES), st.sampled_from(PRICES)
names = st.integers(1, 6).map("f{}".format)


class Machine(RuleBasedStateMachine):
    """The same, driven by Hypothesis, which makes a failing history short."""

    @initialize(side=st.sampled_from((1, -1)), size=sizes)
    def begin(self, side: int, size: int) -> None:
        self.pair = Pair(side)
        self.pair.new(size, 1000)

    def known(self, number: int) -> int:
        return (number - 1) % len(self.pair.oms.children) + 1

    @precondition(lambda self: len(self.pair.oms.children) < CHILDREN)
    @rule(size=sizes, price=prices)
    def new(self, size: int, price: int) -> None:
        self.pair.new(size, price)

    @rule(number=children)
    def cancel(self, number: int) -> None:
        self.pair.cancel(self.known(number))

    @rule(number=children, size=sizes, price=prices)
    def replace(self, number: int, size: int, price: int) -> None:
        self.pair.replace(self.known(number), size, price)

    @rule(number=children, act=st.sampled_from(FILLS + UNDOES), size=sizes, price=prices, name=names)
    def fill(self, number: int, act: Act, size: int, price: int, name: str) -> None:
        self.pair.say(VenueSaid(1, self.known(number), act, size, 2 * price, 1, name))

    @rule(number=children, act=st.sampled_from(WORDS))
    def word(self, number: int, act: Act) -> None:
        self.pair.say(VenueSaid(1, self.known(number), act))

    @rule(number=children, size=sizes, price=prices)
    def replaced(self, number: int, size: int, price: int) -> None:
        self.pair.say(VenueSaid(1, self.known(number), Act.REPLACED, size, 2 * price))

    @precondition(lambda self: self.pair.told)
    @rule(which=st.integers(0, 1_000))
    def repeat(self, which: int) -> None:
        self.pair.say(self.pair.told[which % len(self.pair.told)])

    def teardown(self) -> None:
        if hasattr(self, "pair"):
            self.pair.check()


def test_histories_of_hypothesis() -> None:
    run_state_machine_as_test(Machine, settings=settings(max_examples=150, stateful_step_count=25, deadline=None))


@pytest.mark.nightly
def test_a_hundred_thousand_histories_of_hypothesis() -> None:
    run_state_machine_as_test(Machine, settings=settings(max_examples=100_000, stateful_step_count=10, deadline=None))


def truth(random: Random, pair: Pair) -> list[VenueSaid]:
    """What an honest venue says of up to three orders, in order; asks are made on the way."""
    messages: list[VenueSaid] = []
    for number in range(1, random.randint(2, 4)):
        pair.new(100, 1000)
        left, fills = 100, 0
        messages.append(VenueSaid(1, number, Act.ACKED))
        while left and random.random() < 0.8:
            size = random.randint(1, left)
            left, fills = left - size, fills + 1
            messages.append(VenueSaid(1, number, Act.FILL_PART, size, 2001, 1, f"{number}/{fills}"))
            if random.random() < 0.2:
                act = random.choice(UNDOES)
                terms = (max(1, size // 2), 1999, 0) if act == Act.CORRECTED else (0, 0, 0)
                messages.append(VenueSaid(1, number, act, *terms, f"{number}/{fills}"))
        if left:
            pair.cancel(number)
            messages.append(VenueSaid(1, number, Act.CANCELED))
    return messages


@pytest.mark.parametrize("seed", range(400))
def test_an_honest_venue_heard_out_of_order_and_twice_gives_the_same_shares_and_money(seed: int) -> None:
    random = Random(seed)
    pair = Pair(1)
    messages = truth(random, pair)
    straight = Pair(1)
    for number, child in pair.oms.children.items():
        straight.new(child.quantity, child.price)
        if child.flags & 2:  # a cancel is pending
            straight.cancel(number)
    for event in messages:
        straight.say(event)
    scrambled = messages + random.sample(messages, len(messages) // 2)
    random.shuffle(scrambled)
    for event in scrambled:
        pair.say(event)
    assert pair.oms.quarantined == straight.oms.quarantined == 0
    assert {n: (c.filled, c.money2, c.fee) for n, c in pair.oms.children.items()} == {
        n: (c.filled, c.money2, c.fee) for n, c in straight.oms.children.items()
    }
    assert pair.oms.cash("fund") == straight.oms.cash("fund")
    assert differences(pair.oms) == []


def test_the_model_refuses_ignores_and_applies() -> None:
    """All three outcomes occur in the random histories; else they would compare nothing."""
    seen = set()
    for seed in range(50):
        random, pair = Random(seed), Pair(1)
        for _ in range(24):
            before = (pair.oms.quarantined, pair.oms.repeats)
            step(pair, random)
            after = (pair.oms.quarantined, pair.oms.repeats)
            seen.add(REFUSED if after[0] > before[0] else IGNORED if after[1] > before[1] else APPLIED)
    assert seen == {REFUSED, IGNORED, APPLIED}
