"""The page of the command line names every command and every option, and no other."""

import re
from collections.abc import Iterator

from blocks import DOCS

from nowake.cli.lazy import Group, Lazy, load
from nowake.cli.main import COMMANDS

PAGE = (DOCS / "cli.md").read_text(encoding="utf-8")
SCHEDULES = "\n".join(page.read_text(encoding="utf-8") for page in sorted((DOCS / "algorithms").glob("*.md")))


def commands() -> Iterator[tuple[str, Lazy]]:
    for name, entry in COMMANDS.items():
        if isinstance(entry, Group):
            yield from ((f"{name} {inner}", one) for inner, one in entry.entries.items() if isinstance(one, Lazy))
        else:
            yield name, entry


def options(name: str, entry: Lazy) -> set[str]:
    command = load(name.split()[-1], entry)
    return {text for param in command.params for text in param.opts if text.startswith("--")}


def test_every_command_is_shown() -> None:
    assert [name for name, _ in commands() if f"nowake {name}" not in PAGE] == []


def test_every_option_is_named() -> None:
    missing = {
        name: sorted(
            option
            for option in options(name, entry)
            if not re.search(
                rf"{option}(?![\w-])", PAGE + (SCHEDULES if name.startswith(("schedule", "pretrade")) else "")
            )
        )
        for name, entry in commands()
    }
    assert {name: lacking for name, lacking in missing.items() if lacking} == {}


def test_every_named_option_exists() -> None:
    known = {option for name, entry in commands() for option in options(name, entry)} | {"--help", "--version"}
    known |= {f"--no-{option[2:]}" for option in known}
    assert set(re.findall(r"(?<![\w-])--[a-zA-Z][\w-]*", PAGE)) - known == set()


def test_every_exit_code_is_explained_in_both_places() -> None:
    operations = (DOCS / "operations.md").read_text(encoding="utf-8")
    for page in (PAGE, operations):
        assert re.findall(r"^ *\| (\d+) \|", page, re.MULTILINE) == ["0", "1", "2", "3", "70", "130"]
