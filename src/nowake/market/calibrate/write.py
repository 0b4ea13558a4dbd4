"""The fitted preset as a TOML file: the text of the base with other values, its units and sources kept."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from nowake.core.config import parse
from nowake.core.errors import ConfigError
from nowake.market.calibrate.space import Table, table_of
from nowake.market.preset_model import Preset

__all__ = ["named", "preset_file", "value_text"]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]\]?")
_LINE = re.compile(r"^(\s*([\w-]+)\s*=\s*)([^#\n]*?)(\s*)(#.*)?$")
_SOURCE = re.compile(r"\s*\[[^\]]*\]\s*$")
_SINGLE = ("instrument", "session", "lit", "hidden", "followers")
_LISTS = ("venues", "dark", "dealers")


def preset_file(base_text: str, preset: Preset, *, head: Iterable[str], marks: Mapping[str, str]) -> str:
    """Return the text of `preset`: `base_text` with its values, `head` as comment lines in front.

    `marks` gives the source of a value by key of the table `lit` or `instrument` (`lit.life`), in place of the one
    that the base names. Where the text of the base cannot be edited line by line, plain tables are written instead.
    """
    front = "".join(f"# {line}".rstrip() + "\n" for line in head) + "\n"
    table = table_of(preset)
    text = front + _edited(base_text, table, marks)
    return text if _says(text, preset) else front + _plain(table)


def named(preset: Preset, name: str, title: str) -> Preset:
    """Return `preset` under another name, of which only letters, digits, - and _ are kept."""
    kept = re.sub(r"[^A-Za-z0-9_-]", "-", name)[:16]
    kept = kept if re.match(r"[A-Za-z]", kept) else f"m{kept}"[:16]
    return preset.model_copy(update={"name": kept, "title": title})


def _says(text: str, preset: Preset) -> bool:
    try:
        return parse(tomllib.loads(text), Preset) == preset
    except (ConfigError, tomllib.TOMLDecodeError):
        return False


def value_text(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(map(value_text, value)) + "]"
    return repr(value)


def _edited(base_text: str, table: Table, marks: Mapping[str, str]) -> str:
    """Return the base's text with the values of `table`; of lists of tables only as many as it has."""
    section, count, lines = "", dict.fromkeys(_LISTS, 0), []
    keep = False
    for line in _body(base_text).splitlines():
        if (found := _HEADER.match(line)) is not None:
            section = found[2]
            name = section.split(".")[0]
            if name in count and found[1] == "[[":
                count[name] += 1
            keep = name not in count or count[name] <= len(table[name])
        elif not section:
            keep = True
        if keep:
            lines.append(_replaced(line, section, count, table, marks))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"


def _body(text: str) -> str:
    """Return `text` from its first key on, with the legend of the sources but without what introduces the base."""
    lines = text.splitlines()
    first = next((n for n, line in enumerate(lines) if not line.startswith("#") and line.strip()), 0)
    legend = [n for n, line in enumerate(lines[:first]) if line.startswith("# Sources:")]
    front = lines[legend[0] : first] if legend else []
    return "\n".join([*front, *([""] if front and front[-1].strip() else []), *lines[first:]])


def _replaced(line: str, section: str, count: Mapping[str, int], table: Table, marks: Mapping[str, str]) -> str:
    """Return a line with the value of its key, where the table has one on one line."""
    found = _LINE.match(line)
    if found is None or (section and section not in (*_SINGLE, *_LISTS)):
        return line
    place: Any = table[section] if section else table
    if isinstance(place, list):
        place = place[count[section] - 1]
    key = found[2]
    if key not in place or isinstance(place[key], dict) or found[3].count("[") != found[3].count("]"):
        return line
    value, comment = place[key], found[5] or ""
    if section in _LISTS and key not in ("share",):
        return line
    mark = marks.get(f"{section}.{key}")
    if mark:
        comment = f"{_SOURCE.sub('', comment) or '#'} [{mark}]"
    new = value_text(value)
    gap = " " * max(len(found[3]) + len(found[4]) - len(new), 2)
    return f"{found[1]}{new}{gap}{comment}".rstrip()


def _plain(table: Table) -> str:
    """Return tables without comments."""
    lines = [f"{key} = {value_text(value)}" for key, value in table.items() if not isinstance(value, (dict, list))]
    lines += [f"{key} = []" for key, value in table.items() if value == []]
    for name, value in table.items():
        if isinstance(value, dict):
            lines += _section(name, value)
        elif isinstance(value, list):
            for row in value:
                lines += ["", f"[[{name}]]", *(f"{key} = {value_text(item)}" for key, item in row.items())]
    return "\n".join(lines) + "\n"


def _section(name: str, value: Mapping[str, Any]) -> list[str]:
    lines = ["", f"[{name}]"]
    lines += [f"{key} = {value_text(item)}" for key, item in value.items() if not isinstance(item, dict)]
    for key, item in value.items():
        if isinstance(item, dict):
            lines += _section(f"{name}.{key}", item)
    return lines
