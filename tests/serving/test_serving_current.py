import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from painter_search.errors import UserError
from painter_search.folders import write_bytes
from painter_search.retrieval.adding import add_paintings
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.serving.current import CurrentIndex
from painter_search.serving.settings import ServeConfig

httpx = pytest.importorskip("httpx")


@pytest.fixture
def home(small_index: PaintingIndex, tmp_path: Path) -> Path:
    """A folder of indexes of its own."""
    shutil.copytree(small_index.folder, tmp_path / "index" / small_index.digest)
    (tmp_path / "index" / "CURRENT").write_text(small_index.digest, encoding="utf-8")
    return tmp_path / "index"


def test_an_index_that_takes_its_place_is_used_from_then_on(home: Path, painted_folder: Path) -> None:
    current = CurrentIndex(home)
    before = current.get()
    assert current.get() is before
    change = add_paintings(home, painted_folder)
    after = current.get()
    assert after.digest == change.index.digest != before.digest
    assert current.known(before.digest) is before
    shutil.rmtree(before.folder)
    assert len(before.works) + 7 == len(after.works)
    assert before.works.thumbnail(1)


def test_one_that_cannot_be_used_does_not(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
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


def test_no_index_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no index"):
        CurrentIndex(tmp_path)


def test_a_filter_is_worked_out_once_for_each_index(home: Path) -> None:
    current = CurrentIndex(home)
    index = current.get()
    narrowed = current.narrowed(index, WorkFilter(before=1920))
    assert current.narrowed(index, WorkFilter(before=1920)) is narrowed
    assert current.narrowed(index, WorkFilter()) is index
    assert len(narrowed) == 8


def test_no_answer_mixes_two_indexes(home: Path, painted_folder: Path, painting: Path, load: Any) -> None:
    content, seen, stop = painting.read_bytes(), [], threading.Event()
    works = {PaintingIndex.load(home).digest: 16}
    started, address = load.start_server(home)

    def ask() -> dict[str, Any]:
        data = {"top": 50, "works": 50}
        return httpx.post(f"{address}/api/query", files={"paintings": content}, data=data, timeout=60).json()

    def ask_until_told() -> None:
        while not stop.is_set():
            seen.append(ask())

    try:
        asking = [threading.Thread(target=ask_until_told) for _ in range(12)]
        for thread in asking:
            thread.start()
        works[add_paintings(home, painted_folder).index.digest] = 23
        for digest in [*works, *works]:  # back and forth, while the twelve go on asking
            write_bytes(home / "CURRENT", digest.encode())
            seen.append(after := ask())
            assert after["index"] == digest
        stop.set()
        for thread in asking:
            thread.join()
    finally:
        stop.set()
        started.terminate()
        started.wait(20)
    assert {answer["index"] for answer in seen} == set(works)
    for answer in seen:
        shown = sum(len(match["works"]) for match in answer["answers"][0]["artists"])
        assert (answer["corpus"]["works"], shown) == (works[answer["index"]], works[answer["index"]])


def test_settings_that_cannot_be_are_refused() -> None:
    for wrong in ({"port": -1}, {"port": 70_000}, {"queue": 0}):
        with pytest.raises(UserError):
            replace(ServeConfig(), **wrong)  # type: ignore[arg-type]
