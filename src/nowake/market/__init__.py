"""A small generated market: zero-intelligence order flow as a valid level-3 feed, for runs without market data.

It imports `core` and `data` (for the reader protocol) and nothing to the right of `execution`. Modules: `parameters`
(what may be chosen), `state` and `flow` (the kernel), `day` (a day or a stream of events), `reader` (a day as a data
source), `reference` (the same market in plain Python).
"""

from collections.abc import Callable

__all__ = ["warm"]


def warm() -> list[tuple[str, Callable[[], object]]]:
    """Return what has to be compiled once, as (name, call) pairs."""
    from nowake.market.day import generate_stream

    return [("market.flow", lambda: generate_stream(1, 64))]
