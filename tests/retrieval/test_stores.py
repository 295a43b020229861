"""Vectors in the index's folder and in Milvus give the same answers."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from small_world import paint

from painter_search.retrieval.adding import add_paintings
from painter_search.retrieval.attribution import Attribution, attribute
from painter_search.retrieval.filters import WorkFilter
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
