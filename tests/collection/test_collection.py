"""A prepared collection as Python users see it: opened, as a table, and in Jupyter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from painter_search.collection.collection import Collection
from painter_search.common.errors import BusyError, DamagedFileError, NotFoundError


@pytest.fixture
def collection(small_collection: Path) -> Collection:
    return Collection.open(small_collection)


def test_collection_open_accepts_path_as_text(collection: Collection) -> None:
    assert Collection.open(str(collection.folder)) == collection


def test_collection_open_takes_a_path_in_the_home_folder(user_home: Path) -> None:
    with pytest.raises(NotFoundError) as refused:
        Collection.open("~/missing")
    assert str(user_home / "missing") in str(refused.value)


def test_collection_open_refuses_missing_and_damaged_folders(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no prepared collection"):
        Collection.open(tmp_path)
    (tmp_path / "prepare.json").write_text("{")
    with pytest.raises(DamagedFileError, match="cannot be read"):
        Collection.open(tmp_path)
    (tmp_path / "prepare.json").write_text('{"format": 0}')
    with pytest.raises(DamagedFileError, match="prepare it again from its originals") as refusal:
        Collection.open(tmp_path)
    assert "python -m" not in str(refusal.value)  # without its flags, the command would put the sample in its place
    (tmp_path / "prepare.json").write_text('{"format": 1, "name": "a", "framing": "square", "inputs_digest": ""}')
    with pytest.raises(DamagedFileError, match="lacks the name, the framing"):
        Collection.open(tmp_path)


def test_collection_confirm_notices_new_preparation(collection: Collection) -> None:
    collection.confirm()
    with pytest.raises(BusyError, match="was prepared anew"):
        replace(collection, summary={**collection.summary, "inputs_digest": "another"}).confirm()


@pytest.mark.parametrize("split", ["train", "test", "all"])
def test_collection_to_frame_has_a_row_per_work(split: str, collection: Collection) -> None:
    works = collection.works(split)  # type: ignore[arg-type]
    table = collection.to_frame(split)  # type: ignore[arg-type]
    assert list(table.columns) == ["collection", "file", "artist", "title", "date", "style", "genre"]
    assert list(table["file"]) == [work.file for work in works]
    assert list(table["artist"]) == [work.artist for work in works]
    assert all(isinstance(value, str) for value in table.to_numpy().ravel())


def test_collection_to_frame_of_empty_split_has_columns(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Collection, "works", lambda self, split: [])
    assert collection.to_frame("train").shape == (0, 7)


def test_collection_repr_html_shows_counts_and_escapes_text(collection: Collection) -> None:
    html = collection._repr_html_()
    assert "Collection small (whole)" in html
    assert "<tr><td>catalogue</td><td>48</td><td>12</td></tr>" in html
    assert "<script>" not in replace(collection, name="<script>")._repr_html_()
    assert replace(collection, summary={})._repr_html_().count("<tr>") == 1
