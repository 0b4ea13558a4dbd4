"""What `nowake tca` computes: tables in, one plain dictionary out, a report written; no printing here.

The caller reads the journal into `Tables` (or a pair of tcapy files by `nowake.tca.tcapy.read_tcapy`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nowake.core.errors import InputError
from nowake.tca.minimum import Minimum
from nowake.tca.provenance import Provenance
from nowake.tca.report import check_path
from nowake.tca.study import BY, Asked, Study, analyse_tables
from nowake.tca.study_body import study_body
from nowake.tca.study_report import SUFFIXES, write_study
from nowake.tca.study_tables import Grid, grids
from nowake.tca.tables import Tables

__all__ = ["BY", "SUFFIXES", "Done", "asked_for", "compute_tca", "report_path", "shown", "write_report"]


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """The study and its body: the JSON object of the command less what every command adds."""

    study: Study
    body: dict[str, Any]


def asked_for(
    by: str = "order",
    number: str = "shortfall_bps",
    *,
    cluster: str = "day",
    least: Minimum | None = None,
    seed: int = 7,
) -> Asked:
    """Return what the options ask for; InputError with the nearest name for one that is unknown."""
    if seed < 0:
        raise InputError("--seed", expected="a whole number from 0", got=seed)
    return Asked(by, number, cluster, least or Minimum(), seed)


def report_path(path: str | Path | None) -> Path | None:
    """Return where a report goes, None for none; InputError before the work, not after it."""
    return None if path is None else check_path(path, SUFFIXES)


def compute_tca(tables: Tables, asked: Asked | None = None) -> Done:
    """Return the study of `tables`; InputError where they cannot be."""
    study = analyse_tables(tables, asked)
    return Done(study, study_body(study))


def shown(done: Done) -> dict[str, Grid]:
    """Return the tables to print: the parts, those that were asked for, and how estimates did where there are some."""
    found = grids(done.study)
    wanted = {"venue": ("venues", "adverse"), "dealer": ("dealers", "venues"), "order": ("orders",)}
    names = ("parts", *wanted.get(done.study.asked.by, ("groups",)), "calibration")
    return {name: found[name] for name in names if found[name].rows}


def write_report(path: Path, done: Done, provenance: Provenance, whole: Mapping[str, Any] | None = None) -> Path:
    """Write the report to `path`: HTML, PDF, Excel or JSON by suffix; `whole` is the JSON object of the command."""
    return write_study(path, done.study, provenance, payload=whole)
