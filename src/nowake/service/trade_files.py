"""What a trade keeps beside its journal J: a folder per market day in `J.market/`, and in it what the trade was.

`trade.json` says which market and which order, written before the market begins; `seen.json` what the trader has seen
of the market (arrival, volume), written every second; `venue.log` is the venue's own memory, `venue.txt` what it said.
With them a trade that was cut off goes on where it stood. A folder is one day: the next order of a journal trades on
the next weekday, so that times never go back, and its venue numbers its words on from the last one in the journal.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TypeVar

import msgspec

from nowake.core.errors import InputError
from nowake.oms.apply import Oms
from nowake.oms.errors import EmptyError
from nowake.oms.journal.address import base_of, on_server, shown
from nowake.oms.journal.protocol import open_journal
from nowake.oms.orders import Parent
from nowake.oms.snapshot import recover
from nowake.oms.states import CLOSED
from nowake.service.bookkeeping import last_number

__all__ = [
    "Kept", "MarketDay", "OrderKept", "Seen", "State", "alone", "day_of", "folders", "forget_unnamed", "held_market",
    "last_kept", "look_into", "market_folder", "read_kept", "read_seen", "unfinished", "write_kept", "write_seen",
]  # fmt: skip

_SCHEMA = "nowake.trade/1"
AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)


class MarketDay(msgspec.Struct, frozen=True):
    """A simulated market on `day` (YYYY-MM-DD); `told`: own events that the journal had before it.

    `preset` a name or a whole path, `parameters` its hash, `warm_up` s from the open to the first order.
    """

    preset: str
    parameters: str
    seed: int
    regime: str
    warm_up: float
    day: str
    told: int


class OrderKept(msgspec.Struct, frozen=True):
    """A parent order as it was asked for: `horizon` s, `limit` ticks (0: none), `part` of the volume for pov.

    `start` s from the start of the trade; `staged`: it came in to wait for its release.
    """

    client: str
    side: int
    quantity: int
    horizon: float
    limit: int
    strategy: str
    urgency: float
    part: float
    policy: str
    start: float = 0.0
    account: str = "fund"
    staged: bool = False


class Kept(msgspec.Struct, frozen=True):
    """A trade: its market and its order; of a basket its name, and the others."""

    market: MarketDay
    order: OrderKept
    schema: str = _SCHEMA
    basket: str = ""
    others: tuple[OrderKept, ...] = ()

    @property
    def orders(self) -> tuple[OrderKept, ...]:
        """Every order."""
        return (self.order, *self.others)


class Seen(msgspec.Struct):
    """What was seen of the market since the order's start: half ticks, shares printed, half ticks times shares."""

    arrival2: int = 0
    volume: int = 0
    money2: int = 0


class State(msgspec.Struct, frozen=True):
    """What a journal holds: its orders, the number of the last word of a venue, the hash of its last event."""

    oms: Oms
    last: int
    hash: bytes


def market_folder(journal: str | Path) -> Path:
    """Return the folder of the market days of a journal."""
    return base_of(journal).with_suffix(".market")


def folders(journal: str | Path) -> list[Path]:
    """Return the folders of the trades of a journal, oldest first."""
    place = market_folder(journal)
    return sorted(one for one in place.iterdir() if one.name.isdecimal()) if place.is_dir() else []


def alone(folder: Path, patience: float) -> int:
    """Hold a folder until the returned descriptor is closed, at the latest with the process; InputError if it is held.

    The venue of a trade that was killed a moment ago is on its way out: it is waited for, `patience` s.
    """
    held, limit = os.open(folder, os.O_RDONLY), time.monotonic() + patience
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= limit:
                os.close(held)
                expected = "one that no other venue serves"
                raise InputError(f"folder {folder}", expected=expected, got="one that is served") from None
            time.sleep(0.05)
        else:
            return held


@contextmanager
def held_market(journal: str | Path) -> Iterator[None]:
    """Hold the market days of a journal while a trade begins and works; InputError where another one does.

    The folder is made, and removed if it is empty at the end.
    """
    place = market_folder(journal)
    place.mkdir(parents=True, exist_ok=True)
    try:
        held = alone(place, 0.0)
    except InputError as error:
        words = f"journal {shown(journal)} is in use"
        raise InputError(words, expected="one trade at a time", got="another that begins or works") from error
    try:
        yield
    finally:
        with suppress(OSError):
            place.rmdir()
        os.close(held)


def forget_unnamed(journal: str | Path, clients: Collection[str], patience: float = 20.0) -> None:
    """Remove the folders of trades that ended before their orders came into the journal, whose `clients` are given.

    InputError where the venue of one has not ended after `patience` s.
    """
    for folder in folders(journal):
        if (folder / "trade.json").exists() and any(one.client in clients for one in read_kept(folder).orders):
            continue
        held = alone(folder, patience)
        shutil.rmtree(folder)
        os.close(held)


def _write(path: Path, value: msgspec.Struct) -> None:
    """Write so that a kill leaves the old file or the new one."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(msgspec.json.encode(value))
    beside.replace(path)


def _read(path: Path, kind: type[AnyStruct]) -> AnyStruct:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(f"memory of a trade {path}", expected=f"what {_SCHEMA} writes", got=str(error)) from error


def write_kept(folder: Path, kept: Kept) -> None:
    """Keep what the trade of `folder` is."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "trade.json", kept)


def read_kept(folder: Path) -> Kept:
    """Return what the trade of `folder` is; InputError if it does not say."""
    kept = _read(folder / "trade.json", Kept)
    if kept.schema != _SCHEMA:
        raise InputError(f"memory of a trade {folder}", expected=_SCHEMA, got=kept.schema)
    return kept


def _seen(folder: Path, i: int) -> Path:
    return folder / (f"seen-{i}.json" if i else "seen.json")


def write_seen(folder: Path, seen: Seen, i: int = 0) -> None:
    """Keep what has been seen of the market since the start of order `i`."""
    _write(_seen(folder, i), seen)


def read_seen(folder: Path, i: int = 0) -> Seen:
    """Return what had been seen of the market; nothing if nothing was kept."""
    path = _seen(folder, i)
    return _read(path, Seen) if path.exists() else Seen()


def look_into(journal: str | Path) -> State | None:
    """Return what a journal holds, None where none was begun; errors as `open_journal` has them."""
    if not on_server(journal) and not Path(journal).exists():
        return None
    try:
        reader = open_journal(journal)
    except EmptyError:
        return None
    try:
        found = recover(reader)
        return State(found.oms, last_number(reader, found.oms.sequence), found.hash)
    finally:
        reader.close()


def unfinished(oms: Oms) -> list[Parent]:
    """Return the parents that are not over, and those of children that still work and that nobody has accepted so."""
    looked_at = oms.looked_at()
    working = {child.parent for child in oms.open.values() if child.id not in looked_at}
    return [parent for parent in oms.parents.values() if not CLOSED[parent.state] or parent.id in working]


def last_kept(journal: str | Path) -> tuple[Path, Kept] | None:
    """Return the youngest trade of a journal with its folder."""
    found = folders(journal)
    return (found[-1], read_kept(found[-1])) if found else None


def day_of(kept: Kept) -> date:
    """Return the day of a trade."""
    return date.fromisoformat(kept.market.day)
