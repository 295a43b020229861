import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.metrics import roc_auc_score

from painter_search.metrics.identification.plda import PLDA, PRIOR_ARTISTS, artist_sums, fit_plda


def paintings(artists: int, works: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Works of artists drawn from a two-covariance model of 6 dimensions, in which two tell artists apart."""
    rng = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(artists), works)
    means = rng.normal(size=(artists, 6)) * [2, 2, 0.1, 0.1, 0.1, 0.1]
    return (3 + means[numbers] + rng.normal(size=(len(numbers), 6)) * [1, 1, 3, 3, 3, 3]).astype(np.float32), numbers


def covariances(projected: np.ndarray, artists: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the works around their artists' means, and of these means."""
    means = np.array([projected[artists == artist].mean(axis=0) for artist in range(artists.max() + 1)])
    return np.cov(projected - means[artists], rowvar=False), np.cov(means, rowvar=False)


@pytest.fixture(scope="module")
def plda() -> PLDA:
    fitted = fit_plda([paintings(80, 6, 0)])
    assert fitted is not None
    return fitted


def test_log_likelihood_ratios_equal_gaussian_densities(plda: PLDA) -> None:
    """p(query | the artist's works) by conditioning the joint Gaussian of the query and all of the works."""
    rng = np.random.default_rng(1)
    between, size = plda.between.astype(float), len(plda.between)
    query = rng.normal(size=size)
    for works in (1, 2, 5):
        seen = rng.normal(size=(works, size))
        found = plda.log_likelihood_ratios(query[None], seen.mean(axis=0)[None], np.array([works]))[0, 0]
        shared = np.kron(np.ones((works, works)), np.diag(between)) + np.eye(works * size)
        cross = np.kron(np.ones((1, works)), np.diag(between))
        gain = cross @ np.linalg.inv(shared)
        of_artist = multivariate_normal(gain @ seen.ravel(), np.diag(between) + np.eye(size) - gain @ cross.T)
        of_anyone = multivariate_normal(np.zeros(size), np.diag(between) + np.eye(size))
        assert found == pytest.approx(of_artist.logpdf(query) - of_anyone.logpdf(query), rel=1e-5)


def test_fit_plda_diagonalises_both_covariances() -> None:
    embeddings, artists = paintings(400, 8, 8)
    turn = np.linalg.qr(np.random.default_rng(9).normal(size=(6, 6)))[0]  # which whitening alone does not undo
    embeddings = embeddings @ turn
    mixed = fit_plda([(embeddings, artists)])
    assert mixed is not None
    assert np.all(np.diff(mixed.between) <= 0)
    for covariance in covariances((embeddings - mixed.mean) @ mixed.transform.T, artists):
        scale = np.sqrt(np.diag(covariance))
        correlation = covariance / np.outer(scale, scale)
        assert np.abs(correlation - np.eye(6)).max() < 0.15


def test_fit_plda_tells_unseen_artists_apart(plda: PLDA) -> None:
    embeddings, artists = paintings(60, 6, 2)
    projected = plda.project(embeddings)
    np.testing.assert_allclose(np.linalg.norm(projected / np.sqrt(1 + plda.between), axis=1), np.sqrt(6), rtol=1e-4)
    same, ratios = [], []
    sums, sizes = artist_sums(projected, artists)
    for query in range(0, len(artists), 3):
        left = sizes - (np.arange(60) == artists[query])
        means = (sums - np.where((np.arange(60) == artists[query])[:, None], projected[query], 0)) / left[:, None]
        ratios.append(plda.log_likelihood_ratios(projected[[query]], means, left)[0])
        same.append(np.arange(60) == artists[query])
    by_length = [np.linalg.norm(embeddings[query] - embeddings[artists == one].mean(axis=0)) for query in
                 range(0, len(artists), 3) for one in range(60)]  # fmt: skip
    assert roc_auc_score(np.ravel(same), np.ravel(ratios)) > roc_auc_score(np.ravel(same), -np.array(by_length)) + 0.05


def test_fit_plda_does_not_take_collections_for_artists() -> None:
    first, artists = paintings(30, 5, 3)
    second, others = paintings(30, 5, 4)
    together = fit_plda([(first, artists), (second, others)])
    moved = fit_plda([(first, artists), (second + 50, others)])
    assert together is not None
    assert moved is not None
    np.testing.assert_allclose(moved.between, together.between, rtol=1e-3)


@pytest.mark.parametrize(("artists", "works"), [(7, 5), (20, 1), (0, 1)])
def test_fit_plda_returns_none_for_too_few(artists: int, works: int) -> None:
    assert fit_plda([paintings(artists, works, 5)] if artists else []) is None


def test_centre_moves_to_many_artists_and_hardly_to_one(plda: PLDA) -> None:
    embeddings, artists = paintings(80, 6, 6)
    moved = plda.centred_on(embeddings + 10, artists)
    assert np.abs(moved.mean - plda.mean).mean() > 9
    one = plda.centred_on(embeddings[:1] * 0 + plda.mean + 10, artists[:1])
    np.testing.assert_allclose(one.mean - plda.mean, 10 * 0.5 / (0.5 + PRIOR_ARTISTS), rtol=1e-3)
    assert plda.centred_on(embeddings[:0], artists[:0]) is plda


def test_artist_sums_equal_loop_with_gaps() -> None:
    embeddings, numbers = np.random.default_rng(7).normal(size=(9, 3)), np.array([4, 0, 4, 2, 2, 0, 4, 4, 0])
    sums, sizes = artist_sums(embeddings, numbers, 6)
    assert sizes.tolist() == [3, 0, 2, 0, 4, 0]
    for artist in range(6):
        np.testing.assert_allclose(sums[artist], embeddings[numbers == artist].sum(axis=0))
