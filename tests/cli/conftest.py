"""The command line in this process: faster than a process per case, and the same code."""

from collections.abc import Callable
from dataclasses import dataclass
from json import loads
from pathlib import Path
from typing import Any

import pytest

from nowake.cli.main import main


@dataclass(frozen=True)
class Done:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        body = loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
        assert isinstance(body, dict)
        assert self.out.count("\n") == 1
        return body

    @property
    def refusal(self) -> str:
        """The one line of a refused command."""
        assert self.code == 2, self.err
        assert self.out == ""
        assert "Traceback" not in self.err
        lines = self.err.splitlines()
        assert lines[0].startswith("error: ")
        assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("hint: ")), self.err
        return self.err


Run = Callable[..., Done]


@pytest.fixture
def nowake(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A function that runs the command line with its arguments; the state lives in a folder of the test."""
    monkeypatch.setenv("NOWAKE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("NOWAKE_DEBUG", raising=False)

    def run(*argv: object) -> Done:
        capsys.readouterr()
        code = main([str(a) for a in argv])
        out, err = capsys.readouterr()
        return Done(code, out, err)

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
