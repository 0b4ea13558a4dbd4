"""Where the state lies."""

from pathlib import Path

import pytest

from nowake.core.places import home


def test_the_state_lies_where_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOWAKE_HOME", "/somewhere")
    assert home() == Path("/somewhere")
    monkeypatch.delenv("NOWAKE_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert home() == Path("/state/nowake")
    monkeypatch.delenv("XDG_STATE_HOME")
    assert home() == Path.home() / ".local" / "state" / "nowake"
