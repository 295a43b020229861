"""Larger pictures in an index: built, added, removed, and settled by how a collection was prepared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from large_pictures import PICTURE_SIZE, build, long_side, paint_large

from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import InvalidValueError
from painter_search.index.config import BuildIndexConfig
from painter_search.index.manifest import MANIFEST, PICTURES, THUMBNAILS, WORKS
from painter_search.index.painting_index import PaintingIndex, add_paintings, remove_works


def sizes(index: PaintingIndex) -> list[int]:
    """The longer side of each work's larger picture; 0 where there is none."""
    pictures = [index.works.picture(int(id)) for id in index.artists.ids]
    return sorted(0 if picture is None else long_side(picture) for picture in pictures)


@pytest.fixture
def changeable(large_index: PaintingIndex, tmp_path: Path) -> Path:
    """A folder of indexes whose current one is a copy of the index with larger pictures."""
    shutil.copytree(large_index.folder, tmp_path / "index" / large_index.digest)
    (tmp_path / "index" / "CURRENT").write_text(f"{large_index.digest}\n", encoding="utf-8")
    return tmp_path / "index"


@pytest.mark.slow
def test_larger_pictures_change_nothing_else_of_an_index(
    large_index: PaintingIndex, large_folder: Path, large_encoder: str, tmp_path: Path
) -> None:
    assert sizes(large_index) == [300, 700, 700, 700, 700]
    assert max(long_side(large_index.works.thumbnail(id)) for id in (1, 2, 3, 4, 5)) == 512
    plain = build(tmp_path / "index", large_folder, large_encoder)
    assert sizes(plain) == [0] * 5
    names = set(plain.manifest.files)
    assert set(large_index.manifest.files) == names | {PICTURES}
    for name in names:
        assert (plain.folder / name).read_bytes() == (large_index.folder / name).read_bytes(), name
    stored = json.loads((plain.folder / MANIFEST).read_text())
    assert "picture_size" not in stored
    assert json.loads((large_index.folder / MANIFEST).read_text())["picture_size"] == PICTURE_SIZE


def test_added_paintings_have_pictures_of_the_size_of_the_index(changeable: Path, tmp_path: Path) -> None:
    paint_large(52, 0).save(tmp_path / "new.jpg", quality=90)
    update = add_paintings(changeable, tmp_path / "new.jpg", "Cy")
    assert long_side(update.index.works.picture(update.added[0].id)) == PICTURE_SIZE
    assert sizes(update.index) == [300, 700, 700, 700, 700, 700]
    left = remove_works(changeable, "Bob").index
    assert sizes(left) == [700, 700, 700]
    assert (left.folder / PICTURES).stat().st_size < (update.index.folder / PICTURES).stat().st_size


def test_added_collection_keeps_the_pictures_that_it_has(
    changeable: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scans" / "Dee").mkdir(parents=True)
    paint_large(53, 0).save(tmp_path / "scans" / "Dee" / "53.jpg", quality=90)
    collections = [
        prepare_collection(
            PrepareConfig(
                folder=tmp_path / "scans", out=tmp_path / f"{size}", test_share=1, workers=1, picture_size=size
            )
        )
        for size in (512, 800)
    ]
    capsys.readouterr()
    update = add_paintings(changeable, collections[0].folder)
    assert "was prepared with --picture-size 512, the index is built with 700" in capsys.readouterr().err
    assert update.index.works.picture(update.added[0].id) is None
    remove_works(changeable, "Dee")
    update = add_paintings(changeable, collections[1].folder)
    assert "--picture-size" not in capsys.readouterr().err
    assert long_side(update.index.works.picture(update.added[0].id)) == PICTURE_SIZE


def test_index_of_a_collection_has_its_pictures_and_refuses_larger_ones(
    large_folder: Path, large_encoder: str, tmp_path: Path
) -> None:
    prepare_collection(
        PrepareConfig(folder=large_folder, out=tmp_path / "data", test_share=1, workers=1, picture_size=800)
    )
    config = BuildIndexConfig(data=(tmp_path / "data",), encoder=large_encoder, index=tmp_path / "index", device="cpu")
    assert sizes(PaintingIndex.build(config)) == [300, 800, 800, 800, 800]
    assert sizes(PaintingIndex.build(config, picture_size=600)) == [300, 600, 600, 600, 600]
    thumbnails_alone = PaintingIndex.build(config, picture_size=512)
    assert PICTURES not in thumbnails_alone.manifest.files
    assert {WORKS, THUMBNAILS} < set(thumbnails_alone.manifest.files)
    with pytest.raises(InvalidValueError, match="data was prepared with picture_size 800, less than 1600; prepare"):
        PaintingIndex.build(config, picture_size=1600)


def test_embeddings_made_elsewhere_have_thumbnails_alone() -> None:
    with pytest.raises(InvalidValueError, match="picture_size applies to folder and data"):
        BuildIndexConfig(embeddings=(Path("works.parquet"),), picture_size=1600)
