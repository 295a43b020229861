"""What `prepare` does with a folder that something is in already."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from preparing import (
    Paint,
    Source,
    WriteArtists,
    interrupt,
    leftovers,
    stop_after,
    tree,
)

from painter_search.collection import framing_pool
from painter_search.collection.preparation import prepare_collection
from painter_search.collection.settings import PrepareConfig
from painter_search.errors import UserError


def test_a_complete_collection_is_returned_as_it_is(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    before = tree(prepare_collection(config).folder)
    monkeypatch.setattr(framing_pool, "frame_to_disk", stop_after(0, []))
    assert tree(prepare_collection(replace(config, workers=2, replace=True)).folder) == before


@pytest.mark.parametrize(
    "change", [{"framing": "center"}, {"random_state": 1}, {"max_works": 4}, {"capped_only": True}]
)
def test_other_settings_are_refused_without_replace(change: dict[str, object], source: Source, tmp_path: Path) -> None:
    config = source.config(tmp_path / "data")
    before = tree(prepare_collection(config).folder)
    other = replace(config, **change)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="--replace"):
        prepare_collection(other)
    assert tree(config.out) == before
    replaced = tree(prepare_collection(replace(other, replace=True)).folder)
    assert replaced == tree(prepare_collection(replace(other, out=tmp_path / "fresh")).folder)
    assert leftovers(tmp_path) == []


def test_a_changed_catalogue_is_refused_without_replace(source: Source, tmp_path: Path) -> None:
    prepare_collection(source.config(tmp_path / "data"))
    source.rows[0]["title"] = "another"
    with pytest.raises(UserError, match="--replace"):
        prepare_collection(source.config(tmp_path / "data"))


def test_a_failed_replacement_leaves_the_old_collection(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    before = tree(prepare_collection(config).folder)
    interrupt(replace(config, framing="center", replace=True), monkeypatch)
    assert tree(config.out) == before


def test_a_folder_with_something_else_in_it_is_refused(source: Source, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="no prepared collection"):
        prepare_collection(source.config(tmp_path / "data", replace=True))
    assert (tmp_path / "data" / "thesis.txt").read_text() == "years of work"


def test_an_empty_folder_is_filled(source: Source, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert prepare_collection(source.config(tmp_path / "data")).works("test")


def test_a_file_in_place_of_the_folder_is_refused(source: Source, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(UserError, match="data"):
        prepare_collection(source.config(tmp_path / "data"))
    assert (tmp_path / "data").read_text() == "a file"


def test_the_working_folder_itself_can_be_filled_or_is_refused(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with contextlib.suppress(UserError):
        assert prepare_collection(source.config(Path("."))).works("test")


def test_a_changed_original_of_the_same_size_is_noticed(tmp_path: Path, paint: Paint) -> None:
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
    with pytest.raises(UserError, match="--replace"):
        prepare_collection(config)


def test_an_original_dated_in_the_future_is_no_changed_one(tmp_path: Path, write_artists: WriteArtists) -> None:
    for path in write_artists(tmp_path / "artists", {"a": 2, "b": 2}):
        os.utime(path, ns=(2**62, 2**62))
    config = PrepareConfig(folder=tmp_path / "artists", out=tmp_path / "data", test_share=1, workers=1)
    first = prepare_collection(config)
    assert prepare_collection(config).report == first.report


def test_a_second_preparation_of_one_folder_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    from filelock import FileLock

    with FileLock(tmp_path / ".data.lock"), pytest.raises(UserError, match="is being prepared by another process"):
        prepare_collection(PrepareConfig(out=tmp_path / "data"))


@pytest.mark.parametrize("name", ["line\rbreak", "new\nline", "bell\x07"])
def test_a_file_whose_name_breaks_tables_is_listed_with_its_reason(tmp_path: Path, paint: Paint, name: str) -> None:
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
