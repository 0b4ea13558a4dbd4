"""What a learner may train on: verdicts by parameter hash, and refusals that say what to run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nowake.core.errors import DataError, InputError
from nowake.market.gate import verdicts
from nowake.market.gate.gate import Outcome
from nowake.market.gate.plan import GatePlan, plan_of
from nowake.market.gate.verdicts import keep_verdict, require_safe, stored_verdict
from nowake.market.preset import Preset, load, parameter_hash
from nowake.market.realism.facts import Fact, Verdict


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NOWAKE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(verdicts, "_SHIPPED", tmp_path / "shipped")
    return tmp_path


def outcome(*, safe: bool = True, plan: GatePlan | None = None) -> Outcome:
    facts = tuple(Fact(k, "x", "safe", "", safe or k != 6, ()) for k in range(1, 27))
    return Outcome(
        plan or plan_of(quick=True), facts, Verdict(safe, False, sum(f.passed for f in facts)), {}, {}, (), (), {}
    )


MIDCAP = load("midcap")


def test_a_market_that_was_not_judged_is_refused() -> None:
    assert stored_verdict(MIDCAP) is None
    with pytest.raises(InputError, match="was not judged") as refused:
        require_safe(MIDCAP)
    assert refused.value.hint == "run: nowake realism --preset midcap"


def test_a_safe_market_is_known_by_its_parameters() -> None:
    path = keep_verdict(MIDCAP, outcome())
    assert path.stem == parameter_hash(MIDCAP)
    found = require_safe(MIDCAP)
    assert (found.safe, found.realistic, found.passed, found.failed) == (True, False, 26, ())
    assert (found.plan["name"], found.plan["seed"]) == ("quick", 7)
    assert found.current
    assert require_safe(MIDCAP.model_copy(update={"name": "mine"})).preset == "midcap"
    changed = MIDCAP.model_copy(update={"lit": MIDCAP.lit.model_copy(update={"taker_rate": 0.37})})
    with pytest.raises(InputError, match="was not judged"):
        require_safe(changed)


def test_an_unsafe_market_is_refused_with_the_facts_that_failed() -> None:
    keep_verdict(MIDCAP, outcome(safe=False))
    with pytest.raises(InputError, match="facts 6 failed"):
        require_safe(MIDCAP)


def test_a_verdict_does_not_outlive_the_code_of_the_market(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_verdict(MIDCAP, outcome())
    monkeypatch.setattr(verdicts, "code_digest", lambda: "0" * 16)
    with pytest.raises(InputError, match="judged with other code"):
        require_safe(MIDCAP)


def test_the_code_of_a_market_is_all_that_makes_one() -> None:
    root = Path(verdicts.__file__).parents[2]
    names = {path.relative_to(root).as_posix() for path in verdicts.market_sources()}
    assert names >= {
        "market/world/loop.py", "market/world/tables.py", "market/world/worlds.py", "market/preset_model.py",
        "market/regimes.py", "market/day.py", "book/ladder.py", "core/streams.py", "core/draws.py",
    }  # fmt: skip
    assert not {name for name in names if name.startswith(("market/gate", "market/realism", "market/hunt", "tca"))}
    assert len(verdicts.code_digest()) == 16


def test_a_module_counts_however_it_is_imported(tmp_path: Path) -> None:
    source = tmp_path / "one.py"
    source.write_text("import os\nfrom pathlib import Path\nfrom nowake.market.world import (\n    causes,\n)\n")
    assert verdicts._imported(source) == ["nowake.market.world", "nowake.market.world.causes"]


def test_a_run_of_ones_own_comes_before_the_shipped_verdict(state: Path) -> None:
    keep_verdict(MIDCAP, outcome(safe=False), state / "shipped")
    found = stored_verdict(MIDCAP)
    assert found is not None
    assert not found.safe
    keep_verdict(MIDCAP, outcome())
    assert require_safe(MIDCAP).safe


@pytest.mark.parametrize("plan", [plan_of(seeds=2), plan_of(regime="calm"), plan_of(facts=frozenset({1}))])
def test_small_runs_are_not_kept(plan: GatePlan) -> None:
    with pytest.raises(InputError, match="all facts, at least 10 seeds x 25 days"):
        keep_verdict(MIDCAP, outcome(plan=plan))
    with pytest.raises(InputError, match="verdict"):
        keep_verdict(MIDCAP, replace(outcome(), verdict=None))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "nowake.verdict/1"}', '{"schema": "nowake.verdict/2"}'])
def test_a_broken_file_unlocks_nothing(text: str) -> None:
    keep_verdict(MIDCAP, outcome()).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"nowake\.verdict/1"):
        require_safe(MIDCAP)


def test_a_file_under_another_name_unlocks_nothing() -> None:
    path = keep_verdict(MIDCAP, outcome())
    table = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**table, "parameters": "0" * 16}), encoding="utf-8")
    with pytest.raises(DataError, match="that of its name"):
        require_safe(MIDCAP)


def test_a_preset_of_ones_own_is_named_as_a_file() -> None:
    mine: Preset = MIDCAP.model_copy(update={"name": "mine", "lit": MIDCAP.lit.model_copy(update={"taker_rate": 0.37})})
    with pytest.raises(InputError) as refused:
        require_safe(mine)
    assert refused.value.hint == "run: nowake realism --preset FILE.toml"
