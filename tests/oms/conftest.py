"""What the tests here share lies beside them: `oms_model`, `oms_worlds`, `oms_disk`, `oms_server`."""

import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "postgres: starts a PostgreSQL server; skipped where there is none")
