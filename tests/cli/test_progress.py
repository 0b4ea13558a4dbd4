"""The bar: only for people, only for long work, only on standard error."""

import sys

import pytest

from nowake.cli.progress import Progress


def test_nothing_is_drawn_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("work", patience=0.0) as bar:
        bar(1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_the_bar_on_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress("work", patience=0.0) as bar:
        bar(1, 2, "half of it")
    out, err = capsys.readouterr()
    assert out == ""
    assert "half of it" in err


def test_short_work_draws_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress("work", patience=1e9) as bar:
        bar(1, 2)
    assert capsys.readouterr() == ("", "")


def test_the_bar_stands_though_nothing_was_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress("compiling", patience=0.001) as bar:
        bar._timer.join()
        bar(1, note="two of many")
    assert "compiling" in capsys.readouterr().err


def test_an_interrupted_bar_is_taken_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    bar = Progress("work", patience=1e6)
    with pytest.raises(KeyboardInterrupt), bar:
        raise KeyboardInterrupt
    bar._timer.join()
    bar._open()
    assert bar._bar is None
