"""Write a study: HTML (self-contained), PDF, Excel or JSON by suffix, whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nowake.tca.provenance import Provenance
from nowake.tca.report import check_path, write_page, write_whole
from nowake.tca.study import Study
from nowake.tca.study_body import study_body
from nowake.tca.study_tables import Grid, grids
from nowake.tca.workbook import Sheet, workbook

__all__ = ["SUFFIXES", "study_workbook", "write_study"]

SUFFIXES = (".html", ".json", ".pdf", ".xlsx")


def _sheet(name: str, grid: Grid) -> Sheet:
    """Return a grid as a sheet; an interval becomes two columns of its own."""
    wide = [any(row[k].ends for row in grid.rows) for k in range(len(grid.columns))]
    header, rows = [], []
    for column, ends in zip(grid.columns, wide, strict=True):
        header += [column.name, f"{column.name}, low", f"{column.name}, high"] if ends else [column.name]
    for row in grid.rows:
        cells: list[str | int | float | None] = []
        for item, ends in zip(row, wide, strict=True):
            cells += [item.value, *(item.ends or (None, None))] if ends else [item.value]
        rows.append(cells)
    return Sheet(name, tuple(header), rows)


def study_workbook(study: Study, provenance: Provenance) -> bytes:
    """Return the workbook of `study`: every table as a sheet, those without rows left out."""
    names = {"parts": "Cost", "groups": "Groups", "adverse": "After fills", "calibration": "Estimates"}
    found = [(names.get(key, key.capitalize()), grid) for key, grid in grids(study).items() if grid.rows]
    about = Sheet("About", ("What", "Value"), [list(row) for row in provenance.rows()])
    return workbook([*(_sheet(name, grid) for name, grid in found), about])


def write_study(
    path: str | Path, study: Study, provenance: Provenance | None = None, *, payload: Mapping[str, Any] | None = None
) -> Path:
    """Write `study` to `path` and return it; JSON is `payload` or the body of the study.

    InputError for another suffix or a place that cannot be written; MissingError where an HTML page lacks its library.
    """
    target, made = check_path(path, SUFFIXES), provenance or Provenance()
    if target.suffix.lower() == ".json":
        whole = dict(study_body(study) if payload is None else payload)
        write_whole(target, (json.dumps(whole, indent=2, allow_nan=False) + "\n").encode())
    elif target.suffix.lower() == ".xlsx":
        write_whole(target, study_workbook(study, made))
    else:
        from nowake.tca.study_page import render_study

        write_page(target, lambda: render_study(study, made))
    return target
