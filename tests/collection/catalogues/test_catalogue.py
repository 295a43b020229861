"""Catalogues as people have them: spellings, encodings, missing and extra columns, suspicious names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from painter_search.collection.artist_names import clean_name, suspicious_names
from painter_search.collection.catalogues.catalogue import CLEAN_COLUMNS, FilesFound, read_catalogue
from painter_search.collection.catalogues.inputs import CollectionInputs, read_inputs
from painter_search.collection.config import PrepareConfig
from painter_search.collection.splits import divide_artists
from painter_search.common.errors import DamagedFileError, NotEnoughDataError, NotFoundError


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def read(*paths: Path, test_share: float = 0.4, random_state: int = 42) -> pd.DataFrame:
    return read_catalogue(list(paths), test_share, random_state).table


@pytest.mark.parametrize(
    "name", [" Fyodor Solntsev", "Fyodor Solntsev ", "\u00a0Fyodor\u00a0Solntsev\u00a0", "\tFyodor   Solntsev\r"]
)
def test_clean_name_strips_and_collapses_blanks(name: str, tmp_path: Path) -> None:
    assert clean_name(name) == "Fyodor Solntsev"
    path = write(tmp_path / "c.csv", f'artist,new_filename,in_train\n"{name}", 1.jpg ,True\n')
    table = read(path)
    assert list(table["artist"]) == ["Fyodor Solntsev"]
    assert list(table["new_filename"]) == ["1.jpg"]


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("True", True),
        ("TRUE", True),
        ("true", True),
        (" True ", True),
        ("1", True),
        ("1.0", True),
        ("yes", True),
        ("False", False),
        ("FALSE", False),
        ("false", False),
        ("0", False),
        ("0.0", False),
        ("no", False),
        ("WAHR", True),
        ("FALSCH", False),
        ("VRAI", True),
        ("FAUX", False),
        ("VERO", True),
        ("VERDADERO", True),
        ("FALSO", False),
        ("WAAR", True),
        ("ONWAAR", False),
        ("ИСТИНА", True),
        ("ЛОЖЬ", False),
        ("FAŁSZ", False),
        ("EPÄTOSI", False),
        ("真", True),
        ("假", False),
    ],
)
def test_read_catalogue_reads_spellings_of_in_train(spelling: str, expected: bool, tmp_path: Path) -> None:
    table = read(write(tmp_path / "c.csv", f"artist,new_filename,in_train\nA,1.jpg,{spelling}\n"))
    assert list(table["in_train"]) == [expected]
    assert table["in_train"].dtype == bool


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("artist,filename\nMonet,\nTitian, \n,\n", "its column filename is empty; write the file"),
        ("artist;filename\nMonet, Claude;\nVecellio, T.;\n", "its column filename is empty"),
        ("artist,filename\nMonet;1.jpg\nTitian;2.jpg\n", "divided by ';' and .* header as artist;filename"),
    ],
)
def test_read_catalogue_refuses_catalogue_without_file_names(text: str, reason: str, tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", text)
    with pytest.raises(DamagedFileError, match=rf"c\.csv has no file names: .*{reason}"):
        read(path)


@pytest.mark.parametrize(
    ("cell", "artist"),
    [
        ("Claude Monet\nFrench, 1840\u20131926", "Claude Monet, French, 1840\u20131926"),
        ("Claude Monet,\r\nFrench\n", "Claude Monet, French"),
        ("Rubens;\r Snyders", "Rubens; Snyders"),
        ("\u202aClaude\u00ad Mo\u200bnet\ufeff", "Claude Monet"),
        ("\u200cनिमा\u200cकला\u200d", "निमा\u200cकला"),
    ],
)
def test_read_catalogue_reads_artist_as_one_visible_line(cell: str, artist: str, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(f'artist,filename\n"{cell}",1.jpg\n'.encode())
    assert list(read(path)["artist"]) == [artist]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("\u202aC:\\scans\\5.jpg\u202c", "C:\\scans\\5.jpg"),
        ('""" C:\\scans\\5.jpg"""', "C:\\scans\\5.jpg"),
        ("“5.jpg”", "5.jpg"),
        ('"""a"" and ""b"""', '"a" and "b"'),
        ("it's'", "it's'"),
        ("so\u00adft.jpg", "so\u00adft.jpg"),
    ],
)
def test_read_catalogue_takes_away_what_was_pasted_around_a_file_name(cell: str, name: str, tmp_path: Path) -> None:
    assert list(read(write(tmp_path / "c.csv", f"artist,filename\nA,{cell}\n"))["new_filename"]) == [name]


@pytest.mark.parametrize(
    ("share", "trained", "told"), [(0.4, [True, False], 0), (0.5, [True, False], 1), (1, [False] * 2, 0)]
)
def test_read_catalogue_divides_by_in_train_unless_all_are_to_be_test_works(
    share: float, trained: list[bool], told: int, tmp_path: Path
) -> None:
    path = write(tmp_path / "c.csv", "artist,new_filename,in_train\nA,1.jpg,True\nB,2.jpg,False\n")
    table, remarks, *_ = read_catalogue([path], share, 42)
    assert list(table["in_train"]) == trained
    assert sum("--test-share" in remark for remark in remarks) == told


def test_read_catalogue_refuses_unknown_spelling_of_in_train(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", "artist,new_filename,in_train\nA,1.jpg,True\nB,2.jpg,maybe\n")
    with pytest.raises(DamagedFileError, match="'maybe' in 1 row"):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_read_catalogue_detects_encoding(encoding: str, tmp_path: Path) -> None:
    path = write(
        tmp_path / "c.csv", "artist,new_filename,title\nÉdouard Manet,1.jpg,Le Déjeuner sur l'herbe\n", encoding
    )
    table = read(path)
    assert list(table["artist"]) == ["Édouard Manet"]
    assert list(table["title"]) == ["Le Déjeuner sur l'herbe"]


def test_read_catalogue_keeps_non_latin_utf_8(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", "artist,new_filename,title\n齊白石,1.jpg,Кающаяся\n")
    assert read(path).loc[0, ["artist", "title"]].tolist() == ["齊白石", "Кающаяся"]


@pytest.mark.parametrize("missing", ["artist", "new_filename"])
def test_read_catalogue_names_missing_column(missing: str, tmp_path: Path) -> None:
    header = ",".join(column for column in ("artist", "new_filename", "title") if column != missing)
    with pytest.raises(DamagedFileError, match=f"lacks the column {missing}"):
        read(write(tmp_path / "c.csv", header + "\na,b\n"))


def test_read_catalogue_fills_optional_columns_and_drops_unknown_ones(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", "extra, artist ,new_filename,artist_group\nx,A,1.jpg,train_only\n")
    table = read(path)
    assert list(table.columns) == CLEAN_COLUMNS
    assert table.loc[0, "artist"] == "A"
    assert table.loc[0, "date"] == ""


def test_read_catalogue_ignores_trailing_commas(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", "artist,new_filename,title\nA,1.jpg,Dawn,\nB,2.jpg,Dusk,\n")
    table = read(path)
    assert list(table["artist"]) == ["A", "B"]
    assert list(table["new_filename"]) == ["1.jpg", "2.jpg"]


def test_read_catalogue_cuts_empty_cells_beyond_the_header_without_warning(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    table = read(write(tmp_path / "c.csv", "artist,new_filename\nA,1.jpg, ,\nB,2.jpg\n"))
    assert list(table["new_filename"]) == ["1.jpg", "2.jpg"]
    assert not recwarn.list


def test_read_catalogue_keeps_values_as_text(tmp_path: Path) -> None:
    rows = 'None,c.1942,1.jpg,NA\n007,1913.0,2.jpg,"Still Life, with a ""Jug"""\nnan,,3.jpg,null\n'
    table = read(write(tmp_path / "c.csv", "artist,date,new_filename,title\n" + rows))
    assert list(table["artist"]) == ["None", "007", "nan"]
    assert list(table["date"]) == ["c.1942", "1913.0", ""]
    assert list(table["title"]) == ["NA", 'Still Life, with a "Jug"', "null"]


def test_read_catalogue_concatenates_files(tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", "artist,new_filename,in_train\nA,1.jpg,True\n")
    second = write(tmp_path / "b.csv", "new_filename,artist,in_train\n2.jpg,B,False\n")
    table = read(first, second)
    assert table[["artist", "new_filename", "in_train"]].to_numpy().tolist() == [
        ["A", "1.jpg", True],
        ["B", "2.jpg", False],
    ]


@pytest.mark.parametrize(
    "content", ["", 'artist,new_filename\n"unclosed,1.jpg\n', "artist,new_filename\na,b,c,d\ne\nf,g,h,i,j\n"]
)
def test_read_catalogue_refuses_other_files(content: str, tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match=r"c\.csv"):
        read(write(tmp_path / "c.csv", content))


def test_read_catalogue_refuses_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        read(tmp_path / "gone.csv")


def test_read_catalogue_divides_artists_without_in_train(tmp_path: Path) -> None:
    rows = "".join(f"artist {i % 10},{i}.jpg\n" for i in range(40))
    path = write(tmp_path / "c.csv", "artist,new_filename\n" + rows)
    table = read(path, test_share=0.3)
    sides = table.groupby("artist")["in_train"].nunique()
    assert (sides == 1).all()
    assert table[~table["in_train"]]["artist"].nunique() == 3
    assert table.equals(read(path, test_share=0.3))
    seeds = {tuple(read(path, test_share=0.3, random_state=seed)["in_train"]) for seed in range(6)}
    assert len(seeds) > 1


@pytest.mark.parametrize(("share", "tested"), [(0.1, 1), (0.25, 2), (0.5, 5), (1, 10)])
def test_divide_artists_rounds_test_share(share: float, tested: int) -> None:
    artists = pd.Series([f"artist {i}" for i in range(10) for _ in range(i + 1)])
    training = divide_artists(artists, share, 42)
    assert artists[~training].nunique() == tested
    assert not set(artists[training]) & set(artists[~training])


def test_divide_artists_does_not_depend_on_row_order() -> None:
    artists = pd.Series(list("aabbccddee"))
    reordered = artists.sample(frac=1, random_state=3)
    expected = divide_artists(artists, 0.4, 42)
    assert divide_artists(reordered, 0.4, 42).sort_index().equals(expected)


# --- suspicious names ------------------------------------------------------------------------------------------------


def names_found(artists: list[str], titles: list[str] | None = None) -> dict[str, str]:
    table = pd.DataFrame({"artist": artists, "title": titles or [""] * len(artists)})
    found = suspicious_names(table)
    assert list(found.columns) == ["artist", "works", "reason"]
    return dict(zip(found["artist"], found["reason"], strict=True))


@pytest.mark.parametrize(
    ("artist", "reason"),
    [
        ("1", "no letters"),
        ("69", "no letters"),
        ("?", "no letters"),
        ("a1", "hardly any letters"),
        ("Studio 54", "contains a number"),
        ("The Old Oak", "begins like a title"),
        ("Portrait of a Lady", "begins like a title"),
        ("untitled", "begins like a title"),
    ],
)
def test_suspicious_names_lists_numbers_and_titles(artist: str, reason: str) -> None:
    assert names_found([artist]) == {artist: reason}


@pytest.mark.parametrize(
    "artist", ["Claude Monet", "Theodore Rousseau", "Andy Warhol", "El Greco", "Ай Вэйвэй", "齊白石"]
)
def test_suspicious_names_passes_ordinary_names(artist: str) -> None:
    assert names_found([artist]) == {}


def test_suspicious_names_lists_name_that_is_also_a_title() -> None:
    found = names_found(["Sunrise", "Monet", "Monet"], ["boats", "SUNRISE", "Haystacks"])
    assert found == {"Sunrise": "also the title of a work"}


def test_suspicious_names_counts_works_in_order_of_name() -> None:
    table = suspicious_names(pd.DataFrame({"artist": ["69", "1", "69", "Manet"], "title": [""] * 4}))
    assert table.to_numpy().tolist() == [["1", 1, "no letters"], ["69", 2, "no letters"]]


def test_suspicious_names_ignores_rows_without_artist() -> None:
    assert names_found(["", "Manet"]) == {}


def test_suspicious_names_of_published_catalogue(collections: Path) -> None:
    paths = [collections / "pbn" / f"df_{part}_clean.csv" for part in ("train", "test")]
    if not all(path.is_file() for path in paths):
        pytest.skip("no published catalogue")
    table = read(*paths)
    found = suspicious_names(table)
    assert {"1", "2", "69", "Sunrise"} <= set(found["artist"])
    assert len(found) < 0.03 * table["artist"].nunique()
    assert not set(found["artist"]) & {"Claude Monet", "Titian", "Fyodor Solntsev"}
    assert (table["artist"] == table["artist"].str.strip()).all()
    assert table["in_train"].sum() == 8626
    assert (~table["in_train"]).sum() == 4417


def test_read_catalogue_accepts_column_filename(tmp_path: Path) -> None:
    table = read(write(tmp_path / "c.csv", "artist,filename\nA,1.jpg\nB,2.jpg\n"))
    assert list(table["new_filename"]) == ["1.jpg", "2.jpg"]


def inputs_of(header: str, rows: Sequence[str], files: Sequence[str], folder: Path) -> CollectionInputs:
    """The inputs of a preparation of a catalogue and empty files."""
    (folder / "c.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    for file in files:
        (folder / "scans" / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / "scans" / file).touch()
    return read_inputs(PrepareConfig(catalogue=(folder / "c.csv",), originals=(folder / "scans",), out=folder / "data"))


@pytest.mark.parametrize(
    ("header", "values", "read"),
    [
        ("Artist,Inventory number,Photo", "GE-1,yes GE-2,yes", "'Inventory number', not from 'Photo'"),
        ("Artist,ObjectID,ImageURL", "GE-1,https://x.org/a/9.jpg GE-2,", "'ObjectID', not from 'ImageURL'"),
        ("Artist,file,id", "GE-1.jpg,GE-1 GE-2.jpg,GE-2", "'file', not from 'id'"),
        ("Artist,id,file", "GE-1,1.jpg GE-2,2.jpg", "'id', not from 'file'"),
    ],
)
def test_read_inputs_reads_the_first_column_that_finds_files(
    header: str, values: str, read: str, tmp_path: Path
) -> None:
    rows = [f"{artist},{cells}" for artist, cells in zip(("Monet", "Titian"), values.split(), strict=True)]
    inputs = inputs_of(header, rows, ["GE-1.jpg", "GE-2.jpg"], tmp_path)
    assert [original.file for _, original in inputs.match_files().files] == ["GE-1.jpg", "GE-2.jpg"]
    assert f"c.csv: file names are read from {read}." in inputs.remarks


@pytest.mark.parametrize("file", ["filename", "new_filename"])
def test_read_inputs_leaves_no_column_that_finds_files_for_numbers_that_find_more(file: str, tmp_path: Path) -> None:
    rows = [f"{number},Artist {number % 2},{number + 4}.jpg" for number in range(1, 11)]
    inputs = inputs_of(f"id,artist,{file}", rows, [f"{number}.jpg" for number in range(1, 13)], tmp_path)
    matched = inputs.match_files().files
    assert len(matched) == 8
    assert all(name == original.file for name, original in matched)


def test_read_inputs_keeps_new_filename_though_it_finds_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughDataError, match="the column new_filename"):
        inputs_of("id,artist,new_filename", ["1,Monet,x1.jpg", "2,Titian,x2.jpg"], ["1.jpg", "2.jpg"], tmp_path)


def test_read_catalogue_tries_a_column_by_a_sample_and_then_by_all_rows(tmp_path: Path) -> None:
    rows = [f"{number},Monet,{number}.jpg" for number in range(2_000)]
    path = write(tmp_path / "c.csv", "\n".join(["id,artist,filename", *rows]))
    for found, sizes in ((("0.jpg",), [400]), (("1.jpg",), [400, 2_000])):
        tried: list[int] = []

        def count(rows: pd.DataFrame, found: Sequence[str] = found, tried: list[int] = tried) -> FilesFound:
            tried.append(len(rows))
            return FilesFound(int(rows["new_filename"].isin(found).sum()), 0)

        assert read_catalogue([path], 0.4, 42, count).files_from.startswith("the column filename")
        assert tried == sizes


def test_read_inputs_joins_only_folders_and_names_within_them(tmp_path: Path) -> None:
    rows = ["A,,3.jpg", "B,a/,1.jpg", "C,b\\,1.jpg", "D,c,http://x.org/2.jpg", "E,c,/d/4.jpg", "F,c,C:\\d\\5.jpg"]
    inputs = inputs_of("artist,folder,filename", rows, ["a/1.jpg", "b/1.jpg", "2.jpg"], tmp_path)
    names = ["3.jpg", "a/1.jpg", "b/1.jpg", "http://x.org/2.jpg", "/d/4.jpg", "C:\\d\\5.jpg"]
    assert inputs.catalogue["new_filename"].tolist() == names


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("artist,folder,filename", "a,1.jpg b,1.jpg"),
        ("artist,path,filename", "X:\\scans\\a\\,1.jpg X:\\scans\\b\\,1.jpg"),
        ("artist,filename,Ordner", "1.jpg,a 1.jpg,b"),
    ],
)
def test_read_inputs_joins_folder_and_file_name_where_that_finds_more(header: str, values: str, tmp_path: Path) -> None:
    rows = [f"{artist},{cells}" for artist, cells in zip(("Monet", "Titian"), values.split(), strict=True)]
    inputs = inputs_of(header, [*rows, "Degas,,"], ["a/1.jpg", "b/1.jpg"], tmp_path)
    assert [original.file for _, original in inputs.match_files().files] == ["a/1.jpg", "b/1.jpg"]
    assert list(inputs.catalogue["new_filename"])[2] == ""
    folder = next(name for name in header.split(",") if name not in ("artist", "filename"))
    assert f"c.csv: file names are read from {folder!r} and 'filename'." in inputs.remarks


def test_read_inputs_names_the_columns_that_find_no_file(tmp_path: Path) -> None:
    message = "holds the files that the column Photo \\(or Inventory number\\) of c.csv names"
    with pytest.raises(NotEnoughDataError, match=message):
        inputs_of("Artist,Inventory number,Photo", ["Monet,7,yes", "Titian,8,yes"], ["GE-1.jpg"], tmp_path)
