import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from changed_index import check_consistent

from painter_search.common.errors import (
    InvalidValueError,
    NotEnoughDataError,
    PainterSearchError,
    UnknownWorkError,
)
from painter_search.common.files.atomic_io import locked
from painter_search.index.config import BuildIndexConfig, RemoveConfig, WorkFilter
from painter_search.index.manifest import MANIFEST, WORKS, digest_manifest
from painter_search.index.painting_index import PaintingIndex, add_paintings, remove_works
from painter_search.index.vector_store import faiss_plan


@pytest.mark.parametrize(
    ("works", "removed"),
    [
        ("12", [12]),
        (12, [12]),
        (np.int64(12), [12]),
        ("#12", [12]),
        (["1", 2], [1, 2]),
        (np.array([1, 2]), [1, 2]),
        (pd.Series([1.0, 2.0]), [1, 2]),
        (2.0, [2]),
        (("Painter 9", 9), "Painter 9 and 9"),
        ("Painter 9", "Painter 9"),
    ],
    ids=str,
)
def test_remove_works_takes_one_or_several_ids_and_artists(home: Path, works: Any, removed: list[int] | str) -> None:
    if isinstance(removed, str):
        by_artist = PaintingIndex.load(home).works.ids_by_artist("Painter 9").tolist()
        removed = sorted({*by_artist, 9}) if removed.endswith("and 9") else by_artist
    update = remove_works(home, works)
    assert [entry.id for entry in update.removed] == removed
    assert len(update.index) == 16 - len(removed)


def test_add_and_remove_methods_return_the_new_index(home: Path, paintings: Path) -> None:
    index = PaintingIndex.load(home)
    added = index.add(paintings, artist="New Hand").index
    assert (len(index), len(added)) == (16, 19)
    removed = added.remove([17, 18]).index
    assert len(removed) == 17
    assert PaintingIndex.load(home).digest == removed.digest
    with pytest.raises(InvalidValueError, match="no longer the current index"):
        index.remove(1)
    with pytest.raises(InvalidValueError, match="filtered index cannot be changed"):
        removed.filtered(WorkFilter(before=1930)).remove(1)


def test_remove_works_never_gives_their_ids_again(home: Path, paintings: Path) -> None:
    added = add_paintings(home, paintings, "New Hand")
    update = remove_works(home, ["New Hand", "3", "#5"])
    assert [entry.id for entry in update.removed] == [3, 5, 17, 18, 19]
    assert update.removed[2:] == added.added
    check_consistent(update.index)
    assert not {3, 5, 17, 18, 19} & set(update.index.artists.ids.tolist())
    assert "paintings" not in update.index.manifest.collections
    again = add_paintings(home, paintings, "New Hand")
    assert [entry.id for entry in again.added] == [20, 21, 22]
    check_consistent(again.index)


def test_remove_works_refuses_unknown_and_ambiguous_works(home: Path, paintings: Path) -> None:
    with pytest.raises(UnknownWorkError, match="no work with the id 99"):
        remove_works(home, ["99"])
    with pytest.raises(UnknownWorkError, match="no work by Painter 88; did you mean Painter 8"):
        remove_works(home, ["Painter 88"])
    with pytest.raises(NotEnoughDataError, match="these are all the 16 works"):
        remove_works(home, [f"Painter {n}" for n in (8, 9, 10, 11)])
    add_paintings(home, paintings, "3")  # there is a painter called 69
    with pytest.raises(InvalidValueError, match="write #3"):
        remove_works(home, ["3"])
    assert [entry.id for entry in remove_works(home, ["#3"]).removed] == [3]
    assert [entry.work.artist for entry in remove_works(home, ["3"]).removed] == ["3"] * 3


def test_updates_keep_unknown_entries_of_the_manifest(home: Path, paintings: Path) -> None:
    folder = PaintingIndex.load(home).folder
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["calibration"] = {"temperature": 2.5}
    del manifest["next_id"]  # an index of before there were changes
    manifest["digest"] = digest_manifest(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    update = add_paintings(home, paintings, "New Hand")
    assert [entry.id for entry in update.added] == [17, 18, 19]
    for index in (update.index, remove_works(home, ["17"]).index):
        assert index.manifest.others == {"calibration": {"temperature": 2.5}}
        assert index.manifest.to_stored()["encoder"] == {**manifest["encoder"], "stages": ()} | {
            key: tuple(value) for key, value in manifest["encoder"].items() if isinstance(value, list)
        }
        assert index.manifest.next_id == 20


def test_updates_keep_an_approximate_index_approximate(
    small_index_config: BuildIndexConfig, small_collection: Path, paintings: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 10)
    home = tmp_path / "index"
    built = PaintingIndex.build(replace(small_index_config, split="all", index=home))
    assert built.manifest.search.name == "approximate"
    added = add_paintings(home, paintings, "New Hand").index
    check_consistent(added)
    removed = remove_works(home, ["Painter 8", "49"]).index
    check_consistent(removed)
    assert len(removed) == 48 + 3 - 4 - 1
    assert removed.manifest.search == built.manifest.search
    ids = removed.artists.ids
    np.testing.assert_array_equal(removed.embeddings(ids[ids <= 48]), built.embeddings(ids[ids <= 48]))


def test_updates_refuse_an_index_that_another_process_writes(home: Path, paintings: Path) -> None:
    with locked(home / ".lock", "busy"):
        for change in (lambda: add_paintings(home, paintings, "A"), lambda: remove_works(home, ["1"])):
            with pytest.raises(PainterSearchError, match="is being written by another process"):
                change()


def test_removing_nothing_is_refused(home: Path) -> None:
    before = PaintingIndex.load(home)
    for remove in (lambda: RemoveConfig(()), lambda: remove_works(home, []), lambda: before.remove([])):
        with pytest.raises(InvalidValueError, match="name the works to remove"):
            remove()
    assert PaintingIndex.load(home).digest == before.digest


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights of files")
def test_updates_link_or_rewrite_files_that_may_only_be_read(home: Path, paintings: Path) -> None:
    for change in (lambda: remove_works(home, 1), lambda: add_paintings(home, paintings, "Somebody")):
        before = PaintingIndex.load(home).folder
        for path in before.iterdir():
            path.chmod(0o444)
        after = change().index.folder
        assert (after / "encoder.onnx").samefile(before / "encoder.onnx")
        assert (after / WORKS).stat().st_mode & 0o200  # which root would not need to write to it


def test_index_in_the_cache_of_urls_is_not_changed(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAINTER_SEARCH_CACHE", str(tmp_path / "cache"))
    shutil.copytree(home, tmp_path / "cache" / "indexes" / "0123")
    with pytest.raises(InvalidValueError, match="fetched from a URL cannot be changed"):
        PaintingIndex.load(tmp_path / "cache" / "indexes" / "0123").remove(1)
