"""Locations as users give them: one or several, and paths that are written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from painter_search.common.errors import InvalidValueError
from painter_search.common.files.urls import as_locations, as_paths, writable_path


def test_a_single_location_is_never_its_letters() -> None:
    assert as_paths("data") == as_paths(Path("data")) == as_paths(["data"]) == (Path("data"),)
    assert as_locations("s3://bucket/a/") == as_locations(["s3://bucket/a"]) == ("s3://bucket/a",)
    assert as_locations(()) == ()


@pytest.mark.parametrize("url", ["s3://bucket/data", Path("s3://bucket/data"), "gs://bucket", "file:///data"])
def test_writable_path_refuses_urls(url: str | Path) -> None:
    with pytest.raises(InvalidValueError, match=r"^out is a URL .*, where nothing is written"):
        writable_path(url, "--out")


@pytest.mark.parametrize("path", ["data", "C:/data", "/data/a:b", "a:b"])
def test_writable_path_keeps_paths(path: str) -> None:
    assert writable_path(path, "--out") == Path(path)
