"""The smallest spreadsheets: .xlsx and .ods files of text and numbers, written by hand."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

Rows = Sequence[Sequence[object]]
XML = '<?xml version="1.0" encoding="UTF-8"?>'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def write_xlsx(path: Path, sheets: Mapping[str, Rows], merged: Sequence[str] = ()) -> Path:
    """Write an Excel workbook (ECMA-376) with the given sheets, each with the same merged ranges, such as A2:A4."""
    names = list(sheets)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main'
        '+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
        + "".join(f'<sheet name="{escape(n)}" sheetId="{i + 1}" r:id="r{i}"/>' for i, n in enumerate(names))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="r{i}" Type="{OFFICE}/worksheet" Target="worksheets/{i}.xml"/>'
            for i in range(len(names))
        )
        + "</Relationships>",
    }
    ranges = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
    merges = f'<mergeCells count="{len(merged)}">{ranges}</mergeCells>' if merged else ""
    for number, rows in enumerate(sheets.values()):
        cells = "".join(_xlsx_row(position, row) for position, row in enumerate(rows, start=1))
        sheet = f"<sheetData>{cells}</sheetData>{merges}"
        parts[f"xl/worksheets/{number}.xml"] = f'<worksheet xmlns="{SHEET}">{sheet}</worksheet>'
    return _write(path, parts)


def write_ods(path: Path, rows: Rows) -> Path:
    """Write an OpenDocument spreadsheet with one sheet."""
    cells = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    content = (
        f'<office:document-content xmlns:office="{OASIS}:office:1.0" xmlns:table="{OASIS}:table:1.0" '
        f'xmlns:text="{OASIS}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Sheet1">{cells}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<manifest:manifest xmlns:manifest="{OASIS}:manifest:1.0"/>'
    return _write(path, {"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def _xlsx_row(number: int, row: Sequence[object]) -> str:
    cells = "".join(_xlsx_cell(f"{letter}{number}", cell) for letter, cell in zip("ABCDEFGH", row, strict=False))
    return f'<row r="{number}">{cells}</row>'


def _xlsx_cell(place: str, cell: object) -> str:
    if isinstance(cell, int | float):
        return f'<c r="{place}"><v>{cell}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(cell))}</t></is></c>'


def _ods_cell(cell: object) -> str:
    if isinstance(cell, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
    text = f"<text:p>{escape(str(cell))}</text:p>"
    return f'<table:table-cell office:value-type="string">{text}</table:table-cell>'


def _write(path: Path, parts: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content if name == "mimetype" else XML + content)
    return path
