"""Simulated markets: the world of several venues that answers to orders, and the small zero-intelligence feed.

It imports `core`, `book` and `data`, nothing to the right of `execution`. Packages: `world` (the kernels), `realism`
(stylised facts and their judge), `hunt` (round trips that try to earn by moving the price). Modules: `market` (one
market with methods), `simulate` and `keep` (days, and days in the store), `impact` (twins), `preset` (a market as a
file), `regimes`, `dark`, `dealers`; `day`, `flow`, `reader` and `reference` are the zero-intelligence feed.
"""

from collections.abc import Callable

__all__ = ["warm"]


def warm() -> list[tuple[str, Callable[[], object]]]:
    """Return what has to be compiled once, as (name, call) pairs."""
    from nowake.market.day import generate_stream

    return [
        ("market.flow", lambda: generate_stream(1, 64)),
        ("market.world", _world),
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


def _impact() -> None:
    from nowake.market.impact import Plan, measure
    from nowake.market.preset import load

    measure(load("midcap"), Plan(sizes=(0.0001,), horizon=1.0, pairs=2, warm_up=1.0))


def _realism() -> None:
    from nowake.core.events import empty_events
    from nowake.market.realism.events import from_events

    from_events(empty_events(0), open_ns=0, close_ns=1, tick_size=0.01)
