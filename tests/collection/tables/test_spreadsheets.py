"""Spreadsheets: Excel's and LibreOffice's, with merged cells."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalogue_tables import read
from spreadsheets import write_ods, write_xlsx

from painter_search.common.errors import MissingPackageError

TABLE = [["Artist", "File name", "Year", "Title"], ["Dürer", 1, 1503, "Hase"], ["Dürer", "00123", "um 1500", "x"]]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_read_catalogue_reads_spreadsheets(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    path = tmp_path / f"c.{kind}"
    rows = [["Export"], [], *TABLE, ["", "", "", ""]]
    write_xlsx(path, {"About": [["made by Ann"]], "Works": rows}) if kind == "xlsx" else write_ods(path, rows)
    table, remarks = read(path)
    assert table[["artist", "new_filename", "date", "title"]].to_numpy().tolist() == [
        ["Dürer", "1", "1503", "Hase"],
        ["Dürer", "00123", "um 1500", "x"],
    ]
    sheets = [f"{path} has 2 sheets with entries; 'Works' is read."] if kind == "xlsx" else []
    assert remarks == [*sheets, f"c.{kind}: date is read from 'Year'."]


GROUPED = [["Artist", "File"], ["Monet", "1.jpg"], ["", "2.jpg"], ["", "3.jpg"], ["Titian", "5.jpg"], ["", "6.jpg"]]


def test_read_catalogue_fills_merged_cells(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    rows = [["Works", ""], [], *GROUPED]
    path = write_xlsx(tmp_path / "c.xlsx", {"Works": rows}, ["A1:B1", "A4:A6", "A7:A8", "D1:D9", "F2:G3"])
    table, remarks = read(path)
    assert table["artist"].tolist() == ["Monet"] * 3 + ["Titian"] * 2
    assert not [remark for remark in remarks if "no artist" in remark]


@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
def test_read_catalogue_tells_of_rows_without_artist(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"c.{kind}"
    if kind == "csv":
        path.write_text("\n".join(map(",".join, GROUPED)))
    else:
        pytest.importorskip("python_calamine")
        write_xlsx(path, {"Works": GROUPED}) if kind == "xlsx" else write_ods(path, GROUPED)
    assert (
        f"c.{kind}: 3 of 5 rows have no artist; if it is written once for several rows, fill the column down."
        in (read(path)[1])
    )


def test_read_catalogue_names_the_extra_that_reads_spreadsheets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_ods(tmp_path / "c.ods", TABLE)
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    with pytest.raises(MissingPackageError, match=r"painter-search\[tables\]"):
        read(tmp_path / "c.ods")
