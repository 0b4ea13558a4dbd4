"""Every way of ending: help, usage errors in one line, missing extras, interruption, a closed pipe, a fault."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import nowake.cli.data
from nowake import __version__
from nowake.cli.lazy import Group, Lazy
from nowake.cli.main import COMMANDS, main
from nowake.core.errors import CapacityError, MissingError


def every_command(entries: Any = COMMANDS, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, entry in entries.items():
        found.append((*path, name))
        if isinstance(entry, Group):
            found += every_command(entry.entries, (*path, name))
    return found


@pytest.mark.parametrize("path", [(), *every_command()], ids=" ".join)
def test_every_command_has_help(nowake: Any, path: tuple[str, ...]) -> None:
    done = nowake(*path, "--help")
    assert done.code == 0
    assert done.err == ""
    assert done.out.startswith(f"Usage: nowake {' '.join(path)}".rstrip())


def test_help_lists_every_command(nowake: Any) -> None:
    text = nowake("--help").out
    for name, entry in COMMANDS.items():
        assert name in text
        assert isinstance(entry, (Group, Lazy))


def test_version(nowake: Any) -> None:
    assert nowake("--version").out == f"nowake {__version__}\n"


def test_the_package_is_the_program() -> None:
    done = subprocess.run([sys.executable, "-m", "nowake", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["nowake", __version__]


@pytest.mark.parametrize("path", [(), ("data",), ("schedule",)])
def test_a_group_without_a_command_shows_its_help_and_is_no_success(nowake: Any, path: tuple[str, ...]) -> None:
    done = nowake(*path)
    assert done.code == 2
    assert done.out == ""
    assert "Commands:" in done.err


@pytest.mark.parametrize(
    ("argv", "what", "hint"),
    [
        (["replai"], "unknown command 'replai'", "'replay'"),
        (["data", "chek"], "unknown command 'chek'", "'check'"),
        (["schedule", "twop"], "unknown command 'twop'", "'twap'"),
        (["schedule", "twap", "--qyt", "3"], "unknown option '--qyt'", "'--qty'"),
        (["--versoin"], "unknown option '--versoin'", "'--version'"),
        (["schedule", "twap"], "missing --qty", "--help"),
        (["replay"], "missing FILE|QUERY", "--help"),
        (["schedule", "twap", "--qty"], "--qty", "--help"),
        (["schedule", "twap", "--qty", "5", "extra"], "extra", "--help"),
    ],
)
def test_usage_errors_are_one_line_with_the_nearest_name(nowake: Any, argv: list[str], what: str, hint: str) -> None:
    refusal = nowake(*argv).refusal
    assert what in refusal.splitlines()[0]
    assert hint in refusal.splitlines()[1]


@pytest.mark.parametrize(
    ("option", "value"), [("--bins", "x"), ("--bins", "1.5"), ("--T", "soon"), ("--T", "nan"), ("--T", "inf")]
)
def test_numbers_are_numbers(nowake: Any, option: str, value: str) -> None:
    assert option in nowake("schedule", "twap", "--qty", "100", option, value).refusal


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(json: bool = False) -> int:
        raise error

    monkeypatch.setattr(nowake.cli.data, "ls", fail)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (MissingError("the store needs polars: pip install 'nowake[data]'"), 3, "pip install"),
        (ModuleNotFoundError("No module named 'duckdb'", name="duckdb"), 3, "duckdb is not installed"),
        (CapacityError("too many orders: raise `orders`"), 2, "raise `orders`"),
        (IndexError("too many orders: raise `orders`"), 2, "raise `orders`"),
        (PermissionError(13, "Permission denied", "some/file"), 2, "some/file: permission denied"),
        (RuntimeError("surprise"), 70, "unexpected RuntimeError: surprise"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_end_in_one_line_and_a_code(
    nowake: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, line: str
) -> None:
    fail_with(monkeypatch, error)
    done = nowake("data", "ls")
    assert (done.code, done.out) == (code, "")
    assert line in done.err.splitlines()[0]
    assert "Traceback" not in done.err


def test_debug_adds_the_traceback(nowake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOWAKE_DEBUG", "1")
    done = nowake("schedule", "twap", "--qty", "0")
    assert done.code == 2
    assert "Traceback" in done.err
    assert done.err.splitlines()[-1].startswith("error: ")


def test_interruption_is_130(nowake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, KeyboardInterrupt())
    done = nowake("data", "ls")
    assert (done.code, done.out, done.err) == (130, "", "interrupted\n")


def test_a_closed_pipe_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, BrokenPipeError(32, "Broken pipe"))
    assert main(["data", "ls"]) == 0


def test_a_missing_extra_is_3_and_says_how_to_get_it(nowake: Any, monkeypatch: pytest.MonkeyPatch, day: Path) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    done = nowake("data", "ingest", day)
    assert done.code == 3
    assert "nowake[data]" in done.err


def test_sql_without_duckdb_is_3(nowake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    done = nowake("data", "sql", "select 1")
    assert done.code == 3
    assert "nowake[data]" in done.err


def test_options_are_converted_without_pydantic() -> None:
    from nowake.cli.lazy import build
    from nowake.cli.replay import replay

    left = [p.name for p in build("replay", replay).params if getattr(p, "_runtime_param", None) is None]
    assert left == [], "these options would import Pydantic at every start"
