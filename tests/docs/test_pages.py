"""Pages, navigation and links hold together, and the reference covers the package."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from blocks import DOCS, FENCE, ROOT, pages

CONFIG = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
OUTSIDE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//)")


def entries(nav: Any) -> list[str]:
    """The pages of a navigation tree."""
    if isinstance(nav, str):
        return [nav]
    return [page for item in (nav.values() if isinstance(nav, dict) else nav) for page in entries(item)]


def prose(page: Path) -> str:
    """The text of a page without code."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of the headings of a page, as mkdocs makes them."""
    from markdown.extensions.toc import slugify, unique  # type: ignore[import-untyped]

    seen: set[str] = set()
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for head in re.findall(r"^#{1,6} +(.+?)\s*$", text, re.MULTILINE):
        unique(slugify(re.sub(r"\[([^\]]*)\]\([^)]*\)|`", r"\1", head), "-"), seen)
    return frozenset(seen)


def test_every_page_is_in_the_navigation_once() -> None:
    listed = entries(CONFIG["nav"])
    assert sorted(listed) == sorted(p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md"))


def test_the_site_loads_nothing_from_elsewhere() -> None:
    assert CONFIG["theme"]["font"] is False
    assert not {"extra_javascript", "extra_css"} & CONFIG.keys()


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_anchors_resolve(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose(page)):
        if OUTSIDE.match(link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_has_one_title_and_no_unfenced_code(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    if page.parent.name != "api":  # options of the reference are indented
        assert re.findall(r"\n\n    (?![ *\d-])(?!\|)\S.*", text) == []


def test_the_reference_covers_every_package_but_the_command_line() -> None:
    source = ROOT / "src"
    packages = {
        ".".join(path.parent.relative_to(source).parts)
        for path in (source / "nowake").glob("*/**/__init__.py")
        if "cli" not in path.parts
    }
    reference = "\n".join(page.read_text(encoding="utf-8") for page in sorted((DOCS / "api").glob("*.md")))
    assert sorted(re.findall(r"^::: (\S+)$", reference, re.MULTILINE)) == sorted(packages)
    assert reference.count("show_submodules: true") == len(packages)


@pytest.mark.slow
def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    built = [page.read_text(encoding="utf-8") for page in (tmp_path / "site").rglob("*.html")]
    assert len(built) >= len(entries(CONFIG["nav"]))
    loaded = [
        hit
        for page in built
        for hit in re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?:https?:)?//[^\"]+", page)
    ]
    assert loaded == []
