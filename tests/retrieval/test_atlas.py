"""Works on a plane: the same again, near ones near, and honest about how far."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_world import paint

from painter_search.errors import UserError
from painter_search.retrieval.atlas import TRUSTED, _faithfulness, _places, lay_out
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.settings import IndexConfig, MapConfig


def test_a_layout_is_the_same_again_and_fills_the_plane(small_index: PaintingIndex) -> None:
    atlas, again = lay_out(small_index, seed=3), lay_out(small_index, seed=3)
    assert np.array_equal(atlas.places, again.places)
    assert atlas.places.shape == (len(small_index), 2)
    assert np.abs(atlas.places).max() == pytest.approx(1)
    assert atlas.total == len(atlas.works) == len(small_index)
    assert [atlas.artists[number] for number in atlas.numbers] == [work.artist for work in atlas.works]


def test_an_artists_centre_is_a_work_of_the_artist(small_index: PaintingIndex) -> None:
    atlas = lay_out(small_index)
    assert atlas.numbers[atlas.centres].tolist() == list(range(len(atlas.artists)))
    for number, centre in enumerate(atlas.centres):
        mine = atlas.places[atlas.numbers == number]
        away = np.linalg.norm(mine - np.median(mine, axis=0), axis=1)
        assert np.linalg.norm(atlas.places[centre] - np.median(mine, axis=0)) == pytest.approx(away.min(), abs=1e-6)


def test_a_sample_is_seeded_and_says_of_how_many(small_index: PaintingIndex) -> None:
    one, again, other = (lay_out(small_index, works=9, seed=seed) for seed in (1, 1, 2))
    assert len(one.works) == 9
    assert one.total == len(small_index)
    assert one.ids.tolist() == again.ids.tolist() != other.ids.tolist()
    assert set(one.artists) == {work.artist for work in one.works}
    assert small_index.works.get(one.ids.tolist()) == list(one.works)


def test_clusters_stay_together_and_faithfulness_tells_a_layout_from_chance() -> None:
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(6, 256)) * 3
    owners = np.repeat(np.arange(6), 25)
    vectors = (middles[owners] + rng.normal(size=(150, 256))).astype(np.float32)
    places = _places(vectors, seed=0)
    away = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(150) * 9
    assert (owners[away.argmin(axis=1)] == owners).mean() > 0.95
    trust, kept = _faithfulness(vectors, places)
    by_chance, kept_by_chance = _faithfulness(vectors, rng.permutation(places))
    assert trust > 0.9
    assert 0.4 < by_chance < 0.6
    assert kept_by_chance < 2 * TRUSTED / 150 < kept


def test_the_share_that_is_kept_is_that_of_a_naive_loop() -> None:
    rng = np.random.default_rng(1)
    vectors, places = rng.normal(size=(40, 8)).astype(np.float32), rng.normal(size=(40, 2)).astype(np.float32)
    shares = []
    for row in range(40):
        near = [
            set(np.argsort(np.where(np.arange(40) == row, np.inf, np.linalg.norm(p - p[row], axis=1)))[:TRUSTED])
            for p in (vectors, places)
        ]
        shares.append(len(near[0] & near[1]) / TRUSTED)
    assert _faithfulness(vectors, places)[1] == pytest.approx(np.mean(shares))


@pytest.mark.parametrize("number", [2, 3, 4, 7])
def test_a_handful_of_works_has_a_layout_too(number: int) -> None:
    places = _places(np.random.default_rng(0).normal(size=(number, 256)).astype(np.float32), seed=0)
    assert places.shape == (number, 2)
    assert np.isfinite(places).all()
    assert np.isnan(_faithfulness(np.zeros((2, 4), np.float32), np.zeros((2, 2), np.float32))).all()


def test_the_very_same_work_many_times_has_a_layout_too() -> None:
    assert np.isfinite(_places(np.ones((12, 256), np.float32), seed=0)).all()


def test_a_single_work_makes_no_map(small_index_config: IndexConfig, tmp_path: Path) -> None:
    (tmp_path / "folder" / "Solo").mkdir(parents=True)
    paint(1, 1).save(tmp_path / "folder" / "Solo" / "only.jpg")
    index = PaintingIndex.build(
        IndexConfig(
            folder=tmp_path / "folder", encoder=small_index_config.encoder, index=tmp_path / "index", device="cpu"
        )
    )
    with pytest.raises(UserError, match="single work"):
        lay_out(index)


def test_settings_are_checked() -> None:
    with pytest.raises(UserError, match="at least 2"):
        MapConfig(works=1)
    with pytest.raises(UserError, match="--seed"):
        MapConfig(seed=-1)
