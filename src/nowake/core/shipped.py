"""Documents in TOML that come with nowake, by name, for users to copy; or a file of the user's own."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from nowake.core.config import Model, parse
from nowake.core.config import load as load_file
from nowake.core.errors import InputError, nearest

__all__ = ["Shipped"]

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Shipped(Generic[M]):
    """The documents of one kind in `folder`; `what` is the word for one of them."""

    folder: Path
    model: type[M]
    what: str

    def names(self) -> tuple[str, ...]:
        """Return the names of the documents, sorted."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.toml")))

    def text(self, name: str) -> str:
        """Return the file of a document, comments included; InputError for an unknown name."""
        names = self.names()
        if name not in names:
            raise InputError(
                f"unknown {self.what} '{name}'",
                expected=f"one of {', '.join(names)}, or a .toml file",
                got=repr(name),
                hint=nearest(name, names),
            )
        return (self.folder / f"{name}.toml").read_text(encoding="utf-8")

    def load(self, name_or_path: str | Path) -> M:
        """Return the document of that name, or in that file; InputError or ConfigError where it is refused."""
        name = str(name_or_path)
        if name in self.names():
            return parse(tomllib.loads(self.text(name)), self.model)
        path = Path(name_or_path)
        if path.suffix != ".toml" and not path.is_file():
            self.text(name)  # raises and names the nearest
        return load_file(path, self.model)
