"""CSV: files read as text whatever bytes they hold, and rows written for spreadsheets."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a query writes CSV without pandas
    import pandas as pd

FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that begins with one of these as a formula (OWASP, "CSV Injection")."""

BYTE_ORDER_MARK = "\ufeff"
"""At the beginning of a file, what says that it is UTF-8."""


@contextmanager
def python_strings() -> Iterator[None]:
    """Meanwhile, pandas stores text as Python strings. Serves as a decorator, too.

    Arrow's strings, pandas' choice where pyarrow is installed, refuse surrogates: the bytes of file names that are not
    UTF-8.
    """
    import pandas as pd

    with pd.option_context("mode.string_storage", "python"):
        yield


@python_strings()
def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV file with every value as text; bytes that are invalid UTF-8 survive as surrogates.

    Raises `OSError`, `ValueError` or `pandas.errors.ParserError` for a file that cannot be read as CSV.
    """
    import pandas as pd

    with warnings.catch_warnings():
        # A row longer than the header is cut: usually it only ends with superfluous commas.
        warnings.simplefilter("ignore", pd.errors.ParserWarning)
        return pd.read_csv(
            path,
            dtype=str,
            na_filter=False,
            index_col=False,
            encoding="utf-8",
            encoding_errors="surrogateescape",
        )


def rows_to_csv(*rows: Sequence[object]) -> str:
    """Rows as CSV for spreadsheets, to be written in UTF-8.

    It begins with a byte order mark, without which Excel takes UTF-8 for another encoding. An apostrophe goes before
    text that a spreadsheet would run as a formula.
    """
    buffer = io.StringIO()
    buffer.write(BYTE_ORDER_MARK)
    writer = csv.writer(buffer, lineterminator="\n")
    for row in rows:
        writer.writerow([_defuse_formula(cell) for cell in row])
    return buffer.getvalue()


def write_rows(path: Path, *rows: Sequence[object]) -> None:
    """Write rows for spreadsheets, see `rows_to_csv`; bytes of a name that are no UTF-8 are written as they are."""
    path.write_bytes(rows_to_csv(*rows).encode("utf-8", "surrogateescape"))


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows that `write_rows` has written, without its marks, by the names in the first row.

    Raises `OSError`, or `ValueError` for a file that cannot be read as CSV.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        try:
            header, *rows = [row for row in csv.reader(file) if row] or [[]]
        except csv.Error as error:
            raise ValueError(str(error)) from error
    return [dict(zip(header, map(_restore_formula, row), strict=False)) for row in rows]


def _restore_formula(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_PREFIXES) else cell


def _defuse_formula(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_PREFIXES) else cell
