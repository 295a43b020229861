"""The catalogue of a folder: artists as shown, parts, what is left out, and tables in the folder."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path, PurePosixPath

import pandas as pd
import pytest

from painter_search.collection.catalogues.catalogue import CLEAN_COLUMNS
from painter_search.collection.layouts.folder_catalogue import catalogue_of_artist, read_folder
from painter_search.collection.layouts.folder_table import FolderCatalogue
from painter_search.common.errors import AmbiguousError, NotEnoughDataError
from painter_search.images.sources import Original, list_originals


def original(file: str, size: int = 1) -> Original:
    return Original(file, Path("folder"), zipped=False, size=size)


def files(*folders: str, count: int = 2) -> list[str]:
    return [f"{folder}/{number}.jpg" for folder in folders for number in range(count)]


def read(paths: list[str], layout: str | None = None, test_share: float = 1, seed: int = 42) -> FolderCatalogue:
    return read_folder([original(path) for path in paths], Path("folder"), test_share, seed, layout)


def works_by_artist(found: FolderCatalogue) -> dict[str, int]:
    return {str(artist): int(count) for artist, count in found.table["artist"].value_counts().items()}


def test_read_folder_takes_artist_and_title_from_path() -> None:
    found = read_folder([original(" Claude  Monet/series/water_lilies 1.jpg", 77)], Path("folder"), 1, 42)
    row = found.table.iloc[0]
    assert (row["artist"], row["title"], row["size_bytes"]) == ("Claude Monet", "water lilies 1", "77")
    assert row["new_filename"] == " Claude  Monet/series/water_lilies 1.jpg"
    assert not row["in_train"]
    assert list(found.table.columns) == CLEAN_COLUMNS
    assert (found.artists_from, found.layout, found.remarks) == ("folder names at level 1", "artist", [])


@pytest.mark.parametrize(
    ("path", "artist"),
    [
        ("Rembrandt/workshop/1.jpg", "Rembrandt (workshop of)"),
        ("Titian/copies/1.jpg", "Titian (copy after)"),
        ("Titian/attributed/1.jpg", "Titian (attributed to)"),
        ("Goya/follower of/1.jpg", "Goya (follower of)"),
        ("Rembrandt/workshop of Rembrandt - Woman.jpg", "Rembrandt (workshop of)"),
        ("Titian/Follower of Titian - Danae.jpg", "Titian (follower of)"),
        ("Van Gogh/after_van_gogh_2.jpg", "Van Gogh (after)"),
        ("Goya/school/1.jpg", "Goya"),
        ("Goya/style/1.jpg", "Goya"),
        ("Goya/student/1.jpg", "Goya"),
        ("Goya/After the storm.jpg", "Goya"),
        ("Titian/fake/1.jpg", "Titian"),  # a layout that is given keeps fakes
    ],
)
def test_read_folder_reads_qualifiers_in_folders_and_names(path: str, artist: str) -> None:
    table = read([*files("Rembrandt", "Titian", "Goya", "Van Gogh"), path], "artist").table
    assert table["artist"][table["new_filename"] == path].tolist() == [artist]


def test_read_folder_reads_qualifiers_in_folders_above_the_artists() -> None:
    found = works_by_artist(read(files("own/Rembrandt", "own/Goya", "workshop/Rembrandt")))
    assert found == {"Rembrandt": 2, "Goya": 2, "Rembrandt (workshop of)": 2}


@pytest.mark.parametrize("wrapping", ["copies/{}", "studio/photos/{}", "{}/studio"])
def test_read_folder_reads_no_qualifier_in_a_folder_that_all_pictures_lie_in(wrapping: str) -> None:
    found = read(files(*(wrapping.format(artist) for artist in ("Rembrandt", "Goya"))))
    assert works_by_artist(found) == {"Rembrandt": 2, "Goya": 2}


def test_read_folder_takes_title_of_a_side_from_the_folder_of_its_work() -> None:
    paths = [
        "Monet/Seine 1872/recto.jpg",
        "Monet/Seine 1872/Detail 2.jpg",
        "Monet/The_Sea/verso.jpg",
        "Titian/back.jpg",
    ]
    table = read(paths, "artist").table
    assert table[["title", "date"]].to_numpy().tolist() == [
        ["Seine (recto)", "1872"],
        ["Seine (Detail 2)", "1872"],
        ["The Sea (verso)", ""],
        ["back", ""],
    ]


def test_read_folder_leaves_out_and_names_what_is_outside() -> None:
    found = read(["a/1.jpg", "readme.txt", "cover.jpg", "a/notes.txt"])
    assert works_by_artist(found) == {"a": 1}
    assert [one.file for one in found.originals] == ["a/1.jpg"]
    assert found.rejected == [
        ("cover.jpg", "no artist: outside the artists' folders"),
        ("a/notes.txt", "not an image"),
        ("readme.txt", "not an image"),
    ]
    assert found.remarks == ["left out: 1 picture outside the artists' folders, such as cover.jpg"]


@pytest.mark.parametrize("seed", range(8))
def test_read_folder_division_ignores_files_without_artist(seed: int) -> None:
    paths = files(*(f"artist {i}" for i in range(5)))
    alone = read(paths, test_share=0.4, seed=seed)
    with_note = read([*paths, "notes.txt", "cover.jpg"], test_share=0.4, seed=seed)
    assert with_note.table.equals(alone.table)


def test_read_folder_names_folder_that_is_no_artist() -> None:
    found = read([*files("Ek", "Bo", "Li", "Rossi"), "Baroque/1.jpg", "other/1.jpg", "other/2.jpg"])
    assert set(works_by_artist(found)) == {"Ek", "Bo", "Li", "Rossi"}
    assert ("Baroque/1.jpg", "no artist: Baroque looks like a style") in found.rejected
    assert found.remarks == [
        "the folder Baroque (1 picture) looks like a style, not like an artist, and is left out; --layout artist takes "
        "every folder for an artist",
        "the folder other (2 pictures) looks like what is left over, not like an artist, and is left out; --layout "
        "artist takes every folder for an artist",
    ]
    assert set(works_by_artist(read([*files("Ek"), "Baroque/1.jpg"], "artist"))) == {"Ek", "Baroque"}


# --- parts -----------------------------------------------------------------------------------------------------------


def parts_of(found: FolderCatalogue) -> dict[str, set[bool]]:
    return {str(artist): set(rows) for artist, rows in found.table.groupby("artist")["in_train"]}


def test_read_folder_keeps_parts_and_tells_artists_in_two() -> None:
    paths = files("train/Monet", "train/Titian", "val/Goya", "test/Monet", "test/Degas")
    found = read(paths, test_share=0.4)
    assert parts_of(found) == {"Degas": {False}, "Goya": {True}, "Monet": {False, True}, "Titian": {True}}
    assert found.layout == "part/artist"
    assert found.remarks[0].startswith("the parts of the folder are kept: artists of test are test artists")
    assert found.remarks[1].startswith("1 artist is in test and in another part (Monet)")
    assert not read(paths, test_share=1).table["in_train"].any()


@pytest.mark.parametrize("parts", [("train",), ("train", "val"), ("test",)])
def test_read_folder_divides_artists_where_parts_do_not(parts: tuple[str, ...]) -> None:
    artists = [f"Artist {number}" for number in range(10)]
    found = read(files(*(f"{part}/{artist}" for part in parts for artist in artists)), test_share=0.3)
    assert sum(sides == {False} for sides in parts_of(found).values()) == 3
    assert all(len(sides) == 1 for sides in parts_of(found).values())
    assert "--test-share" in found.remarks[0]


def test_read_folder_ignores_parts_below_artists() -> None:
    found = read(files("Monet/train", "Monet/test", "Ek/train", "Ek/test", "Bo/train"), test_share=0.4)
    assert all(len(sides) == 1 for sides in parts_of(found).values())
    assert "the folders test, train lie below the artists" in found.remarks[0]


# --- Kaggle's and WikiArt's ------------------------------------------------------------------------------------------


def test_read_folder_reads_kaggles_best_artworks_once() -> None:
    mangled = "Albrecht_Du\u0393\u00f2\u00e1\u251c\u00ac\u0072er"  # as the data set has it: read twice as code page 437
    names = ["Vincent_van_Gogh", mangled]
    large = [original(f"images/images/{name}/{name}_{number}.jpg", 9) for name in names for number in range(3)]
    small = [original(f"resized/resized/{name}_{number}.jpg", 5) for name in names for number in range(4)]
    for pictures in (large + small[:3] + small[4:7], large + small):  # by folders, and by file names
        found = read_folder([original("artists.csv"), *pictures], Path("folder"), 1, 42)
        expected = len(pictures) // 2 - 3  # one is in resized alone
        assert works_by_artist(found) == {"Vincent van Gogh": expected, "Albrecht D\u00fcrer": expected}
        copies = [file for file, reason in found.rejected if reason.startswith("a copy: ")]
        assert copies == [one.file for one in small if "_3" not in one.file]
        assert any("left out: 6 pictures of the same name and artist" in remark for remark in found.remarks)
        assert f"{mangled} is read as Albrecht D\u00fcrer" in found.remarks


def test_read_folder_reads_wikiart_as_downloaded() -> None:
    found = read(
        [
            "Art_Nouveau_Modern/gustav-klimt_the-kiss-1908.jpg",
            "Cubism/pablo-picasso_guernica-1937(1).jpg",
            "Cubism/pablo-picasso_head-of-a-woman.jpg",
            "Northern_Renaissance/pieter-bruegel-the-elder_the-harvesters-1565.jpg",
        ]
    )
    rows = found.table[["artist", "title", "date", "style"]].to_numpy().tolist()
    assert rows == [
        ["Gustav Klimt", "The kiss", "1908", "Art Nouveau Modern"],
        ["Pablo Picasso", "Guernica", "1937", "Cubism"],
        ["Pablo Picasso", "Head of a woman", "", "Cubism"],
        ["Pieter Bruegel the Elder", "The harvesters", "1565", "Northern Renaissance"],
    ]
    assert found.artists_from == "file names (artist_title-year)"


def test_read_folder_takes_file_outside_into_the_folder_of_its_artist() -> None:
    assert works_by_artist(read([*files("Monet", "Ek"), "monet_12.jpg"])) == {"Monet": 3, "Ek": 2}


# --- layouts by name -------------------------------------------------------------------------------------------------


def test_read_folder_takes_layout_at_its_word() -> None:
    paths = files("Rossi/Barche", "Bianchi/Porti")
    with pytest.raises(AmbiguousError):
        read(paths)
    assert set(works_by_artist(read(paths, "artist"))) == {"Rossi", "Bianchi"}
    assert set(works_by_artist(read(paths, "any/artist"))) == {"Barche", "Porti"}
    with pytest.raises(NotEnoughDataError, match="layout any/any/artist finds no artist in folder"):
        read(paths, "any/any/artist")


def test_read_folder_leaves_out_file_that_is_not_named_after_an_artist() -> None:
    found = read([*(f"Claude_Monet_{number}.jpg" for number in range(35)), "12345.jpg"])
    assert works_by_artist(found) == {"Claude Monet": 35}
    assert found.rejected == [("12345.jpg", "no artist: outside the artists' folders")]


def test_read_folder_refuses_folder_without_artists() -> None:
    with pytest.raises(
        NotEnoughDataError, match=r"folder has no sub-folders, and the names of its files, such as 1\.jpg"
    ):
        read(["1.jpg", "2.jpg"])
    with pytest.raises(NotEnoughDataError, match=r"If works\.csv names them, give it to `prepare` as catalogue"):
        read(["images/1.jpg", "works.csv"])
    with pytest.raises(NotEnoughDataError, match=r"folder holds archives, such as Monet\.zip, .* unpack each"):
        read(["Monet.zip", "Titian.zip"])


def test_read_folder_takes_second_folders_of_an_artist_as_his() -> None:
    found = read(files("Bo", "Bo (2)", "Ek"))
    assert works_by_artist(found) == {"Bo": 4, "Ek": 2}
    assert found.remarks == ["the folders Bo and Bo (2) are read as Bo"]


def test_read_folder_leaves_out_fakes_unless_told_their_layout() -> None:
    paths = files("real/Monet", "fake/Monet", "real/Titian")
    found = read(paths)
    assert works_by_artist(found) == {"Monet": 2, "Titian": 2}
    assert found.rejected == [
        (f"fake/Monet/{number}.jpg", "not by the artist: in the folder fake") for number in (0, 1)
    ]
    assert "named for fakes (--layout any/artist keeps them)" in found.remarks[0]
    assert works_by_artist(read(paths, "any/artist"))["Monet"] == 4


def test_catalogue_of_artist_ignores_layout() -> None:
    found = catalogue_of_artist([original("Baroque/1.jpg"), original("2_b.jpg"), original("a.txt")], "Eva Ek")
    assert found.table[["artist", "title"]].to_numpy().tolist() == [["Eva Ek", "1"], ["Eva Ek", "2 b"]]
    assert found.rejected == [("a.txt", "not an image")]


# --- tables in the folder --------------------------------------------------------------------------------------------

ROWS = [
    {"file_name": "0001.jpg", "artist": "Claude Monet", "title": "Lilies", "year": "1906"},
    {"file_name": "sub/0002.jpg", "artist": "Titian", "title": "", "year": ""},
    {"file_name": "0003.jpg", "artist": "Jo Ek", "title": "Boats", "year": "1911"},
]
PICTURES = ["0001.jpg", "sub/0002.jpg", "0003.jpg"]


def write_metadata(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        pd.DataFrame(rows).to_csv(path, index=False)


def read_from_disk(place: Path, layout: str | None = None, test_share: float = 1) -> FolderCatalogue:
    return read_folder(list_originals([place]), place, test_share, 42, layout)


@pytest.mark.parametrize("table", ["metadata.csv", "metadata.jsonl"])
@pytest.mark.parametrize("zipped", [False, True])
def test_read_folder_reads_table_of_imagefolder(table: str, zipped: bool, tmp_path: Path) -> None:
    write_metadata(tmp_path / "set" / table, ROWS)
    for picture in PICTURES:
        (tmp_path / "set" / picture).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / picture).write_bytes(b"picture")
    place = tmp_path / "set"
    if zipped:
        place = tmp_path / "set.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for path in sorted((tmp_path / "set").rglob("*.*")):
                archive.write(path, f"wrapped/{path.relative_to(tmp_path / 'set').as_posix()}")
    found = read_from_disk(place)
    prefix = "wrapped/" if zipped else ""
    assert found.table[["new_filename", "artist", "title", "date"]].to_numpy().tolist() == [
        [f"{prefix}0001.jpg", "Claude Monet", "Lilies", "1906"],
        [f"{prefix}sub/0002.jpg", "Titian", "0002", ""],
        [f"{prefix}0003.jpg", "Jo Ek", "Boats", "1911"],
    ]
    assert found.artists_from == f"the table {prefix}{table}"
    assert found.layout == "metadata"
    assert found.rejected == [(f"{prefix}{table}", "not an image")]


def test_read_folder_reads_tables_of_parts(tmp_path: Path) -> None:
    for part, artists in (("train", ["Monet", "Ek"]), ("test", ["Titian", "Bo"])):
        rows = [{"file_name": f"{number}.jpg", "painter": artist} for number, artist in enumerate(artists)]
        write_metadata(tmp_path / part / "metadata.csv", rows)
        for row in rows:
            (tmp_path / part / row["file_name"]).write_bytes(b"picture")
    found = read_from_disk(tmp_path, test_share=0.4)
    assert parts_of(found) == {"Monet": {True}, "Ek": {True}, "Titian": {False}, "Bo": {False}}


def test_read_folder_passes_over_table_without_artists(tmp_path: Path) -> None:
    for path in files("Monet", "Ek"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"picture")
    for rows, sentence in (
        ([{"file_name": "Monet/0.jpg", "text": "a pond"}], "the table metadata.csv is passed over, since it lacks"),
        (
            [{"file_name": "Monet/0.jpg", "label": "Cubism"}],
            "since the column label of metadata.csv looks like styles (Cubism)",
        ),
        ([{"file_name": "Monet/0.jpg", "label": "7"}], "since the column label of metadata.csv looks like numbers (7)"),
    ):
        write_metadata(tmp_path / "metadata.csv", rows)
        found = read_from_disk(tmp_path)
        assert set(works_by_artist(found)) == {"Monet", "Ek"}
        assert sentence in found.remarks[0]
        assert str(tmp_path) not in found.remarks[0]
    with pytest.raises(NotEnoughDataError, match="has no table that names artists"):
        read_from_disk(tmp_path, "metadata")


def test_read_folder_asks_if_table_names_some_artists_only(tmp_path: Path) -> None:
    for path in files("Monet", "Ek"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"picture")
    write_metadata(tmp_path / "metadata.csv", [{"file_name": "Monet/0.jpg", "artist": "Claude Monet"}])
    with pytest.raises(AmbiguousError, match="names the artists of 1 of 4 pictures"):
        read_from_disk(tmp_path)
    found = read_from_disk(tmp_path, "metadata")
    assert works_by_artist(found) == {"Claude Monet": 1}
    assert "left out: 3 pictures without an artist in the table, such as Ek/0.jpg" in found.remarks
    assert set(works_by_artist(read_from_disk(tmp_path, "artist"))) == {"Monet", "Ek"}
    assert PurePosixPath(found.originals[0].file).name == "0.jpg"
