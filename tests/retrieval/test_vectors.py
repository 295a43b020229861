import subprocess
import sys
from pathlib import Path

import faiss
import numpy as np
import pytest

from painter_search.retrieval import vectors as module
from painter_search.retrieval.vectors import SearchKind, VectorSearch, build_vectors


def clustered(count: int, size: int = 32) -> np.ndarray:
    """Stand-in embeddings: artists as clusters of varied width."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(count // 10, size))
    owner = rng.integers(0, len(centers), count)
    return (centers[owner] + 0.4 * rng.normal(size=(count, size))).astype(np.float32)


def reopened(index, kind: SearchKind, folder: Path) -> VectorSearch:
    faiss.write_index(index, str(folder / "vectors"))
    return VectorSearch(folder / "vectors", kind)


def test_few_vectors_are_searched_exactly(tmp_path: Path) -> None:
    vectors = clustered(300)
    index, kind = build_vectors(vectors, exact=False)
    assert kind == SearchKind("exact")
    distances, ids = reopened(index, kind, tmp_path).search(vectors[:20], 5)
    expected = np.sort(np.linalg.norm(vectors[:20, None] - vectors[None], axis=2), axis=1)[:, :5]
    np.testing.assert_allclose(distances, expected, atol=1e-3)
    assert (ids[:, 0] == np.arange(1, 21)).all()


def test_many_vectors_are_searched_approximately_and_95_of_100_neighbours_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", 1000)
    vectors = clustered(6000)
    index, kind = build_vectors(vectors, exact=False)
    assert kind.name == "approximate"
    search = reopened(index, kind, tmp_path)
    queries = np.random.default_rng(5).choice(6000, 200, replace=False)
    _, found = search.search(vectors[queries], 11)
    distances = np.linalg.norm(vectors[queries, None] - vectors[None], axis=2)
    nearest = np.argsort(distances, axis=1)[:, 1:11] + 1
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(nearest, found[:, 1:], strict=True)])
    assert recall >= 0.95
    np.testing.assert_array_equal(search.get(np.array([7, 3, 6000])), vectors[[6, 2, 5999]])


def test_exact_is_kept_where_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", 100)
    assert build_vectors(clustered(500), exact=True)[1].name == "exact"


def test_stored_vectors_come_back_in_the_order_asked_for(tmp_path: Path) -> None:
    vectors = clustered(50)
    search = reopened(*build_vectors(vectors, exact=True), tmp_path)
    np.testing.assert_array_equal(search.get(np.array([5, 1, 50])), vectors[[4, 0, 49]])


def test_a_search_works_after_faiss_was_told_to_take_tensors(tmp_path: Path) -> None:
    code = (
        "import sys, faiss, numpy as np\n"
        "import pytorch_metric_learning.utils.inference\n"
        "from pathlib import Path\n"
        "from painter_search.retrieval.vectors import VectorSearch, build_vectors\n"
        "vectors = np.eye(8, dtype=np.float32)\n"
        "index, kind = build_vectors(vectors, True)\n"
        "faiss.write_index(index, sys.argv[1])\n"
        "search = VectorSearch(Path(sys.argv[1]), kind)\n"
        "print(search.search(vectors[:1], 1)[1][0, 0], search.search(vectors[:1], 1, np.array([3, 5]))[1][0, 0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "v.faiss")], capture_output=True, text=True, timeout=300
    )
    assert done.stdout.split() == ["1", "3"], done.stderr
