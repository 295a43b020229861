"""Progress: nothing by default, a reporter by `set_progress`, bars on stderr in commands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest

from painter_search.common.errors import MissingPackageError
from painter_search.common.progress import (
    NotebookProgress,
    RichProgress,
    T,
    progress_shown_by,
    set_progress,
    spinner,
    track,
)


class Recorder:
    """A reporter that writes down what it is called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int | None]] = []
        self.images = 0

    def track(
        self, items: Iterable[T], description: str, total: int | None, images_of: Callable[[T], int] | None
    ) -> Iterator[T]:
        self.calls.append((description, total))
        for item in items:
            yield item
            self.images += 1 if images_of is None else images_of(item)

    @contextmanager
    def spinner(self, description: str) -> Iterator[None]:
        self.calls.append((description, None))
        yield


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """An installed reporter."""
    recorder = Recorder()
    set_progress(recorder)
    yield recorder
    set_progress(None)


def test_track_without_reporter_yields_items_and_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(iter("abc"), "Spelling", total=3)) == ["a", "b", "c"]
    with spinner("Waiting"):
        pass
    assert tuple(capsys.readouterr()) == ("", "")


def test_set_progress_reporter_gets_items_description_and_total(recorder: Recorder) -> None:
    assert list(track([2, 3], "Embedding", total=2, images_of=lambda batch: batch)) == [2, 3]
    assert list(track(iter("ab"), "Spelling")) == ["a", "b"]
    with spinner("Waiting"):
        pass
    assert recorder.calls == [("Embedding", 2), ("Spelling", None), ("Waiting", None)]
    assert recorder.images == 2 + 3 + 1 + 1


def test_progress_shown_by_restores_the_reporter(recorder: Recorder) -> None:
    other = Recorder()
    with progress_shown_by(other):
        list(track("a", "inside"))
    list(track("b", "outside"))
    assert (other.calls, recorder.calls) == ([("inside", None)], [("outside", None)])


def test_rich_progress_prints_bar_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_shown_by(RichProgress()):
        assert list(track([5, 7], "Embedding", total=2, images_of=lambda batch: batch)) == [5, 7]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Embedding" in printed.err
    assert "2/2" in printed.err
    assert "images/s" in printed.err


def test_notebook_progress_shows_bars(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    with progress_shown_by(NotebookProgress()):
        assert list(track(range(3), "Counting")) == [0, 1, 2]
        assert list(track([[1], [2, 3]], "Embedding", total=2, images_of=len)) == [[1], [2, 3]]
        with spinner("Waiting"):
            pass
    shown = capsys.readouterr().err
    assert "Counting: 100%" in shown
    assert "Embedding: 3 images" in shown
    assert "Waiting 00:00" in shown


def test_notebook_progress_names_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(MissingPackageError, match=r"painter-search\[notebook\]"):
        NotebookProgress()
