"""FAISS and Milvus give the same answers, and find what a plain loop finds."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from small_world import paint

from painter_search.analysis.evaluate import score_triplets
from painter_search.attribution.answers import Attribution
from painter_search.attribution.attribute import attribute
from painter_search.collection.work import Work
from painter_search.index.config import BuildIndexConfig, WorkFilter
from painter_search.index.painting_index import PaintingIndex


@pytest.fixture(params=["faiss", pytest.param("milvus", marks=[pytest.mark.slow, pytest.mark.long])])
def config(request: pytest.FixtureRequest, small_index_config: BuildIndexConfig, tmp_path: Path) -> BuildIndexConfig:
    """Settings that index the small collection in one of the stores."""
    config = replace(small_index_config, split="all", index=tmp_path / "index")
    if request.param == "faiss":
        return config
    pytest.importorskip("pymilvus")
    pytest.importorskip("milvus_lite")
    return replace(config, vector_store=str(tmp_path / "vectors.db"))


@pytest.fixture(scope="module")
def expected(small_index_config: BuildIndexConfig, tmp_path_factory: pytest.TempPathFactory) -> PaintingIndex:
    """The index that the others are compared with."""
    return PaintingIndex.build(small_index_config, split="all", index=tmp_path_factory.mktemp("expected"))


def assert_same_answer(index: PaintingIndex, expected: PaintingIndex, painting: Path) -> None:
    answer, plain = (attribute(one, [painting], top_k=20, works_per_artist=5)[0] for one in (index, expected))
    assert isinstance(answer, Attribution)
    assert isinstance(plain, Attribution)
    assert [one.id for one in answer.same_works] == [one.id for one in plain.same_works]
    for match, other in zip(answer.artists, plain.artists, strict=True):
        assert (match.artist, match.works_in_index) == (other.artist, other.works_in_index)
        assert match.distance == pytest.approx(other.distance, rel=1e-3)
        assert [one.id for one in match.works] == [one.id for one in other.works]


@pytest.mark.parametrize(
    ("filter", "keeps"),
    [
        (None, lambda work: True),
        (
            WorkFilter("title <> 'No. 2'", "Painter 9"),
            lambda work: work.title != "No. 2" and work.artist != "Painter 9",
        ),
    ],
    ids=["all", "filtered"],
)
def test_search_equals_loop(config: BuildIndexConfig, filter: WorkFilter | None, keeps: Callable[[Work], bool]) -> None:
    index = PaintingIndex.build(config)
    ids = index.artists.ids.tolist()
    embeddings = dict(zip(ids, index.embeddings(ids), strict=True))
    kept = [id for id, work in zip(ids, index.works.get(ids), strict=True) if keeps(work)]
    queries = np.stack(list(embeddings.values()))[::5]
    for query, distances, found in zip(queries, *index.filtered(filter).search(queries, 4), strict=True):
        nearest = sorted((float(np.linalg.norm(query - embeddings[id])), id) for id in kept)[:4]
        assert found.tolist() == [id for _, id in nearest]
        np.testing.assert_allclose(distances, [distance for distance, _ in nearest], rtol=1e-3, atol=2e-4)


def test_attribution_filters_scores_and_embeddings_are_the_same(
    config: BuildIndexConfig, expected: PaintingIndex, painted_originals: Path, small_collection: Path
) -> None:
    index = PaintingIndex.build(config)
    ids = index.artists.ids
    embeddings = index.embeddings(ids)
    np.testing.assert_array_equal(index.embeddings(ids[::-1]), expected.embeddings(ids[::-1]))
    assert len(index) == len(expected) == 48
    assert index.store.dim == expected.store.dim == 256
    np.testing.assert_array_equal(index.search(embeddings, 3)[1], expected.search(embeddings, 3)[1])
    for filter in (None, WorkFilter("title <> 'No. 2'", "Painter 9")):
        assert_same_answer(index.filtered(filter), expected.filtered(filter), painted_originals / "3-1.jpg")
    triplets = small_collection / "test_triplets_with_labels.csv"
    score, plain = (asdict(score_triplets(one, triplets)) for one in (index, expected))
    assert {**score, "index": ""} == {**plain, "index": ""}


def test_add_and_remove_write_new_versions_and_leave_the_one_before(
    config: BuildIndexConfig, expected: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    before = PaintingIndex.build(config)
    (tmp_path / "new").mkdir()
    for work in range(3):
        paint(30, work).save(tmp_path / "new" / f"{work}.jpg", quality=92)
    added = before.add(tmp_path / "new", "New Hand").index
    assert len(added) == 51
    assert added.search(added.embeddings([50]), 1)[1].tolist() == [[50]]
    removed = added.remove(["New Hand", 7]).index
    assert len(removed) == 47
    assert not {7, 49, 50, 51} & set(removed.search(before.embeddings([7]), 51)[1].ravel().tolist())
    for index in (before, PaintingIndex.load(before.folder)):
        assert len(index) == 48
        assert_same_answer(index, expected, painted_originals / "3-1.jpg")
