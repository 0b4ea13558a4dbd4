"""The venue statistics on disk: a numpy archive with a version, replaced as a whole, refused where it is damaged.

Files hold names, not rows, so that statistics find their venue again after a restart with other venues.
"""

import json
import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nowake.core.board import PLACES
from nowake.core.errors import InputError
from nowake.routing.venues import STATS, VENUE_STATS, new_stats

__all__ = ["VERSION", "load_stats", "save_stats"]

VERSION = 2
_FORMAT = "nowake venue statistics"


def _check_names(instruments: Sequence[str], venues: Sequence[str]) -> None:
    for what, names, most in (("instruments", instruments, 2**31), ("venues", venues, PLACES)):
        if len(set(names)) != len(names) or len(names) > most:
            raise InputError(what, expected=f"at most {most} different names", got=list(names))


def save_stats(path: str | Path, stats: np.ndarray, instruments: Sequence[str], venues: Sequence[str]) -> None:
    """Write `stats` (a row per instrument, a place per venue) to `path` in one step: whole or not at all."""
    _check_names(instruments, venues)
    if stats.dtype != STATS or len(stats) != len(instruments):
        raise InputError("statistics", expected=f"STATS[{len(instruments)}]", got=f"{len(stats)} rows")
    target = Path(path)
    head = {"format": _FORMAT, "version": VERSION, "instruments": list(instruments), "venues": list(venues)}
    target.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    try:
        with os.fdopen(number, "wb") as file:
            np.savez_compressed(file, head=np.array(json.dumps(head)), stats=stats.view(np.ndarray))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _read(path: Path) -> tuple[dict[str, object], np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            head, stats = json.loads(str(archive["head"])), archive["stats"]
    except FileNotFoundError:
        raise InputError(f"{path}: venue statistics", expected="a file that exists", got="none") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise InputError(
            f"{path}: venue statistics are damaged", expected=_FORMAT, got=type(error).__name__, hint="delete the file"
        ) from error
    if not isinstance(head, dict) or head.get("format") != _FORMAT:
        raise InputError(f"{path}: not venue statistics", expected=_FORMAT, got=head)
    if head.get("version") != VERSION:
        raise InputError(
            f"{path}: venue statistics of another version",
            expected=f"version {VERSION}",
            got=head.get("version"),
            hint="an older or newer nowake wrote it: use that one, or delete the file",
        )
    return head, stats


def load_stats(path: str | Path, instruments: Sequence[str], venues: Sequence[str]) -> np.ndarray:
    """Return STATS[instruments] from `path`, places in the order of `venues`; names unknown to the file start anew.

    InputError where the file is missing, damaged, of another version, or holds numbers that are not finite. Where the
    venues are others than those of the file, the leak regression of an instrument starts anew.
    """
    _check_names(instruments, venues)
    head, stored = _read(Path(path))
    names, places = head.get("instruments"), head.get("venues")
    if not isinstance(names, list) or not isinstance(places, list) or len(places) > PLACES:
        raise InputError(f"{path}: venue statistics are damaged", expected="names of instruments, venues", got=head)
    if stored.dtype != STATS or stored.shape != (len(names),) or not _finite(stored):
        raise InputError(
            f"{path}: venue statistics are damaged", expected="finite rows, one per name", got=stored.shape
        )
    stats = new_stats(len(instruments))
    for row, instrument in enumerate(instruments):
        if instrument in names:
            _move(stats, row, stored, names.index(instrument), places, list(venues))
    return stats


def _finite(stored: np.ndarray) -> bool:
    """Tell whether every number that is learnt from is one."""
    own = all(bool(np.all(np.isfinite(stored[name]))) for name in STATS.names or () if name != "venue")
    return own and all(bool(np.all(np.isfinite(stored["venue"][name]))) for name in VENUE_STATS.names or ())


def _move(stats: np.ndarray, row: int, stored: np.ndarray, old: int, places: list[str], venues: list[str]) -> None:
    """Copy one instrument's statistics to the places that its venues have now."""
    for name in ("decisions", "moves", "move", "noise"):
        stats[name][row] = stored[name][old]
    for k, venue in enumerate(venues):
        if venue in places:
            stats["venue"][row, k] = stored["venue"][old, places.index(venue)]
    if venues == places:
        for name in ("drifts", "residual", "beta", "cov"):
            stats[name][row] = stored[name][old]
