"""A quiet market whose days are cheap, days of it as data, and a small calibration."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nowake.market.calibrate.data import Recording, read_days
from nowake.market.calibrate.fit import Job
from nowake.market.calibrate.targets import Target, target_of
from nowake.market.keep import keep_day
from nowake.market.preset import Preset, load
from nowake.market.simulate import simulate

QUIET = {"limit_rate": 0.4, "life": 75.0, "taker_rate": 0.03, "reprice_delay": 3.0, "chase_delay": 8.0}


def quiet_market() -> Preset:
    base = load("midcap")
    lit = base.lit.model_copy(update=QUIET)
    one = base.venues[0].model_copy(update={"share": 1.0})
    return base.model_copy(update={"lit": lit, "venues": (one,), "dark": (), "dealers": ()})


def keep(store: Path, preset: Preset, days: int, seed: int = 3) -> str:
    """Store simulated days; returns the query that reads them."""
    from nowake.data.store import open_store

    kept = open_store(str(store))
    simulate(preset, seed, days=days, sink=lambda day, blocks: keep_day(kept, preset, f"{seed:016x}", day, blocks))
    return f"{store}?symbol={preset.instrument.symbol}"


@pytest.fixture(scope="session")
def quiet() -> Preset:
    return quiet_market()


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory, quiet: Preset) -> str:
    return keep(tmp_path_factory.mktemp("calibrate") / "store", quiet, 3)


@pytest.fixture(scope="session")
def recordings(stored: str) -> list[Recording]:
    return read_days([stored])


@pytest.fixture(scope="session")
def target(recordings: list[Recording]) -> Target:
    return target_of(recordings)


@pytest.fixture
def job(tmp_path: Path, quiet: Preset, target: Target) -> Callable[..., Job]:
    """Make a calibration to the stored days; `of` is its base."""

    def make(of: Preset = quiet, to: Target = target, seed: int = 5, name: str = "my") -> Job:
        return Job(of, to, seed=seed, progress=tmp_path / f"{name}.progress", note=lambda *_: None)

    return make


@pytest.fixture
def other_days(tmp_path: Path) -> Callable[[Preset], Target]:
    """Three days of a preset on a seed of their own."""
    return lambda preset: target_of(read_days([keep(tmp_path / preset.name, preset, 3, seed=4)]))
