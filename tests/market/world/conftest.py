"""Markets of the preset `midcap`, made once."""

import pytest

from nowake.market.market import Market
from nowake.market.preset import Preset, load


@pytest.fixture(scope="session")
def midcap() -> Preset:
    return load("midcap")


class Morning:
    """A market two minutes after its open: every call gives a copy of its own."""

    def __init__(self) -> None:
        market = Market.load("midcap", 7)
        market.advance(120)
        self._snapshot = market.snapshot()

    def __call__(self) -> Market:
        return Market.restore(self._snapshot)


@pytest.fixture(scope="session")
def morning() -> Morning:
    return Morning()
