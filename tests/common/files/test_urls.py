"""Locations as users give them: one or several, and paths that are written to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from painter_search.common.errors import InvalidValueError
from painter_search.common.files.urls import as_locations, as_paths, expand_home, parse_location, writable_path


def test_a_single_location_is_never_its_letters() -> None:
    for data in ("data", Path("data"), ["data"]):
        assert as_paths(data, "--data") == (Path("data"),)
    assert as_locations("s3://bucket/a/") == as_locations(["s3://bucket/a"]) == ("s3://bucket/a",)
    assert as_locations(()) == ()


def test_a_pattern_that_no_shell_has_expanded_stands_for_its_files(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.jpg", "c.png", "d[1].jpg"):
        (tmp_path / name).touch()
    assert as_locations(tmp_path / "*.jpg") == tuple(tmp_path / name for name in ("a.jpg", "b.jpg", "d[1].jpg"))
    assert as_locations([tmp_path / "d[1].jpg", tmp_path / "?.gif"]) == (tmp_path / "d[1].jpg", tmp_path / "?.gif")
    assert as_locations("s3://bucket/*.jpg") == ("s3://bucket/*.jpg",)
    (tmp_path / "k [2020]").mkdir()
    for path in (tmp_path / "k [2020]" / "a.jpg", tmp_path / "e 1.jpg"):
        path.touch()
    assert as_locations(tmp_path / "k [2020]" / "*.jpg") == (tmp_path / "k [2020]" / "a.jpg",)
    assert as_locations(tmp_path / "e [1].jpg") == (tmp_path / "e [1].jpg",)


@pytest.mark.parametrize("url", ["s3://bucket/data", Path("s3://bucket/data"), "gs://bucket", "file:///data"])
def test_writable_path_refuses_urls(url: str | Path) -> None:
    with pytest.raises(InvalidValueError, match=r"^out is a URL .*, where nothing is written"):
        writable_path(url, "--out")


@pytest.mark.parametrize("path", ["data", "C:/data", "/data/a:b", "a:b"])
def test_writable_path_keeps_paths(path: str) -> None:
    assert writable_path(path, "--out") == Path(path)


@pytest.mark.parametrize("url", ["s3://bucket/data", Path("https://example.org/works.csv")])
def test_as_paths_refuses_urls(url: str | Path) -> None:
    with pytest.raises(InvalidValueError, match=r"^catalogue is a URL .*://…\) and takes a path on this machine"):
        as_paths(["works.csv", url], "--catalogue")


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_string_is_no_path(empty: str) -> None:
    for call in (
        lambda: parse_location(empty),
        lambda: as_locations(["a", empty]),
        lambda: as_paths(empty, "--data"),
        lambda: writable_path(empty, "--out"),
    ):
        with pytest.raises(InvalidValueError, match=r"^a path is empty"):
            call()
    assert parse_location(".") == Path()


@pytest.fixture
def home(user_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder; the current one lies beside it."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return user_home


def test_a_tilde_that_no_shell_has_expanded_is_the_home_folder(home: Path) -> None:
    assert parse_location("~/index") == parse_location(Path("~/index")) == home / "index"
    assert as_locations(["~", "s3://bucket/~/a"]) == (home, "s3://bucket/~/a")
    assert as_paths("~/a", "--data") == (writable_path("~/a", "--out"),) == (home / "a",)
    home.mkdir()
    (home / "a.jpg").touch()
    assert as_locations("~/*.jpg") == (home / "a.jpg",)


@pytest.mark.parametrize("name", ["~$scan.jpg", "~user", "~root/a", "a/~/b", "./a~"])
def test_other_tildes_stay(name: str, home: Path) -> None:
    assert expand_home(name) == Path(name)


def test_a_folder_that_is_called_tilde_is_found(home: Path) -> None:
    Path("~", "index").mkdir(parents=True)
    assert expand_home("~/index") == Path("~/index")


@pytest.mark.parametrize("given", [b"a picture", 17, [None]])
def test_what_is_no_path_is_refused(given: Any) -> None:
    with pytest.raises(InvalidValueError, match=r"^\w+ is not a path; give a path or a URL\.$"):
        as_locations(given)
