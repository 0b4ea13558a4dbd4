"""A new journal of what is intact of a damaged one, with what lies beside it, so that every command finds it there.

The files beside a journal are found by its name (`trade_files`, `journal_tables`), so they are copied under the new
one: the decision log, the tape, what the router has learnt, the market days. The damaged journal and its files are only
read.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from nowake.core.errors import InputError
from nowake.oms.journal.address import base_of
from nowake.oms.journal.salvage import Salvaged, salvage

__all__ = ["Rescued", "intact_name", "rescue"]

_BESIDE = (".decisions", ".tape", ".venues", ".market")
_KILL = "kill.json"  # of the folder, for all its journals


@dataclass(frozen=True, slots=True)
class Rescued:
    """What was saved, and the files and folders that were copied."""

    journal: Salvaged
    beside: tuple[Path, ...]


def intact_name(damaged: str | Path) -> Path:
    """Return the name of the new journal where nobody gives one: `d.db` becomes `d-intact.db`.

    Of a journal on a server it is a file in the folder of that.
    """
    damaged = base_of(damaged)
    return damaged.with_name(f"{damaged.stem}-intact{damaged.suffix}")


def rescue(address: str | Path, into: Path) -> Rescued:
    """Save what is intact of the journal at `address` in the new file `into`, and copy what lies beside it.

    InputError, before anything is written, where something is there already.
    """
    damaged = base_of(address)
    pairs = [(damaged.with_suffix(end), into.with_suffix(end)) for end in _BESIDE]
    pairs = [(source, target) for source, target in pairs if source.exists()]
    if any(source == target for source, target in pairs):
        expected = "another name before the ending: the files beside a journal have it too"
        raise InputError(f"the new journal {into}", expected=expected, got=f"that of {damaged.name}")
    if (there := next((target for _, target in pairs if target.exists()), None)) is not None:
        raise InputError(f"the new journal {into}", expected="nothing of its name", got=str(there))
    found = salvage(address, into)
    if not found.intact:
        return Rescued(found, ())
    kill = (damaged.with_name(_KILL), into.with_name(_KILL))
    if kill[0].exists() and not kill[1].exists():
        pairs.append(kill)
    for source, target in pairs:
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)
    return Rescued(found, tuple(target for _, target in pairs))
