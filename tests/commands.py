"""A command of the command line in this process, and what it left."""

from dataclasses import dataclass
from json import loads
from typing import Any

import pytest

from nowake.cli.main import main

__all__ = ["Done", "ran"]


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


def ran(capsys: pytest.CaptureFixture[str], *argv: object) -> Done:
    """Run the command line with `argv`; what was printed before is forgotten."""
    capsys.readouterr()
    code = main([str(one) for one in argv])
    out, err = capsys.readouterr()
    return Done(code, out, err)
