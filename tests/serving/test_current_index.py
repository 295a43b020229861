import shutil
import threading
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_world import add_calibration, save_tiny_encoder

from painter_search.analysis.comparisons.comparison import compare_paintings
from painter_search.analysis.comparisons.pair_comparison import PairComparison
from painter_search.common.errors import PainterSearchError
from painter_search.common.files.atomic_io import write_bytes
from painter_search.index.config import BuildIndexConfig, WorkFilter
from painter_search.index.painting_index import PaintingIndex, add_paintings
from painter_search.index.works.works_db import WorksDB
from painter_search.serving import current_index
from painter_search.serving.config import ServeConfig
from painter_search.serving.current_index import CurrentIndex

httpx = pytest.importorskip("httpx")


def test_get_returns_an_index_that_replaces_the_current_one(home: Path, painted_folder: Path) -> None:
    current = CurrentIndex(home)
    before = current.get()
    assert current.get() is before
    update = add_paintings(home, painted_folder)
    after = current.get()
    assert after.digest == update.index.digest != before.digest
    assert current.by_digest(before.digest) is before
    shutil.rmtree(before.folder)
    assert len(before.works) + 7 == len(after.works)
    assert before.works.thumbnail(1)


def test_get_opens_an_index_named_by_a_relative_path_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home.parent)
    current = CurrentIndex(Path(home.name))
    assert current.get() is current.get()


def test_get_keeps_the_index_before_one_that_cannot_be_used(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    current = CurrentIndex(home)
    before = current.get()
    shutil.copytree(before.folder, home / "other")
    (home / "other" / "works.sqlite").write_bytes(b"broken")
    (home / "CURRENT").write_text("other", encoding="utf-8")
    assert current.get() is before
    assert current.get() is before
    assert capsys.readouterr().err.count("works.sqlite") == 1
    (home / "CURRENT").write_text("gone", encoding="utf-8")
    assert current.get() is before


def test_current_index_raises_where_there_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(PainterSearchError, match="holds no index"):
        CurrentIndex(tmp_path)


def test_filtered_caches_the_filtered_index(home: Path) -> None:
    current = CurrentIndex(home)
    index = current.get()
    filtered = current.filtered(index, WorkFilter(before=1920))
    assert current.filtered(index, WorkFilter(before=1920)) is filtered
    assert current.filtered(index, WorkFilter()) is index
    assert len(filtered) == 8


@pytest.mark.slow
def test_server_never_mixes_two_indexes_in_an_answer(
    home: Path, painted_folder: Path, painting: Path, benchmark_serve: Any
) -> None:
    content, answers, stop = painting.read_bytes(), [], threading.Event()
    works = {PaintingIndex.load(home).digest: 16}
    process, address = benchmark_serve.start_server(home)

    def ask() -> dict[str, Any]:
        data = {"top": 50, "works": 50}
        return httpx.post(f"{address}/api/query", files={"paintings": content}, data=data, timeout=60).json()

    def ask_until_stopped() -> None:
        while not stop.is_set():
            answers.append(ask())

    try:
        asking = [threading.Thread(target=ask_until_stopped) for _ in range(6)]
        for thread in asking:
            thread.start()
        works[add_paintings(home, painted_folder).index.digest] = 23
        for digest in [*works, *works]:  # back and forth, while the others go on asking
            write_bytes(home / "CURRENT", digest.encode())
            answers.append(after := ask())
            assert after["index"] == digest
        stop.set()
        for thread in asking:
            thread.join()
    finally:
        stop.set()
        process.terminate()
        process.wait(20)
    assert {answer["index"] for answer in answers} == set(works)
    for answer in answers:
        shown = sum(len(match["works"]) for match in answer["answers"][0]["artists"])
        assert (answer["corpus"]["works"], shown) == (works[answer["index"]], works[answer["index"]])


def test_serve_config_refuses_impossible_settings() -> None:
    for wrong in ({"port": -1}, {"port": 70_000}, {"queue": 0}):
        with pytest.raises(PainterSearchError):
            replace(ServeConfig(), **wrong)  # type: ignore[arg-type]


def test_get_tries_an_unusable_index_again_once_it_may_be_complete(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    current = CurrentIndex(home)
    before = current.get()
    shutil.copytree(before.folder, home / "copied")
    works = (home / "copied" / "works.sqlite").read_bytes()
    (home / "copied" / "works.sqlite").unlink()
    (home / "CURRENT").write_text("copied", encoding="utf-8")
    assert current.get() is before
    (home / "copied" / "works.sqlite").write_bytes(works)
    assert current.get() is before  # not at once: every request would open it
    monkeypatch.setattr(current_index, "RETRY_SECONDS", 0)
    assert current.get().folder == home / "copied"


def test_get_keeps_the_index_before_one_whose_files_may_not_be_read(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = CurrentIndex(home)
    before = current.get()
    shutil.copytree(before.folder, home / "other")
    (home / "CURRENT").write_text("other", encoding="utf-8")

    def refuse(folder: Path) -> PaintingIndex:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(PaintingIndex, "load", refuse)
    assert current.get() is before


def test_replaced_index_compares_and_ranks_after_its_folder_is_removed(home: Path, painted_folder: Path) -> None:
    current = CurrentIndex(home)
    before = current.get()
    add_paintings(home, painted_folder)
    current.get()
    shutil.rmtree(before.folder)
    assert isinstance(compare_paintings(before, "#1", "#2"), PairComparison)


def test_narrowed_needs_no_files_of_an_index_that_was_replaced(
    small_index_config: BuildIndexConfig, tmp_path: Path, painted_folder: Path
) -> None:
    encoder, home = save_tiny_encoder(tmp_path / "encoder.pt"), tmp_path / "index"
    add_calibration(encoder)
    PaintingIndex.build(replace(small_index_config, encoder=str(encoder), index=home))
    current = CurrentIndex(home)
    before = current.get()
    assert before.plda is not None
    filtered = current.filtered(before, WorkFilter(before=1920))
    assert current.narrowed(before, filtered.selection) is filtered
    assert current.narrowed(before, None) is before
    add_paintings(home, painted_folder)
    current.get()
    shutil.rmtree(before.folder)
    again = current.narrowed(before, filtered.selection)
    assert again.plda is before.plda
    assert again.artists.ids.tolist() == filtered.artists.ids.tolist()
    left = weakref.ref(again)
    del again
    assert left() is None


def test_filtered_indexes_take_no_more_memory_than_all_works_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_index, "MAX_FILTERED_BYTES", 0)
    monkeypatch.setattr(current_index, "COHORT_WORKS", 0)
    current = CurrentIndex(home)
    index = current.get()
    halves = [current.filtered(index, WorkFilter(before=year)) for year in (1920, 1919, 1918)]
    assert len(halves[0]) + len(halves[1]) <= len(index) < sum(map(len, halves))
    assert current.filtered(index, WorkFilter(before=1920)) is not halves[0]
    assert current.filtered(index, WorkFilter(before=1918)) is halves[2]


def test_filtered_index_reads_no_work_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = CurrentIndex(home).get()
    filtered = index.filtered(WorkFilter(before=1920))
    rows = np.flatnonzero(np.isin(index.artists.ids, filtered.selection.ids))
    for method in ("artists", "fingerprints", "local_scales", "ids"):
        monkeypatch.setattr(WorksDB, method, None)
    names = [filtered.artists.names[number] for number in filtered.artists.numbers]
    assert names == [index.artists.names[number] for number in index.artists.numbers[rows]]
    assert filtered.artists.names == sorted(set(names))
    np.testing.assert_array_equal(filtered.fingerprints, index.fingerprints[rows])
    np.testing.assert_array_equal(filtered.local_scales, index.local_scales[rows])
