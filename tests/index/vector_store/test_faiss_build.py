import subprocess
import sys
from functools import partial
from pathlib import Path

import faiss
import numpy as np
import pytest

from painter_search.common.errors import DamagedFileError
from painter_search.index.vector_store import faiss_build, faiss_plan
from painter_search.index.vector_store.base import VECTORS, SearchSettings, Vectors
from painter_search.index.vector_store.faiss_build import (
    GroupedCells,
    build_faiss,
    exact_neighbours,
    fill_shards,
    merge_shards,
    train,
)
from painter_search.index.vector_store.faiss_file import write_faiss_file
from painter_search.index.vector_store.faiss_plan import SearchPlan, parse_memory
from painter_search.index.vector_store.faiss_store import FaissStore

build = partial(build_faiss, exact=False, memory="8GB", recall=0.95)


@pytest.fixture(scope="module")
def clustered() -> Vectors:
    """6,000 stand-in embeddings of 32 dimensions: artists as clusters."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(600, 32))
    artists = rng.integers(0, len(centers), 6000)
    return (centers[artists] + 0.4 * rng.normal(size=(6000, 32))).astype(np.float32)


def recall_at_10(store: FaissStore, vectors: Vectors) -> float:
    """Share of the ten nearest that a search finds for 200 of the vectors."""
    queries = np.random.default_rng(5).choice(len(vectors), 200, replace=False)
    _, found = store.search(vectors[queries], 11)
    distances = np.linalg.norm(vectors[queries, None] - vectors[None], axis=2)
    nearest = np.argsort(distances, axis=1)[:, 1:11] + 1
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(nearest, found[:, 1:], strict=True)]))


def test_build_faiss_searches_few_vectors_exactly(clustered: Vectors, tmp_path: Path) -> None:
    vectors = clustered[:300]
    settings = build(vectors, tmp_path)
    assert settings == SearchSettings("exact")
    distances, ids = FaissStore(tmp_path, settings).search(vectors[:20], 5)
    expected = np.sort(np.linalg.norm(vectors[:20, None] - vectors[None], axis=2), axis=1)[:, :5]
    # Squared, as FAISS adds them up: from the vectors' own squares, about 40, each rounded to a float32.
    np.testing.assert_allclose(distances**2, expected**2, rtol=1e-5, atol=1e-4)
    assert (ids[:, 0] == np.arange(1, 21)).all()


def test_build_faiss_is_exact_at_any_size_if_asked(
    clustered: Vectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 100)
    assert build(clustered[:500], tmp_path, exact=True).name == "exact"


@pytest.mark.parametrize(
    ("memory", "codes"), [("8GB", "flat"), ("0.4MB", "sq8"), pytest.param("0.15MB", "pq", marks=pytest.mark.slow)]
)
def test_build_faiss_chooses_codes_that_fit_into_memory(
    clustered: Vectors, tmp_path: Path, memory: str, codes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 1000)
    settings = build(clustered, tmp_path, memory=memory)
    assert (settings.name, settings.codes) == ("approximate", codes)
    # The file also has some 10 KB of a quantiser's tables, which the plan does not count.
    assert (tmp_path / VECTORS).stat().st_size < parse_memory(memory) + 40_000
    store = FaissStore(tmp_path, settings)
    assert (len(store), store.dim, store.ids) == (6000, 32, None)
    assert recall_at_10(store, clustered) >= 0.93
    np.testing.assert_array_equal(store.get(np.array([7, 3, 6000])), clustered[[6, 2, 5999]])
    distances, ids = store.search(clustered[:1], 3, among=np.array([5, 8, 4000]))
    assert set(ids[0]) == {5, 8, 4000}
    np.testing.assert_allclose(distances[0], np.linalg.norm(clustered[ids[0] - 1] - clustered[0], axis=1), atol=0.05)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_build_faiss_reaches_its_recall_with_shards_two_levels_and_grouped_cells(
    clustered: Vectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 1000)
    for name, value in (("BLOCK", 400), ("SHARD_SIZE", 1700), ("MANY_CELLS", 10)):
        monkeypatch.setattr(faiss_build, name, value)
    mapped = np.lib.format.open_memmap(tmp_path / "vectors.npy", "w+", np.float32, clustered.shape)
    mapped[:] = clustered
    settings = build(mapped, tmp_path)
    assert settings.nlist > 10
    store = FaissStore(tmp_path, settings)
    assert len(store) == 6000
    assert recall_at_10(store, clustered) >= 0.93


@pytest.mark.parametrize("codes", ["flat", "sq8", pytest.param("pq", marks=pytest.mark.slow)])
def test_train_gives_the_bytes_of_an_index_assembled_by_hand(clustered: Vectors, tmp_path: Path, codes: str) -> None:
    clusters = faiss.Kmeans(32, 16, niter=10, seed=1234, min_points_per_centroid=1)
    clusters.train(clustered)
    quantizer = faiss.IndexFlatL2(32)
    quantizer.add(clusters.centroids)
    if codes == "flat":
        by_hand = faiss.IndexIVFFlat(quantizer, 32, 16)
    elif codes == "sq8":
        bits = faiss.ScalarQuantizer.QT_8bit
        by_hand = faiss.IndexIVFScalarQuantizer(quantizer, 32, 16, bits, faiss.METRIC_L2, False)
    else:
        by_hand = faiss.IndexIVFPQ(quantizer, 32, 16, 8, 8)
    by_hand.train(clustered)
    for name, index in (("by hand", by_hand), ("factory", train(clustered, SearchPlan(codes, 16)))):
        write_faiss_file(index, tmp_path / name)
    assert (tmp_path / "by hand").read_bytes() == (tmp_path / "factory").read_bytes()


def test_build_faiss_continues_an_interrupted_build_and_names_a_truncated_shard(
    clustered: Vectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 1000)
    monkeypatch.setattr(faiss_build, "SHARD_SIZE", 1000)
    vectors = clustered[:3000]

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(faiss_build, "merge_shards", interrupt)
        with pytest.raises(KeyboardInterrupt):
            build(vectors, tmp_path)
    first, second, third = sorted(tmp_path.glob(".filling-*-*-*"))
    content = second.read_bytes()
    second.write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedFileError, match=rf"{second.name} is not a file of vectors that can be read safely"):
        build(vectors, tmp_path)
    second.unlink()
    before, when_merged = (first.stat().st_mtime_ns, third.stat().st_mtime_ns), []

    def merge(trained: Path, shards: list[Path], target: Path) -> None:
        when_merged.append((first.stat().st_mtime_ns, third.stat().st_mtime_ns))
        merge_shards(trained, shards, target)

    monkeypatch.setattr(faiss_build, "merge_shards", merge)
    settings = build(vectors, tmp_path)
    assert when_merged == [before]
    assert recall_at_10(FaissStore(tmp_path, settings), vectors) >= 0.93


@pytest.mark.parametrize("codes", ["flat", "sq8", "pq"])
def test_merge_shards_writes_the_bytes_of_a_single_shard(
    clustered: Vectors, tmp_path: Path, codes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = clustered[:3000]
    trained = tmp_path / "trained"
    write_faiss_file(train(vectors, SearchPlan(codes, 16)), trained)
    for name, shard_size in (("merged", 1000), ("single", 3000)):
        monkeypatch.setattr(faiss_build, "SHARD_SIZE", shard_size)
        shards = fill_shards(vectors, trained)
        merge_shards(trained, shards, tmp_path / name)
        for shard in shards:
            shard.unlink(missing_ok=True)
    assert (tmp_path / "merged").read_bytes() == (tmp_path / "single").read_bytes()


def test_grouped_cells_find_the_nearest_cell_if_all_groups_are_probed(
    clustered: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = clustered[:3000]
    index = train(vectors, SearchPlan("flat", 64))
    centroids = index.quantizer.reconstruct_n(0, 64, np.empty((64, 32), np.float32))
    nearest = np.linalg.norm(vectors[:, None] - centroids[None], axis=2).argmin(axis=1)
    cells = GroupedCells(index)
    monkeypatch.setattr(faiss_build, "GROUPS_PROBED", 8)
    assert (cells.nearest(vectors) == nearest).mean() > 0.999  # ties within rounding go either way
    monkeypatch.setattr(faiss_build, "GROUPS_PROBED", 2)
    assert 0.7 < (cells.nearest(vectors) == nearest).mean() < 1


@pytest.mark.parametrize("block", [3, 70, 500, 1000])
def test_exact_neighbours_equal_a_plain_loop(clustered: Vectors, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_build, "BLOCK", block)
    vectors = clustered[:500]
    plain = np.argsort(np.linalg.norm(vectors[:30, None] - vectors[None], axis=2), axis=1)[:, :5]
    np.testing.assert_array_equal(exact_neighbours(vectors, vectors[:30], 5), plain)


@pytest.mark.slow
def test_build_and_search_work_with_faiss_torch_utils_imported(tmp_path: Path) -> None:
    code = """
import sys, faiss, numpy as np
import pytorch_metric_learning.utils.inference
from pathlib import Path
from painter_search.index.vector_store import faiss_build, faiss_plan
from painter_search.index.vector_store.faiss_store import FaissStore
assert hasattr(faiss, "knn_numpy")
faiss_plan.EXACT_UP_TO, faiss_build.MANY_CELLS = 100, 10
rng, folder = np.random.default_rng(0), Path(sys.argv[1])
mapped = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (2000, 8))
mapped[:] = rng.normal(size=mapped.shape)
for exact in (True, False):
    store = FaissStore(folder, faiss_build.build_faiss(mapped, folder, exact, "8GB", 0.95))
    print(store.search(mapped[:1], 1)[1][0, 0], store.search(mapped[2:3], 1, np.array([3, 5]))[1][0, 0])
    print((store.get(np.array([7])) == mapped[6]).all())
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == ["1", "3", "True"] * 2, done.stderr
