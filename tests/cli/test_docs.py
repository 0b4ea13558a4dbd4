"""Every command on the pages of the command line and of the generated market runs as it is written."""

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from nowake.cli.lazy import Group
from nowake.cli.main import COMMANDS

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "cli.md").read_text(encoding="utf-8")
BLOCKS = [block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)]


def needs_data(block: list[str]) -> bool:
    return any("$NOWAKE_DATA" in line for line in block)


def run(nowake: Any, line: str) -> None:
    argv = shlex.split(os.path.expandvars(line))
    assert argv[0] == "nowake"
    done = nowake(*argv[1:])
    negative = argv[1:3] == ["data", "check"]
    assert done.code in ((0, 1) if negative else (0,)), f"{line}: {done.err}"
    assert done.out


@pytest.mark.parametrize("line", [line for block in BLOCKS for line in block if not needs_data(block)])
def test_examples_without_data(nowake: Any, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    run(nowake, line)


@pytest.mark.realdata
@pytest.mark.parametrize("block", [b for b in BLOCKS if needs_data(b)], ids=lambda b: " ".join(b[0].split()[1:3]))
def test_examples_with_data(nowake: Any, block: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if not os.environ.get("NOWAKE_DATA"):
        pytest.skip("no market data: set NOWAKE_DATA")
    monkeypatch.chdir(tmp_path)
    for line in block:
        run(nowake, line)


def test_the_page_shows_every_command() -> None:
    text = "\n".join(TEXT.splitlines())
    for name, entry in COMMANDS.items():
        for command in [f"{name} {inner}" for inner in entry.entries] if isinstance(entry, Group) else [name]:
            assert f"nowake {command}" in text, command


def test_the_python_of_the_market_page_runs() -> None:
    page = (DOCS / "algorithms" / "zero-intelligence.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert blocks
    for code in blocks:
        exec(compile(code, "zero-intelligence.md", "exec"), {})
