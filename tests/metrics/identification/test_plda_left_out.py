"""PLDA with works left out equals a model of an index that never had them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from painter_search.metrics.identification.plda import artist_means, fit_plda
from painter_search.metrics.identification.plda_left_out import PLDALeftOut
from painter_search.metrics.leave_one_out import leave_one_out


def paintings(artists: int, works: int, seed: int, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(artists), works)
    vectors = rng.normal(size=(artists, 16))[numbers] + spread * rng.normal(size=(len(numbers), 16))
    return vectors.astype(np.float32), numbers


@pytest.mark.parametrize("whole_artist", [False, True])
def test_log_ratios_equal_those_of_an_index_without_the_works(whole_artist: bool) -> None:
    plda = fit_plda([paintings(80, 6, 0)])
    assert plda is not None
    embeddings, artists = paintings(7, 4, 1)
    order = np.random.default_rng(2).permutation(len(artists))
    embeddings, artists = embeddings[order] + 3, artists[order]
    model = PLDALeftOut(plda, embeddings, artists)
    for query in (0, 5, 27):
        left_out = artists == artists[query] if whole_artist else np.arange(len(artists)) == query
        of_index = plda.centred_on(embeddings[~left_out], artists[~left_out])
        means, sizes = artist_means(of_index.project(embeddings[~left_out]), artists[~left_out])
        expected = of_index.log_likelihood_ratios(of_index.project(embeddings[[query]]), means, sizes)[0]
        present = np.unique(artists[~left_out])
        np.testing.assert_allclose(model.log_ratios(query, left_out)[present], expected, rtol=1e-4, atol=1e-4)


def test_strangers_are_as_hard_to_tell_as_artists_that_the_index_never_had() -> None:
    """Simulated strangers, works whose artist is left out, against works by others."""
    plda = fit_plda([paintings(80, 6, 0, spread=2.5)])
    assert plda is not None
    simulated, true = [], []
    for seed in range(12):
        embeddings, artists = paintings(16, 6, 100 + seed, spread=2.5)
        index, others = artists < 8, artists >= 8
        of_index = plda.centred_on(embeddings[index], artists[index])
        queries = leave_one_out(embeddings[index], artists[index], range(0, 48, 2), plda)
        highest = {
            known: [q.log_ratios.max() for q in queries if q.artist_in_index == known] for known in (True, False)
        }
        means, sizes = artist_means(of_index.project(embeddings[index]), artists[index])
        strangers = of_index.log_likelihood_ratios(of_index.project(embeddings[others]), means, sizes).max(axis=1)
        for found, unknown in ((simulated, highest[False]), (true, strangers)):
            known = np.repeat([True, False], [len(highest[True]), len(unknown)])
            found.append(roc_auc_score(known, [*highest[True], *unknown]))
    assert np.mean(simulated) == pytest.approx(np.mean(true), abs=0.03)
