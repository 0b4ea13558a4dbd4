"""Simulated markets: the world of several venues that answers to orders, and the small zero-intelligence feed.

It imports `core`, `book` and `data`, nothing to the right of `execution`. Packages: `world` (the kernels), `realism`
(stylised facts and their judge), `hunt` (round trips that try to earn by moving the price). Modules: `market` (one
market with methods), `simulate` and `keep` (days, and days in the store), `impact` (twins), `scenario` and `twins`
(one order by several policies), `preset` (a market as a file), `regimes`, `dark`, `dealers`; `day`, `flow`, `reader`
and `reference` are the zero-intelligence feed.
"""

from collections.abc import Callable

__all__ = ["warm"]


def warm() -> list[tuple[str, Callable[[], object]]]:
    """Return what has to be compiled once, as (name, call) pairs: every kernel that the market commands call."""
    from nowake.market.day import generate_stream

    return [
        ("market.flow", lambda: generate_stream(1, 64)),
        ("market.world", _world),
        ("market.days", _days),
        ("market.batch", _batch),
        ("market.impact", _impact),
        ("market.realism", _realism),
    ]


def _world() -> None:
    from nowake.market.market import Market

    market = Market.load("midcap", 1)
    market.submit("buy", 100, kind="market")
    market.advance(0.1)
    market.quote()
    market.digest()
    market.twin()


def _days() -> None:
    from nowake.core.events import empty_events
    from nowake.data.replay.venue import RecordedVenue
    from nowake.market.market import FIRST_DAY
    from nowake.market.preset import load
    from nowake.market.sessions import next_weekday, session_of
    from nowake.market.world.worlds import new_worlds

    preset = load("midcap")
    worlds = new_worlds(preset, [1], "switching", *session_of(preset, FIRST_DAY))
    worlds.next_day(0, *session_of(preset, next_weekday(FIRST_DAY)))
    RecordedVenue(empty_events(0)).play()  # a day that is kept is played back for its quotes


def _batch() -> None:
    from nowake.market.batch import Batch
    from nowake.market.market import FIRST_DAY
    from nowake.market.preset import load
    from nowake.market.sessions import session_of

    preset = load("midcap")
    batch = Batch(preset, (1,), "calm", *session_of(preset, FIRST_DAY), threads=1)
    batch.step(0.1)
    batch.observe()


def _impact() -> None:
    from nowake.market.impact import Plan, measure
    from nowake.market.preset import load

    measure(load("midcap"), Plan(sizes=(0.0001,), horizon=1.0, pairs=2, warm_up=1.0))


def _realism() -> None:
    from nowake.core.events import empty_events
    from nowake.market.realism.events import from_events

    from_events(empty_events(0), open_ns=0, close_ns=1, tick_size=0.01)
