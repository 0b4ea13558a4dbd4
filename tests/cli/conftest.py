"""The command line in this process: faster than a process per case, and the same code."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.commands import Done, ran

Run = Callable[..., Done]


@pytest.fixture
def nowake(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A function that runs the command line with its arguments; the state lives in a folder of the test."""
    monkeypatch.setenv("NOWAKE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("NOWAKE_DEBUG", raising=False)

    def run(*argv: object) -> Done:
        return ran(capsys, *argv)

    return run


DAY = """\
34200.000000000,1,11,100,1000000,1
34200.100000000,1,12,200,1000200,-1
34200.200000000,1,13,300,999900,1
34230.000000000,4,12,50,1000200,-1
34260.000000000,1,14,100,1000300,-1
34320.000000000,4,11,100,1000000,1
34330.000000000,1,15,400,1000000,1
34400.000000000,5,0,20,1000100,1
34500.000000000,4,12,150,1000200,-1
34600.000000000,3,13,300,999900,1
"""


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A small valid LOBSTER file."""
    path = tmp_path / "TST_2012-06-21_34200000_57600000_message_10.csv"
    path.write_text(DAY, encoding="ascii")
    return path
