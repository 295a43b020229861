"""Rows written for spreadsheets, and read again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from painter_search.common.files.csv_io import read_rows, write_rows


def test_write_rows_marks_what_spreadsheets_need_and_read_rows_drops_it(tmp_path: Path) -> None:
    files = ["=HYPERLINK(1).jpg", "-2.jpg", "'a.jpg", 'Dürer, "Hare".jpg', os.fsdecode(b"caf\xe9.jpg"), "two\nlines"]
    write_rows(tmp_path / "rejected.csv", ("file", "reason"), *((file, "not an image") for file in files))
    content = (tmp_path / "rejected.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbffile,reason\n'=HYPERLINK(1).jpg,")
    assert [row["file"] for row in read_rows(tmp_path / "rejected.csv")] == files


def test_read_rows_reads_files_without_marks_and_refuses_what_is_no_csv(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("file,reason\na.jpg,empty\n\n", encoding="utf-8")
    assert read_rows(tmp_path / "a.csv") == [{"file": "a.jpg", "reason": "empty"}]
    (tmp_path / "a.csv").write_text("", encoding="utf-8")
    assert read_rows(tmp_path / "a.csv") == []
    (tmp_path / "a.csv").write_text("x" * 200_000, encoding="utf-8")
    with pytest.raises(ValueError, match="field larger"):
        read_rows(tmp_path / "a.csv")
