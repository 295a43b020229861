"""Vectors in the index's folder and in Milvus give the same answers."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from small_world import paint

from painter_search.errors import UserError
from painter_search.retrieval.adding import add_paintings
from painter_search.retrieval.attribution import Attribution, attribute
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.manifest import MANIFEST, digest_manifest
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.removing import remove_works
from painter_search.retrieval.settings import IndexConfig
from painter_search.retrieval.triplet_score import score_triplets

STORES = ("folder", "milvus")


@pytest.fixture(params=STORES)
def config(request: pytest.FixtureRequest, small_index_config: IndexConfig, tmp_path: Path) -> IndexConfig:
    """How to index the small collection with its vectors here or there."""
    config = replace(small_index_config, split="all", index=tmp_path / "index")
    if request.param == "folder":
        return config
    pytest.importorskip("pymilvus")
    pytest.importorskip("milvus_lite")
    return replace(config, vectors_in=str(tmp_path / "vectors.db"))


@pytest.fixture(scope="module")
def expected(small_index_config: IndexConfig, tmp_path_factory: pytest.TempPathFactory) -> PaintingIndex:
    """The index that the others are held against."""
    return PaintingIndex.build(replace(small_index_config, split="all", index=tmp_path_factory.mktemp("expected")))


def assert_same_answer(index: PaintingIndex, expected: PaintingIndex, painting: Path) -> None:
    answer, plain = (attribute(one, [painting], top=20, works=5)[0] for one in (index, expected))
    assert isinstance(answer, Attribution)
    assert isinstance(plain, Attribution)
    assert [one.id for one in answer.same_works] == [one.id for one in plain.same_works]
    for match, other in zip(answer.artists, plain.artists, strict=True):
        assert (match.artist, match.works_in_index) == (other.artist, other.works_in_index)
        assert match.distance == pytest.approx(other.distance, rel=1e-3)
        assert [one.id for one in match.works] == [one.id for one in other.works]


def test_query_filter_score_and_vectors_are_the_same(
    config: IndexConfig, expected: PaintingIndex, painted_originals: Path, small_collection: Path
) -> None:
    index = PaintingIndex.build(config)
    ids = index.artists[0]
    np.testing.assert_array_equal(index.vectors(ids[::-1]), expected.vectors(ids[::-1]))
    assert len(index) == len(expected) == 48
    np.testing.assert_array_equal(index.search(index.vectors(ids), 3)[1], expected.search(index.vectors(ids), 3)[1])
    for filter in (None, WorkFilter("title <> 'No. 2'", ("Painter 9",))):
        assert_same_answer(index.filtered(filter), expected.filtered(filter), painted_originals / "3-1.jpg")
    triplets = small_collection / "test_triplets_with_labels.csv"
    score, plain = (asdict(score_triplets(one, triplets)) for one in (index, expected))
    assert {**score, "index": ""} == {**plain, "index": ""}


def test_works_are_added_and_removed_and_the_version_before_stays(
    config: IndexConfig, expected: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    before = PaintingIndex.build(config)
    (tmp_path / "new").mkdir()
    for work in range(3):
        paint(30, work).save(tmp_path / "new" / f"{work}.jpg", quality=92)
    added = add_paintings(config.index, tmp_path / "new", "New Hand").index
    assert len(added) == 51
    assert added.search(added.vectors([50]), 1)[1].tolist() == [[50]]
    removed = remove_works(config.index, ["New Hand", "7"]).index
    assert len(removed) == 47
    assert not {7, 49, 50, 51} & set(removed.search(before.vectors([7]), 51)[1].ravel().tolist())
    for index in (before, PaintingIndex.load(before.folder)):
        assert len(index) == 48
        assert_same_answer(index, expected, painted_originals / "3-1.jpg")


@pytest.fixture
def in_milvus(small_index_config: IndexConfig, tmp_path: Path) -> PaintingIndex:
    """An index whose vectors are in a file of Milvus's."""
    pytest.importorskip("pymilvus")
    pytest.importorskip("milvus_lite")
    where = str(tmp_path / "vectors.db")
    return PaintingIndex.build(replace(small_index_config, index=tmp_path / "index", vectors_in=where))


def test_a_file_of_vectors_that_is_gone_is_named(in_milvus: PaintingIndex, tmp_path: Path) -> None:
    (tmp_path / "vectors.db").rename(tmp_path / "moved.db")
    with pytest.raises(UserError, match=r"vectors\.db, which holds this index's vectors, is gone"):
        PaintingIndex.load(in_milvus.folder)
    (tmp_path / "moved.db").rename(tmp_path / "vectors.db")
    assert len(PaintingIndex.load(in_milvus.folder)) == len(in_milvus)


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("made_by", "0" * 64, "is of another encoder"),
        ("collection", "painter_search_none", "has no collection painter_search_none"),
        ("uri", "http://127.0.0.1:9", r"Milvus at http://127\.0\.0\.1:9 cannot be used"),
    ],
)
def test_other_vectors_than_the_manifest_means_are_refused(
    in_milvus: PaintingIndex, tmp_path: Path, key: str, value: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("painter_search.retrieval.milvus.PATIENCE", 1.0)
    copy = Path(shutil.copytree(in_milvus.folder, tmp_path / "copy"))
    manifest = json.loads((copy / MANIFEST).read_text(encoding="utf-8"))
    manifest["search"][key] = value
    manifest["digest"] = digest_manifest(manifest)
    (copy / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(UserError, match=complaint):
        PaintingIndex.load(copy)


def test_what_is_no_address_is_refused(small_index_config: IndexConfig, tmp_path: Path) -> None:
    pytest.importorskip("pymilvus")
    with pytest.raises(UserError, match="is no address of Milvus"):
        PaintingIndex.build(replace(small_index_config, index=tmp_path / "index", vectors_in="vectors"))
    assert not (tmp_path / "index" / "CURRENT").exists()
