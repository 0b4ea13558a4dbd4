"""Verdicts of the gate, kept by the hash of the parameters that were judged: what a learner may train on.

A verdict holds for the parameters and for the code of the market. Those of the presets that come with nowake lie beside
them (`market/verdicts`), those of runs of one's own under `$NOWAKE_HOME/verdicts`; the latter win.
"""

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from nowake import __version__
from nowake.core.errors import DataError, InputError
from nowake.core.places import home
from nowake.market.gate.gate import Outcome
from nowake.market.preset import Preset, parameter_hash, preset_names

__all__ = ["StoredVerdict", "code_digest", "keep_verdict", "market_sources", "require_safe", "stored_verdict"]

_SHIPPED = Path(__file__).parents[1] / "verdicts"
_SCHEMA = "nowake.verdict/1"
_MEASURING = {("market", "realism"), ("market", "gate")}


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict as it was kept: `failed` facts by id, the `plan` of the run, and the `code` it holds for."""

    preset: str
    parameters: str
    safe: bool
    realistic: bool
    passed: int
    failed: tuple[int, ...]
    plan: Mapping[str, Any]
    version: str
    code: str

    @property
    def current(self) -> bool:
        """Tell whether the code of the market is still the one that was judged."""
        return self.code == code_digest()


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return 16 hex digits of the sources that make the market."""
    digest = hashlib.sha256()
    for path in market_sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def market_sources() -> list[Path]:
    """Return the sources that make the market, sorted.

    Of packages book and market all that `market.world.worlds` imports, directly or not, and every kernel there but
    those that measure (`realism`, `gate`); of core the streams and what kernels of book, data and market import.
    """
    from nowake.core.jit import kernel_sources

    root = Path(__file__).parents[2]
    kernels = {path for path in kernel_sources() if path.relative_to(root).parts[:2] not in _MEASURING}
    found: set[Path] = set()
    ahead = ["nowake.market.world.worlds"]
    while ahead:
        stem = Path(root.parent, *ahead.pop().split("."))
        path = next((p for p in (stem.with_suffix(".py"), stem / "__init__.py") if p.is_file()), None)
        if path is not None and path not in found:
            found.add(path)
            ahead += _imported(path)
    made = {path for path in found | kernels if path.relative_to(root).parts[0] in ("book", "market")}
    near = {path for path in kernels if path.relative_to(root).parts[0] in ("book", "data", "market")}
    named = {Path(root.parent, *name.split(".")).with_suffix(".py") for path in near for name in _imported(path)}
    core = {path for path in named if path.parent == root / "core" and path.is_file()}
    return sorted(made | core | {root / "core" / "jit.py", root / "core" / "streams.py"})


def _imported(path: Path) -> list[str]:
    """Return what a source imports of nowake: each module, and each name of it, since that may be a module too."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    taken = [(n.module, n.names) for n in nodes if isinstance(n, ast.ImportFrom) and n.module]
    return [x for m, names in taken if m.startswith("nowake.") for x in (m, *(f"{m}.{one.name}" for one in names))]


def keep_verdict(preset: Preset, outcome: Outcome, folder: Path | None = None) -> Path:
    """Write the verdict of a run and return its file; InputError if the run was too small to decide."""
    if outcome.verdict is None or not outcome.plan.decides:
        raise InputError("verdict", expected="all facts, at least 10 seeds x 25 days, switching", got=outcome.plan.name)
    made = StoredVerdict(
        preset.name, parameter_hash(preset), outcome.verdict.safe, outcome.verdict.realistic, outcome.verdict.passed,
        tuple(fact.id for fact in outcome.facts if not fact.passed), outcome.plan.as_dict(), __version__, code_digest(),
    )  # fmt: skip
    target = (folder or _own()) / f"{made.parameters}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"schema": _SCHEMA, **asdict(made)}, indent=1) + "\n"
    spare = target.with_suffix(".new")
    spare.write_text(text, encoding="utf-8")
    spare.replace(target)
    return target


def _own() -> Path:
    return home() / "verdicts"


def stored_verdict(preset: Preset) -> StoredVerdict | None:
    """Return the verdict kept for exactly these parameters, None if there is none; DataError if its file is broken."""
    for folder in (_own(), _SHIPPED):
        path = folder / f"{parameter_hash(preset)}.json"
        if path.is_file():
            return _read(path)
    return None


def _read(path: Path) -> StoredVerdict:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        if table.pop("schema") != _SCHEMA:
            raise KeyError("schema")
        found = StoredVerdict(**{**table, "failed": tuple(table["failed"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError("verdict of the realism gate", path=path, expected=_SCHEMA, got=str(error)) from error
    if found.parameters != path.stem or not isinstance(found.safe, bool):
        raise DataError("verdict of the realism gate", path=path, expected="that of its name", got=found.parameters)
    return found


def require_safe(preset: Preset) -> StoredVerdict:
    """Return the verdict if it is `safe` and holds for these parameters and this code; InputError says what to run."""
    found = stored_verdict(preset)
    name = preset.name if preset.name in preset_names() else "FILE.toml"
    run = f"nowake realism --preset {name}"
    if found is None:
        raise InputError(
            f"market {preset.name} was not judged", expected=f"a verdict for parameters {parameter_hash(preset)}",
            got="none", hint=f"run: {run}",
        )  # fmt: skip
    if not found.safe:
        failed = ", ".join(map(str, found.failed))
        raise InputError(
            f"market {preset.name} is not safe to learn in", expected="the verdict safe", got=f"facts {failed} failed",
            hint=f"see: {run} --report realism.html",
        )  # fmt: skip
    if not found.current:
        raise InputError(
            f"market {preset.name} was judged with other code", expected=f"a verdict for code {code_digest()}",
            got=found.code, hint=f"run: {run}",
        )  # fmt: skip
    return found
