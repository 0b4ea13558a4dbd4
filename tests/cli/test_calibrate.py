"""`nowake calibrate`: from stored days to a preset, resumed, interrupted, judged on days not seen; bad input."""

import sys
from pathlib import Path
from typing import Any

import pytest

TEXTS = {"limit_rate": "0.4", "life": "75.0", "taker_rate": "0.03", "reprice_delay": "3.0", "chase_delay": "8.0"}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A preset file whose days are cheap."""
    from nowake.market.preset import preset_text

    lines = preset_text("futures").replace('name = "futures"', 'name = "quiet"').splitlines()
    for name, value in TEXTS.items():
        k = next(n for n, line in enumerate(lines) if line.startswith(f"{name} ="))  # of the table lit, the first
        lines[k] = f"{name} = {value}  # changed"
    path = tmp_path_factory.mktemp("calibrate") / "quiet.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def days(quiet: Path) -> str:
    """A store of three days of it; returns its query."""
    from nowake.cli.main import main
    from nowake.market.preset import load

    store = quiet.parent / "store"
    assert main(["simulate", "--preset", str(quiet), "--seed", "3", "--days", "3", "--out", str(store)]) == 0
    return f"{store}?symbol={load(quiet).instrument.symbol}"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One path an evaluation, two to judge."""
    from nowake.market.calibrate import fit
    from nowake.market.calibrate.objective import Plan

    monkeypatch.setattr(fit, "plan_of", lambda _, factor=1: Plan(1 + (factor > 1), 2, 10**6))


def ask(days: str, quiet: Path, out: Path, *more: object) -> tuple[object, ...]:
    fitted = f"{days}&date=2026-01-15..2026-01-16"
    return ("calibrate", fitted, "--preset-base", quiet, "--out", out, "--seed", 5, *more)


def test_a_calibration_has_the_keys_of_the_contract_and_its_preset_loads(
    nowake: Any, days: str, quiet: Path, tmp_path: Path
) -> None:
    out = tmp_path / "my.toml"
    body = nowake(*ask(days, quiet, out, "--holdout", f"{days}&date=2026-01-19", "--evaluations", 3, "--json")).json
    assert body["schema"] == "nowake.calibrate/1"
    assert body["seed"] == 5
    assert body["evaluations"] == 3
    assert body["days"] == ["2026-01-15", "2026-01-16"]
    assert body["holdout_days"] == ["2026-01-19"]
    assert {"id", "part", "target", "before", "after", "z_before", "z_after"} == set(body["facts"][0])
    assert {row["part"] for row in body["profile"]} == {"spread", "volume", "volatility", "events", "trades"}
    for name in ("distance", "holdout"):
        for when in ("before", "after"):
            low, high = body[f"{name}_{when}_ci"]
            assert low < body[f"{name}_{when}"] < high
    # days of one market are about as far apart as new days of it (the base is the market of the data) are from them
    assert 1 / 3 < body["holdout_data"] / body["holdout_before"] < 3
    assert body["closed"] == pytest.approx(1 - body["distance_after"] / body["distance_before"])
    assert {6, 20, 25} <= {fact["id"] for fact in body["unmeasured"]}
    assert all(fact["why"] for fact in body["unmeasured"])
    text = out.read_text(encoding="utf-8")
    assert "2 days, 2026-01-15 to 2026-01-16, from the preset quiet" in text
    assert nowake("simulate", "--preset", out, "--json").json["trades"] > 0
    moved = {row["key"]: row for row in body["parameters"]}
    assert moved["lit.life"]["base"] == 75.0

    more = ask(days, quiet, out, "--evaluations", 5, "--resume")
    shown = nowake(*more)
    assert shown.code == 0, shown.err
    for said in ("18 cancels per trade", "z before", "distance to these days", "5 evaluations", "not measured: 6"):
        assert said in shown.out, said
    whole = tmp_path / "whole.toml"
    assert nowake(*ask(days, quiet, whole, "--evaluations", 5)).code == 0
    kept, again = (path.with_name(f"{path.name}.progress").read_text() for path in (out, whole))
    assert kept.partition('"losses"')[2] == again.partition('"losses"')[2]


def test_an_interrupt_leaves_the_best_preset_and_a_state(
    nowake: Any, days: str, quiet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nowake.market.calibrate.fit import Job
    from nowake.market.preset import load

    measured, calls = Job._loss, 0

    def loss(self: Job, x: Any) -> float:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return measured(self, x)

    monkeypatch.setattr(Job, "_loss", loss)
    out = tmp_path / "my.toml"
    done = nowake(*ask(days, quiet, out, "--evaluations", 50, "--workers", 1))
    assert (done.code, done.out, done.err) == (130, "", "interrupted\n")
    assert load(out).name == "my"
    assert "interrupted, not judged" in out.read_text(encoding="utf-8")
    assert '"evaluations": 2' in (tmp_path / "my.toml.progress").read_text(encoding="utf-8")


def test_without_the_extra_the_exit_code_is_3(
    nowake: Any, days: str, quiet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cmaes", None)
    done = nowake(*ask(days, quiet, tmp_path / "my.toml", "--evaluations", 1))
    assert done.code == 3
    assert "nowake[calibrate]" in done.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--evaluations", 0), "--evaluations"),
        (("--budget", "soon"), "duration"),
        (("--budget", "0s"), "--budget"),
        (("--workers", 0), "--workers"),
        (("--preset-base", "midcop"), "did you mean 'midcap'"),
        (("--out", "my.yaml"), "--out"),
        (("--out", "nowhere/my.toml"), "nowhere"),
        (("--seed", -1), "--seed"),
        (("--resume",), "--resume"),
        (("--holdout", "missing.csv"), "missing.csv"),
    ],
)
def test_impossible_requests(nowake: Any, days: str, quiet: Path, tmp_path: Path, more: Any, said: str) -> None:
    assert said in nowake(*ask(days, quiet, tmp_path / "my.toml"), *more).refusal
    assert list(tmp_path.glob("my.toml*")) == []


def test_impossible_data(nowake: Any, day: Path, days: str, quiet: Path, tmp_path: Path) -> None:
    out = tmp_path / "my.toml"
    assert "missing" in nowake("calibrate", "--out", out).refusal
    assert "no-such.csv" in nowake("calibrate", tmp_path / "no-such.csv", "--out", out).refusal
    seen = ask(days, quiet, out, "--holdout", f"{days}&date=2026-01-16")
    assert "days that are not fitted" in nowake(*seen).refusal
    assert "level-3 data" in nowake("calibrate", f"{days}&kind=quotes", "--out", out).refusal
    assert nowake("calibrate", day, "--out", out).code == 2  # ten messages are no day
