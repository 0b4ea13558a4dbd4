"""TOML configuration validated by Pydantic: unknown keys are refused and the nearest known key is named."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from nowake.core.errors import ConfigError, InputError, nearest
from nowake.core.fingerprint import config_hash

__all__ = ["Model", "config_hash", "load", "parse"]


class Model(BaseModel):
    """Base of every configuration table: strict types, frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


M = TypeVar("M", bound=Model)


def load(path: str | Path, model: type[M]) -> M:
    """Return the configuration in the TOML file at `path`; InputError if it cannot be read, ConfigError by key."""
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"configuration file {path}", expected="a readable TOML file", got=error) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"configuration file {path}", expected="TOML", got=error) from error
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
        got = "nothing" if first["type"] == "missing" else repr(first["input"])
        raise ConfigError(first["msg"].lower(), key=key, got=got) from None


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
