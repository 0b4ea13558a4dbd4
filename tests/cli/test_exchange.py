"""`nowake exchange`: it says when it listens, holds its folder, ends at an interruption, goes on where it was."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from nowake.core.times import SECOND
from nowake.service.venue_client import SocketVenue

SMALL = ("--seed", "3", "--speed", "0x", "--warm-up", "1")


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """An exchange that listens in `folder`."""
    argv = [sys.executable, "-m", "nowake", "exchange", "venue", *options]
    process = subprocess.Popen(argv, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "listening venue/venue.sock\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def connected(folder: Path) -> closing[SocketVenue]:
    return closing(SocketVenue(folder / "venue" / "venue.sock", "t", patience=60.0))


def test_it_serves_its_folder_alone_until_interrupted_and_goes_on_where_it_was(nowake: Any, tmp_path: Path) -> None:
    with serving(tmp_path, *SMALL) as process:
        with connected(tmp_path) as venue:
            assert venue.welcome.preset == "midcap"
            venue.run(venue.now + 2 * SECOND)
            venue.status()
            reached = venue.now
            assert "no other exchange serves" in nowake("exchange", tmp_path / "venue", *SMALL).refusal
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (130, "", "interrupted\n")
    refusal = nowake("exchange", tmp_path / "venue", *SMALL, "--seed", "4").refusal
    assert "is of another market" in refusal
    assert "'seed': 3" in refusal
    with serving(tmp_path, *SMALL), connected(tmp_path) as venue:
        assert venue.now == reached


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--preset", "midcp"), "did you mean 'midcap'?"),
        (("--preset", "nowhere.toml"), "nowhere.toml"),
        (("--regime", "clam"), "did you mean 'calm'?"),
        (("--seed", "-1"), "--seed"),
        (("--seed", "x"), "--seed"),
        (("--speed", "fast"), "--speed (expected 0x to 10000x, got 'fast')"),
        (("--speed", "-1x"), "--speed"),
        (("--speed", "nan"), "--speed"),
        (("--warm-up", "-1"), "--warm-up"),
        (("--warm-up", "23400"), "less than the session's 23400 s"),
    ],
    ids=" ".join,
)
def test_impossible_markets_are_refused_and_leave_nothing(
    nowake: Any, tmp_path: Path, options: tuple[str, str], what: str
) -> None:
    assert what in nowake("exchange", tmp_path / "venue", *options).refusal
    assert not (tmp_path / "venue").exists()


def test_a_folder_that_is_a_file(nowake: Any, tmp_path: Path) -> None:
    (tmp_path / "venue").touch()
    assert "got a file" in nowake("exchange", tmp_path / "venue").refusal


def test_a_folder_too_deep_for_a_socket(nowake: Any, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    message = nowake("exchange", deep).refusal
    assert f"at most 107 bytes, got {len(os.fsencode(deep)) + 11}" in message
    assert "relative path" in message
    assert not deep.exists()
