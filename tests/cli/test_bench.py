"""`nowake bench` and `nowake warm`, without measuring anything here."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nowake as package
from nowake.cli import warm as warming
from nowake.cli.warm_paths import paths


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    from nowake.cli.bench import _runner

    monkeypatch.setattr(sys, "path", [*sys.path])
    found = _runner()
    monkeypatch.setattr(found.keep, "__defaults__", (tmp_path / "results",))
    return found


def fake(monkeypatch: pytest.MonkeyPatch, runner: Any, rows: list[Any]) -> None:
    class Module:
        @staticmethod
        def run() -> Iterator[Any]:
            yield from rows

    monkeypatch.setattr(runner, "import_module", lambda _: Module)


def test_rows_have_the_keys_of_the_contract(
    nowake: Any, monkeypatch: pytest.MonkeyPatch, runner: Any, tmp_path: Path
) -> None:
    rows = [
        runner.Row("quick", 0.2, "s", bar=0.35, goal=0.3),
        runner.Row("slow", 0.5, "s", bar=0.35),
        runner.Row(
            "replay", 2e7, "events/s", bar=4.0, peer="p", peer_value=4e6, ratio=5.0, better="higher", of="ratio"
        ),
        {"name": "plain", "value": 1.0, "unit": "ns", "bar": 2.0, "goal": None, "pass": True},
        runner.Skip("no data here"),
    ]
    fake(monkeypatch, runner, rows)
    body = nowake("bench", "start", "--json").json
    assert [set(row) for row in body["results"]] == [set(runner.KEYS)] * 4
    assert [row["pass"] for row in body["results"]] == [True, False, True, True]
    assert body["skipped"] == [{"name": "start", "reason": "no data here"}]
    kept = json.loads((tmp_path / "results" / "start.json").read_text())
    assert kept["results"] == body["results"]
    assert kept["machine"] == runner.machine()
    assert set(kept) == {"schema", "name", "machine", "results"}


def test_the_table_shows_what_was_skipped(nowake: Any, monkeypatch: pytest.MonkeyPatch, runner: Any) -> None:
    fake(monkeypatch, runner, [runner.Row("quick", 0.2, "s", bar=0.35), runner.Skip("no data here")])
    text = nowake("bench", "start", "--no-keep").out
    assert "quick" in text
    assert "skipped start: no data here" in text


def test_an_installation_without_benchmarks_is_3(nowake: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(package, "__file__", str(tmp_path / "lib" / "nowake" / "__init__.py"))
    done = nowake("bench")
    assert done.code == 3
    assert "clone of the repository" in done.err


def test_warm_runs_every_step_once(nowake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(warming, "steps", lambda: [("a", lambda: ran.append("a")), ("b", lambda: ran.append("b"))])
    body = nowake("warm", "--json").json
    assert ran == ["a", "b"]
    assert [k["name"] for k in body["kernels"]] == ["a", "b"]
    assert "2 steps" in nowake("warm").out
    assert nowake("warm", "--quiet").out == ""


def test_steps_name_what_every_package_compiles() -> None:
    names = [name for name, call in warming.steps() if callable(call)]
    assert {"market.flow", "book: order flow", "quality check", "LOBSTER file", "ITCH file", "replay"} <= set(names)
    assert len(names) == len(set(names))


def test_the_paths_of_warm_run() -> None:
    for _, call in paths():
        call()
