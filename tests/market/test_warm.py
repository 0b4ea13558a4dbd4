"""After `warm` no market command compiles a kernel, or one for other types of arguments."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nowake.core.jit import jit_disabled

ENTRIES = {
    "book.feed.apply_all", "book.queries.depth", "book.queries.digest", "market.realism.events_kernel.record_day",
    "market.world.loop.advance", "market.world.loop.close_market", "market.world.loop.open_market",
    "market.world.loop.start_day", "market.world.many.look", "market.world.many.step_many", "market.world.own.send",
    "market.world.paths.work",
}  # fmt: skip


@pytest.mark.skipif(jit_disabled(), reason="nothing is compiled")
def test_after_warm_the_market_commands_compile_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).parent / "first_use.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert {f"nowake.{name}" for name in ENTRIES} <= set(found["used"])
    assert found["late"] == {}
