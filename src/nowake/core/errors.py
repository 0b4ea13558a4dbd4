"""Every error of nowake, one root, leaves by cause.

NowakeError
├── InputError (ValueError)        what came is not what was expected; exit code 2
│   ├── DataError                  a market data file: path, and line or byte offset
│   ├── OrderError                 an impossible order
│   └── ConfigError                a configuration key: its path in the file
├── CapacityError (IndexError)     a fixed capacity is exhausted: which, and how to raise it
└── MissingError (ImportError)     a needed extra or service is absent: how to get it; exit code 3
"""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

__all__ = [
    "CapacityError",
    "ConfigError",
    "DataError",
    "InputError",
    "MissingError",
    "NowakeError",
    "OrderError",
    "nearest",
]


class NowakeError(Exception):
    """Root of all errors that nowake raises on purpose."""


class InputError(NowakeError, ValueError):
    """What came is not what was expected.

    The message reads ``what (expected …, got …)``; `hint` names the nearest valid value where there is one.
    """

    def __init__(self, what: str, *, expected: object = None, got: object = None, hint: str | None = None) -> None:
        self.what, self.expected, self.got, self.hint = what, expected, got, hint
        super().__init__(self._message())

    def _message(self) -> str:
        parts = [
            f"{word} {value}" for word, value in (("expected", self.expected), ("got", self.got)) if value is not None
        ]
        return f"{self.what} ({', '.join(parts)})" if parts else self.what


class DataError(InputError):
    """A market data file is not what its format says: `path`, and `line` (from 1) or byte `offset` where known."""

    def __init__(
        self,
        what: str,
        *,
        path: str | Path,
        line: int | None = None,
        offset: int | None = None,
        expected: object = None,
        got: object = None,
        hint: str | None = None,
    ) -> None:
        self.path, self.line, self.offset = Path(path), line, offset
        super().__init__(what, expected=expected, got=got, hint=hint)

    def _message(self) -> str:
        place = (
            f":{self.line}" if self.line is not None else f" at byte {self.offset}" if self.offset is not None else ""
        )
        return f"{self.path}{place}: {super()._message()}"


class OrderError(InputError):
    """An order that cannot be: wrong quantity, price, side, window or type."""


class ConfigError(InputError):
    """A configuration key or value is refused; `key` is its dotted path."""

    def __init__(
        self, what: str, *, key: str, expected: object = None, got: object = None, hint: str | None = None
    ) -> None:
        self.key = key
        super().__init__(what, expected=expected, got=got, hint=hint)

    def _message(self) -> str:
        return f"{self.key}: {super()._message()}"


class CapacityError(NowakeError, IndexError):
    """A fixed capacity is exhausted; the message names the parameter to raise."""


class MissingError(NowakeError, ImportError):
    """A needed extra, program or service is absent; the message says how to get it."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return ``did you mean 'x'?`` for the known name nearest to `name`, or None."""
    written = {k.lower(): k for k in known}
    close = get_close_matches(name.lower(), written, n=1, cutoff=0.5)
    return f"did you mean '{written[close[0]]}'?" if close else None
