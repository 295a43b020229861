import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_world import add_calibration, save_tiny_encoder

from painter_search.attribution.answers import Attribution, FailedQuery
from painter_search.attribution.attribute import attribute
from painter_search.attribution.query_inputs import QueryInput
from painter_search.collection.collection import Collection
from painter_search.common.errors import InvalidValueError, NotFoundError
from painter_search.index import build as build_module
from painter_search.index.config import BuildIndexConfig, WorkFilter
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.works_db import WorksDB


def test_attribute_recognises_work_of_index_and_excludes_it_from_ranking(
    small_index: PaintingIndex, small_collection: Path, painted_originals: Path
) -> None:
    work = Collection.open(small_collection).works("test")[0]
    answer = attribute(small_index, [painted_originals / work.file], top_k=100, works_per_artist=100)[0]
    assert isinstance(answer, Attribution)
    assert [neighbour.work for neighbour in answer.same_works] == [work]
    assert answer.same_works[0].distance < 0.1 * answer.artists[0].distance
    own = next(match for match in answer.artists if match.artist == work.artist)
    assert work not in [neighbour.work for neighbour in own.works]
    assert own.works_in_index == len(own.works) + 1


@pytest.mark.parametrize("change", ["quality", "size", "png"])
def test_attribute_recognises_re_saved_work(
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


def test_attribute_ranks_artists_and_works_nearest_first(small_index: PaintingIndex, painted_originals: Path) -> None:
    answer = attribute(small_index, [sorted(painted_originals.iterdir())[0]], top_k=4, works_per_artist=3)[0]
    assert isinstance(answer, Attribution)
    assert len(answer.artists) == 4
    for match in answer.artists:
        distances = [neighbour.distance for neighbour in match.works]
        assert distances == sorted(distances)
        assert all(neighbour.work.artist == match.artist for neighbour in match.works)
    assert [m.distance for m in answer.artists] == sorted(m.distance for m in answer.artists)


def test_attribute_answers_unusable_file_with_reason(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_text("no image")
    (tmp_path / "b.jpg").write_bytes(sorted(painted_originals.iterdir())[0].read_bytes())
    (tmp_path / "c.jpg").write_bytes(b"")
    answers = attribute(small_index, [tmp_path])
    assert [answer.painting for answer in answers] == ["a.jpg", "b.jpg", "c.jpg"]
    assert isinstance(answers[0], FailedQuery)
    assert answers[0].reason == "a text file, not an image"
    assert isinstance(answers[1], Attribution)
    assert isinstance(answers[2], FailedQuery)
    assert answers[2].reason == "empty file"
    assert [answer.answered for answer in answers] == [False, True, False]


def test_attribute_answers_batch_as_each_alone(small_index: PaintingIndex, painted_originals: Path) -> None:
    paths = sorted(painted_originals.iterdir())[:6]
    together = attribute(small_index, paths, top_k=3)
    for path, answer in zip(paths, together, strict=True):
        alone = attribute(small_index, [path], top_k=3)[0]
        assert isinstance(alone, Attribution)
        assert isinstance(answer, Attribution)
        assert [m.artist for m in alone.artists] == [m.artist for m in answer.artists]
        np.testing.assert_allclose(
            [m.distance for m in alone.artists], [m.distance for m in answer.artists], rtol=1e-3, atol=1e-3
        )


def test_attribute_refuses_missing_path_and_empty_folder(small_index: PaintingIndex, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        attribute(small_index, [tmp_path / "no.jpg"])
    with pytest.raises(InvalidValueError, match="holds no pictures"):
        attribute(small_index, [tmp_path])


@pytest.mark.parametrize("calibrated", [False, True])
def test_attribute_on_approximate_index_reads_candidates_only_and_answers_as_exact(
    small_index_config: BuildIndexConfig,
    painted_originals: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    calibrated: bool,
) -> None:
    encoder = str(save_tiny_encoder(tmp_path / "encoder.safetensors"))
    if calibrated:
        add_calibration(Path(encoder))
    config = replace(small_index_config, split="all", encoder=encoder)
    exact = PaintingIndex.build(replace(config, index=tmp_path / "exact"))
    monkeypatch.setattr(build_module, "EXACT_UP_TO", 10)
    built = PaintingIndex.build(replace(config, index=tmp_path / "index", recall=1.0))

    def refuse(*_: object) -> None:
        raise AssertionError("all works are loaded")

    index = PaintingIndex.load(built.folder)
    assert not index.exact
    for filter in (None, WorkFilter("title <> 'No. 2'", ("Painter 9",))):
        for painting in ("0-0.jpg", "9-3.jpg"):
            expected = attribute(exact.filtered(filter), [painted_originals / painting], top_k=12)[0]
            narrowed = index.filtered(filter)
            with monkeypatch.context() as patched:
                for name in ("artists", "fingerprints", "local_scales", "works_per_artist"):
                    patched.setattr(WorksDB, name, refuse)
                answer = attribute(narrowed, [painted_originals / painting], top_k=12)[0]
            assert isinstance(answer, Attribution)
            assert isinstance(expected, Attribution)
            assert [(match.artist, match.works_in_index) for match in answer.artists] == [
                (match.artist, match.works_in_index) for match in expected.artists
            ]
            assert [one.id for one in answer.same_works] == [one.id for one in expected.same_works]
            np.testing.assert_allclose(
                [match.distance for match in answer.artists], [match.distance for match in expected.artists], rtol=1e-4
            )
            assert (answer.artist_known is not None) == calibrated
            if answer.artist_known is not None:
                assert answer.artist_known == pytest.approx(expected.artist_known, rel=1e-3)


def test_attribute_accepts_every_kind_of_painting(small_index: PaintingIndex, painted_originals: Path) -> None:
    path = painted_originals / "0-0.jpg"
    image = Image.open(path)
    expected = attribute(small_index, path)
    for painting in (str(path), [path], (str(path),), QueryInput(path.name, path)):
        assert attribute(small_index, painting) == expected
    for painting, name in (
        (path.read_bytes(), "painting 1"),
        (image, "0-0.jpg"),
        (np.asarray(image), "painting 1"),
        ([image.convert("RGB")], "painting 1"),
    ):
        (answer,) = attribute(small_index, painting)
        assert answer.painting == name
        assert [match.artist for match in answer.artists] == [match.artist for match in expected[0].artists]
