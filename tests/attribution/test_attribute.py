import io
import shutil
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_world import add_calibration, save_tiny_encoder

from painter_search.attribution import attribute as attribute_module
from painter_search.attribution.answers import Attribution, FailedQuery
from painter_search.attribution.attribute import attribute
from painter_search.attribution.query_inputs import QueryInput
from painter_search.collection.collection import Collection
from painter_search.common.errors import InvalidValueError, NotFoundError, UnknownWorkError
from painter_search.index.config import BuildIndexConfig, WorkFilter
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.vector_store import faiss_plan
from painter_search.index.works import works_db
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


@pytest.mark.parametrize("name", ["top_k", "works_per_artist"])
def test_attribute_refuses_to_rank_nothing(small_index: PaintingIndex, name: str) -> None:
    with pytest.raises(InvalidValueError, match=f"{name} is 0; it must be at least 1"):
        attribute(small_index, "#1", **{name: 0})


@pytest.mark.parametrize("name", ["top_k", "works_per_artist"])
@pytest.mark.parametrize("value", [3.0, "3", None])
def test_attribute_refuses_a_count_that_is_no_whole_number(small_index: PaintingIndex, name: str, value: Any) -> None:
    with pytest.raises(InvalidValueError, match=f"{name} is {value!r}; it must be a whole number"):
        attribute(small_index, "painting.jpg", **{name: value})


def test_attribute_refuses_missing_path_and_empty_folder(small_index: PaintingIndex, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        attribute(small_index, [tmp_path / "no.jpg"])
    with pytest.raises(InvalidValueError, match="holds no pictures"):
        attribute(small_index, [tmp_path])


def test_mistyped_path_does_not_cost_the_other_answers(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    found, missing = attribute(small_index, [painted_originals / "0-0.jpg", tmp_path / "no.jpg"])
    assert found.answered
    assert (missing.painting, missing.answered) == ("no.jpg", False)
    assert "no such file" in missing.reason.lower()


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
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 10)
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


def test_filtered_approximate_index_counts_works_and_artists_that_are_no_candidates(
    small_index_config: BuildIndexConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = save_tiny_encoder(tmp_path / "encoder.safetensors")
    add_calibration(encoder)
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 10)
    index = PaintingIndex.build(
        replace(small_index_config, split="all", encoder=str(encoder), index=tmp_path / "index", recall=1.0)
    ).filtered(WorkFilter("title <> 'No. 2' OR artist = 'Painter 8'", ("Painter 9",)))
    assert not index.exact
    assert index.plda is not None
    table = index.artists
    for most in (50_000, 3):  # looked up one by one, or artist by artist
        monkeypatch.setattr(works_db, "MAX_LOOKED_UP", most)
        assert copy(index).artist_count == len(table.names)
        index.__dict__.pop("artist_count", None)
    candidates = index.load_candidates(table.ids[:4])
    assert 1 < len(candidates.artists) < len(table.names)
    sums, sizes = index._sum_works(candidates)
    for artist, of_artist, size in zip(candidates.artists, sums, sizes, strict=True):
        own = table.ids[table.numbers == table.names.index(artist)]
        assert size == len(own)
        np.testing.assert_allclose(of_artist, index.plda.project(index.embeddings(own)).sum(axis=0), atol=1e-3)


def test_attribute_without_pictures_answers_the_same(small_index: PaintingIndex, painted_originals: Path) -> None:
    paintings = [painted_originals / "0-0.jpg", "#1"]
    with_pictures, without = (attribute(small_index, paintings, pictures=pictures) for pictures in (True, False))
    assert without.to_dict() == with_pictures.to_dict()
    assert all(answer.answered and not answer.picture and answer.larger is None for answer in without)


def test_attribute_refuses_an_unknown_id_before_anything_is_read(
    small_index: PaintingIndex, painted_originals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribute_module, "frame_in_threads", None)
    with pytest.raises(UnknownWorkError, match="no work 999; `build-index list --artist NAME`"):
        attribute(small_index, [painted_originals / "0-0.jpg", "#1", "#999"])


def test_no_artist_is_named_where_there_is_none(small_index: PaintingIndex) -> None:
    (work,) = small_index.works.get([1])
    alone = small_index.filtered(WorkFilter(f"file = '{work.file}'"))
    (answer,) = attribute(alone, "#1")
    assert isinstance(answer, Attribution)
    assert (answer.artists, answer.named) == ((), False)


def test_attribute_says_what_of_a_folder_it_left_out(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copy(painted_originals / "0-0.jpg", tmp_path)
    (tmp_path / "round").symlink_to(tmp_path)
    with caplog.at_level("INFO", "painter_search"):
        assert len(attribute(small_index, tmp_path)) == 1
    assert "round is left out: " in caplog.text


def test_attribute_refuses_a_folder_in_place_of_an_index() -> None:
    with pytest.raises(InvalidValueError, match=r"^'index' is not an opened index; give what PaintingIndex\.load\("):
        attribute("index", "painting.jpg")  # type: ignore[arg-type]


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
