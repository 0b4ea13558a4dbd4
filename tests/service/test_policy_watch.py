"""A policy file under a running trader: what is valid holds at once, what is not changes nothing and is told."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.core.errors import OrderError
from nowake.core.intent import OrderKind, Tactic
from nowake.core.values import Side
from nowake.core.venue import Cancel
from nowake.execution.desk_state import Stage
from nowake.execution.policy import FixedPolicy
from nowake.oms.events import Asked, Control, PolicyLoaded
from nowake.risk.policy import load, policy_hash, policy_text
from nowake.risk.usage import TOKEN
from nowake.routing.rfq import RequestState
from nowake.service.policy_watch import refuse_hopeless, watched_file
from nowake.service.trader import Setup, Work

from ..execution.desk_world import World
from .supervise_world import Desk, Model

DEFAULT = policy_text("default")
RESTING = (int(OrderKind.LIMIT), int(OrderKind.POST_ONLY), int(OrderKind.MID_PEG))
PLACES = ("ALPHA", "BETA", "GAMMA", "OPAL", "ONYX", "NORTH")


class Policies:
    """A trader under a policy file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "policy.toml"
        self.write(DEFAULT)
        self.desk = Desk(folder, Model(), policy=str(self.file), quantity=300_000, seconds=7_200.0)
        assert self.desk.supervised.policy is not None
        self.watch = self.desk.supervised.policy

    def write(self, text: str) -> None:
        """Replace the file as an editor does."""
        new = self.file.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(self.file)

    @property
    def limits(self) -> Any:
        return self.desk.trader.path.limits[0]

    def loaded(self) -> list[PolicyLoaded]:
        return self.desk.journalled(PolicyLoaded)


@pytest.fixture
def policies(tmp_path: Path) -> Iterator[Policies]:
    made = Policies(tmp_path)
    yield made
    made.desk.close()


def changed(name: str, old: str, new: str) -> str:
    text = DEFAULT.replace(f"\n{name} = {old} ", f"\n{name} = {new} ", 1)
    assert text != DEFAULT
    return text


def test_a_tightening_holds_at_once_for_new_and_for_working_orders(policies: Policies) -> None:
    desk = policies.desk
    kids, working = desk.trader.path.kids, desk.trader.path.working

    def out() -> list[int]:
        rests = (
            np.isin(kids["stage"], (int(Stage.SENT), int(Stage.LIVE)))
            & np.isin(working["kind"], RESTING)
            & (working["leaves"] > 200)
        )
        return working["id"][rests].tolist()  # type: ignore[no-any-return]

    desk.run(120, until=lambda: len(out()) > 0)
    large = out()
    text = changed("max_child_shares", "20_000", "200").replace("max_child_shares = 5_000", "max_child_shares = 200")
    policies.write(text.replace("max_child_shares = 1_000", "max_child_shares = 200"))
    policies.watch.look(desk.trader.now())
    assert policies.limits["max_child"] == 200
    assert {change.order_id for change in policies.watch.withdrawn} == set(large)
    assert {event.order for event in desk.journalled(Asked)[-len(large) :]} == set(large)
    version = policy_hash(load(policies.file))
    assert policy_hash(desk.trader.policy) == version
    assert [(event.name, event.digest) for event in policies.loaded()][1:] == [(str(policies.file), version)]
    alert, idle = desk.heard
    assert (alert.level, alert.who, idle.level) == ("info", "policy", "info")
    assert idle.words.endswith("tighter: strategy.manual.max_child_shares, symbol.SMLC.max_child_shares")
    assert "more than max_child_shares" in alert.words
    assert f"{len(large)} working orders" in alert.words
    begun = max(desk.trader.keeper.oms.children)
    desk.run(30)
    later = [child.quantity for number, child in desk.trader.keeper.oms.children.items() if number > begun]
    assert later
    assert max(later) <= 200
    assert not any(number in desk.trader.keeper.oms.open for number in large)


BAD = [
    (changed("max_child_shares", "20_000", "-1"), "max_child_shares"),
    (DEFAULT.replace('sides = ["buy", "sell"]', 'sides = ["hold"]'), "sides"),
    (DEFAULT.replace("[firm]", "[farm]"), "firm: field required"),
    (DEFAULT + '\n[symbol.MIDC]\nvenues = ["ALFA"]\n', "ALPHA"),
    (DEFAULT.replace("[desk.program]", "[desk.programs]"), "unknown desk 'program'"),
    (DEFAULT.replace('currency = "USD"', 'currency = "EUR"'), "currency"),
    ("not toml", "TOML"),
]


def test_what_is_no_policy_is_refused_with_the_reason_once_and_the_old_one_stays(policies: Policies) -> None:
    desk, before = policies.desk, policies.limits.tobytes()
    for k, (text, why) in enumerate(BAD):
        policies.write(text)
        desk.run(0.3)
        assert policies.limits.tobytes() == before
        assert len(desk.heard) == k + 1
        assert desk.heard[-1].level == "error"
        assert why in desk.heard[-1].words
    refused = [event for event in desk.journalled(Control) if event.who == "policy watch"]
    assert [why in event.why for event, (_, why) in zip(refused, BAD, strict=True)] == [True] * len(BAD)
    assert len(policies.loaded()) == 1
    policies.file.unlink()
    desk.run(0.3)
    assert "readable file" in desk.heard[-1].words
    policies.write(changed("max_open_orders", "40", "30"))
    desk.run(0.1)
    assert policies.limits["open_orders"] == 30
    assert len(policies.loaded()) == 2


def test_a_comment_is_no_change_and_a_file_written_over_in_place_is_seen(policies: Policies) -> None:
    desk = policies.desk
    policies.write(DEFAULT + "# a comment\n")
    desk.run(0.2)
    assert (len(policies.loaded()), desk.heard) == (1, [])
    stamp = policies.file.stat()
    text = changed("max_open_orders", "40", "31") + "# a comment\n"
    policies.file.write_text(text, encoding="utf-8")  # as long, and within one tick of a coarse clock
    os.utime(policies.file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    desk.run(0.1)
    assert policies.limits["open_orders"] == 31


def test_a_change_between_the_start_and_the_watch_is_not_lost(policies: Policies) -> None:
    watch = policies.watch
    watch.version = "another"
    policies.desk.run(0.1)
    assert watch.version == policy_hash(load(policies.file))
    assert len(policies.loaded()) == 2


def test_only_files_are_watched(tmp_path: Path) -> None:
    assert watched_file("default") is None
    assert watched_file("own.toml") == Path("own.toml")


def setup(folder: Path, policy: str, *works: Work) -> Setup:
    return Setup(folder, folder / "venue.sock", works, policy=policy)


HOPELESS: list[tuple[str, Work, str]] = [
    ('[symbol.MIDC]\nrestricted = ["MIDC"]', Work("a", Side.BUY, 100, 0, 60), "restricted of symbol.MIDC"),
    ('[symbol.MIDC]\nsides = ["sell"]', Work("a", Side.BUY, 100, 0, 60), "sides of symbol.MIDC"),
    ('[strategy.twap]\nsides = ["sell"]', Work("a", Side.BUY, 100, 0, 60, algo="twap"), "sides of strategy.twap"),
    ('[order.a]\nsides = ["sell"]', Work("a", Side.BUY, 100, 0, 60), "sides of order.a"),
    ("", Work("a", Side.BUY, 3_000_000, 0, 600), "max_position of firm"),
    ("", Work("a", Side.BUY, 900_000, 0, 600, limit=10_000), "max_order_notional of firm"),
]


@pytest.mark.parametrize(("tail", "work", "why"), HOPELESS)
def test_an_order_that_can_never_fill_is_told_with_the_limit_that_binds(
    tmp_path: Path, tail: str, work: Work, why: str
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(f"{DEFAULT}\n{tail}\n")
    ask: Callable[..., Any] = refuse_hopeless
    policy = load(file)
    with pytest.raises(OrderError, match=why):
        ask(setup(tmp_path, str(file), work), policy, PLACES)
    assert ask(setup(tmp_path, str(file), work), policy, PLACES, known={"a"}) == []  # it has begun: it goes on


def test_an_order_that_can_fill_may_start_and_the_price_counts(tmp_path: Path) -> None:
    made = setup(tmp_path, "default", Work("a", Side.BUY, 900_000, 0, 600))
    policy = load("default")
    (found,) = refuse_hopeless(made, policy, PLACES)
    assert found.possible
    with pytest.raises(OrderError, match="max_order_notional"):
        refuse_hopeless(made, policy, PLACES, mid=10_000.0)
    with pytest.raises(OrderError, match="max_position"):
        refuse_hopeless(made, policy, PLACES, position=1_500_000)
    with pytest.raises(OrderError, match="venues"):
        refuse_hopeless(made, policy, ("ELSEWHERE",))


def test_a_request_for_quotes_that_a_tightening_catches_ends_unless_its_dealer_has_the_word() -> None:
    world = World(FixedPolicy(Tactic.DARK), quantity=60_000, minutes=30.0, warm_up=60.0)
    desk = world.desk
    while not desk.talk.requests:
        world.step()
    (oid, request) = next(iter(desk.talk.requests.items()))
    request.state = RequestState.HELD
    assert not desk.withdraw(oid)
    request.state = RequestState.ASKING
    working = int(world.row["working"])
    assert desk.withdraw(oid)
    assert oid not in desk.talk.requests
    assert int(world.row["working"]) == working - request.quantity
    assert [(event.kind, event.order_id) for event in world.notes.events][-1] == ("expire", oid)
    assert not desk.withdraw(oid)
    assert not desk.withdraw(10**9)
    world.run(60)
    assert world.row["filled"] > 0


def test_a_child_is_withdrawn_once_and_its_message_counts() -> None:
    world = World(FixedPolicy(), quantity=30_000, minutes=60.0, warm_up=60.0)
    path = world.path
    while not (path.kids["stage"] == Stage.LIVE).any():
        world.step()
    row = int(np.flatnonzero(path.kids["stage"] == Stage.LIVE)[0])
    oid, venue = int(path.working["id"][row]), int(path.working["venue"][row])
    tokens = int(path.usages["tokens"][0, venue])
    assert world.desk.withdraw(oid)
    assert not world.desk.withdraw(oid)
    assert (world.notes.cancels[-1], world.venue.sent[-1]) == (oid, Cancel(oid))
    assert path.usages["tokens"][0, venue] == tokens - TOKEN
    world.run(3)
    assert path.kids["stage"][row] != Stage.CANCELLING
