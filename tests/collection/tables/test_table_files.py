"""Tables of other kinds, packed ones, and what is no table."""

from __future__ import annotations

import gzip
import json
import os
import sys
import threading
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from catalogue_tables import ROWS, WANTED, read, text_of, values
from pyarrow import parquet
from spreadsheets import write_xlsx

from painter_search.common.errors import DamagedFileError, NotFoundError


@pytest.mark.parametrize("kind", ["xlsx", "ods", "json", "jsonl", "parquet"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no spreadsheet", b"PAR1 no table PAR1", b"\x1f\x8b\x08\x00"])
def test_read_catalogue_refuses_files_that_are_not_what_their_ending_says(
    kind: str, content: bytes, tmp_path: Path
) -> None:
    pytest.importorskip("python_calamine")
    (tmp_path / f"c.{kind}").write_bytes(content)
    with pytest.raises(DamagedFileError, match=rf"c\.{kind} (cannot be read as a {kind.upper()} file|lacks)"):
        read(tmp_path / f"c.{kind}")


@pytest.mark.parametrize("name", ["c.xls", "c.xlsx", "c.dat", "c"])
def test_read_catalogue_goes_by_what_a_file_is_before_its_ending(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(text_of("artist\tfilename\ttitle", "\t").encode("utf-16"))
    assert values(tmp_path / name) == WANTED
    pytest.importorskip("python_calamine")
    write_xlsx(tmp_path / f"{name}.csv", {"Sheet1": [["artist", "filename", "title"], *ROWS]})
    assert values(tmp_path / f"{name}.csv") == WANTED


def test_read_catalogue_reads_packed_tables(tmp_path: Path) -> None:
    content = text_of("artist,filename,title", ",").encode()
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(content))
    with zipfile.ZipFile(tmp_path / "c.csv.zip", "w") as archive:
        archive.writestr("all_data_info.csv", content)
        archive.writestr("README.md", b"as Kaggle packs it")
    assert values(tmp_path / "c.csv.gz") == values(tmp_path / "c.csv.zip") == WANTED


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<html><table><tr><th>artist</th><th>file</th></tr></table></html>", "a web page; open it"),
        ('<?xml version="1.0"?>\n<!DOCTYPE html>\n<html/>', "a web page; open it"),
        ("\n<table border='1'>", "a web page; open it"),
        ("<!-- saved -->\n<html>", "a web page; open it"),
        ("<div><table>", "a web page; open it"),
        ("<style>td {}</style><table>", "a web page; open it"),
        (
            '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "Excel's XML; open it",
        ),
        ('<?xml version="1.0"?><lido:lidoWrap xmlns:lido="http://www.lido-schema.org">', "LIDO, which is not read"),
        ('<?xml version="1.0"?><works/>', "XML, which is not read"),
        ("SQLite format 3\0\x10\0\1\1\0@ ", "a database; export"),
    ],
)
def test_read_catalogue_says_what_is_no_table(text: str, what: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "c.xls").write_bytes(text.encode("utf-8" if text.startswith("SQL") else encoding))
    with pytest.raises(DamagedFileError, match=f"c.xls is {what}"):
        read(tmp_path / "c.xls")


def test_read_catalogue_replaces_what_no_table_stores(tmp_path: Path) -> None:
    broken = (
        r'[{"artist": "D\ud83d", "file_name": "1\u0000.jpg", "tit\ud83dle": "", "title": "Sea \udce4 \ud83c\udf0a"}]'
    )
    (tmp_path / "c.json").write_text(broken)
    table, _ = read(tmp_path / "c.json")
    row = table[["artist", "new_filename", "title"]].to_numpy().tolist()
    assert row == [["D\ufffd", "1\ufffd.jpg", "Sea \ufffd \U0001f30a"]]


@pytest.mark.parametrize("name", ["c.PARQUET", "c.pq", "c.parq", "c"])
def test_read_catalogue_knows_parquet_by_its_first_bytes(name: str, tmp_path: Path) -> None:
    columns = {"artist": ["Ada"], "filename": ["1.jpg"], "title": ["Sea"]}
    parquet.write_table(pa.table(columns), tmp_path / name)
    assert read(tmp_path / name)[0][["artist", "new_filename", "title"]].to_numpy().tolist() == [
        ["Ada", "1.jpg", "Sea"]
    ]


def test_read_catalogue_reads_parquet_and_the_names_of_labels(tmp_path: Path) -> None:
    features = {"artist": {"names": ["Dürer", "Monet"], "_type": "ClassLabel"}}
    schema = pa.schema(
        {"artist": pa.int64(), "filename": pa.string(), "year": pa.float64()},
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    content = pa.table(
        {"artist": [0, 1, -1], "filename": ["1.jpg", "2.jpg", "3.jpg"], "year": [1503, None, 1.5]}, schema
    )
    parquet.write_table(content, tmp_path / "c.parquet")
    table, _ = read(tmp_path / "c.parquet")
    assert table[["artist", "new_filename", "date"]].to_numpy().tolist() == [
        ["Dürer", "1.jpg", "1503"],
        ["Monet", "2.jpg", ""],
        ["", "3.jpg", "1.5"],
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_read_catalogue_reads_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=(text_of("artist,filename,title", ","),))
    writer.start()
    assert values(path) == WANTED
    writer.join()
    with pytest.raises(NotFoundError, match="is not a file; check the path after catalogue"):
        read(tmp_path)
