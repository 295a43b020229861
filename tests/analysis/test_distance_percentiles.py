from itertools import combinations

import numpy as np
import pytest

from painter_search.analysis.distance_percentiles import distance_percentile, sample_pairs
from painter_search.index.painting_index import PaintingIndex


def test_distance_percentile_equals_loop_over_pairs(small_index: PaintingIndex) -> None:
    ids, artists = small_index.artists.ids, small_index.artists.numbers
    vectors = small_index.embeddings(ids)
    far = {False: [], True: []}
    for a, b in combinations(range(len(ids)), 2):
        far[bool(artists[a] == artists[b])].append(np.linalg.norm(vectors[a] - vectors[b]))
    for distance in (0.0, float(np.median(far[False])) + 1e-4, 1e6):
        found = distance_percentile(small_index, distance)
        assert found.nearer_than_different == pytest.approx(np.mean(np.array(far[False]) > distance))
        assert found.nearer_than_same == pytest.approx(np.mean(np.array(far[True]) > distance), abs=0.02)
        assert (found.pairs_different, found.pairs_same) == (len(far[False]), len(far[True]))


def test_distance_percentile_of_large_index_draws_reproducible_sample(small_index: PaintingIndex) -> None:
    ids, artists = small_index.artists.ids, small_index.artists.numbers
    found = distance_percentile(small_index, 1.0, sample_size=8)
    assert found == distance_percentile(small_index, 1.0, sample_size=8)
    assert 0 < found.pairs_different <= 28
    assert 0 < found.pairs_same <= 8
    for seed in range(20):
        chosen, pairs = sample_pairs(artists, 8, seed)
        assert len(set(chosen)) == 8
        assert set(pairs[:, 0]) <= set(chosen)
        assert (artists[pairs[:, 0]] == artists[pairs[:, 1]]).all()
        assert (pairs[:, 0] != pairs[:, 1]).all()
        assert pairs.max() < len(ids)
