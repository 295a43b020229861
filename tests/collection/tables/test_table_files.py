"""Tables as spreadsheet programs, museums and data sets write them."""

from __future__ import annotations

import gzip
import json
import os
import sys
import threading
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from spreadsheets import write_ods, write_xlsx

from painter_search.collection.catalogues.catalogue import read_catalogue
from painter_search.common.errors import AmbiguousError, DamagedFileError, MissingPackageError, NotFoundError

ROWS = [("Albrecht Dürer", "1.jpg", "Hase; jung"), ("Claude Monet", "2.jpg", "Seine, 1872")]
WANTED = [["Albrecht Dürer", "1.jpg", "Hase; jung"], ["Claude Monet", "2.jpg", "Seine, 1872"]]


def text_of(header: str, delimiter: str, end: str = "\n") -> str:
    """A table of `ROWS`, its cells quoted only where they must be."""
    rows = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in ROWS]
    return end.join([header, *(delimiter.join(row) for row in rows)]) + end


def read(path: Path) -> tuple[pd.DataFrame, list[str]]:
    table, remarks, *_ = read_catalogue([path], 0.4, 42)
    return table, remarks


def values(path: Path) -> list[list[str]]:
    return read(path)[0][["artist", "new_filename", "title"]].to_numpy().tolist()


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


HEADERS = [
    "artist,filename", "Artist,File", "ARTIST,file_name", "painter,path", "creator,image", "maker,image path",
    "author,img", "Artist Name,File Path", "artist_name,image_name", "Artist Display Name,Image File",
    "Künstler,Dateiname", "Kuenstler,Datei", "KÜNSTLER,Bilddatei", "Maler,Bild", "Künstler/in,Pfad", "Urheber,Foto",
    "artiste,fichier", "peintre,nom de fichier", "créateur,chemin", "Nom de l'artiste,Nom du fichier",
    "artista,archivo", "pintor,ruta", "autoría,nombre del archivo", "creador,imagen",
    "artista,nome file", "pittore,percorso", "autore,immagine", "Nome dell'artista,file",
    "kunstenaar,bestandsnaam", "schilder,afbeelding", "vervaardiger,bestand",
    "Художник,Файл", "Автор,Имя файла", "Artysta,Plik", "Pintor,Arquivo", "Konstnär,Filnamn", "Kunstner,Filnavn",
    "Malíř,Soubor", "Sanat\u00e7\u0131,Dosya", "Καλλιτέχνης,Αρχείο", "作者,ファイル名", "艺术家,文件名", "작가,파일명",
    "artist,url", "label,image", "Artist,Inventory Number", "Künstler,Inv.-Nr.", "painter,id", "artist,new_filename",
    "Artist/Maker,Object Number", "Artist's name,Image 1", "artist_display,Image link", "artist,src",
    "creatorLabel,Inv. No.", "objectCreator[1],primaryImage", "Dublin Core:Creator,Dublin Core:Identifier",
    "dc:creator,Accession No.", "dcterms:creator,Acc. no.", "Object creator,Media File", "Artist 1,Attachments",
    "Auteur(s),Nom du fichier image", "Artista(s),N° inventaire", "Kunstenaars,image_file_path",
    "KünstlerInnen,Inventarnr.", "Künstler:innen,Inv.-Nummer", "Künstler / Künstlerin,Objektnummer",
    "artist,ObjectNumber", "artist,Museum number", "artist,img_file", "artist,rel_path",
]  # fmt: skip


@pytest.mark.parametrize(
    "header", ["First Name,Last Name", "artist_first,artist_last", "Vorname,Nachname", "prénom,nom"]
)
def test_read_catalogue_joins_given_and_family_names(header: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f"{header},file\nClaude,Monet,1.jpg\n,Titian,2.jpg\n", encoding="utf-8")
    table, remarks = read(tmp_path / "c.csv")
    assert table["artist"].tolist() == ["Claude Monet", "Titian"]
    assert remarks[0].startswith(f"c.csv: artists are read from '{header.split(',')[0]}' and ")


@pytest.mark.parametrize("header", ["Artist 1,Artist 2", "artist,artist 2", "objectCreator[1],objectCreator[2]"])
def test_read_catalogue_keeps_several_artists_of_a_work(header: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f"{header},filename\nPeter Paul Rubens,Frans Snyders,1.jpg\nTitian,,2.jpg\n")
    table, remarks = read(tmp_path / "c.csv")
    assert table["artist"].tolist() == ["Peter Paul Rubens; Frans Snyders", "Titian"]
    assert remarks == ["c.csv: artists are read from {!r} and {!r}.".format(*header.split(","))]


def test_read_catalogue_joins_artists_once_and_without_unknown_ones(tmp_path: Path) -> None:
    rows = "Monet,Monet,1.jpg\nEdgar Degas,unknown,2.jpg\nUnknown,Titian,3.jpg\n,,4.jpg\n"
    (tmp_path / "c.csv").write_text(f"artist,artist_1,filename\n{rows}")
    assert read(tmp_path / "c.csv")[0]["artist"].tolist() == ["Monet", "Edgar Degas", "Unknown; Titian", ""]
    (tmp_path / "c.csv").write_text("label,label_1,filename\nMonet,3,1.jpg\n")
    assert read(tmp_path / "c.csv")[0]["artist"].tolist() == ["Monet"]


@pytest.mark.parametrize(
    ("header", "row", "artist", "file"),
    [
        ("Artist Title,Artist First Name,Artist Last Name,File", "Mr,Claude,Monet,1.jpg", "Claude Monet", "1.jpg"),
        ("Artist display,First name,Last name,File", "yes,Claude,Monet,1.jpg", "Claude Monet", "1.jpg"),
        ("Artist/Title,Painter,File", "Monet / Seine,Monet,1.jpg", "Monet", "1.jpg"),
        ("Primary artist,Maker,File", "yes,Monet,1.jpg", "Monet", "1.jpg"),
        ("Artist display,Maker,File", "yes,Monet,1.jpg", "Monet", "1.jpg"),
        ("Artist Name,Artist 2,File", "Rubens,Snyders,1.jpg", "Rubens", "1.jpg"),
        ("Artist 2,File,Painter", "Snyders,1.jpg,Rubens", "Rubens", "1.jpg"),
        ("Artist 2,Artist First Name,Artist Last Name,File", "Snyders,Paul,Rubens,1.jpg", "Paul Rubens", "1.jpg"),
        ("artist,image 2,photo", "Monet,detail.jpg,1.jpg", "Monet", "1.jpg"),
        ("artist,image[1],photo", "Monet,1.jpg,x", "Monet", "1.jpg"),
        ("artist,Attachments,photo,scan", "Monet,x,1.jpg,y", "Monet", "1.jpg"),
        ("artist,Attachments,scan", "Monet,x,1.jpg", "Monet", "1.jpg"),
        ("artist,Attachments,Bild", "Monet,x,1.jpg", "Monet", "1.jpg"),
    ],
)
def test_read_catalogue_leaves_columns_of_something_else(
    header: str, row: str, artist: str, file: str, tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text(f"{header}\n{row}\n")
    assert read(tmp_path / "c.csv")[0][["artist", "new_filename"]].to_numpy().tolist() == [[artist, file]]


@pytest.mark.parametrize("row", ["Maler 1;Bild 1", "Artist 1;id 1"])
def test_read_catalogue_takes_no_row_with_numbers_for_its_header(row: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f"Name;Bild\nMonet;x.jpg\n{row}\n")
    with pytest.raises(DamagedFileError, match=r"lacks the column artist; .* this one has Name, Bild"):
        read(tmp_path / "c.csv")


def test_read_catalogue_reads_a_header_of_numbers_alone(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("Artist 1;Image 1\nMonet;1.jpg\n")
    assert read(tmp_path / "c.csv")[0][["artist", "new_filename"]].to_numpy().tolist() == [["Monet", "1.jpg"]]


@pytest.mark.parametrize(
    ("artists", "what"), [("Cubism;Baroque", "styles"), ("1;2", "numbers"), ("19th century;1880s", "periods")]
)
def test_read_catalogue_doubts_artists_that_look_like_something_else(artists: str, what: str, tmp_path: Path) -> None:
    rows = "".join(f"{artist},{number}.jpg\n" for number, artist in enumerate(artists.split(";")))
    (tmp_path / "c.csv").write_text(f"artist,filename\n{rows}")
    assert f"The column artist of c.csv looks like {what}".lower() in read(tmp_path / "c.csv")[1][0].lower()
    (tmp_path / "c.csv").write_text(f"class,filename\n{rows}")
    with pytest.raises(AmbiguousError, match=f"the column class of c.csv looks like {what}"):
        read(tmp_path / "c.csv")


def test_read_catalogue_repairs_names_of_two_encodings_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(b"artist,filename\nD\xfcrer,1.jpg\nD\xc3\xbcrer,2.jpg\n")
    table, remarks = read(tmp_path / "c.csv")
    assert table["artist"].tolist() == ["D\u00fcrer", "D\u00fcrer"]
    assert "is read as D\u00fcrer" in remarks[-1]


@pytest.mark.parametrize("header", HEADERS)
def test_read_catalogue_knows_columns_by_their_usual_names(header: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f"no,{header}\n7,Monet,1.jpg\n", encoding="utf-8")
    table, remarks = read(tmp_path / "c.csv")
    assert table[["artist", "new_filename"]].to_numpy().tolist() == [["Monet", "1.jpg"]]
    told = [remark for remark in remarks if remark != "c.csv: not read: no."]
    assert len(told) == (header.split(",")[1] not in ("filename", "file_name", "new_filename", "File Name"))


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("creator,artist,file", "x,Monet,1.jpg", "artists are read from 'artist', not from 'creator'."),
        ("Maker;Painter;File", "x;Monet;1.jpg", "artists are read from 'Painter', not from 'Maker'."),
        ("artist,creator,image", ",Monet,1.jpg", "file names are read from 'image'."),
        ("artist,id,image,filename", "Monet,7,x,1.jpg", "from 'filename', not from 'image' or 'id'."),
        ("Artist,artist,file", "Monet,x,1.jpg", "artists are read from 'Artist', not from 'artist'."),
    ],
)
def test_read_catalogue_says_which_of_several_columns_it_reads(
    header: str, row: str, expected: str, tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text(f"{header}\n{row}\n")
    table, remarks = read(tmp_path / "c.csv")
    assert table[["artist", "new_filename"]].to_numpy().tolist() == [["Monet", "1.jpg"]]
    assert any(remark.endswith(expected) for remark in remarks)


@pytest.mark.parametrize(
    ("columns", "field", "value"),
    [
        ("Year", "date", "1872"), ("Datierung", "date", "um 1503"), ("année", "date", "1872"), ("anno", "date", "1500"),
        ("Titel", "title", "Hase"), ("título", "title", "Niños"), ("Movement", "style", "Impressionism"),
        ("Stil", "style", "Barock"), ("estilo", "style", "Barroco"), ("Gattung", "genre", "Porträt"),
    ],
)  # fmt: skip
def test_read_catalogue_reads_the_other_columns(columns: str, field: str, value: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f"artist,file,{columns}\nMonet,1.jpg,{value}\n", encoding="utf-8")
    assert list(read(tmp_path / "c.csv")[0][field]) == [value]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "Künstler;filename;Titel;Jahr;Shelf mark;Location",
            ["c.csv: title is read from 'Titel', date from 'Jahr'; not read: Shelf mark, Location."],
        ),
        ("artist;filename;Title;Movement;genre;title", ["c.csv: style is read from 'Movement'; not read: title."]),
        ("artist;filename;title;year;date;Ort", ["c.csv: not read: year, Ort."]),
        ("artist;filename;title;date;style;artist_group", []),
        ("Vorname;filename;Nachname;title;date;Ort", ["c.csv: not read: Ort."]),
    ],
)
def test_read_catalogue_says_what_the_other_columns_gave(header: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f"{header}\nMonet;1.jpg;a;1872;b;c\n", encoding="utf-8")
    remarks = read(tmp_path / "c.csv")[1]
    assert [remark for remark in remarks if "artists are read" not in remark] == expected


@pytest.mark.parametrize("text", ["id,name,years\n1,Monet,1840\n", "Monet,1.jpg\nTitian,2.jpg\n", "artist\nMonet\n"])
def test_read_catalogue_names_the_columns_that_there_are(text: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(DamagedFileError, match="lacks the column .* and this one has " + text.partition("\n")[0][:2]):
        read(tmp_path / "c.csv")


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


OBJECTS = [
    {"artist": "Dürer", "file_name": "1.jpg", "year": 1503, "title": None},
    {"artist": ["Dürer", "Cranach"], "file_name": "2.jpg", "year": 1872.0},
]
OF_OBJECTS = [["Dürer", "1.jpg", "1503", ""], ["Dürer; Cranach", "2.jpg", "1872", ""]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.jsonl", "\n".join(json.dumps(one) for one in OBJECTS)),
        ("c.ndjson", "\n\n".join(json.dumps(one, ensure_ascii=False) for one in OBJECTS) + "\n"),
        ("c.json", "\n".join(json.dumps(one) for one in OBJECTS)),
        ("c.json", json.dumps(OBJECTS, indent=1)),
        ("c.json", json.dumps({"count": 2, "works": OBJECTS})),
        ("c.json", json.dumps({"info": {"pages": 1}, "records": OBJECTS, "facets": [{"name": "a"}]})),
        ("c.json", json.dumps({"artists": [{"id": 1, "artist_name": "A"}], "tags": [], "works": OBJECTS})),
        ("c.json", json.dumps({name: [one.get(name) for one in OBJECTS] for name in OBJECTS[0]})),
        ("c.json", json.dumps({name: {str(i): one.get(name) for i, one in enumerate(OBJECTS)} for name in OBJECTS[0]})),
    ],
)
def test_read_catalogue_reads_json(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    table, _ = read(tmp_path / name)
    assert table[["artist", "new_filename", "date", "title"]].to_numpy().tolist() == OF_OBJECTS


@pytest.mark.parametrize(
    "image",
    [
        {"url": "1.jpg"},
        {"src": "1.jpg", "width": 3},
        {"@id": "1.jpg", "@type": "Image"},
        {"web": {"url": "1.jpg", "width": "893"}, "print": {"url": "2.jpg"}},
        [{"href": "1.jpg"}],
    ],
)
def test_read_catalogue_reads_nested_images_of_json(image: object, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps([{"artist": "Titian", "image": image}]))
    assert read(tmp_path / "c.json")[0]["new_filename"].tolist() == ["1.jpg"]


@pytest.mark.parametrize(
    ("artist", "name"),
    [
        ({"birth": {"value": "1840"}, "fullName": "Claude Monet"}, ""),
        ({"@id": "http://vocab.example/1", "prefLabel": "Monet"}, ""),
        ({"birth": {"value": "1840"}, "name": "Claude Monet", "url": "http://vocab.example/1"}, "Claude Monet"),
        ([{"label": "Rubens"}, {"name": "Snyders"}], "Rubens; Snyders"),
    ],
)
def test_read_catalogue_reads_only_names_of_nested_artists_of_json(artist: object, name: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps([{"artist": artist, "image": "1.jpg"}]))
    assert read(tmp_path / "c.json")[0]["artist"].tolist() == [name]


def test_read_catalogue_reads_the_artist_of_each_file_in_json(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"1.jpg": "Monet", "a/2.tif": "Titian"}))
    table, _ = read(tmp_path / "c.json")
    assert table[["artist", "new_filename"]].to_numpy().tolist() == [["Monet", "1.jpg"], ["Titian", "a/2.tif"]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            {"@context": "http://iiif.io/api/presentation/2/context.json", "label": "x", "sequences": []},
            "IIIF.*; write a table",
        ),
        ({"train": OBJECTS, "test": OBJECTS}, r"is several lists \(train, test\); write one list"),
        ({"records": [{"a": 1}], "facets": [{"b": 1}, {"b": 2}]}, r"is several lists \(records, facets\); write one"),
        (
            {
                "artists": [{"id": 1, "artist_name": "Monet"}, {"id": 2, "artist_name": "Manet"}],
                "works": [{"id": 1, "artist_id": 2, "file": "1.jpg"}, {"id": 2, "artist_id": 1, "file": "2.jpg"}],
            },
            r"is several lists \(artists, works\); write one list with the artist and the file of each work\.$",
        ),
        (
            {"artists": [{"artist": "Monet", "image": "m.jpg"}], "works": [{"artist_id": 1, "file": "1.jpg"}]},
            r"is several lists \(artists, works\)",
        ),
        ({"title": "Works", "licence": "CC0"}, "has no list of works with artist and file"),
    ],
)
def test_read_catalogue_says_what_json_lacks(content: object, reason: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(content))
    with pytest.raises(DamagedFileError, match=reason):
        read(tmp_path / "c.json")


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


@pytest.mark.parametrize("title", ["<table 1>", "<head>"])
def test_read_catalogue_reads_tables_that_begin_with_a_tag_in_quotation_marks(title: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f'"{title}",artist,file\nx,Monet,1.jpg\n')
    assert read(tmp_path / "c.csv")[0]["artist"].tolist() == ["Monet"]


def test_read_catalogue_joins_columns_of_json_by_key(tmp_path: Path) -> None:
    columns = {"artist": {"0": "Monet", "1": "Manet"}, "file": {"1": "b.jpg", "0": "a.jpg", "2": "c.jpg"}}
    (tmp_path / "c.json").write_text(json.dumps(columns))
    table, _ = read(tmp_path / "c.json")
    rows = table[["artist", "new_filename"]].to_numpy().tolist()
    assert rows == [["Monet", "a.jpg"], ["Manet", "b.jpg"], ["", "c.jpg"]]


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
