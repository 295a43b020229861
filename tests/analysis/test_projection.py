"""Layouts of works on a plane, and how faithful they are."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from painter_search.analysis import projection
from painter_search.analysis.config import MapConfig
from painter_search.analysis.projection import TRUSTED, faithfulness, layout, project_index
from painter_search.common.errors import InvalidValueError, NotEnoughDataError
from painter_search.index.config import WorkFilter
from painter_search.index.painting_index import PaintingIndex


def test_project_index_is_reproducible_and_fills_plane(small_index: PaintingIndex) -> None:
    projection, again = project_index(small_index, seed=3), project_index(small_index, seed=3)
    assert np.array_equal(projection.positions, again.positions)
    assert projection.positions.shape == (len(small_index), 2)
    assert np.abs(projection.positions).max() == pytest.approx(1)
    assert projection.total == len(projection.works) == len(small_index)
    assert [projection.artists[number] for number in projection.numbers] == [work.artist for work in projection.works]


def test_central_work_is_nearest_to_median_of_artist(small_index: PaintingIndex) -> None:
    projection = project_index(small_index)
    assert projection.numbers[projection.central_works].tolist() == list(range(len(projection.artists)))
    for number, centre in enumerate(projection.central_works):
        mine = projection.positions[projection.numbers == number]
        away = np.linalg.norm(mine - np.median(mine, axis=0), axis=1)
        assert np.linalg.norm(projection.positions[centre] - np.median(mine, axis=0)) == pytest.approx(
            away.min(), abs=1e-6
        )


def test_project_index_draws_seeded_sample_and_keeps_total(small_index: PaintingIndex) -> None:
    one, again, other = (project_index(small_index, max_works=9, seed=seed) for seed in (1, 1, 2))
    assert len(one.works) == 9
    assert one.total == len(small_index)
    assert one.ids.tolist() == again.ids.tolist() != other.ids.tolist()
    assert set(one.artists) == {work.artist for work in one.works}
    assert small_index.works.get(one.ids.tolist()) == list(one.works)


def test_layout_keeps_clusters_and_faithfulness_tells_it_from_chance() -> None:
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(6, 256)) * 3
    owners = np.repeat(np.arange(6), 25)
    vectors = (middles[owners] + rng.normal(size=(150, 256))).astype(np.float32)
    positions = layout(vectors, seed=0)
    away = np.linalg.norm(positions[:, None] - positions[None], axis=2) + np.eye(150) * 9
    assert (owners[away.argmin(axis=1)] == owners).mean() > 0.95
    trust, kept = faithfulness(vectors, positions)
    by_chance, kept_by_chance = faithfulness(vectors, rng.permutation(positions))
    assert trust > 0.9
    assert 0.4 < by_chance < 0.6
    assert kept_by_chance < 2 * TRUSTED / 150 < kept


def test_trustworthiness_equals_scikit_learns_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    vectors, positions = rng.normal(size=(90, 8)).astype(np.float32), rng.normal(size=(90, 2)).astype(np.float32)
    monkeypatch.setattr(projection, "BLOCK", 40)
    assert faithfulness(vectors, positions)[0] == pytest.approx(
        trustworthiness(vectors, positions, n_neighbors=TRUSTED), abs=1e-9
    )


def test_faithfulness_kept_share_equals_loop() -> None:
    rng = np.random.default_rng(1)
    vectors, positions = rng.normal(size=(40, 8)).astype(np.float32), rng.normal(size=(40, 2)).astype(np.float32)
    shares = []
    for row in range(40):
        near = [
            set(np.argsort(np.where(np.arange(40) == row, np.inf, np.linalg.norm(p - p[row], axis=1)))[:TRUSTED])
            for p in (vectors, positions)
        ]
        shares.append(len(near[0] & near[1]) / TRUSTED)
    assert faithfulness(vectors, positions)[1] == pytest.approx(np.mean(shares))


@pytest.mark.parametrize("number", [2, 3, 4, 7])
def test_layout_accepts_few_works(number: int) -> None:
    positions = layout(np.random.default_rng(0).normal(size=(number, 256)).astype(np.float32), seed=0)
    assert positions.shape == (number, 2)
    assert np.isfinite(positions).all()
    assert np.isnan(faithfulness(np.zeros((2, 4), np.float32), np.zeros((2, 2), np.float32))).all()


def test_layout_accepts_identical_works() -> None:
    assert np.isfinite(layout(np.ones((12, 256), np.float32), seed=0)).all()


def test_project_index_refuses_single_work(small_index: PaintingIndex) -> None:
    single = small_index.filtered(WorkFilter("artist = 'Painter 8' AND title = 'No. 0'"))
    with pytest.raises(NotEnoughDataError, match="single work"):
        project_index(single)


def test_projection_to_frame_has_row_per_work(small_index: PaintingIndex) -> None:
    projection = project_index(small_index)
    frame = projection.to_frame()
    assert list(frame.columns) == ["id", "collection", "file", "artist", "title", "date", "style", "genre", "x", "y"]
    np.testing.assert_allclose(frame[["x", "y"]], projection.positions)
    assert frame["artist"].tolist() == [work.artist for work in projection.works]
    assert "trustworthiness" in projection._repr_html_()


def test_map_config_refuses_invalid_values() -> None:
    with pytest.raises(InvalidValueError, match="max_works is 1; a map needs at least 2"):
        MapConfig(max_works=1)
    with pytest.raises(InvalidValueError, match="seed"):
        MapConfig(seed=-1)
