"""A small writer of Excel workbooks (Office Open XML, ECMA-376): sheets of text and numbers, a bold frozen header row.

No formulas and no addresses of data: text is stored as text, so that a name beginning with '=' stays a name. The bytes
depend on nothing but the content.
"""

import io
import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from nowake.core.errors import InputError

__all__ = ["Sheet", "workbook"]

Value = str | int | float | bool | None
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MOST_ROWS, _MOST_TEXT = 1_048_576, 32_767  # limits of the format's readers
_PLAIN, _BOLD, _WHOLE, _FINE = range(4)  # rows of cellXfs in _STYLES
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="#,##0.0000"/></numFmts>'
    '<fonts count="2"><font><sz val="10"/><name val="Calibri"/></font><font><b/><sz val="10"/><name val="Calibri"/>'
    '</font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill '
    'patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/>'
    '</border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


@dataclass(frozen=True, slots=True)
class Sheet:
    r"""A sheet: its name (1 to 31 characters, none of ``[]:*?/\``), the header, and rows of the header's length."""

    name: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[Value]]

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= 31 or re.search(r"[\[\]:*?/\\]", self.name):
            raise InputError("sheet name", expected="1 to 31 characters, none of []:*?/\\", got=repr(self.name))
        wrong = next((len(row) for row in self.rows if len(row) != len(self.header)), None)
        if wrong is not None or len(self.rows) >= _MOST_ROWS:
            got = f"{len(self.rows)} rows, one of {wrong} cells"
            raise InputError(f"sheet {self.name}", expected=f"rows of {len(self.header)} cells, below 2^20", got=got)


def _column(index: int) -> str:
    """Return the letters of column `index` (from 0): A to Z, AA and so on."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _text(value: str) -> str:
    return escape(_CONTROL.sub("", value)[:_MOST_TEXT])


def _cell(place: str, value: Value, style: int) -> str:
    """Return one ``<c>`` element, nothing for None and numbers that are none."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" s="{style}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{_text(value)}</t></is></c>'
    kind = _WHOLE if isinstance(value, int) else _FINE
    return f'<c r="{place}" s="{kind}"><v>{value!r}</v></c>'


def _widths(sheet: Sheet) -> str:
    """Return the widths of the columns, by the longest of the first hundred cells."""
    parts = []
    for k, name in enumerate(sheet.header):
        shown = (f"{row[k]:.4f}" if isinstance(row[k], float) else str(row[k] or "") for row in sheet.rows[:100])
        width = min(max([len(name), *map(len, shown)]) + 2, 60)
        parts.append(f'<col min="{k + 1}" max="{k + 1}" width="{width}" customWidth="1"/>')
    return f"<cols>{''.join(parts)}</cols>" if parts else ""


def _lines(sheet: Sheet) -> Iterable[str]:
    for i, row in enumerate([sheet.header, *sheet.rows], 1):
        style = _BOLD if i == 1 else _PLAIN
        cells = "".join(_cell(f"{_column(k)}{i}", value, style) for k, value in enumerate(row))
        yield f'<row r="{i}">{cells}</row>'


def _sheet(sheet: Sheet) -> str:
    frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{frozen}</sheetView></sheetViews>'
        f"{_widths(sheet)}<sheetData>{''.join(_lines(sheet))}</sheetData></worksheet>"
    )


def _links(rows: Iterable[tuple[str, str, str]]) -> str:
    one = "".join(f'<Relationship Id="{i}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for i, kind, target in rows)
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{one}</Relationships>'


def _files(sheets: Sequence[Sheet]) -> dict[str, str]:
    names = [f"worksheets/sheet{i}.xml" for i in range(1, len(sheets) + 1)]
    kinds = [("workbook.xml", "sheet.main"), ("styles.xml", "styles"), *((name, "worksheet") for name in names)]
    parts = "".join(f'<Override PartName="/xl/{name}" ContentType="{_TYPE}.{kind}+xml"/>' for name, kind in kinds)
    listed = "".join(f'<sheet name="{_text(s.name)}" sheetId="{i}" r:id="rId{i}"/>' for i, s in enumerate(sheets, 1))
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/>{parts}</Types>',
        "_rels/.rels": _links([("rId1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _links(
            [*((f"rId{i}", "worksheet", name) for i, name in enumerate(names, 1)),
             (f"rId{len(sheets) + 1}", "styles", "styles.xml")]
        ),
        "xl/styles.xml": _STYLES,
        **{f"xl/{name}": _sheet(sheet) for name, sheet in zip(names, sheets, strict=True)},
    }  # fmt: skip


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """Return a workbook of `sheets`, at least one, names apart from each other whatever their case."""
    names = [sheet.name.lower() for sheet in sheets]
    if not names or len(set(names)) < len(names):
        raise InputError("workbook", expected="one sheet or more, each with its own name", got=", ".join(names) or 0)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in _files(sheets).items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            packed.writestr(entry, text.encode())
    return out.getvalue()
