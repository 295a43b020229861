"""Table files of every kind as text: delimited, spreadsheets, JSON, Parquet."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from painter_search.collection.tables.delimited import parse_delimited
from painter_search.collection.tables.features import read_schema, read_texts, schema_features
from painter_search.collection.tables.json_rows import NoSingleListError, columns_of_json
from painter_search.collection.tables.kinds import JSON_LINES, OTHERS, SPREADSHEETS, is_table
from painter_search.collection.tables.spreadsheets import read_spreadsheet
from painter_search.common.errors import DamagedFileError, NotFoundError, one_line
from painter_search.common.files.csv_io import python_strings
from painter_search.common.files.text_encoding import decode_text
from painter_search.images.table_pictures import is_parquet

if TYPE_CHECKING:
    import pandas as pd


ZIP, OLE, GZIP = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b"
"""What files begin with: zip archives (as .xlsx and .ods are), old .xls files, gzip."""
_OPEN = "open it in a spreadsheet program and save it as .xlsx"
_EXPORT = "export its works as CSV"
_TAG = rb"^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*(?:<!--.*?-->\s*)*<"
"""The first tag of a file, behind its mark of Unicode and comments."""
_PAGE_TAGS = rb"(!doctype html|html|head|body|meta|table|div|style|script|center)\b"
NO_TABLES = (
    (re.compile(rb"^SQLite format 3"), f"a database; {_EXPORT}"),
    (re.compile(_TAG + rb".*urn:schemas-microsoft-com:office:spreadsheet", re.DOTALL), f"Excel's XML; {_OPEN}"),
    (re.compile(_TAG + rb".*(lido-schema|<lido:)", re.DOTALL), f"LIDO, which is not read here; {_EXPORT}"),
    (re.compile(_TAG + rb"(\?xml.*<)?" + _PAGE_TAGS, re.DOTALL | re.IGNORECASE), f"a web page; {_OPEN}"),
    (re.compile(_TAG + rb"\?xml", re.DOTALL), f"XML, which is not read here; {_EXPORT}"),
)
"""What else is given as a table, by its first bytes without zeros, and what is to be done with it."""
HEAD_BYTES = 4096
"""Bytes that are looked at for it."""
MAX_BYTES = 1_000_000_000
"""At most this much of a packed table is read: a few bytes can claim any size."""


class TableFile(NamedTuple):
    """A table as read."""

    table: pd.DataFrame
    """Every value as text; the header's names without white space around them."""
    remarks: list[str]
    """What to tell of the reading."""


def read_table_file(path: Path, flag: str = "") -> TableFile:
    """Read a table from a file or a pipe; a message names the `flag` after which its path was given.

    Raises:
        NotFoundError: The file does not exist, or is none.
        DamagedFileError: It is not a table of the kind that its ending says.
        MissingPackageError: It is a spreadsheet, and the package that reads these is not installed.
    """
    if not (path.is_file() or path.is_fifo()):
        what = "is not a file" if path.exists() else "does not exist"
        raise NotFoundError(f"{path} {what}; check the path{f' after {flag}' if flag else ''}.")
    remarks: list[str] = []
    try:
        table = _read(path, remarks)
    except DamagedFileError:
        raise
    except NoSingleListError as error:
        raise DamagedFileError(f"{path} is {error}.") from error
    except (ValueError, LookupError, TypeError, RecursionError, MemoryError) as error:  # pandas and Arrow raise these
        kind = path.suffix[1:].upper() if path.suffix.lower() in OTHERS else "CSV"
        raise DamagedFileError(
            f"{path} cannot be read as a {kind} file ({one_line(error)}); save it as CSV in UTF-8."
        ) from error
    except OSError as error:
        raise DamagedFileError(f"{path} cannot be read ({error.strerror or one_line(error)}).") from error
    table.columns = [str(name).strip() for name in table.columns]
    return TableFile(table, remarks)


def _read(path: Path, remarks: list[str]) -> pd.DataFrame:
    """Read a table by what the file is, and only then by its ending: exports are called .xls whatever they are."""
    if path.is_file() and is_parquet(path):
        return _read_parquet(path)
    suffix, content = _unpack(path.suffix.lower(), path.read_bytes())
    if content.startswith((ZIP, OLE)):
        return read_spreadsheet(content, path, remarks)
    _refuse_others(content[:HEAD_BYTES].replace(b"\0", b""), path)
    decoded = decode_text(content)
    remarks += filter(None, [decoded.remark(path)])
    if suffix in JSON_LINES or suffix == ".json":
        return _frame(columns_of_json(decoded.text, lines=suffix in JSON_LINES))
    return parse_delimited(decoded.text)


def _refuse_others(head: bytes, path: Path) -> None:
    """Raises `DamagedFileError` for a web page, XML or a database, which exports call .xls or .csv too."""
    for pattern, what in NO_TABLES:
        if pattern.search(head):
            raise DamagedFileError(f"{path} is {what}.")


def _unpack(suffix: str, content: bytes) -> tuple[str, bytes]:
    """The ending and the content of a table that is packed by gzip or alone in a zip archive; of another, as given."""
    try:
        if content.startswith(GZIP):
            with gzip.open(io.BytesIO(content)) as packed:
                return "", packed.read(MAX_BYTES)
        if content.startswith(ZIP) and suffix not in SPREADSHEETS:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                tables = [one for one in archive.namelist() if is_table(Path(one)) and "/" not in one]
                if len(tables) == 1:
                    with archive.open(tables[0]) as packed:
                        return Path(tables[0]).suffix.lower(), packed.read(MAX_BYTES)
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"it cannot be unpacked: {error}") from error
    return suffix, content


def _read_parquet(path: Path) -> pd.DataFrame:
    schema = read_schema(path)
    return _frame(read_texts(path, schema.names, schema_features(schema)))


def _frame(columns: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    import pandas as pd

    with python_strings():
        return pd.DataFrame(dict(columns), dtype=str)
