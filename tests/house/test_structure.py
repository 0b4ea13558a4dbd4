"""The house rules that a tool does not check: module size, package docstrings, no addresses, no home paths."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(p.parent for p in (ROOT / "src/nowake").glob("*/__init__.py"))
LAYERS = [
    "core", "book", "data", "features", "schedule", "risk", "routing", "execution", "market", "tca", "oms",
    "service", "cli",
]  # fmt: skip
# Spelt in pieces, so that this file does not find itself.
REGISTRIES = [
    "py" + "pi.org",
    "pythonhosted" + ".org",
    "npmjs" + ".org",
    "yarnpkg" + ".com",
    "maven" + ".org",
    "deb." + "debian",
    "crates" + ".io",
]
HOMES = re.compile(r"(?<![\w.])/(?:ro" + r"ot|home/\w+|Users/\w+|wo" + r"rk/)(?:/|\b)")


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def test_every_module_is_shorter_than_400_lines() -> None:
    modules = [*(ROOT / "src").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    assert modules
    lengths = {str(m.relative_to(ROOT)): len(m.read_text(encoding="utf-8").splitlines()) for m in modules}
    assert {name: n for name, n in lengths.items() if n >= 400} == {}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_every_package_says_what_it_is_and_what_it_may_import(package: Path) -> None:
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert len(text.split()) >= 12, f"{package.name}: expected a paragraph, got {text!r}"
    assert "import" in text, f"{package.name}: the docstring does not say what the package may import"


def test_every_package_has_its_place_in_the_layers() -> None:
    assert sorted(p.name for p in PACKAGES) == sorted(LAYERS)


def test_no_file_names_a_registry() -> None:
    found = [
        (str(path.relative_to(ROOT)), name)
        for path in tracked()
        for name in REGISTRIES
        if name.encode() in path.read_bytes()
    ]
    assert found == []


def test_no_file_names_a_home_folder() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [(str(path.relative_to(ROOT)), hit.group()) for hit in HOMES.finditer(text)]
    assert found == []


def test_no_file_is_larger_than_a_source_or_a_picture_can_be() -> None:
    sizes = {str(path.relative_to(ROOT)): path.stat().st_size for path in tracked() if path.is_file()}
    assert {name: size for name, size in sizes.items() if size > 500_000} == {}


def test_every_lock_is_pinned_with_hashes_and_without_addresses() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert {p.stem for p in locks} >= {"base", "run", "dev"}
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock.name
        requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert requirements, lock.name
        for line in requirements:
            assert re.match(r"[A-Za-z0-9._-]+(\[[\w,-]+\])?==\S+", line), f"{lock.name}: {line}"
        assert text.count("--hash=sha256:") >= len(requirements), lock.name
