import multiprocessing
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import faiss
import numpy as np
import pytest

from painter_search.common.errors import DamagedFileError, UnknownWorkError
from painter_search.index.vector_store import faiss_plan, faiss_store
from painter_search.index.vector_store.base import EMBEDDINGS, VectorStore
from painter_search.index.vector_store.faiss_build import build_faiss
from painter_search.index.vector_store.faiss_file import write_faiss_file
from painter_search.index.vector_store.faiss_store import FaissStore

NEW_IDS = np.array([2004, 2009])
build = partial(build_faiss, exact=False, memory="8GB", recall=0.95)


@pytest.mark.parametrize("approximate", [False, True])
def test_write_with_and_write_without_make_versions_and_leave_the_one_before(
    tmp_path: Path, approximate: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 1000 if approximate else 2000)
    rng = np.random.default_rng(0)
    vectors, new = rng.normal(size=(2000, 16)).astype("f4"), rng.normal(size=(2, 16)).astype("f4")
    folders = [tmp_path / name for name in ("built", "added", "removed")]
    for folder in folders:
        folder.mkdir()
    settings = build(vectors, folders[0])
    assert settings.name == ("approximate" if approximate else "exact")
    built: VectorStore = FaissStore(folders[0], settings)
    stored_ids = np.arange(1, 2001)
    assert built.write_with(folders[1], new, NEW_IDS, stored_ids) == settings
    added = FaissStore(folders[1], settings)
    assert len(added) == 2002
    np.testing.assert_array_equal(added.get(np.array([2009, 1, 2004])), [new[1], vectors[0], new[0]])
    assert added.search(new, 1)[1][:, 0].tolist() == [2004, 2009]
    added.write_without(folders[2], np.array([1, 2004]), np.append(stored_ids, NEW_IDS))
    removed = FaissStore(folders[2], settings)
    assert len(removed) == 2000
    assert not {1, 2004} & set(removed.search(np.vstack([new, vectors[:1]]), 20)[1].ravel().tolist())
    if approximate:
        assert vectors[0].tobytes() not in (folders[2] / EMBEDDINGS).read_bytes()
    else:
        np.testing.assert_array_equal(removed.ids, [*range(2, 2001), 2009])
    assert len(FaissStore(folders[0], settings)) == 2000


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
@pytest.mark.parametrize("approximate", [False, True])
def test_an_index_below_a_folder_whose_name_faiss_cannot_take_is_read(
    tmp_path: Path, approximate: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 1000 if approximate else 2000)
    folder = tmp_path / os.fsdecode(b"D\xfcrer")
    folder.mkdir()
    vectors = np.random.default_rng(0).normal(size=(2000, 16)).astype("f4")
    settings = build(vectors, folder)
    assert FaissStore(folder, settings).search(vectors[:3], 1)[1].ravel().tolist() == [1, 2, 3]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_write_faiss_file_says_that_the_disk_is_full() -> None:
    with pytest.raises(OSError, match="No space left"):
        write_faiss_file(faiss.index_factory(16, "IDMap2,Flat"), Path("/dev/full"))


@pytest.fixture
def only_100_are_searched_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (faiss_plan, faiss_store):
        monkeypatch.setattr(module, "EXACT_UP_TO", 100)


def test_get_returns_vectors_in_the_order_of_the_ids(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 16)).astype("f4")
    store = FaissStore(tmp_path, build(vectors, tmp_path))
    np.testing.assert_array_equal(store.get(np.array([5, 1, 50])), vectors[[4, 0, 49]])


@pytest.mark.usefixtures("only_100_are_searched_exactly")
def test_search_among_ids_finds_as_much_in_an_approximate_index(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(200, 16))[rng.integers(0, 200, 4000)] + 0.4 * rng.normal(size=(4000, 16))).astype("f4")
    store = FaissStore(tmp_path, build(vectors, tmp_path))
    assert store.settings.name == "approximate"
    for share in (0.5, 0.05, 0.005):
        among = np.flatnonzero(rng.random(4000) < share).astype(np.int64) + 1
        distances = np.linalg.norm(vectors[:50, None] - vectors[None, among - 1], axis=2)
        nearest = among[np.argsort(distances, axis=1)[:, :10]]
        _, found = store.search(vectors[:50], 10, among)
        assert set(found[found >= 0].tolist()) <= set(among.tolist())
        recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(nearest, found, strict=True)])
        assert recall >= 0.95


@pytest.mark.usefixtures("only_100_are_searched_exactly")
def test_search_among_ids_that_lie_elsewhere_than_the_query_finds_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(200, 16))
    middles[:, 0] = np.linspace(-3, 3, 200)  # as styles change with time
    owners = rng.integers(0, 200, 4000)
    vectors = (middles[owners] + 0.4 * rng.normal(size=(4000, 16))).astype("f4")
    store = FaissStore(tmp_path, build(vectors, tmp_path))
    among = np.flatnonzero(owners < 100).astype(np.int64) + 1
    queries = vectors[owners > 150][:50]
    distances = np.linalg.norm(queries[:, None] - vectors[None, among - 1], axis=2)
    for k in (10, 300):
        nearest = among[np.argsort(distances, axis=1)[:, :k]]
        _, found = store.search(queries, k, among)
        assert np.mean([len(set(a) & set(b)) / k for a, b in zip(nearest, found, strict=True)]) >= 0.95


@pytest.mark.usefixtures("only_100_are_searched_exactly")
def test_search_among_ids_does_not_depend_on_the_other_queries(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(200, 16))[rng.integers(0, 200, 4000)] + 0.7 * rng.normal(size=(4000, 16))).astype("f4")
    store = FaissStore(tmp_path, build(vectors, tmp_path, recall=0.8))
    among = np.flatnonzero(rng.random(4000) < 0.6).astype(np.int64) + 1
    queries = np.concatenate([vectors[:20], 9 * rng.normal(size=(12, 16)).astype("f4")])
    distances, ids = store.search(queries, 10, among)
    for row, query in enumerate(queries):
        alone, ids_alone = store.search(query[None], 10, among)
        np.testing.assert_array_equal(ids_alone[0], ids[row])
        np.testing.assert_allclose(alone[0], distances[row], rtol=1e-4)


def test_get_refuses_ids_of_removed_works(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 8)).astype("f4")
    settings = build(vectors, tmp_path)
    (tmp_path / "next").mkdir()
    FaissStore(tmp_path, settings).write_without(tmp_path / "next", np.array([12]), np.arange(1, 31))
    store = FaissStore(tmp_path / "next", settings)
    np.testing.assert_array_equal(store.get(np.array([13, 11])), vectors[[12, 10]])
    for id in (12, 31, 0):
        with pytest.raises(UnknownWorkError, match=f"no work {id}"):
            store.get(np.array([11, id]))


def test_get_returns_copies_of_vectors_under_any_ids(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 8)).astype("f4")
    settings = build(vectors, tmp_path)
    (tmp_path / "next").mkdir()
    FaissStore(tmp_path, settings).write_with(tmp_path / "next", vectors[:2] + 1, np.array([90, 40]), np.arange(1, 31))
    store = FaissStore(tmp_path / "next", settings)
    found = store.get(np.array([40, 7, 90, 7]))
    np.testing.assert_array_equal(found, np.stack([vectors[1] + 1, vectors[6], vectors[0] + 1, vectors[6]]))
    found[:] = 0
    np.testing.assert_array_equal(store.get(np.array([7])), vectors[[6]])


@pytest.mark.parametrize("windows", [False, True])
def test_approximate_index_is_read_by_threads_after_its_folder_is_removed(
    tmp_path: Path, windows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if windows:
        monkeypatch.delattr("os.pread", raising=False)
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 1000)
    vectors = np.random.default_rng(0).normal(size=(2000, 16)).astype("f4")
    store = FaissStore(tmp_path, build(vectors, tmp_path))
    shutil.rmtree(tmp_path, ignore_errors=sys.platform == "win32")  # which removes no open file
    wanted = [np.random.default_rng(seed).integers(1, 2001, 500) for seed in range(8)]
    with ThreadPoolExecutor(8) as threads:
        for ids, found in zip(wanted, threads.map(store.get, wanted), strict=True):
            np.testing.assert_array_equal(found, vectors[ids - 1])
    with pytest.raises(DamagedFileError, match="lacks the work 2001"):
        store.get(np.array([1, 2001]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_process_searches(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(2000, 16)).astype("f4")
    store = FaissStore(tmp_path, build(vectors, tmp_path))
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(2)
    try:
        expected = store.search(vectors[:4], 2)[1]
        received, sent = multiprocessing.Pipe()
        forked = multiprocessing.get_context("fork").Process(target=lambda: sent.send(store.search(vectors[:4], 2)[1]))
        forked.start()
    finally:
        faiss.omp_set_num_threads(threads)
    try:
        assert received.poll(30)
        np.testing.assert_array_equal(received.recv(), expected)
    finally:
        forked.kill()
