"""Reports of every command that draws a page: the suffix decides between page and paper."""

from pathlib import Path
from typing import Any

import pytest

COMMANDS = {
    "replay": ("generated:7", "--algo", "twap", "--side", "buy", "--qty", "200", "--start", "10:00", "--end", "10:05"),
    "run": ("--pairs", "2", "--horizon", "60s", "--qty", "600", "--processes", "1"),
    "route-bench": ("--pairs", "4", "--processes", "1"),
    "realism": ("--facts", "17", "--seeds", "1", "--days", "1"),
}


SLOW = pytest.param("route-bench", marks=pytest.mark.slow)  # the routers learn first


@pytest.mark.parametrize("command", ["replay", "run", "realism", SLOW])
def test_a_page_on_paper_holds_its_pictures(nowake: Any, tmp_path: Path, command: str) -> None:
    pytest.importorskip("fpdf")
    target = tmp_path / "page.pdf"
    done = nowake(command, *COMMANDS[command], "--report", target)
    assert target.exists(), done.err
    data = target.read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert data.count(b"/Subtype /Image") >= 1
