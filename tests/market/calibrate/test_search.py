"""The search finds a minimum, does not depend on threads or interruptions, and can be continued from its losses."""

from typing import Any

import numpy as np
import pytest

from nowake.core.errors import InputError, MissingError
from nowake.market.calibrate import search as module
from nowake.market.calibrate.progress import ProgressFile
from nowake.market.calibrate.search import Search

BOUNDS = np.array([[-3.0, 3.0], [-3.0, 3.0], [-1.0, 0.2]])


def bowl(x: np.ndarray) -> float:
    return float((x[0] - 1) ** 2 + 10 * (x[1] + 0.5) ** 2 + (x[2] - 1) ** 2)


def run(until: int, losses: list[float] | None = None, workers: int = 1, seed: int = 3) -> Search:
    found = Search(BOUNDS, seed, list(losses or []))
    found.run(bowl, lambda number: number < until, workers=workers, note=lambda: None)
    return found


def test_it_finds_the_minimum_inside_the_bounds() -> None:
    found = run(400)
    assert len(found.losses) == 400
    assert found.points[found.best] == pytest.approx([1, -0.5, 0.2], abs=0.02)
    assert found.losses[0] == bowl(np.zeros(3))
    assert all(np.all((BOUNDS[:, 0] <= x) & (x <= BOUNDS[:, 1])) for x in found.points)


@pytest.mark.parametrize("cut", [1, 5, 8, 9, 33])
def test_a_resumed_search_is_the_search_in_one_go(cut: int) -> None:
    whole, first = run(60), run(cut)
    assert len(first.losses) == len(first.points) == cut
    resumed = run(60, first.losses)
    assert resumed.losses == whole.losses
    assert np.array_equal(resumed.points, whole.points)


def test_threads_change_nothing_and_seeds_do() -> None:
    assert run(50, workers=3).losses == run(50).losses
    assert run(50, seed=4).losses != run(50).losses


def test_it_starts_again_around_the_best_when_it_has_converged() -> None:
    found = run(3000)
    assert len(found.losses) == 3000
    assert min(found.losses) == pytest.approx(0.64, abs=1e-6)


def test_an_interrupt_leaves_what_is_known() -> None:
    found, calls = Search(BOUNDS, 3, []), 0

    def loss(x: np.ndarray) -> float:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise KeyboardInterrupt
        return bowl(x)

    with pytest.raises(KeyboardInterrupt):
        found.run(loss, lambda _: True, workers=1, note=lambda: None)
    assert found.losses == run(19).losses
    assert found.best == run(19).best


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cmaes", None)
    with pytest.raises(MissingError, match=r"nowake\[calibrate\]"):
        module.strategy()


def test_progress_is_of_one_calibration(tmp_path: Any) -> None:
    kept = ProgressFile(tmp_path / "p", "abc")
    kept.save({"a": 1}, [0.1 + 0.2, 1 / 3], 12.5)
    assert kept.load() == ({"a": 1}, [0.1 + 0.2, 1 / 3], 12.5)
    assert [path.name for path in tmp_path.iterdir()] == ["p"]
    refused: list[tuple[ProgressFile, Any, str]] = [
        (ProgressFile(tmp_path / "p", "other"), lambda: None, "another calibration"),
        (ProgressFile(tmp_path / "q", "abc"), lambda: None, "--resume"),
        (kept, lambda: (tmp_path / "p").write_text("{"), "what a calibration wrote"),
        (kept, lambda: (tmp_path / "p").write_text('{"schema": 1}'), "what a calibration wrote"),
    ]
    for file, spoil, said in refused:
        spoil()
        with pytest.raises(InputError, match=said):
            file.load()
