"""Names of a catalogue and files of its originals, as people have them: which belong together, and what is said."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from painter_search.collection.catalogues.catalogue_files import match_catalogue
from painter_search.collection.catalogues.matching import match_files
from painter_search.images.sources import Original

NFC, NFD = "Dürer 1.jpg", unicodedata.normalize("NFD", "Dürer 1.jpg")


def originals(*files: str, container: str = "scans", zipped: bool = False) -> list[Original]:
    return [Original(file, Path("/home/ann", container), zipped=zipped, size=1) for file in files]


def matched(names: list[str], files: list[Original]) -> dict[str, str]:
    return {name: match.original.file for name, match in match_files(names, files).by_name.items()}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("1.jpg", "1.jpg"),
        ("1.jpg", "Baroque/1.jpg"),
        ("0.0", "0.jpg"),
        ("1937.1.7", "1937_1_7.jpg"),
        ("1937-1-7", "1937.1.7.jpg"),
        ("Baroque/1.jpg", "Baroque/1.jpg"),
        ("./Baroque/1.jpg", "Baroque/1.jpg"),
        ("/Baroque/1.jpg", "Baroque/1.jpg"),
        ("../scans/Baroque/1.jpg", "Baroque/1.jpg"),
        ("Baroque//1.jpg", "Baroque/1.jpg"),
        ("Baroque\\1.jpg", "Baroque/1.jpg"),
        (".\\Baroque\\1.jpg", "Baroque/1.jpg"),
        ("C:\\Users\\Ann\\scans\\Baroque\\1.jpg", "Baroque/1.jpg"),
        ("/data/museum/scans/Baroque/1.jpg", "Baroque/1.jpg"),
        ("scans/Baroque/1.jpg", "Baroque/1.jpg"),
        ("scans/1.jpg", "1.jpg"),
        ("Baroque/1.jpg", "export-2024/Baroque/1.jpg"),
        ("Baroque/1.jpg", "Baroque\\1.jpg"),
        ("file:///home/ann/scans/Baroque/1%20a.jpg", "Baroque/1 a.jpg"),
        ("https://example.org/images/Baroque/1%20a.jpg?width=800", "Baroque/1 a.jpg"),
        ("images/1.jpg", "photos/1.jpg"),
        ("1.JPG", "1.jpg"),
        ("img_1.jpg", "IMG_1.JPG"),
        ("baroque/1.jpg", "Baroque/1.JPG"),
        ("1.jpeg", "1.jpg"),
        ("1.tif", "1.webp"),
        ("1", "1.jpg"),
        ("IMG_2", "IMG_2.JPG"),
        ("1.jpg", "1"),
        ("1.jpg", "1.jpg.jpg"),
        ("1.0", "1.jpg"),
        ("1.jpg", "0001.jpg"),
        ("00123", "123.png"),
        ("water lilies.jpg", "Water_Lilies.jpg"),
        ("water-lilies.jpg", "water lilies.jpeg"),
        ("water%20lilies.jpg", "water lilies.jpg"),
        ("Claude Monet/1.jpg", "claude_monet/1.png"),
        (NFC, NFD),
        (NFD, NFC),
        (f"Dürer/{NFD}", f"Dürer/{NFC}"),
        ("STRASSE.jpg", "straße.jpg"),
        ("ИЛЬЯ РЕПИН.jpg", "Илья Репин.jpg"),
        ("St. Jerome", "St. Jerome.jpg"),
        ("1908/1", "1908.1.jpg"),
        ("Inv. 1908/1", "a/inv-1908_1.tif"),
        ("1908,1.jpg", "1908-1.png"),
        ("Who? Me: 2*", "who_me_2.jpg"),
        ("so\u00adft.jpg", "soft.jpg"),
        ("soft.jpg", "so\u200bft.jpg"),
        ("\u200eBaroque/1.jpg", "Baroque/1.jpg"),
    ],
)
def test_match_files_finds_the_only_file_that_can_be_meant(name: str, file: str) -> None:
    others = originals("other.jpg", "deep/other 2.jpg", "notes.txt")
    assert matched([name, "other.jpg"], originals(file) + others) == {name: file, "other.jpg": "other.jpg"}


@pytest.mark.parametrize(
    ("names", "files", "expected"),
    [
        # the same bare name in two folders, as listed
        (["a/1.jpg", "b/1.jpg"], ["a/1.jpg", "b/1.jpg"], {"a/1.jpg": "a/1.jpg", "b/1.jpg": "b/1.jpg"}),
        (["A/1.jpg", "B/1.jpg"], ["a/1.JPG", "b/1.JPG"], {"A/1.jpg": "a/1.JPG", "B/1.jpg": "b/1.JPG"}),
        # only one of them is there: the other's is not given to it
        (["a/1.jpg", "b/1.jpg"], ["a/1.jpg"], {"a/1.jpg": "a/1.jpg"}),
        (["a/1.jpg", "b/1.jpg"], ["c/1.jpg"], {}),
        (["a/1.jpg", "b/1.jpg"], ["a/1.jpg", "c/1.jpg"], {"a/1.jpg": "a/1.jpg"}),
        # a bare name for two files
        (["1.jpg"], ["a/1.jpg", "b/1.jpg"], {}),
        (["1.jpg"], ["1.jpg", "b/1.jpg"], {"1.jpg": "1.jpg"}),
        # two endings
        (["1"], ["1.jpg", "1.png"], {"1": "1.jpg"}),
        (["1"], ["a/1.jpg", "b/1.png"], {}),
        (["1.png"], ["a.jpg", "A.tif"], {}),
        (["1", "1.png"], ["1.jpg", "1.png"], {"1.png": "1.png"}),
        (["1.jpg", "1.png"], ["1.jpg"], {"1.jpg": "1.jpg"}),
        (["1"], ["1.jpg", "1.txt", "1.xmp", "1.json"], {"1": "1.jpg"}),
        (["1.jpg"], ["1.txt"], {}),
        # two cases
        (["img.jpg", "IMG.jpg"], ["img.jpg", "IMG.jpg"], {"img.jpg": "img.jpg", "IMG.jpg": "IMG.jpg"}),
        (["Img.jpg"], ["img.jpg", "IMG.jpg"], {}),
        # numbers
        (["1.jpg", "01.jpg"], ["1.jpg", "01.jpg"], {"1.jpg": "1.jpg", "01.jpg": "01.jpg"}),
        (["1.jpg"], ["01.jpg", "001.jpg"], {}),
        (["1.jpg"], ["10.jpg", "11.jpg", "21.jpg"], {}),
        # signs that a file's name may not have
        (["1908/1", "1908/2"], ["1908.1.jpg", "1908_2.jpg"], {"1908/1": "1908.1.jpg", "1908/2": "1908_2.jpg"}),
        (["1908/1"], ["1908.1.jpg", "1908-1.jpg"], {}),
        (["1908/1", "1908:1"], ["1908.1.jpg"], {}),
        (["1908/1", "1908-1"], ["1908.1.jpg"], {"1908-1": "1908.1.jpg"}),
        (["1908/1"], ["1908.1.txt"], {}),
        (["1908/1.jpg"], ["1908.1.jpg"], {}),
        # nothing at all
        (["", "/", "./"], ["1.jpg"], {}),
        (["../outside.jpg", "/etc/passwd"], ["1.jpg"], {}),
    ],
)
def test_match_files_never_guesses(names: list[str], files: list[str], expected: dict[str, str]) -> None:
    assert matched(names, originals(*files)) == expected


@pytest.mark.parametrize(
    ("cell", "file"),
    [
        ("1.jpg; 1b.jpg", "1.jpg"),
        ("a/1.jpg|a/1b.jpg", "a/1.jpg"),
        ("1.jpg, 1b.jpg", "1.jpg"),
        ("Seine, at dawn.jpg; 2.jpg", "Seine, at dawn.jpg"),
        ("1.jpg (https://v5.airtableusercontent.com/v3/u/29/29/8c/1)", "1.jpg"),
        ('=HYPERLINK("scans/1.jpg","1")', "1.jpg"),
        ("https://uploads.wikiart.org/images/2.jpg!Large.jpg", "2.jpg"),
        ("a/1.jpg; a/2.jpg", "a/1.jpg"),
        ("x/3.jpg; a/1.jpg", None),
        ("https://x.org/2.jpg; https://x.org/1.jpg", "2.jpg"),
        ('=HYPERLINK("scans/a/1.jpg","scans/2.jpg")', "a/1.jpg"),
        ("Bruegel, 1.jpg", None),
        ("v1.2; 1.jpg", None),
    ],
)
def test_match_catalogue_takes_the_first_of_several_names_in_a_cell(cell: str, file: str | None) -> None:
    files = originals("1.jpg", "a/1.jpg", "2.jpg", "Seine, at dawn.jpg")
    found = match_catalogue(catalogue(("M", cell)), files)
    assert [(name, original.file) for name, original in found.matched.files] == ([(cell, file)] if file else [])
    assert (file is not None) == any("by the first, e.g." in remark for remark in found.remarks)


@pytest.mark.parametrize("cell", ["1.jpg; 2.jpg", "1.jpg (2).jpg", "1.jpg (verso).jpg", "1.jpg (https://x.org/1)"])
def test_match_catalogue_leaves_a_file_to_the_name_that_it_has(cell: str) -> None:
    for rows in ([("Monet", "1.jpg"), ("Titian", cell)], [("Titian", cell), ("Monet", "1.jpg")]):
        found = match_catalogue(catalogue(*rows), originals("1.jpg", "3.jpg"))
        assert [(name, original.file) for name, original in found.matched.files] == [("1.jpg", "1.jpg")]
        assert [name for name, _ in found.matched.missing] == [cell]
        assert not any("several artists" in remark for remark in found.remarks)


@pytest.mark.parametrize("cells", [("1.jpg; 1b.jpg", "1.jpg; 1c.jpg"), ("a/2.jpg; a/3.jpg", "a/2.jpg; a/4.jpg")])
def test_match_catalogue_gives_no_file_with_which_two_cells_begin(cells: tuple[str, str]) -> None:
    for rows in (cells, cells[::-1]):
        found = match_catalogue(catalogue(*zip(("Monet", "Manet"), rows, strict=True)), originals("1.jpg", "a/2.jpg"))
        assert not found.matched.files
        assert sorted(name for name, _ in found.matched.missing) == sorted(cells)


def test_match_files_takes_a_path_whole_whose_folder_reads_like_several_names() -> None:
    assert matched(["1.jpg; a/2.jpg"], originals("1.jpg; a/2.jpg", "1.jpg")) == {"1.jpg; a/2.jpg": "1.jpg; a/2.jpg"}


def test_match_catalogue_takes_a_cell_whole_where_only_a_url_is_in_brackets() -> None:
    found = match_catalogue(catalogue(("Titian", "IMG.jpg (2).jpg")), originals("IMG.jpg"))
    assert not found.matched.files


def test_match_catalogue_takes_a_cell_of_several_names_whole_where_a_file_is_called_so() -> None:
    found = match_catalogue(catalogue(("M", "1.jpg; 2.jpg"), ("T", "1.jpg")), originals("1.jpg", "1.jpg; 2.jpg"))
    assert {name: original.file for name, original in found.matched.files} == {
        "1.jpg; 2.jpg": "1.jpg; 2.jpg",
        "1.jpg": "1.jpg",
    }


@pytest.mark.parametrize(
    ("sizes", "taken"),
    [
        ({"1.jpg": 10, "1.tif": 90}, "1.tif"),
        ({"1.JPG": 90, "1.jp2": 10}, "1.JPG"),
        ({"a/jpg/1.jpg": 10, "a/TIFF/1.tiff": 90}, "a/TIFF/1.tiff"),
        ({"1.jpg": 10, "1.dng": 90, "1.psd": 80}, "1.jpg"),
    ],
)
def test_match_catalogue_takes_the_largest_of_files_that_differ_in_their_ending(
    sizes: dict[str, int], taken: str
) -> None:
    files = [Original(file, Path("/home/ann/scans"), zipped=False, size=size) for file, size in sizes.items()]
    found = match_catalogue(catalogue(("Monet", "1")), files)
    assert [(name, original.file) for name, original in found.matched.files] == [("1", taken)]
    others = sizes.keys() - {taken}
    assert dict(found.matched.unused) == dict.fromkeys(others, f"another file of this work was taken: {taken}")
    assert found.remarks[-1].startswith(
        f"1 work has several files that differ in their ending alone; the largest is taken, e.g. '{taken}', not '"
    )


def test_match_files_takes_the_first_of_several_folders() -> None:
    files = originals("b/1.jpg", "2.jpg", container="new") + originals("1.jpg", "2.jpg", container="old")
    found = match_files(["1.jpg", "2.jpg", "old/2.jpg"], files).by_name
    places = {name: (match.original.container, match.original.file) for name, match in found.items()}
    new, old = Path("/home/ann/new"), Path("/home/ann/old")
    assert places == {"1.jpg": (old, "1.jpg"), "2.jpg": (new, "2.jpg"), "old/2.jpg": (old, "2.jpg")}


def test_match_files_counts_an_archives_name_as_a_folder() -> None:
    files = originals("1.jpg", container="train.zip", zipped=True) + originals("1.jpg", container="test.zip")
    found = match_files(["test/1.jpg", "train/1.jpg"], files).by_name
    assert [found[name].original.container.name for name in ("train/1.jpg", "test/1.jpg")] == ["train.zip", "test.zip"]


def test_match_files_of_urls_counts_the_last_part_of_the_url() -> None:
    files = [Original("a/1.jpg", "s3://bucket/scans", False, 1)]
    assert matched(["scans/a/1.jpg"], files) == {"scans/a/1.jpg": "a/1.jpg"}


# --- catalogues ------------------------------------------------------------------------------------------------------


def catalogue(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"artist": [a for a, _ in rows], "new_filename": [f for _, f in rows], "title": ""})


def test_match_catalogue_says_what_is_missing_with_an_example_from_each_side() -> None:
    table = catalogue(("Monet", "a/1.jpg"), ("Monet", "haystacks.jpg"), ("Titian", "2.jpg"))
    found = match_catalogue(table, originals("2.jpg", "images/A_1.jpg", "Thumbs.db"))
    assert found.remarks == ["2 of 3 works have no original, e.g. catalogue 'a/1.jpg', originals 'images/A_1.jpg'."]
    assert found.matched.missing == [(name, "missing from the originals") for name in ("a/1.jpg", "haystacks.jpg")]
    assert dict(found.matched.unused) == dict.fromkeys(("images/A_1.jpg", "Thumbs.db"), "not in the catalogue")


def test_match_catalogue_shows_the_file_nearest_in_name() -> None:
    (remark,) = match_catalogue(
        catalogue(("Monet", "haystacks 1890.jpg")), originals("aaa.jpg", "Haystack_1890_b.jpg", "zzz.jpg")
    ).remarks
    assert remark == (
        "1 of 1 work has no original, e.g. catalogue 'haystacks 1890.jpg', originals 'Haystack_1890_b.jpg'."
    )


CONTESTED = "1 file is left out, since the catalogue gives it to several artists, e.g. '"


@pytest.mark.parametrize(
    ("rows", "files", "remark"),
    [
        ([("M", "1.jpg")], ["1.jpg"], None),
        ([("Claude Monet", "1.jpg"), ("Monet, Claude", "1.jpg")], ["1.jpg"], None),
        ([("M", "a/1.jpg")], ["a/1.jpg"], None),
        ([("M", "scans/a/1.jpg")], ["a/1.jpg"], None),
        ([("M", "1.jpg")], ["a/1.jpg", "b/1.jpg"], "1 work is left out, since several files may be meant, e.g. "),
        ([("M", "1.JPG"), ("M", "2.JPG")], ["1.jpg", "2.jpg"], "2 works are matched by name though case, ending or"),
        ([("M", "x/1.jpg")], ["y/1.jpg"], "1 work is matched by name though the folders differ, e.g. catalogue 'x/1"),
        ([("M", "1.jpg"), ("T", "1.jpg")], ["1.jpg"], CONTESTED),
        ([("M", "1.jpg"), ("T", "./1.jpg")], ["1.jpg"], CONTESTED),
        ([("M", "1.jpg"), ("T", "1.JPG")], ["1.jpg"], CONTESTED),
        ([("M", "a/1.jpg"), ("T", "1.jpg")], ["a/1.jpg"], CONTESTED),
    ],
)
def test_match_catalogue_says_what_is_doubtful(
    rows: list[tuple[str, str]], files: list[str], remark: str | None
) -> None:
    remarks = match_catalogue(catalogue(*rows), originals(*files)).remarks
    assert [one[: len(remark or "")] for one in remarks] == ([remark] if remark else [])


def test_match_catalogue_gives_a_file_one_name() -> None:
    found = match_catalogue(catalogue(("M", "1.jpg"), ("M", ".\\1.jpg"), ("M", "2.jpg")), originals("1.jpg", "2.jpg"))
    assert list(found.table["new_filename"]) == ["1.jpg", "1.jpg", "2.jpg"]
    assert [(name, original.file) for name, original in found.matched.files] == [("1.jpg", "1.jpg"), ("2.jpg", "2.jpg")]


def test_match_catalogue_looks_for_an_unclear_name_in_the_artists_folder() -> None:
    rows = [("Claude Monet", "1.jpg"), ("Titian", "1.jpg"), ("Titian", "2.jpg"), ("Claude Monet", "3.jpg")]
    files = originals("claude_monet/1.jpg", "titian/1.jpg", "titian/2.jpg", "claude_monet/3.jpg", "titian/3.jpg")
    found = match_catalogue(catalogue(*rows), files)
    assert list(found.table["new_filename"]) == ["Claude Monet/1.jpg", "Titian/1.jpg", "2.jpg", "3.jpg"]
    assert {name: original.file for name, original in found.matched.files} == {
        "Claude Monet/1.jpg": "claude_monet/1.jpg",
        "Titian/1.jpg": "titian/1.jpg",
        "2.jpg": "titian/2.jpg",
        "3.jpg": "claude_monet/3.jpg",
    }
    assert dict(found.matched.unused) == {"titian/3.jpg": "another file of this name was taken: claude_monet/3.jpg"}
    (remark,) = found.remarks
    assert remark.startswith("3 works are matched by name and by the folder of the artist, e.g. catalogue ")


def test_match_catalogue_leaves_a_contested_file_to_the_artist_of_its_folder() -> None:
    found = match_catalogue(catalogue(("Monet", "1.jpg"), ("Titian", "1.jpg")), originals("monet/1.jpg"))
    assert [(name, original.file) for name, original in found.matched.files] == [("Monet/1.jpg", "monet/1.jpg")]
    assert found.matched.missing == [("Titian/1.jpg", "missing from the originals")]
