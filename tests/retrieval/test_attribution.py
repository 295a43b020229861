import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from painter_search.collection.collection import Collection
from painter_search.errors import UserError
from painter_search.retrieval import vectors as vectors_module
from painter_search.retrieval.attribution import Attribution, Unanswered, attribute
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.settings import IndexConfig
from painter_search.retrieval.works import Works


def test_a_work_of_the_index_is_recognised_and_does_not_vote(
    small_index: PaintingIndex, small_collection: Path, painted_originals: Path
) -> None:
    work = Collection.open(small_collection).works("test")[0]
    answer = attribute(small_index, [painted_originals / work.file], top=100, works=100)[0]
    assert isinstance(answer, Attribution)
    assert [neighbour.work for neighbour in answer.same_works] == [work]
    assert answer.same_works[0].distance < 0.1 * answer.artists[0].distance
    own = next(match for match in answer.artists if match.artist == work.artist)
    assert work not in [neighbour.work for neighbour in own.works]
    assert own.works_in_index == len(own.works) + 1


@pytest.mark.parametrize("change", ["quality", "size", "png"])
def test_a_re_saved_work_is_recognised(
    small_index: PaintingIndex, small_collection: Path, painted_originals: Path, change: str
) -> None:
    work = Collection.open(small_collection).works("test")[0]
    image = Image.open(painted_originals / work.file).convert("RGB")
    if change == "size":
        image = image.resize((image.width * 2 // 3, image.height * 2 // 3))
    buffer = io.BytesIO()
    image.save(buffer, "PNG" if change == "png" else "JPEG", quality=40 if change == "quality" else 90)
    answer = attribute(small_index, [buffer.getvalue()])[0]
    assert isinstance(answer, Attribution)
    assert [neighbour.work for neighbour in answer.same_works] == [work]


def test_neighbours_come_nearest_first(small_index: PaintingIndex, painted_originals: Path) -> None:
    answer = attribute(small_index, [sorted(painted_originals.iterdir())[0]], top=4, works=3)[0]
    assert isinstance(answer, Attribution)
    assert len(answer.artists) == 4
    for match in answer.artists:
        distances = [neighbour.distance for neighbour in match.works]
        assert distances == sorted(distances)
        assert all(neighbour.work.artist == match.artist for neighbour in match.works)
    assert [m.distance for m in answer.artists] == sorted(m.distance for m in answer.artists)


def test_a_bad_file_is_one_answer_with_its_reason(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_text("no image")
    (tmp_path / "b.jpg").write_bytes(sorted(painted_originals.iterdir())[0].read_bytes())
    (tmp_path / "c.jpg").write_bytes(b"")
    answers = attribute(small_index, [tmp_path])
    assert [answer.painting for answer in answers] == ["a.jpg", "b.jpg", "c.jpg"]
    assert isinstance(answers[0], Unanswered)
    assert answers[0].reason == "not an image"
    assert isinstance(answers[1], Attribution)
    assert isinstance(answers[2], Unanswered)
    assert answers[2].reason == "empty file"


def test_asking_many_at_once_answers_each_as_if_alone(small_index: PaintingIndex, painted_originals: Path) -> None:
    paths = sorted(painted_originals.iterdir())[:6]
    together = attribute(small_index, paths, top=3)
    for path, answer in zip(paths, together, strict=True):
        alone = attribute(small_index, [path], top=3)[0]
        assert isinstance(alone, Attribution)
        assert isinstance(answer, Attribution)
        assert [m.artist for m in alone.artists] == [m.artist for m in answer.artists]
        np.testing.assert_allclose(
            [m.distance for m in alone.artists], [m.distance for m in answer.artists], rtol=1e-3, atol=1e-3
        )


def test_a_path_that_is_not_there_and_an_empty_folder_are_refused(small_index: PaintingIndex, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        attribute(small_index, [tmp_path / "no.jpg"])
    with pytest.raises(UserError, match="empty folder"):
        attribute(small_index, [tmp_path])


def test_an_approximate_index_looks_up_the_candidates_alone_and_answers_alike(
    small_index_config: IndexConfig, painted_originals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = PaintingIndex.build(replace(small_index_config, split="all", index=tmp_path / "exact"))
    monkeypatch.setattr(vectors_module, "EXACT_UP_TO", 10)
    built = PaintingIndex.build(replace(small_index_config, split="all", index=tmp_path / "index", recall=1.0))

    def refuse(*_: object) -> None:
        raise AssertionError("all works are loaded")

    index = PaintingIndex.load(built.folder)
    assert not index.exact
    for filter in (None, WorkFilter("title <> 'No. 2'", ("Painter 9",))):
        for painting in ("0-0.jpg", "9-3.jpg"):
            expected = attribute(exact.filtered(filter), [painted_originals / painting], top=12)[0]
            narrowed = index.filtered(filter)
            with monkeypatch.context() as patched:
                for name in ("artists", "fingerprints", "isolations", "works_per_artist"):
                    patched.setattr(Works, name, refuse)
                answer = attribute(narrowed, [painted_originals / painting], top=12)[0]
            assert isinstance(answer, Attribution)
            assert isinstance(expected, Attribution)
            assert [(match.artist, match.works_in_index) for match in answer.artists] == [
                (match.artist, match.works_in_index) for match in expected.artists
            ]
            assert [one.id for one in answer.same_works] == [one.id for one in expected.same_works]
            np.testing.assert_allclose(
                [match.distance for match in answer.artists], [match.distance for match in expected.artists], rtol=1e-4
            )
