"""Scores on test artists; the worst confusions are found in blocks of works, as among all distances at once."""

from pathlib import Path

import numpy as np

from painter_search.metrics.distances import distance_matrix
from painter_search.training.data.training_sets import TripletPaths
from painter_search.training.final_scores import _nearest_works, score_on_test_artists


def test_nearest_works_in_blocks_are_those_among_all_distances() -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(50, 8)).astype(np.float32)
    artists = np.append(rng.integers(0, 9, 49), 99)  # the last one's only work
    distances = distance_matrix(embeddings, embeddings)
    np.fill_diagonal(distances, np.inf)
    same = artists[:, None] == artists
    to_own, to_others = np.where(same, distances, np.inf), np.where(same, np.inf, distances)
    for block in (7, 1000):
        own, other, neighbours = _nearest_works(embeddings, artists, block)
        np.testing.assert_allclose(own, to_own.min(axis=1), rtol=1e-5)
        np.testing.assert_allclose(other, to_others.min(axis=1), rtol=1e-5)
        np.testing.assert_array_equal(neighbours, to_others.argmin(axis=1))
        assert own[-1] == np.inf


def test_scores_count_artists_without_an_anchor_too() -> None:
    files = [Path(f"{artist}{work}.jpg") for artist in "abc" for work in range(2)]
    triplets = TripletPaths(
        [(files[0], files[1], files[2]), (files[2], files[3], files[4])], {file: file.name[0] for file in files}
    )
    embeddings = np.random.default_rng(0).normal(size=(len(triplets.distinct()), 8)).astype(np.float32)
    score = score_on_test_artists(embeddings, embeddings, triplets)
    assert score.artists == 3
    assert sorted(one.artist for one in score.by_artist) == ["a", "b"]
