"""Which columns of a table are read, and under which names."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalogue_tables import read

from painter_search.common.errors import AmbiguousError, DamagedFileError

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


@pytest.mark.parametrize(
    "header", ["Artist 1,Artist 2", "artist,artist 2", "Artist,Artist2", "objectCreator[1],objectCreator[2]"]
)
def test_read_catalogue_keeps_several_artists_of_a_work(header: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f"{header},filename\nPeter Paul Rubens,Frans Snyders,1.jpg\nTitian,,2.jpg\n")
    table, remarks = read(tmp_path / "c.csv")
    assert table["artist"].tolist() == ["Peter Paul Rubens; Frans Snyders", "Titian"]
    assert remarks == ["c.csv: artists are read from {!r} and {!r}.".format(*header.split(","))]


def test_read_catalogue_keeps_a_qualifier_in_the_cell_of_a_second_artist(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("Artist 1,Artist 2,filename\nTitian,Workshop,1.jpg\n")
    assert read(tmp_path / "c.csv")[0]["artist"].tolist() == ["Titian; Workshop"]


@pytest.mark.parametrize(
    ("column", "cell", "artist"),
    [
        ("Artist Prefix", "Copy after", "Titian (copy after)"),
        ("Artist Suffix", "?", "Titian (possibly)"),
        ("creator.qualifier", "Style of", "Titian (style of)"),
        ("Zuschreibungsgrad", "Werkstatt", "Titian (workshop of)"),
        ("Zuschreibung", "Kopist", "Titian (copy after)"),
        ("Précisions auteur", "peintre ; d'après", "Titian (after)"),
    ],
)
def test_read_catalogue_reads_a_qualifier_in_a_column_of_its_own(
    column: str, cell: str, artist: str, tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text(f"artist,{column},filename\nTitian,{cell},1.jpg\nMonet,,2.jpg\n", encoding="utf-8")
    table, remarks = read(tmp_path / "c.csv")
    assert table["artist"].tolist() == [artist, "Monet"]
    assert remarks == [f"c.csv: qualifiers are read from {column!r} ({cell})."]


def test_read_catalogue_reads_qualifiers_part_by_part_and_tells_of_other_entries(tmp_path: Path) -> None:
    rows = "Titian|Goya,|After,1.jpg\nMonet,sicher,2.jpg\n"
    (tmp_path / "c.csv").write_text(f"artist,qualifier,filename\n{rows}")
    table, remarks = read(tmp_path / "c.csv")
    assert table["artist"].tolist() == ["Titian|Goya (after)", "Monet"]
    assert remarks == [
        "c.csv: qualifiers are read from 'qualifier' (|After); a work is the artist's own where 'qualifier' is sicher."
    ]


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
