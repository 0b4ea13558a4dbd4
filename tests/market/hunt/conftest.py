"""One scene of `midcap`, made once."""

import pytest

from nowake.market.hunt.scene import Scene, Stage, scene, stage
from nowake.market.preset import Preset, load


@pytest.fixture(scope="session")
def midcap() -> Preset:
    return load("midcap")


@pytest.fixture(scope="session")
def midday(midcap: Preset) -> Scene:
    at = Stage(midcap, 4, ("calm",), 0)
    worlds, start = stage(at, 0)
    return scene(at, worlds, 0, start)
