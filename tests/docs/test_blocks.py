"""Every command and every Python block of README and pages runs as it is written (docs/blocks.py says how)."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blocks import LANGUAGES, ROOT, Block, Shell, blocks, clean, pages, shown

EVERY = [block for page in pages() for block in blocks(page)]
NO_DATA = pytest.mark.skipif(not os.environ.get("NOWAKE_DATA"), reason="no market data: set NOWAKE_DATA")


def of(*languages: str) -> list[Any]:
    """Blocks of these languages as cases; those that read market data are marked."""
    found = [block for block in EVERY if block.language in languages]
    return [
        pytest.param(block, id=block.name, marks=[pytest.mark.realdata, NO_DATA] if block.needs_data else [])
        for block in found
    ]


@pytest.fixture(scope="session")
def shells(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Shell]:
    """A shell per page: its blocks share a folder, so that one may use what another has stored."""
    made: dict[Path, Shell] = {}

    def shell(page: Path) -> Shell:
        if page not in made:
            made[page] = Shell(tmp_path_factory.mktemp("page"))
        return made[page]

    return shell


@pytest.mark.parametrize("block", EVERY, ids=lambda block: block.name)
def test_every_block_says_what_it_is(block: Block) -> None:
    assert block.language in LANGUAGES


@pytest.mark.parametrize("block", of("sh", "console"))
def test_commands(block: Block, shells: Callable[[Path], Shell], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOWAKE_DEBUG", raising=False)
    assert block.commands
    for line in block.commands:
        done = shells(block.page).run(line)
        assert done.code == done.expected, f"{block.name}: {line}\n{done.err}"
        assert done.out or done.err or "=" in line.split()[0] or "--quiet" in line, f"{line} says nothing"


@pytest.mark.parametrize("block", of("python"))
def test_python(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile("\n" * block.line + block.text, str(block.page), "exec"), {"__name__": "page"})


TAPE = """\
34200.0,1,11,100,1000000,1
34200.1,1,12,200,1000200,-1
34230.0,4,12,50,1000200,-1
"""


@pytest.mark.parametrize("block", of("sql"))
def test_sql(block: Block, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    (tmp_path / "TST_2012-06-21_message.csv").write_text(TAPE, encoding="ascii")
    done = [
        shell.run(f"nowake data {words}")
        for words in ("ingest TST_2012-06-21_message.csv", f"sql {shlex.quote(block.text)}")
    ]
    assert [(one.code, one.err) for one in done] == [(0, ""), (0, "")]
    assert "100.02" in done[1].out


@pytest.mark.parametrize("page", [p for p in pages() if any(b.shows for b in blocks(p))], ids=lambda page: page.name)
def test_shown_output_is_what_the_command_prints(page: Path) -> None:
    stale = {block.name: now for block, now in shown(page) if clean(block.text) != now}
    assert stale == {}, "docs/blocks.py writes it anew"


def make(target: str, out: Path, *more: str) -> str:
    """What `make TARGET` prints, without market data, its files under `out`."""
    venv = Path(sys.prefix)
    done = subprocess.run(
        ["make", target, f"VENV={venv}", f"OUT={out}", "-o", str(venv / "base"), *more],
        cwd=ROOT, env={**os.environ, "NOWAKE_DATA": str(out)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_make_run_compares_policies_and_writes_both_reports(tmp_path: Path) -> None:
    said = make("run", tmp_path / "out", "RUN=--pairs 2 --horizon 2m --qty 2000")
    assert "saved on the same markets" in said
    assert "Skill." in said
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
    assert (tmp_path / "out" / "report.json").stat().st_size > 1_000


@pytest.mark.slow
def test_make_replay_works_an_order_and_says_through_what(tmp_path: Path) -> None:
    said = make("replay", tmp_path / "out")
    assert "a generated day (zero-intelligence order flow, seed 7)" in said
    assert "implementation shortfall" in said
    assert (tmp_path / "out" / "replay.html").stat().st_size > 10_000


def test_the_book_prints_what_its_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = [b for b in EVERY if b.page.name == "book.md" and b.language == "python"]
    exec(compile(block.text, block.name, "exec"), {})
    printed = capsys.readouterr().out
    for said in ("(3, 20100, 50)", "(1, 20200, 70)", "ask=10100, ask_size=30"):
        assert said in printed
