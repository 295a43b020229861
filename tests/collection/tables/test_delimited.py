"""Tables as text: delimiters, quotation marks, lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalogue_tables import WANTED, read, text_of, values

from painter_search.common.errors import DamagedFileError


@pytest.mark.parametrize(
    "text",
    [
        text_of("artist,filename,title", ","),
        text_of("artist;filename;title", ";"),
        text_of("artist\tfilename\ttitle", "\t"),
        text_of("artist|filename|title", "|"),
        text_of("artist;filename;title", ";", "\r\n"),
        text_of("artist;filename;title", ";", "\r"),
        "sep=;\r\n" + text_of("artist;filename;title", ";", "\r\n"),
        '"sep=,"\n' + text_of("artist,filename,title", ","),
        "SEP=|\n" + text_of("artist|filename|title", "|"),
        "sep=\t\n" + text_of("artist\tfilename\ttitle", "\t"),
        text_of('"Artist","File Name","Title"', ","),
        text_of(" ARTIST ; FILENAME ; Title ", ";"),
        text_of("Artist;Filename;Title, and what else is known, of it", ";"),
        "\n\n  \n" + text_of("artist,filename,title", ","),
        "Collection export\n12 March 2024;;\n\n" + text_of("artist;filename;title", ";"),
        text_of("artist,filename,title", ",").replace("Claude", "\n,,\n,,\nClaude") + ",,\n\n",
        "\ufeff" + text_of("artist,filename,title", ","),
        "\n".join(line + ",,," for line in text_of("artist,filename,title", ",").splitlines()),
        text_of("artist,filename,title", ",").rstrip() + ",,\n",
    ],
)
def test_read_catalogue_finds_delimiter_and_header(text: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(text.encode())
    table, remarks = read(tmp_path / "c.csv")
    title = next(name for name in table.columns if name == "title")
    found = table[["artist", "new_filename", title]].to_numpy().tolist()
    assert [row[:2] for row in found] == [row[:2] for row in WANTED]
    if "what else" not in text:
        assert found == WANTED
    assert not [remark for remark in remarks if "and what else is known" not in remark]


def test_read_catalogue_keeps_lines_within_quotes(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text('artist;filename;title\nMonet;1.jpg;"two\nlines; ""quoted"""\nTitian;2.jpg;x\n')
    assert values(tmp_path / "c.csv") == [["Monet", "1.jpg", 'two\nlines; "quoted"'], ["Titian", "2.jpg", "x"]]


@pytest.mark.parametrize(
    ("rows", "line", "taken"),
    [
        ('Monet,"unclosed,1.jpg\nMonet,x,2.jpg\nTitian,"y",5.jpg\nTitian,z,6.jpg\n', 2, "2 more lines"),
        ('Monet,x,1.jpg\nMonet,"unclosed,2.jpg\nTitian,"y, z",5.jpg\n', 3, "1 more line:"),
        ('"Monet,x,1.jpg\n"Monet",y,2.jpg\n', 2, "1 more line:"),
        ('Monet,"two\nlines",1.jpg\r\nMonet,"unclosed,2.jpg\r\nTitian,"y",5.jpg\r\n', 4, "1 more line:"),
    ],
)
def test_read_catalogue_refuses_quotation_mark_that_is_not_closed(
    rows: str, line: int, taken: str, tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_bytes(f"artist,title,filename\n{rows}".encode())
    with pytest.raises(DamagedFileError, match=rf"line {line} opens a quotation mark .* its cell takes {taken}"):
        read(tmp_path / "c.csv")


@pytest.mark.parametrize(
    "row",
    [
        'Monet,1.jpg,"two\nlines"',
        'Monet,1.jpg,"two, or three,\nlines, or, four"',
        'Monet,1.jpg,"said ""well, now, then""\nin a, b, c"',
        '"Monet\nFrench",1.jpg,x',
        'Monet,1.jpg,"Seine" at dawn',
    ],
)
def test_read_catalogue_keeps_cells_of_several_lines(row: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f"artist,filename,title\n{row}\nTitian,2.jpg,y\n")
    assert read(tmp_path / "c.csv")[0]["new_filename"].tolist() == ["1.jpg", "2.jpg"]


@pytest.mark.parametrize("before", ["", "Export of\nworks\n"])
@pytest.mark.parametrize("number", [0, 1])
def test_read_catalogue_refuses_row_longer_than_header(number: int, before: str, tmp_path: Path) -> None:
    rows = ["1.jpg,Monet,1900", "3.jpg,Titian,1550"]
    rows.insert(number, "2.jpg,Bruegel, Pieter,1560")
    (tmp_path / "c.csv").write_text(f"{before}file,artist,year\n" + "\n".join(rows))
    line = before.count("\n") + 2 + number
    with pytest.raises(DamagedFileError, match=f"line {line} has 4 cells, and the header 3: quote values"):
        read(tmp_path / "c.csv")


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_read_catalogue_takes_quoted_value_behind_a_space(delimiter: str, tmp_path: Path) -> None:
    rows = [["artist", "file", "title"], ["Monet", "1.jpg", f'"Lilies{delimiter} evening"'], ["Titian", "2.jpg", "x"]]
    (tmp_path / "c.csv").write_text("\n".join(f"{delimiter} ".join(row) for row in rows))
    assert values(tmp_path / "c.csv") == [["Monet", "1.jpg", f"Lilies{delimiter} evening"], ["Titian", "2.jpg", "x"]]


@pytest.mark.parametrize("cell", ['"Seine', 'Seine"', '12" high', '"Seine" at dawn', '"'])
def test_read_catalogue_takes_single_quotation_mark_among_tabs_for_text(cell: str, tmp_path: Path) -> None:
    rows = [
        ["Monet", "1.jpg", cell],
        ["Titian", "2.jpg", "x"],
        ["Manet", "3.jpg", '"""Olympia""" '],
        ["Bo", "4.jpg", '"'],
    ]
    (tmp_path / "c.tsv").write_text("\n".join(["artist\tfile\ttitle", *map("\t".join, rows)]))
    titles = {"3.jpg": '"Olympia"'}
    assert values(tmp_path / "c.tsv") == [[*row[:2], titles.get(row[1], row[2])] for row in rows]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (r'"Giovanni Barbieri \"Guercino\""', 'Giovanni Barbieri "Guercino"'),
        (r'"Barbieri, called \"Guercino, il\""', 'Barbieri, called "Guercino, il"'),
        (r'"\"Guercino\" Barbieri"', '"Guercino" Barbieri'),
        ('"Barbieri ""Guercino"""', 'Barbieri "Guercino"'),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_read_catalogue_reads_quotation_marks_behind_backslashes(
    cell: str, name: str, delimiter: str, tmp_path: Path
) -> None:
    rows = [["artist", "filename", "title"], [cell, '"1.jpg"', r"\N"], ['"Monet"', r'"C:\scans\2.jpg"', '"Seine"']]
    (tmp_path / "c.csv").write_text("\n".join(map(delimiter.join, rows)))
    assert values(tmp_path / "c.csv") == [[name, "1.jpg", ""], ["Monet", r"C:\scans\2.jpg", "Seine"]]


def test_read_catalogue_lets_a_backslash_end_a_quoted_folder(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text('artist,title,filename\n"Monet","C:\\scans\\","1.jpg"\n"Titian","C:\\","2.jpg"\n')
    assert values(tmp_path / "c.csv") == [["Monet", "1.jpg", "C:\\scans\\"], ["Titian", "2.jpg", "C:\\"]]


def test_read_catalogue_keeps_numbers_as_text(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("artist,filename,title\nMonet,00123,1.0\nTitian,1.0,007\n")
    assert values(tmp_path / "c.csv") == [["Monet", "00123", "1.0"], ["Titian", "1.0", "007"]]


@pytest.mark.parametrize("title", ["<table 1>", "<head>"])
def test_read_catalogue_reads_tables_that_begin_with_a_tag_in_quotation_marks(title: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f'"{title}",artist,file\nx,Monet,1.jpg\n')
    assert read(tmp_path / "c.csv")[0]["artist"].tolist() == ["Monet"]
