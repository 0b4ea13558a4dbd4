"""The kernels and the plain twin do the same, whatever is done to them."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.book.actions import Action, Prevention, Request
from nowake.core.events import Flag, Kind

JUMPS = (0, 0, 0, 0, 1500, -1500, 40_000, -3_000_000, 10**12)  # the small preset's window has 2,048 levels
prices = st.builds(lambda near, jump: 1000 + near + jump, st.integers(-12, 12), st.sampled_from(JUMPS))
ids = st.integers(1, 25)
sides = st.sampled_from((1, -1))
sizes = st.integers(1, 30)

adds = st.fixed_dictionaries(
    {"kind": st.just(Kind.ADD), "order_id": st.integers(0, 25), "side": sides, "price": prices, "quantity": sizes}
)
references = st.fixed_dictionaries(
    {
        "kind": st.sampled_from((Kind.CANCEL, Kind.DELETE, Kind.EXECUTE)),
        "order_id": ids,
        "quantity": sizes,
        "flags": st.sampled_from((0, 0, Flag.UNPRINTED, Flag.BROKEN)),
    }
)
replaces = st.fixed_dictionaries(
    {
        "kind": st.just(Kind.REPLACE),
        "order_id": ids,
        "ref": ids,
        "side": st.sampled_from((0, 1, -1)),
        "price": prices,
        "quantity": st.integers(0, 30),
        "flags": st.sampled_from((0, Flag.KEEP_PRIORITY)),
    }
)
rare = st.fixed_dictionaries(
    {
        "kind": st.sampled_from((Kind.HIDDEN, Kind.CROSS, Kind.TRADE, Kind.HALT, Kind.RESUME, Kind.TICK, Kind.CLEAR)),
        "side": st.sampled_from((0, 1, -1)),
        "price": prices,
        "quantity": sizes,
        "flags": st.sampled_from((0, Flag.QUOTE_ONLY)),
    }
)
impossible = st.sampled_from(
    [
        {"kind": Kind.ADD, "order_id": 3, "side": 0, "price": 1000, "quantity": 5},
        {"kind": Kind.ADD, "order_id": 3, "side": 1, "price": 1000, "quantity": 0},
        {"kind": Kind.ADD, "order_id": 3, "side": 1, "price": 2**60, "quantity": 1},
        {"kind": Kind.REPLACE, "order_id": 3, "ref": 4, "side": 1, "price": -(2**61), "quantity": 1},
    ]
)
takes = st.tuples(ids, sizes)
level3 = st.lists(st.one_of(adds, adds, adds, references, replaces, takes, rare, impossible), max_size=60)
aggregates = st.lists(
    st.one_of(
        takes,
        st.fixed_dictionaries(
            {
                "kind": st.sampled_from((Kind.LEVEL, Kind.LEVEL, Kind.QUOTE)),
                "side": sides,
                "price": prices,
                "quantity": st.integers(0, 9),
            }
        ),
    ),
    max_size=40,
)
requests = st.lists(
    st.builds(
        lambda kind, **rest: Request(kind=kind, **rest),
        kind=st.sampled_from((Action.LIMIT, *Action)),
        id=ids,
        side=sides,
        price=st.one_of(st.integers(990, 1010), prices),
        quantity=sizes,
        ref=st.sampled_from((0, 0, 3, 9)),
        display=st.sampled_from((0, 0, 1, 3)),
        minimum=st.sampled_from((0, 0, 1, 6)),
        owner=st.integers(0, 2),
        prevention=st.sampled_from(Prevention),
    ),
    max_size=60,
)


def play(pair: Any, operations: list[Any]) -> Any:
    for operation in operations:
        if isinstance(operation, dict):
            pair.event(**operation)
        elif isinstance(operation, Request):
            pair.submit(operation)
        else:
            pair.take(*operation)
        pair.same_digest()
    pair.same()
    return pair


@settings(max_examples=120, deadline=None, derandomize=True)
@given(operations=level3)
def test_level_3_feed(new_pair: Callable[[], Any], operations: list[Any]) -> None:
    play(new_pair(), operations)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(operations=aggregates)
def test_level_2_and_quote_feeds(new_pair: Callable[[], Any], operations: list[Any]) -> None:
    play(new_pair(), operations)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(operations=requests)
def test_match_engine(new_pair: Callable[[], Any], operations: list[Any]) -> None:
    pair = new_pair()
    for request in operations:
        before = sum(o.quantity + o.reserve for o in pair.twin.orders())
        pair.submit(request)
        bid, ask = pair.twin.best(1), pair.twin.best(-1)
        assert bid is None or ask is None or bid < ask
        after = sum(o.quantity + o.reserve for o in pair.twin.orders())
        if request.kind is Action.IOC and request.prevention is Prevention.NONE:
            assert after == before - sum(t.quantity for t in pair.twin.trades)
    play(pair, [])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(first=level3, second=requests)
def test_requests_on_a_book_that_a_feed_built(
    new_pair: Callable[[], Any], first: list[Any], second: list[Request]
) -> None:
    feed = [e for e in first if isinstance(e, dict) and e["kind"] in (Kind.ADD, Kind.CANCEL, Kind.DELETE)]
    play(new_pair(), [*feed, *second])
