"""Lists of paintings as people have them: encodings, quotes, tables, URLs, other systems' paths."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from spreadsheets import write_xlsx

from painter_search.attribution.answers import FailedQuery
from painter_search.attribution.attribute import attribute_from_config
from painter_search.attribution.config import QueryConfig
from painter_search.attribution.query_inputs import read_query_inputs
from painter_search.attribution.query_list import read_list
from painter_search.common.errors import InvalidValueError, NotFoundError
from painter_search.images.sources import Original, read_input
from painter_search.index.painting_index import PaintingIndex


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a list's paintings, and another that is the current one."""
    for file in ("lists/scans/a.jpg", "lists/scans/Dürer 1.jpg", "lists/#1.jpg", "here/scans/c.jpg", "here/a, b.jpg"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.encode())
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "lists"


def found(place: Path, content: str | bytes, name: str = "list.txt") -> list[str]:
    """What each painting of a list holds: the path of its file, or `missing NAME`."""
    (place / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    queries = read_list(place / name)
    return [
        query.content.read_bytes().decode() if query.content.is_file() else f"missing {query.name}"
        for query in queries
        if isinstance(query.content, Path)
    ]


A, DUERER, C = "lists/scans/a.jpg", "lists/scans/Dürer 1.jpg", "here/scans/c.jpg"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("scans/a.jpg", A),
        ("  scans/a.jpg\t", A),
        ('"scans/a.jpg"', A),
        ("'scans/a.jpg'", A),
        ("“scans/a.jpg”", A),
        ("\u202ascans\\a.jpg\u202c", A),
        ("sc\u200bans/a\u00ad.jpg", A),
        ("scans/a\ufeff.jpg", A),
        ("./scans/a.jpg", A),
        ("scans\\a.jpg", A),
        (".\\scans\\a.jpg", A),
        ('"scans\\a.jpg"', A),
        ("scans/c.jpg", C),
        ("scans\\c.jpg", C),
        ("scans/Dürer 1.jpg", DUERER),
        ('"#1.jpg"', "lists/#1.jpg"),
        ("a, b.jpg", "here/a, b.jpg"),
        ("gone.jpg", "missing gone.jpg"),
        ("C:\\Users\\Ann\\gone.jpg", "missing gone.jpg"),
        ("/nowhere/gone.jpg", "missing gone.jpg"),
    ],
)
def test_read_list_finds_the_file_that_a_line_names(line: str, expected: str, place: Path) -> None:
    assert found(place, f"# mine\n\n{line}\n") == [expected]
    assert "\\" not in read_list(place / "list.txt")[0].name


def test_read_list_takes_files_folders_and_comments(tmp_path: Path) -> None:
    (tmp_path / "scans" / "inner").mkdir(parents=True)
    (tmp_path / "scans" / "a.jpg").touch()
    (tmp_path / "scans" / "inner" / "b.jpg").touch()
    (tmp_path / "scans" / ".hidden").touch()
    (tmp_path / "empty").mkdir()
    absolute = tmp_path / "scans" / "a.jpg"
    path = tmp_path / "list.txt"
    path.write_text(f"\ufeff# mine\n\nscans/a.jpg\n  {absolute}  \nscans\nlost.jpg\nempty\n", encoding="utf-8")
    queries = read_list(path)
    assert [query.name for query in queries] == [
        "scans/a.jpg",
        "a.jpg",
        "a.jpg",
        "inner/b.jpg",
        "lost.jpg",
        "empty",
    ]
    assert [query.content for query in queries[:2]] == [tmp_path / "scans/a.jpg", absolute]
    assert read_query_inputs(queries) == queries


def test_read_list_divides_at_zero_bytes(place: Path) -> None:
    assert found(place, "scans/a.jpg\0#1.jpg\0scans/Dürer 1.jpg\0") == [A, "lists/#1.jpg", DUERER]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "mac-roman", "latin-1"])
def test_read_list_reads_every_encoding(encoding: str, end: str, place: Path) -> None:
    content = end.join(["# Bilder", "scans/a.jpg", "", "scans/Dürer 1.jpg"])
    assert found(place, content.encode(encoding)) == [A, DUERER]


@pytest.mark.parametrize(
    "content",
    [
        "path\nscans/a.jpg\nscans/Dürer 1.jpg\n",
        "artist,path\nMonet,scans/a.jpg\nDürer,scans/Dürer 1.jpg\n",
        "Künstler;Datei;Titel\n# mine\nMonet;scans\\a.jpg;x\n\nDürer;scans/Dürer 1.jpg;y\n",
        'filename,title\nscans/a.jpg,"a, b"\n"scans/Dürer 1.jpg",\n',
        "sep=;\nfile;x\nscans/a.jpg;1\nscans/Dürer 1.jpg;2\n",
        "image_path\ttitle\nscans/a.jpg\tx\nscans/Dürer 1.jpg\ty\n",
    ],
)
def test_read_list_reads_tables_with_a_column_of_paths(content: str, place: Path) -> None:
    assert found(place, content) == [A, DUERER]
    assert found(place, content.encode("utf-16"), "list.csv") == [A, DUERER]


@pytest.mark.parametrize("name", ["scan_{}", "photo {}", "Image 1{}", "photo {}, by the sea"])
def test_read_list_takes_no_numbered_name_for_a_header(name: str, place: Path) -> None:
    names = [name.format(1), name.format(2)]
    (place / "list.txt").write_text("\n".join(names))
    assert [query.name for query in read_list(place / "list.txt")] == names


def test_read_list_takes_no_numbered_name_in_a_spreadsheet_for_a_header(place: Path) -> None:
    pytest.importorskip("python_calamine")
    with pytest.raises(InvalidValueError, match=r"list.xlsx has no column of files; call it path\."):
        read_list(write_xlsx(place / "list.xlsx", {"A": [["scan_1"], ["scan_2"]]}))


def test_read_list_reads_wide_tables_and_names_that_no_file_can_have(place: Path) -> None:
    wide = ",".join(["path", *(f"column {number} of a museum" for number in range(40))])
    assert found(place, f"{wide}\nscans/a.jpg{',' * 40}\n") == [A]
    assert found(place, "~nobody/1.jpg\n~1.jpg\n") == ["missing ~nobody/1.jpg", "missing ~1.jpg"]
    for length in (300, 200_000):
        (place / "list.txt").write_text(length * "x" + "\nscans/a.jpg\n")
        assert [query.name for query in read_list(place / "list.txt")] == [length * "x", "scans/a.jpg"]


def test_query_answers_a_malformed_url_with_the_reason(
    small_index: PaintingIndex, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> None:  # as fsspec does with the package of its scheme
        raise ValueError("Invalid IPv6 URL")

    pytest.importorskip("fsspec")
    monkeypatch.setattr("fsspec.core.url_to_fs", refuse)
    (place / "list.txt").write_text("http://[1/a.jpg\n")
    (answer,) = attribute_from_config(small_index, QueryConfig(list_file=place / "list.txt"))
    assert isinstance(answer, FailedQuery)
    assert answer.painting == "a.jpg"
    assert "is not a URL that can be read (Invalid IPv6 URL)" in answer.reason


def test_read_list_reads_spreadsheets_and_json_lines(place: Path) -> None:
    assert found(place, b'{"file": "scans/a.jpg"}\n{"file": "scans/c.jpg"}\n', "list.jsonl") == [A, C]
    pytest.importorskip("python_calamine")
    write_xlsx(place / "list.xlsx", {"Sheet1": [["Title", "Path"], ["x", "scans/a.jpg"], ["y", "scans/c.jpg"]]})
    assert [query.name for query in read_list(place / "list.xlsx")] == ["scans/a.jpg", "scans/c.jpg"]
    (place / "other.jsonl").write_text('{"year": 1}')
    with pytest.raises(InvalidValueError, match=r"other\.jsonl has no column of files"):
        read_list(place / "other.jsonl")


def test_read_list_reads_standard_input_relative_to_the_current_folder(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("scans/c.jpg\nscans/a.jpg\n".encode("utf-16"))))
    assert [query.content for query in read_list("-")] == [Path("scans/c.jpg"), Path("scans/a.jpg")]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    with pytest.raises(InvalidValueError, match="standard input names no painting"):
        read_list(Path("-"))


def test_read_list_takes_file_urls_folders_and_archives(place: Path) -> None:
    with zipfile.ZipFile(place / "more.zip", "w") as archive:
        archive.writestr("deep/z.jpg", b"z")
    url = (place / "scans" / "Dürer 1.jpg").as_uri()
    (place / "list.txt").write_text(f"{url}\nscans\nmore.zip\n")
    queries = read_list(place / "list.txt")
    assert [query.name for query in queries] == ["Dürer 1.jpg", "Dürer 1.jpg", "a.jpg", "deep/z.jpg"]
    assert isinstance(queries[-1].content, Original)
    assert read_input(queries[-1].content) == b"z"
    assert read_query_inputs(place / "more.zip") == [queries[-1]]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "docx", "pdf", "rtf"])
def test_read_list_refuses_what_is_no_list(kind: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    if kind == "docx":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
    elif kind in ("pdf", "rtf"):
        file.write({"pdf": b"%PDF-1.7\n1 0 obj\n/\n", "rtf": b"{\\rtf1 scans/a.jpg\n/\n}"}[kind])
    else:
        Image.new("RGB", (64, 48)).save(file, kind)
    with pytest.raises(
        InvalidValueError, match=rf"list\.{kind} is not a list; name pictures without from, and save lists as text"
    ):
        found(place, file.getvalue(), f"list.{kind}")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.getvalue())))
    with pytest.raises(InvalidValueError, match="standard input is not a list"):
        read_list("-")


def test_read_list_refuses_missing_lists(place: Path) -> None:
    for name in ("gone.txt", "gone.xlsx"):
        with pytest.raises(NotFoundError, match=rf"{name} does not exist; check the path of the list"):
            read_list(place / name)


@pytest.mark.parametrize("content", [b"#\n", b"\xff\xfe"])
def test_read_list_refuses_a_list_without_paintings(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(InvalidValueError, match="names no painting"):
        read_list(tmp_path / "list.txt")


def test_read_list_refuses_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="cannot be read"):
        read_list(tmp_path)


def test_query_reads_urls_or_says_why_not(small_index: PaintingIndex, painted_originals: Path, tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    content = sorted(painted_originals.iterdir())[0].read_bytes()
    fsspec.filesystem("memory").pipe_file(f"/{tmp_path.name}/one.jpg", content)
    home = f"memory://{tmp_path.name}"
    (tmp_path / "list.txt").write_text(f"{home}/one.jpg\n{home}/gone.jpg\nnoscheme://x/y.jpg\n")
    config = QueryConfig(paintings=(f"{home}/one.jpg",), list_file=tmp_path / "list.txt", top_k=1)
    answers = attribute_from_config(small_index, config)
    assert [answer.painting for answer in answers] == ["one.jpg", "one.jpg", "gone.jpg", "y.jpg"]
    assert answers[0].to_dict() == answers[1].to_dict()
    gone, unknown = answers[2:]
    assert isinstance(gone, FailedQuery)
    assert isinstance(unknown, FailedQuery)
    assert "cannot be reached" in gone.reason
    assert "noscheme" in unknown.reason
