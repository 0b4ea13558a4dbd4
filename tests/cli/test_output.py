"""JSON that any program reads, and tables that people read."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.cli.output import Envelope, plain, show, show_json, table
from nowake.core.values import Side


@dataclass(frozen=True, slots=True)
class Pair:
    low: float
    high: float


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (float("-inf"), None),
        (np.float64("nan"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([1.0, np.nan]), [1.0, None]),
        (Decimal("0.01"), 0.01),
        (date(2026, 1, 15), "2026-01-15"),
        (Side.BUY, "buy"),
        (Path("a") / "b", "a/b"),
        (Pair(1.0, float("inf")), {"low": 1.0, "high": None}),
        ({"a": (1, 2)}, {"a": [1, 2]}),
    ],
    ids=str,
)
def test_values_become_plain_json(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == expected


def test_every_object_has_schema_hash_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    Envelope("thing", {"a": 1}, seed=7).write({"x": np.nan})
    body = json.loads(capsys.readouterr().out)
    assert set(body) == {"schema", "version", "seed", "config_hash", "elapsed_s", "x"}
    assert (body["schema"], body["seed"], body["x"]) == ("nowake.thing/1", 7, None)


def test_the_hash_depends_on_what_was_asked_and_on_nothing_else() -> None:
    def hash_of(name: str, config: dict[str, Any], seed: int | None = None) -> str:
        return str(Envelope(name, config, seed=seed).body({})["config_hash"])

    assert hash_of("a", {"x": 1, "y": 2}) == hash_of("a", {"y": 2, "x": 1})
    assert len({hash_of("a", {"x": 1}), hash_of("a", {"x": 2}), hash_of("b", {"x": 1}), hash_of("a", {"x": 1}, 3)}) == 4


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (1234567, "1,234,567"),
        (0.25, "0.2500"),
        (1234.5, "1,234.50"),
        (1e-7, "1e-07"),
        (1e300, "1e+300"),
        (True, "yes"),
    ],
)
def test_cells_read_well(cell: Any, expected: str) -> None:
    assert show(cell) == expected


def test_tables_do_not_interpret_markup(capsys: pytest.CaptureFixture[str]) -> None:
    table("title", ["name", "[red]n[/red]"], [("[bold]x[/bold]", 3)])
    out = capsys.readouterr().out
    assert "[bold]x[/bold]" in out
    assert "[red]n[/red]" in out


def test_a_title_longer_than_its_table_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    table("volume curve of a/long/path/to/a/file.csv", ["n"], [(1,)])
    assert capsys.readouterr().out.startswith("volume curve of a/long/path/to/a/file.csv\n")


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"text": "a\nb – é"})
    assert capsys.readouterr().out == '{"text": "a\\nb – é"}\n'
