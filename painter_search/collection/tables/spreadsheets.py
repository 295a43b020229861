"""Spreadsheets as tables: .xlsx, .xls, .xlsb and .ods files, through calamine."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from painter_search.collection.tables.cells import to_text
from painter_search.collection.tables.columns import is_catalogue_header
from painter_search.collection.tables.delimited import HEADER_ROWS
from painter_search.common.errors import MissingPackageError
from painter_search.common.files.csv_io import python_strings

if TYPE_CHECKING:
    import pandas as pd
    from python_calamine import CalamineSheet


def read_spreadsheet(content: bytes, path: Path, remarks: list[str]) -> pd.DataFrame:
    """The first sheet with a header that names artist and file, or else the first; lines above it are left out.

    Raises `ValueError` if it is damaged, and `MissingPackageError` if what reads it is not installed.
    """
    try:
        import python_calamine
    except ImportError as error:
        raise MissingPackageError(
            f'{path} is a spreadsheet; install what reads these with `pip install "painter-search[tables]"`, or save '
            "it as CSV in UTF-8."
        ) from error
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {name: _read_rows(workbook.get_sheet_by_name(name)) for name in workbook.sheet_names}
    except python_calamine.CalamineError as error:
        raise ValueError(str(error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's, which is no `Exception`
            raise
        raise ValueError("it is damaged") from error
    filled = {name: rows for name, rows in sheets.items() if any(any(cell != "" for cell in row) for row in rows)}
    for name, rows in filled.items():
        for number, row in enumerate(rows[:HEADER_ROWS]):
            if is_catalogue_header([to_text(cell) for cell in row]):
                if len(filled) > 1:
                    remarks.append(f"{path} has {len(filled)} sheets with entries; {name!r} is read.")
                return _table(rows[number], rows[number + 1 :])
    rows = next(iter(filled.values()), [])
    rows = [row for row in rows if any(cell != "" for cell in row)]
    if not rows:
        raise ValueError("it is empty")
    return _table(rows[0], rows[1:])


def _read_rows(sheet: CalamineSheet) -> list[list[object]]:
    """The rows of a sheet; a cell that is merged over several has its value in each of them."""
    rows: list[list[object]] = [list(row) for row in sheet.to_python()]
    top, left = sheet.start or (0, 0)
    for (first, column), (last, _) in getattr(sheet, "merged_cell_ranges", None) or ():  # calamine 0.3 has none
        if first >= top and left <= column < left + sheet.width:  # elsewhere nothing is written
            for row in rows[first - top + 1 : last - top + 1]:
                row[column - left] = rows[first - top][column - left]
    return rows


def _table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    import pandas as pd

    with python_strings():
        table = pd.DataFrame([[to_text(cell) for cell in row] for row in rows], dtype=str)
        table = table.reindex(columns=range(len(header)), fill_value="")
    table.columns = [to_text(name) for name in header]
    return table
