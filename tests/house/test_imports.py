"""Importing the package is cheap and does nothing: no heavy library before it is needed."""

import json
import subprocess
import sys

HEAVY = ["numba", "polars", "duckdb", "matplotlib", "databento_dbn", "fsspec"]


def loaded_by(statement: str) -> list[str]:
    code = f"{statement}\nimport sys, json\nprint(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_the_command_line_starts_without_heavy_libraries() -> None:
    assert loaded_by("import nowake.cli.main") == []


def test_values_and_errors_need_no_heavy_library() -> None:
    assert loaded_by("import nowake.core.values, nowake.core.errors, nowake.core.times") == []


def test_schedules_need_no_compiler() -> None:
    assert loaded_by("import nowake.schedule") == []
