"""Clock, streams, errors, configuration, events, kernels' decorators."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from nowake.core import jit
from nowake.core.clock import Clock, RealClock, SimulatedClock
from nowake.core.config import Model, config_hash, load, parse
from nowake.core.errors import (
    CapacityError,
    ConfigError,
    DataError,
    InputError,
    MissingError,
    NowakeError,
    OrderError,
    nearest,
)
from nowake.core.events import EVENT, Flag, Kind
from nowake.core.streams import generator, stream_key


@pytest.mark.parametrize("clock", [RealClock(), SimulatedClock(5)], ids=["real", "simulated"])
def test_a_clock_never_goes_back_and_wakes_in_time(clock: Clock) -> None:
    before = clock.now()
    clock.sleep_until(before + 1_000_000)
    assert clock.now() >= before + 1_000_000
    clock.sleep_until(before)
    assert clock.now() >= before + 1_000_000


def test_a_simulated_clock_refuses_the_past() -> None:
    clock = SimulatedClock(10)
    clock.set(12)
    with pytest.raises(InputError, match="expected a time not before 12, got 11"):
        clock.set(11)


def test_streams_are_named_and_repeatable_and_independent() -> None:
    assert generator(7, "limit").integers(0, 2**62, 3).tolist() == generator(7, "limit").integers(0, 2**62, 3).tolist()
    assert len({stream_key(seed, name) for seed in (-1, 0, 7) for name in ("limit", "cancel")}) == 6
    assert stream_key(7, "limit") == 17_555_282_581_397_725_456  # golden: recorded runs depend on it


def test_errors_form_one_tree_and_carry_their_data() -> None:
    assert issubclass(DataError, InputError)
    assert issubclass(OrderError, ValueError)
    assert issubclass(CapacityError, IndexError)
    assert issubclass(MissingError, ImportError)
    error = DataError("letters in a number", path="a.csv", line=3, expected="an integer", got="'x'")
    assert str(error) == "a.csv:3: letters in a number (expected an integer, got 'x')"
    assert isinstance(error, NowakeError)
    assert str(DataError("garbage", path="a.bin", offset=9)) == "a.bin at byte 9: garbage"
    assert nearest("vwop", ["twap", "vwap"]) == "did you mean 'vwap'?"
    assert nearest("zzz", ["twap"]) is None


class Inner(Model):
    speed: float = 1.0


class Outer(Model):
    inner: Inner = Inner()
    name: str = "x"


def test_unknown_configuration_keys_are_refused_and_the_nearest_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowake.toml"
    path.write_text("[inner]\nspeeed = 2.0\n")
    with pytest.raises(ConfigError) as caught:
        load(path, Outer)
    assert str(caught.value) == f"{path}: inner.speeed: unknown key (expected one of speed, got 'speeed')"
    assert caught.value.hint == "did you mean 'speed'?"


def test_configuration_is_strict() -> None:
    assert parse({"inner": {"speed": 2.0}}, Outer).inner.speed == 2.0
    with pytest.raises(ConfigError, match=r"^name: "):
        parse({"name": 3}, Outer)


def test_unreadable_configuration_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a readable TOML file"):
        load(tmp_path / "none.toml", Outer)
    (tmp_path / "bad.toml").write_text("= 3")
    with pytest.raises(InputError, match="expected TOML"):
        load(tmp_path / "bad.toml", Outer)


def test_the_configuration_hash_ignores_order() -> None:
    assert config_hash({"a": 1, "b": 2}) == config_hash({"b": 2, "a": 1}) != config_hash({"a": 1, "b": 3})


def test_an_event_is_48_bytes_and_kinds_are_lobsters() -> None:
    assert EVENT.itemsize == 48
    assert list(range(1, 8)) == [Kind.ADD, Kind.CANCEL, Kind.DELETE, Kind.EXECUTE, Kind.HIDDEN, Kind.CROSS, Kind.HALT]
    assert len({int(flag) for flag in Flag}) == len(list(Flag))


def test_kernels_compile_into_a_cache_named_after_their_sources() -> None:
    @jit.kernel
    def double(x):  # type: ignore[no-untyped-def]
        return 2 * x

    assert double(np.float64(2.0)) == 4.0
    names = {"/".join(path.parts[-2:]) for path in jit.kernel_sources()}
    assert {"core/jit.py", "core/events.py", "core/records.py", "book/feed.py", "replay/history.py"} <= names
    assert not names & {"core/log.py", "tca/page.py"}
    assert len(Path(jit.cache_dir()).name) == 16


def test_logging_goes_to_standard_error() -> None:
    code = "from nowake.core import log; log.configure(json=True); log.logger('book').info('opened', levels=3)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert '"levels": 3' in done.stderr
    assert '"component": "book"' in done.stderr


def test_the_cache_lies_among_temporary_files_where_its_folder_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be")
    monkeypatch.setenv("NOWAKE_CACHE", str(blocked / "cache"))
    jit.cache_dir.cache_clear()
    try:
        assert Path(jit.cache_dir()).parent == Path(tempfile.gettempdir()) / f"nowake-cache-{os.getuid()}"
        monkeypatch.setenv("NOWAKE_CACHE", str(tmp_path / "new" / "cache"))
        jit.cache_dir.cache_clear()
        assert Path(jit.cache_dir()).parent == tmp_path / "new" / "cache"
        assert not (tmp_path / "new").exists()
    finally:
        jit.cache_dir.cache_clear()


def test_compiled_code_is_not_loaded_from_a_folder_that_others_can_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    usual = jit._private()
    assert usual == tmp_path / f"nowake-cache-{os.getuid()}"
    assert usual.stat().st_mode & 0o077 == 0
    assert jit._private() == usual
    usual.chmod(0o777)
    assert jit._private() != usual
