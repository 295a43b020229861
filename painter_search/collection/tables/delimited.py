"""Delimited text: CSV with commas, semicolons, tabs or bars, as programs and languages write it."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from painter_search.collection.tables.columns import count_known, is_catalogue_header
from painter_search.common.files.csv_io import python_strings

if TYPE_CHECKING:  # a list of paintings is read without pandas
    import pandas as pd

DELIMITERS = (",", ";", "\t", "|")
"""In order of preference, where a header can be read with several."""
HEADER_ROWS = 20
"""The header is looked for in this many rows: exports may begin with their name and date."""
SEPARATOR_LINE = re.compile(r'\s*"?sep=(.)"?[ \t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
"""Excel's first line `sep=;`, which names the delimiter."""
ESCAPED_QUOTE = re.compile(r'(?<!\\)((?:\\\\)*)\\"')
"""A quotation mark behind an odd number of backslashes."""
NULL = r"\N"
"""An empty cell, as MySQL writes it."""


@python_strings()
def parse_delimited(text: str) -> pd.DataFrame:
    """Delimited text as a table with every value as text.

    The delimiter is the one that the line `sep=` names, or with which a row near the beginning names the artist and the
    file, or else the one with which the first row names most. What is above that row is left out. Rows may end with
    superfluous delimiters. MySQL's `\\"` is a quotation mark within a cell, and its `\\N` an empty cell.

    Raises `ValueError` or `pandas.errors.ParserError` for text that is not a table, or with a row longer than the
    header or a quotation mark that is not closed.
    """
    import pandas as pd

    text = text.replace("\0", "")
    delimiter, start = find_header(text)
    text = text[:start] + _double_quotes(text[start:], delimiter)
    if delimiter == "\t" and _is_one_row_a_line(text[start:]):
        return _read_unquoted(text[start:])
    _check_quotes(text, start, delimiter)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # that rows are cut
            return _read(text[start:], delimiter)
    except (pd.errors.ParserError, pd.errors.ParserWarning):
        columns = _check_lengths(text, start, delimiter)
        return _read(text[start:], delimiter, usecols=range(columns), skipinitialspace=True)


def _read(text: str, delimiter: str, **options: Any) -> pd.DataFrame:
    import pandas as pd

    table: pd.DataFrame = pd.read_csv(
        io.StringIO(text, newline=""),
        sep=delimiter,
        engine="c" if delimiter.isascii() else "python",
        dtype=str,
        na_filter=False,
        index_col=False,
        **options,
    )
    return table.where(table != NULL, "") if NULL in text else table


def _double_quotes(text: str, delimiter: str) -> str:
    r"""A table with `""` for MySQL's `\"`, if its rows are whole with them alone: `"C:\scans\"` ends a cell."""
    doubled = ESCAPED_QUOTE.sub(r'\1""', text)
    return doubled if doubled != text and not _is_whole(text, delimiter) and _is_whole(doubled, delimiter) else text


def _is_whole(text: str, delimiter: str) -> bool:
    """Whether a strict reader finds as many cells in every row as in the first."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        return len({len(row) for row in rows if row}) == 1
    except csv.Error:
        return False


def _is_one_row_a_line(text: str) -> bool:
    """Whether each line has as many tabs as the first, so that no quotation mark is around several."""
    tabs = {line.count("\t") for line in io.StringIO(text, newline=None) if line.strip()}
    return '"' in text and len(tabs) == 1


def _read_unquoted(text: str) -> pd.DataFrame:
    """A table with a row a line, where a single quotation mark is part of its cell and a pair stands around one."""
    table = _read(text, "\t", quoting=csv.QUOTE_NONE)
    table.columns = table.columns.map(_unquote)
    return table.map(_unquote)


def _unquote(cell: str) -> str:
    inner = cell.strip()
    return inner[1:-1].replace('""', '"') if len(inner) > 1 and inner[0] == inner[-1] == '"' else cell


def _check_quotes(text: str, start: int, delimiter: str) -> None:
    """Raises `ValueError` for a quotation mark that is not closed, so that its cell holds the rows behind it.

    The mark that ends such a cell was to open another, which goes on behind it; and each line in it looks like a row.
    """
    if '"' not in text:
        return
    lines = io.StringIO(text[start:], newline=None).readlines()
    rows = csv.reader(lines, delimiter=delimiter)
    try:
        delimiters = len(next(rows, [])) - 1
        first = rows.line_num
        for _ in rows:
            inside, first = lines[first : rows.line_num], rows.line_num
            if len(inside) > 1 and all(line.count(delimiter) >= delimiters for line in inside):
                _check_strictly(inside, text[:start].count("\n") + first - len(inside) + 1, delimiter)
    except csv.Error:  # a field longer than csv accepts, say; pandas will read the table, or say why not
        return


def _check_strictly(lines: list[str], number: int, delimiter: str) -> None:
    """Raises `ValueError` if lines of a table, from this number on, are more than one row for a strict reader."""
    try:
        next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(
            f"line {number} opens a quotation mark that is not closed, and its cell takes {len(lines) - 1} more "
            f"{'line' if len(lines) == 2 else 'lines'}: close it"
        ) from error


def _check_lengths(text: str, start: int, delimiter: str) -> int:
    """The number of the header's cells; raises `ValueError` for a row with more, unless those are empty.

    A quotation mark may stand behind a space: `Monet, "Lilies, evening"`.
    """
    rows = csv.reader(io.StringIO(text[start:], newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        columns = len(next(rows, []))
        for row in rows:
            if any(map(str.strip, row[columns:])):
                line = text[:start].count("\n") + rows.line_num
                raise ValueError(
                    f"line {line} has {len(row)} cells, and the header {columns}: quote values that contain the "
                    f"delimiter {delimiter!r}"
                )
    except csv.Error as error:  # a field longer than csv accepts, say
        raise ValueError(str(error)) from error
    return columns


def find_header(text: str) -> tuple[str, int]:
    """The delimiter of a text, and where its header begins."""
    separator = SEPARATOR_LINE.match(text)
    start = separator.end() if separator else 0
    delimiters = (separator[1],) if separator else DELIMITERS
    first_rows: list[tuple[int, int, str, int]] = []
    for delimiter in delimiters:
        rows = list(islice(_rows(text, start, delimiter), HEADER_ROWS))
        for position, row in rows:
            if is_catalogue_header(row):
                return delimiter, position
        if rows:
            position, row = rows[0]
            first_rows.append((count_known(row), len(row), delimiter, position))
    if not first_rows:
        return delimiters[0], start
    _, _, delimiter, position = max(first_rows, key=lambda found: found[:2])  # of equals the first
    return delimiter, position


def _rows(text: str, start: int, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with its position in the text."""
    positions = [start]

    def lines() -> Iterator[str]:
        for line in io.StringIO(text[start:], newline=""):
            positions.append(positions[-1] + len(line))
            yield line

    before = 0
    reader = csv.reader(lines(), delimiter=delimiter)
    try:
        for row in reader:
            position, before = positions[before], reader.line_num
            if any(map(str.strip, row)):
                yield position, [cell.strip() for cell in row]
    except csv.Error:  # a field longer than csv accepts, say; pandas will read the table, or say why not
        return
