"""Options that several commands share, and how their values are read."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from nowake.core.errors import InputError, OrderError, nearest
from nowake.core.places import home
from nowake.core.times import duration
from nowake.core.values import MAX_QUANTITY, check_quantity

__all__ = [
    "HorizonOption",
    "Json",
    "ModeOption",
    "PolicyOption",
    "PresetOption",
    "ProcessesOption",
    "Qty",
    "QtyOption",
    "RegimeOption",
    "SeedOption",
    "SideOption",
    "StoreAt",
    "day",
    "decimal",
    "default_store",
    "existing",
    "home",
    "named",
    "positive",
    "quantity",
    "span",
    "writable",
]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
StoreAt = Annotated[
    str | None, typer.Option("--store", help="Store: a folder or an fsspec URL. Default: $NOWAKE_HOME/store.")
]

SeedOption = Annotated[int, typer.Option("--seed", help="Seed of every random stream, from 0.")]
RegimeOption = Annotated[str, typer.Option("--regime", help="One of calm, trending, volatile, thin, news, switching.")]
PresetOption = Annotated[str, typer.Option("--preset", help="Name of a preset, or a TOML file.", metavar="NAME|FILE")]
SideOption = Annotated[str, typer.Option("--side", help="One of buy, sell.")]
QtyOption = Annotated[str, typer.Option("--qty", help="Shares, or a share of the daily volume like 25%adv.")]
ModeOption = Annotated[
    str, typer.Option("--mode", help="What an order waits for before it leaves: reserved or strict.")
]
HorizonOption = Annotated[str, typer.Option("--horizon", help="Time to trade in, from 30 min after the open.")]
PolicyOption = Annotated[
    str, typer.Option("--policy", help="Execution policy: a name, or a TOML file.", metavar="NAME|FILE")
]
ProcessesOption = Annotated[
    int, typer.Option("--processes", help="Processes that share the pairs; 0: as many as pay off.")
]

_DEAREST = 10**10  # of a share, in currency
_FOREVER = 2**62  # ns


@dataclass(frozen=True, slots=True)
class Qty:
    """A quantity: `shares`, or `of_adv`, a share of the average daily volume (0.25 for ``25%adv``)."""

    shares: int | None = None
    of_adv: float | None = None


def quantity(text: str, option: str = "--qty") -> Qty:
    """Return the quantity written as ``20000`` or ``25%adv``; OrderError else."""
    written = text.strip().lower()
    expected = f"a whole number from 1 to {MAX_QUANTITY}, or a share of the daily volume like 25%adv"
    if written.endswith("%adv"):
        try:
            percent = float(written.removesuffix("%adv"))
        except ValueError:
            percent = 0.0
        if not 0 < percent <= 10_000:
            raise OrderError(option, expected=expected, got=repr(text))
        return Qty(of_adv=percent / 100)
    digits = written.replace(",", "") if written.count(",") and "." not in written else written
    if not (digits.isascii() and digits.isdecimal() and 0 < int(digits[:20]) <= MAX_QUANTITY):
        raise OrderError(option, expected=expected, got=repr(text))
    return Qty(shares=check_quantity(int(digits)))


def named(value: str, known: Iterable[str], option: str) -> str:
    """Return `value` in lower case if it is one of `known`; InputError with the nearest else."""
    names = tuple(known)
    name = value.strip().lower()
    if name not in names:
        hint = nearest(name, names)
        raise InputError(
            f"unknown {option} '{value}'", expected=f"one of {', '.join(names)}", got=repr(value), hint=hint
        )
    return name


def day(text: str | None, option: str = "--date") -> date | None:
    """Return the date written as YYYY-MM-DD, None if there is none; InputError else."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(option, expected="a date YYYY-MM-DD", got=repr(text)) from None


def span(text: str, option: str) -> int:
    """Return nanoseconds of a duration like ``90s`` or ``4h``; InputError, which names the option, else."""
    try:
        length = duration(text)
        if length < _FOREVER:
            return length
    except (InputError, OverflowError):
        pass
    raise InputError(option, expected="a duration like 90s, 4h, 1h30m or 250ms", got=repr(text))


def decimal(text: str | None, option: str) -> Decimal | None:
    """Return an exact decimal above zero that a price may be, None if there is none; InputError else."""
    if text is None:
        return None
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or not 0 < value < _DEAREST:
        raise InputError(option, expected=f"a number above 0, below {_DEAREST:,}", got=repr(text))
    return value


def positive(value: float, option: str, *, zero: bool = False) -> float:
    """Return `value` if it is above zero (or zero, where allowed); InputError else."""
    if value < 0 or (value == 0 and not zero):
        raise InputError(option, expected="a number of 0 or more" if zero else "a number above 0", got=value)
    return value


def existing(path: str, what: str = "file") -> Path:
    """Return `path` if it is a file that can be read; InputError else."""
    found = Path(path)
    if not found.exists():
        near = nearest(found.name, (p.name for p in found.parent.iterdir())) if found.parent.is_dir() else None
        raise InputError(f"{what} {path}", expected="an existing file", got="nothing there", hint=near)
    if found.is_dir():
        raise InputError(f"{what} {path}", expected="a file", got="a directory")
    if not os.access(found, os.R_OK):
        raise InputError(f"{what} {path}", expected="a file that can be read", got="no permission")
    return found


def writable(path: str | None, suffixes: Iterable[str], option: str = "--report") -> Path | None:
    """Return the path to write later, checked now: known suffix, existing folder that can be written.

    MissingError for a PDF where what makes one is missing.
    """
    if path is None:
        return None
    target, known = Path(path), tuple(suffixes)
    if target.suffix.lower() not in known:
        hint = nearest(target.suffix, known)
        raise InputError(
            f"{option} {path}", expected=f"a name ending in {', '.join(known)}", got=repr(target.suffix), hint=hint
        )
    if target.is_dir() or not target.parent.is_dir():
        got = "a directory" if target.is_dir() else f"no folder {target.parent}"
        raise InputError(f"{option} {path}", expected="a file in an existing folder", got=got)
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise InputError(f"{option} {path}", expected="a place that can be written", got="no permission")
    if target.suffix.lower() == ".pdf":
        from nowake.tca.pdf import need_pdf

        need_pdf()
    return target


def default_store(store: str | None) -> str:
    """Return the address of the store: as given, else `$NOWAKE_HOME/store`."""
    return store if store is not None else str(home() / "store")
