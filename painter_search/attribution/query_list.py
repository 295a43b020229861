"""Lists of paintings to query with: text files of paths and URLs, or tables with a column of them."""

from __future__ import annotations

import csv
import io
import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path, PureWindowsPath

from painter_search.attribution.query_inputs import QueryInput, files_in, input_at_url
from painter_search.collection.tables.cells import unquoted_name, visible_text
from painter_search.common.errors import InvalidValueError, NotFoundError
from painter_search.common.files.urls import expand_home, parse_location
from painter_search.common.log import logger

STANDARD_INPUT = "-"
MAX_HEADER = 20_000
"""Characters of a first line that may be a table's header."""
HEAD_BYTES = 4096
"""Bytes by which a picture or document is told from a list."""
NOT_IN_TEXT = re.compile("[\x01-\x08\x0e-\x19\x1c-\x1f]")
"""Control characters that no text has. Zero bytes may divide names."""


def read_list(path: Path | str) -> list[QueryInput]:
    """Read a list of paintings for `attribute`.

    Args:
        path: A text file in any encoding with one path or URL a line, or a table (CSV, .xlsx, .jsonl) with a column
            such as `path` or `filename`; - reads standard input. Paths are absolute, or relative to the list's folder,
            or else to the current one. They may be quoted, `file://` URLs, or written with backslashes. Blank lines and
            lines that begin with # are skipped. A folder or zip archive stands for the files in it.

    Returns:
        The paintings. One that does not exist is among them, and `attribute` answers it with the reason.

    Raises:
        NotFoundError: The list does not exist.
        InvalidValueError: It cannot be read, is a picture or document in place of a list, or names no painting.

    Example:
        >>> answers = attribute(index, read_list("list.txt"))  # doctest: +SKIP
    """
    is_input = str(path) == STANDARD_INPUT
    path = expand_home(path)
    names = _read_names(path, is_input)
    folders = [Path()] if is_input else [path.parent, Path()]
    queries = [query for name in names for query in _inputs_of(name, folders)]
    if not queries:
        where = "standard input" if is_input else path
        raise InvalidValueError(f"{where} names no painting; write one path a line.")
    return queries


def _read_names(path: Path, is_input: bool) -> Iterable[str]:
    """The entries of a list, as written."""
    from painter_search.collection.tables.kinds import is_text_table
    from painter_search.common.files.text_encoding import decode_text

    if not is_input and not is_text_table(path):
        return _read_column(path)
    try:
        content = sys.stdin.buffer.read() if is_input else path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(f"{path} does not exist; check the path of the list.") from error
    except OSError as error:
        raise InvalidValueError(f"{path} cannot be read ({error.strerror}); give a text file.") from error
    if not _is_text(decode_text(content[:HEAD_BYTES]).text):
        where = "standard input" if is_input else path
        raise InvalidValueError(
            f"{where} is not a list; name pictures without --from, and save lists as text or .xlsx."
        )
    decoded = decode_text(content)
    if decoded.guessed:
        logger.info(decoded.remark("the list" if is_input else path))
    if decoded.text.endswith("\0"):  # as `find -print0` writes it
        return [name for name in decoded.text.split("\0") if name.strip()]
    lines = [line for line in decoded.text.replace("\0", "").splitlines() if line.strip() and line.strip()[0] != "#"]
    return _cells_of_column(lines, path.parent) or lines


def _is_text(head: str) -> bool:
    """Whether a file that begins so is text, and no PDF or RTF document."""
    return not NOT_IN_TEXT.search(head) and not head.lstrip().startswith(("%PDF-", "{\\rtf"))


def _read_column(path: Path) -> list[str]:
    """The column of files of a table that is not text."""
    from painter_search.collection.tables.table_files import read_table_file

    if not path.is_file():
        raise NotFoundError(f"{path} does not exist; check the path of the list.")
    table, remarks = read_table_file(path)
    for remark in remarks:
        logger.info(remark)
    column = _file_column(list(table.columns))
    if column is None:
        raise InvalidValueError(f"{path} has no column of files; call it path.")
    return [name for name in table.iloc[:, column] if name.strip()]


def _file_column(header: Sequence[str]) -> int | None:
    """The number of a header's column of files; None if it has none, or is a row of data such as `scan_1`."""
    from painter_search.collection.tables.columns import FILE, find_columns, is_catalogue_header, names_plainly

    return find_columns(header, FILE)[0] if names_plainly(header, FILE) or is_catalogue_header(header) else None


def _cells_of_column(lines: list[str], folder: Path) -> list[str]:
    """The cells under a header such as `path`, if the first line is one; otherwise empty."""
    from painter_search.collection.tables.delimited import DELIMITERS, SEPARATOR_LINE

    if lines and SEPARATOR_LINE.fullmatch(lines[0]):
        lines = lines[1:]
    for delimiter in DELIMITERS if lines and len(lines[0]) <= MAX_HEADER else ():
        header = next(csv.reader(lines[:1], delimiter=delimiter), [])
        column = _file_column(header)
        if column is not None and not any(_exists(where / lines[0].strip()) for where in (folder, Path())):
            rows = csv.reader(io.StringIO("\n".join(lines[1:])), delimiter=delimiter)
            return [row[column] for row in rows if len(row) > column and row[column].strip()]
    return []


def _inputs_of(entry: str, folders: list[Path]) -> list[QueryInput]:
    name = unquoted_name(entry)
    if not name:
        return []
    location = parse_location(name)
    if isinstance(location, str):
        return input_at_url(location)
    name = str(location)
    spellings = [one.replace("\\", sign) for one in (name, visible_text(name)) for sign in "\\/"]
    places = [(one, folder / os.path.expanduser(one)) for one in spellings for folder in folders]
    name, place = next(((one, place) for one, place in places if _exists(place)), places[0])
    files = files_in(place)
    if files is not None and (files or place.is_file()):
        return files
    is_absolute = Path(name).is_absolute() or bool(re.match(r"[A-Za-z]:[\\/]", name))
    return [QueryInput(PureWindowsPath(name).name if is_absolute else Path(name).as_posix(), place)]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False
