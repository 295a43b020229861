"""Preparation into a folder that is not empty."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from preparing import Paint, Source, WriteArtists, interrupt, leftovers, stop_after, tree

from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import BusyError, InvalidValueError
from painter_search.images import decode_pool


def test_prepare_collection_returns_complete_collection_unchanged(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    before = tree(prepare_collection(config).folder)
    monkeypatch.setattr(decode_pool, "frame_to_disk", stop_after(0, []))
    assert tree(prepare_collection(replace(config, workers=2, replace=True)).folder) == before


@pytest.mark.parametrize(
    "change", [{"framing": "center"}, {"random_state": 1}, {"max_works": 4}, {"capped_only": True}]
)
def test_prepare_collection_refuses_other_settings_without_replace(
    change: dict[str, object], source: Source, tmp_path: Path
) -> None:
    config = source.config(tmp_path / "data")
    before = tree(prepare_collection(config).folder)
    other = replace(config, **change)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="replace"):
        prepare_collection(other)
    assert tree(config.out) == before
    replaced = tree(prepare_collection(replace(other, replace=True)).folder)
    assert replaced == tree(prepare_collection(replace(other, out=tmp_path / "fresh")).folder)
    assert leftovers(tmp_path) == []


def test_prepare_collection_refuses_changed_catalogue_without_replace(source: Source, tmp_path: Path) -> None:
    prepare_collection(source.config(tmp_path / "data"))
    source.rows[0]["title"] = "another"
    with pytest.raises(InvalidValueError, match="replace"):
        prepare_collection(source.config(tmp_path / "data"))


def test_prepare_collection_interrupted_replacement_keeps_old_collection(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    before = tree(prepare_collection(config).folder)
    interrupt(replace(config, framing="center", replace=True), monkeypatch)
    assert tree(config.out) == before


def test_prepare_collection_refuses_folder_with_other_files(source: Source, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("years of work")
    with pytest.raises(InvalidValueError, match="no prepared collection"):
        prepare_collection(source.config(tmp_path / "data", replace=True))
    assert (tmp_path / "data" / "thesis.txt").read_text() == "years of work"


def test_prepare_collection_fills_empty_folder(source: Source, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert prepare_collection(source.config(tmp_path / "data")).works("test")


def test_prepare_collection_refuses_file_as_out(source: Source, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(InvalidValueError, match="data"):
        prepare_collection(source.config(tmp_path / "data"))
    assert (tmp_path / "data").read_text() == "a file"


def test_prepare_collection_refuses_working_folder_as_out(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(InvalidValueError, match="out is the current folder"):
        prepare_collection(source.config(Path(".")))


def test_prepare_collection_notices_changed_original_of_same_size(tmp_path: Path, paint: Paint) -> None:
    folder = tmp_path / "artists"
    for artist in ("a", "b"):
        (folder / artist).mkdir(parents=True)
        for work in range(2):
            paint(work, 40, 40).save(folder / artist / f"{work}.bmp")
    config = PrepareConfig(folder=folder, out=tmp_path / "data", test_share=1, workers=1)
    prepare_collection(config)
    changed = folder / "a" / "0.bmp"
    size = changed.stat().st_size
    paint(99, 40, 40).save(changed)
    os.utime(changed, ns=(time.time_ns(), time.time_ns()))  # some file systems' clocks are coarse
    assert changed.stat().st_size == size
    with pytest.raises(InvalidValueError, match="replace"):
        prepare_collection(config)


def test_prepare_collection_ignores_future_dates_of_originals(tmp_path: Path, write_artists: WriteArtists) -> None:
    for path in write_artists(tmp_path / "artists", {"a": 2, "b": 2}):
        os.utime(path, ns=(2**62, 2**62))
    config = PrepareConfig(folder=tmp_path / "artists", out=tmp_path / "data", test_share=1, workers=1)
    first = prepare_collection(config)
    assert prepare_collection(config).summary == first.summary


def test_prepare_collection_refuses_second_process(tmp_path: Path) -> None:
    from filelock import FileLock

    with (
        FileLock(tmp_path / ".data.lock"),
        pytest.raises(BusyError, match="is being prepared by another process"),
    ):
        prepare_collection(PrepareConfig(out=tmp_path / "data"))


@pytest.mark.parametrize("name", ["line\rbreak", "new\nline", "bell\x07"])
def test_prepare_collection_lists_file_name_that_breaks_tables(tmp_path: Path, paint: Paint, name: str) -> None:
    folder = tmp_path / "artists" / "a"
    folder.mkdir(parents=True)
    for work in range(2):
        paint(work).save(folder / f"{work}.jpg")
    try:
        paint(5).save(folder / f"{name}.jpg")
    except OSError:
        pytest.skip("this file system takes no such name")
    collection = prepare_collection(PrepareConfig(folder=folder.parent, out=tmp_path / "data", test_share=1, workers=1))
    assert len(collection.works("test")) == 2
    assert "rename it" in (collection.folder / "rejected.csv").read_text(encoding="utf-8")
