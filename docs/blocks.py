"""The code blocks of README and pages: what they are, and how they run. Used by tests/docs and docs/measure.py.

    python docs/blocks.py        run the blocks whose output a page shows, and write that output anew

The language of a fenced block says what happens to it:

sh, console   commands, one a line, run in order in a folder of the page: `nowake …` in this process, `make …` as
              `make -n`, `NAME=VALUE` sets a variable, all else through bash. `# exit N` behind one: its exit code.
python        runs, alone.
sql           one SELECT, asked of a store with a small level-3 file.
text          is not run. After a line `<!-- output -->` it shows what the last command of the block before it prints.

A block that names $NOWAKE_DATA needs market data.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from unittest.mock import patch

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
LANGUAGES = ("sh", "console", "python", "sql", "text")
OUTPUT = "<!-- output -->"
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; `shows` is the block before it whose output it holds, `line` counts from 1."""

    page: Path
    line: int
    language: str
    text: str
    shows: "Block | None" = None

    @property
    def name(self) -> str:
        """Return page and line."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """Return the commands of a shell block, lines ending in a backslash joined."""
        joined = self.text.replace("\\\n", " ")
        return [line.strip() for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]

    @property
    def needs_data(self) -> bool:
        """Tell whether the block reads market data."""
        return "NOWAKE_DATA" in self.text


def pages() -> list[Path]:
    """Return README and every page, sorted."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of `page` in order."""
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    for match in FENCE.finditer(text):
        before = text[: match.start()]
        shows = found[-1] if before.rstrip().endswith(OUTPUT) else None
        line = before.count("\n") + 1
        body = re.sub(rf"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
        found.append(Block(page, line, match["language"], body, shows))
    return found


@dataclass(frozen=True)
class Done:
    """What a command left: exit code, standard output, standard error; `expected` is the code that the page names."""

    line: str
    code: int
    out: str
    err: str
    expected: int = 0


@dataclass
class Shell:
    """Runs the commands of one page in `folder`; the state of nowake lives in it."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, line: str) -> Done:
        """Run one command line."""
        command, _, note = line.partition("  # exit ")
        expected = int(note) if note else 0
        if match := re.fullmatch(r"(?:export )?([A-Za-z_]\w*)=(\S*)", command):
            self.variables[match[1]] = self._expand(match[2])
            return Done(line, 0, "", "", expected)
        plain = not re.search(r"[|<>;&]", re.sub(r"\"[^\"]*\"|'[^']*'", "", command))
        if command.startswith("make "):
            code, out, err = self._bash(f"make -n {command.removeprefix('make ')}", ROOT)
        elif plain and command.startswith("nowake "):
            code, out, err = self._nowake(shlex.split(self._expand(command), comments=True)[1:])
        else:
            code, out, err = self._bash(command, self.folder)
        return Done(line, code, out, err, expected)

    def _expand(self, text: str) -> str:
        with patch.dict(os.environ, self.variables):
            return os.path.expandvars(text)

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the commands."""
        ways = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
        home = {"NOWAKE_HOME": str(self.folder / "home"), "COLUMNS": "160", "PATH": ways}
        return {**os.environ, **self.variables, **home}

    def _nowake(self, argv: list[str]) -> tuple[int, str, str]:
        from nowake.cli.main import main

        out, err = StringIO(), StringIO()
        with ExitStack() as stack:
            stack.enter_context(patch.dict(os.environ, self.environment()))
            stack.enter_context(chdir(self.folder))
            stack.enter_context(redirect_stdout(out))
            stack.enter_context(redirect_stderr(err))
            code = main(argv)
        return code, out.getvalue(), err.getvalue()

    def _bash(self, command: str, folder: Path) -> tuple[int, str, str]:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=folder, env=dict(self.environment()), capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr


def clean(output: str) -> str:
    """Return `output` as a page shows it: no spaces at line ends."""
    return "\n".join(line.rstrip() for line in output.strip("\n").splitlines()) + "\n"


def shown(page: Path) -> Iterator[tuple[Block, str]]:
    """Yield each output block of `page` with what its command prints now, those left out that need missing data."""
    for block in blocks(page):
        if block.shows is None or (block.shows.needs_data and not os.environ.get("NOWAKE_DATA")):
            continue
        with tempfile.TemporaryDirectory() as folder:
            shell = Shell(Path(folder))
            done = [shell.run(line) for line in block.shows.commands]
        yield block, clean(done[-1].out)


def table_place(name: str) -> re.Pattern[str]:
    """Return the pattern of the measured table `name`: group 1 is the table."""
    return re.compile(rf"<!-- {name} -->\n(.*?)<!-- end -->", re.DOTALL)


def stated(page: Path, name: str) -> str:
    """Return the measured table `name` as it stands in `page`; KeyError if it does not."""
    found = table_place(name).search(page.read_text(encoding="utf-8"))
    if found is None:
        raise KeyError(name)
    return found[1].strip("\n")


def restate(page: Path, name: str, table: str) -> None:
    """Write `table` into its place in `page`."""
    text = f"<!-- {name} -->\n{table}\n<!-- end -->"
    page.write_text(table_place(name).sub(lambda _: text, page.read_text(encoding="utf-8"), count=1), encoding="utf-8")


def refresh() -> None:
    """Write the output that pages show anew."""
    for page in pages():
        for block, now in list(shown(page)):
            if now != block.text:
                text = page.read_text(encoding="utf-8")
                old = f"{OUTPUT}\n```text\n{block.text}```"
                assert text.count(old) == 1, f"{block.name}: expected one such block after `{OUTPUT}`"
                page.write_text(text.replace(old, f"{OUTPUT}\n```text\n{now}```"), encoding="utf-8")
                print(f"{block.name}: new output")


if __name__ == "__main__":
    refresh()
