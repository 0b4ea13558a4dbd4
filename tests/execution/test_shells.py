"""One decision path: the live shell, a replay of what it heard, and the batch shell decide and send the same."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.events import EVENT
from nowake.core.venue import New, QuoteRequest, VenueEvent
from nowake.data.reader import kernel_view
from nowake.execution.batch import BatchDesk
from nowake.execution.desk_state import Act
from nowake.execution.hearing import Word
from nowake.execution.live import LiveDesk
from nowake.execution.path import Decided, DecisionPath
from nowake.execution.policy import ScriptedPolicy

from .desk_world import CONFIG, OURS, Heard, Notes, Recorded, World, linear, path_of, places_of

WORDS = {"ack": Word.ACK, "fill": Word.FILL, "cancel": Word.GONE, "expire": Word.GONE}


@pytest.fixture(scope="module")
def world() -> World:
    made = World(ScriptedPolicy(), quantity=9_000, minutes=10.0, regime="volatile")
    made.run()
    assert int(made.row["filled"]) == 9_000
    return made


def key(decided: Decided) -> tuple[object, ...]:
    return decided.time, decided.number, decided.rate, decided.urgency, decided.tactic, decided.observation.tobytes()


def fresh(world: World, n: int = 1, *, separate: bool = False) -> DecisionPath:
    path = path_of(places_of(world.market), ScriptedPolicy(), n=n, separate=separate)
    for i in range(n):
        path.take_on(i, world.order, linear(), world.interval, world.placing)
        path.ids(i, 1, 10**6)
    return path


def test_a_replay_of_what_was_heard_decides_and_sends_the_same(world: World) -> None:
    venue, notes = Recorded(), Notes()
    desk = LiveDesk(fresh(world), venue, notes, CONFIG, own_from=OURS)
    for step in world.steps:
        desk.market(step.messages, step.now)
        venue.waiting = list(step.said)
        desk.tick(step.now)
    assert list(map(key, notes.decisions)) == list(map(key, world.notes.decisions))
    assert venue.sent == world.venue.sent
    assert len(venue.sent) > 100


def test_messages_that_lie_apart_in_memory_are_read_as_they_are_and_other_records_are_refused(world: World) -> None:
    venue, notes = Recorded(), Notes()
    desk = LiveDesk(fresh(world), venue, notes, CONFIG, own_from=OURS)
    for step in world.steps:
        apart = np.zeros(2 * len(step.messages), step.messages.dtype)[::2]
        apart[:] = step.messages
        desk.market(apart, step.now)
        venue.waiting = list(step.said)
        desk.tick(step.now)
    assert venue.sent == world.venue.sent
    for wrong in (np.zeros(3), np.zeros(2, EVENT.descr[:-1])):
        with pytest.raises(InputError, match=r"messages of a market \(expected EVENT records"):
            desk.market(wrong, step.now)


def tell(path: DecisionPath, i: int, event: VenueEvent, now: int) -> None:
    """Tell row `i` what the venue said of a child, as the live shell does."""
    word = WORDS.get(event.kind)
    if word is not None:
        path.hear(i, event.order_id, word, event.quantity, round(2 * (event.price or 0.0)), now)


def test_a_batch_of_markets_decides_and_sends_the_same_in_every_row_of_the_same_market(world: World) -> None:
    assert not any(isinstance(c, QuoteRequest) for c in world.venue.sent), (
        "the batch shell of this test asks no dealers"
    )
    assert not any(e.kind == "reject" for e in world.venue.said)
    path = fresh(world, 2, separate=True)
    path.draws[1] = path.draws[0]  # the same market twice: the same luck
    desk = BatchDesk(path, CONFIG, own_from=OURS)
    sent: list[list[tuple[int, ...]]] = [[], []]
    decided: list[Decided] = []
    nothing = np.zeros(3, np.int64)

    def act(rows: np.ndarray, first: np.ndarray, now: int) -> None:
        decided.extend(desk.step(rows, first, np.full(2, now)))
        for i in range(2):
            sent[i] += [
                (int(s["act"]), int(s["id"]), int(s["quantity"]), int(s["price"]), int(s["venue"]))
                for s in desk.rows(i)
            ]

    for step in world.steps:
        both = kernel_view(np.concatenate([step.messages, step.messages]))
        n = len(step.messages)
        act(both, np.array([0, n, 2 * n]), step.now)
        for i in range(2):
            for event in step.said:
                tell(path, i, event, step.now)
        act(both[:0], nothing, step.now)
    names = [place.name for place in world.path.places]
    live = [
        (int(Act.NEW), c.order_id, c.quantity, c.price or 0, names.index(str(c.venue)))
        if isinstance(c, New) else (int(Act.CANCEL), c.order_id)
        for c in world.venue.sent
    ]  # fmt: skip
    for rows in sent:
        assert [row if row[0] == Act.NEW else row[:2] for row in rows] == live
    for i in range(2):
        mine = [key(one) for one in decided if one.row == i]
        assert mine == list(map(key, world.notes.decisions))


def test_what_happens_later_changes_nothing_before(world: World) -> None:
    half = len(world.steps) // 2
    spoilt = [*world.steps[:half], *(Heard(s.now, s.messages[:0], []) for s in world.steps[half:])]
    venue, notes = Recorded(), Notes()
    desk = LiveDesk(fresh(world), venue, notes, CONFIG, own_from=OURS)
    sent_by_half = 0
    for k, step in enumerate(spoilt):
        desk.market(step.messages, step.now)
        venue.waiting = list(step.said)
        desk.tick(step.now)
        sent_by_half = len(venue.sent) if k == half - 1 else sent_by_half
    assert venue.sent[:sent_by_half] == world.venue.sent[:sent_by_half]
    assert sent_by_half > 20
