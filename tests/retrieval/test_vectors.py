import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from painter_search.errors import UserError
from painter_search.retrieval import filling, vectors
from painter_search.retrieval.filling import build_vectors, nearest_exactly
from painter_search.retrieval.manifest import VECTORS
from painter_search.retrieval.search_plan import SearchKind, SearchPlan, plan_search, read_bytes
from painter_search.retrieval.vectors import ROWS, VectorSearch, add_vectors, remove_vectors


def clustered(count: int, size: int = 32) -> np.ndarray:
    """Stand-in embeddings: artists as clusters of varied width."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(count // 10, size))
    owner = rng.integers(0, len(centers), count)
    return (centers[owner] + 0.4 * rng.normal(size=(count, size))).astype(np.float32)


def recall_of(search: VectorSearch, stored: np.ndarray) -> float:
    """Share of the ten nearest that a search finds for 200 of the vectors."""
    queries = np.random.default_rng(5).choice(len(stored), 200, replace=False)
    _, found = search.search(stored[queries], 11)
    distances = np.linalg.norm(stored[queries, None] - stored[None], axis=2)
    nearest = np.argsort(distances, axis=1)[:, 1:11] + 1
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(nearest, found[:, 1:], strict=True)]))


@pytest.fixture
def approximate_from_1000(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT_UP_TO", 1000)


def test_few_vectors_are_searched_exactly(tmp_path: Path) -> None:
    stored = clustered(300)
    kind = build_vectors(stored, tmp_path)
    assert kind == SearchKind("exact")
    distances, ids = VectorSearch(tmp_path, kind).search(stored[:20], 5)
    expected = np.sort(np.linalg.norm(stored[:20, None] - stored[None], axis=2), axis=1)[:, :5]
    # Squares, as FAISS adds them up: from the vectors' own squares, about 40, each rounded to a float32.
    np.testing.assert_allclose(distances**2, expected**2, rtol=1e-5, atol=1e-4)
    assert (ids[:, 0] == np.arange(1, 21)).all()


@pytest.mark.parametrize(("memory", "codes"), [("8GB", "flat"), ("0.4MB", "sq8"), ("0.15MB", "pq")])
@pytest.mark.usefixtures("approximate_from_1000")
def test_many_vectors_are_searched_approximately_in_the_memory_given(tmp_path: Path, memory: str, codes: str) -> None:
    stored = clustered(6000)
    kind = build_vectors(stored, tmp_path, memory=memory)
    assert (kind.name, kind.codes) == ("approximate", codes)
    # The file has some 10 KB of a quantiser's tables beside what the plan counts.
    assert (tmp_path / VECTORS).stat().st_size < read_bytes(memory) + 40_000
    search = VectorSearch(tmp_path, kind)
    assert recall_of(search, stored) >= 0.93
    np.testing.assert_array_equal(search.get(np.array([7, 3, 6000])), stored[[6, 2, 5999]])
    distances, ids = search.search(stored[:1], 3, among=np.array([5, 8, 4000]))
    assert set(ids[0]) == {5, 8, 4000}
    np.testing.assert_allclose(distances[0], np.linalg.norm(stored[ids[0] - 1] - stored[0], axis=1), atol=0.05)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.usefixtures("approximate_from_1000")
def test_shards_two_levels_and_groups_of_cells_find_as_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SHARD": 1700, "BLOCK": 400, "TWO_LEVELS_FROM": 10, "GROUPED_FROM": 10}.items():
        monkeypatch.setattr(filling, name, value)
    stored = clustered(6000)
    mapped = np.lib.format.open_memmap(tmp_path / "stored.npy", "w+", np.float32, stored.shape)
    mapped[:] = stored
    kind = build_vectors(mapped, tmp_path)
    search = VectorSearch(tmp_path, kind)
    assert len(search) == 6000
    assert recall_of(search, stored) >= 0.93


@pytest.mark.usefixtures("approximate_from_1000")
def test_an_interrupted_filling_continues_and_a_truncated_shard_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "SHARD", 1000)
    stored = clustered(3000)
    real, written = filling.merge_shards, []

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(filling, "merge_shards", stop)
    with pytest.raises(KeyboardInterrupt):
        build_vectors(stored, tmp_path)
    monkeypatch.setattr(filling, "merge_shards", real)
    first, second, third = sorted(tmp_path.glob(".filling-*-*-*"))
    content = second.read_bytes()
    second.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=rf"{second.name} is no file of vectors that can be read safely"):
        build_vectors(stored, tmp_path)
    second.unlink()
    before = first.stat().st_mtime_ns, third.stat().st_mtime_ns

    def merging(trained: Path, shards: list[Path], target: Path) -> None:
        written.append((first.stat().st_mtime_ns, third.stat().st_mtime_ns))
        real(trained, shards, target)

    monkeypatch.setattr(filling, "merge_shards", merging)
    kind = build_vectors(stored, tmp_path)
    assert written == [before]
    assert len(VectorSearch(tmp_path, kind)) == 3000


@pytest.mark.usefixtures("approximate_from_1000")
def test_an_approximate_index_is_added_to_and_taken_from(tmp_path: Path) -> None:
    stored = clustered(2000)
    kind = build_vectors(stored, tmp_path)
    added, removed = tmp_path / "added", tmp_path / "removed"
    for folder in (added, removed):
        folder.mkdir()
    new = clustered(20)[:2] + 9
    add_vectors(tmp_path, added, kind, new, np.array([2004, 2009]))
    search = VectorSearch(added, kind)
    np.testing.assert_array_equal(search.get(np.array([2009, 1, 2004])), [new[1], stored[0], new[0]])
    assert search.search(new, 1)[1][:, 0].tolist() == [2004, 2009]
    remove_vectors(added, removed, kind, np.array([1, 2004]))
    search = VectorSearch(removed, kind)
    assert len(search) == 2000
    assert not {1, 2004} & set(search.search(np.vstack([new, stored[:1]]), 20)[1].ravel().tolist())
    assert stored[0].tobytes() not in (removed / ROWS).read_bytes()
    assert len(VectorSearch(tmp_path, kind)) == 2000


def test_neighbours_by_blocks_are_those_of_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "BLOCK", 70)
    stored = clustered(500)
    plain = np.argsort(np.linalg.norm(stored[:30, None] - stored[None], axis=2), axis=1)[:, :5]
    np.testing.assert_array_equal(nearest_exactly(stored, stored[:30], 5), plain)


def test_exact_is_kept_where_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT_UP_TO", 100)
    assert build_vectors(clustered(500), tmp_path, exact=True).name == "exact"


def test_stored_vectors_come_back_in_the_order_asked_for(tmp_path: Path) -> None:
    stored = clustered(50)
    search = VectorSearch(tmp_path, build_vectors(stored, tmp_path, exact=True))
    np.testing.assert_array_equal(search.get(np.array([5, 1, 50])), stored[[4, 0, 49]])


@pytest.mark.parametrize(
    ("count", "memory", "expected"),
    [
        (50_000, "8GB", SearchPlan("exact")),
        (100_000, "8GB", SearchPlan("flat", 1264)),
        (1_000_000, "8GB", SearchPlan("sq8", 4000)),
        (10_000_000, "8GB", SearchPlan("sq8", 40000)),
        (10_000_000, "1GB", SearchPlan("pq", 40000)),
        (100_000_000, "32GB", SearchPlan("sq8", 65536)),
    ],
)
def test_the_search_is_chosen_by_size_and_memory(count: int, memory: str, expected: SearchPlan) -> None:
    assert plan_search(count, 256, read_bytes(memory)) == expected


def test_too_little_memory_is_refused_with_what_is_needed() -> None:
    with pytest.raises(UserError, match=r"needs 7\.3 GB of memory and --memory is 1\.0 GB"):
        plan_search(100_000_000, 256, 10**9)
    with pytest.raises(UserError, match="exact search of 1,000,000 works"):
        plan_search(1_000_000, 256, 10**9, exact=True)


@pytest.mark.parametrize("amount", ["", "8", "GB", "-1GB", "0GB", "8 gib", "8GB or so"])
def test_memory_is_written_with_a_unit(amount: str) -> None:
    with pytest.raises(UserError, match="write it as 8GB"):
        read_bytes(amount)


def test_a_search_works_after_faiss_was_told_to_take_tensors(tmp_path: Path) -> None:
    code = (
        "import sys, faiss, numpy as np\n"
        "import pytorch_metric_learning.utils.inference\n"
        "from pathlib import Path\n"
        "from painter_search.retrieval.filling import build_vectors\n"
        "from painter_search.retrieval.vectors import VectorSearch\n"
        "vectors, folder = np.eye(8, dtype=np.float32), Path(sys.argv[1])\n"
        "search = VectorSearch(folder, build_vectors(vectors, folder))\n"
        "print(search.search(vectors[:1], 1)[1][0, 0], search.search(vectors[:1], 1, np.array([3, 5]))[1][0, 0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == ["1", "3"], done.stderr


@pytest.mark.usefixtures("approximate_from_1000")
def test_merged_shards_are_the_very_file_that_one_shard_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = clustered(3000)
    files = []
    for shard in (1000, 3000):
        monkeypatch.setattr(filling, "SHARD", shard)
        folder = tmp_path / str(shard)
        folder.mkdir()
        build_vectors(stored, folder)
        files.append((folder / VECTORS).read_bytes())
    assert files[0] == files[1]


def test_every_vector_comes_into_its_nearest_cell_where_all_groups_are_looked_into(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = clustered(3000)
    index = filling.train(stored, SearchPlan("flat", 64))
    centres = index.quantizer.reconstruct_n(0, 64)
    nearest = np.linalg.norm(stored[:, None] - centres[None], axis=2).argmin(axis=1)
    cells = filling._Cells(index)
    monkeypatch.setattr(filling, "GROUPS", 8)  # as many as there are
    assert (cells.nearest(stored) == nearest).mean() > 0.999  # ties within rounding may fall either way
    monkeypatch.setattr(filling, "GROUPS", 2)
    assert 0.7 < (cells.nearest(stored) == nearest).mean() < 1
