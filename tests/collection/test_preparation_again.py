"""Preparation into a folder that is not empty."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from preparing import Paint, Source, WriteArtists, interrupt, leftovers, rejected_of, stop_after, tree

from painter_search.collection.config import PrepareConfig
from painter_search.collection.framing_journal import may_pass
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import (
    BusyError,
    DamagedFileError,
    InvalidValueError,
    NotEnoughDataError,
    NotFoundError,
    UnreadableImageError,
)
from painter_search.images import decode_pool
from painter_search.images.formats import extras
from painter_search.images.framing import Frame, read_frame
from painter_search.images.types import ImageFile


def test_prepare_collection_returns_complete_collection_unchanged(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    before = tree(prepare_collection(config).folder)
    monkeypatch.setattr(decode_pool, "frame_to_disk", stop_after(0, []))
    assert tree(prepare_collection(replace(config, workers=2, replace=True)).folder) == before


@pytest.mark.parametrize(
    "lose",
    [
        lambda data: next((data / "frames").iterdir()).unlink(),
        lambda data: next((data / "frames").iterdir()).write_bytes(b""),
        lambda data: shutil.rmtree(data / "thumbnails"),
        lambda data: (data / "df_train_all.csv").unlink(),
        lambda data: (data / "rejected.csv").unlink(),
        lambda data: (data / "val_triplets_with_labels.csv").unlink(),
    ],
)
def test_prepare_collection_makes_what_it_lost_again(
    lose: Callable[[Path], object], source: Source, tmp_path: Path
) -> None:
    config = source.config(tmp_path / "data", framing="center")
    before = tree(prepare_collection(config).folder)
    lose(config.out)
    assert tree(prepare_collection(config).folder) == before
    assert leftovers(tmp_path) == []


def test_prepare_collection_that_lost_files_keeps_what_is_foreign(source: Source, tmp_path: Path) -> None:
    config = source.config(tmp_path / "data")
    prepare_collection(config)
    next((config.out / "frames").iterdir()).unlink()
    (config.out / "thesis.txt").write_text("years of work")
    with pytest.raises(InvalidValueError, match="not part of a collection"):
        prepare_collection(config)


def test_read_frame_says_what_makes_a_lost_or_damaged_frame_again(source: Source, tmp_path: Path) -> None:
    config = source.config(tmp_path / "data")
    collection = prepare_collection(config)
    frame = collection.frame_path(collection.works("test")[0].file)
    frame.write_bytes(frame.read_bytes()[:100])
    with pytest.raises(DamagedFileError, match="is damaged; delete it and prepare its collection again"):
        read_frame(frame)
    frame.unlink()
    with pytest.raises(NotFoundError, match="is missing; prepare its collection again"):
        read_frame(frame)
    prepare_collection(config)
    assert read_frame(frame)


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
    with pytest.raises(InvalidValueError, match="not a prepared collection"):
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
    for number, artist in enumerate(("a", "b")):
        (folder / artist).mkdir(parents=True)
        for work in range(2):
            paint(10 * number + work, 40, 40).save(folder / artist / f"{work}.bmp")
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


def test_prepare_collection_takes_date_that_was_ahead_for_no_change(
    tmp_path: Path, write_artists: WriteArtists, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = time.time_ns() + 60 * 10**9
    changed = write_artists(tmp_path / "artists", {"a": 2, "b": 2})[0]
    os.utime(changed, ns=(ahead, ahead))
    config = PrepareConfig(folder=tmp_path / "artists", out=tmp_path / "data", test_share=1, workers=1)
    first = prepare_collection(config)
    monkeypatch.setattr(time, "time_ns", lambda: ahead + 1)
    assert prepare_collection(config).summary == first.summary
    os.utime(changed, ns=(ahead + 10**9, ahead + 10**9))
    with pytest.raises(InvalidValueError, match="replace"):
        prepare_collection(config)


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> set[ImageFile]:
    """Contents of files that are refused for want of a package, while the test leaves them in the set."""
    contents: set[ImageFile] = set()
    real = decode_pool.frame_painting

    def frame(file: ImageFile, *arguments: Any, **options: Any) -> Frame:
        if file in contents:
            raise UnreadableImageError('an HEIC photograph; to read it, `pip install "painter-search[heic]"`')
        return real(file, *arguments, **options)

    monkeypatch.setattr(decode_pool, "frame_painting", frame)
    return contents


def test_prepare_collection_with_replace_tries_unreadable_files_again(
    tmp_path: Path, write_artists: WriteArtists, unreadable: set[ImageFile], caplog: pytest.LogCaptureFixture
) -> None:
    paths = write_artists(tmp_path / "artists", {"a": 2, "b": 2})
    (tmp_path / "artists" / "b" / "damaged.jpg").write_bytes(b"no picture")
    config = PrepareConfig(folder=tmp_path / "artists", out=tmp_path / "data", test_share=1, workers=1)
    unreadable.add(paths[0].read_bytes())
    rejected = rejected_of(prepare_collection(config))
    assert len(rejected) == 2
    before = tree(config.out)
    with caplog.at_level("INFO"):
        assert rejected_of(prepare_collection(config)) == rejected
    assert "Files that could not be read: 1; --replace tries them again." in caplog.text
    prepare_collection(replace(config, replace=True))
    assert tree(config.out) == before
    unreadable.clear()
    again = prepare_collection(replace(config, replace=True))
    assert list(rejected_of(again)) == ["b/damaged.jpg"]
    assert len(again.works("test")) == 4


def test_prepare_collection_tries_unreadable_files_again_where_none_was_readable(
    tmp_path: Path, write_artists: WriteArtists, unreadable: set[ImageFile]
) -> None:
    paths = write_artists(tmp_path / "artists", {"a": 2, "b": 2})
    config = PrepareConfig(folder=tmp_path / "artists", out=tmp_path / "data", test_share=1, workers=1)
    unreadable.update(path.read_bytes() for path in paths)
    with pytest.raises(NotEnoughDataError, match="readable image"):
        prepare_collection(config)
    unreadable.clear()
    assert len(prepare_collection(config).works("test")) == 4


@pytest.mark.parametrize(
    ("reason", "passes"),
    [
        ("cannot be read (Permission denied)", True),
        ("needs more memory than there is", True),
        ("took longer than 120 s to decode", True),
        ("crashed the decoder", True),
        (str(extras._missing("a JPEG XL image", "jxl")), True),
        ("cannot be read from the archive (Bad CRC-32)", False),
        ("truncated (the last scans are missing)", False),
        ("no artist in the catalogue", False),
    ],
)
def test_may_pass_tells_faults_of_the_machine_from_those_of_files(reason: str, passes: bool) -> None:
    assert may_pass(reason) == passes


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
