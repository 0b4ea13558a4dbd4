"""What the decision log keeps: the layout of its records, and the header that says what they are and what made them.

Records are built of pieces of the path's own records, so that keeping one is copying bytes: a part of DESK, the head of
BOARD with the rows of the places that are used, a PROJECTION. Their layout and the names are in the header of the file,
so a log of another version can still be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from nowake import __version__
from nowake.core.board import BOARD
from nowake.core.errors import InputError
from nowake.core.fingerprint import config_hash

__all__ = [
    "SCHEMA",
    "SCHEMAS",
    "Header",
    "check_hashes",
    "code_hash",
    "fields_of",
    "head_of_board",
    "layout",
    "part",
    "told",
    "under",
]

SCHEMA, SCHEMAS = "nowake.decisions/2", ("nowake.decisions/1", "nowake.decisions/2")
_CODE = ("book", "core", "execution", "features", "risk", "routing", "schedule")
_KEYS = ("policy", "model", "preset")


def fields_of(record: np.dtype) -> Mapping[str, Any]:
    """Return (layout, offset) of each field of a record."""
    return dict(record.fields or {})


def part(record: np.dtype, first: str, last: str) -> tuple[slice, np.dtype]:
    """Return the bytes of `record` from field `first` to the end of `last`, and their layout."""
    names, where = record.names or (), fields_of(record)
    chosen = names[names.index(first) : names.index(last) + 1]
    low = where[first][1]
    high = where[last][1] + where[last][0].itemsize
    high += -high % 8
    formats, offsets = [where[name][0] for name in chosen], [where[name][1] - low for name in chosen]
    return slice(low, high), _record(chosen, formats, offsets, high - low)


def _record(names: Sequence[str], formats: Sequence[Any], offsets: Sequence[int], size: int) -> np.dtype:
    return np.dtype({"names": list(names), "formats": list(formats), "offsets": list(offsets), "itemsize": size})


def head_of_board(places: int) -> tuple[slice, np.dtype]:
    """Return the bytes of BOARD up to its first `places` places, and their layout."""
    _, before = part(BOARD, "time", "places")
    where, inner = fields_of(BOARD), fields_of(before)
    place, at = where["place"][0].base, where["place"][1]
    names = [*(before.names or ()), "place"]
    formats = [*(inner[name][0] for name in names[:-1]), np.dtype((place, (places,)))]
    offsets = [*(inner[name][1] for name in names[:-1]), at]
    size = at + places * place.itemsize
    return slice(0, size), _record(names, formats, offsets, size)


def layout(fields: Sequence[tuple[str, Any]]) -> np.dtype:
    """Return a record of `fields` one after the other, each at a multiple of 8 bytes."""
    offsets, at = [], 0
    for _, kind in fields:
        offsets.append(at)
        at += np.dtype(kind).itemsize
        at += -at % 8
    return _record([name for name, _ in fields], [kind for _, kind in fields], offsets, at)


def told(record: np.dtype) -> dict[str, Any]:
    """Return the layout of `record` for the header: its size, and name, offset, shape and kind of each field."""
    fields = []
    for name in record.names or ():
        kind, at = fields_of(record)[name][:2]
        base = told(kind.base) if kind.base.names else kind.base.str
        fields.append([name, at, list(kind.shape), base])
    return {"size": record.itemsize, "fields": fields}


def under(description: Mapping[str, Any]) -> np.dtype:
    """Return the layout that `told` has described."""
    names, formats, offsets = [], [], []
    for name, at, shape, base in description["fields"]:
        names.append(name)
        offsets.append(at)
        formats.append((under(base) if isinstance(base, Mapping) else np.dtype(base), tuple(shape)))
    return _record(names, formats, offsets, description["size"])


def code_hash() -> str:
    """Return 16 hex digits that identify the code which decides: every source of the packages of the path."""
    digest, root = sha256(), Path(__file__).parents[1]
    for package in _CODE:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Header:
    """What a session of a log is of: instrument, names in the order of the records, layouts, hashes.

    `hashes`: policy (the document of limits), model, preset (or instrument's parameters), router, limits (as compiled),
    code. `tick`: currency value of a price unit. `cut`: bytes of a torn end of the session before that were taken away.
    """

    symbol: str
    tick: str
    timezone: str
    places: tuple[tuple[str, str], ...]  # name, kind
    observed: tuple[str, ...]
    own: int  # how many of `observed` are the order's state; the last `classes` are the forecast
    classes: int
    seed: int
    started: int
    hashes: dict[str, str]
    decision: dict[str, Any]
    child: dict[str, Any]
    look: dict[str, Any] = field(default_factory=dict)  # none in logs of schema 1
    cut: int = 0
    version: str = __version__
    schema: str = field(default=SCHEMA)

    def as_dict(self) -> dict[str, Any]:
        """Return the header as JSON can hold it."""
        return asdict(self)

    @property
    def fingerprint(self) -> str:
        """Return 16 hex digits of everything but when it was written."""
        return config_hash({name: value for name, value in asdict(self).items() if name not in ("started", "cut")})


def check_hashes(hashes: Mapping[str, str]) -> None:
    """Refuse hashes without those that only the caller knows."""
    missing = [key for key in _KEYS if not hashes.get(key)]
    if missing:
        raise InputError("hashes of a decision log", expected=", ".join(_KEYS), got=f"no {', '.join(missing)}")
