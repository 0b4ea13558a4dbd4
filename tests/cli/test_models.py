"""`nowake schedule`, `pretrade`, `fit volume`: the numbers of the papers through the command line."""

from pathlib import Path
from typing import Any

import pytest


def test_almgren_chriss_of_the_paper(nowake: Any) -> None:
    body = nowake(
        "schedule", "ac", "--qty", "1000000", "--T", "5", "--bins", "5", "--sigma", "0.95", "--gamma", "2.5e-7",
        "--eta", "2.5e-6", "--epsilon", "0.0625", "--risk-aversion", "1e-6", "--json",
    ).json  # fmt: skip
    assert body["schema"] == "nowake.schedule.ac/1"
    assert {"times", "holdings", "trades", "expected_cost", "variance", "kappa", "half_life"} <= set(body)
    assert body["kappa"] == pytest.approx(0.607, abs=0.001)
    assert sum(body["trades"]) == pytest.approx(1_000_000)


def test_obizhaeva_wang_is_block_rate_block(nowake: Any) -> None:
    body = nowake("schedule", "ow", "--qty", "10000", "--T", "1", "--rho", "20", "--depth", "5000", "--json").json
    first, rate, last = body["trades"]
    assert first == pytest.approx(last)
    assert first == pytest.approx(10_000 / 22)
    assert body["rate"] == pytest.approx(rate)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("twap", "--qty", "100", "--bins", "3"), "33"),
        (("vwap", "--qty", "100", "--curve", "3,1,1"), "60"),
        (("pov", "--qty", "200", "--participation", "0.1", "--volumes", "900,450"), "50"),
        (("afs", "--qty", "100", "--bins", "4", "--rho", "2"), "left"),
        (("cj", "--qty", "3", "--T", "60", "--intensity", "0.83", "--kappa", "100", "--alpha", "0.001"), "depth"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_schedules_print_for_people_and_programs(nowake: Any, argv: tuple[str, ...], words: str) -> None:
    done = nowake("schedule", *argv)
    assert done.code == 0
    assert words in done.out
    body = nowake("schedule", *argv, "--json").json
    assert body["algo"] == argv[0]
    assert {"config_hash", "elapsed_s"} <= set(body)


def test_pretrade_of_the_paper(nowake: Any) -> None:
    argv = (
        "pretrade", "--model", "almgren2005", "--qty", "10%adv", "--adv", "6561000", "--sigma", "0.0157", "--T", "0.5",
        "--shares-outstanding", "1728000000",
    )  # fmt: skip
    body = nowake(*argv, "--json").json
    assert {"permanent_bps", "temporary_bps", "mean_bps", "q10_bps", "q50_bps", "q90_bps", "parts"} <= set(body)
    assert body["permanent_bps"] == pytest.approx(19.86, abs=0.02)
    assert body["mean_bps"] == pytest.approx(body["permanent_bps"] / 2 + body["temporary_bps"])
    assert "permanent" in nowake(*argv).out


def test_pretrade_by_the_square_root(nowake: Any) -> None:
    argv = ("pretrade", "--model", "square-root", "--qty", "10000", "--adv", "1000000", "--sigma", "0.02", "--T", "1")
    assert nowake(*argv, "--json").json["mean_bps"] == pytest.approx(0.02 * 0.1 * 2 / 3 * 1e4)


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    days = [f"2026-01-{d:02d}" for d in range(1, 13)]
    rows = [f"{h:02d}:30," + ",".join(str(1000 + 37 * h * d % 400) for d in range(12)) for h in range(9, 16)]
    path = tmp_path / "volume.csv"
    path.write_text("\n".join(["bin," + ",".join(days), *rows]) + "\n")
    return path


def test_fit_volume(nowake: Any, volumes: Path) -> None:
    body = nowake("fit", "volume", volumes, "--json").json
    assert body["schema"] == "nowake.fit.volume/1"
    assert {"n", "r2", "conventions", "shares", "bins", "seed"} <= set(body)
    assert sum(body["shares"]) == pytest.approx(1)
    assert (body["days"], body["n"]) == (12, 84)
    assert "volume curve" in nowake("fit", "volume", volumes).out


def test_a_fitted_curve_feeds_a_replay(nowake: Any, volumes: Path, tmp_path: Path) -> None:
    curve = tmp_path / "fit.json"
    curve.write_text(nowake("fit", "volume", volumes, "--json").out)
    order = ("--algo", "vwap", "--side", "buy", "--qty", "100", "--start", "10:00", "--end", "10:10", "--json")
    assert nowake("replay", "generated:7", *order, "--curve", curve).json["conserved"] is True
