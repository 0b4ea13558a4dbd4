"""TOML configuration validated by Pydantic: unknown keys and words are refused and the nearest known one is named."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from nowake.core.errors import ConfigError, InputError, nearest
from nowake.core.fingerprint import config_hash

__all__ = ["FileError", "Model", "config_hash", "load", "naming", "parse"]


class Model(BaseModel):
    """Base of every configuration table: strict types, frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


M = TypeVar("M", bound=Model)


class FileError(ConfigError):
    """A key of a file is refused: `file`, and as ConfigError."""

    def __init__(self, file: str | Path, error: ConfigError) -> None:
        self.file = file
        super().__init__(error.what, key=error.key, expected=error.expected, got=error.got, hint=error.hint)

    def _message(self) -> str:
        return f"{self.file}: {super()._message()}"


@contextmanager
def naming(file: str | Path) -> Iterator[None]:
    """Let a ConfigError that is raised inside name the file."""
    try:
        yield
    except FileError:
        raise
    except ConfigError as error:
        raise FileError(file, error) from None


def load(path: str | Path, model: type[M]) -> M:
    """Return the configuration in the TOML file at `path`; InputError if it cannot be read, ConfigError by key."""
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"configuration file {path}", expected="a readable TOML file", got="nothing there") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"configuration file {path}", expected="a readable TOML file", got=error) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"configuration file {path}", expected="TOML", got=error) from error
    with naming(path):
        return parse(table, model)


def parse(table: dict[str, Any], model: type[M]) -> M:
    """Return `table` as a `model`; the first refused key raises ConfigError."""
    try:
        return model.model_validate(table)
    except ValidationError as failure:
        first = failure.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = _known(model, first["loc"][:-1])
            raise ConfigError(
                "unknown key",
                key=key,
                expected=f"one of {', '.join(known)}",
                got=repr(str(first["loc"][-1])),
                hint=nearest(str(first["loc"][-1]), known),
            ) from None
        raise _refused(key, first) from None


def _refused(key: str, first: Mapping[str, Any]) -> ConfigError:
    """Return the error of a value that is refused, in plain words."""
    kind, value, more = first["type"], first["input"], first.get("ctx", {})
    if kind == "missing":
        return ConfigError(first["msg"].lower(), key=key, got="nothing")
    if kind == "too_short":
        return ConfigError("too few of them", key=key, expected=f"at least {more['min_length']}", got=repr(value))
    if kind == "value_error" and isinstance(more.get("error"), InputError):
        error = more["error"]
        return ConfigError(error.what, key=key, expected=error.expected, got=error.got, hint=error.hint)
    if kind == "literal_error" and isinstance(value, str):
        words = re.findall(r"'([^']*)'", more["expected"])
        expected = f"one of {', '.join(words)}"
        return ConfigError("unknown word", key=key, expected=expected, got=repr(value), hint=nearest(value, words))
    return ConfigError(first["msg"].lower(), key=key, got=repr(value))


def _known(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    for part in path:
        field = model.model_fields.get(str(part))
        if field is None:
            continue  # the index of a table in a list of tables
        kinds = (field.annotation, *get_args(field.annotation))
        inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if inner is None:
            break
        model = inner
    return sorted(model.model_fields)
