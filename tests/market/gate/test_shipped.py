"""The verdicts that come with nowake: each belongs to a preset as it is shipped and to the code that is shipped."""

from pathlib import Path

import pytest

from nowake.market.gate import verdicts
from nowake.market.gate.verdicts import require_safe
from nowake.market.preset import load, parameter_hash

SAFE = ("futures", "large-tick", "midcap", "small-cap", "small-tick")


@pytest.mark.parametrize("name", SAFE)
def test_a_preset_that_is_called_safe_was_judged_so_at_nightly_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("NOWAKE_HOME", str(tmp_path))
    found = require_safe(load(name))
    assert found.safe
    assert found.plan["name"] == "nightly"
    assert found.realistic == (name == "midcap")


def test_no_other_verdict_is_shipped() -> None:
    shipped = {path.stem for path in (Path(verdicts.__file__).parents[1] / "verdicts").glob("*.json")}
    assert shipped == {parameter_hash(load(name)) for name in SAFE}
