"""How people write quantities, names, dates and places."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from nowake.cli.options import Qty, day, decimal, default_store, existing, home, named, quantity, writable
from nowake.core.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20000", Qty(20_000)),
        ("20,000", Qty(20_000)),
        (" 1 ", Qty(1)),
        ("2147483647", Qty(2**31 - 1)),
        ("25%adv", Qty(of_adv=0.25)),
        ("2.5%ADV", Qty(of_adv=0.025)),
    ],
)
def test_quantities(text: str, expected: Qty) -> None:
    assert quantity(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-1",
        "1.5",
        "1e4",
        "2147483648",
        "99999999999999999999999",
        "",
        "many",
        "0%adv",
        "-5%adv",
        "x%adv",
        "²",
        "+5",
    ],
)
def test_impossible_quantities(text: str) -> None:
    with pytest.raises(InputError, match="--qty"):
        quantity(text)


def test_names_are_case_insensitive_and_the_nearest_is_named() -> None:
    assert named("TWAP", ("twap", "vwap"), "algorithm") == "twap"
    with pytest.raises(InputError, match="unknown algorithm 'wvap'") as failure:
        named("wvap", ("twap", "vwap"), "algorithm")
    assert failure.value.hint == "did you mean 'vwap'?"


def test_dates_and_decimals() -> None:
    assert day("2003-01-15") == date(2003, 1, 15)
    assert day(None) is None
    assert decimal("0.01", "--tick") == Decimal("0.01")
    for bad in ("15.1.2003", "2003-13-01"):
        with pytest.raises(InputError, match="--date"):
            day(bad)
    for bad in ("0", "-1", "nan", "inf", "x"):
        with pytest.raises(InputError, match="--tick"):
            decimal(bad, "--tick")


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("x", encoding="ascii")
    assert existing(str(tmp_path / "data.csv")) == tmp_path / "data.csv"
    with pytest.raises(InputError, match="nothing there") as failure:
        existing(str(tmp_path / "daat.csv"))
    assert failure.value.hint == "did you mean 'data.csv'?"
    with pytest.raises(InputError, match="a directory"):
        existing(str(tmp_path))


def test_reports_are_refused_before_the_work(tmp_path: Path) -> None:
    assert writable(str(tmp_path / "r.html"), (".html",)) == tmp_path / "r.html"
    for bad in ("r.htm", "nowhere/r.html", "r"):
        with pytest.raises(InputError, match="--report"):
            writable(str(tmp_path / bad), (".html",))
    (tmp_path / "dir.html").mkdir()
    with pytest.raises(InputError, match="a directory"):
        writable(str(tmp_path / "dir.html"), (".html",))
    assert list(tmp_path.iterdir()) == [tmp_path / "dir.html"]


def test_state_lives_under_its_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOWAKE_HOME", str(tmp_path))
    assert home() == tmp_path
    assert default_store(None) == str(tmp_path / "store")
    assert default_store("s3://bucket") == "s3://bucket"
    monkeypatch.delenv("NOWAKE_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert home() == tmp_path / "state" / "nowake"
